/* The campaigns of the calendar: read page by page, kept in the order of their start, renewed one by
 * one as news come, at most one question a second. Wad tells nobody when a campaign is made, so those
 * behind the last known id are asked for from time to time. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/text.h"
#include "shared/base/xalloc.h"

#include "tui/view_calendar.h"

enum { PAGE = 200, ONE_MS = 1000, NEW_MS = 10000, AGAIN_MS = 5000 };

static struct calendar *calendar_of(struct view *v)
{
	return (struct calendar *)v;
}

static int64_t now_ms(const struct calendar *c)
{
	return clock_mono(view_clock(&c->base)).ms;
}

void book_done(struct book *b)
{
	free(b->shown.rows);
	free(b->fresh.rows);
	b->shown = b->fresh = (struct book_list){ 0 };
}

/* -- entries -- */

static void copy_text(char *out, size_t out_bytes, const json_t *o, const char *name)
{
	const char *text = json_string_value(json_object_get(o, name));

	snprintf(out, out_bytes, "%s", text ? text : "");
	utf8_mend(out);
}

static int64_t id_of(const json_t *o, const char *name)
{
	const char *text = json_string_value(json_object_get(o, name));

	return text ? strtoll(text, NULL, 10) : 0;
}

static struct book_entry entry_of(const json_t *o)
{
	struct book_entry e = { .id = id_of(o, "id"), .start_ms = INT64_MAX, .day = INT32_MAX };
	const char *start = json_string_value(json_object_get(o, "start_at"));
	unix_ms at;

	if (start && unix_ms_parse(start, &at)) {
		e.start_ms = at.ms;
		e.day = calendar_day_of(at.ms);
	}
	e.total = json_integer_value(json_object_get(o, "total"));
	e.left = json_integer_value(json_object_get(o, "left"));
	copy_text(e.state, sizeof e.state, o, "state");
	copy_text(e.reason, sizeof e.reason, o, "reason");
	copy_text(e.title, sizeof e.title, o, "title");
	return e;
}

