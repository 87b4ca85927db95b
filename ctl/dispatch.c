/* One parsed command line, whichever command it is. */
#include <stdio.h>

#include "ctl/docs.h"
#include "ctl/doctor.h"
#include "ctl/help.h"
#include "ctl/run.h"

int ctl_usage_error(const struct ctl_args *a, const struct err *e)
{
	print_failure(stderr, a->format, e, NULL);
	return err_exit_code(e->code);
}

int ctl_dispatch(const struct ctl_args *a)
{
	struct err e = ERR_NONE;

	switch (a->command) {
	case COMMAND_HELP:
		help_print(stdout, a);
		return EXIT_OK;
	case COMMAND_VERSION:
		printf("wactl %s (api %s)\n", WAD_VERSION, RPC_API_VERSION);
		return EXIT_OK;
	case COMMAND_DOCS:
		return ctl_docs(stdout, a->words_len, a->words, &e) ? ctl_usage_error(a, &e)
								    : EXIT_OK;
	case COMMAND_DOCTOR:
		return ctl_doctor_run(a);
	case COMMAND_BATCH:
		return ctl_batch(a);
	case COMMAND_CALL:
	case COMMAND_WATCH:
		return ctl_run(a);
	case COMMAND_SHELL:
		break; /* only main starts one */
	}
	help_all(stderr);
	return EXIT_USAGE;
}
