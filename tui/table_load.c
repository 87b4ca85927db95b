/* Where a table's rows come from: pages, refreshes, single items that changed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/xalloc.h"
#include "shared/rpc/events.h"

#include "tui/app.h"
#include "tui/table_view.h"

/* a refresh takes the pages that were there, up to so many rows; the rest comes as one scrolls */
enum { REFRESH_ROWS_MAX = 2000, STALE_MS = 1000, FLUSH_MS = 500, JOIN_MS = 5000, AHEAD = 200 };

static int64_t now_ms(const struct table *t)
{
	return clock_mono(view_clock(&t->base)).ms;
}

struct table_row *table_row_at(const struct table *t, size_t i)
{
	if (t->shown == NULL)
		return i < t->rows.len ? t->rows.rows[i] : NULL;
	return i < t->shown_len ? t->rows.rows[t->shown[i]] : NULL;
}

void table_narrow(struct table *t)
{
	const char *letters = t->filter.text;

	free(t->shown);
	t->shown = NULL;
	t->shown_len = 0;
	if (*letters && t->spec->search == NULL) {
		t->shown = xmalloc((t->rows.len + 1) * sizeof *t->shown);
		for (size_t i = 0; i < t->rows.len; i++)
			if (rows_match(t->rows.rows[i], letters))
				t->shown[t->shown_len++] = i;
	}
	list_resize(&t->place, t->shown ? t->shown_len : t->rows.len);
}

/* the chosen row is the same one, when it is still there */
static void keep_place(struct table *t, const char *id)
{
	size_t below = t->place.cursor - t->place.top;

	table_narrow(t);
	for (size_t i = 0; id && i < t->place.len; i++)
		if (strcmp(row_id(table_row_at(t, i)), id) == 0) {
			list_goto(&t->place, i);
			t->place.top = i > below ? i - below : 0;
			return;
		}
}

static void seek(struct table *t)
{
	for (size_t i = 0; t->sought[0] && i < t->place.len; i++)
		if (strcmp(row_id(table_row_at(t, i)), t->sought) == 0) {
			list_goto(&t->place, i);
			t->sought[0] = '\0';
		}
}

static char *chosen_id(const struct table *t)
{
	const struct table_row *row = table_row_at(t, t->place.cursor);

	return row ? xstrdup(row_id(row)) : NULL;
}

static void on_join(struct view *v, const json_t *result, const struct err *e, const json_t *data)
{
	struct table *t = table_of(v);

	(void)data; /* the columns stay as they are: the next time may do better */
	t->joining = false;
	t->join_took_ms = now_ms(t) - t->joined_at;
	if (e == NULL)
		rows_join(&t->rows,
			  json_object_get(result, catalogue_find(t->spec->join_method)->list),
			  t->spec->join_id);
	table_narrow(t);
}

static void join(struct table *t)
{
	if (t->spec->join_method == NULL || t->joining || t->rows.len == 0)
		return;
	t->joining = true;
	t->joined_at = now_ms(t);
	view_call(&t->base, t->spec->join_method,
		  t->spec->join_params ? t->spec->join_params() : NULL, on_join);
}

/* what the other list told stays until it is asked again */
static void take_joined(struct table_rows *to, const struct table_rows *from)
{
	const struct table_spec *spec = to->spec;
	json_t *items;

	if (spec->join_method == NULL)
		return;
	items = json_array();
	for (size_t i = 0; i < from->len; i++) {
		json_t *item = json_pack("{s:s}", spec->join_id, row_id(from->rows[i]));

		for (const struct table_column *c = spec->columns; c->title; c++)
			if (c->joined)
				json_object_set_new(item, c->field,
						    json_string(row_cell(from->rows[i], c->field)));
		json_array_append_new(items, item);
	}
	rows_join(to, items, spec->join_id);
	json_decref(items);
}

/* what comes after the last fresh row goes on to stand there, as it was */
static void keep_rest(struct table *t)
{
	size_t at;

	if (t->fresh.len == 0 || !rows_find(&t->rows, row_id(t->fresh.rows[t->fresh.len - 1]), &at))
		return;
	rows_move(&t->fresh, &t->rows, at + 1);
	json_decref(t->next);
	t->next = t->rest;
	t->rest = NULL;
	t->ended = t->rest_ended;
}

static void swap_fresh(struct table *t)
{
	AUTO_FREE char *id = chosen_id(t);

	rows_take_marks(&t->fresh, &t->rows);
	take_joined(&t->fresh, &t->rows);
	if (!t->ended && !t->all_anew)
		keep_rest(t);
	t->all_anew = false;
	rows_done(&t->rows);
	t->rows = t->fresh;
	rows_init(&t->fresh, t->spec);
	t->refreshing = false;
	keep_place(t, id);
}

/* the rows stay as they were, and so does where they go on */
static void give_up_refresh(struct table *t)
{
	if (!t->refreshing)
		return;
	t->refreshing = t->all_anew = false;
	rows_done(&t->fresh);
	json_decref(t->next);
	t->next = t->rest;
	t->rest = NULL;
	t->ended = t->rest_ended;
}

static void ask_page(struct table *t);

