/* How people are looked up: the tables first, one statement for all that the shard wants in one turn
 * of its loop; then usync, USYNC_USERS_MAX people in one request. */
#include <inttypes.h>
#include <stdio.h>

#include "shared/base/xalloc.h"

#include "daemon/client/cache.h"
#include "daemon/client/send.h"
#include "daemon/client/usync.h"

enum { STORE_BATCH_MAX = 500 };

struct batch {
	struct device_cache *cache; /* look-up in the tables */
	struct device *d;           /* request to the network; held */
	size_t len;
	struct peer *peers[];
};

static void peer_settle(struct peer *p, const struct err *e)
{
	struct device *asks = p->asks;

	p->busy = false;
	p->asks = NULL;
	join_settle(&p->waits, e);
	if (asks != NULL)
		device_release(asks);
}

void peer_want(struct device *d, struct peer *p)
{
	struct peers *ps = &d->env->cache->peers;

	if (p->busy)
		return;
	p->busy = true;
	p->asks = d;
	device_hold(d);
	list_add_tail(&ps->want, &p->want);
	ps->want_len++;
	cache_tick_soon(d->env->cache);
}

/* "0,12,65635" */
static size_t devices_parse(const char *text, uint32_t out[PEER_DEVICES_MAX])
{
	size_t len = 0;

	while (*text != '\0' && len < PEER_DEVICES_MAX) {
		char *end;
		unsigned long v = strtoul(text, &end, 10);

		if (end == text)
			break;
		out[len++] = (uint32_t)v;
		text = *end == ',' ? end + 1 : end;
	}
	return len;
}

static void ask_network(struct peer *p)
{
	struct device *d = p->asks;

	if (d->closing || (d->state != DEVICE_ONLINE && d->state != DEVICE_SYNCING)) {
		struct err e = ERR_NONE;

		err_set(&e, ERR_DEVICE_OFFLINE, "the device is not online");
		peer_settle(p, &e);
		return;
	}
	outgoing_want_usync(d, p);
}

static void batch_found(void *ctx, const PGresult *res, const struct err *e)
{
	struct batch *b = ctx;
	uint32_t devices[PEER_DEVICES_MAX];

	for (int row = 0; e->code == ERR_OK && row < db_rows(res); row++) {
		size_t ord = (size_t)db_i64(res, row, db_col(res, "ord")) - 1;
		uint64_t lid = (uint64_t)db_i64(res, row, db_col(res, "lid"));
		size_t n = devices_parse(db_text(res, row, db_col(res, "devices")), devices);
		struct peer *p = ord < b->len ? b->peers[ord] : NULL;

		if (p == NULL)
			continue;
		p->pair_read = true;
		if (lid != 0 && p->lid == 0)
			peer_note_pair(b->cache, p, p->pn, lid);
		if (n > 0) {
			peer_set_devices(b->cache, p, devices, n);
			p->fetched_at = db_time(res, row, db_col(res, "fetched_at"));
		}
	}
	for (size_t i = 0; i < b->len; i++) {
		struct peer *p = b->peers[i];

		if (e->code != ERR_OK || peer_is_fresh(b->cache, p))
			peer_settle(p, e);
		else
			ask_network(p);
	}
	free(b);
}

static void store_batch(struct device_cache *c, size_t n)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct batch *b = xcalloc(1, sizeof(*b) + n * sizeof(b->peers[0]));
	int64_t *users = arena_alloc(a, n * sizeof(*users)),
		*pns = arena_alloc(a, n * sizeof(*pns));
	struct db_params *params = db_params_new(a);

	b->cache = c;
	while (b->len < n) {
		struct peer *p = CONTAINER_OF(c->peers.want.next, struct peer, want);

		list_del(&p->want);
		users[b->len] = p->user_id;
		pns[b->len] = (int64_t)p->pn;
		b->peers[b->len++] = p;
	}
	c->peers.want_len -= n;
	db_p_i64_array(params, users, n);
	db_p_i64_array(params, pns, n);
	db_query(c->env->db, STMT_PEER_FIND, params, DB_IDEMPOTENT, batch_found, b);
}

void peers_flush(struct device_cache *c)
{
	while (c->peers.want_len > 0)
		store_batch(c, c->peers.want_len < STORE_BATCH_MAX ? c->peers.want_len
								   : STORE_BATCH_MAX);
}

/* -- the network -- */

static void saved(void *ctx, const PGresult *res, const struct err *e)
{
	struct device *d = ctx;

	(void)res;
	if (e->code != ERR_OK)
		LOG_WARN(d->log, "peer.not_stored", F_ERR(e));
	device_release(d);
}

static int by_pn(const void *x, const void *y)
{
	const struct peer *const *a = x, *const *b = y;

	return (*a)->pn < (*b)->pn ? -1 : (*a)->pn > (*b)->pn;
}

