# completion of wactl for fish; made by: wactl docs completions fish
function __wactl_complete
	set -l words (commandline -opc)
	set -l typed (commandline -ct)
	set -l plain (string unescape -- $typed 2>/dev/null; or echo $typed)
	set -l found (wactl __complete -- $words[2..-1] "$plain" 2>/dev/null)
	if test (count $found) -gt 0
		printf '%s\n' $found
	else
		__fish_complete_path $typed
	end
end
complete -c wactl -f -a '(__wactl_complete)'
