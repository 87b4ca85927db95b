/* wactl: one command line, one answer. What exists is in the catalogue (shared/rpc). */
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl/args.h"
#include "ctl/complete.h"
#include "ctl/run.h"
#include "ctl/shell.h"

int main(int argc, char **argv)
{
	struct err e = ERR_NONE;
	struct ctl_args a;

	if (setlocale(LC_ALL, "") == NULL)
		setlocale(LC_CTYPE, "C.UTF-8");
	if (argc >= 2 && strcmp(argv[1], "__complete") == 0) {
		int skip = argc > 2 && strcmp(argv[2], "--") == 0 ? 3 : 2;

		ctl_complete(stdout, argc - skip, argv + skip);
		return EXIT_OK;
	}
	if (ctl_args_parse(argc, argv, &a, &e))
		return ctl_usage_error(&a, &e);
	if (a.command == COMMAND_SHELL && !a.no_input && isatty(STDIN_FILENO) &&
	    isatty(STDOUT_FILENO))
		return ctl_shell(&a);
	return ctl_dispatch(&a);
}
