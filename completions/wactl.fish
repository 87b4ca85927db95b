# completion of wactl for fish; made by: wactl docs completions fish
function __wactl_complete
	set -l words (commandline -opc)
	wactl __complete -- $words[2..-1] (commandline -ct) 2>/dev/null
end
complete -c wactl -a '(__wactl_complete)'
