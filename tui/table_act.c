/* Acts on one item or on all that are marked, with their questions. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/xalloc.h"

#include "tui/table_view.h"

/* what an agreed question is about */
struct agreed {
	const struct table_act *act;
};

bool table_next(const struct view *v, size_t *pos, const struct table_row **ret)
{
	const struct table *t = table_of(v);

	if (t->rows.marked == 0) {
		*ret = *pos == 0 ? table_row_at(t, t->place.cursor) : NULL;
		*pos = 1;
		return *ret != NULL;
	}
	for (size_t i = *pos; i < t->rows.len; i++)
		if (t->rows.rows[i]->marked) {
			*pos = i + 1;
			*ret = t->rows.rows[i];
			return true;
		}
	return false;
}

size_t table_marked(const struct view *v)
{
	return table_of(v)->rows.marked;
}

void table_bulk_free(struct table *t)
{
	if (t->bulk == NULL)
		return;
	for (size_t i = 0; i < t->bulk->len; i++)
		free(t->bulk->ids[i]);
	free(t->bulk->ids);
	json_decref(t->bulk->more);
	free(t->bulk);
	t->bulk = NULL;
}

static void bulk_go_on(struct table *t);

static void bulk_told(struct table *t)
{
	struct bulk *b = t->bulk;

	if (b->failed)
		view_toast(&t->base, TOAST_BAD, "%s: %zu done, %zu failed: %s", b->method, b->done,
			   b->failed, b->first_error);
	else if (b->done == 1)
		view_toast(&t->base, TOAST_GOOD, "%s: done", b->method);
	else
		view_toast(&t->base, TOAST_GOOD, "%s: %zu done", b->method, b->done);
	table_bulk_free(t);
	table_ask(t);
}

static void on_bulk(struct view *v, const json_t *result, const struct err *e, const json_t *data)
{
	struct table *t = table_of(v);
	struct bulk *b = t->bulk;

	(void)result;
	(void)data;
	b->open--;
	if (e == NULL) {
		b->done++;
	} else {
		if (b->failed++ == 0)
			snprintf(b->first_error, sizeof b->first_error, "%s", err_msg(e));
	}
	bulk_go_on(t);
}

static void bulk_go_on(struct table *t)
{
	struct bulk *b = t->bulk;

	while (b->next < b->len && b->open < TABLE_CALLS_MAX) {
		json_t *params = b->more ? json_copy(b->more) : json_object();

		json_object_set_new(params, b->param, json_string(b->ids[b->next++]));
		b->open++;
		view_call(&t->base, b->method, params, on_bulk);
	}
	if (b->open == 0)
		bulk_told(t);
}

static void bulk_start(struct table *t, const char *method, const char *param, json_t *more,
		       const char *(*unfit)(const struct table_row *row))
{
	const struct table_row *row;
	struct bulk *b;

	if (t->bulk) {
		json_decref(more);
		view_toast(&t->base, TOAST_INFO, "%s is still under way: %zu of %zu",
			   t->bulk->method, t->bulk->done + t->bulk->failed, t->bulk->len);
		return;
	}
	b = t->bulk = xcalloc(1, sizeof *b);
	snprintf(b->method, sizeof b->method, "%s", method);
	snprintf(b->param, sizeof b->param, "%s", param);
	b->more = more;
	b->ids = xcalloc(t->rows.marked + 1, sizeof *b->ids);
	for (size_t pos = 0; table_next(&t->base, &pos, &row);)
		if (unfit == NULL || unfit(row) == NULL)
			b->ids[b->len++] = xstrdup(row_id(row));
	if (b->len == 0) {
		table_bulk_free(t);
		return;
	}
	bulk_go_on(t);
}

void table_each(struct view *v, const char *method, const char *param, json_t *more)
{
	bulk_start(table_of(v), method, param, more, NULL);
}

static void on_agreed(struct view *v, void *ctx)
{
	const struct table_act *a = ((struct agreed *)ctx)->act;

	bulk_start(table_of(v), a->method, a->param, NULL, a->unfit);
}

/* counts what the act is for, the first of it, and why others are left out */
static size_t count_fit(struct table *t, const struct table_act *a, size_t *ret_skipped,
			const char **ret_why, const struct table_row **ret_first)
{
	const struct table_row *row;
	size_t n = 0;

	*ret_skipped = 0;
	*ret_why = NULL;
	for (size_t pos = 0; table_next(&t->base, &pos, &row);) {
		const char *why = a->unfit ? a->unfit(row) : NULL;

		if (why) {
			*ret_why = *ret_why ? *ret_why : why;
			(*ret_skipped)++;
		} else if (n++ == 0) {
			*ret_first = row;
		}
	}
	return n;
}

