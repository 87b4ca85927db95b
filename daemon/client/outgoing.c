/* A device's message side as a whole: its parts come and go here; wishes to the network. */
#include "shared/base/xalloc.h"

#include "daemon/client/cache.h"
#include "daemon/client/history.h"
#include "daemon/client/receive.h"
#include "daemon/client/send.h"
#include "daemon/client/target.h"

void messages_init(struct device *d)
{
	struct outgoing *o = xcalloc(1, sizeof(*o));

	o->d = d;
	list_init(&o->flush);
	list_init(&o->jobs);
	list_init(&o->acks);
	list_init(&o->asks);
	o->late_at.ms = INT64_MAX;
	list_init(&o->usync_want);
	list_init(&o->bundle_want);
	media_desk_init(&o->media);
	list_init(&o->on_cache);
	if (d->env->cache != NULL)
		list_add_tail(&d->env->cache->outgoings, &o->on_cache);
	d->outgoing = o;
	inbox_init(d);
}

void messages_done(struct device *d)
{
	struct outgoing *o = d->outgoing;

	if (o == NULL)
		return;
	list_del(&o->on_cache);
	list_del(&o->flush);
	map_free(o->by_id);
	map_free(o->retry_counts);
	media_desk_done(&o->media);
	free(o);
	d->outgoing = NULL;
	inbox_done(d);
}

unix_ms messages_since(const struct device *d)
{
	static const int64_t look_back_ms = INT64_C(62) * 24 * 3600 * 1000;

	return (unix_ms){ clock_unix(d->env->clock).ms - look_back_ms };
}

void messages_on_online(struct device *d)
{
	history_wake(d);
	history_ask_look(d);
}

void messages_on_offline(struct device *d)
{
	send_on_offline(d);
	history_ask_offline(d);
	inbox_on_offline(d);
}

void messages_on_wiped(struct device *d)
{
	if (d->env->cache != NULL)
		ratchet_drop_device(d);
}

void messages_on_paired(struct device *d, struct db_unit *unit,
			const uint8_t phone_identity[static 32])
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	/* the phone's first message brings its identity again, inside a session */
	(void)phone_identity;
	ratchet_drop_device(d);
	db_p_i64(p, d->user_id);
	db_p_i64(p, d->id);
	db_unit_add(unit, STMT_SESSION_WIPE, p);
	if (d->lid.user != 0)
		peer_learn(d, d->pn.user, d->lid.user);
	peer_drop_devices(d, d->pn, unit); /* this device is new on the account's list */
}

/* -- wishes -- */

static void want_flush(struct device *d)
{
	struct outgoing *o = d->outgoing;

	if (list_empty(&o->flush))
		list_add_tail(&d->env->cache->flush, &o->flush);
	cache_tick_soon(d->env->cache);
}

void outgoing_want_usync(struct device *d, struct peer *p)
{
	list_add_tail(&d->outgoing->usync_want, &p->want);
	d->outgoing->usync_len++;
	want_flush(d);
}

void outgoing_want_bundle(struct device *d, struct record *r)
{
	list_add_tail(&d->outgoing->bundle_want, &r->want);
	d->outgoing->bundle_len++;
	want_flush(d);
}

struct peer *outgoing_next_usync(struct device *d)
{
	struct list *at = d->outgoing->usync_want.next;

	list_del(at);
	d->outgoing->usync_len--;
	return CONTAINER_OF(at, struct peer, want);
}

struct record *outgoing_next_bundle(struct device *d)
{
	struct list *at = d->outgoing->bundle_want.next;

	list_del(at);
	d->outgoing->bundle_len--;
	return CONTAINER_OF(at, struct record, want);
}

size_t outgoing_usync_len(const struct device *d)
{
	return d->outgoing->usync_len;
}

/* -- looking ahead -- */

struct ahead {
	struct device *d; /* held */
	uint64_t pn;
	bool open;
	struct arena *a;
	struct record **recs;
	size_t len;
};

static void ahead_free(struct ahead *x)
{
	struct device *d = x->d;

	for (size_t i = 0; i < x->len; i++)
		ratchet_unpin(d->env->cache, x->recs[i]);
	arena_free(x->a);
	free(x);
	device_release(d);
}

static void ahead_end(void *ctx, const struct err *e)
{
	(void)e; /* whoever sends will see it again */
	ahead_free(ctx);
}

static void ahead_loaded(void *ctx, const struct err *e)
{
	struct ahead *x = ctx;
	struct record **missing = arena_alloc(x->a, (x->len + 1) * sizeof(struct record *));
	size_t n = 0;

	for (size_t i = 0; e->code == ERR_OK && i < x->len; i++)
		if (!ratchet_is_ready(x->recs[i]))
			missing[n++] = x->recs[i];
	if (x->open && n > 0 && x->d->state == DEVICE_ONLINE)
		bundle_fetch(x->d, missing, n, ahead_end, x);
	else
		ahead_free(x);
}

static void ahead_own(void *ctx, const struct err *e)
{
	struct ahead *x = ctx;
	struct targets t;

	if (e->code != ERR_OK || x->d->closing || !targets_build(x->d, x->a, x->pn, &t)) {
		ahead_free(x);
		return;
	}
	x->recs = arena_alloc(x->a, (t.len + 1) * sizeof(struct record *));
	x->len = t.len;
	ratchet_load(x->d, t.session, t.alt_pn, t.len, x->recs, ahead_loaded, x);
}

static void ahead_found(void *ctx, const struct err *e)
{
	struct ahead *x = ctx;

	if (e->code != ERR_OK || x->d->closing)
		ahead_free(x);
	else
		peer_find(x->d, x->d->pn.user, ahead_own, x);
}

void device_prefetch(struct device *d, const uint64_t *pns, size_t n, bool open)
{
	if (d->state != DEVICE_ONLINE || d->closing)
		return;
	for (size_t i = 0; i < n; i++) {
		struct ahead *x = xcalloc(1, sizeof(*x));

		*x = (struct ahead){ .d = d, .pn = pns[i], .open = open, .a = arena_new() };
		device_hold(d);
		peer_warm(d, d->pn.user);
		peer_find(d, pns[i], ahead_found, x);
	}
}