static int in_order(const void *a, const void *b)
{
	const struct book_entry *x = a, *y = b;

	if (x->start_ms != y->start_ms)
		return x->start_ms < y->start_ms ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

static void add(struct book_list *l, const struct book_entry *e)
{
	if (l->len == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 64;
		l->rows = xrealloc(l->rows, l->cap * sizeof *l->rows);
	}
	l->rows[l->len++] = *e;
}

static void drop_id(struct book_list *l, int64_t id)
{
	size_t i = 0;

	while (i < l->len && l->rows[i].id != id)
		i++;
	if (i == l->len)
		return;
	l->len--;
	memmove(l->rows + i, l->rows + i + 1, (l->len - i) * sizeof *l->rows);
}

/* the first that does not start before the day */
static size_t place(const struct book *b, int32_t day)
{
	size_t from = 0, to = b->shown.len;

	while (from < to) {
		size_t mid = (from + to) / 2;

		if (b->shown.rows[mid].day < day)
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

size_t book_day(const struct book *b, int32_t day, size_t *ret_first)
{
	size_t from = place(b, day), to = from;

	while (to < b->shown.len && b->shown.rows[to].day == day)
		to++;
	*ret_first = from;
	return to - from;
}

size_t book_drafts(const struct book *b)
{
	return b->shown.len - place(b, INT32_MAX);
}

void book_put(struct calendar *c, const json_t *campaign)
{
	struct book *b = &c->book;
	struct book_entry e = entry_of(campaign);
	size_t i;

	if (e.id <= 0)
		return;
	drop_id(&b->shown, e.id);
	add(&b->shown, &e);
	for (i = b->shown.len - 1; i > 0 && in_order(&b->shown.rows[i - 1], &e) > 0; i--)
		b->shown.rows[i] = b->shown.rows[i - 1];
	b->shown.rows[i] = e;
	b->again = b->again || b->loading; /* what is being read may be older */
	view_draw_soon(&c->base);
}

/* -- all of it -- */

static void ask_page(struct calendar *c, const json_t *after);

static void swap_fresh(struct book *b)
{
	free(b->shown.rows);
	b->shown = b->fresh;
	b->fresh = (struct book_list){ 0 };
}

static void on_page(struct view *v, const json_t *result, const struct err *e, const json_t *data)
{
	struct calendar *c = calendar_of(v);
	struct book *b = &c->book;
	struct book_list *to = b->had ? &b->fresh : &b->shown;
	const json_t *rows = json_object_get(result, "campaigns"), *row, *next;
	size_t i;

	(void)data;
	b->loading = false;
	b->why[0] = '\0';
	if (e) {
		snprintf(b->why, sizeof b->why, "%s", err_msg(e));
		return;
	}
	json_array_foreach(rows, i, row) {
		struct book_entry entry = entry_of(row);

		b->last_id = entry.id > b->last_id ? entry.id : b->last_id;
		add(to, &entry);
	}
	if (to->len)
		qsort(to->rows, to->len, sizeof *to->rows, in_order);
	next = json_object_get(result, "next");
	b->cut = next && to->len >= BOOK_MAX;
	if (next && !b->cut) {
		ask_page(c, next);
		return;
	}
	if (b->had)
		swap_fresh(b);
	b->had = true;
	if (b->again) {
		b->again = false;
		book_ask(c);
	}
}

static void ask_page(struct calendar *c, const json_t *after)
{
	json_t *params = json_pack("{s:i}", "limit", PAGE);

	if (after)
		json_object_set(params, "after", (json_t *)(uintptr_t)after);
	c->book.loading = true;
	c->book.asked_at = now_ms(c);
	view_call(&c->base, "campaign.list", params, on_page);
}

void book_ask(struct calendar *c)
{
	struct book *b = &c->book;

	if (b->loading) {
		b->again = true;
		return;
	}
	b->fresh.len = 0;
	if (!b->had)
		b->shown.len = 0;
	b->dirty_len = 0;
	ask_page(c, NULL);
}

/* -- news -- */

static void on_new(struct view *v, const json_t *result, const struct err *e, const json_t *data)
{
	struct calendar *c = calendar_of(v);
	const json_t *rows = json_object_get(result, "campaigns"), *row;
	size_t i;

	(void)data;
	c->book.asking = false;
	if (e)
		return; /* the next time, then; what is shown stays */
	json_array_foreach(rows, i, row) {
		int64_t id = id_of(row, "id");

		c->book.last_id = id > c->book.last_id ? id : c->book.last_id;
		book_put(c, row);
	}
}

static void ask_new(struct calendar *c)
{
	c->book.asking = true;
	c->book.asked_at = now_ms(c);
	view_call(&c->base, "campaign.list",
		  json_pack("{s:i,s:o}", "limit", PAGE, "after",
			    json_sprintf("%" PRId64, c->book.last_id)),
		  on_new);
}

static void on_one(struct view *v, const json_t *result, const struct err *e, const json_t *data)
{
	struct calendar *c = calendar_of(v);

	(void)data;
	c->book.asking = false;
	if (e == NULL)
		book_put(c, result);
}

static void ask_one(struct calendar *c)
{
	struct book *b = &c->book;
	int64_t id = b->dirty[0];

	b->dirty_len--;
	memmove(b->dirty, b->dirty + 1, b->dirty_len * sizeof b->dirty[0]);
	b->asking = true;
	b->flushed_at = now_ms(c);
	view_call(&c->base, "campaign.show",
		  json_pack("{s:o}", "campaign", json_sprintf("%" PRId64, id)), on_one);
}

static void add_dirty(struct calendar *c, int64_t id, bool passing)
{
	struct book *b = &c->book;

	for (size_t i = 0; i < b->dirty_len; i++)
		if (b->dirty[i] == id)
			return;
	if (b->dirty_len < BOOK_DIRTY_MAX)
		b->dirty[b->dirty_len++] = id;
	else if (!passing) /* too many to be asked one by one */
		b->again = true;
}

void book_event(struct calendar *c, const char *topic, const json_t *data)
{
	int64_t id = id_of(data, "campaign");
	bool is_message = strncmp(topic, "message.", 8) == 0;

	if (id <= 0 || (!is_message && strncmp(topic, "campaign.", 9) != 0))
		return;
	if (strcmp(topic, "campaign.deleted") == 0) {
		drop_id(&c->book.shown, id);
		view_draw_soon(&c->base);
		return;
	}
	add_dirty(c, id, is_message);
	if (!is_message && !c->book.asking && c->book.had)
		ask_one(c);
}

void book_tick(struct calendar *c)
{
	struct book *b = &c->book;
	int64_t now = now_ms(c);

	if (!b->had || b->loading || b->asking)
		return;
	if (b->again && now - b->asked_at >= AGAIN_MS) {
		b->again = false;
		book_ask(c);
	} else if (b->dirty_len && now - b->flushed_at >= ONE_MS) {
		ask_one(c);
	} else if (!b->cut && now - b->asked_at >= NEW_MS) {
		ask_new(c);
	}
}
