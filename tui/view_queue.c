/* The queue: how much is in which state, what each device sends, what it waits for. */
#include <stdio.h>
#include <string.h>

#include "tui/app.h"
#include "tui/chart.h"
#include "tui/detail.h"
#include "tui/table.h"

/* clang-format off */
static const struct table_column columns[] = {
	{ "device",    "name",          CELL_TEXT,   10, true },
	{ "state",     "state",         CELL_STATE,  13 },
	{ "queued",    "queued",        CELL_NUMBER, 7 },
	{ "flying",    "in_flight",     CELL_NUMBER, 6,  .from = 76 },
	{ "today",     "sent_today",    CELL_NUMBER, 7,  .from = 70 },
	{ "failed",    "failed",        CELL_NUMBER, 6,  .from = 70 },
	{ "health",    "health",        CELL_NUMBER, 6,  .from = 90 },
	{ "next",      "next_send_at",  CELL_AGO,    9 },
	{ "waits for", "why",           CELL_TEXT,   11 },
	{ "active",    "last_activity", CELL_AGO,    11, .from = 110 },
	{ "campaign",  "campaign",      CELL_TEXT,   9,  .from = 125 },
	{ "sequence",  "sequence",      CELL_TEXT,   9,  .from = 125 },
	{ NULL },
};
static const struct form_field pause_fields[] = { { "reason", "why" }, { NULL } };
static const struct form_field pause_all_fields[] = { { "reason", "why" }, { "all", "of all users" }, { NULL } };
static const struct form_field retry_fields[] = {
	{ "class", "what failed so", "failed retry cold_contact device_gone expired" },
	{ "device", "only of device" }, { "campaign", "only of campaign" },
	{ NULL },
};
/* clang-format on */

/* who may end a pause of everybody */
static bool is_admin(const struct view *v)
{
	return view_may(v, "daemon.status");
}

/* a count with its name behind the one before; returns where the next goes */
static int draw_count(struct screen *s, struct rect in, int y, int x, enum style st,
		      const char *name, int64_t n)
{
	x += screen_textf(s, in, y, x, n ? st : STYLE_DIM, "%s", chart_number(s, n));
	return x + screen_textf(s, in, y, x, STYLE_DIM, " %s   ", name);
}

/* the same for what is seldom: nothing when there is none */
static int draw_if(struct screen *s, struct rect in, int y, int x, enum style st, const char *name,
		   int64_t n)
{
	return n ? draw_count(s, in, y, x, st, name, n) : x;
}

static int draw_header(struct view *v, struct screen *s, struct rect in)
{
	const struct fleet *f = &v->app->fleet;
	const struct fleet_queue *q = &f->queue;
	int x, rows = 3;

	if (f->queued < 0)
		return 0;
	x = draw_count(s, in, 0, 2, STYLE_HEADER, "wait", q->pending);
	x = draw_count(s, in, 0, x, STYLE_HEADER, "in the devices' windows", q->claimed);
	x = draw_count(s, in, 0, x, STYLE_ACCENT, "leaving", q->sending);
	draw_if(s, in, 0, x, STYLE_WARN, "held by campaigns", q->held);
	x = draw_count(s, in, 1, 2, STYLE_OK, "sent only", q->sent);
	x = draw_count(s, in, 1, x, STYLE_OK, "delivered", q->delivered);
	x = draw_count(s, in, 1, x, STYLE_OK, "read", q->read);
	x = draw_count(s, in, 1, x, STYLE_BAD, "failed", q->failed);
	x = draw_if(s, in, 1, x, STYLE_WARN, "expired", q->expired);
	x = draw_if(s, in, 1, x, STYLE_NORMAL, "cancelled", q->cancelled);
	draw_if(s, in, 1, x, STYLE_NORMAL, "skipped", q->skipped);
	x = draw_count(s, in, 2, 2, STYLE_HEADER, "sent in the last minute", q->last_minute);
	x = draw_count(s, in, 2, x, STYLE_HEADER, "in the last hour", q->last_hour);
	if (q->pending)
		screen_textf(s, in, 2, x, STYLE_DIM, "the oldest waits %lld %s",
			     (long long)(q->oldest_s < 120 ? q->oldest_s : q->oldest_s / 60),
			     q->oldest_s < 120 ? "s" : "min");
	if (f->queue_paused)
		screen_textf(s, in, rows++, 2, STYLE_BAD, "! all sending is paused%s%s; P goes on",
			     q->reason[0] ? ": " : "", q->reason);
	screen_line(s, in, rows++, STYLE_BORDER);
	return rows;
}

