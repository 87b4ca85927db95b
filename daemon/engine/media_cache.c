#include "daemon/engine/media_cache.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/base/crypto.h"
#include "shared/base/text.h"
#include "shared/base/xalloc.h"

#include "daemon/engine/media_files.h"

enum { TICK_MS = 5000 };

/* one who waits */
struct waiting {
	struct list link;
	uint64_t offset, len;
	media_part_fn done;
	void *ctx;
};

/* one file that is read, fetched or written */
struct flight {
	struct list link;
	struct media_cache *c;
	int64_t token;
	struct list waits;
	struct media_file file; /* what the worker thread works on */
	uv_work_t work;
	bool working; /* on a worker thread */
	mono_ms until;
	/* who fetches */
	int64_t user_id, device_id;
	struct span raw; /* owned */
};

struct media_cache {
	struct media_cache_cfg cfg;
	char *dir;
	struct list flights;
	size_t len;
	int64_t last_token;
	uv_timer_t tick;
	bool closing, tick_closed;
};

static void free_when_idle(struct media_cache *c)
{
	if (!c->closing || !c->tick_closed || c->len)
		return;
	free(c->dir);
	free(c);
}

/* tells everybody, drops the flight */
static void flight_end(struct flight *f, const struct err *e)
{
	struct media_cache *c = f->c;
	struct span all = f->file.bytes;

	list_del(&f->link);
	c->len--;
	while (!list_empty(&f->waits)) {
		struct waiting *w = CONTAINER_OF(f->waits.next, struct waiting, link);
		struct span part = SPAN_NONE;

		list_del(&w->link);
		if (e->code == ERR_OK && w->offset < all.len)
			part = span_of(all.at + w->offset,
				       all.len - w->offset < w->len ? all.len - w->offset : w->len);
		w->done(w->ctx, part, all.len, e);
		free(w);
	}
	free((void *)(uintptr_t)all.at);
	free((void *)(uintptr_t)f->raw.at);
	free(f);
	free_when_idle(c);
}

static void run(struct flight *f, uv_work_cb work, uv_after_work_cb after)
{
	struct err e = ERR_NONE;

	f->working = true;
	if (uv_queue_work(f->c->cfg.loop, &f->work, work, after) == 0)
		return;
	f->working = false;
	err_set(&e, ERR_SYSTEM, "media: no worker thread");
	flight_end(f, &e);
}

/* -- written -- */

static void write_work(uv_work_t *work)
{
	media_file_write(&CONTAINER_OF(work, struct flight, work)->file);
}

static void written(uv_work_t *work, int status)
{
	struct flight *f = CONTAINER_OF(work, struct flight, work);
	struct err fine = ERR_NONE;

	(void)status;
	f->working = false;
	if (f->file.err.code) /* it is there, though not for the next one */
		LOG_WARN(f->c->cfg.log, "media.not_kept", F_ERR(&f->file.err));
	flight_end(f, &fine);
}

void media_cache_fetched(struct media_cache *c, int64_t token, struct span bytes,
			 const struct err *e)
{
	struct err why = *e;
	uint8_t hash[32];

	LIST_EACH(at, &c->flights) {
		struct flight *f = CONTAINER_OF(at, struct flight, link);

		if (f->token != token || f->working)
			continue;
		if (why.code == ERR_OK) {
			sha256(bytes, hash);
			if (memcmp(hash, f->file.sha256, 32) != 0)
				err_set(&why, ERR_CRYPTO, "media: not what was announced");
		}
		if (why.code) {
			flight_end(f, &why);
			return;
		}
		f->file.bytes = span_of(xmemdup(bytes.at, bytes.len), bytes.len);
		run(f, write_work, written);
		return;
	}
}

/* -- read -- */

static void read_work(uv_work_t *work)
{
	media_file_read(&CONTAINER_OF(work, struct flight, work)->file);
}

