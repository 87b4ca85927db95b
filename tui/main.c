/* watui: the operator's console. What it can do follows from the tables: views.h, keys.h, the
 * catalogue in shared/rpc. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

#include "tui/app.h"
#include "tui/linear.h"
#include "tui/options.h"

static int fail(const struct err *e)
{
	fprintf(stderr, "watui: %s\n", err_msg(e));
	return err_exit_code(e->code);
}

static int run(const struct options *o)
{
	struct app_opts opts = {
		.clock = clock_real(),
		.socket_path = o->socket_path,
		.user = o->user,
		.view = o->view,
		.term = o->term,
	};
	const struct view_row *first = views_find(o->view ? o->view : views_at(0)->name);
	struct err e = ERR_NONE;
	struct app *app;
	int code;

	if (first == NULL) {
		err_set(&e, ERR_USAGE, "--view %.40s: no such view", o->view);
		return fail(&e);
	}
	if (app_new(&opts, &app, &e))
		return fail(&e);
	app_goto(app, first);
	code = app_run(app);
	app_free(app);
	return code;
}

int main(int argc, char **argv)
{
	struct err e = ERR_NONE;
	struct options o;

	if (setlocale(LC_ALL, "") == NULL)
		setlocale(LC_CTYPE, "C.UTF-8");
	if (options_parse(argc, argv, &o, &e))
		return fail(&e);
	if (o.help) {
		options_help(stdout);
		return EXIT_SUCCESS;
	}
	if (o.keys) {
		keys_print(stdout);
		return EXIT_SUCCESS;
	}
	if (o.version) {
		printf("watui %s (api %s)\n", WAD_VERSION, RPC_API_VERSION);
		return EXIT_SUCCESS;
	}
	return o.linear ? linear_run(&o) : run(&o);
}
