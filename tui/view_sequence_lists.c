/* Who is in a sequence and how far; what became of its messages. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/arena.h"
#include "shared/base/xalloc.h"

#include "tui/timeline.h"
#include "tui/view_sequences.h"

enum { WAY_COLUMNS = 20, PAGE = 1000 };

struct contacts {
	char *id, *name;
	int64_t days;
};

static const char *way(const struct view *v, const struct table_row *row, struct arena *a)
{
	const struct contacts *c = table_user(v);
	const char *state = row_cell(row, "state"), *message = row_cell(row, "message_state");
	int64_t day = strtoll(row_cell(row, "day"), NULL, 10), done = day;
	char text[TIMELINE_COLUMNS_MAX + 1];

	if (strcmp(message, "pending") == 0 || strcmp(message, "sending") == 0)
		done = day - 1;
	if (strcmp(state, "completed") == 0)
		done = c->days;
	timeline_draw(text, done, c->days,
		      strcmp(state, "active") == 0 || strcmp(state, "paused") == 0, WAY_COLUMNS);
	return arena_printf(a, "%s %lld/%lld", text, (long long)day, (long long)c->days);
}

/* clang-format off */
static const struct table_column contact_columns[] = {
	{ "phone",   "phone",         CELL_TEXT,  14 },
	{ "name",    "name",          CELL_TEXT,  8, true, .from = 76 },
	{ "state",   "state",         CELL_STATE, 11 },
	{ "# done, + next, - to come", "day", CELL_DRAWN, 26, .draw = way },
	{ "next",    "next_at",       CELL_AGO,   10, .from = 67 },
	{ "message", "message_state", CELL_STATE, 11, .from = 100 },
	{ "device",  "device",        CELL_DEVICE, 12, true, .from = 110 },
	{ "since",   "enrolled_at",   CELL_AGO,   11, .from = 130 },
	{ NULL },
};
static const struct table_column log_columns[] = {
	{ "when",   "at",     CELL_TIME,   12 },
	{ "phone",  "phone",  CELL_TEXT,   15 },
	{ "day",    "day",    CELL_NUMBER, 4 },
	{ "state",  "state",  CELL_STATE,  11 },
	{ "device", "device", CELL_DEVICE, 10, true },
	{ "why",    "error",  CELL_TEXT,   12, true },
	{ NULL },
};
static const struct form_field contact_only[] = { { "state" }, { "phone" }, { NULL } };
static const struct form_field log_only[] = { { "phone" }, { NULL } };
/* clang-format on */

static void each(struct view *v, const char *method, const char *question,
		 const char *(*unfit)(const struct table_row *row))
{
	const struct contacts *c = table_user(v);

	table_bulk(v, &(struct table_bulk){ .method = method,
					    .param = "phone",
					    .value = "phone",
					    .question = question,
					    .unfit = unfit,
					    .more = json_pack("{s:s}", "sequence", c->id) });
}

static const char *unfit_pause(const struct table_row *row)
{
	return strcmp(row_cell(row, "state"), "active") == 0 ? NULL : "not active";
}

static const char *unfit_resume(const struct table_row *row)
{
	return strcmp(row_cell(row, "state"), "paused") == 0 ? NULL : "not paused";
}

static const char *unfit_remove(const struct table_row *row)
{
	return strcmp(row_cell(row, "state"), "removed") == 0 ? "removed already" : NULL;
}

static void pause_contact(struct view *v, const struct table_row *row)
{
	(void)row;
	each(v, "sequence.pause", NULL, unfit_pause);
}

static void resume_contact(struct view *v, const struct table_row *row)
{
	(void)row;
	each(v, "sequence.resume", NULL, unfit_resume);
}

static void remove_contact(struct view *v, const struct table_row *row)
{
	(void)row;
	each(v, "sequence.remove", "Take %s out of the sequence?", unfit_remove);
}

static void contact_log(struct view *v, const struct table_row *row)
{
	const struct contacts *c = table_user(v);

	sequence_log(v, c->id, c->name, row_cell(row, "phone"));
}

/* clang-format off */
static const struct table_act contact_acts[] = {
	{ ACT_CONTACT_ONLY,   NULL, .only = contact_only, .title = "Show contacts only" },
	{ ACT_CONTACT_PAUSE,  "sequence.pause",  .run = pause_contact },
	{ ACT_CONTACT_RESUME, "sequence.resume", .run = resume_contact },
	{ ACT_CONTACT_REMOVE, "sequence.remove", .run = remove_contact },
	{ ACT_NONE },
};
static const struct table_spec contact_spec = {
	.name = "contacts", .title = "Contacts", .noun = "contact", .scope = SCOPE_CONTACTS,
	.method = "sequence.contacts", .id = "id", .label = "phone", .page = PAGE, .columns = contact_columns,
	.acts = contact_acts, .open = contact_log, .topics = "sequence.contact", .empty = "nobody is enrolled",
};
/* clang-format on */

static void contacts_free(void *user)
{
	struct contacts *c = user;

	free(c->id);
	free(c->name);
	free(c);
}

void sequence_contacts(struct view *v, const char *id, const char *name, int64_t days)
{
	struct contacts *c = xcalloc(1, sizeof *c);
	struct view *list;

	c->id = xstrdup(id);
	c->name = xstrdup(name);
	c->days = days;
	list = table_new(v->app, &contact_spec, c, contacts_free);
	table_subtitle(list, name);
	table_preset(list, json_pack("{s:s}", "sequence", id));
	view_push(v->app, list);
}

/* -- the log -- */

static void tell_message(struct view *v, const struct table_row *row)
{
	char text[700];

	snprintf(text, sizeof text, "Message %s to %s, day %s\n\n%s %s", row_id(row),
		 row_cell(row, "phone"), row_cell(row, "day"), row_cell(row, "state"),
		 row_cell(row, "error"));
	view_tell(v, text, row_cell(row, "phone"));
}

/* clang-format off */
static const struct table_act log_acts[] = {
	{ ACT_SEQUENCE_LOG_ONLY, NULL, .only = log_only, .title = "Show messages only" },
	{ ACT_NONE },
};
static const struct table_spec log_spec = {
	.name = "log", .title = "Messages", .noun = "message", .scope = SCOPE_SEQUENCE_LOG,
	.method = "sequence.log", .id = "id", .label = "phone", .page = PAGE, .columns = log_columns,
	.acts = log_acts, .open = tell_message, .topics = "message.sent message.delivered message.read message.failed",
	.empty = "nothing was sent yet",
};
/* clang-format on */

void sequence_log(struct view *v, const char *id, const char *name, const char *phone)
{
	struct view *list = table_new(v->app, &log_spec, NULL, NULL);
	char title[80];

	table_subtitle(list, name);
	table_preset(list, phone ? json_pack("{s:s, s:s}", "sequence", id, "phone", phone)
				 : json_pack("{s:s}", "sequence", id));
	if (phone) {
		snprintf(title, sizeof title, "%s, %s", name, phone);
		table_subtitle(list, title);
	}
	view_push(v->app, list);
}
