/* How the page of a campaign looks. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tui/app.h"
#include "tui/campaign_form.h"
#include "tui/chart.h"
#include "tui/state.h"
#include "tui/view_campaign.h"

enum {
	NAME_WIDE = 10,
	NUMBER_WIDE = 11,
	BAR_MOST = 60,
	DEVICES_FROM = 112, /* beside the rest where the terminal is so wide */
	LEFT_WIDE = 66,
	LOW = 18,  /* rows below which only what is not zero is told */
	TALL = 34, /* rows from which the text gets several */
	TEXT_LINES = 8,
	SPARK_LEAST = 8,
	SPARK_MOST = 24,
	DEVICE_LINES_LEAST = 3,
};

static void label(struct screen *s, struct rect in, int y, const char *name)
{
	screen_text(s, in, y, 0, STYLE_DIM, name);
}

static int64_t now_unix(const struct page *p)
{
	return clock_unix(view_clock(&p->base)).ms;
}

/* -- what it is -- */

const char *campaign_why(const char *reason)
{
	static const char *const words[][2] = {
		{ "no_device", "no device to send with" },
		{ "missed", "missed its time" },
		{ "nobody", "nobody to send to" },
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcmp(words[i][0], reason) == 0)
			return words[i][1];
	return reason;
}

static void draw_state(struct page *p, struct screen *s, struct rect in)
{
	const char *state = page_text(p, "state"), *reason = campaign_why(page_text(p, "reason"));
	struct state_look look = state_look(state);
	const char *text = arena_printf(screen_arena(s), "%c %s%s%s%s", look.mark, state,
					*reason ? " (" : "", reason, *reason ? ")" : "");
	int wide = (int)safe_columns(safe_line(screen_arena(s), text, screen_charset(s)));
	struct rect title = in;

	title.w = in.w > wide + 2 ? in.w - wide - 2 : in.w;
	screen_text(s, title, 0, 0, STYLE_HEADER, p->title);
	screen_right(s, in, 0, look.style, text);
	screen_cursor(s, in, 0, 0);
}

static const char *start_text(struct page *p, struct screen *s)
{
	struct arena *a = screen_arena(s);
	const char *at = page_text(p, "start_at"), *zone = page_text(p, "zone");
	const char *end = page_text(p, "finished_at");

	if (*at == '\0')
		return "when it is told to: s";
	return arena_printf(a, "%s%s%s%s%s", view_when(&p->base, a, at), *zone ? "; given in " : "",
			    zone, *end ? "; ended " : "", *end ? view_ago(&p->base, a, end) : "");
}

static const char *audience_text(struct page *p, struct screen *s)
{
	const char *niche = page_text(p, "niche"), *status = page_text(p, "status");

	return arena_printf(screen_arena(s), "%s%s%s%s", *niche ? "leads of " : "all leads", niche,
			    *status ? "; only " : "", *status ? status : "");
}

static const char *gap_text(struct page *p, struct screen *s)
{
	if (json_object_get(p->campaign, "delay_min_ms") == NULL)
		return "their own gaps";
	return arena_printf(screen_arena(s), "gaps of %g to %g s",
			    (double)page_int(p, "delay_min_ms") / 1000,
			    (double)page_int(p, "delay_max_ms") / 1000);
}

static const char *senders_text(struct page *p, struct screen *s)
{
	const json_t *devices = json_object_get(p->campaign, "devices"), *one;
	struct arena *a = screen_arena(s);
	const char *names = json_array_size(devices) ? "" : "all devices";
	size_t i;

	json_array_foreach(devices, i, one) {
		const char *id = json_string_value(one);

		if (i == 4) {
			names = arena_printf(a, "%s and %zu more", names,
					     json_array_size(devices) - i);
			break;
		}
		names = arena_printf(a, "%s%s%s", names, i ? ", " : "",
				     fleet_name(&p->base.app->fleet, id ? id : ""));
	}
	return arena_printf(a, "%s; %s, %s", names, page_text(p, "device_choice"), gap_text(p, s));
}