/* -- acts -- */

static void on_paused(struct view *v, const json_t *result)
{
	(void)result;
	view_toast(v, TOAST_GOOD, "no device sends until P");
	fleet_refresh(&v->app->fleet);
}

static void pause_all(struct view *v, const struct table_row *row)
{
	(void)row;
	form_open(v->app,
		  &(struct form_opts){ .title = "Let no device send anything?",
				       .method = "queue.pause",
				       .button = "Pause",
				       .fields = is_admin(v) ? pause_all_fields : pause_fields,
				       .owner = v,
				       .done = on_paused });
}

static void on_resumed(struct view *v, const json_t *result, const struct err *e,
		       const json_t *data);

static void resume_everybody(struct view *v, void *ctx)
{
	(void)ctx;
	view_call(v, "queue.resume", json_pack("{s:b}", "all", 1), on_resumed);
}

static void on_resumed(struct view *v, const json_t *result, const struct err *e,
		       const json_t *data)
{
	fleet_refresh(&v->app->fleet);
	if (e)
		view_toast_err(v, "queue.resume", e, data);
	else if (!json_is_true(json_object_get(result, "queue_paused")))
		view_toast(v, TOAST_GOOD, "the devices send again");
	else if (is_admin(v))
		view_confirm(v, "It is all users' sending that is paused. Let all send again?",
			     NULL, resume_everybody, NULL);
	else
		view_toast(v, TOAST_BAD, "an admin has paused all sending; only admins end that");
}

static void resume_all(struct view *v, const struct table_row *row)
{
	(void)row;
	view_call(v, "queue.resume", NULL, on_resumed);
}

static void on_retried(struct view *v, const json_t *result)
{
	view_toast(v, TOAST_GOOD, "%lld messages wait again",
		   (long long)json_integer_value(json_object_get(result, "retried")));
	fleet_refresh(&v->app->fleet);
	table_refresh(v);
}

static void retry(struct view *v, const struct table_row *row)
{
	json_t *preset = row ? json_pack("{s:s}", "device", row_label(row)) : json_object();

	form_open(v->app, &(struct form_opts){ .title = "Send what failed after all",
					       .method = "queue.retry",
					       .button = "Send again",
					       .fields = retry_fields,
					       .preset = preset,
					       .owner = v,
					       .done = on_retried });
	json_decref(preset);
}

static void open_worker(struct view *v, const struct table_row *row)
{
	struct view *detail = detail_open(v->app, row_label(row), "queue.workers",
					  json_pack("{s:s}", "device", row_id(row)));

	detail_also(detail, "its queue", "queue.stats", json_pack("{s:s}", "device", row_id(row)));
}

/* clang-format off */
static const struct table_act acts[] = {
	{ ACT_QUEUE_PAUSE,  "queue.pause",  .run = pause_all,  .without_row = true },
	{ ACT_QUEUE_RESUME, "queue.resume", .run = resume_all, .without_row = true },
	{ ACT_QUEUE_RETRY,  "queue.retry",  .run = retry,      .without_row = true },
	{ ACT_NONE },
};
static const struct table_spec spec = {
	.name = "queue", .title = "Queue", .noun = "device", .scope = SCOPE_QUEUE,
	.method = "queue.workers", .id = "device", .label = "name", .columns = columns, .acts = acts,
	.open = open_worker, .again_s = 3, .topics = "queue.* device.online device.offline device.paused device.resumed",
	.empty = "no devices yet: nothing can be sent",
};
/* clang-format on */

struct view *view_queue_new(struct app *app)
{
	struct view *v = table_new(app, &spec, NULL, NULL);

	table_header(v, draw_header);
	return v;
}
