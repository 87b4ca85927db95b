/* What the dashboard asks of wad, and when. */
#include <stdio.h>
#include <string.h>

#include "shared/base/macros.h"
#include "shared/rpc/events.h"

#include "tui/app.h"
#include "tui/dashboard.h"

enum { PAGE = 1000, PAGES_MAX = 5, DEVICES_PAGE = 5000 };

static const struct {
	const char *method, *topics;
	int least_s, most_s;
} rows[DASH_JOBS] = {
#define X(name, method, topics, least, most) { method, topics, least, most },
	DASH_JOB_TABLE(X)
#undef X
};

static struct dash *dash_of(struct view *v)
{
	return (struct dash *)(uintptr_t)v;
}

static int64_t now_ms(const struct dash *d)
{
	return clock_mono(view_clock(&d->base)).ms;
}

/* -- answers: each ends its job -- */

static void ask(struct dash *d, enum dash_job_id id, json_t *after);

/* false: the answer is to another question, and the right one is asked now */
static bool ended(struct dash *d, enum dash_job_id id)
{
	struct dash_job *j = &d->jobs[id];

	j->open = false;
	j->took_ms = now_ms(d) - j->asked_at;
	if (!j->drop)
		return true;
	j->drop = false;
	ask(d, id, NULL);
	return false;
}

static void on_figures(struct view *v, const json_t *result, const struct err *e,
		       const json_t *data)
{
	struct dash *d = dash_of(v);

	(void)data;
	if (!ended(d, DASH_JOB_FIGURES))
		return;
	d->why[0] = '\0';
	if (e)
		snprintf(d->why, sizeof d->why, "%s", err_msg(e));
	else
		dash_figures_take(&d->figures, result);
	if (e == NULL)
		d->lost[0] = '\0'; /* there are no figures without it */
	dash_alerts_make(d);
}

static void on_week(struct view *v, const json_t *result, const struct err *e, const json_t *data)
{
	struct dash *d = dash_of(v);

	(void)data; /* on_figures tells why */
	if (ended(d, DASH_JOB_WEEK) && e == NULL)
		dash_figures_take(&d->week, result);
}

/* for admins: the database, also when its loss was not seen */
static void on_status(struct view *v, const json_t *result, const struct err *e, const json_t *data)
{
	const char *database = json_string_value(json_object_get(result, "database"));
	struct dash *d = dash_of(v);

	(void)data;
	if (!ended(d, DASH_JOB_STATUS) || e || database == NULL)
		return;
	d->lost[0] = '\0';
	if (strcmp(database, "up") != 0)
		snprintf(d->lost, sizeof d->lost, "%s", database);
	dash_alerts_make(d);
}

static void on_items(struct dash *d, enum dash_job_id id, const json_t *result, const struct err *e)
{
	struct dash_job *j = &d->jobs[id];

	if (!ended(d, id) || e)
		return; /* what is known stays; it is asked again */
	json_decref(j->items);
	j->items =
		dash_worth_keeping(json_object_get(result, catalogue_find(rows[id].method)->list));
	dash_alerts_make(d);
}

static void on_devices(struct view *v, const json_t *result, const struct err *e,
		       const json_t *data)
{
	(void)data;
	on_items(dash_of(v), DASH_JOB_DEVICES, result, e);
}

static void on_webhooks(struct view *v, const json_t *result, const struct err *e,
			const json_t *data)
{
	(void)data;
	on_items(dash_of(v), DASH_JOB_WEBHOOKS, result, e);
}

static void on_running(struct view *v, const json_t *result, const struct err *e,
		       const json_t *data)
{
	(void)data;
	on_items(dash_of(v), DASH_JOB_RUNNING, result, e);
}

static void on_scheduled(struct view *v, const json_t *result, const struct err *e,
			 const json_t *data)
{
	(void)data;
	on_items(dash_of(v), DASH_JOB_SCHEDULED, result, e);
}

