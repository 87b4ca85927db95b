/* Campaigns as a list; what may be done to one or to several. */
#include <stdio.h>
#include <string.h>

#include "tui/app.h"
#include "tui/campaign_form.h"
#include "tui/menu.h"
#include "tui/table.h"
#include "tui/view_campaign.h"
#include "tui/views.h"

/* clang-format off */
static const struct table_column columns[] = {
	{ "state",     "state",            CELL_STATE,  11 },
	{ "title",     "title",            CELL_TEXT,   16, true },
	{ "start",     "start_at",         CELL_TIME,   12 },
	{ "messages",  "total",            CELL_NUMBER, 8 },
	{ "sent",      "counts.sent",      CELL_NUMBER, 7 },
	{ "left",      "left",             CELL_NUMBER, 7 },
	{ "failed",    "counts.failed",    CELL_NUMBER, 6 },
	{ "niche",     "niche",            CELL_TEXT,   14, .from = 96 },
	{ "delivered", "counts.delivered", CELL_NUMBER, 9, .from = 112 },
	{ "read",      "counts.read",      CELL_NUMBER, 7, .from = 120 },
	{ "replied",   "counts.replied",   CELL_NUMBER, 7, .from = 130 },
	{ "why",       "reason",           CELL_TEXT,   10, .from = 144 },
	{ "ended",     "finished_at",      CELL_AGO,    12, .from = 160 },
	{ NULL },
};
/* clang-format on */

static const char *const states[] = { "",      "running", "scheduled", "paused",
				      "draft", "done",    "cancelled", "failed" };

/* -- which state -- */

static void on_state(struct view *v, size_t i)
{
	json_t *params = json_object();

	if (i > 0)
		json_object_set_new(params, "state", json_string(states[i]));
	table_subtitle(v, states[i]);
	table_params(v, params);
}

static void filter(struct view *v, const struct table_row *row)
{
	(void)row;
	menu_words(v, "Campaigns that are", states, ARRAY_LEN(states),
		   json_string_value(json_object_get(table_params_now(v), "state")), on_state);
}

/* -- making and changing -- */

static void on_done(struct view *v, const json_t *campaign)
{
	const char *title = json_string_value(json_object_get(campaign, "title"));
	const char *state = json_string_value(json_object_get(campaign, "state"));

	view_toast(v, TOAST_GOOD, "%s is %s", title ? title : "it", state ? state : "saved");
	table_refresh(v);
}

static bool may(struct view *v, const char *method)
{
	if (view_may(v, method))
		return true;
	view_toast(v, TOAST_INFO, "%s: your role may not do that", method);
	return false;
}

static void add(struct view *v, const struct table_row *row)
{
	(void)row;
	if (may(v, "campaign.create"))
		campaign_form_create(v, NULL, on_done);
}

#define WITH_CAMPAIGN(act, open)                                                                   \
	static void on_##act(struct view *v, const json_t *result, const struct err *e,            \
			     const json_t *data)                                                   \
	{                                                                                          \
		if (e)                                                                             \
			view_toast_err(v, #act, e, data);                                          \
		else if (app_top(v->app) == v) /* one may have gone on */                          \
			open(v, result, on_done);                                                  \
	}                                                                                          \
	static void act(struct view *v, const struct table_row *row)                               \
	{                                                                                          \
		if (may(v, "campaign." #act))                                                      \
			view_call(v, "campaign.show", json_pack("{s:s}", "campaign", row_id(row)), \
				  on_##act);                                                       \
	}
WITH_CAMPAIGN(update, campaign_form_edit)
WITH_CAMPAIGN(start, campaign_form_start)
WITH_CAMPAIGN(create, campaign_form_copy)
#undef WITH_CAMPAIGN

/* -- who is left out of an act on several -- */

static bool is(const struct table_row *row, const char *words)
{
	return cat_word_in(words, row_cell(row, "state"));
}

static const char *not_pausable(const struct table_row *row)
{
	return is(row, "scheduled running") ? NULL : "neither scheduled nor running";
}

static const char *not_paused(const struct table_row *row)
{
	return is(row, "paused") ? NULL : "not paused";
}

static const char *has_ended(const struct table_row *row)
{
	return is(row, "draft scheduled running paused") ? NULL : "ended already";
}

static void open_page(struct view *v, const struct table_row *row)
{
	campaign_page_open(v->app, row_id(row), row_label(row));
}

/* messages of sequences and single ones change nothing here */
static bool is_of_a_campaign(const struct view *v, const char *topic, const json_t *data)
{
	(void)v;
	return strncmp(topic, "message.", 8) != 0 ||
	       json_is_string(json_object_get(data, "campaign"));
}

/* clang-format off */
static const struct table_act acts[] = {
	{ ACT_CAMPAIGNS_ADD,    .run = add, .without_row = true },
	{ ACT_CAMPAIGNS_FILTER, .run = filter, .without_row = true },
	{ ACT_CAMPAIGNS_EDIT,   .run = update },
	{ ACT_CAMPAIGNS_START,  .run = start },
	{ ACT_CAMPAIGNS_COPY,   .run = create },
	{ ACT_CAMPAIGNS_PAUSE,  "campaign.pause",  "campaign", .unfit = not_pausable },
	{ ACT_CAMPAIGNS_RESUME, "campaign.resume", "campaign", .unfit = not_paused },
	{ ACT_CAMPAIGNS_CANCEL, "campaign.cancel", "campaign",
	  "Cancel %s? What was not sent never will be.", .unfit = has_ended },
	{ ACT_CAMPAIGNS_DELETE, "campaign.delete", "campaign", "Delete %s with all figures? What waits is not sent." },
	{ ACT_NONE },
};

static const struct table_spec spec = {
	.name = "campaigns", .title = "Campaigns", .noun = "campaign", .scope = SCOPE_CAMPAIGNS,
	.method = "campaign.list", .id = "id", .label = "title", .page = 200, .columns = columns, .acts = acts,
	.open = open_page, .show_method = "campaign.show", .show_param = "campaign",
	.topics = "campaign.* message.sent message.delivered message.read message.failed", .event_id = "campaign",
	.concerns = is_of_a_campaign,
	.empty = "no campaigns: a makes one",
};
/* clang-format on */

struct view *view_campaigns_new(struct app *app)
{
	return table_new(app, &spec, NULL, NULL);
}
