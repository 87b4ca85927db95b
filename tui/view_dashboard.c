/* Dashboard: a period's figures, devices and queue, and what needs somebody. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/xalloc.h"

#include "tui/app.h"
#include "tui/dashboard.h"
#include "tui/detail.h"
#include "tui/form.h"

static struct dash *dash_of(struct view *v)
{
	return (struct dash *)v;
}

static void on_range(struct view *v, const json_t *result)
{
	const char *start = json_string_value(json_object_get(result, "start")),
		   *end = json_string_value(json_object_get(result, "end"));
	struct dash *d = dash_of(v);

	if (start == NULL || end == NULL)
		return;
	snprintf(d->start, sizeof d->start, "%s", start);
	snprintf(d->end, sizeof d->end, "%s", end);
	d->period = DASH_RANGE;
	dash_period_changed(d);
}

static void ask_range(struct dash *d)
{
	static const struct form_field fields[] = {
		{ "start", "first day, 2026-11-01" },
		{ "end", "last day" },
		{ NULL },
	};
	json_t *preset = json_pack("{s:s, s:s}", "start", d->figures.start, "end", d->figures.end);

	form_open(d->base.app, &(struct form_opts){ .title = "Figures from one day to another",
						    .method = "analytics.summary",
						    .button = "Show",
						    .fields = fields,
						    .preset = preset,
						    .owner = &d->base,
						    .done = on_range });
	json_decref(preset);
}

static void go(struct dash *d)
{
	const struct dash_alert *a = &d->alerts.rows[d->place.cursor];
	const char *id = a->id[0] ? a->id : NULL;

	if (d->place.cursor >= d->alerts.len)
		return;
	if (a->view[0] == '\0')
		view_tell(&d->base, a->text, NULL); /* whole; nothing here mends it */
	else if (view_goto_item(&d->base, a->view, id))
		return;
	else if (id && strcmp(a->view, "campaigns") == 0)
		detail_open(d->base.app, "Campaign", "campaign.show",
			    json_pack("{s:s}", "campaign", id));
	else
		view_toast(&d->base, TOAST_INFO, "there is no view of %s for you", a->view);
}

static bool dash_key(struct view *v, enum action act, const struct key *k)
{
	struct dash *d = dash_of(v);

	if (act == ACT_DASH_PERIOD) {
		d->period = d->period >= DASH_90 ? DASH_TODAY : d->period + 1;
		dash_period_changed(d);
	} else if (act == ACT_DASH_RANGE) {
		ask_range(d);
	} else if (act == ACT_DASH_OPEN) {
		go(d);
	} else {
		return list_key(&d->place, act, k);
	}
	return true;
}

static void dash_refresh(struct view *v)
{
	dash_ask_all(dash_of(v));
}

static void dash_event(struct view *v, const char *topic, const json_t *data)
{
	const char *reason = json_string_value(json_object_get(data, "reason"));
	struct dash *d = dash_of(v);

	dash_news(d, topic);
	if (strcmp(topic, "database.lost") == 0)
		snprintf(d->lost, sizeof d->lost, "%s",
			 reason && *reason ? reason : "it does not answer");
	else if (strcmp(topic, "database.back") == 0)
		dash_ask_all(d);
	else
		return;
	dash_alerts_make(d);
	view_draw_soon(v);
}

static void dash_tick(struct view *v)
{
	struct dash *d = dash_of(v);

	if (app_top(v->app) == v && rpc_link_is_up(v->app->link))
		dash_ask_due(d);
	if (d->queue_paused != v->app->fleet.queue_paused) {
		dash_alerts_make(d);
		view_draw_soon(v);
	}
}

static void dash_title(struct view *v, char *out, size_t out_bytes)
{
	(void)v;
	snprintf(out, out_bytes, "Dashboard");
}

static void dash_status(struct view *v, char *out, size_t out_bytes)
{
	const struct dash *d = dash_of(v);

	if (d->alerts.len)
		snprintf(out, out_bytes, "alert %zu/%zu", d->place.cursor + 1, d->alerts.len);
	else
		snprintf(out, out_bytes, "no alerts");
}

static void dash_free(struct view *v)
{
	dash_done(dash_of(v));
	free(v);
}

static const struct view_ops dash_ops = {
	.name = "dashboard",
	.scopes = SCOPE_BIT(SCOPE_MOVE) | SCOPE_BIT(SCOPE_DASHBOARD),
	.key = dash_key,
	.draw = dash_draw,
	.refresh = dash_refresh,
	.event = dash_event,
	.tick = dash_tick,
	.title = dash_title,
	.status = dash_status,
	.free = dash_free,
};

struct view *view_dashboard_new(struct app *app)
{
	struct dash *d = xcalloc(1, sizeof *d);

	d->base.ops = &dash_ops;
	d->base.app = app;
	d->period = DASH_7;
	return &d->base;
}
