# completion of wactl for fish; made by: wactl docs completions fish
function __wactl_complete
	set -l words (commandline -opc)
	set -l found (wactl __complete -- $words[2..-1] (commandline -ct) 2>/dev/null)
	if test (count $found) -gt 0
		printf '%s\n' $found
	else
		__fish_complete_path (commandline -ct)
	end
end
complete -c wactl -f -a '(__wactl_complete)'