static void on_failed(struct view *v, const json_t *result, const struct err *e, const json_t *data)
{
	(void)data;
	on_items(dash_of(v), DASH_JOB_FAILED, result, e);
}

static void on_tops(struct dash *d, enum dash_job_id id, struct dash_tops *to, const json_t *result,
		    const struct err *e)
{
	struct dash_job *j = &d->jobs[id];
	json_t *next = json_object_get(result, "next");

	if (e == NULL)
		dash_tops_take(&j->tops,
			       json_object_get(result, catalogue_find(rows[id].method)->list),
			       id == DASH_JOB_TOP_CAMPAIGNS);
	if (e == NULL && next && !j->drop && ++j->pages < PAGES_MAX)
		ask(d, id, next);
	else if (ended(d, id) && e == NULL)
		*to = j->tops;
}

static void on_top_devices(struct view *v, const json_t *result, const struct err *e,
			   const json_t *data)
{
	(void)data;
	on_tops(dash_of(v), DASH_JOB_TOP_DEVICES, &dash_of(v)->devices, result, e);
}

static void on_top_campaigns(struct view *v, const json_t *result, const struct err *e,
			     const json_t *data)
{
	(void)data;
	on_tops(dash_of(v), DASH_JOB_TOP_CAMPAIGNS, &dash_of(v)->campaigns, result, e);
}

/* -- questions -- */

static void put_period(const struct dash *d, json_t *params)
{
	static const char *const days[] = { "today", "7", "30", "90" };

	if (d->period != DASH_RANGE) {
		json_object_set_new(params, "days", json_string(days[d->period]));
		return;
	}
	json_object_set_new(params, "start", json_string(d->start));
	json_object_set_new(params, "end", json_string(d->end));
}

static json_t *params_of(const struct dash *d, enum dash_job_id id)
{
	json_t *p = json_object();

	switch (id) {
	case DASH_JOB_WEEK:
		json_object_set_new(p, "days", json_string("7"));
		break;
	case DASH_JOB_TOP_DEVICES:
	case DASH_JOB_TOP_CAMPAIGNS:
		json_object_set_new(p, "limit", json_integer(PAGE));
		put_period(d, p);
		break;
	case DASH_JOB_FIGURES:
		put_period(d, p);
		break;
	case DASH_JOB_STATUS:
		break;
	case DASH_JOB_DEVICES:
		json_object_set_new(p, "limit", json_integer(DEVICES_PAGE));
		break;
	case DASH_JOB_WEBHOOKS:
		json_object_set_new(p, "limit", json_integer(PAGE));
		break;
	case DASH_JOB_RUNNING:
	case DASH_JOB_SCHEDULED:
	case DASH_JOB_FAILED:
		json_object_set_new(p, "limit", json_integer(PAGE));
		json_object_set_new(p, "state",
				    json_string(id == DASH_JOB_RUNNING     ? "running"
						: id == DASH_JOB_SCHEDULED ? "scheduled"
									   : "failed"));
		break;
	case DASH_JOBS:
		break;
	}
	return p;
}

static void ask(struct dash *d, enum dash_job_id id, json_t *after)
{
	static view_answer *const answers[DASH_JOBS] = {
		[DASH_JOB_FIGURES] = on_figures,
		[DASH_JOB_WEEK] = on_week,
		[DASH_JOB_STATUS] = on_status,
		[DASH_JOB_DEVICES] = on_devices,
		[DASH_JOB_WEBHOOKS] = on_webhooks,
		[DASH_JOB_RUNNING] = on_running,
		[DASH_JOB_SCHEDULED] = on_scheduled,
		[DASH_JOB_FAILED] = on_failed,
		[DASH_JOB_TOP_DEVICES] = on_top_devices,
		[DASH_JOB_TOP_CAMPAIGNS] = on_top_campaigns,
	};
	struct dash_job *j = &d->jobs[id];
	json_t *params = params_of(d, id);

	if (after) {
		json_object_set(params, "after", after);
	} else {
		j->asked_at = now_ms(d);
		j->stale = false;
		j->pages = 0;
		j->tops.len = 0;
	}
	j->open = true;
	view_call(&d->base, rows[id].method, params, answers[id]);
}

