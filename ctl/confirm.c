/* Before something is destroyed a person is asked: what it is, how much goes with it, and for the worst the name
 * itself. Who cannot be asked must have said so beforehand: --yes, --confirm NAME. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "shared/base/text.h"
#include "shared/base/xalloc.h"

#include "ctl/run.h"

enum { ANSWER_MAX = 256 };

static bool is_given(const struct ctl_args *a, const char *name)
{
	for (size_t i = 0; i < a->values_len; i++)
		if (strcmp(a->values[i].param->name, name) == 0)
			return true;
	return false;
}

static bool needs_word(const struct ctl_args *a)
{
	return a->method->destroys && !a->yes && !is_given(a, "dry_run") && !is_given(a, "confirm");
}

/* what a destructive call is about, e.g. "device delete sales-1"; the caller's */
static char *call_text(const struct ctl_args *a)
{
	char *text = xstrdup(a->method->name), *safe;

	*strchr(text, '.') = ' ';
	for (size_t i = 0; i < a->values_len; i++) {
		char *longer = xasprintf("%s %s", text, a->values[i].text);

		free(text);
		text = longer;
	}
	safe = print_safe(text);
	free(text);
	return safe;
}

enum errc confirm_possible(const struct ctl_args *a, struct err *e)
{
	AUTO_FREE char *text = call_text(a);

	if (!needs_word(a) || (!a->no_input && isatty(STDIN_FILENO) && isatty(STDERR_FILENO)))
		return ERR_OK;
	return err_set(e, ERR_USAGE, "%.120s: needs --yes, as nobody can be asked", text);
}

/* the counts of a dry run, one a line; more than nothing: they matter */
static void tell_losses(const struct cat_method *m, const json_t *plan)
{
	for (const struct cat_param *f = m->out; f->name; f++) {
		json_int_t n = json_integer_value(json_object_get(plan, f->name));

		if (f->type == CAT_INT && n > 0)
			fprintf(stderr, "  %" JSON_INTEGER_FORMAT " %s\n", n, f->doc);
	}
}

static bool read_answer(char answer[static ANSWER_MAX])
{
	if (fgets(answer, ANSWER_MAX, stdin) == NULL)
		return false;
	answer[strcspn(answer, "\r\n")] = '\0';
	return true;
}

/* what the daemon says would be lost; NULL where it cannot be asked */
static enum errc ask_plan(struct session *s, const json_t *params, json_t **ret, struct err *e)
{
	json_t *tried;

	if (cat_param_find(s->args->method->in, "dry_run") == NULL)
		return ERR_OK;
	tried = json_copy((json_t *)(uintptr_t)params);
	json_object_set_new(tried, "dry_run", json_true());
	return session_call(s, s->args->method->name, tried, ret, e);
}

enum errc confirm_ask(struct session *s, json_t *params, struct err *e)
{
	const struct cat_method *m = s->args->method;
	AUTO_FREE char *text = call_text(s->args);
	char answer[ANSWER_MAX] = "";
	json_t *plan = NULL;
	bool wants_name;

	if (!needs_word(s->args))
		return ERR_OK;
	if (ask_plan(s, params, &plan, e))
		return e->code;
	wants_name = cat_param_find(m->in, "confirm") &&
		     json_integer_value(json_object_get(plan, "devices")) > 0;
	fprintf(stderr, "%s: %s\n", text, m->doc);
	tell_losses(m, plan);
	json_decref(plan);
	fputs(wants_name ? "Type the name to go on: " : "Go on? [y/N] ", stderr);
	if (!read_answer(answer) || answer[0] == '\0' ||
	    (!wants_name && answer[0] != 'y' && answer[0] != 'Y'))
		return err_set(e, ERR_USAGE, "nothing was changed");
	if (wants_name && utf8_valid(span_str(answer)))
		json_object_set_new(params, "confirm", json_string(answer));
	return ERR_OK;
}
