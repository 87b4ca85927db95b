#include "tui/campaign_form.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "shared/base/xalloc.h"

#include "tui/app.h"
#include "tui/chart.h"
#include "tui/form.h"

enum { PLAN_ROWS = 5, MINUTE_MS = 60000 };

/* clang-format off */
#define WHOM  { "title" }, { "niche" }, { "everyone" }, { "status" }, { "text" }, { "image" }
#define PACE  { "delay_min_ms" }, { "delay_max_ms" }, { "devices" }, { "device_choice", "spread" }
#define MEDIA { "caption" }, { "split" }, { "media_url", "address of media" }, { "video" }, { "document" }, { "file_name" }
#define LATE  { "expire_s", "expires after (s)" }, { "grace_s", "may be late (s)" }
static const struct form_field create_fields[] = {
	WHOM, { "at", "start" }, { "zone" }, PACE, MEDIA, LATE, { "draft" }, { NULL },
};
static const struct form_field edit_fields[] = {
	WHOM, { "start_at", "start" }, { "at", "or start by a zone" }, { "zone" }, PACE, MEDIA, LATE, { NULL },
};
static const struct form_field start_fields[] = { { "at", "start" }, { "zone" }, { NULL } };
/* clang-format on */

/* -- values of a form -- */

static const char *text_of(const json_t *o, const char *name)
{
	const char *text = json_string_value(json_object_get(o, name));

	return text ? text : "";
}

/* an instant with the difference of the operator's own clock to UTC, so that it can be changed by eye */
static void put_local(json_t *o, const char *name, const char *rfc3339)
{
	char day[32], zone[8];
	struct tm t;
	time_t then;
	unix_ms at;

	if (!unix_ms_parse(rfc3339, &at))
		return;
	then = (time_t)(at.ms / 1000);
	if (localtime_r(&then, &t) == NULL ||
	    strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &t) == 0 ||
	    strftime(zone, sizeof zone, "%z", &t) != 5)
		return;
	json_object_set_new(o, name, json_sprintf("%s%.3s:%s", day, zone, zone + 3));
}

/* what there is, under the names it is given by */
static json_t *preset_of(const json_t *campaign)
{
	static const char *const same[] = { "title",   "niche",        "status",
					    "zone",    "devices",      "delay_min_ms",
					    "grace_s", "delay_max_ms", "device_choice",
					    "expire_s" };
	const char *follow_up = text_of(campaign, "follow_up");
	const char *media = text_of(campaign, "media"), *text = text_of(campaign, "text");
	json_t *o = json_object();
	char has[24];

	for (size_t i = 0; i < ARRAY_LEN(same); i++)
		if (json_object_get(campaign, same[i]))
			json_object_set(o, same[i], json_object_get(campaign, same[i]));
	if (json_object_get(campaign, "niche") == NULL)
		json_object_set_new(o, "everyone", json_true());
	if (*media) {
		snprintf(has, sizeof has, "has_%s", media);
		json_object_set_new(o, has, json_true());
		if (*text)
			json_object_set_new(o, "caption", json_string(text));
		text = follow_up;
		if (*follow_up)
			json_object_set_new(o, "split", json_true());
	}
	if (*text)
		json_object_set_new(o, "text", json_string(text));
	return o;
}

/* -- the plan -- */

static void plan_ask(struct view *owner, json_t *params)
{
	static const char *const media[] = { "image", "video",     "document", "media_url",
					     "split", "file_name", "caption" };
	const char *caption = text_of(params, "caption");

	(void)owner;
	/* no file is read and nothing fetched for a plan: it tells of the words */
	if (json_object_get(params, "text") == NULL && *caption)
		json_object_set_new(params, "text", json_string(caption));
	for (size_t i = 0; i < ARRAY_LEN(media); i++)
		json_object_del(params, media[i]);
	if (json_object_get(params, "text") == NULL)
		json_object_set_new(params, "text", json_string(" "));
}

