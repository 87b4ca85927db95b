/* Webhooks: where events go, what came of it, and what to do about that. */
#include <stdio.h>
#include <string.h>

#include "shared/base/xalloc.h"

#include "tui/table.h"
#include "tui/views.h"

/* clang-format off */
static const struct table_column columns[] = {
	{ "url",     "url",           CELL_TEXT,   20, true },
	{ "on",      "enabled",       CELL_STATE,  5 },
	{ "waiting", "waiting",       CELL_NUMBER, 7 },
	{ "failed",  "failed",        CELL_NUMBER, 7 },
	{ "failing since", "failing_since", CELL_AGO, 13 },
	{ "topics",  "topics",        CELL_TEXT,   20, true, .from = 100 },
	{ "reason",  "reason",        CELL_TEXT,   24, true, .from = 140 },
	{ NULL },
};
static const struct table_column delivery_columns[] = {
	{ "made",    "created_at", CELL_TIME,   9 },
	{ "topic",   "topic",      CELL_TEXT,   16 },
	{ "event",   "event",      CELL_TEXT,   8 },
	{ "state",   "state",      CELL_STATE,  11 },
	{ "tries",   "attempt",    CELL_NUMBER, 5 },
	{ "answer",  "status",     CELL_NUMBER, 6 },
	{ "ms",      "took_ms",    CELL_NUMBER, 6,  .from = 90 },
	{ "next",    "next_at",    CELL_AGO,    9,  .from = 100 },
	{ "error",   "error",      CELL_TEXT,   14, true },
	{ NULL },
};
static const struct form_field new_fields[] = {
	{ "url" }, { "topics" }, { "ordered" }, { "secret", "own secret" },
	{ NULL },
};
static const struct form_field edit_fields[] = {
	{ "url" }, { "topics" }, { "ordered" }, { "enabled" },
	{ NULL },
};
/* clang-format on */

static void tell_secret(struct view *v, const json_t *result)
{
	const char *secret = json_string_value(json_object_get(result, "secret"));
	char text[600];

	if (secret == NULL)
		return;
	snprintf(text, sizeof text,
		 "The key of this webhook's signatures. It is not shown again:\n\n%s", secret);
	view_tell(v, text, secret);
}

static void on_rotated(struct view *v, const json_t *result, const struct err *e,
		       const json_t *data)
{
	if (e)
		view_toast_err(v, "webhook.rotate", e, data);
	else
		tell_secret(v, result);
}

static void rotate_agreed(struct view *v, void *ctx)
{
	view_call(v, "webhook.rotate", json_pack("{s:s}", "webhook", (const char *)ctx),
		  on_rotated);
}

static void rotate(struct view *v, const struct table_row *row)
{
	char question[400];

	snprintf(question, sizeof question,
		 "Make a new key for %s? For a day the old one signs too.", row_label(row));
	view_confirm(v, question, NULL, rotate_agreed, xstrdup(row_id(row)));
}

static void on_tested(struct view *v, const json_t *result, const struct err *e, const json_t *data)
{
	const char *error = json_string_value(json_object_get(result, "error"));

	if (e)
		view_toast_err(v, "webhook.test", e, data);
	else if (json_is_true(json_object_get(result, "good")))
		view_toast(v, TOAST_GOOD, "the receiver took it: %lld, after %lld ms",
			   (long long)json_integer_value(json_object_get(result, "status")),
			   (long long)json_integer_value(json_object_get(result, "took_ms")));
	else
		view_toast(v, TOAST_BAD, "the receiver did not take it: %s", error ? error : "");
}

static void test(struct view *v, const struct table_row *row)
{
	view_call(v, "webhook.test", json_pack("{s:s}", "webhook", row_id(row)), on_tested);
}

/* -- what was sent -- */

static void on_replayed(struct view *v, const json_t *result, const struct err *e,
			const json_t *data)
{
	if (e)
		view_toast_err(v, "webhook.replay", e, data);
	else
		view_toast(v, TOAST_GOOD, "%lld deliveries go again",
			   (long long)json_integer_value(json_object_get(result, "replayed")));
}