static void read_done(uv_work_t *work, int status)
{
	struct flight *f = CONTAINER_OF(work, struct flight, work);
	struct media_cache *c = f->c;
	const struct fleet_device *d;
	struct err e = ERR_NONE;

	(void)status;
	f->working = false;
	if (f->file.damaged)
		LOG_WARN(c->cfg.log, "media.damaged", F_STR("file", f->file.name));
	if (f->file.bytes.at) {
		flight_end(f, &e);
		return;
	}
	d = c->closing ? NULL : fleet_find(c->cfg.fleet, f->user_id, f->device_id);
	if (d == NULL || d->state != DEVICE_ONLINE) {
		err_set(&e, c->closing ? ERR_SHUTTING_DOWN : ERR_DEVICE_OFFLINE,
			"media: the device that has it is not online");
		flight_end(f, &e);
		return;
	}
	fleet_media(c->cfg.fleet, d, f->token, f->raw);
}

void media_cache_get(struct media_cache *c, const struct media_wish *w, media_part_fn done,
		     void *ctx)
{
	struct waiting *wait;
	struct flight *f = NULL;
	struct err e = ERR_NONE;

	LIST_EACH(at, &c->flights) {
		struct flight *other = CONTAINER_OF(at, struct flight, link);

		if (memcmp(other->file.sha256, w->sha256.at, 32) == 0)
			f = other;
	}
	if (c->closing || (f == NULL && c->len >= MEDIA_FLIGHTS_MAX)) {
		err_set(&e, c->closing ? ERR_SHUTTING_DOWN : ERR_BUSY,
			"media: %zu files are being fetched", c->len);
		done(ctx, SPAN_NONE, 0, &e);
		return;
	}
	wait = xcalloc(1, sizeof *wait);
	*wait = (struct waiting){ .offset = w->offset, .len = w->len, .done = done, .ctx = ctx };
	if (f) {
		list_add_tail(&f->waits, &wait->link);
		return;
	}
	f = xcalloc(1, sizeof *f);
	f->c = c;
	f->token = ++c->last_token;
	f->until.ms = clock_mono(c->cfg.clock).ms + MEDIA_FETCH_MAX_MS;
	f->user_id = w->device->user_id;
	f->device_id = w->device->id;
	f->raw = span_of(xmemdup(w->raw.at, w->raw.len), w->raw.len);
	f->file.dir = c->dir;
	f->file.dir_max = c->cfg.bytes_max;
	memcpy(f->file.sha256, w->sha256.at, 32);
	hex_encode(w->sha256, f->file.name);
	list_init(&f->waits);
	list_add_tail(&f->waits, &wait->link);
	list_add_tail(&c->flights, &f->link);
	c->len++;
	run(f, read_work, read_done);
}

/* -- life -- */

/* e NULL: those whose time is over */
static void end_flights(struct media_cache *c, const struct err *e)
{
	struct err late = ERR_NONE;
	mono_ms now = clock_mono(c->cfg.clock);
	struct list *at = c->flights.next;

	err_set(&late, ERR_PEER, "media: it did not come in time");
	while (at != &c->flights) {
		struct flight *f = CONTAINER_OF(at, struct flight, link);

		at = at->next;
		if (!f->working && (e || f->until.ms <= now.ms))
			flight_end(f, e ? e : &late);
	}
}

static void on_tick(uv_timer_t *t)
{
	end_flights(CONTAINER_OF(t, struct media_cache, tick), NULL);
}

struct media_cache *media_cache_new(const struct media_cache_cfg *cfg)
{
	struct media_cache *c = xcalloc(1, sizeof *c);

	c->cfg = *cfg;
	c->dir = xasprintf("%s/media", cfg->state_dir);
	list_init(&c->flights);
	uv_timer_init(cfg->loop, &c->tick);
	uv_timer_start(&c->tick, on_tick, TICK_MS, TICK_MS);
	return c;
}

static void on_closed(uv_handle_t *h)
{
	struct media_cache *c = CONTAINER_OF(h, struct media_cache, tick);

	c->tick_closed = true;
	free_when_idle(c);
}

void media_cache_close(struct media_cache *c)
{
	struct err e = ERR_NONE;

	err_set(&e, ERR_SHUTTING_DOWN, "the daemon is stopping");
	c->closing = true;
	uv_close((uv_handle_t *)&c->tick, on_closed);
	end_flights(c, &e);
}
