/* Devices: how they are; adding, linking, settings, pausing, trying out, leaving. */
#include <stdio.h>
#include <string.h>

#include "tui/checked.h"
#include "tui/detail.h"
#include "tui/table.h"
#include "tui/view_pairing.h"
#include "tui/views.h"

/* clang-format off */
static const struct table_column columns[] = {
	{ "name",   "name",         CELL_TEXT,   12, true },
	{ "state",  "state",        CELL_STATE,  13 },
	{ "number", "phone",        CELL_TEXT,   13 },
	{ "health", "health",       CELL_NUMBER, 6, .joined = true },
	{ "queue",  "queued",       CELL_NUMBER, 7 },
	{ "today",  "sent_today",   CELL_NUMBER, 7, .joined = true, .from = 100 },
	{ "next",   "next_send_at", CELL_AGO,    9, .joined = true },
	{ "waits for", "why",       CELL_TEXT,   12, .joined = true },
	{ "linked", "linked_at",    CELL_AGO,    11, .from = 100 },
	{ "reason", "reason",       CELL_TEXT,   16, true, .from = 120 },
	{ NULL },
};

#define SETTINGS \
	{ "delay_min_ms", "shortest gap, ms" }, { "delay_max_ms", "longest gap, ms" }, \
	{ "per_minute_max", "most a minute" }, { "per_hour_max", "most an hour" }, { "per_day_max", "most a day" }, \
	{ "warm_up", "warm up" }, { "quiet_hours", "quiet hours" }, { "store_chats", "keep chats" }, \
	{ "keep_days", "keep chats, days" }, { "proxy", "proxy" },
static const struct form_field new_fields[] = {
	{ "name" },
	SETTINGS
	{ NULL },
};
static const struct form_field edit_fields[] = {
	SETTINGS
	{ NULL },
};
static const struct form_field send_fields[] = {
	{ "to", "to, number" }, { "text" }, { "image", "picture, file" }, { "caption" },
	{ NULL },
};
static const struct form_field check_fields[] = {
	{ "phones", "numbers" }, { "again", "ask again" },
	{ NULL },
};
/* clang-format on */

/* -- adding and linking -- */

static void on_made(struct view *v, const json_t *result)
{
	pairing_open(v->app, json_string_value(json_object_get(result, "id")),
		     json_string_value(json_object_get(result, "name")));
}

static void pair(struct view *v, const struct table_row *row)
{
	const char *state = row_cell(row, "state");

	if (strcmp(state, "online") == 0 || strcmp(state, "connecting") == 0)
		view_toast(v, TOAST_INFO, "%s is linked; log it out to link another phone",
			   row_label(row));
	else
		pairing_open(v->app, row_id(row), row_label(row));
}

/* -- trying out -- */

static void on_sent(struct view *v, const json_t *result)
{
	view_toast(v, TOAST_GOOD, "message %s is queued",
		   json_string_value(json_object_get(result, "id")));
}

static void send_test(struct view *v, const struct table_row *row)
{
	json_t *fixed = json_pack("{s:s}", "device", row_id(row));
	char title[120];

	snprintf(title, sizeof title, "Send from %s", row_label(row));
	form_open(v->app, &(struct form_opts){ .title = title,
					       .method = "message.send",
					       .button = "Send",
					       .fields = send_fields,
					       .fixed = fixed,
					       .owner = v,
					       .done = on_sent });
	json_decref(fixed);
}

static void check(struct view *v, const struct table_row *row)
{
	(void)row;
	form_open(v->app, &(struct form_opts){ .title = "Are numbers on WhatsApp?",
					       .method = "lead.check",
					       .button = "Ask",
					       .fields = check_fields,
					       .owner = v,
					       .done = checked_tell });
}

static void open_device(struct view *v, const struct table_row *row)
{
	struct view *detail = detail_open(v->app, row_label(row), "device.show",
					  json_pack("{s:s}", "device", row_id(row)));

	detail_also(detail, "at work", "queue.workers", json_pack("{s:s}", "device", row_id(row)));
}

/* -- what does not fit -- */

static const char *unfit_pause(const struct table_row *row)
{
	if (*row_cell(row, "phone") == '\0')
		return "not linked";
	return strcmp(row_cell(row, "state"), "paused") == 0 ? "paused already" : NULL;
}

static const char *unfit_resume(const struct table_row *row)
{
	return strcmp(row_cell(row, "state"), "paused") == 0 ? NULL : "not paused";
}

static const char *unfit_logout(const struct table_row *row)
{
	return *row_cell(row, "phone") ? NULL : "not linked";
}

/* clang-format off */
static const struct table_act acts[] = {
	{ ACT_DEVICE_ADD,    "device.create", .create = new_fields, .title = "New device, to be linked", .made = on_made },
	{ ACT_DEVICE_PAIR,   "device.pair",   .run = pair },
	{ ACT_DEVICE_EDIT,   "device.update", "device", .edit = edit_fields, .title = "Settings of a device" },
	{ ACT_DEVICE_PAUSE,  "device.pause",  "device", .unfit = unfit_pause },
	{ ACT_DEVICE_RESUME, "device.resume", "device", .unfit = unfit_resume },
	{ ACT_DEVICE_LOGOUT, "device.logout", "device", "Unlink %s from its phone? What waits for it stays queued.",
	  .unfit = unfit_logout },
	{ ACT_DEVICE_DELETE, "device.delete", "device", "Delete %s with its keys, its chats and its queue?", .typed = true },
	{ ACT_DEVICE_SEND,   "message.send",  .run = send_test },
	{ ACT_DEVICE_CHECK,  "lead.check",    .run = check, .without_row = true },
	{ ACT_NONE },
};

static const struct table_spec spec = {
	.name = "devices", .title = "Devices", .noun = "device", .scope = SCOPE_DEVICES,
	.method = "device.list", .id = "id", .label = "name", .page = 5000, .columns = columns, .acts = acts,
	.open = open_device, .show_method = "device.show", .show_param = "device",
	.join_method = "queue.workers", .join_id = "device",
	.topics = "device.*", .event_id = "device", .empty = "no devices yet: a adds one",
};
/* clang-format on */

struct view *view_devices_new(struct app *app)
{
	return table_new(app, &spec, NULL, NULL);
}
