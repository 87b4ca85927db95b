/* Rules that answer by themselves, and what they have answered. */
#include <stdio.h>
#include <string.h>

#include "tui/table.h"
#include "tui/views.h"

/* clang-format off */
static const struct table_column columns[] = {
	{ "on",      "enabled", CELL_STATE,  5 },
	{ "match",   "match",   CELL_TEXT,   7 },
	{ "pattern", "pattern", CELL_TEXT,   12, true },
	{ "answer",  "text",    CELL_TEXT,   16, true },
	{ "today",   "today",   CELL_NUMBER, 5 },
	{ "most",    "daily_max", CELL_NUMBER, 5 },
	{ "hours",   "hours",   CELL_TEXT,   11, .from = 90 },
	{ "days",    "days",    CELL_TEXT,   11, .from = 100 },
	{ "device",  "device",  CELL_DEVICE, 12, .from = 110 },
	{ NULL },
};
static const struct table_column log_columns[] = {
	{ "when",   "at",     CELL_TIME,   13 },
	{ "to",     "to",     CELL_TEXT,   15 },
	{ "device", "device", CELL_DEVICE, 12 },
	{ "kind",   "kind",   CELL_TEXT,   6 },
	{ "rule",   "rule",   CELL_TEXT,   5 },
	{ "answer", "text",   CELL_TEXT,   16, true },
	{ NULL },
};
#define SETTINGS { "hours" }, { "days" }, { "cooldown_s", "cool-down, seconds" }, { "daily_max", "most a day" },
static const struct form_field new_fields[] = { { "text", "answer" }, { "match" }, { "pattern" }, SETTINGS { "device" }, { NULL } };
static const struct form_field edit_fields[] = { { "enabled" }, { "text", "answer" }, SETTINGS { NULL } };
/* clang-format on */

static void tell_answer(struct view *v, const struct table_row *row)
{
	view_tell(v, row_cell(row, "text"), row_cell(row, "text"));
}

/* clang-format off */
static const struct table_spec log_spec = {
	.name = "answers", .title = "Answers", .noun = "answer", .scope = SCOPE_ANSWERS,
	.method = "reply.log", .id = "id", .label = "to", .page = 500, .columns = log_columns, .open = tell_answer,
	.topics = "reply.sent", .empty = "nothing was answered yet",
};
/* clang-format on */

static void open_log(struct view *v, const struct table_row *row)
{
	struct view *list = table_new(v->app, &log_spec, NULL, NULL);

	(void)row;
	view_push(v->app, list);
}

static void toggle(struct view *v, const struct table_row *row)
{
	bool on = strcmp(row_cell(row, "enabled"), "yes") == 0;

	table_each(v, "reply.update", "rule", json_pack("{s:b}", "enabled", !on));
}

/* clang-format off */
static const struct table_act acts[] = {
	{ ACT_REPLY_ADD,    "reply.create", .create = new_fields, .title = "New rule" },
	{ ACT_REPLY_EDIT,   "reply.update", "rule", .edit = edit_fields, .title = "Rule" },
	{ ACT_REPLY_TOGGLE, "reply.update", .run = toggle },
	{ ACT_REPLY_LOG,    "reply.log",    .run = open_log, .without_row = true },
	{ ACT_REPLY_DELETE, "reply.delete", "rule", "Delete rule %s? What it answered stays in the log." },
	{ ACT_NONE },
};
static const struct table_spec spec = {
	.name = "replies", .title = "Replies", .noun = "rule", .scope = SCOPE_REPLIES,
	.method = "reply.list", .id = "id", .label = "id", .page = 500, .columns = columns, .acts = acts,
	.show_method = "reply.show", .show_param = "rule", .topics = "reply.rule_created reply.rule_updated reply.rule_deleted", .empty = "no rules yet: a adds one",
};
/* clang-format on */

struct view *view_replies_new(struct app *app)
{
	return table_new(app, &spec, NULL, NULL);
}