static const char *left_out_text(struct screen *s, const json_t *plan)
{
	json_int_t opted = json_integer_value(json_object_get(plan, "opted_out"));
	json_int_t invalid = json_integer_value(json_object_get(plan, "invalid"));

	if (opted == 0 && invalid == 0)
		return "";
	return arena_printf(screen_arena(s), "; left out: %s who opted out, %s not on WhatsApp",
			    chart_number(s, opted), chart_number(s, invalid));
}

/* a start that is not later than now is told as such */
static const char *start_text(struct view *v, struct screen *s, const json_t *plan)
{
	const char *at = text_of(plan, "start_at");
	unix_ms then;

	if (*at == '\0')
		return "waits until it is started";
	if (unix_ms_parse(at, &then) && then.ms <= clock_unix(view_clock(v)).ms + 1000)
		return "starts at once";
	return arena_printf(screen_arena(s), "starts %s", view_when(v, screen_arena(s), at));
}

static int draw_times(struct view *v, struct screen *s, struct rect in, int y, const json_t *plan)
{
	const char *ends = text_of(plan, "ends_at");
	bool is_plan = json_object_get(plan, "title") != NULL;
	unix_ms end;

	if (is_plan) /* a preview is of a campaign whose start stands above */
		screen_textf(s, in, y++, 0, STYLE_NORMAL, "%s", start_text(v, s, plan));
	if (unix_ms_parse(ends, &end) && end.ms < clock_unix(view_clock(v)).ms + MINUTE_MS)
		screen_text(s, in, y++, 0, STYLE_NORMAL, "ends within a minute");
	else if (*ends)
		screen_textf(s, in, y++, 0, STYLE_NORMAL, "ends about %s",
			     view_when(v, screen_arena(s), ends));
	else if (json_integer_value(json_object_get(plan, "total")) > 0)
		screen_text(s, in, y++, 0, STYLE_WARN,
			    "! no end can be told: no device sends, or it takes weeks");
	if (json_is_true(json_object_get(plan, "late")))
		screen_text(s, in, y++, 0, STYLE_WARN,
			    "! some would expire before their turn comes");
	return y;
}

static void draw_samples(struct screen *s, struct rect in, int y, const json_t *samples)
{
	for (size_t i = 0; y < in.h && i < json_array_size(samples); i++) {
		const json_t *one = json_array_get(samples, i);
		const char *text = text_of(one, "text");

		if (*text == '\0' || strcmp(text, " ") == 0)
			return;
		screen_textf(s, in, y++, 0, STYLE_DIM, "%s %s: %s", text_of(one, "phone"),
			     text_of(one, "name"), text);
	}
}

void campaign_plan_draw(struct view *v, struct screen *s, struct rect in, const json_t *plan,
			const struct err *e)
{
	json_int_t total = json_integer_value(json_object_get(plan, "total"));
	int y = 0;

	if (e) {
		screen_textf(s, in, 0, 0, STYLE_WARN, "not yet: %s", err_msg(e));
		return;
	}
	if (plan == NULL) {
		screen_text(s, in, 0, 0, STYLE_DIM, "asking wad whom it would reach ...");
		return;
	}
	screen_textf(s, in, y++, 0, total ? STYLE_HEADER : STYLE_WARN, "%s%s recipient%s%s",
		     total ? "" : "! ", chart_number(s, total), total == 1 ? "" : "s",
		     left_out_text(s, plan));
	y = draw_times(v, s, in, y, plan);
	draw_samples(s, in, y, json_object_get(plan, "samples"));
}

/* -- opening them -- */

static struct form_opts with_plan(struct view *owner, const char *title, campaign_done *done)
{
	return (struct form_opts){
		.title = title,
		.method = "campaign.create",
		.fields = create_fields,
		.owner = owner,
		.done = done,
		.plan_method = "campaign.create",
		.plan_fixed = json_pack("{s:b}", "dry_run", 1),
		.plan_ask = plan_ask,
		.plan = campaign_plan_draw,
		.plan_rows = PLAN_ROWS,
	};
}