static void on_page(struct view *v, const json_t *result, const struct err *e, const json_t *data)
{
	struct table *t = table_of(v);
	const struct cat_method *m = catalogue_find(t->spec->method);
	const json_t *items = json_object_get(result, m->list);
	bool first = t->next == NULL;

	(void)data;
	t->loading = false;
	if (t->again) {
		t->again = false;
		table_ask(t);
		return;
	}
	if (e) {
		snprintf(t->why, sizeof t->why, "%s", err_msg(e));
		give_up_refresh(t);
		return;
	}
	t->why[0] = '\0';
	t->took_ms = now_ms(t) - t->asked_at;
	json_decref(t->next);
	t->next = json_incref(json_object_get(result, "next"));
	t->ended = t->next == NULL;
	rows_add(t->refreshing ? &t->fresh : &t->rows, items, !first && t->spec->newest_first);
	if (t->refreshing &&
	    (t->ended || t->fresh.len >= t->rows.len || t->fresh.len >= REFRESH_ROWS_MAX))
		swap_fresh(t);
	else if (!t->refreshing)
		table_narrow(t);
	seek(t);
	if (t->ended)
		join(t);
	if (!t->ended &&
	    (t->refreshing || t->wants_all || t->sought[0] ||
	     t->place.cursor + AHEAD > t->rows.len || (t->spec->search == NULL && *t->filter.text)))
		ask_page(t);
	if (t->wants_all && !t->refreshing) {
		list_goto(&t->place, t->place.len);
		t->wants_all = !t->ended;
	}
}

static void ask_page(struct table *t)
{
	json_t *params = table_asked(&t->base);

	if (t->spec->page)
		json_object_set_new(params, "limit", json_integer(t->spec->page));
	if (t->next)
		json_object_set(params, t->spec->after ? t->spec->after : "after", t->next);
	t->loading = true;
	view_call(&t->base, t->spec->method, params, on_page);
}

void table_more(struct table *t)
{
	if (!t->loading && !t->ended)
		ask_page(t);
}

void table_ask(struct table *t)
{
	if (t->loading) {
		t->again = true;
		return;
	}
	rows_done(&t->fresh);
	if (!t->refreshing) {
		json_decref(t->rest);
		t->rest = t->next;
		t->rest_ended = t->ended;
	} else {
		json_decref(t->next);
	}
	t->next = NULL;
	t->ended = false;
	t->stale_at = 0;
	t->refreshing = t->rows.len > 0;
	t->all_anew = t->all_anew && t->refreshing;
	t->asked_at = now_ms(t);
	ask_page(t);
}

/* -- news -- */

static void make_stale(struct table *t)
{
	if (t->stale_at == 0)
		t->stale_at = now_ms(t);
}

static void on_item(struct view *v, const json_t *result, const struct err *e, const json_t *data)
{
	struct table *t = table_of(v);
	const char *id = json_string_value(json_object_get(result, t->spec->id));
	size_t at;

	(void)data;
	t->dirty_asked--;
	if (e == NULL && rows_find(&t->fresh, id, &at)) /* it may be newer than its page */
		rows_put(&t->fresh, at, result);
	if (e && e->code == ERR_NOT_FOUND)
		make_stale(t); /* which one it was is not told: all are asked */
	else if (e == NULL && rows_find(&t->rows, id, &at))
		rows_put(&t->rows, at, result);
	else if (e == NULL)
		make_stale(t); /* a new one */
}

static void flush(struct table *t)
{
	t->flushed_at = now_ms(t);
	for (size_t i = 0; i < t->dirty_len; i++) {
		t->dirty_asked++;
		view_call(&t->base, t->spec->show_method,
			  json_pack("{s:s}", t->spec->show_param, t->dirty[i]), on_item);
	}
	t->dirty_len = 0;
}

void table_dirty(struct table *t, const char *id)
{
	for (size_t i = 0; i < t->dirty_len; i++)
		if (strcmp(t->dirty[i], id) == 0)
			return;
	if (t->dirty_len == TABLE_DIRTY_MAX) {
		make_stale(t);
		return;
	}
	snprintf(t->dirty[t->dirty_len++], sizeof t->dirty[0], "%s", id);
	if (now_ms(t) - t->flushed_at >= FLUSH_MS && t->dirty_asked == 0)
		flush(t);
}

static bool is_gone(const char *topic)
{
	const char *verb = strrchr(topic, '.');

	return verb && strcmp(verb, ".deleted") == 0;
}

static void remove_row(struct table *t, const char *id)
{
	AUTO_FREE char *here = chosen_id(t);
	size_t at;

	if (!rows_find(&t->rows, id, &at))
		return;
	rows_remove(&t->rows, at);
	keep_place(t, here);
	view_draw_soon(&t->base);
}

void table_event(struct view *v, const char *topic, const json_t *data)
{
	struct table *t = table_of(v);
	const char *id;

	if (!event_topic_in(t->spec->topics, topic) ||
	    (t->spec->concerns && !t->spec->concerns(v, topic, data)))
		return;
	id = t->spec->event_id ? json_string_value(json_object_get(data, t->spec->event_id)) : NULL;
	if (id && is_gone(topic))
		remove_row(t, id);
	else if (id && t->spec->show_method)
		table_dirty(t, id);
	else
		make_stale(t);
}

static bool again_due(const struct table *t, int64_t now)
{
	return t->spec->again_s && app_top(t->base.app) == &t->base &&
	       now - t->asked_at >= t->spec->again_s * INT64_C(1000);
}

void table_tick(struct view *v)
{
	struct table *t = table_of(v);
	int64_t now = now_ms(t), rest = 5 * t->took_ms > STALE_MS ? 5 * t->took_ms : STALE_MS;

	if (t->dirty_len && t->dirty_asked == 0)
		flush(t);
	if (t->ended && now - t->joined_at >= JOIN_MS + 5 * t->join_took_ms && app_top(v->app) == v)
		join(t);
	if (t->filter_at && now >= t->filter_at) {
		t->filter_at = 0;
		table_ask(t);
	} else if (!t->loading && now - t->asked_at >= rest && (t->stale_at || again_due(t, now))) {
		table_ask(t);
	}
}
