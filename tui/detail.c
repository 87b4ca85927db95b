#include "tui/detail.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/xalloc.h"

#include "tui/app.h"
#include "tui/list.h"
#include "tui/state.h"

enum { LINES_MAX = 2000, NAME_WIDE = 20, WRAP_MAX = 200, AGAIN_TICKS = 5 };

struct line {
	const struct cat_param *param; /* NULL: goes on with the one above */
	char *name, *text;
};

struct part {
	char heading[40], method[48]; /* method "": there is none */
	json_t *params, *object;
};

struct detail {
	struct view base;
	char title[120];
	struct part parts[2];
	int ticks;
	struct line *lines;
	int wide; /* the lines were made for */
	struct list_place place;
	char why[200];
};

static void lines_drop(struct detail *d)
{
	for (size_t i = 0; i < d->place.len; i++) {
		free(d->lines[i].name);
		free(d->lines[i].text);
	}
	free(d->lines);
	d->lines = NULL;
	list_resize(&d->place, 0);
}

static void add(struct detail *d, const struct cat_param *p, const char *name, const char *text)
{
	if (d->place.len == LINES_MAX)
		return;
	if (d->lines == NULL)
		d->lines = xcalloc(LINES_MAX, sizeof *d->lines);
	d->lines[d->place.len] = (struct line){ p, xstrdup(name), xstrdup(text) };
	d->place.len++;
}

static char *plain_text(const struct detail *d, struct arena *a, const struct cat_param *p,
			const json_t *v)
{
	if (p->type == CAT_TIME && json_is_string(v))
		return arena_printf(a, "%s  (%s)  %s", view_time(&d->base, a, json_string_value(v)),
				    view_ago(&d->base, a, json_string_value(v)),
				    json_string_value(v));
	if (p->noun && strcmp(p->noun, "device") == 0 && json_is_string(v))
		return arena_strdup(a, fleet_name(&d->base.app->fleet, json_string_value(v)));
	if (json_is_string(v))
		return arena_strdup(a, json_string_value(v));
	if (json_is_boolean(v))
		return arena_strdup(a, json_is_true(v) ? "yes" : "no");
	if (json_is_integer(v))
		return arena_printf(a, "%lld", (long long)json_integer_value(v));
	if (json_is_real(v))
		return arena_printf(a, "%.1f", json_real_value(v));
	return arena_strdup(a, "");
}

/* name=value of an object inside, on one line */
static char *object_text(const struct detail *d, struct arena *a, const json_t *v)
{
	static const struct cat_param any = { .type = CAT_TEXT };
	char *text = arena_strdup(a, "");
	const char *key;
	json_t *member;

	json_object_foreach((json_t *)(uintptr_t)v, key, member)
		text = arena_printf(a, "%s%s%s %s", text, *text ? ", " : "", key,
				    json_is_object(member) ? object_text(d, a, member)
							   : plain_text(d, a, &any, member));
	return text;
}

static void add_wrapped(struct detail *d, struct arena *a, const struct cat_param *p,
			const char *name, const char *text)
{
	char **lines;
	size_t n = safe_wrap(a, text, (size_t)(d->wide - NAME_WIDE - 3), WRAP_MAX,
			     screen_charset(d->base.app->screen), &lines);

	for (size_t i = 0; i < n; i++)
		add(d, i == 0 ? p : NULL, i == 0 ? name : "", lines[i]);
	if (n == 0)
		add(d, p, name, "");
}

static void add_field(struct detail *d, struct arena *a, const struct cat_param *p, const json_t *v)
{
	char *name = arena_strdup(a, p->name);

	for (char *at = name; *at; at++)
		*at = *at == '_' ? ' ' : *at;
	if (json_is_array(v)) {
		const json_t *item;
		size_t i;

		if (json_array_size(v) == 0)
			add(d, p, name, "");
		json_array_foreach(v, i, item)
			add_wrapped(d, a, p, i ? "" : name,
				    json_is_object(item) ? object_text(d, a, item)
							 : plain_text(d, a, p, item));
	} else {
		add_wrapped(d, a, p, name,
			    json_is_object(v) ? object_text(d, a, v) : plain_text(d, a, p, v));
	}
}

static void lines_make(struct detail *d, int wide)
{
	struct arena *a AUTO_ARENA = arena_new();
	size_t cursor = d->place.cursor, top = d->place.top;

	lines_drop(d);
	d->wide = wide;
	for (size_t i = 0; i < ARRAY_LEN(d->parts) && d->parts[i].object; i++) {
		const struct cat_param *p = catalogue_find(d->parts[i].method)->out;

		if (i)
			add(d, NULL, "", "");
		if (i)
			add(d, NULL, d->parts[i].heading, "");
		for (; p->name; p++) {
			const json_t *v = json_object_get(d->parts[i].object, p->name);

			if (v)
				add_field(d, a, p, v);
		}
	}
	d->place.top = top;
	list_goto(&d->place, cursor);
}

static void take(struct detail *d, struct part *p, const json_t *result)
{
	const struct cat_method *m = catalogue_find(p->method);
	const json_t *object = result;

	if (m->list) /* the only one is meant */
		object = json_array_get(json_object_get(result, m->list), 0);
	json_decref(p->object);
	p->object = json_incref((json_t *)(uintptr_t)object);
	d->wide = 0;
}

static void on_also(struct view *v, const json_t *result, const struct err *e, const json_t *data)
{
	struct detail *d = (struct detail *)v;

	(void)data;
	if (e == NULL)
		take(d, &d->parts[1], result);
}

