#include "tui/fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/text.h"
#include "shared/base/xalloc.h"

#include "tui/app.h"

/* the queue is counted again this long after something changed, and this long anyway */
enum { CHANGED_MS = 2000, ANYWAY_MS = 15000 };
/* more news at once than this, as when thousands come back, and all are asked for, this far apart */
enum { SHOWS_MAX = 16, LIST_MS = 3000 };

void fleet_init(struct fleet *f, struct app *app)
{
	*f = (struct fleet){ .app = app, .queued = -1 };
}

static void drop(struct fleet *f)
{
	for (size_t i = 0; i < f->len; i++)
		free(f->devices[i].name);
	f->len = f->online = f->linked = f->in_trouble = 0;
}

void fleet_done(struct fleet *f)
{
	drop(f);
	free(f->devices);
}

/* the place of an id: where it is, or would be */
static size_t place(const struct fleet *f, int64_t id, bool *ret_found)
{
	size_t from = 0, to = f->len;

	while (from < to) {
		size_t mid = (from + to) / 2;

		if (f->devices[mid].id < id)
			from = mid + 1;
		else
			to = mid;
	}
	*ret_found = from < f->len && f->devices[from].id == id;
	return from;
}

static void count(struct fleet *f, const struct fleet_device *d, int by)
{
	f->online += (size_t)(d->online ? by : 0);
	f->linked += (size_t)(d->linked ? by : 0);
	f->in_trouble += (size_t)(d->in_trouble ? by : 0);
}

static int64_t id_of(const char *text)
{
	return text ? strtoll(text, NULL, 10) : 0;
}

static void put(struct fleet *f, const json_t *device)
{
	const char *name = json_string_value(json_object_get(device, "name"));
	const char *state = json_string_value(json_object_get(device, "state"));
	struct fleet_device d = { .id = id_of(json_string_value(json_object_get(device, "id"))) };
	bool found;
	size_t at = place(f, d.id, &found);

	if (name == NULL || d.id <= 0)
		return;
	state = state ? state : "";
	d.online = json_is_true(json_object_get(device, "online"));
	d.linked = json_object_get(device, "phone") != NULL;
	d.in_trouble = strcmp(state, "logged_out") == 0 || strcmp(state, "banned") == 0;
	d.name = xstrdup(name);
	if (found) {
		count(f, &f->devices[at], -1);
		free(f->devices[at].name);
	} else {
		if (f->len == f->cap) {
			f->cap = f->cap ? 2 * f->cap : 64;
			f->devices = xrealloc(f->devices, f->cap * sizeof *f->devices);
		}
		memmove(f->devices + at + 1, f->devices + at, (f->len - at) * sizeof d);
		f->len++;
	}
	f->devices[at] = d;
	count(f, &d, 1);
}

static void remove_id(struct fleet *f, int64_t id)
{
	bool found;
	size_t at = place(f, id, &found);

	if (!found)
		return;
	count(f, &f->devices[at], -1);
	free(f->devices[at].name);
	f->len--;
	memmove(f->devices + at, f->devices + at + 1, (f->len - at) * sizeof *f->devices);
}

static void on_devices(void *ctx, const json_t *result, const struct err *e, const json_t *data)
{
	const json_t *list = json_object_get(result, "devices");
	struct fleet *f = ctx;

	(void)data;
	f->listing = false;
	f->stale = f->stale || e != NULL;
	if (e)
		return;
	drop(f);
	for (size_t i = 0; i < json_array_size(list); i++)
		put(f, json_array_get(list, i));
	f->app->dirty = true;
}

static void on_device(void *ctx, const json_t *result, const struct err *e, const json_t *data)
{
	struct fleet *f = ctx;

	(void)data;
	f->shows--;
	if (e == NULL)
		put(f, result);
	else
		f->stale = true;
	f->app->dirty = true;
}

