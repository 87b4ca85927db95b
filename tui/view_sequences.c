/* Sequences: messages over days. */
#include "tui/view_sequences.h"

#include <stdlib.h>
#include <string.h>

#include "tui/views.h"

/* clang-format off */
static const struct table_column columns[] = {
	{ "name",     "name",              CELL_TEXT,   11, true },
	{ "state",    "state",             CELL_STATE,  8 },
	{ "days",     "days",              CELL_NUMBER, 4 },
	{ "contacts", "contacts",          CELL_NUMBER, 8 },
	{ "active",   "by_state.active",   CELL_NUMBER, 7 },
	{ "done",     "by_state.completed", CELL_NUMBER, 7 },
	{ "sent 90d", "messages_sent",     CELL_NUMBER, 8, .joined = true, .from = 80 },
	{ "failed",   "messages_failed",   CELL_NUMBER, 6, .joined = true, .from = 80 },
	{ "good %",   "success_rate",      CELL_TEXT,   6, .joined = true, .from = 80 },
	{ "labels",   "niche",             CELL_TEXT,   12, true, .from = 100 },
	{ "why not",  "reason",            CELL_TEXT,   16, true, .from = 120 },
	{ NULL },
};
#define SETTINGS \
	{ "niche", "enrol labels" }, { "status", "only status" }, { "on_reply", "a reply does" }, \
	{ "zone", "time zone" }, { "description" }, { "lead_day_max", "most a lead, a day" }, \
	{ "grace_s", "may be late (s)" }, { "expire_s", "waits at most (s)" },
static const struct form_field new_fields[] = {
	{ "name" }, { "steps", "days" }, { "send_time", "at" }, { "at_once", "first at once" },
	SETTINGS
	{ "delay_min_ms", "shortest gap (ms)" }, { "delay_max_ms", "longest gap (ms)" },
	{ NULL },
};
const struct form_field sequence_settings[] = {
	{ "name" }, { "steps", "days" }, { "at_once", "first at once" },
	SETTINGS
	{ NULL },
};
/* clang-format on */

static void open_page(struct view *v, const struct table_row *row)
{
	sequence_open(v->app, row_id(row), row_label(row));
}

static void open_contacts(struct view *v, const struct table_row *row)
{
	sequence_contacts(v, row_id(row), row_label(row), strtoll(row_cell(row, "days"), NULL, 10));
}

static void open_log(struct view *v, const struct table_row *row)
{
	sequence_log(v, row_id(row), row_label(row), NULL);
}

static void enrol(struct view *v, const struct table_row *row)
{
	sequence_enrol(v, row_id(row));
}

static void take_labels(struct view *v, const char *labels)
{
	const struct table_row *row = table_here(v);

	if (row)
		sequence_enrol_labels(v, row_id(row), labels);
}

static void enrol_labels(struct view *v, const struct table_row *row)
{
	view_ask(v, "Enrol all leads that have any of these labels (A,B):", row_cell(row, "niche"),
		 take_labels);
}

static const char *unfit_start(const struct table_row *row)
{
	return strcmp(row_cell(row, "state"), "draft") == 0 ? NULL : "started already";
}

static const char *unfit_pause(const struct table_row *row)
{
	return strcmp(row_cell(row, "state"), "active") == 0 ? NULL : "not active";
}

static const char *unfit_resume(const struct table_row *row)
{
	return strcmp(row_cell(row, "state"), "paused") == 0 ? NULL : "not paused";
}

static json_t *of_90_days(void)
{
	return json_pack("{s:s, s:i}", "days", "90", "limit", 1000);
}

/* clang-format off */
static const struct table_act acts[] = {
	{ ACT_SEQUENCE_ADD,      "sequence.create",   .create = new_fields, .title = "New sequence" },
	{ ACT_SEQUENCE_EDIT,     "sequence.update",   "sequence", .edit = sequence_settings, .title = "Sequence" },
	{ ACT_SEQUENCE_START,    "sequence.start",    "sequence", "Start %s: enrol and send?", .unfit = unfit_start },
	{ ACT_SEQUENCE_PAUSE,    "sequence.pause",    "sequence", .unfit = unfit_pause },
	{ ACT_SEQUENCE_RESUME,   "sequence.resume",   "sequence", .unfit = unfit_resume },
	{ ACT_SEQUENCE_ENROL,    "sequence.enrol",    .run = enrol },
	{ ACT_SEQUENCE_LABELS,   "sequence.enrol",    .run = enrol_labels },
	{ ACT_SEQUENCE_CONTACTS, "sequence.contacts", .run = open_contacts },
	{ ACT_SEQUENCE_LOG,      "sequence.log",      .run = open_log },
	{ ACT_SEQUENCE_DELETE,   "sequence.delete",   "sequence",
	  "Delete %s with its contacts? What it has not sent is cancelled." },
	{ ACT_NONE },
};
static const struct table_spec spec = {
	.name = "sequences", .title = "Sequences", .noun = "sequence", .scope = SCOPE_SEQUENCES,
	.method = "sequence.list", .id = "id", .label = "name", .page = 500, .columns = columns, .acts = acts,
	.open = open_page, .show_method = "sequence.show", .show_param = "sequence",
	.join_method = "analytics.sequences", .join_id = "sequence", .join_params = of_90_days,
	.topics = "sequence.*", .event_id = "sequence", .empty = "no sequences yet: a makes one",
};
/* clang-format on */

struct view *view_sequences_new(struct app *app)
{
	return table_new(app, &spec, NULL, NULL);
}
