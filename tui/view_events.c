/* Events: the last thousand, as they come. Nothing is asked: what was before stays unseen. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "shared/base/text.h"
#include "shared/base/xalloc.h"
#include "shared/rpc/events.h"

#include "tui/app.h"
#include "tui/input.h"
#include "tui/list.h"
#include "tui/pager.h"
#include "tui/state.h"

enum {
	EVENTS_MAX = 1000,
	EVENTS_ROOM = EVENTS_MAX + 100, /* the oldest go together */
	VALUE_BYTES_MAX = 400,          /* of a field in its line */
	DATA_BYTES_MAX = 16 << 10,      /* of one event; the rest is cut */
	FILTER_BYTES_MAX = 120,
	FRAME_LEAST_MS = 250,
	TOPIC_WIDE = 21,
};

struct event_row {
	int64_t id; /* 0: a passing one */
	char at[32];
	char topic[40];
	char *line; /* "device sales, state online" */
	char *data; /* as JSON over several lines */
};

struct events {
	struct view base;
	struct event_row *rows; /* a ring: rows[(first + i) % EVENTS_ROOM], 0 is the oldest */
	size_t first, len;
	size_t held;     /* came while it was paused: they are there, not shown */
	uint64_t missed; /* fell out of the ring while it was paused */
	bool paused, filtering;
	struct input filter;
	size_t *shown, shown_len; /* the i of those that fit the filter */
	struct list_place place;
	int64_t drawn_at; /* monotonic ms */
	bool changed;
};

static struct events *events_of(struct view *v)
{
	return (struct events *)v;
}

static struct event_row *row_at(const struct events *e, size_t i)
{
	return &e->rows[(e->first + i) % EVENTS_ROOM];
}

static void row_done(struct event_row *row)
{
	free(row->line);
	free(row->data);
	*row = (struct event_row){ 0 };
}

static bool is_match(const struct event_row *row, const char *letters)
{
	return *letters == '\0' || strcasestr(row->topic, letters) ||
	       strcasestr(row->line, letters);
}

/* what is shown; follows the end when it was there */
static void narrow(struct events *e)
{
	bool follows = e->place.cursor + 1 >= e->place.len;
	size_t n = e->len - e->held;

	e->shown_len = 0;
	for (size_t i = 0; i < n; i++)
		if (is_match(row_at(e, i), e->filter.text))
			e->shown[e->shown_len++] = i;
	list_resize(&e->place, e->shown_len);
	if (follows)
		list_goto(&e->place, e->shown_len);
}

static void drop_first(struct events *e)
{
	row_done(row_at(e, 0));
	e->first = (e->first + 1) % EVENTS_ROOM;
	e->len--;
	if (e->held > e->len) { /* all that is left came during the pause */
		e->held = e->len;
		e->missed++;
	}
}

/* makes room; the chosen one stays the same while it is there */
static void drop_old(struct events *e)
{
	size_t gone = 0;
	bool follows;

	narrow(e);
	follows = e->place.cursor + 1 >= e->place.len;
	while (gone < e->shown_len && e->shown[gone] < e->len - EVENTS_MAX)
		gone++;
	while (e->len > EVENTS_MAX)
		drop_first(e);
	e->place.top -= e->place.top < gone ? e->place.top : gone;
	if (!follows)
		e->place.cursor -= e->place.cursor < gone ? e->place.cursor : gone;
	e->shown_len -= gone;
	list_resize(&e->place, e->shown_len);
	narrow(e);
}

/* -- an event as text -- */

static const char *value_text(const struct events *e, struct arena *a, const char *key,
			      const json_t *v)
{
	if (json_is_string(v) && strcmp(key, "device") == 0)
		return fleet_name(&e->base.app->fleet, json_string_value(v));
	if (json_is_string(v))
		return json_string_value(v);
	if (json_is_integer(v))
		return arena_printf(a, "%lld", (long long)json_integer_value(v));
	if (json_is_boolean(v))
		return json_is_true(v) ? "yes" : "no";
	return "";
}

/* the fields of a topic, in the order of the table of events; of one that is not known: none */
static const char *fields_of(const char *topic)
{
	for (int t = 0; t < EVENT_COUNT; t++)
		if (strcmp(event_topic_name((enum event_topic)t), topic) == 0)
			return event_topic_fields((enum event_topic)t);
	return "";
}

static const char *add_value(const struct events *e, struct arena *a, const char *text,
			     const char *key, const json_t *v)
{
	const char *value = value_text(e, a, key, v);

	if (*value == '\0' || strcmp(key, "qr") == 0) /* whoever reads a code can link */
		return text;
	return arena_printf(a, "%s%s%s %.*s", text, *text ? ", " : "", key, VALUE_BYTES_MAX, value);
}

/* the fields that `names` names, taken out of rest */
static const char *add_named(const struct events *e, struct arena *a, const char *text,
			     const char *names, json_t *rest)
{
	char name[40];

	for (const char *at = names; *at;) {
		size_t len = strcspn(at, " ");

		snprintf(name, sizeof name, "%.*s", (int)len, at);
		text = add_value(e, a, text, name, json_object_get(rest, name));
		json_object_del(rest, name);
		at += len + (at[len] == ' ');
	}
	return text;
}

