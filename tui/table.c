#include "tui/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/xalloc.h"

#include "tui/detail.h"
#include "tui/table_view.h"

enum { FILTER_BYTES_MAX = 120, SEARCH_MS = 250, NEAR_END = 100 };

void *table_user(const struct view *v)
{
	return table_of(v)->user;
}

void table_params(struct view *v, json_t *params)
{
	struct table *t = table_of(v);

	json_decref(t->params);
	t->params = params;
	rows_done(&t->rows); /* another list: nothing of the old is to be seen in it */
	table_narrow(t);
	table_ask(t);
}

void table_preset(struct view *v, json_t *params)
{
	table_of(v)->params = params;
}

const json_t *table_params_now(const struct view *v)
{
	return table_of(v)->params;
}

void table_header(struct view *v, int (*draw)(struct view *v, struct screen *s, struct rect in))
{
	table_of(v)->header = draw;
}

void table_subtitle(struct view *v, const char *text)
{
	snprintf(table_of(v)->subtitle, sizeof table_of(v)->subtitle, "%s", text);
}

const struct table_row *table_here(const struct view *v)
{
	const struct table *t = table_of(v);

	return table_row_at(t, t->place.cursor);
}

void table_seek(struct view *v, const char *id)
{
	if (v->ops->draw == table_draw)
		snprintf(table_of(v)->sought, sizeof table_of(v)->sought, "%s", id);
}

void table_refresh(struct view *v)
{
	struct table *t = table_of(v);

	t->all_anew = true;
	table_ask(t);
}

static void table_shown(struct view *v)
{
	if (!table_of(v)->loading)
		table_ask(table_of(v));
}

static void filter_changed(struct table *t)
{
	list_goto(&t->place, 0);
	if (t->spec->search) {
		t->filter_at = clock_mono(view_clock(&t->base)).ms + SEARCH_MS;
		rows_done(&t->rows);
	} else if (!t->ended) {
		table_more(t); /* what is not loaded cannot be found */
	}
	table_narrow(t);
}

static void filter_leave(struct table *t)
{
	bool had = *t->filter.text != '\0';

	t->filtering = false;
	input_set(&t->filter, "");
	if (had)
		filter_changed(t);
	if (had && t->spec->search)
		table_tick(&t->base);
}

static bool filter_key(struct table *t, enum action act, const struct key *k)
{
	if (k->code == 27)
		filter_leave(t);
	else if (k->code == '\r' || k->code == '\n')
		t->filtering = false;
	else if (input_key(&t->filter, k))
		filter_changed(t);
	else
		return list_key(&t->place, act, k);
	return true;
}

static void mark(struct table *t, bool all)
{
	bool on = false;

	if (t->place.len == 0)
		return;
	if (!all) {
		size_t at = t->shown ? t->shown[t->place.cursor] : t->place.cursor;

		rows_mark(&t->rows, at, !t->rows.rows[at]->marked);
		list_goto(&t->place, t->place.cursor + 1);
		return;
	}
	for (size_t i = 0; i < t->place.len; i++)
		on = on || !table_row_at(t, i)->marked;
	for (size_t i = 0; i < t->place.len; i++)
		rows_mark(&t->rows, t->shown ? t->shown[i] : i, on);
}

static void copy_row(struct table *t)
{
	const struct table_row *row = table_row_at(t, t->place.cursor);
	char text[1000];
	size_t len = 0;

	text[0] = '\0';
	for (const struct table_column *c = t->spec->columns; row && c->title; c++) {
		const char *cell = row_cell(row, c->field);

		if (*cell && len < sizeof text)
			len += (size_t)snprintf(text + len, sizeof text - len, "%s%s",
						len ? "\t" : "", cell);
	}
	view_copy(&t->base, text);
}

static void open_row(struct table *t)
{
	const struct table_row *row = table_row_at(t, t->place.cursor);
	char title[120];

	if (row == NULL)
		return;
	/* a number alone says little: "rule 3" */
	snprintf(title, sizeof title, "%s %s",
		 strcmp(t->spec->label, t->spec->id) == 0 ? t->spec->noun : "", row_label(row));
	if (t->spec->open)
		t->spec->open(&t->base, row);
	else if (t->spec->show_method)
		detail_open(t->base.app, title + (*title == ' '), t->spec->show_method,
			    json_pack("{s:s}", t->spec->show_param, row_id(row)));
}