static int draw_facts(struct page *p, struct screen *s, struct rect in)
{
	const char *media = page_text(p, "media"), *follow_up = page_text(p, "follow_up");
	struct rect values = in;
	char **lines;
	size_t n;
	int y = 1;

	rect_left(&values, NAME_WIDE);
	draw_state(p, s, in);
	label(s, in, y, "start");
	screen_text(s, values, y++, 0, STYLE_NORMAL, start_text(p, s));
	label(s, in, y, "to");
	screen_text(s, values, y++, 0, STYLE_NORMAL, audience_text(p, s));
	label(s, in, y, "from");
	screen_text(s, values, y++, 0, STYLE_NORMAL, senders_text(p, s));
	label(s, in, y, *media ? media : "text");
	n = safe_wrap(screen_arena(s), page_text(p, "text"), (size_t)values.w,
		      in.h >= TALL ? TEXT_LINES : 1, screen_charset(s), &lines);
	for (size_t i = 0; i < n; i++)
		screen_text(s, values, y++, 0, STYLE_NORMAL, lines[i]);
	if (*follow_up) {
		label(s, in, y, "then");
		screen_text(s, values, y++, 0, STYLE_NORMAL, follow_up);
	}
	return y + 1;
}

/* -- how far it is -- */

static int draw_bar(struct page *p, struct screen *s, struct rect in, int y)
{
	int64_t total = page_int(p, "total"), done = total - page_int(p, "left");
	int wide = in.w - 34 < BAR_MOST ? in.w - 34 : BAR_MOST, x = 0;

	screen_text(s, in, y, x++, STYLE_BORDER, "[");
	chart_bar(s, in, y, x, wide, STYLE_ACCENT, done, total);
	x += wide;
	x += screen_text(s, in, y, x, STYLE_BORDER, "]");
	screen_textf(s, in, y, x + 1, STYLE_HEADER, "%d%%  %s of %s final",
		     (int)(total ? done * 100 / total : 0), chart_number(s, done),
		     chart_number(s, total));
	return y + 1;
}

static int draw_counts(struct page *p, struct screen *s, struct rect in, int y)
{
	/* those that are always told, then those that are only when there are any */
	static const struct {
		const char *name;
		enum style style;
		bool always;
	} rows[] = {
		{ "sent", STYLE_NORMAL, true },    { "delivered", STYLE_NORMAL, true },
		{ "read", STYLE_NORMAL, true },    { "replied", STYLE_OK, true },
		{ "failed", STYLE_BAD, true },     { "expired", STYLE_WARN, false },
		{ "cancelled", STYLE_DIM, false }, { "skipped", STYLE_DIM, false },
	};
	int64_t total = page_int(p, "total"), waits = page_int(p, "left");
	int x = NAME_WIDE + NUMBER_WIDE + 2, wide = in.w - x < BAR_MOST ? in.w - x : BAR_MOST;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t n = page_count(p, rows[i].name);
		enum style st = n ? rows[i].style : STYLE_DIM;

		if (n == 0 && (!rows[i].always || in.h < LOW))
			continue;
		screen_cell(s, in, y, 0, NAME_WIDE, false, st, rows[i].name);
		screen_cell(s, in, y, NAME_WIDE, NUMBER_WIDE, true, st, chart_number(s, n));
		chart_bar(s, in, y++, x, wide, st, n, total);
	}
	screen_cell(s, in, y, 0, NAME_WIDE, false, STYLE_NORMAL, "waiting");
	screen_cell(s, in, y, NAME_WIDE, NUMBER_WIDE, true, STYLE_NORMAL, chart_number(s, waits));
	chart_bar(s, in, y++, x, wide, STYLE_DIM, waits, total);
	return y;
}

