/* Acts on the chosen item or on all that are marked: the question with who is left out and why, then a few
 * calls at a time, then how it went. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/xalloc.h"

#include "tui/table_view.h"

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

static void free_texts(char **texts, size_t len)
{
	for (size_t i = 0; texts && i < len; i++)
		free(texts[i]);
	free(texts);
}

static void bulk_free(struct table *t)
{
	struct bulk *b = t->bulk;

	if (b == NULL)
		return;
	free_texts(b->values, b->len);
	free_texts(b->texts, b->len);
	free_texts(b->ids, b->len);
	json_decref(b->more);
	free(b);
	t->bulk = NULL;
}

void table_bulk_free(struct table *t)
{
	bulk_free(t);
	json_decref(t->planned.more);
	t->planned = (struct table_bulk){ .method = NULL };
}

static void bulk_go_on(struct table *t);

/* the few that it was for are asked anew, many with the whole list */
static void renew(struct table *t)
{
	struct bulk *b = t->bulk;

	if (b->len <= TABLE_DIRTY_MAX)
		for (size_t i = 0; t->spec->show_method && i < b->len; i++)
			table_dirty(t, b->ids[i]);
	else
		t->all_anew = true;
	table_ask(t);
}

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
	renew(t);
	bulk_free(t);
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

		json_object_set_new(params, b->param, json_string(b->values[b->next]));
		if (b->texts)
			json_object_set_new(params, b->text_param, json_string(b->texts[b->next]));
		b->next++;
		b->open++;
		view_call(&t->base, b->method, params, on_bulk);
	}
	if (b->open == 0)
		bulk_told(t);
}

/* takes from.more */
static void bulk_start(struct table *t, const struct table_bulk *from)
{
	const struct table_row *row;
	struct bulk *b;

	if (t->bulk) {
		json_decref(from->more);
		view_toast(&t->base, TOAST_INFO, "%s is still under way: %zu of %zu",
			   t->bulk->method, t->bulk->done + t->bulk->failed, t->bulk->len);
		return;
	}
	b = t->bulk = xcalloc(1, sizeof *b);
	snprintf(b->method, sizeof b->method, "%s", from->method);
	snprintf(b->param, sizeof b->param, "%s", from->param);
	b->more = from->more;
	b->values = xcalloc(t->rows.marked + 1, sizeof *b->values);
	b->ids = xcalloc(t->rows.marked + 1, sizeof *b->ids);
	if (from->text) {
		snprintf(b->text_param, sizeof b->text_param, "%s", from->text_param);
		b->texts = xcalloc(t->rows.marked + 1, sizeof *b->texts);
	}
	for (size_t pos = 0; table_next(&t->base, &pos, &row);) {
		if (from->unfit && from->unfit(row))
			continue;
		if (from->text)
			b->texts[b->len] = from->text(&t->base, row);
		b->ids[b->len] = xstrdup(row_id(row));
		b->values[b->len++] =
			xstrdup(from->value ? row_cell(row, from->value) : row_id(row));
	}
	if (b->len == 0)
		bulk_free(t);
	else
		bulk_go_on(t);
}

void table_each(struct view *v, const char *method, const char *param, json_t *more)
{
	bulk_start(table_of(v),
		   &(struct table_bulk){ .method = method, .param = param, .more = more });
}

static void on_agreed(struct view *v, void *ctx)
{
	struct table *t = table_of(v);
	struct table_bulk b = t->planned;

	(void)ctx;
	t->planned = (struct table_bulk){ .method = NULL };
	bulk_start(t, &b);
}

/* counts what the act is for, the first of it, and why others are left out */
static size_t count_fit(struct table *t, const struct table_bulk *b, size_t *ret_skipped,
			const char **ret_why, const struct table_row **ret_first)
{
	const struct table_row *row;
	size_t n = 0;

	*ret_skipped = 0;
	*ret_why = NULL;
	for (size_t pos = 0; table_next(&t->base, &pos, &row);) {
		const char *why = b->unfit ? b->unfit(row) : NULL;

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

void table_bulk(struct view *v, const struct table_bulk *b)
{
	struct table *t = table_of(v);
	const struct table_row *first = NULL;
	size_t skipped, n;
	const char *why;
	char what[120], question[400];

	json_decref(t->planned.more);
	t->planned = *b;
	n = count_fit(t, b, &skipped, &why, &first);
	if (n == 0) {
		view_toast(v, TOAST_INFO, "%s: nothing to do: %s", b->method,
			   why ? why : "the list is empty");
		return;
	}
	if (n == 1 && skipped == 0 && b->question == NULL) {
		on_agreed(v, NULL);
		return;
	}
	if (n == 1)
		snprintf(what, sizeof what, "%s", row_label(first));
	else
		snprintf(what, sizeof what, "%zu %ss", n, t->spec->noun);
	if (b->question)
		put_question(question, sizeof question, b->question, what);
	else
		put_plain_question(question, sizeof question, b->method, what);
	if (skipped)
		snprintf(question + strlen(question), sizeof question - strlen(question),
			 "\n%zu skipped: %s", skipped, why);
	if (b->typed)
		snprintf(question + strlen(question), sizeof question - strlen(question),
			 "\nType %s to agree:", n == 1 ? what : "the number");
	if (b->typed && n > 1)
		snprintf(what, sizeof what, "%zu", n);
	view_confirm(v, question, b->typed ? what : NULL, on_agreed, NULL);
}
