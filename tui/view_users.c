/* Users, for admins: roles, limits, passwords; acting as one of them. */
#include <stdio.h>
#include <string.h>

#include "tui/app.h"
#include "tui/table.h"

/* clang-format off */
static const struct table_column columns[] = {
	{ "name",    "name",             CELL_TEXT,   14, true },
	{ "role",    "role",             CELL_TEXT,   9 },
	{ "active",  "active",           CELL_STATE,  6 },
	{ "devices", "devices",          CELL_NUMBER, 7 },
	{ "most",    "max_devices",      CELL_NUMBER, 6 },
	{ "a day",   "max_messages_day", CELL_NUMBER, 9 },
	{ "zone",    "zone",             CELL_TEXT,   18 },
	{ "login",   "last_login_at",    CELL_AGO,    11, .from = 100 },
	{ "e-mail",  "email",            CELL_TEXT,   14, true, .from = 120 },
	{ NULL },
};
#define LIMITS \
	{ "email", "e-mail" }, { "full_name" }, { "zone" }, { "os_uid", "system user id" }, { "max_devices", "most devices" }, \
	{ "max_messages_day", "most messages a day" }, { "default_country", "country code" },
static const struct form_field new_fields[] = { { "name" }, { "role" }, { "password" }, LIMITS { NULL } };
static const struct form_field edit_fields[] = { { "role" }, { "active" }, LIMITS { NULL } };
static const struct form_field password_fields[] = { { "password", "new password" }, { NULL } };
/* clang-format on */

static void on_password(struct view *v, const json_t *result)
{
	(void)result;
	view_toast(v, TOAST_GOOD, "the password is set, old sessions have ended");
}

static void password(struct view *v, const struct table_row *row)
{
	json_t *fixed = json_pack("{s:s}", "id", row_id(row));
	char title[120];

	snprintf(title, sizeof title, "Password of %s", row_label(row));
	form_open(v->app, &(struct form_opts){ .title = title,
					       .method = "user.passwd",
					       .fields = password_fields,
					       .fixed = fixed,
					       .owner = v,
					       .done = on_password });
	json_decref(fixed);
}

static void act_as(struct view *v, const struct table_row *row)
{
	app_act_as(v->app, row_cell(row, "name"));
	view_toast(v, TOAST_GOOD, "you are %s now; q in the first view goes back",
		   row_cell(row, "name"));
}

/* clang-format off */
static const struct table_act acts[] = {
	{ ACT_USER_ADD,      "user.create", .create = new_fields, .title = "New user" },
	{ ACT_USER_EDIT,     "user.update", "id", .edit = edit_fields, .title = "User" },
	{ ACT_USER_PASSWORD, "user.passwd", .run = password },
	{ ACT_USER_ACT_AS,   "system.act_as", .run = act_as },
	{ ACT_USER_DELETE,   "user.delete", "id", "Delete %s with campaigns, leads and messages? Their devices must be deleted before.",
	  .typed = true },
	{ ACT_NONE },
};
static const struct table_spec spec = {
	.name = "users", .title = "Users", .noun = "user", .scope = SCOPE_USERS,
	.method = "user.list", .id = "id", .label = "name", .page = 1000, .columns = columns, .acts = acts,
	.show_method = "user.show", .show_param = "id", .topics = "user.*", .event_id = "user",
};
/* clang-format on */

struct view *view_users_new(struct app *app)
{
	return table_new(app, &spec, NULL, NULL);
}