static char *line_of(const struct events *e, const char *topic, const json_t *data)
{
	struct arena *a AUTO_ARENA = arena_new();
	json_t *rest = json_copy((json_t *)(uintptr_t)data), *v;
	const char *named = json_string_value(json_object_get(data, "name")), *text = "", *key;
	char *line;

	if (named && strncmp(topic, "device.", 7) == 0) { /* its name stands for its id */
		text = arena_printf(a, "%.*s", VALUE_BYTES_MAX, named);
		json_object_del(rest, "name");
		json_object_del(rest, "device");
	}
	/* what one looks for first, where lines are short */
	text = add_named(e, a, text, "device title state text error reason to phone", rest);
	text = add_named(e, a, text, fields_of(topic), rest);
	json_object_foreach(rest, key, v)
		text = add_value(e, a, text, key, v);
	line = xstrdup(text);
	utf8_mend(line);
	json_decref(rest);
	return line;
}

static char *data_of(const json_t *data, bool is_code)
{
	json_t *copy = json_copy((json_t *)(uintptr_t)data);
	char *text;

	if (is_code)
		json_object_del(copy, "qr");
	text = json_dumps(copy, JSON_INDENT(2) | JSON_ENCODE_ANY);
	json_decref(copy);
	if (text && strlen(text) > DATA_BYTES_MAX) {
		text[DATA_BYTES_MAX] = '\0';
		utf8_mend(text);
	}
	return text ? text : xstrdup("");
}

static void events_event(struct view *v, const char *topic, const json_t *data)
{
	struct events *e = events_of(v);
	struct event_row *row;

	if (e->len == EVENTS_ROOM)
		drop_old(e);
	row = row_at(e, e->len++);
	row->id = view_event_id(v);
	snprintf(row->at, sizeof row->at, "%s", view_event_at(v));
	snprintf(row->topic, sizeof row->topic, "%s", topic);
	row->line = line_of(e, topic, data);
	row->data = data_of(data, strcmp(topic, "device.qr") == 0);
	if (e->paused)
		e->held++;
	e->changed = true;
	if (clock_mono(view_clock(v)).ms - e->drawn_at >= FRAME_LEAST_MS)
		view_draw_soon(v);
}

static void events_tick(struct view *v)
{
	if (events_of(v)->changed)
		view_draw_soon(v);
}

/* -- keys -- */

static struct event_row *chosen(const struct events *e)
{
	return e->place.cursor < e->shown_len ? row_at(e, e->shown[e->place.cursor]) : NULL;
}

static void open_event(struct events *e)
{
	const struct event_row *row = chosen(e);
	char *text;

	if (row == NULL)
		return;
	text = row->id ? xasprintf("%s\n%s, event %lld\n\n%s", row->topic, row->at,
				   (long long)row->id, row->data)
		       : xasprintf("%s\n%s, a passing event\n\n%s", row->topic, row->at, row->data);
	pager_open(e->base.app, row->topic, text);
	free(text);
}

static void clear(struct events *e)
{
	while (e->len)
		drop_first(e);
	e->held = 0;
	e->missed = 0;
	narrow(e);
}

static bool filter_key(struct events *e, enum action act, const struct key *k)
{
	if (k->code == 27) {
		input_set(&e->filter, "");
		e->filtering = false;
	} else if (k->code == '\r' || k->code == '\n') {
		e->filtering = false;
	} else if (!input_key(&e->filter, k)) {
		return list_key(&e->place, act, k);
	}
	narrow(e);
	return true;
}

static bool events_key(struct view *v, enum action act, const struct key *k)
{
	struct events *e = events_of(v);
	const struct event_row *row;

	if (e->changed)
		narrow(e);
	row = chosen(e);
	if (e->filtering)
		return filter_key(e, act, k);
	if (act == ACT_EVENTS_PAUSE) {
		e->paused = !e->paused;
		e->held = 0;
		e->missed = 0;
		narrow(e);
	} else if (act == ACT_EVENTS_OPEN) {
		open_event(e);
	} else if (act == ACT_EVENTS_FILTER) {
		e->filtering = true;
	} else if (act == ACT_EVENTS_CLEAR) {
		clear(e);
	} else if (act == ACT_EVENTS_COPY && row) {
		view_copy(v, row->data);
	} else if (act == ACT_BACK && *e->filter.text) {
		input_set(&e->filter, "");
		narrow(e);
	} else {
		return list_key(&e->place, act, k);
	}
	return true;
}

static bool events_typing(struct view *v)
{
	return events_of(v)->filtering;
}

/* -- drawing -- */

static const char *time_text(struct screen *s, const char *at)
{
	char text[16];
	struct tm t;
	unix_ms ms;
	time_t then;

	if (!unix_ms_parse(at, &ms))
		return "";
	then = (time_t)(ms.ms / 1000);
	if (localtime_r(&then, &t) == NULL || strftime(text, sizeof text, "%H:%M:%S", &t) == 0)
		return "";
	return arena_strdup(screen_arena(s), text);
}

