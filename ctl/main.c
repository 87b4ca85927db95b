/* wactl: one command line, one answer. What exists is in the catalogue (shared/rpc). */
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl/args.h"
#include "ctl/complete.h"
#include "ctl/docs.h"
#include "ctl/doctor.h"
#include "ctl/help.h"
#include "ctl/run.h"
#include "ctl/shell.h"

static int usage_error(const struct ctl_args *a, const struct err *e)
{
	print_failure(stderr, a->format, e, NULL);
	return err_exit_code(e->code);
}

static int no_command(const struct ctl_args *a)
{
	if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && !a->no_input)
		return ctl_shell(a);
	help_all(stderr);
	return EXIT_USAGE;
}

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
		return usage_error(&a, &e);
	switch (a.command) {
	case COMMAND_HELP:
		help_print(stdout, &a);
		return EXIT_OK;
	case COMMAND_VERSION:
		printf("wactl %s (api %s)\n", WAD_VERSION, RPC_API_VERSION);
		return EXIT_OK;
	case COMMAND_DOCS:
		return ctl_docs(stdout, a.words_len, a.words, &e) ? usage_error(&a, &e) : EXIT_OK;
	case COMMAND_DOCTOR:
		return ctl_doctor_run(&a);
	case COMMAND_BATCH:
		return ctl_batch(&a);
	case COMMAND_SHELL:
		return no_command(&a);
	case COMMAND_CALL:
	case COMMAND_WATCH:
		return ctl_run(&a);
	}
	return EXIT_USAGE;
}