/* the question with what it is about in the place of its %s */
static void put_question(char *out, size_t out_bytes, const char *question, const char *what)
{
	const char *at = strstr(question, "%s");

	if (at == NULL)
		snprintf(out, out_bytes, "%s", question);
	else
		snprintf(out, out_bytes, "%.*s%s%s", (int)(at - question), question, what, at + 2);
}

/* "campaign.pause" of "2 campaigns" is "Pause 2 campaigns?" */
static void put_plain_question(char *out, size_t out_bytes, const char *method, const char *what)
{
	const char *dot = strchr(method, '.');
	const char *verb = dot ? dot + 1 : method;

	snprintf(out, out_bytes, "%c%s %s?", toupper((unsigned char)*verb), verb + 1, what);
	for (char *at = out; at < out + strlen(verb); at++)
		if (*at == '_')
			*at = ' ';
}

static void ask_or_do(struct table *t, const struct table_act *a)
{
	const struct table_row *first = NULL;
	size_t skipped, n;
	const char *why;
	char what[120], question[400];
	struct agreed *agreed;

	n = count_fit(t, a, &skipped, &why, &first);
	if (n == 0) {
		view_toast(&t->base, TOAST_INFO, "%s: nothing to do: %s", a->method,
			   why ? why : "the list is empty");
		return;
	}
	if (n == 1 && skipped == 0 && a->question == NULL) {
		bulk_start(t, a->method, a->param, NULL, a->unfit);
		return;
	}
	if (n == 1)
		snprintf(what, sizeof what, "%s", row_label(first));
	else
		snprintf(what, sizeof what, "%zu %ss", n, t->spec->noun);
	if (a->question)
		put_question(question, sizeof question, a->question, what);
	else
		put_plain_question(question, sizeof question, a->method, what);
	if (skipped)
		snprintf(question + strlen(question), sizeof question - strlen(question),
			 "\n%zu skipped: %s", skipped, why);
	agreed = xcalloc(1, sizeof *agreed);
	agreed->act = a;
	if (a->typed)
		snprintf(question + strlen(question), sizeof question - strlen(question),
			 "\nType %s to agree:", n == 1 ? what : "the number");
	if (a->typed && n > 1)
		snprintf(what, sizeof what, "%zu", n);
	view_confirm(&t->base, question, a->typed ? what : NULL, on_agreed, agreed);
}

static void on_edit(struct view *v, const json_t *result, const struct err *e, const json_t *data)
{
	struct table *t = table_of(v);
	const struct table_act *a = t->editing;
	json_t *fixed;

	t->editing = NULL;
	if (e) {
		view_toast_err(v, t->spec->show_method, e, data);
		return;
	}
	fixed = json_pack("{s:O}", a->param, json_object_get(result, t->spec->id));
	form_open(v->app, &(struct form_opts){ .title = a->title,
					       .method = a->method,
					       .fields = a->edit,
					       .preset = (json_t *)(uintptr_t)result,
					       .fixed = fixed,
					       .changes_only = true,
					       .owner = v });
	json_decref(fixed);
}

static void edit(struct table *t, const struct table_act *a, const struct table_row *row)
{
	if (row == NULL || t->editing)
		return;
	t->editing = a;
	view_call(&t->base, t->spec->show_method,
		  json_pack("{s:s}", t->spec->show_param, row_id(row)), on_edit);
}

static void create(struct table *t, const struct table_act *a)
{
	form_open(t->base.app, &(struct form_opts){ .title = a->title,
						    .method = a->method,
						    .fields = a->create,
						    .owner = &t->base,
						    .done = a->made });
}

bool table_do(struct table *t, enum action act)
{
	const struct table_act *a = t->spec->acts;
	const struct table_row *row = table_row_at(t, t->place.cursor);

	while (a && a->act != ACT_NONE && a->act != act)
		a++;
	if (a == NULL || a->act == ACT_NONE)
		return false;
	if (a->method && !view_may(&t->base, a->method))
		view_toast(&t->base, TOAST_INFO, "%s: your role may not do that", a->method);
	else if (a->edit)
		edit(t, a, row);
	else if (a->create)
		create(t, a);
	else if (a->method && a->run == NULL)
		ask_or_do(t, a);
	else if (row || a->without_row)
		a->run(&t->base, row);
	return true;
}