/* over what was seen, else since it began; -1: neither says */
static int64_t pace(struct page *p, const char **ret_over)
{
	int64_t tenths = rate_tenths(&p->rate, clock_mono(view_clock(&p->base)).ms), ms;
	unix_ms start;

	*ret_over = "over the last minutes";
	if (tenths >= 0)
		return tenths;
	*ret_over = "since its start";
	if (!unix_ms_parse(page_text(p, "start_at"), &start))
		return -1;
	ms = now_unix(p) - start.ms;
	return ms < RATE_LEAST_MS ? -1 : (page_int(p, "total") - page_int(p, "left")) * 600000 / ms;
}

/* by its pace, or by gaps, caps and quiet hours: whichever is later. "" when neither says. */
static const char *end_text(struct page *p, struct screen *s, int64_t tenths)
{
	const char *plan = json_string_value(json_object_get(p->preview, "ends_at"));
	int64_t left_s = rate_left_s(tenths, page_int(p, "left"));
	int64_t end = left_s < 0 ? 0 : now_unix(p) + left_s * 1000;
	char at[25];
	unix_ms planned;

	if (plan && unix_ms_parse(plan, &planned) && planned.ms > end)
		end = planned.ms;
	if (end <= now_unix(p))
		return "";
	unix_ms_text((unix_ms){ end }, at);
	return view_when(&p->base, screen_arena(s), at);
}

static int draw_pace(struct page *p, struct screen *s, struct rect in, int y)
{
	const char *over, *speed = "not known yet", *end;
	int64_t tenths = pace(p, &over), steps[RATE_SEEN_MAX];
	struct rect values = in;
	int x;

	if (!page_is(p, "running") || page_int(p, "left") == 0)
		return y;
	rect_left(&values, NAME_WIDE);
	end = end_text(p, s, tenths);
	if (tenths >= 0 && tenths < 100)
		speed = arena_printf(screen_arena(s), "%.1f a minute %s", (double)tenths / 10,
				     over);
	else if (tenths >= 0)
		speed = arena_printf(screen_arena(s), "%s a minute %s",
				     chart_number(s, tenths / 10), over);
	label(s, in, y, "pace");
	x = screen_text(s, values, y, 0, STYLE_NORMAL, speed) + 2;
	if (values.w - x > SPARK_LEAST)
		chart_spark(s, values, y, x, values.w - x < SPARK_MOST ? values.w - x : SPARK_MOST,
			    STYLE_ACCENT, steps, rate_steps(&p->rate, steps));
	y++;
	label(s, in, y, "ends");
	screen_text(s, values, y++, 0, STYLE_NORMAL,
		    *end ? arena_printf(screen_arena(s), "about %s", end) : "not known yet");
	return y;
}

static int draw_waits(struct page *p, struct screen *s, struct rect in, int y)
{
	const char *text = "";
	struct arena *a = screen_arena(s);
	char **lines;
	size_t n;

	if (page_int(p, "left") == 0 || p->reasons_len == 0)
		return y;
	for (size_t i = 0; i < p->reasons_len; i++)
		text = arena_printf(a, "%s%s%s %s", text, i ? "; " : "",
				    chart_number(s, p->reasons[i].count), p->reasons[i].text);
	if (p->waiting_seen < page_int(p, "left"))
		text = arena_printf(a, "%s (of the first %s)", text,
				    chart_number(s, p->waiting_seen));
	label(s, in, y, "why");
	rect_left(&in, NAME_WIDE);
	n = safe_wrap(a, text, (size_t)in.w, 2, screen_charset(s), &lines);
	for (size_t i = 0; i < n; i++)
		screen_text(s, in, y++, 0, STYLE_NORMAL, lines[i]);
	return y;
}

/* -- devices -- */

