# completion of wactl for bash; made by: wactl docs completions bash
_wactl()
{
	local line=${COMP_LINE:0:COMP_POINT} words=() word= raw= quote= started= breaks= head c i
	# the words as the shell would read them: bash itself splits at = and :, and leaves quotes in
	for ((i = 0; i < ${#line}; i++)); do
		c=${line:i:1}
		if [[ -z $quote && $c == [[:blank:]] ]]; then
			[[ -n $started ]] && words+=("$word")
			word= raw= started=
			continue
		fi
		started=1 raw+=$c
		if [[ $quote != "'" && $c == "\\" ]]; then
			((i++))
			raw+=${line:i:1} word+=${line:i:1}
		elif [[ -z $quote && $c == [\'\"] ]]; then
			quote=$c
		elif [[ -n $quote && $c == "$quote" ]]; then
			quote=
		else
			word+=$c
		fi
	done
	words+=("$word")
	mapfile -t COMPREPLY < <(wactl __complete -- "${words[@]:1}" 2>/dev/null)
	if ((${#COMPREPLY[@]} == 0)); then
		compopt -o default 2>/dev/null
		return
	fi
	# only what stands behind such a character is replaced
	for c in '=' ':' '@'; do
		[[ $COMP_WORDBREAKS == *"$c"* ]] && breaks+=$c
	done
	head=
	[[ -n $breaks && $raw != *[\\\'\"]* ]] && head=${raw%"${raw##*[$breaks]}"}
	for i in "${!COMPREPLY[@]}"; do
		c=${COMPREPLY[i]#"$head"}
		[[ -z $quote ]] && printf -v c %q "$c"
		COMPREPLY[i]=$c
	done
}
complete -F _wactl wactl
