# completion of wactl for bash; made by: wactl docs completions bash
_wactl()
{
	local words=() i cur
	# bash splits words at = and :, wactl does not
	for ((i = 1; i <= COMP_CWORD; i++)); do
		words+=("${COMP_WORDS[i]}")
	done
	cur="${COMP_WORDS[COMP_CWORD]}"
	local n=${#words[@]}
	if ((n >= 2)) && [[ ${words[n - 2]} == "=" ]]; then
		words=("${words[@]:0:n-3}" "${words[n-3]}" "$cur")
	elif ((n >= 2)) && [[ $cur == "=" ]]; then
		words=("${words[@]:0:n-1}" "")
		cur=""
	fi
	local IFS=$'\n'
	COMPREPLY=($(wactl __complete -- "${words[@]}" 2>/dev/null))
	if ((${#COMPREPLY[@]} == 0)); then
		compopt -o default 2>/dev/null
		return
	fi
	for i in "${!COMPREPLY[@]}"; do
		printf -v "COMPREPLY[i]" %q "${COMPREPLY[i]}"
	done
}
complete -F _wactl wactl
