#include "tui/view_calendar.h"

#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "shared/base/xalloc.h"

#include "tui/app.h"
#include "tui/campaign_form.h"
#include "tui/chart.h"
#include "tui/menu.h"
#include "tui/view_campaign.h"
#include "tui/views.h"

enum { DAY_MS = 86400000, MORNING = 9 };

static struct calendar *calendar_of(struct view *v)
{
	return (struct calendar *)v;
}

/* -- days -- */

int32_t calendar_day_of(int64_t ms)
{
	time_t s = (time_t)(ms / 1000);
	struct tm t;

	if (localtime_r(&s, &t) == NULL)
		return (int32_t)(ms / DAY_MS);
	return cal_day((struct cal_date){ t.tm_year + 1900, t.tm_mon + 1, t.tm_mday });
}

int32_t calendar_today(const struct calendar *c)
{
	return calendar_day_of(clock_unix(view_clock(&c->base)).ms);
}

/* The C locale has no opinion: Monday, as ISO 8601 says. Others count from a Sunday or a Monday. */
static int locale_first_weekday(void)
{
	const char *name = setlocale(LC_TIME, NULL);
	long base = (long)(intptr_t)nl_langinfo(_NL_TIME_WEEK_1STDAY);
	int first = *nl_langinfo(_NL_TIME_FIRST_WEEKDAY);

	if (name == NULL || strcmp(name, "POSIX") == 0 || strcmp(name, "C") == 0 ||
	    strncmp(name, "C.", 2) == 0 || first < 1 || first > 7)
		return 1;
	return ((base == 19971201 ? 1 : 0) + first - 1) % 7;
}

enum calendar_form calendar_shown(const struct calendar *c)
{
	return c->form == FORM_MONTH && c->narrow ? FORM_AGENDA : c->form;
}

/* the entry of the list that is at the day, or the next one */
static void item_by_day(struct calendar *c)
{
	book_day(&c->book, c->day, &c->item);
	c->item_id = 0;
	if (c->book.shown.len && c->item >= c->book.shown.len)
		c->item = c->book.shown.len - 1;
}

static void goto_day(struct calendar *c, int64_t day)
{
	c->day = cal_clamp(day);
	item_by_day(c);
	view_draw_soon(&c->base);
}

static void goto_item(struct calendar *c, int64_t item)
{
	int64_t last = (int64_t)c->book.shown.len - 1;

	item = item > last ? last : item;
	c->item = item < 0 ? 0 : (size_t)item;
	c->item_id = last >= 0 ? c->book.shown.rows[c->item].id : 0;
	if (last >= 0 && c->book.shown.rows[c->item].day != INT32_MAX)
		c->day = c->book.shown.rows[c->item].day;
	view_draw_soon(&c->base);
}

/* -- opening and making -- */

static void on_planned(struct view *v, const json_t *campaign)
{
	struct calendar *c = calendar_of(v);
	const char *title = json_string_value(json_object_get(campaign, "title"));
	const char *start = json_string_value(json_object_get(campaign, "start_at"));
	AUTO_ARENA struct arena *a = arena_new();
	unix_ms at;

	book_put(c, campaign);
	if (start && unix_ms_parse(start, &at))
		goto_day(c, calendar_day_of(at.ms));
	view_toast(v, TOAST_GOOD, "%s: %s", title ? title : "it",
		   start ? view_when(v, a, start) : "a draft");
}

/* of this day */
static void next_hour(const struct calendar *c, int *ret_hour, int *ret_minute)
{
	time_t now = (time_t)(clock_unix(view_clock(&c->base)).ms / 1000);
	struct tm t;

	if (localtime_r(&now, &t) == NULL)
		return;
	*ret_hour = t.tm_hour < 23 ? t.tm_hour + 1 : 23;
	*ret_minute = t.tm_hour < 23 ? 0 : 59;
}

static void plan(struct calendar *c)
{
	struct cal_date d = cal_date(c->day);
	bool today = c->day == calendar_today(c);
	int minute = 0, hour = MORNING;
	char at[32];

	if (!view_may(&c->base, "campaign.create")) {
		view_toast(&c->base, TOAST_INFO, "campaign.create: your role may not do that");
		return;
	}
	if (c->day < calendar_today(c)) {
		view_toast(&c->base, TOAST_INFO, "that day is over");
		return;
	}
	/* in the morning, or when the hour is full: a start that is over would be one at once */
	if (today)
		next_hour(c, &hour, &minute);
	snprintf(at, sizeof at, "%04d-%02d-%02d %02d:%02d", d.year, d.month, d.day, hour, minute);
	campaign_form_create(&c->base, at, on_planned);
}

static void open_id(struct calendar *c, int64_t id)
{
	const char *title = "";
	char text[24];

	for (size_t i = 0; i < c->book.shown.len; i++)
		if (c->book.shown.rows[i].id == id)
			title = c->book.shown.rows[i].title;
	snprintf(text, sizeof text, "%lld", (long long)id);
	campaign_page_open(c->base.app, text, title);
}

static void on_menu(struct view *v, size_t i)
{
	struct calendar *c = calendar_of(v);

	if (i < c->menu_len)
		open_id(c, c->menu_ids[i]);
	else
		plan(c);
}