static const char *devices_text(struct arena *a, const struct peer *p)
{
	char *out = arena_alloc(a, p->device_len * 8 + 3), *at = out;

	*at++ = '{';
	for (size_t i = 0; i < p->device_len; i++)
		at += snprintf(at, 9, "%s%" PRIu32, i == 0 ? "" : ",", p->devices[i]);
	*at++ = '}';
	return out;
}

/* What was learned is kept for later, nobody waits for it. Rows in one order, in a transaction of its
 * own: shards write the same tables. */
static void batch_save(struct device *d, struct peer **found, size_t n)
{
	AUTO_ARENA struct arena *a = arena_new();
	int64_t *pns = arena_alloc(a, n * sizeof(*pns)), *lids = arena_alloc(a, n * sizeof(*lids));
	const char **texts = arena_alloc(a, n * sizeof(*texts));
	struct db_params *params = db_params_new(a);

	if (n == 0)
		return;
	qsort(found, n, sizeof(*found), by_pn);
	for (size_t i = 0; i < n; i++) {
		pns[i] = (int64_t)found[i]->pn;
		lids[i] = (int64_t)found[i]->lid;
		texts[i] = devices_text(a, found[i]);
	}
	db_p_i64(params, d->user_id);
	db_p_i64_array(params, pns, n);
	db_p_i64_array(params, lids, n);
	db_p_text_array(params, texts, n);
	device_hold(d);
	db_query(d->env->db, STMT_PEER_SAVE, params, DB_IDEMPOTENT, saved, d);
}

static bool take_answer(struct device *d, struct peer *p, const struct usync_user *users, size_t n,
			struct err *e)
{
	struct device_cache *c = d->env->cache;

	for (size_t i = 0; i < n; i++) {
		const struct usync_user *u = &users[i];

		if (u->asked.user != p->pn || addr_is_lid(u->asked))
			continue;
		if (u->lid != 0 && u->lid != p->lid) {
			peer_note_pair(c, p, p->pn, u->lid);
			ratchet_rehome(d, p->pn, u->lid);
		}
		if (u->error != 0) {
			err_set(e, u->error == 429 ? ERR_RATE_LIMITED : ERR_PEER, "%d device query",
				u->error);
			return false;
		}
		if (u->device_len == 0)
			break;
		peer_set_devices(c, p, u->devices, u->device_len);
		p->absent_until.ms = 0;
		return true;
	}
	p->absent_until.ms = clock_mono(c->env->clock).ms + PEER_ABSENT_MS;
	err_set(e, ERR_NOT_FOUND, "the number is not on WhatsApp");
	return false;
}

static void usync_answered(void *ctx, const struct node *answer, const struct err *e)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct batch *b = ctx;
	struct usync_user *users = NULL;
	struct peer **found = arena_alloc(a, b->len * sizeof(struct peer *));
	struct err *errs = arena_alloc(a, b->len * sizeof(*errs));
	size_t n = 0, found_len = 0;
	int whole = 0;

	if (answer != NULL)
		n = usync_parse(a, answer, &users, &whole);
	else
		whole = iq_error_code(e);
	for (size_t i = 0; i < b->len; i++) {
		if (answer == NULL && whole != 429)
			errs[i] = *e;
		else if (whole != 0)
			err_set(&errs[i], whole == 429 ? ERR_RATE_LIMITED : ERR_PEER,
				"%d device query", whole);
		else if (take_answer(b->d, b->peers[i], users, n, &errs[i]))
			found[found_len++] = b->peers[i];
	}
	batch_save(b->d, found, found_len);
	for (size_t i = 0; i < b->len; i++)
		peer_settle(b->peers[i], &errs[i]);
	device_release(b->d);
	free(b);
}

static void usync_batch(struct device *d, size_t n)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct batch *b = xcalloc(1, sizeof(*b) + n * sizeof(b->peers[0]));
	struct addr *users = arena_alloc(a, n * sizeof(*users));
	struct node *iq = iq_new(a, "get", "usync");

	b->d = d;
	device_hold(d);
	while (b->len < n) {
		struct peer *p = outgoing_next_usync(d);

		users[b->len] = addr_make(JID_PN, p->pn, 0);
		b->peers[b->len++] = p;
	}
	node_append(iq, usync_build(a, arena_printf(a, "%" PRIu32 "-u", rng_u32(d->env->rng)),
				    users, n));
	device_iq(d, a, iq, IQ_TIMEOUT_MS, usync_answered, b);
}

void usync_flush(struct device *d)
{
	size_t n;

	while ((n = outgoing_usync_len(d)) > 0)
		usync_batch(d, n < USYNC_USERS_MAX ? n : USYNC_USERS_MAX);
}
