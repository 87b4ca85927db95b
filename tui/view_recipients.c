/* Reports of a campaign: everybody it is for, and its devices. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/xalloc.h"

#include "tui/detail.h"
#include "tui/menu.h"
#include "tui/table.h"
#include "tui/view_campaign.h"

/* what a list is of: for another list from here */
struct of_campaign {
	char id[24], title[120];
};

/* clang-format off */
static const struct table_column recipient_columns[] = {
	{ "state",  "state",        CELL_STATE,  11 },
	{ "number", "phone",        CELL_TEXT,   14 },
	{ "name",   "name",         CELL_TEXT,   14 },
	{ "device", "device",       CELL_DEVICE, 10, .from = 92 },
	{ "why",    "reason|error", CELL_TEXT,   20, true },
	{ "class",  "class",        CELL_TEXT,   12, .from = 110 },
	{ "tries",  "attempt",      CELL_NUMBER, 5, .from = 96 },
	{ "part",   "part",         CELL_NUMBER, 4, .from = 120 },
	{ "sent",   "sent_at",      CELL_TIME,   12, .from = 130 },
	{ "delivered", "delivered_at", CELL_TIME, 12, .from = 150 },
	{ "read",   "read_at",      CELL_TIME,   12, .from = 170 },
	{ NULL },
};
static const struct table_column device_columns[] = {
	{ "device",  "name|id",   CELL_TEXT,   10, true },
	{ "online",  "online",    CELL_BOOL,   6 },
	{ "total",   "total",     CELL_NUMBER, 7 },
	{ "waiting", "pending",   CELL_NUMBER, 7 },
	{ "sent",    "success",   CELL_NUMBER, 7 },
	{ "deliv.",  "delivered", CELL_NUMBER, 7 },
	{ "read",    "read",      CELL_NUMBER, 7 },
	{ "failed",  "failed",    CELL_NUMBER, 6 },
	{ "expired", "expired",   CELL_NUMBER, 7, .from = 90 },
	{ "cancelled", "cancelled", CELL_NUMBER, 9, .from = 100 },
	{ "skipped", "skipped",   CELL_NUMBER, 7, .from = 110 },
	{ "last sent", "last_sent_at", CELL_AGO, 12, .from = 124 },
	{ NULL },
};
/* clang-format on */

static const char *const states[] = { "",          "waiting", "success", "failed",    "sent",
				      "delivered", "read",    "expired", "cancelled", "skipped" };

static void on_state(struct view *v, size_t i)
{
	json_t *params = json_copy((json_t *)(uintptr_t)table_params_now(v));
	const struct of_campaign *of = table_user(v);
	char subtitle[160];

	json_object_del(params, "state");
	if (i > 0)
		json_object_set_new(params, "state", json_string(states[i]));
	snprintf(subtitle, sizeof subtitle, "%.40s%s%s", of->title, i ? ", " : "", states[i]);
	table_subtitle(v, subtitle);
	table_params(v, params);
}

static void filter(struct view *v, const struct table_row *row)
{
	(void)row;
	menu_words(v, "Recipients that are", states, ARRAY_LEN(states),
		   json_string_value(json_object_get(table_params_now(v), "state")), on_state);
}

static void open_recipient(struct view *v, const struct table_row *row)
{
	detail_open(v->app, row_label(row), "message.show", json_pack("{s:s}", "id", row_id(row)));
}

static bool is_of_this(const struct view *v, const char *topic, const json_t *data)
{
	const struct of_campaign *of = table_user(v);
	const char *id = json_string_value(json_object_get(data, "campaign"));

	(void)topic;
	return id && strcmp(id, of->id) == 0;
}

/* clang-format off */
static const struct table_act recipient_acts[] = {
	{ ACT_RECIPIENTS_FILTER, .run = filter, .without_row = true },
	{ ACT_NONE },
};
static const struct table_spec recipients = {
	.name = "recipients", .title = "Recipients", .noun = "recipient", .scope = SCOPE_RECIPIENTS,
	.method = "campaign.recipients", .id = "id", .label = "phone", .page = 500,
	.columns = recipient_columns, .acts = recipient_acts, .open = open_recipient,
	.topics = "message.* campaign.state", .concerns = is_of_this, .empty = "nobody: f shows those in another state",
};
/* clang-format on */

static struct of_campaign *of_new(const char *campaign, const char *title)
{
	struct of_campaign *of = xcalloc(1, sizeof *of);

	snprintf(of->id, sizeof of->id, "%s", campaign);
	snprintf(of->title, sizeof of->title, "%s", title);
	return of;
}

void recipients_open(struct app *app, const char *campaign, const char *title, const char *state,
		     const char *device)
{
	struct view *v = table_new(app, &recipients, of_new(campaign, title), free);
	json_t *params = json_pack("{s:s}", "campaign", campaign);
	char subtitle[160];

	if (state)
		json_object_set_new(params, "state", json_string(state));
	if (device)
		json_object_set_new(params, "device", json_string(device));
	snprintf(subtitle, sizeof subtitle, "%.40s%s%s", title, state ? ", " : "",
		 state ? state : "");
	table_subtitle(v, subtitle);
	table_preset(v, params);
	view_push(app, v);
}

/* -- by device -- */

static void open_device(struct view *v, const struct table_row *row)
{
	const struct of_campaign *of = table_user(v);
	AUTO_FREE char *title = xasprintf("%.60s on %s", of->title, row_label(row));

	recipients_open(v->app, of->id, title, NULL, row_id(row));
}

/* clang-format off */
static const struct table_spec devices = {
	.name = "campaign devices", .title = "Devices of", .noun = "device", .scope = SCOPE_LIST,
	.method = "campaign.report", .id = "id", .label = "name", .columns = device_columns,
	.open = open_device, .topics = "message.* campaign.state", .concerns = is_of_this,
	.empty = "no device has a message of it yet",
};
/* clang-format on */

void campaign_devices_open(struct app *app, const char *campaign, const char *title)
{
	struct view *v = table_new(app, &devices, of_new(campaign, title), free);

	table_subtitle(v, title);
	table_preset(v, json_pack("{s:s}", "campaign", campaign));
	view_push(app, v);
}