static void open_day(struct calendar *c)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct menu_row rows[ARRAY_LEN(c->menu_ids) + 1];
	size_t first, n = book_day(&c->book, c->day, &first);

	if (n == 0) {
		plan(c);
		return;
	}
	if (n > ARRAY_LEN(c->menu_ids)) {
		n = ARRAY_LEN(c->menu_ids);
		view_toast(&c->base, TOAST_INFO, "the first %zu of the day; L lists all", n);
	}
	c->menu_len = n;
	for (size_t i = 0; i < n; i++) {
		const struct book_entry *e = &c->book.shown.rows[first + i];

		c->menu_ids[i] = e->id;
		rows[i].text =
			arena_printf(a, "%s %c %-9s %s%s%s", calendar_clock(a, e),
				     calendar_mark(e->state), e->state, e->title,
				     e->total || e->reason[0] ? "  " : "", calendar_progress(a, e));
		rows[i].key = '\0';
	}
	rows[n] = (struct menu_row){ .text = "plan one more on this day", .key = 'a' };
	menu_open(&c->base, calendar_name(a, c->day, WORDS_LONG), rows, n + 1, 0, on_menu);
}

static void open_here(struct calendar *c)
{
	if (calendar_shown(c) != FORM_AGENDA)
		open_day(c);
	else if (c->item < c->book.shown.len)
		open_id(c, c->book.shown.rows[c->item].id);
	else
		plan(c);
}

static void on_goto(struct view *v, const char *text)
{
	struct calendar *c = calendar_of(v);
	int32_t day;

	if (cal_parse(text, c->day, &day))
		goto_day(c, day);
	else if (*text)
		view_toast(v, TOAST_BAD, "'%.40s' is no date: 2027-02-14, 2027-02, 14 or +3", text);
}

/* -- keys -- */

/* how far up and down, and by pages, in each form: days, or entries of the list */
static void move(struct calendar *c, int by, bool page)
{
	switch (calendar_shown(c)) {
	case FORM_MONTH:
		goto_day(c, page ? cal_month_add(c->day, by) : (int64_t)c->day + 7 * by);
		break;
	case FORM_WEEK:
		goto_day(c, (int64_t)c->day + (page ? 7 * by : by));
		break;
	case FORM_AGENDA:
	case FORM_COUNT:
		goto_item(c, (int64_t)c->item + (page ? (int64_t)c->page * by : by));
		break;
	}
}

static bool calendar_key(struct view *v, enum action act, const struct key *k)
{
	struct calendar *c = calendar_of(v);

	switch ((int)act) {
	case ACT_CALENDAR_LEFT:
	case ACT_CALENDAR_RIGHT:
		goto_day(c, (int64_t)c->day + (act == ACT_CALENDAR_LEFT ? -1 : 1));
		return true;
	case ACT_CALENDAR_UP:
	case ACT_CALENDAR_DOWN:
		move(c, act == ACT_CALENDAR_UP ? -1 : 1, false);
		return true;
	case ACT_CALENDAR_PREV:
	case ACT_CALENDAR_NEXT:
		move(c, act == ACT_CALENDAR_PREV ? -1 : 1, true);
		return true;
	case ACT_CALENDAR_OPEN:
		open_here(c);
		return true;
	case ACT_CALENDAR_ADD:
		plan(c);
		return true;
	case ACT_CALENDAR_FORM:
		c->form = (c->form + 1) % FORM_COUNT;
		if (c->form == FORM_MONTH && c->narrow)
			c->form = FORM_WEEK; /* the list was shown in its place */
		item_by_day(c);
		return true;
	case ACT_CALENDAR_GOTO:
		view_ask(v, "Go to (2027-02-14, 2027-02, 14, +3):", "", on_goto);
		return true;
	case ACT_CALENDAR_TODAY:
		goto_day(c, calendar_today(c));
		return true;
	case ACT_CALENDAR_LIST:
		view_push(v->app, view_campaigns_new(v->app));
		return true;
	default:
		if (k->code == TERM_KEY_MOUSE && k->wheel)
			move(c, k->wheel, false);
		return k->code == TERM_KEY_MOUSE;
	}
}

/* -- life -- */

static void calendar_refresh(struct view *v)
{
	book_ask(calendar_of(v));
}

static void calendar_event(struct view *v, const char *topic, const json_t *data)
{
	book_event(calendar_of(v), topic, data);
}

static void calendar_tick(struct view *v)
{
	book_tick(calendar_of(v));
}

static void calendar_title(struct view *v, char *out, size_t out_bytes)
{
	(void)v;
	snprintf(out, out_bytes, "Calendar");
}

static void calendar_status(struct view *v, char *out, size_t out_bytes)
{
	struct calendar *c = calendar_of(v);
	struct cal_date d = cal_date(c->day);

	if (calendar_shown(c) == FORM_AGENDA)
		snprintf(out, out_bytes, "%zu/%zu", c->book.shown.len ? c->item + 1 : 0,
			 c->book.shown.len);
	else
		snprintf(out, out_bytes, "%04d-%02d-%02d", d.year, d.month, d.day);
}

static void calendar_free(struct view *v)
{
	struct calendar *c = calendar_of(v);

	book_done(&c->book);
	free(c);
}

static const struct view_ops calendar_ops = {
	.name = "calendar",
	.scopes = SCOPE_BIT(SCOPE_CALENDAR),
	.key = calendar_key,
	.draw = calendar_draw,
	.refresh = calendar_refresh,
	.event = calendar_event,
	.tick = calendar_tick,
	.title = calendar_title,
	.status = calendar_status,
	.free = calendar_free,
};

struct view *view_calendar_new(struct app *app)
{
	struct calendar *c = xcalloc(1, sizeof *c);

	c->base.ops = &calendar_ops;
	c->base.app = app;
	c->first_weekday = locale_first_weekday();
	c->day = calendar_today(c);
	return &c->base;
}
