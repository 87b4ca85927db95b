/* Leads: who is written to, with their labels; opt-outs, sequences and checks of many at once. */
#include "tui/view_leads.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "shared/base/xalloc.h"

#include "tui/checked.h"
#include "tui/download.h"
#include "tui/labels.h"
#include "tui/views.h"

/* a cell that long may be cut, see table_rows.c */
enum { PAGE = 1000, WHOLE_BYTES = 230, CHECK_MAX = 1000, ENROL_MAX = 10000 };

/* clang-format off */
static const struct table_column columns[] = {
	{ "phone",     "phone",       CELL_TEXT,   15 },
	{ "name",      "name",        CELL_TEXT,   12, true },
	{ "labels",    "niche",       CELL_TEXT,   8, true },
	{ "status",    "status",      CELL_STATE,  10 },
	{ "opted out", "opted_out",   CELL_MARK,   9 },
	{ "WhatsApp",  "on_whatsapp", CELL_BOOL,   8, .from = 72 },
	{ "device",    "device",      CELL_DEVICE, 12, true, .from = 100 },
	{ "changed",   "updated_at",  CELL_AGO,    11, .from = 120 },
	{ NULL },
};
static const struct table_column label_columns[] = {
	{ "label", "label", CELL_TEXT,   20, true },
	{ "leads", "leads", CELL_NUMBER, 10 },
	{ NULL },
};
#define SETTINGS \
	{ "name" }, { "niche", "labels" }, { "status" }, { "note" }, { "device" }, { "zone", "time zone" }, \
	{ "vars", "variables" }, { "opt_in_source", "agreed where" }, { "opt_in_at", "agreed when" },
static const struct form_field new_fields[] = { { "phone" }, SETTINGS { NULL } };
static const struct form_field edit_fields[] = { { "phone" }, SETTINGS { NULL } };
static const struct form_field only_fields[] = {
	{ "niche", "labels, any of" }, { "status" }, { "device" }, { "opted_out" }, { "sort" },
	{ NULL },
};
static const struct form_field status_fields[] = { { "status" }, { NULL } };
static const struct form_field enrol_fields[] = { { "sequence" }, { NULL } };
/* clang-format on */

static struct leads *leads_of(struct view *v)
{
	return table_user(v);
}

/* the phones of the marked leads, or of the chosen one; NULL: more than `most`, which is told */
static json_t *phones(struct view *v, size_t most)
{
	const struct table_row *row;
	json_t *list;

	if (table_marked(v) > most) {
		view_toast(v, TOAST_INFO, "at most %zu leads at once", most);
		return NULL;
	}
	list = json_array();
	for (size_t pos = 0; table_next(v, &pos, &row);)
		json_array_append_new(list, json_string(row_cell(row, "phone")));
	return list;
}

/* -- labels -- */

static void show_label(struct view *v, const struct table_row *row)
{
	struct view *leads = table_user(v);
	json_t *params = json_pack("{s:s}", "niche", row_id(row));

	view_pop(v);
	table_only(leads, params);
}

/* clang-format off */
static const struct table_spec label_spec = {
	.name = "labels", .title = "Labels of leads", .noun = "label", .scope = SCOPE_LABELS,
	.method = "lead.labels", .id = "label", .label = "label", .columns = label_columns, .open = show_label,
	.topics = "lead.*", .empty = "no lead has a label",
};
/* clang-format on */

static void open_labels(struct view *v, const struct table_row *row)
{
	(void)row;
	view_push(v->app, table_new(v->app, &label_spec, v, NULL));
}

static const char *unfit_labels(const struct table_row *row)
{
	return strlen(row_cell(row, "niche")) > WHOLE_BYTES ? "too many labels: e shows them all"
							    : NULL;
}

static char *changed_labels(struct view *v, const struct table_row *row)
{
	return labels_change(row_cell(row, "niche"), leads_of(v)->label_change);
}

static void take_labels(struct view *v, const char *text)
{
	char question[300];

	if (strspn(text, " ,-") == strlen(text))
		return;
	snprintf(leads_of(v)->label_change, sizeof leads_of(v)->label_change, "%s", text);
	snprintf(question, sizeof question, "Change the labels of %%s: %.200s?", text);
	for (char *at = strchr(question, ':'); at && *at; at++)
		*at = *at == '%' ? '?' : *at;
	table_bulk(v, &(struct table_bulk){ .method = "lead.update",
					    .param = "lead",
					    .question = question,
					    .unfit = unfit_labels,
					    .text_param = "niche",
					    .text = changed_labels });
}

static void label(struct view *v, const struct table_row *row)
{
	char question[200];

	(void)row;
	snprintf(
		question, sizeof question,
		"Labels to add to %zu lead%s, with commas; to take one away put - before it: VIP,-COLD",
		table_marked(v) ? table_marked(v) : 1, table_marked(v) > 1 ? "s" : "");
	view_ask(v, question, NULL, take_labels);
}

/* -- status -- */

static const char *unfit_prospect(const struct table_row *row)
{
	return strcmp(row_cell(row, "status"), "prospect") == 0 ? "prospects already" : NULL;
}

static const char *unfit_customer(const struct table_row *row)
{
	return strcmp(row_cell(row, "status"), "customer") == 0 ? "customers already" : NULL;
}

static void take_status(struct view *v, json_t *params)
{
	const char *status = json_string_value(json_object_get(params, "status"));
	AUTO_FREE char *question = NULL;

	if (status == NULL) {
		json_decref(params);
		return;
	}
	question = xasprintf("Make %%s %s?", status);
	table_bulk(v, &(struct table_bulk){ .method = "lead.update",
					    .param = "lead",
					    .question = question,
					    .unfit = strcmp(status, "customer") ? unfit_prospect
										: unfit_customer,
					    .more = params });
}