static void on_object(struct view *v, const json_t *result, const struct err *e, const json_t *data)
{
	struct detail *d = (struct detail *)v;

	(void)data;
	d->why[0] = '\0';
	if (e) {
		snprintf(d->why, sizeof d->why, "%s", err_msg(e));
		return;
	}
	take(d, &d->parts[0], result);
}

static void detail_refresh(struct view *v)
{
	struct detail *d = (struct detail *)v;

	view_call(v, d->parts[0].method, json_incref(d->parts[0].params), on_object);
	if (d->parts[1].method[0])
		view_call(v, d->parts[1].method, json_incref(d->parts[1].params), on_also);
}

static void detail_tick(struct view *v)
{
	struct detail *d = (struct detail *)v;

	if (++d->ticks % AGAIN_TICKS == 0 && d->parts[1].method[0] && !view_waits(v))
		detail_refresh(v);
}

/* the whole text behind a line; NULL: it is no text */
static const char *value_of(const struct detail *d, const struct cat_param *param)
{
	for (size_t i = 0; param && i < ARRAY_LEN(d->parts) && d->parts[i].object; i++)
		for (const struct cat_param *p = catalogue_find(d->parts[i].method)->out; p->name;
		     p++)
			if (p == param)
				return json_string_value(
					json_object_get(d->parts[i].object, p->name));
	return NULL;
}

static void copy(struct detail *d)
{
	size_t i = d->place.cursor;
	const char *text;

	if (i >= d->place.len)
		return;
	while (i > 0 && d->lines[i].param == NULL)
		i--;
	text = value_of(d, d->lines[i].param);
	view_copy(&d->base, text ? text : d->lines[i].text);
}

static bool detail_key(struct view *v, enum action act, const struct key *k)
{
	struct detail *d = (struct detail *)v;

	if (act == ACT_COPY)
		copy(d);
	else
		return list_key(&d->place, act, k);
	return true;
}

static void draw_line(struct detail *d, struct screen *s, struct rect in, int y, size_t i)
{
	const struct line *l = &d->lines[i];
	bool here = i == d->place.cursor;
	bool is_state = l->param && (strcmp(l->param->name, "state") == 0 ||
				     strcmp(l->param->name, "status") == 0);

	if (here)
		screen_fill(s, (struct rect){ in.y + y, in.x, 1, in.w }, STYLE_SELECTED);
	screen_cell(s, in, y, 1, NAME_WIDE, false, here ? STYLE_SELECTED : STYLE_DIM, l->name);
	screen_text(s, in, y, NAME_WIDE + 2,
		    here       ? STYLE_SELECTED
		    : is_state ? state_look(l->text).style
			       : STYLE_NORMAL,
		    l->text);
}

static void detail_draw(struct view *v, struct screen *s, struct rect in)
{
	struct detail *d = (struct detail *)v;
	struct rect doc = rect_bottom(&in, 1);
	size_t i = d->place.cursor;

	screen_fill(s, in, STYLE_NORMAL);
	if (d->wide != in.w)
		lines_make(d, in.w);
	list_fit(&d->place, (size_t)in.h);
	if (d->why[0])
		screen_textf(s, in, 0, 1, STYLE_BAD, "! %s", d->why);
	else if (d->place.len == 0)
		screen_text(s, in, 0, 1, STYLE_DIM, "asking wad ...");
	for (int y = 0; y < in.h && d->place.top + (size_t)y < d->place.len; y++)
		draw_line(d, s, in, y, d->place.top + (size_t)y);
	list_bar(&d->place, s, in);
	while (i > 0 && i < d->place.len && d->lines[i].param == NULL)
		i--;
	if (i < d->place.len && d->lines[i].param)
		screen_text(s, doc, 0, 1, STYLE_DIM, d->lines[i].param->doc);
	screen_cursor(s, in, (int)(d->place.cursor - d->place.top), 1);
}

static void detail_title(struct view *v, char *out, size_t out_bytes)
{
	snprintf(out, out_bytes, "%s", ((struct detail *)v)->title);
}

static void detail_free(struct view *v)
{
	struct detail *d = (struct detail *)v;

	lines_drop(d);
	for (size_t i = 0; i < ARRAY_LEN(d->parts); i++) {
		json_decref(d->parts[i].params);
		json_decref(d->parts[i].object);
	}
	free(d);
}

static const struct view_ops detail_ops = {
	.name = "details",
	.scopes = SCOPE_BIT(SCOPE_MOVE) | SCOPE_BIT(SCOPE_LIST),
	.key = detail_key,
	.draw = detail_draw,
	.refresh = detail_refresh,
	.tick = detail_tick,
	.title = detail_title,
	.free = detail_free,
};

static void part_set(struct part *p, const char *heading, const char *method, json_t *params)
{
	snprintf(p->heading, sizeof p->heading, "%s", heading);
	snprintf(p->method, sizeof p->method, "%s", method);
	p->params = params;
}

struct view *detail_open(struct app *app, const char *title, const char *method, json_t *params)
{
	struct detail *d = xcalloc(1, sizeof *d);

	d->base.ops = &detail_ops;
	part_set(&d->parts[0], "", method, params);
	snprintf(d->title, sizeof d->title, "%s", title);
	view_push(app, &d->base);
	return &d->base;
}

void detail_also(struct view *v, const char *heading, const char *method, json_t *params)
{
	struct detail *d = (struct detail *)v;

	part_set(&d->parts[1], heading, method, params);
	view_call(v, method, json_incref(params), on_also);
}
