#include "ctl/docs.h"

#include <string.h>

#include "ctl/docs_man.h"

/* The scripts only carry words to "wactl __complete": what can be completed is in the program. */
static const char bash_text[] =
	"# completion of wactl for bash; made by: wactl docs completions bash\n"
	"_wactl()\n"
	"{\n"
	"\tlocal words=() i cur\n"
	"\t# bash splits words at = and :, wactl does not\n"
	"\tfor ((i = 1; i <= COMP_CWORD; i++)); do\n"
	"\t\twords+=(\"${COMP_WORDS[i]}\")\n"
	"\tdone\n"
	"\tcur=\"${COMP_WORDS[COMP_CWORD]}\"\n"
	"\tlocal n=${#words[@]}\n"
	"\tif ((n >= 2)) && [[ ${words[n - 2]} == \"=\" ]]; then\n"
	"\t\twords=(\"${words[@]:0:n-3}\" \"${words[n-3]}\" \"$cur\")\n"
	"\telif ((n >= 2)) && [[ $cur == \"=\" ]]; then\n"
	"\t\twords=(\"${words[@]:0:n-1}\" \"\")\n"
	"\t\tcur=\"\"\n"
	"\tfi\n"
	"\tlocal IFS=$'\\n'\n"
	"\tCOMPREPLY=($(wactl __complete -- \"${words[@]}\" 2>/dev/null))\n"
	"\tif ((${#COMPREPLY[@]} == 0)); then\n"
	"\t\tcompopt -o default 2>/dev/null\n"
	"\t\treturn\n"
	"\tfi\n"
	"\tfor i in \"${!COMPREPLY[@]}\"; do\n"
	"\t\tprintf -v \"COMPREPLY[i]\" %q \"${COMPREPLY[i]}\"\n"
	"\tdone\n"
	"}\n"
	"complete -F _wactl wactl\n";

static const char zsh_text[] =
	"#compdef wactl\n"
	"# completion of wactl for zsh; made by: wactl docs completions zsh\n"
	"_wactl()\n"
	"{\n"
	"\tlocal -a found\n"
	"\tfound=(\"${(@f)$(wactl __complete -- \"${(@)words[2,CURRENT]}\" 2>/dev/null)}\")\n"
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
	"\tset -l found (wactl __complete -- $words[2..-1] (commandline -ct) 2>/dev/null)\n"
	"\tif test (count $found) -gt 0\n"
	"\t\tprintf '%s\\n' $found\n"
	"\telse\n"
	"\t\t__fish_complete_path (commandline -ct)\n"
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
