#include "ctl/docs.h"

#include <string.h>

#include "ctl/docs_man.h"

/* The scripts only carry words to "wactl __complete": what can be completed is in the program. */
static const char bash_text[] =
	"# completion of wactl for bash; made by: wactl docs completions bash\n"
	"_wactl()\n"
	"{\n"
	"\tlocal line=${COMP_LINE:0:COMP_POINT} words=() word= raw= quote= started= breaks= head c i\n"
	"\t# the words as the shell would read them: bash itself splits at = and :, and leaves quotes in\n"
	"\tfor ((i = 0; i < ${#line}; i++)); do\n"
	"\t\tc=${line:i:1}\n"
	"\t\tif [[ -z $quote && $c == [[:blank:]] ]]; then\n"
	"\t\t\t[[ -n $started ]] && words+=(\"$word\")\n"
	"\t\t\tword= raw= started=\n"
	"\t\t\tcontinue\n"
	"\t\tfi\n"
	"\t\tstarted=1 raw+=$c\n"
	"\t\tif [[ $quote != \"'\" && $c == \"\\\\\" ]]; then\n"
	"\t\t\t((i++))\n"
	"\t\t\traw+=${line:i:1} word+=${line:i:1}\n"
	"\t\telif [[ -z $quote && $c == [\\'\\\"] ]]; then\n"
	"\t\t\tquote=$c\n"
	"\t\telif [[ -n $quote && $c == \"$quote\" ]]; then\n"
	"\t\t\tquote=\n"
	"\t\telse\n"
	"\t\t\tword+=$c\n"
	"\t\tfi\n"
	"\tdone\n"
	"\twords+=(\"$word\")\n"
	"\tmapfile -t COMPREPLY < <(wactl __complete -- \"${words[@]:1}\" 2>/dev/null)\n"
	"\tif ((${#COMPREPLY[@]} == 0)); then\n"
	"\t\tcompopt -o default 2>/dev/null\n"
	"\t\treturn\n"
	"\tfi\n"
	"\t# only what stands behind such a character is replaced\n"
	"\tfor c in '=' ':' '@'; do\n"
	"\t\t[[ $COMP_WORDBREAKS == *\"$c\"* ]] && breaks+=$c\n"
	"\tdone\n"
	"\thead=\n"
	"\t[[ -n $breaks && $raw != *[\\\\\\'\\\"]* ]] && head=${raw%\"${raw##*[$breaks]}\"}\n"
	"\tfor i in \"${!COMPREPLY[@]}\"; do\n"
	"\t\tc=${COMPREPLY[i]#\"$head\"}\n"
	"\t\t[[ -z $quote ]] && printf -v c %q \"$c\"\n"
	"\t\tCOMPREPLY[i]=$c\n"
	"\tdone\n"
	"}\n"
	"complete -F _wactl wactl\n";

static const char zsh_text[] =
	"#compdef wactl\n"
	"# completion of wactl for zsh; made by: wactl docs completions zsh\n"
	"_wactl()\n"
	"{\n"
	"\tlocal -a found\n"
	"\tfound=(\"${(@f)$(wactl __complete -- \"${(@Q)words[2,CURRENT]}\" 2>/dev/null)}\")\n"
	"\tif (( ${#found} )) && [[ -n ${found[1]} ]]; then\n"
	"\t\tcompadd -- \"${found[@]}\"\n"
	"\telse\n"
	"\t\t_files\n"
	"\tfi\n"
	"}\n"
	"if [[ ${funcstack[1]} == _wactl ]]; then\n"
	"\t_wactl \"$@\"\n"
	"else\n"
	"\tcompdef _wactl wactl\n"
	"fi\n";

static const char fish_text[] =
	"# completion of wactl for fish; made by: wactl docs completions fish\n"
	"function __wactl_complete\n"
	"\tset -l words (commandline -opc)\n"
	"\tset -l typed (commandline -ct)\n"
	"\tset -l plain (string unescape -- $typed 2>/dev/null; or echo $typed)\n"
	"\tset -l found (wactl __complete -- $words[2..-1] \"$plain\" 2>/dev/null)\n"
	"\tif test (count $found) -gt 0\n"
	"\t\tprintf '%s\\n' $found\n"
	"\telse\n"
	"\t\t__fish_complete_path $typed\n"
	"\tend\n"
	"end\n"
	"complete -c wactl -f -a '(__wactl_complete)'\n";

enum errc ctl_docs(FILE *to, size_t len, const char *const *words, struct err *e)
{
	const char *text = NULL;

	if (len == 2 && strcmp(words[0], "completions") == 0) {
		if (strcmp(words[1], "bash") == 0)
			text = bash_text;
		else if (strcmp(words[1], "zsh") == 0)
			text = zsh_text;
		else if (strcmp(words[1], "fish") == 0)
			text = fish_text;
	}
	if (len == 2 && strcmp(words[0], "man") == 0 && docs_man(to, words[1]))
		return ERR_OK;
	if (text == NULL)
		return err_set(e, ERR_USAGE,
			       "usage: wactl docs completions bash|zsh|fish, or wactl docs man PART"
			       " (one of: %s)",
			       docs_man_parts);
	fputs(text, to);
	return ERR_OK;
}