static void replay_one(struct view *v, const struct table_row *row)
{
	view_call(v, "webhook.replay",
		  json_pack("{s:O, s:s}", "webhook",
			    json_object_get(table_params_now(v), "webhook"), "event",
			    row_cell(row, "event")),
		  on_replayed);
}

static void replay_failed(struct view *v, const struct table_row *row)
{
	view_call(v, "webhook.replay", json_pack("{s:s}", "webhook", row_id(row)), on_replayed);
}

static void tell_delivery(struct view *v, const struct table_row *row)
{
	char text[700];

	snprintf(text, sizeof text, "Delivery %s of event %s, %s\n%s after %s tries\n%s %s",
		 row_id(row), row_cell(row, "event"), row_cell(row, "topic"),
		 row_cell(row, "state"), row_cell(row, "attempt"), row_cell(row, "status"),
		 row_cell(row, "error"));
	view_tell(v, text, NULL);
}

/* clang-format off */
static const struct table_act delivery_acts[] = {
	{ ACT_WEBHOOK_REPLAY, "webhook.replay", .run = replay_one },
	{ ACT_NONE },
};
static const struct table_spec delivery_spec = {
	.name = "deliveries", .title = "Deliveries", .noun = "delivery", .scope = SCOPE_DELIVERIES,
	.method = "webhook.deliveries", .id = "id", .label = "topic", .page = 500, .columns = delivery_columns,
	.topics = "webhook.*", .again_s = 5, .acts = delivery_acts, .open = tell_delivery, .newest_first = true, .empty = "nothing was sent yet",
};
/* clang-format on */

static void open_deliveries(struct view *v, const struct table_row *row)
{
	struct view *list = table_new(v->app, &delivery_spec, NULL, NULL);

	table_subtitle(list, row_label(row));
	table_preset(list, json_pack("{s:s}", "webhook", row_id(row)));
	view_push(v->app, list);
}

/* clang-format off */
static const struct table_act acts[] = {
	{ ACT_WEBHOOK_ADD,    "webhook.create", .create = new_fields, .title = "New webhook", .made = tell_secret },
	{ ACT_WEBHOOK_EDIT,   "webhook.update", "webhook", .edit = edit_fields, .title = "Webhook" },
	{ ACT_WEBHOOK_TEST,   "webhook.test",   .run = test },
	{ ACT_WEBHOOK_ROTATE, "webhook.rotate", .run = rotate },
	{ ACT_WEBHOOK_RETRY,  "webhook.replay", .run = replay_failed },
	{ ACT_WEBHOOK_DELETE, "webhook.delete", "webhook", "Delete %s, what waits for it and its log?" },
	{ ACT_NONE },
};
static const struct table_spec spec = {
	.name = "webhooks", .title = "Webhooks", .noun = "webhook", .scope = SCOPE_WEBHOOKS,
	.method = "webhook.list", .id = "id", .label = "url", .page = 500, .columns = columns, .acts = acts,
	.open = open_deliveries, .show_method = "webhook.show", .show_param = "webhook",
	.topics = "webhook.*", .event_id = "webhook", .empty = "no webhooks yet: a adds one",
};
/* clang-format on */

/* why the chosen one is off, whole: in a column it would be cut */
static int draw_reason(struct view *v, struct screen *s, struct rect in)
{
	const struct table_row *row = table_here(v);

	if (row == NULL || *row_cell(row, "reason") == '\0')
		return 0;
	screen_textf(s, in, 0, 2, STYLE_BAD, "! switched off: %s; e switches it on",
		     row_cell(row, "reason"));
	return 1;
}

struct view *view_webhooks_new(struct app *app)
{
	struct view *v = table_new(app, &spec, NULL, NULL);

	table_header(v, draw_reason);
	return v;
}
