/* The daemon's settings, where each comes from; reading them again; logging more for a while. */
#include <stdio.h>
#include <string.h>

#include "tui/table.h"
#include "tui/views.h"

/* clang-format off */
static const struct table_column columns[] = {
	{ "setting", "name",    CELL_TEXT, 26 },
	{ "value",   "value",   CELL_TEXT, 14, true },
	{ "from",    "origin",  CELL_TEXT, 19 },
	{ "live",    "live",    CELL_BOOL, 4 },
	{ "next start", "pending", CELL_TEXT, 10, .from = 90 },
	{ "what it is", "doc",  CELL_TEXT, 20, true, .from = 120 },
	{ NULL },
};
static const struct form_field level_fields[] = {
	{ "level" }, { "for_s", "for, seconds" },
	{ NULL },
};
/* clang-format on */

static void tell_setting(struct view *v, const struct table_row *row)
{
	char text[1200];

	snprintf(text, sizeof text, "%s = %s\n\n%s\n\nFrom: %s. %s", row_cell(row, "name"),
		 row_cell(row, "value"), row_cell(row, "doc"), row_cell(row, "origin"),
		 strcmp(row_cell(row, "live"), "yes") == 0 ? "A reload is enough to change it."
							   : "Changing it needs a restart.");
	view_tell(v, text, row_cell(row, "name"));
}

static size_t names(char *out, size_t out_bytes, const json_t *list)
{
	const json_t *name;
	size_t i;

	out[0] = '\0';
	json_array_foreach(list, i, name)
		if (strlen(out) + 2 < out_bytes)
			snprintf(out + strlen(out), out_bytes - strlen(out), "%s%s", i ? ", " : "",
				 json_string_value(name));
	return json_array_size(list);
}

static void on_reloaded(struct view *v, const json_t *result, const struct err *e,
			const json_t *data)
{
	char changed[150], restart[150];

	if (e) {
		view_toast_err(v, "daemon.reload", e, data);
		return;
	}
	names(changed, sizeof changed, json_object_get(result, "changed"));
	names(restart, sizeof restart, json_object_get(result, "restart"));
	view_toast(v, TOAST_GOOD, "read again; in force now: %s; need a restart: %s",
		   *changed ? changed : "nothing new", *restart ? restart : "none");
	table_refresh(v);
}

static void reload(struct view *v, const struct table_row *row)
{
	(void)row;
	view_call(v, "daemon.reload", NULL, on_reloaded);
}

/* clang-format off */
static const struct table_act acts[] = {
	{ ACT_CONFIG_RELOAD, "daemon.reload",    .run = reload, .without_row = true },
	{ ACT_CONFIG_LEVEL,  "daemon.log_level", .create = level_fields, .title = "Log more or less for a while" },
	{ ACT_NONE },
};
static const struct table_spec spec = {
	.name = "settings", .title = "Settings", .noun = "setting", .scope = SCOPE_CONFIG,
	.method = "config.list", .id = "name", .label = "name", .columns = columns, .acts = acts, .open = tell_setting,
};
/* clang-format on */

struct view *view_settings_new(struct app *app)
{
	return table_new(app, &spec, NULL, NULL);
}