/* by what its last word says: device.online, message.failed */
static enum style topic_style(const char *topic)
{
	static const char *const bad[] = { "failed", "logged_out", "lost", "fault", "disabled" };
	const char *dot = strrchr(topic, '.');

	for (size_t i = 0; dot && i < ARRAY_LEN(bad); i++)
		if (strcmp(dot + 1, bad[i]) == 0)
			return STYLE_BAD;
	return dot ? state_look(dot + 1).style : STYLE_NORMAL;
}

static void draw_row(struct events *e, struct screen *s, struct rect in, int y, size_t at)
{
	const struct event_row *row = row_at(e, e->shown[at]);
	bool here = at == e->place.cursor;
	enum style st = here ? STYLE_SELECTED : STYLE_NORMAL;

	if (here)
		screen_fill(s, (struct rect){ in.y + y, in.x, 1, in.w }, st);
	screen_cell(s, in, y, 1, 8, false, here ? st : STYLE_DIM, time_text(s, row->at));
	screen_cell(s, in, y, 10, TOPIC_WIDE, false, here ? st : topic_style(row->topic),
		    row->topic);
	screen_text(s, in, y, 11 + TOPIC_WIDE, st, row->line);
}

static void draw_empty(const struct events *e, struct screen *s, struct rect in)
{
	if (*e->filter.text)
		screen_textf(s, in, 0, 1, STYLE_DIM, "no event with \"%s\"; Esc shows all",
			     e->filter.text);
	else
		screen_text(s, in, 0, 1, STYLE_DIM, "nothing has happened since this was opened");
	screen_cursor(s, in, 0, 0);
}

static void events_draw(struct view *v, struct screen *s, struct rect in)
{
	struct events *e = events_of(v);
	struct rect top = rect_top(&in, 1), filter = { 0 };

	screen_fill(s, top, STYLE_NORMAL);
	screen_fill(s, in, STYLE_NORMAL);
	if (e->changed)
		narrow(e);
	e->changed = false;
	e->drawn_at = clock_mono(view_clock(v)).ms;
	screen_cell(s, top, 0, 1, 8, false, STYLE_HEADER, "time");
	screen_cell(s, top, 0, 10, TOPIC_WIDE, false, STYLE_HEADER, "topic");
	screen_text(s, top, 0, 11 + TOPIC_WIDE, STYLE_HEADER, "what it tells");
	if (e->paused)
		screen_right(s, top, 0, STYLE_WARN,
			     arena_printf(screen_arena(s), "paused, %llu since; Space goes on ",
					  (unsigned long long)(e->held + e->missed)));
	if (e->filtering || *e->filter.text) {
		filter = rect_bottom(&in, 1);
		screen_text(s, filter, 0, 0, STYLE_ACCENT, "/");
	}
	list_fit(&e->place, in.h > 0 ? (size_t)in.h : 0);
	if (e->shown_len == 0)
		draw_empty(e, s, in);
	for (int y = 0; y < in.h && e->place.top + (size_t)y < e->shown_len; y++)
		draw_row(e, s, in, y, e->place.top + (size_t)y);
	list_bar(&e->place, s, in);
	if (e->shown_len)
		screen_cursor(s, in, (int)(e->place.cursor - e->place.top), 1);
	if (filter.w)
		input_draw(&e->filter, s, filter, 0, 1, filter.w - 1, e->filtering);
}

static void events_title(struct view *v, char *out, size_t out_bytes)
{
	(void)v;
	snprintf(out, out_bytes, "Events");
}

static void events_status(struct view *v, char *out, size_t out_bytes)
{
	struct events *e = events_of(v);

	if (e->changed)
		narrow(e);
	snprintf(out, out_bytes, "%zu/%zu%s", e->place.len ? e->place.cursor + 1 : 0, e->place.len,
		 e->paused ? ", paused" : "");
}

static void events_free(struct view *v)
{
	struct events *e = events_of(v);

	for (size_t i = 0; i < e->len; i++)
		row_done(row_at(e, i));
	free(e->rows);
	free(e->shown);
	input_done(&e->filter);
	free(e);
}

static const struct view_ops events_ops = {
	.name = "events",
	.scopes = SCOPE_BIT(SCOPE_MOVE) | SCOPE_BIT(SCOPE_EVENTS),
	.key = events_key,
	.draw = events_draw,
	.typing = events_typing,
	.event = events_event,
	.tick = events_tick,
	.title = events_title,
	.status = events_status,
	.free = events_free,
};

struct view *view_events_new(struct app *app)
{
	struct events *e = xcalloc(1, sizeof *e);

	e->base.ops = &events_ops;
	e->base.app = app;
	e->rows = xcalloc(EVENTS_ROOM, sizeof *e->rows);
	e->shown = xcalloc(EVENTS_ROOM, sizeof *e->shown);
	input_init(&e->filter, "", FILTER_BYTES_MAX);
	return &e->base;
}
