/* How the dashboard looks, by the room there is: numbers, devices and queue, chart and alerts always;
 * what sent most and why messages failed where it is wide. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "shared/base/macros.h"

#include "tui/app.h"
#include "tui/dashboard.h"
#include "tui/state.h"

enum {
	TILES_WIDE = 112, /* all tiles beside each other, in frames */
	TILES_TALL = 28,
	TOPS_WIDE = 104, /* a column of its own for what sent most */
	TOPS_TALL = 12,
	TOPS_BELOW = 26,  /* rows, to have it below the chart */
	ALERTS_SHOWN = 8, /* rows, where there is no more room */
	CHART_LEAST = 6,
	DEVICE_BAR = 24,
	GROUPED_DAYS = 7,
	LEGEND_WIDE = 76,
};

static const char *const metric_names[] = {
#define X(name, metric, day, label) label,
	DASH_METRIC_TABLE(X)
#undef X
};

const char *dash_period_name(enum dash_period p)
{
	static const char *const names[] = { "today", "7 days", "30 days", "90 days", "from/to" };

	return names[p];
}

/* "2026-11-26" as "26 Nov", or as "Thu 26" */
static const char *day_text(struct screen *s, const char *date, bool weekday)
{
	struct tm t = { 0 };
	char text[32];

	if (strptime(date, "%Y-%m-%d", &t) == NULL ||
	    strftime(text, sizeof text, weekday ? "%a %d" : "%d %b", &t) == 0)
		return date;
	return arena_strdup(screen_arena(s), text);
}

static void draw_period(const struct dash *d, struct screen *s, struct rect in)
{
	const struct dash_figures *f = &d->figures;
	int x = 1;

	for (int p = 0; p < DASH_PERIODS; p++) {
		bool here = p == (int)d->period;

		if (p == DASH_RANGE && !here)
			continue;
		x += screen_textf(s, in, 0, x, here ? STYLE_SELECTED : STYLE_DIM,
				  here ? "[%s]" : " %s ", dash_period_name((enum dash_period)p));
		x++;
	}
	if (f->known)
		screen_right(s, in, 0, STYLE_DIM,
			     arena_printf(screen_arena(s), "%s to %s, %s ",
					  day_text(s, f->start, false), day_text(s, f->end, false),
					  f->zone));
}

/* -- the numbers -- */

static enum style metric_style(const struct dash_figures *f, size_t m)
{
	if (f->sum[m] == 0)
		return STYLE_DIM;
	if (m == DASH_FAILED)
		return STYLE_BAD;
	if (m == DASH_OPT_OUTS)
		return STYLE_WARN;
	return m == DASH_REPLIED ? STYLE_OK : STYLE_HEADER;
}

/* its share of what was sent, "" where it is none */
static const char *share_text(struct screen *s, const struct dash_figures *f, size_t m)
{
	/* of all that was tried */
	int64_t of = f->sum[DASH_SENT] + (m == DASH_FAILED ? f->sum[DASH_FAILED] : 0);

	if (m == DASH_SENT || m == DASH_RECEIVED || m == DASH_DIRECT || of == 0)
		return "";
	return arena_printf(screen_arena(s), "%.1f %%", (double)f->sum[m] * 100 / (double)of);
}

/* one row with name and number, one with share and course */
static void draw_tile(const struct dash *d, struct screen *s, struct rect in, size_t m, bool framed)
{
	const struct dash_figures *f = &d->figures, *days = d->period == DASH_TODAY ? &d->week : f;
	const char *share = share_text(s, f, m), *sum = f->known ? chart_number(s, f->sum[m]) : "-";
	int wide = (int)strlen(share), left = in.w - (wide ? wide + 1 : 0);

	if (!framed)
		screen_text(s, in, 0, 0, STYLE_DIM, metric_names[m]);
	if (!framed && in.w - (int)strlen(metric_names[m]) <= (int)strlen(sum))
		sum = chart_short(s, f->sum[m]);
	screen_right(s, in, 0, metric_style(f, m), sum);
	screen_text(s, in, 1, 0, STYLE_NORMAL, share);
	if (m == DASH_DIRECT)
		screen_right(s, in, 1, STYLE_DIM, "not broadcast");
	else if (days->known && days->len > 1)
		chart_spark(s, in, 1, in.w - left, left, STYLE_ACCENT, days->day[m], days->len);
}

/* four beside each other, or all in frames; takes its rows from `rest` */
static void draw_tiles(const struct dash *d, struct screen *s, struct rect *rest)
{
	bool framed = rest->w >= TILES_WIDE && rest->h >= TILES_TALL;
	int across = framed ? DASH_METRICS : DASH_METRICS / 2, wide = rest->w / across;

	for (size_t first = 0; first < DASH_METRICS; first += (size_t)across) {
		struct rect row = rect_top(rest, framed ? 4 : 2);

		for (size_t m = first; m < first + (size_t)across; m++) {
			struct rect tile = rect_left(&row, wide);

			if (framed)
				tile = screen_box(s, tile, STYLE_BORDER, metric_names[m]);
			else
				tile.x++, tile.w -= 3;
			draw_tile(d, s, tile, m, framed);
		}
	}
}

