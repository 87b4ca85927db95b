/* The calendar as a month: a grid of days, in each its campaigns. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tui/state.h"
#include "tui/view_calendar.h"
#include "tui/view_campaign.h"

enum { CLOCK_FROM = 17, PROGRESS_FROM = 30, ZONE_BYTES = 64 };

/* -- words -- */

char calendar_mark(const char *state)
{
	static const struct {
		const char *state;
		char mark;
	} marks[] = {
		{ "scheduled", 'o' }, { "running", '~' }, { "paused", '=' }, { "done", '+' },
		{ "cancelled", 'x' }, { "failed", '!' },  { "draft", '.' },
	};

	for (size_t i = 0; i < ARRAY_LEN(marks); i++)
		if (strcmp(marks[i].state, state) == 0)
			return marks[i].mark;
	return '?';
}

enum style calendar_style(const char *state)
{
	return strcmp(state, "scheduled") == 0 ? STYLE_NORMAL : state_look(state).style;
}

const char *calendar_name(struct arena *a, int32_t day, enum calendar_words words)
{
	struct cal_date d = cal_date(day);
	struct tm t = { .tm_year = d.year - 1900, .tm_mon = d.month - 1, .tm_mday = d.day };
	char text[80] = "";

	t.tm_wday = cal_weekday(day);
	switch (words) {
#define X(name, format)                                  \
	case WORDS_##name:                               \
		strftime(text, sizeof text, format, &t); \
		break;
		CALENDAR_WORDS(X)
#undef X
	}
	return arena_strdup(a, text);
}

const char *calendar_clock(struct arena *a, const struct book_entry *e)
{
	time_t s = (time_t)(e->start_ms / 1000);
	struct tm t;

	if (e->start_ms == INT64_MAX || localtime_r(&s, &t) == NULL)
		return "--:--";
	return arena_printf(a, "%02d:%02d", t.tm_hour, t.tm_min);
}

const char *calendar_progress(struct arena *a, const struct book_entry *e)
{
	const char *why = campaign_why(e->reason);

	if (e->total == 0)
		return why;
	return arena_printf(a, "%d%% of %lld%s%s", (int)((e->total - e->left) * 100 / e->total),
			    (long long)e->total, *why ? ", " : "", why);
}

/* the operator's own zone by its name, as far as the system tells it; "" */
static const char *own_zone(char text[static ZONE_BYTES])
{
	const char *tz = getenv("TZ"), *at;
	char link[200];
	ssize_t n;

	text[0] = '\0';
	if (tz && *tz) {
		snprintf(text, ZONE_BYTES, "%s", tz + (*tz == ':'));
		return text;
	}
	n = readlink("/etc/localtime", link, sizeof link - 1);
	link[n > 0 ? n : 0] = '\0';
	at = strstr(link, "zoneinfo/");
	if (at)
		snprintf(text, ZONE_BYTES, "%s", at + strlen("zoneinfo/"));
	return text;
}

/* what the days are: named where the user's zone is another than the operator's */
static const char *zone_text(struct calendar *c, struct screen *s)
{
	const char *theirs = view_zone(&c->base);
	char own[ZONE_BYTES];

	own_zone(own);
	if (*theirs == '\0' || strcmp(own, theirs) == 0)
		return *own ? arena_printf(screen_arena(s), "days of %s", own) : "";
	return arena_printf(screen_arena(s), "days of %s; the user's zone is %s",
			    *own ? own : "this terminal", theirs);
}

/* -- the month -- */

static void draw_entry(struct screen *s, struct rect cell, int y, const struct book_entry *e,
		       bool dim)
{
	enum style st = dim ? STYLE_DIM : calendar_style(e->state);
	const char *clock = cell.w >= CLOCK_FROM ? calendar_clock(screen_arena(s), e) : "";
	const char *far = "";

	if (cell.w >= PROGRESS_FROM && e->total > 0)
		far = calendar_progress(screen_arena(s), e);
	screen_cell(s, cell, y, 0, cell.w, false, st,
		    arena_printf(screen_arena(s), "%s%s%c %s", clock, *clock ? " " : "",
				 calendar_mark(e->state), e->title));
	if (*far)
		screen_right(s, cell, y, st, arena_printf(screen_arena(s), " %s", far));
}

/* the number of the day; ">" where one is, so that it shows without colours and reverse, too */
static void draw_number(struct calendar *c, struct screen *s, struct rect cell, int32_t day,
			bool of_month, size_t more)
{
	struct arena *a = screen_arena(s);
	bool here = day == c->day, today = day == calendar_today(c);
	enum style st = here       ? STYLE_SELECTED
			: today    ? STYLE_ACCENT
			: of_month ? STYLE_HEADER
				   : STYLE_DIM;
	const char *name =
		calendar_name(a, day, cal_date(day).day == 1 ? WORDS_FIRST : WORDS_NUMBER);

	if (here)
		screen_fill(s, (struct rect){ cell.y, cell.x, 1, cell.w }, st);
	screen_textf(s, cell, 0, 0, st, "%s%s%s", here ? ">" : " ", name, today ? " today" : "");
	if (more)
		screen_right(s, cell, 0, st, arena_printf(a, "+%zu", more));
	if (here)
		screen_cursor(s, cell, 0, 0);
}

static void draw_day(struct calendar *c, struct screen *s, struct rect cell, int32_t day,
		     bool of_month)
{
	size_t first, n = book_day(&c->book, day, &first),
		      room = cell.h > 1 ? (size_t)cell.h - 1 : 0;

	draw_number(c, s, cell, day, of_month, n > room ? n - room : 0);
	for (size_t i = 0; i < n && i < room; i++)
		draw_entry(s, cell, (int)i + 1, &c->book.shown.rows[first + i], !of_month);
}

