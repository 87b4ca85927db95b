/* The calendar as a week, a row of lines a day; and as a list of all that is planned or was. */
#include "tui/view_calendar.h"

enum { DAY_WIDE = 18, PROGRESS_WIDE = 18, PROGRESS_FROM = 70, STATE_WIDE = 10 };

static void draw_line(struct screen *s, struct rect in, int y, const struct book_entry *e,
		      bool here)
{
	enum style st = here ? STYLE_SELECTED : calendar_style(e->state);
	struct arena *a = screen_arena(s);
	int x = 0, left = in.w;

	if (here)
		screen_fill(s, (struct rect){ in.y + y, in.x, 1, in.w }, st);
	x += screen_textf(s, in, y, 0, st, "%s %c ", calendar_clock(a, e), calendar_mark(e->state));
	screen_cell(s, in, y, x, STATE_WIDE, false, st, e->state);
	x += STATE_WIDE;
	if (in.w >= PROGRESS_FROM - DAY_WIDE) {
		left -= PROGRESS_WIDE;
		screen_cell(s, in, y, left, PROGRESS_WIDE, true, st, calendar_progress(a, e));
		left--;
	}
	screen_cell(s, in, y, x, left - x, false, st, e->title);
}

static void draw_day_name(struct calendar *c, struct screen *s, struct rect in, int y, int32_t day,
			  bool here)
{
	bool today = day == calendar_today(c);
	enum style st = here ? STYLE_SELECTED : today ? STYLE_ACCENT : STYLE_HEADER;
	int x = screen_textf(s, in, y, 0, st, "%s%s", here ? ">" : " ",
			     calendar_name(screen_arena(s), day, WORDS_FULL));

	if (today)
		screen_text(s, in, y, x, STYLE_ACCENT, "*");
}

void calendar_draw_week(struct calendar *c, struct screen *s, struct rect in)
{
	int32_t first = cal_week_first(c->day, c->first_weekday);
	int h = in.h / 7, spare = in.h % 7;

	for (int i = 0; i < 7; i++) {
		/* the first days get the rows that are left */
		struct rect row = rect_top(&in, h + (i < spare)), lines = row;
		size_t at, n = book_day(&c->book, first + i, &at), room = (size_t)row.h;
		bool here = first + i == c->day;

		rect_left(&lines, DAY_WIDE);
		draw_day_name(c, s, row, 0, first + i, here);
		if (n > room)
			screen_textf(s, row, row.h - 1, 1, STYLE_DIM, "+%zu more", n - room);
		for (size_t k = 0; k < n && k < room; k++)
			draw_line(s, lines, (int)k, &c->book.shown.rows[at + k], false);
		if (n == 0)
			screen_text(s, lines, 0, 0, STYLE_DIM, "-");
		if (here)
			screen_cursor(s, row, 0, 0);
	}
}

/* -- the list: a line a campaign, its day before the first of each -- */

/* the chosen one is the same after news came */
static void keep_item(struct calendar *c)
{
	const struct book_list *l = &c->book.shown;

	if (c->item_id == 0)
		book_day(&c->book, c->day, &c->item);
	else if (c->item >= l->len || l->rows[c->item].id != c->item_id)
		for (size_t i = 0; i < l->len; i++)
			if (l->rows[i].id == c->item_id)
				c->item = i;
	if (c->item >= l->len)
		c->item = l->len ? l->len - 1 : 0;
}

void calendar_draw_agenda(struct calendar *c, struct screen *s, struct rect in)
{
	const struct book_list *l = &c->book.shown;

	c->page = in.h > 0 ? (size_t)in.h : 1;
	keep_item(c);
	if (c->item < c->top)
		c->top = c->item;
	if (c->item >= c->top + c->page)
		c->top = c->item - c->page + 1;
	if (c->top + c->page > l->len)
		c->top = l->len > c->page ? l->len - c->page : 0;
	for (size_t i = c->top; i < l->len && i < c->top + c->page; i++) {
		int y = (int)(i - c->top);
		struct rect line = in;
		bool here = i == c->item;

		rect_left(&line, DAY_WIDE);
		if (i == c->top || l->rows[i - 1].day != l->rows[i].day || here) {
			if (l->rows[i].day == INT32_MAX)
				screen_text(s, in, y, 0, STYLE_HEADER,
					    here ? ">drafts" : " drafts");
			else
				draw_day_name(c, s, in, y, l->rows[i].day, here);
		}
		draw_line(s, line, y, &l->rows[i], here);
		if (here)
			screen_cursor(s, in, y, 0);
	}
	if (l->len == 0) {
		screen_text(s, in, 0, 1, STYLE_DIM, "no campaigns yet: a plans one");
		screen_cursor(s, in, 0, 0);
	}
}
