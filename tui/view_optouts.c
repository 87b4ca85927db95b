/* Who wants no more messages, and the own words by which people say so. */
#include <stdio.h>

#include "tui/table.h"
#include "tui/views.h"

/* clang-format off */
static const struct table_column columns[] = {
	{ "phone",  "phone",  CELL_TEXT,   15 },
	{ "name",   "name",   CELL_TEXT,   14, true },
	{ "wrote",  "word",   CELL_TEXT,   14, true },
	{ "device", "device", CELL_DEVICE, 12 },
	{ "since",  "at",     CELL_AGO,    11 },
	{ NULL },
};
static const struct table_column word_columns[] = {
	{ "word",   "word",   CELL_TEXT, 20 },
	{ "kind",   "kind",   CELL_TEXT, 6 },
	{ "answer", "answer", CELL_TEXT, 20, true },
	{ NULL },
};
static const struct form_field new_fields[] = { { "phone" }, { NULL } };
static const struct form_field word_fields[] = { { "word" }, { "kind" }, { "answer" }, { NULL } };
/* clang-format on */

static void on_added(struct view *v, const json_t *result)
{
	const char *phone = json_string_value(json_object_get(result, "phone"));

	if (!json_is_true(json_object_get(result, "added")))
		view_toast(v, TOAST_INFO, "%s was on the list already", phone ? phone : "");
	else
		view_toast(v, TOAST_GOOD, "%s is on the list; %lld waiting messages are not sent",
			   phone ? phone : "",
			   (long long)json_integer_value(json_object_get(result, "stopped")));
}

static void tell_optout(struct view *v, const struct table_row *row)
{
	char text[800];

	snprintf(text, sizeof text, "%s  %s\n\n%s%s", row_cell(row, "phone"), row_cell(row, "name"),
		 *row_cell(row, "word") ? "Wrote: " : "Put on the list by hand.",
		 row_cell(row, "word"));
	view_tell(v, text, row_cell(row, "phone"));
}

static void tell_word(struct view *v, const struct table_row *row)
{
	char text[800];

	snprintf(text, sizeof text, "%s (%s)\n\n%s", row_cell(row, "word"), row_cell(row, "kind"),
		 *row_cell(row, "answer") ? row_cell(row, "answer") : "The built-in answer.");
	view_tell(v, text, row_cell(row, "word"));
}

/* clang-format off */
static const struct table_act word_acts[] = {
	{ ACT_WORD_TEACH,  "optout.teach",   .create = word_fields, .title = "A word that opts out or in" },
	{ ACT_WORD_REMOVE, "optout.unteach", "word", "Forget the word %s?" },
	{ ACT_NONE },
};
static const struct table_spec word_spec = {
	.name = "words", .title = "Own opt-out words", .noun = "word", .scope = SCOPE_WORDS,
	.method = "optout.words", .id = "word", .label = "word", .columns = word_columns, .acts = word_acts,
	.open = tell_word, .topics = "optout.*",
	.empty = "none of your own; STOP and its like in many languages are built in",
};
/* clang-format on */

static void open_words(struct view *v, const struct table_row *row)
{
	(void)row;
	view_push(v->app, table_new(v->app, &word_spec, NULL, NULL));
}

/* clang-format off */
static const struct table_act acts[] = {
	{ ACT_OPTOUT_ADD,    "optout.add",    .create = new_fields, .title = "Who wants no more messages",
	  .made = on_added },
	{ ACT_OPTOUT_WORDS,  "optout.words",  .run = open_words, .without_row = true },
	{ ACT_OPTOUT_REMOVE, "optout.remove", "phone", "Take %s off the list? Only when they asked for it." },
	{ ACT_NONE },
};
static const struct table_spec spec = {
	.name = "optouts", .title = "Opt-outs", .noun = "phone", .scope = SCOPE_OPTOUTS,
	.method = "optout.list", .id = "phone", .label = "phone", .page = 1000, .columns = columns, .acts = acts,
	.open = tell_optout, .topics = "lead.opt_out lead.opt_in",
	.empty = "nobody has opted out",
};
/* clang-format on */

struct view *view_optouts_new(struct app *app)
{
	return table_new(app, &spec, NULL, NULL);
}