static void draw_weekdays(struct calendar *c, struct screen *s, struct rect in, int columns)
{
	int32_t day = cal_week_first(c->day, c->first_weekday);

	for (int i = 0; i < 7; i++)
		screen_cell(s, in, 0, i * columns, columns - 1, false, STYLE_HEADER,
			    arena_printf(screen_arena(s), " %s",
					 calendar_name(screen_arena(s), day + i,
						       columns > 16 ? WORDS_WEEKDAY_LONG
								    : WORDS_WEEKDAY)));
}

static void draw_month(struct calendar *c, struct screen *s, struct rect in, struct cal_grid g,
		       const struct cal_month *m)
{
	for (int week = 0; week < m->weeks; week++) {
		int h = g.cell_rows - g.has_rules;
		struct rect row = { in.y + week * g.cell_rows, in.x, g.cell_rows,
				    7 * g.cell_columns };

		for (int i = 0; i < 7; i++) {
			int32_t day = m->first + 7 * week + i;
			struct rect cell = { row.y, row.x + i * g.cell_columns, h,
					     g.cell_columns - 1 };

			if (i)
				screen_vline(s, (struct rect){ row.y, cell.x - 1, h, 1 }, 0,
					     STYLE_BORDER);
			draw_day(c, s, cell, day, day >= m->begin && day < m->end);
		}
		if (g.has_rules)
			screen_line(s, row, h, STYLE_BORDER);
	}
}

/* the chosen day in words, in as many lines as there are */
static void draw_chosen(struct calendar *c, struct screen *s, struct rect in)
{
	struct arena *a = screen_arena(s);
	size_t first, n = book_day(&c->book, c->day, &first), told = n < 8 ? n : 8;
	const char *text = calendar_name(a, c->day, WORDS_FULL);
	char **lines;

	text = arena_printf(a, "%s: %s", text, n ? "" : "nothing; a plans a campaign");
	for (size_t i = 0; i < told; i++) {
		const struct book_entry *e = &c->book.shown.rows[first + i];
		const char *far = calendar_progress(screen_arena(s), e);

		text = arena_printf(a, "%s%s%s %s (%s%s%s)", text, i ? "; " : "",
				    calendar_clock(a, e), e->title, e->state, *far ? ", " : "",
				    far);
	}
	if (n > told)
		text = arena_printf(a, "%s; %zu more", text, n - told);
	n = safe_wrap(a, text, (size_t)in.w - 2, (size_t)in.h, screen_charset(s), &lines);
	for (size_t i = 0; i < n; i++)
		screen_text(s, in, (int)i, 1, STYLE_NORMAL, lines[i]);
}

static void draw_legend(struct screen *s, struct rect in)
{
	screen_text(s, in, 0, 1, STYLE_DIM,
		    "o planned  ~ running  = paused  + done  x cancelled  ! failed");
}

static void draw_title(struct calendar *c, struct screen *s, struct rect in, const char *name)
{
	struct arena *a = screen_arena(s);
	size_t drafts = book_drafts(&c->book);
	const char *far = zone_text(c, s);
	int x = screen_text(s, in, 0, 1, STYLE_TITLE, name) + 1;

	if (drafts)
		x += screen_textf(s, in, 0, x, STYLE_DIM, "  %zu draft%s", drafts,
				  drafts == 1 ? "" : "s");
	if (c->book.why[0])
		far = arena_printf(a, "! %s", c->book.why);
	else if (!c->book.had)
		far = "asking wad ...";
	else if (c->book.cut)
		far = arena_printf(a, "! the first %d campaigns only", BOOK_MAX);
	if (x + 2 + (int)safe_columns(safe_line(a, far, screen_charset(s))) < in.w)
		screen_right(s, in, 0, c->book.why[0] || c->book.cut ? STYLE_WARN : STYLE_DIM,
			     arena_printf(a, "%s ", far));
}

static const char *title_of(struct calendar *c, struct arena *a)
{
	int32_t first = cal_week_first(c->day, c->first_weekday);

	switch (calendar_shown(c)) {
	case FORM_MONTH:
		return calendar_name(a, c->day, WORDS_MONTH);
	case FORM_WEEK:
		return arena_printf(a, "%s to %s", calendar_name(a, first, WORDS_FIRST),
				    calendar_name(a, first + 6, WORDS_YEAR));
	case FORM_AGENDA:
	case FORM_COUNT:
		break;
	}
	return "All campaigns by day";
}

void calendar_draw(struct view *v, struct screen *s, struct rect in)
{
	struct calendar *c = (struct calendar *)v;
	struct cal_month m = cal_month(c->day, c->first_weekday);
	struct cal_grid g = cal_grid(m.weeks, in.h, in.w);
	struct rect rest = in;

	screen_fill(s, in, STYLE_NORMAL);
	c->narrow = in.w < CAL_MONTH_COLUMNS_MIN;
	draw_title(c, s, rect_top(&rest, 1), title_of(c, screen_arena(s)));
	if (calendar_shown(c) == FORM_WEEK) {
		calendar_draw_week(c, s, rest);
		return;
	}
	if (calendar_shown(c) == FORM_AGENDA) {
		calendar_draw_agenda(c, s, rest);
		return;
	}
	draw_weekdays(c, s, rect_top(&rest, 1), g.cell_columns);
	draw_month(c, s, rest, g, &m);
	rect_top(&rest, m.weeks * g.cell_rows);
	if (g.tail >= 2)
		draw_legend(s, rect_bottom(&rest, 1));
	if (g.tail >= 1)
		draw_chosen(c, s, rest);
}