/* -- devices and queue -- */

static void draw_devices(const struct dash *d, struct screen *s, struct rect in)
{
	const struct fleet *f = &d->base.app->fleet;
	int x = 1;

	x += screen_text(s, in, 0, x, STYLE_DIM, "devices  ");
	if (f->len == 0) {
		if (f->queued >= 0) /* wad has answered */
			screen_text(s, in, 0, x, STYLE_NORMAL,
				    "none yet; the view of devices adds one");
		return;
	}
	x += screen_textf(s, in, 0, x, STYLE_HEADER, "%zu of %zu online ", f->online, f->len);
	chart_bar(s, in, 0, x, DEVICE_BAR, f->online == f->len ? STYLE_OK : STYLE_ACCENT,
		  (int64_t)f->online, (int64_t)f->len);
	screen_text(s, in, 0, x + DEVICE_BAR, STYLE_BORDER, "|");
	x += DEVICE_BAR + 2;
	if (f->linked < f->len)
		x += screen_textf(s, in, 0, x, STYLE_DIM, "%zu not linked ", f->len - f->linked);
	if (f->in_trouble)
		screen_textf(s, in, 0, x, STYLE_BAD, "! %zu in trouble", f->in_trouble);
}

static void draw_queue(const struct dash *d, struct screen *s, struct rect in)
{
	const struct fleet *f = &d->base.app->fleet;
	const struct fleet_queue *q = &f->queue;
	int x = 1;

	x += screen_text(s, in, 0, x, STYLE_DIM, "queue    ");
	if (f->queued < 0)
		return;
	x += screen_textf(s, in, 0, x, STYLE_HEADER, "%s wait",
			  chart_number(s, q->pending + q->claimed));
	x += screen_textf(s, in, 0, x, STYLE_NORMAL, ", %s leaving, %s sent in the last minute",
			  chart_number(s, q->sending), chart_number(s, q->last_minute));
	if (q->pending && q->oldest_s >= 60)
		x += screen_textf(s, in, 0, x, STYLE_NORMAL, ", the oldest waits %lld min",
				  (long long)(q->oldest_s / 60));
	if (f->queue_paused)
		screen_text(s, in, 0, x, STYLE_BAD, "  ! paused");
}

/* -- the chart -- */

static void draw_chart(const struct dash *d, struct screen *s, struct rect in)
{
	const struct dash_figures *f = d->period == DASH_TODAY ? &d->week : &d->figures;
	const struct chart_series series[] = {
		{ "reached", STYLE_ACCENT, f->people },
		{ "read", STYLE_OK, f->day[DASH_READ] },
		{ "replied", STYLE_WARN, f->day[DASH_REPLIED] },
	};
	const char **labels;

	in.x++, in.w -= 2;
	if (!f->known) {
		screen_text(s, in, 0, 0, STYLE_DIM, d->why[0] ? "" : "asking wad ...");
		return;
	}
	labels = arena_alloc(screen_arena(s), (f->len + 1) * sizeof *labels);
	for (size_t i = 0; i < f->len; i++)
		labels[i] = day_text(s, f->date[i], f->len <= 7);
	/* beside each other while there is room for it */
	(f->len <= GROUPED_DAYS ? chart_columns
				: chart_nested)(s, in, series, ARRAY_LEN(series), labels, f->len,
						in.w < LEGEND_WIDE ? NULL : "people");
}

/* -- what sent most, what failed -- */

static void heading(struct screen *s, struct rect in, int y, const char *text, const char *right)
{
	screen_text(s, in, y, 0, STYLE_TITLE, text);
	screen_right(s, in, y, STYLE_DIM, right);
}

static int draw_top(struct screen *s, struct rect in, const char *title,
		    const struct dash_tops *tops)
{
	int y = 0, wide = in.w - 23;

	heading(s, in, y++, title, "   sent   read replied");
	if (tops->len == 0)
		screen_text(s, in, y++, 0, STYLE_DIM, "nothing in these days");
	for (size_t i = 0; i < tops->len && y < in.h; i++, y++) {
		const struct dash_top *t = &tops->rows[i];
		struct state_look look = state_look(t->state);

		screen_cell(s, in, y, 0, 2, false, look.style,
			    arena_printf(screen_arena(s), "%c", look.mark));
		screen_cell(s, in, y, 2, wide - 2, false, STYLE_NORMAL, t->name);
		screen_cell(s, in, y, in.w - 23, 8, true, STYLE_HEADER, chart_short(s, t->sent));
		screen_cell(s, in, y, in.w - 15, 7, true, STYLE_NORMAL, chart_short(s, t->read));
		screen_cell(s, in, y, in.w - 8, 8, true, STYLE_NORMAL, chart_short(s, t->replied));
	}
	return y;
}