void campaign_form_create(struct view *owner, const char *at, campaign_done *done)
{
	AUTO_FREE char *title = xasprintf("New campaign%s%.10s", at ? " on " : "", at ? at : "");
	struct form_opts opts = with_plan(owner, title, done);
	json_t *preset = json_pack("{s:s}", "zone", view_zone(owner));

	if (*view_zone(owner) == '\0')
		json_object_del(preset, "zone");
	if (at)
		json_object_set_new(preset, "at", json_string(at));
	opts.preset = preset;
	opts.button = at ? "Plan" : "Start";
	form_open(owner->app, &opts);
	json_decref(opts.plan_fixed);
	json_decref(preset);
}

void campaign_form_copy(struct view *owner, const json_t *campaign, campaign_done *done)
{
	AUTO_FREE char *title = xasprintf("Copy of %s", text_of(campaign, "title"));
	struct form_opts opts = with_plan(owner, title, done);
	json_t *preset = preset_of(campaign);

	json_object_set_new(preset, "title",
			    json_sprintf("%.190s (copy)", text_of(campaign, "title")));
	json_object_set_new(preset, "draft", json_true());
	opts.preset = preset;
	form_open(owner->app, &opts);
	json_decref(opts.plan_fixed);
	json_decref(preset);
}

void campaign_form_edit(struct view *owner, const json_t *campaign, campaign_done *done)
{
	AUTO_FREE char *title = xasprintf("Edit %s", text_of(campaign, "title"));
	json_t *preset = preset_of(campaign);
	json_t *fixed = json_pack("{s:s}", "campaign", text_of(campaign, "id"));
	struct form_opts opts = {
		.title = title,
		.method = "campaign.update",
		.fields = edit_fields,
		.preset = preset,
		.fixed = fixed,
		.changes_only = true,
		.owner = owner,
		.done = done,
	};

	put_local(preset, "start_at", text_of(campaign, "start_at"));
	form_open(owner->app, &opts);
	json_decref(preset);
	json_decref(fixed);
}

void campaign_form_start(struct view *owner, const json_t *campaign, campaign_done *done)
{
	AUTO_FREE char *title = xasprintf("Start %s", text_of(campaign, "title"));
	json_t *fixed = json_pack("{s:s}", "campaign", text_of(campaign, "id"));
	struct form_opts opts = {
		.title = title,
		.method = "campaign.start",
		.button = "Start (at once, when no time is given)",
		.fields = start_fields,
		.fixed = fixed,
		.owner = owner,
		.done = done,
	};

	form_open(owner->app, &opts);
	json_decref(fixed);
}

static void on_test(struct view *owner, const json_t *result)
{
	view_toast(owner, TOAST_GOOD, "the test goes out as message %s of %s",
		   text_of(result, "id"),
		   fleet_name(&owner->app->fleet, text_of(result, "device")));
}

void campaign_form_test(struct view *owner, const json_t *campaign)
{
	const struct fleet *f = &owner->app->fleet;
	AUTO_FREE char *title = xasprintf("Test of %s", text_of(campaign, "title"));
	json_t *fixed = json_pack("{s:s}", "campaign", text_of(campaign, "id"));
	json_t *preset = json_object();
	struct form_opts opts = {
		.title = title,
		.method = "campaign.test",
		.button = "Send",
		.preset = preset,
		.fixed = fixed,
		.owner = owner,
		.done = on_test,
	};

	for (size_t i = 0; i < f->len && json_object_size(preset) == 0; i++)
		if (f->devices[i].online)
			json_object_set_new(preset, "device", json_string(f->devices[i].name));
	form_open(owner->app, &opts);
	json_decref(preset);
	json_decref(fixed);
}