static void on_stats(void *ctx, const json_t *result, const struct err *e, const json_t *data)
{
	struct fleet_queue q = { 0 };
	struct fleet *f = ctx;
	const struct {
		const char *name;
		int64_t *to;
	} fields[] = {
		{ "pending", &q.pending },
		{ "claimed", &q.claimed },
		{ "sending", &q.sending },
		{ "sent", &q.sent },
		{ "delivered", &q.delivered },
		{ "read", &q.read },
		{ "failed", &q.failed },
		{ "cancelled", &q.cancelled },
		{ "skipped", &q.skipped },
		{ "expired", &q.expired },
		{ "paused", &q.held },
		{ "sent_last_minute", &q.last_minute },
		{ "oldest_pending_s", &q.oldest_s },
		{ "sent_last_hour", &q.last_hour },
	};
	const char *reason = json_string_value(json_object_get(result, "reason"));
	bool paused = json_is_true(json_object_get(result, "queue_paused"));
	int64_t queued;

	(void)data;
	f->asking = false;
	if (e)
		return;
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		*fields[i].to = json_integer_value(json_object_get(result, fields[i].name));
	snprintf(q.reason, sizeof q.reason, "%s", reason ? reason : "");
	utf8_mend(q.reason);
	queued = q.pending + q.claimed + q.sending;
	if (queued != f->queued || paused != f->queue_paused || memcmp(&q, &f->queue, sizeof q))
		f->app->dirty = true;
	f->queued = queued;
	f->queue = q;
	f->queue_paused = paused;
}

static void ask_stats(struct fleet *f)
{
	f->asking = true;
	f->change_at = 0;
	f->asked_at = clock_mono(f->app->clock).ms;
	rpc_link_call(f->app->link, "queue.stats", NULL, on_stats, f);
}

static void ask_list(struct fleet *f)
{
	f->listing = true;
	f->stale = false;
	f->listed_at = clock_mono(f->app->clock).ms;
	rpc_link_call(f->app->link, "device.list", NULL, on_devices, f);
}

void fleet_refresh(struct fleet *f)
{
	ask_list(f);
	ask_stats(f);
}

/* what an event tells needs no question; false: it must be looked into */
static bool take_told(struct fleet *f, const char *topic, int64_t id)
{
	bool online = strcmp(topic, "device.online") == 0, found;
	size_t at = place(f, id, &found);

	if (strcmp(topic, "device.deleted") == 0) {
		remove_id(f, id);
		return true;
	}
	if (!found || (!online && strcmp(topic, "device.offline") != 0))
		return false;
	count(f, &f->devices[at], -1);
	f->devices[at].online = online;
	f->devices[at].in_trouble = f->devices[at].in_trouble && !online;
	count(f, &f->devices[at], 1);
	f->app->dirty = true;
	return true;
}

void fleet_event(struct fleet *f, const char *topic, const json_t *data)
{
	const char *id = json_string_value(json_object_get(data, "device"));

	if (strncmp(topic, "message.", 8) == 0 || strncmp(topic, "queue.", 6) == 0 ||
	    strncmp(topic, "campaign.", 9) == 0)
		f->change_at = f->change_at ? f->change_at : clock_mono(f->app->clock).ms;
	if (strncmp(topic, "device.", 7) != 0 || strcmp(topic, "device.qr") == 0 || id == NULL)
		return;
	if (take_told(f, topic, id_of(id)))
		return;
	if (f->shows == SHOWS_MAX) {
		f->stale = true;
		return;
	}
	f->shows++;
	rpc_link_call(f->app->link, "device.show", json_pack("{s:s}", "device", id), on_device, f);
}

void fleet_tick(struct fleet *f)
{
	int64_t now = clock_mono(f->app->clock).ms;

	if (!rpc_link_is_up(f->app->link))
		return;
	if (f->stale && !f->listing && now - f->listed_at >= LIST_MS)
		ask_list(f);
	if (f->asking)
		return;
	if (now - f->asked_at >= ANYWAY_MS ||
	    (f->change_at && now - f->change_at >= CHANGED_MS && now - f->asked_at >= CHANGED_MS))
		ask_stats(f);
}

const char *fleet_name(const struct fleet *f, const char *id)
{
	bool found;
	size_t at = place(f, id_of(id), &found);

	return found ? f->devices[at].name : id ? id : "";
}