static bool table_key(struct view *v, enum action act, const struct key *k)
{
	struct table *t = table_of(v);

	t->sought[0] = '\0';
	if (t->filtering)
		return filter_key(t, act, k);
	if (act == ACT_LAST && !t->ended && t->rows.len) {
		t->wants_all = true;
		table_more(t);
		return true;
	}
	if (list_key(&t->place, act, k)) {
		if (t->place.cursor + NEAR_END > t->rows.len)
			table_more(t);
		t->wants_all = false;
		return true;
	}
	if (act == ACT_FILTER)
		t->filtering = true;
	else if (act == ACT_MARK || act == ACT_MARK_ALL)
		mark(t, act == ACT_MARK_ALL);
	else if (act == ACT_COPY)
		copy_row(t);
	else if (act == ACT_OPEN)
		open_row(t);
	else if (act == ACT_BACK && *t->filter.text)
		filter_leave(t);
	else if (act == ACT_BACK && t->only)
		table_only(v, NULL);
	else if (act == ACT_BACK && t->rows.marked)
		for (size_t i = 0; i < t->rows.len; i++)
			rows_mark(&t->rows, i, false);
	else
		return table_do(t, act);
	return true;
}

static bool table_typing(struct view *v)
{
	return table_of(v)->filtering;
}

static void table_title(struct view *v, char *out, size_t out_bytes)
{
	const struct table *t = table_of(v);

	snprintf(out, out_bytes, "%s%s%s%s%s", t->spec->title, t->subtitle[0] ? ": " : "",
		 t->subtitle, t->told[0] ? ": " : "", t->told);
}

static void table_status(struct view *v, char *out, size_t out_bytes)
{
	const struct table *t = table_of(v);
	char marked[40] = "", bulk[90] = "";

	if (t->rows.marked)
		snprintf(marked, sizeof marked, ", %zu marked", t->rows.marked);
	if (t->bulk && t->bulk->len > TABLE_CALLS_MAX)
		snprintf(bulk, sizeof bulk, "%s %zu of %zu, ", t->bulk->method,
			 t->bulk->done + t->bulk->failed, t->bulk->len);
	snprintf(out, out_bytes, "%s%zu/%zu%s%s", bulk, t->place.len ? t->place.cursor + 1 : 0,
		 t->place.len, t->ended ? "" : "+", marked);
}

static void table_free(struct view *v)
{
	struct table *t = table_of(v);

	if (t->user_free)
		t->user_free(t->user);
	table_bulk_free(t);
	rows_done(&t->rows);
	rows_done(&t->fresh);
	json_decref(t->params);
	json_decref(t->only);
	json_decref(t->next);
	json_decref(t->rest);
	input_done(&t->filter);
	free(t->shown);
	free((void *)(uintptr_t)t->base.ops);
	free(t);
}

struct view *table_new(struct app *app, const struct table_spec *spec, void *user,
		       void (*user_free)(void *user))
{
	struct table *t = xcalloc(1, sizeof *t);
	struct view_ops *ops = xcalloc(1, sizeof *ops); /* name and scopes are the list's own */

	*ops = (struct view_ops){
		.name = spec->name,
		.scopes = SCOPE_BIT(SCOPE_MOVE) | SCOPE_BIT(SCOPE_LIST) | SCOPE_BIT(spec->scope),
		.key = table_key,
		.draw = table_draw,
		.typing = table_typing,
		.refresh = table_refresh,
		.event = table_event,
		.tick = table_tick,
		.shown = table_shown,
		.title = table_title,
		.status = table_status,
		.free = table_free,
	};
	t->base.ops = ops;
	t->base.app = app;
	t->spec = spec;
	t->user = user;
	t->user_free = user_free;
	rows_init(&t->rows, spec);
	rows_init(&t->fresh, spec);
	input_init(&t->filter, "", FILTER_BYTES_MAX);
	return &t->base;
}
