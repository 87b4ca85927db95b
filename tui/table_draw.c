/* How a table looks: header, rows with their columns, what there is to say when it is empty. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/app.h"
#include "tui/chart.h"
#include "tui/state.h"
#include "tui/table_view.h"

enum { GUTTER = 2, GAP = 1 };

static bool is_shown(const struct table_column *c, int wide)
{
	return wide >= c->from;
}

static int grown(const struct table_spec *spec, int wide)
{
	int left = wide - GUTTER, growers = 0;

	for (const struct table_column *c = spec->columns; c->title; c++)
		if (is_shown(c, wide)) {
			left -= c->width + GAP;
			growers += c->grow;
		}
	return growers && left > 0 ? left / growers : 0;
}

static const char *cell_text(const struct table *t, struct screen *s, const struct table_column *c,
			     const struct table_row *row, const char *raw)
{
	const struct view *v = &t->base;

	if (c->kind == CELL_DRAWN)
		return c->draw(v, row, screen_arena(s));
	if (*raw == '\0')
		return "";
	switch (c->kind) {
	case CELL_TEXT:
	case CELL_BOOL:
	case CELL_OBJECT:
		return raw;
	case CELL_NUMBER:
		return chart_number(s, strtoll(raw, NULL, 10));
	case CELL_TIME:
		return view_time(v, screen_arena(s), raw);
	case CELL_AGO:
		return view_ago(v, screen_arena(s), raw);
	case CELL_STATE:
		return arena_printf(screen_arena(s), "%c %s", state_look(raw).mark, raw);
	case CELL_MARK:
		return strcmp(raw, "yes") == 0 ? c->title : "";
	case CELL_DRAWN:
		break;
	case CELL_DEVICE:
		return fleet_name(&v->app->fleet, raw);
	}
	return raw;
}

static void draw_row(struct table *t, struct screen *s, struct rect in, int y, size_t i)
{
	const struct table_row *row = table_row_at(t, i);
	bool here = i == t->place.cursor;
	enum style st = here ? STYLE_SELECTED : row->marked ? STYLE_MARKED : STYLE_NORMAL;
	int x = GUTTER, more = grown(t->spec, in.w);

	if (here)
		screen_fill(s, (struct rect){ in.y + y, in.x, 1, in.w }, st);
	screen_text(s, in, y, 0, st, row->marked ? "*" : " ");
	for (const struct table_column *c = t->spec->columns; c->title; c++) {
		const char *raw = row_cell(row, c->field);
		int width = c->width + (c->grow ? more : 0);
		enum style look =
			here || row->marked || c->kind != CELL_STATE ? st : state_look(raw).style;

		if (!is_shown(c, in.w))
			continue;
		screen_cell(s, in, y, x, width, c->kind == CELL_NUMBER, look,
			    cell_text(t, s, c, row, raw));
		x += width + GAP;
	}
}

static void draw_titles(struct table *t, struct screen *s, struct rect in)
{
	int x = GUTTER, more = grown(t->spec, in.w);

	for (const struct table_column *c = t->spec->columns; c->title; c++) {
		int width = c->width + (c->grow ? more : 0);

		if (!is_shown(c, in.w))
			continue;
		screen_cell(s, in, 0, x, width, c->kind == CELL_NUMBER, STYLE_HEADER, c->title);
		x += width + GAP;
	}
}

static void draw_empty(struct table *t, struct screen *s, struct rect in)
{
	if (t->why[0])
		screen_textf(s, in, 0, GUTTER, STYLE_BAD, "! %s", t->why);
	else if (t->loading)
		screen_text(s, in, 0, GUTTER, STYLE_DIM, "asking wad ...");
	else if (t->told[0])
		screen_textf(s, in, 0, GUTTER, STYLE_DIM, "none with %s; Esc shows all", t->told);
	else if (*t->filter.text)
		screen_textf(s, in, 0, GUTTER, STYLE_DIM, "no %s with \"%s\"; Esc shows all",
			     t->spec->noun, t->filter.text);
	else
		screen_text(s, in, 0, GUTTER, STYLE_DIM, t->spec->empty ? t->spec->empty : "none");
	screen_cursor(s, in, 0, 0);
}

void table_draw(struct view *v, struct screen *s, struct rect in)
{
	struct table *t = table_of(v);
	struct rect filter;

	screen_fill(s, in, STYLE_NORMAL);
	if (t->header)
		rect_top(&in, t->header(v, s, in));
	if (t->filtering || *t->filter.text) {
		filter = rect_bottom(&in, 1);
		screen_text(s, filter, 0, 0, STYLE_ACCENT, "/");
		input_draw(&t->filter, s, filter, 0, 1, filter.w - 1, t->filtering);
	}
	draw_titles(t, s, rect_top(&in, 1));
	list_fit(&t->place, in.h > 0 ? (size_t)in.h : 0);
	if (t->place.len == 0)
		draw_empty(t, s, in);
	for (int y = 0; y < in.h && t->place.top + (size_t)y < t->place.len; y++)
		draw_row(t, s, in, y, t->place.top + (size_t)y);
	list_bar(&t->place, s, in);
	if (t->place.len && !t->filtering)
		screen_cursor(s, in, (int)(t->place.cursor - t->place.top), GUTTER);
	if (t->filtering)
		input_draw(&t->filter, s, filter, 0, 1, filter.w - 1, true);
}
