/* How the page of a sequence looks: numbers above, its days, what the chosen one says. */
#include "tui/chart.h"
#include "tui/state.h"
#include "tui/view_sequence.h"

/* WHOLE_ROWS: of the text of the chosen day, where there is room for ROOM_ROWS */
enum { TEXT_FROM = 24, WHOLE_ROWS = 6, ROOM_ROWS = 14 };

/* "12 active, 3 completed": what is not none */
static const char *counts_text(struct screen *s, const json_t *counts)
{
	const char *text = "", *name;
	json_t *n;

	json_object_foreach((json_t *)(uintptr_t)counts, name, n)
		if (json_integer_value(n))
			text = arena_printf(screen_arena(s), "%s%s%s %s", text, *text ? ", " : "",
					    chart_number(s, json_integer_value(n)), name);
	return *text ? text : "none";
}

static void draw_head(struct page *p, struct screen *s, struct rect *in)
{
	const json_t *o = p->object, *rate = json_object_get(o, "success_rate");
	const char *state = page_text(o, "state");
	struct state_look look = state_look(state);
	struct rect line = rect_top(in, 1);
	int x = 1;

	x += screen_textf(s, line, 0, x, look.style, "%c %s", look.mark, state);
	x += screen_textf(s, line, 0, x, STYLE_NORMAL, "   %s%s%s%s   a reply: %s%s",
			  *page_text(o, "niche") ? "enrols " : "enrols by hand only",
			  page_text(o, "niche"), *page_text(o, "status") ? ", " : "",
			  page_text(o, "status"), page_text(o, "on_reply"),
			  json_is_true(json_object_get(o, "at_once")) ? "   first at once" : "");
	screen_textf(s, line, 0, x, STYLE_DIM, "   times of %s",
		     *page_text(o, "zone")  ? page_text(o, "zone")
		     : *view_zone(&p->base) ? view_zone(&p->base)
					    : "the user's zone");
	if (*page_text(o, "reason"))
		screen_textf(s, rect_top(in, 1), 0, 1, STYLE_WARN, "! %s", page_text(o, "reason"));
	line = rect_top(in, 1);
	screen_textf(s, line, 0, 1, STYLE_NORMAL, "contacts  %s: %s",
		     chart_number(s, page_number(o, "contacts")),
		     counts_text(s, json_object_get(o, "by_state")));
	line = rect_top(in, 1);
	x = 1 + screen_textf(s, line, 0, 1, STYLE_NORMAL, "messages  %s",
			     counts_text(s, json_object_get(o, "messages")));
	if (rate)
		screen_textf(s, line, 0, x, STYLE_NORMAL, "; %lld %% sent",
			     (long long)json_integer_value(rate));
	rect_top(in, 1);
}

static const char *step_text(struct screen *s, const json_t *step)
{
	const char *text = page_text(step, "text"), *caption = page_text(step, "caption");

	if (!json_is_true(json_object_get(step, "has_image")))
		return text;
	return arena_printf(screen_arena(s), "[picture] %s%s%s", caption, *text ? " [then] " : "",
			    text);
}

static void draw_step(struct page *p, struct screen *s, struct rect in, int y, size_t i)
{
	const json_t *step = json_array_get(page_steps(p), i), *gap;
	bool here = i == p->place.cursor;
	enum style st = here ? STYLE_SELECTED : STYLE_NORMAL;

	if (here)
		screen_fill(s, (struct rect){ in.y + y, in.x, 1, in.w }, st);
	screen_cell(s, in, y, 2, 5, true, st, chart_number(s, page_number(step, "day")));
	screen_cell(s, in, y, 9, 6, false, st, page_text(step, "send_time"));
	gap = json_object_get(step, "delay_min_ms");
	if (gap)
		screen_cell(s, in, y, 15, 8, true, st,
			    arena_printf(screen_arena(s), "%.1f s",
					 (double)json_integer_value(gap) / 1000));
	screen_cell(s, in, y, TEXT_FROM, in.w - TEXT_FROM - 2, false, st, step_text(s, step));
}

/* all that the chosen day says, as far as it fits */
static void draw_whole(struct page *p, struct screen *s, struct rect in)
{
	const json_t *step = json_array_get(page_steps(p), p->place.cursor);
	char **lines;
	size_t n = safe_wrap(screen_arena(s), step_text(s, step), (size_t)(in.w - 4),
			     (size_t)in.h - 1, screen_charset(s), &lines);

	screen_line(s, in, 0, STYLE_BORDER);
	for (size_t i = 0; i < n; i++)
		screen_text(s, in, (int)i + 1, 2, STYLE_NORMAL, lines[i]);
}

void sequence_page_draw(struct view *v, struct screen *s, struct rect in)
{
	struct page *p = page_of(v);
	struct rect titles;

	screen_fill(s, in, STYLE_NORMAL);
	if (p->why[0])
		screen_textf(s, rect_top(&in, 1), 0, 1, STYLE_BAD, "! %s", p->why);
	else if (p->object == NULL)
		screen_text(s, in, 0, 1, STYLE_DIM, "asking wad ...");
	screen_cursor(s, in, 0, 0);
	if (p->object == NULL)
		return;
	draw_head(p, s, &in);
	titles = rect_top(&in, 1);
	screen_cell(s, titles, 0, 2, 5, true, STYLE_HEADER, "day");
	screen_cell(s, titles, 0, 9, 6, false, STYLE_HEADER, "at");
	screen_cell(s, titles, 0, 15, 8, true, STYLE_HEADER, "gap");
	screen_text(s, titles, 0, TEXT_FROM, STYLE_HEADER, "what is said");
	if (in.h >= ROOM_ROWS)
		draw_whole(p, s, rect_bottom(&in, WHOLE_ROWS));
	list_fit(&p->place, in.h > 0 ? (size_t)in.h : 0);
	for (int y = 0; y < in.h && p->place.top + (size_t)y < p->place.len; y++)
		draw_step(p, s, in, y, p->place.top + (size_t)y);
	list_bar(&p->place, s, in);
	screen_cursor(s, in, (int)(p->place.cursor - p->place.top), 2);
}