static void draw_failures(const struct dash *d, struct screen *s, struct rect in)
{
	const struct dash_figures *f = &d->figures;
	int y = 0;

	heading(s, in, y++, "failures", "");
	if (f->classes_len == 0)
		screen_text(s, in, y, 0, STYLE_DIM, "none in these days");
	for (size_t i = 0; i < f->classes_len && y < in.h; i++, y++) {
		screen_cell(s, in, y, 0, 14, false, STYLE_NORMAL, f->classes[i].name);
		screen_cell(s, in, y, 15, 7, true, STYLE_BAD, chart_short(s, f->classes[i].failed));
		chart_bar(s, in, y, 23, in.w - 23, STYLE_BAD, f->classes[i].failed,
			  f->classes[0].failed);
	}
}

static void draw_tops(struct dash *d, struct screen *s, struct rect in)
{
	int third = in.h / 3;
	struct rect part = rect_top(&in, third);

	draw_top(s, (struct rect){ part.y, part.x, part.h - 1, part.w }, "devices", &d->devices);
	part = rect_top(&in, third);
	draw_top(s, (struct rect){ part.y, part.x, part.h - 1, part.w }, "campaigns",
		 &d->campaigns);
	draw_failures(d, s, in);
}

/* -- alerts -- */

static void draw_alerts(struct dash *d, struct screen *s, struct rect in)
{
	const struct dash_alerts *a = &d->alerts;
	struct rect top = rect_top(&in, 1);

	screen_line(s, top, 0, STYLE_BORDER);
	screen_textf(s, top, 0, 2, a->len ? STYLE_WARN : STYLE_DIM,
		     a->len ? " alerts: %zu " : " alerts ", a->len);
	list_fit(&d->place, in.h > 0 ? (size_t)in.h : 0);
	if (a->len == 0) {
		screen_text(s, in, 0, 1, STYLE_DIM,
			    d->jobs[DASH_JOB_DEVICES].items ? "none: nothing needs you"
							    : "asking wad ...");
		screen_cursor(s, in, 0, 0);
		return;
	}
	for (int y = 0; y < in.h && d->place.top + (size_t)y < a->len; y++) {
		const struct dash_alert *row = &a->rows[d->place.top + (size_t)y];
		bool here = d->place.top + (size_t)y == d->place.cursor;
		enum style st = here                      ? STYLE_SELECTED
				: row->weight == DASH_BAD ? STYLE_BAD
							  : STYLE_WARN;

		if (here)
			screen_fill(s, (struct rect){ in.y + y, in.x, 1, in.w }, st);
		screen_textf(s, in, y, 1, st, "%s %s", row->weight == DASH_BAD ? "!" : "~",
			     row->text);
	}
	list_bar(&d->place, s, in);
	screen_cursor(s, in, (int)(d->place.cursor - d->place.top), 1);
}

/* rows for the alerts: all of them where there is room, never the chart's */
static int alert_rows(const struct dash *d, const struct rect *rest)
{
	int want = (int)d->alerts.len + 1, room = rest->h - CHART_LEAST,
	    most = rest->h / 3 > ALERTS_SHOWN ? rest->h / 3 : ALERTS_SHOWN;

	want = want < 2 ? 2 : want > most ? most : want;
	return want > room ? (room > 2 ? room : 2) : want;
}

/* at the right where it is wide, below the chart where it is tall; takes its room from `rest` */
static void place_tops(struct dash *d, struct screen *s, struct rect *rest)
{
	bool wide = rest->w >= TOPS_WIDE && rest->h >= TOPS_TALL;
	struct rect part, left;

	d->shows_tops = wide || rest->h >= TOPS_BELOW;
	if (!d->shows_tops)
		return;
	if (wide) {
		part = rect_right(rest, rest->w * 2 / 5);
		rect_top(&part, 1);
		part.w--;
		draw_tops(d, s, part);
		return;
	}
	part = rect_bottom(rest, DASH_TOPS_MAX + 2);
	rect_top(&part, 1);
	left = rect_left(&part, part.w / 2);
	left.x++, left.w -= 3;
	part.w--;
	draw_top(s, left, "devices", &d->devices);
	draw_top(s, part, "campaigns", &d->campaigns);
}

void dash_draw(struct view *v, struct screen *s, struct rect in)
{
	struct dash *d = (struct dash *)v;
	struct rect rest = in, alerts;
	bool had_tops = d->shows_tops;

	screen_fill(s, in, STYLE_NORMAL);
	draw_period(d, s, rect_top(&rest, 1));
	draw_tiles(d, s, &rest);
	draw_devices(d, s, rect_top(&rest, 1));
	draw_queue(d, s, rect_top(&rest, 1));
	alerts = rect_bottom(&rest, alert_rows(d, &rest));
	place_tops(d, s, &rest);
	if (rest.h > 16) /* air, where there is some */
		rect_top(&rest, 1);
	draw_chart(d, s, rest);
	draw_alerts(d, s, alerts);
	if (d->shows_tops && !had_tops)
		dash_ask_due(d);
}