static bool is_wanted(const struct dash *d, enum dash_job_id id)
{
	if (!view_may(&d->base, rows[id].method))
		return false;
	if (id == DASH_JOB_WEEK)
		return d->period == DASH_TODAY;
	if (id == DASH_JOB_TOP_DEVICES || id == DASH_JOB_TOP_CAMPAIGNS)
		return d->shows_tops;
	return true;
}

static bool is_due(const struct dash *d, enum dash_job_id id)
{
	const struct dash_job *j = &d->jobs[id];
	int64_t since = now_ms(d) - j->asked_at, least = rows[id].least_s * INT64_C(1000);

	if (j->open)
		return false;
	if (j->asked_at == 0)
		return true;
	least = least < 5 * j->took_ms ? 5 * j->took_ms : least; /* not more than wad can bear */
	return since >= least && (j->stale || since >= rows[id].most_s * INT64_C(1000));
}

void dash_ask_due(struct dash *d)
{
	for (int id = 0; id < DASH_JOBS; id++)
		if (is_wanted(d, (enum dash_job_id)id) && is_due(d, (enum dash_job_id)id))
			ask(d, (enum dash_job_id)id, NULL);
}

/* at once, also when the answer to an older question is still under way */
static void ask_anew(struct dash *d, enum dash_job_id id)
{
	if (!is_wanted(d, id))
		d->jobs[id].asked_at = 0;
	else if (d->jobs[id].open)
		d->jobs[id].drop = true;
	else
		ask(d, id, NULL);
}

void dash_ask_all(struct dash *d)
{
	for (int id = 0; id < DASH_JOBS; id++)
		ask_anew(d, (enum dash_job_id)id);
}

void dash_period_changed(struct dash *d)
{
	d->figures.known = false;
	d->devices.len = d->campaigns.len = 0;
	ask_anew(d, DASH_JOB_FIGURES);
	ask_anew(d, DASH_JOB_WEEK);
	ask_anew(d, DASH_JOB_TOP_DEVICES);
	ask_anew(d, DASH_JOB_TOP_CAMPAIGNS);
}

void dash_news(struct dash *d, const char *topic)
{
	if (strcmp(topic, "device.qr") == 0)
		return;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (event_topic_in(rows[i].topics, topic))
			d->jobs[i].stale = true;
}

void dash_alerts_make(struct dash *d)
{
	const struct fleet *f = &d->base.app->fleet;
	struct dash_alerts *a = &d->alerts;
	unix_ms now = clock_unix(view_clock(&d->base));

	a->len = 0;
	if (d->lost[0])
		dash_alert_add(a, DASH_BAD, "", "", "the database is away, nothing is sent: %s",
			       d->lost);
	if (d->why[0])
		dash_alert_add(a, DASH_BAD, "", "", "no figures: %s", d->why);
	d->queue_paused = f->queue_paused;
	if (f->queue_paused)
		dash_alert_add(a, DASH_BAD, "queue", "", "the whole queue is paused%s%s",
			       f->queue.reason[0] ? ": " : "", f->queue.reason);
	dash_alerts_of_devices(a, d->jobs[DASH_JOB_DEVICES].items, now);
	dash_alerts_of_campaigns(a, d->jobs[DASH_JOB_RUNNING].items, now);
	dash_alerts_of_campaigns(a, d->jobs[DASH_JOB_SCHEDULED].items, now);
	dash_alerts_of_campaigns(a, d->jobs[DASH_JOB_FAILED].items, now);
	dash_alerts_of_webhooks(a, d->jobs[DASH_JOB_WEBHOOKS].items);
	dash_alerts_of_figures(a, &d->figures);
	list_resize(&d->place, a->len);
}

void dash_done(struct dash *d)
{
	for (size_t i = 0; i < ARRAY_LEN(d->jobs); i++)
		json_decref(d->jobs[i].items);
}