static void set_status(struct view *v, const struct table_row *row)
{
	(void)row;
	form_open(v->app, &(struct form_opts){ .title = "Status",
					       .method = "lead.list",
					       .button = "Set",
					       .fields = status_fields,
					       .owner = v,
					       .take = take_status });
}

/* -- opt-outs, sequences, checks -- */

static const char *unfit_out(const struct table_row *row)
{
	return strcmp(row_cell(row, "opted_out"), "yes") == 0 ? "opted out already" : NULL;
}

static const char *unfit_in(const struct table_row *row)
{
	return strcmp(row_cell(row, "opted_out"), "yes") == 0 ? NULL : "not opted out";
}

static void opt_out(struct view *v, const struct table_row *row)
{
	(void)row;
	table_bulk(v,
		   &(struct table_bulk){
			   .method = "optout.add",
			   .param = "phone",
			   .value = "phone",
			   .question = "Put %s on the opt-out list? No campaign, sequence or reply "
				       "goes there then.",
			   .unfit = unfit_out });
}

static void opt_in(struct view *v, const struct table_row *row)
{
	(void)row;
	table_bulk(v,
		   &(struct table_bulk){
			   .method = "optout.remove",
			   .param = "phone",
			   .value = "phone",
			   .question = "Take %s off the opt-out list? Only when they asked for it.",
			   .unfit = unfit_in });
}

static void on_enrolled(struct view *v, const json_t *result)
{
	view_toast(v, TOAST_GOOD, "%lld enrolled; %lld were in it already, %lld want no messages",
		   (long long)json_integer_value(json_object_get(result, "added")),
		   (long long)json_integer_value(json_object_get(result, "already")),
		   (long long)json_integer_value(json_object_get(result, "opted_out")));
}

static void enrol(struct view *v, const struct table_row *row)
{
	json_t *list = phones(v, ENROL_MAX), *fixed;
	char title[80];

	(void)row;
	if (list == NULL)
		return;
	snprintf(title, sizeof title, "Enrol %zu lead%s into a sequence", json_array_size(list),
		 json_array_size(list) == 1 ? "" : "s");
	fixed = json_pack("{s:o}", "phones", list);
	form_open(v->app, &(struct form_opts){ .title = title,
					       .method = "sequence.enrol",
					       .button = "Enrol",
					       .fields = enrol_fields,
					       .fixed = fixed,
					       .owner = v,
					       .done = on_enrolled });
	json_decref(fixed);
}

static void on_checked(struct view *v, const json_t *result, const struct err *e,
		       const json_t *data)
{
	if (e)
		view_toast_err(v, "lead.check", e, data);
	else
		checked_tell(v, result);
}

static void check(struct view *v, const struct table_row *row)
{
	json_t *list = phones(v, CHECK_MAX);

	(void)row;
	if (list)
		view_call(v, "lead.check", json_pack("{s:o}", "phones", list), on_checked);
}

/* -- files -- */

static void import(struct view *v, const struct table_row *row)
{
	(void)row;
	leads_import(v);
}

static void export(struct view *v, const struct table_row *row)
{
	json_t *params = table_asked(v);
	time_t now = (time_t)(clock_unix(view_clock(v)).ms / 1000);
	char name[40];
	struct tm t;

	(void)row;
	json_object_del(params, "sort");
	if (localtime_r(&now, &t) == NULL ||
	    strftime(name, sizeof name, "leads-%Y-%m-%d.csv", &t) == 0)
		snprintf(name, sizeof name, "leads.csv");
	download_open(v, "lead.export", params, name);
}

/* clang-format off */
static const struct table_act acts[] = {
	{ ACT_LEAD_ADD,     "lead.create", .create = new_fields, .title = "New lead" },
	{ ACT_LEAD_EDIT,    "lead.update", "lead", .edit = edit_fields, .title = "Lead" },
	{ ACT_LEAD_ONLY,    NULL, .only = only_fields, .title = "Show leads only" },
	{ ACT_LEAD_LABELS,  "lead.labels", .run = open_labels, .without_row = true },
	{ ACT_LEAD_LABEL,   "lead.update", .run = label },
	{ ACT_LEAD_STATUS,  "lead.update", .run = set_status },
	{ ACT_LEAD_OUT,     "optout.add",  .run = opt_out },
	{ ACT_LEAD_IN,      "optout.remove", .run = opt_in },
	{ ACT_LEAD_ENROL,   "sequence.enrol", .run = enrol },
	{ ACT_LEAD_CHECK,   "lead.check",  .run = check },
	{ ACT_LEAD_IMPORT,  "lead.import", .run = import, .without_row = true },
	{ ACT_LEAD_EXPORT,  "lead.export", .run = export, .without_row = true },
	{ ACT_LEAD_DELETE,  "lead.delete", "lead", "Delete %s? What is queued to them and their opt-out stay." },
	{ ACT_NONE },
};
static const struct table_spec spec = {
	.name = "leads", .title = "Leads", .noun = "lead", .scope = SCOPE_LEADS,
	.method = "lead.list", .id = "id", .label = "phone", .page = PAGE, .columns = columns, .acts = acts,
	.show_method = "lead.show", .show_param = "lead", .topics = "lead.*", .event_id = "id", .search = "text",
	.empty = "no leads yet: i imports a file, a adds one",
};
/* clang-format on */

static void leads_free(void *user)
{
	struct leads *l = user;

	json_decref(l->import);
	free(l);
}

struct view *view_leads_new(struct app *app)
{
	return table_new(app, &spec, xcalloc(1, sizeof(struct leads)), leads_free);
}