static void draw_device(struct screen *s, struct rect in, int y, const json_t *d)
{
	const char *id = json_string_value(json_object_get(d, "id"));
	const char *name = json_string_value(json_object_get(d, "name"));
	int64_t total = json_integer_value(json_object_get(d, "total"));
	int64_t wait = json_integer_value(json_object_get(d, "pending"));
	int64_t failed = json_integer_value(json_object_get(d, "failed"));
	bool online = json_is_true(json_object_get(d, "online"));
	int x = 0;

	screen_cell(s, in, y, x, 14, false, STYLE_NORMAL, name ? name : id);
	x += 15;
	screen_cell(s, in, y, x, 9, false, online ? STYLE_OK : STYLE_BAD,
		    online ? "+ online" : "! offline");
	x += 10;
	screen_cell(s, in, y, x, 7, true, STYLE_NORMAL, chart_number(s, total - wait));
	screen_cell(s, in, y, x + 8, 7, true, STYLE_NORMAL, chart_number(s, total));
	screen_cell(s, in, y, x + 16, 6, true, failed ? STYLE_BAD : STYLE_DIM,
		    chart_number(s, failed));
	x += 24;
	if (in.w - x > 4)
		chart_bar(s, in, y, x, in.w - x - 1, STYLE_ACCENT, total - wait, total);
}

static void draw_devices(struct page *p, struct screen *s, struct rect in)
{
	size_t n = json_array_size(p->devices), fits = in.h > 1 ? (size_t)in.h - 1 : 0;

	if (n == 0 || in.h < DEVICE_LINES_LEAST)
		return;
	screen_cell(s, in, 0, 0, 14, false, STYLE_HEADER, "device");
	screen_cell(s, in, 0, 25, 7, true, STYLE_HEADER, "final");
	screen_cell(s, in, 0, 33, 7, true, STYLE_HEADER, "of");
	screen_cell(s, in, 0, 41, 6, true, STYLE_HEADER, "failed");
	if (n > fits)
		fits--;
	for (size_t i = 0; i < n && i < fits; i++)
		draw_device(s, in, (int)i + 1, json_array_get(p->devices, i));
	if (n > fits)
		screen_textf(s, in, in.h - 1, 0, STYLE_DIM, "and %zu more: d", n - fits);
}

/* -- */

static void draw_begun(struct page *p, struct screen *s, struct rect in, int y, bool beside)
{
	y = draw_bar(p, s, in, y);
	y = draw_counts(p, s, in, y);
	y = draw_pace(p, s, in, y);
	y = draw_waits(p, s, in, y);
	if (!beside && in.h - y - 1 >= DEVICE_LINES_LEAST)
		draw_devices(p, s, (struct rect){ in.y + y + 1, in.x, in.h - y - 1, in.w });
}

void campaign_page_draw(struct view *v, struct screen *s, struct rect in)
{
	struct page *p = (struct page *)v;
	bool beside = in.w >= DEVICES_FROM && page_int(p, "total") > 0;
	struct rect all = in, left, right;
	int y;

	screen_fill(s, in, STYLE_NORMAL);
	in.x++;
	in.w -= 2;
	if (p->why[0]) {
		screen_textf(s, in, 0, 0, STYLE_BAD, "! %s", p->why);
		screen_cursor(s, in, 0, 0);
		rect_top(&in, 1);
	}
	if (p->campaign == NULL) {
		if (!p->why[0])
			screen_text(s, in, 0, 0, STYLE_DIM, "asking wad ...");
		screen_cursor(s, all, 0, 0);
		return;
	}
	y = draw_facts(p, s, in);
	left = in;
	if (beside) {
		left.w = LEFT_WIDE + (in.w - DEVICES_FROM) / 2;
		right = (struct rect){ in.y + y, in.x + left.w + 2, in.h - y, in.w - left.w - 2 };
		draw_devices(p, s, right);
	}
	if (page_int(p, "total") > 0) {
		draw_begun(p, s, left, y, beside);
		return;
	}
	if (page_is(p, "draft scheduled paused"))
		campaign_plan_draw(v, s, (struct rect){ in.y + y, in.x, in.h - y, in.w },
				   p->preview, NULL);
}
