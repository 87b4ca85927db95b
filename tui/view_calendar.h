#pragma once
/* The calendar: campaigns by the day they start on, by the operator's own clock. A month, a week or a
 * list of days; below 77 columns a month is shown as the list. For view_calendar*.c. */
#include "tui/calendar_layout.h"
#include "tui/view.h"

enum { BOOK_DIRTY_MAX = 32, BOOK_TITLE_BYTES = 120, BOOK_MAX = 20000 };

/* Campaigns as they are kept: by start, those without one behind all others. */
struct book_entry {
	int64_t id, start_ms; /* INT64_MAX: a draft that waits to be told */
	int32_t day;          /* of the start, in the operator's TZ; INT32_MAX */
	int64_t total, left;
	char state[12], reason[20], title[BOOK_TITLE_BYTES];
};

struct book_list {
	struct book_entry *rows;
	size_t len, cap;
};

struct book {
	struct book_list shown, fresh; /* fresh: a reading under way */
	bool loading, again, had, cut; /* cut: there are more than BOOK_MAX */
	int64_t last_id; /* the highest one seen: others made meanwhile come after it */
	int64_t asked_at, flushed_at; /* monotonic */
	char why[160];                /* it could not be had */
	int64_t dirty[BOOK_DIRTY_MAX];
	size_t dirty_len;
	bool asking; /* about one */
};

enum calendar_form { FORM_MONTH, FORM_WEEK, FORM_AGENDA, FORM_COUNT };

/* a day in words, as strftime has them */
#define CALENDAR_WORDS(X)       \
	X(NUMBER, "%-d")        \
	X(FIRST, "%-d %b")      \
	X(WEEKDAY, "%a")        \
	X(WEEKDAY_LONG, "%A")   \
	X(YEAR, "%-d %b %Y")    \
	X(FULL, "%a %-d %b %Y") \
	X(LONG, "%a %-d %B %Y") \
	X(MONTH, "%B %Y")
enum calendar_words {
#define X(name, format) WORDS_##name,
	CALENDAR_WORDS(X)
#undef X
};

struct calendar {
	struct view base;
	struct book book;
	enum calendar_form form;
	int32_t day;       /* chosen */
	int64_t item_id;   /* of the agenda's entry, which stays chosen; 0: by the day */
	size_t item, top;  /* of the agenda: an entry; the first line shown */
	size_t page;       /* entries of the agenda that fit */
	int first_weekday; /* 0 is Sunday */
	bool narrow;       /* too narrow for a month, as drawn last */
	int64_t menu_ids[64];
	size_t menu_len;
};

/* view_calendar.c */
int32_t calendar_today(const struct calendar *c);
int32_t calendar_day_of(int64_t unix_ms); /* in the operator's TZ */
enum calendar_form calendar_shown(const struct calendar *c);

/* view_calendar_book.c */
void book_done(struct book *b);
void book_ask(struct calendar *c); /* all of it anew */
void book_put(struct calendar *c, const json_t *campaign);
void book_event(struct calendar *c, const char *topic, const json_t *data);
void book_tick(struct calendar *c);
/* the entries of a day: how many, and the place of the first (or where it would be) */
size_t book_day(const struct book *b, int32_t day, size_t *ret_first);
size_t book_drafts(const struct book *b);

/* view_calendar_draw.c */
void calendar_draw(struct view *v, struct screen *s, struct rect in);
/* what stands for a state where there is no room for its word */
char calendar_mark(const char *state);
enum style calendar_style(const char *state);
const char *calendar_clock(struct arena *a, const struct book_entry *e); /* "09:00" */
const char *calendar_name(struct arena *a, int32_t day, enum calendar_words words);
const char *calendar_progress(struct arena *a, const struct book_entry *e); /* "62% of 2,000" */

/* view_calendar_week.c */
void calendar_draw_week(struct calendar *c, struct screen *s, struct rect in);
void calendar_draw_agenda(struct calendar *c, struct screen *s, struct rect in);
