#include "daemon/client/ratchet.h"

#include "shared/base/xalloc.h"

#include "daemon/client/cache.h"

enum { LOAD_BATCH_MAX = 1000 };

static struct seal_place place_of(const struct record_key *key, int64_t user_id)
{
	return (struct seal_place){ .table = "sessions",
				    .column = "record",
				    .user_id = user_id,
				    .device_id = key->device_id,
				    .row = span_of(&key->addr, sizeof(key->addr)) };
}

void records_init(struct records *r, size_t max)
{
	*r = (struct records){ .by_key = map_new(), .max = max };
	list_init(&r->lru);
	list_init(&r->want);
}

static void record_free(struct record *r)
{
	session_free(r->s);
	free(r);
}

void records_done(struct records *r)
{
	LIST_EACH(at, &r->lru)
		record_free(CONTAINER_OF(at, struct record, lru));
	map_free(r->by_key);
}

static void record_take_out(struct records *rs, struct record *r)
{
	if (r->out)
		return;
	(void)map_del(rs->by_key, MAP_KEY(r->key));
	list_del(&r->lru);
	rs->len--;
	rs->under_pn -= addr_is_lid(r->key.addr) ? 0 : 1;
	r->out = true;
	if (r->pins == 0)
		record_free(r);
}

static void records_trim(struct records *rs)
{
	int looks = 16;

	for (struct list *at = rs->lru.prev; rs->len > rs->max && at != &rs->lru && looks > 0;
	     looks--) {
		struct record *r = CONTAINER_OF(at, struct record, lru);

		at = at->prev;
		if (r->pins == 0)
			record_take_out(rs, r);
	}
}

static void record_put_in(struct records *rs, struct record *r)
{
	(void)map_put(rs->by_key, MAP_KEY(r->key), r);
	list_add_head(&rs->lru, &r->lru);
	rs->len++;
	rs->under_pn += addr_is_lid(r->key.addr) ? 0 : 1;
}

static struct record *record_get(struct device *d, struct addr at, uint64_t alt_pn)
{
	struct records *rs = &d->env->cache->records;
	struct record_key key = { d->id, at };
	struct record *r = map_get(rs->by_key, MAP_KEY(key));

	if (r != NULL) {
		list_del(&r->lru);
		list_add_head(&rs->lru, &r->lru);
		return r;
	}
	records_trim(rs);
	r = xcalloc(1, sizeof(*r));
	r->key = key;
	r->user_id = d->user_id;
	r->alt_pn = addr_is_lid(at) ? alt_pn : 0;
	list_init(&r->want);
	list_init(&r->load_waits);
	list_init(&r->bundle_waits);
	record_put_in(rs, r);
	return r;
}

void ratchet_pin(struct record *r)
{
	r->pins++;
}

void ratchet_unpin(struct device_cache *c, struct record *r)
{
	(void)c;
	if (--r->pins == 0 && r->out)
		record_free(r);
}

bool ratchet_is_ready(const struct record *r)
{
	return r->s != NULL && session_has_state(r->s);
}

void ratchet_reset(struct record *r)
{
	session_free(r->s);
	r->s = session_new();
}

/* -- loading -- */

void ratchet_load(struct device *d, const struct addr *at, const uint64_t *alt_pn, size_t n,
		  struct record **ret, join_fn done, void *ctx)
{
	struct device_cache *c = d->env->cache;
	struct join *j = join_new(n, done, ctx);

	for (size_t i = 0; i < n; i++) {
		struct record *r = record_get(d, at[i], alt_pn == NULL ? 0 : alt_pn[i]);

		ratchet_pin(r);
		ret[i] = r;
		if (r->s != NULL)
			continue;
		if (list_empty(&r->load_waits)) {
			ratchet_pin(r); /* until the answer */
			list_add_tail(&c->records.want, &r->want);
			c->records.want_len++;
			cache_tick_soon(c);
		}
		join_add(j, &r->load_waits);
	}
	join_go(j);
}

struct load {
	struct device_cache *cache;
	size_t len;
	struct record *recs[];
};

static void load_row(struct device_cache *c, struct record *r, const PGresult *res, int row)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct record_key key = r->key;
	struct err e = ERR_NONE;
	struct seal_place at;
	struct span plain = SPAN_NONE;

	key.addr.server = (uint8_t)db_i64(res, row, db_col(res, "peer_server"));
	key.addr.user = (uint64_t)db_i64(res, row, db_col(res, "peer_user"));
	at = place_of(&key, r->user_id);
	if (unseal(c->env->sealer, a, &at, db_bytes(res, row, db_col(res, "record")), &plain, &e) ||
	    session_load(plain, &r->s, &e)) {
		/* only this one is lost: a new session heals it */
		LOG_ERROR(c->env->log, "session.damaged", F_ID("device", r->key.device_id),
			  F_ERR(&e));
		r->s = NULL;
	}
	wipe((void *)(uintptr_t)plain.at, plain.len);
}

static void loaded(void *ctx, const PGresult *res, const struct err *e)
{
	struct load *l = ctx;

	for (int row = 0; e->code == ERR_OK && row < db_rows(res); row++) {
		size_t ord = (size_t)db_i64(res, row, db_col(res, "ord")) - 1;

		if (ord < l->len && !l->recs[ord]->is_void)
			load_row(l->cache, l->recs[ord], res, row);
	}
	for (size_t i = 0; i < l->len; i++) {
		struct record *r = l->recs[i];

		r->is_void = false;
		if (e->code == ERR_OK && r->s == NULL)
			r->s = session_new();
		if (r->s == NULL) /* not read: nobody may take it for an empty one */
			record_take_out(&l->cache->records, r);
		join_settle(&r->load_waits, e);
		ratchet_unpin(l->cache, r);
	}
	free(l);
}

static void load_batch(struct device_cache *c, size_t n)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct load *l = xcalloc(1, sizeof(*l) + n * sizeof(l->recs[0]));
	int64_t *users = arena_alloc(a, n * 8), *devices = arena_alloc(a, n * 8);
	int64_t *peers = arena_alloc(a, n * 8), *alts = arena_alloc(a, n * 8);
	int32_t *servers = arena_alloc(a, n * 4), *numbers = arena_alloc(a, n * 4);
	struct db_params *p = db_params_new(a);

	l->cache = c;
	while (l->len < n) {
		struct record *r = CONTAINER_OF(c->records.want.next, struct record, want);
		size_t i = l->len++;

		list_del(&r->want);
		l->recs[i] = r;
		users[i] = r->user_id;
		devices[i] = r->key.device_id;
		servers[i] = r->key.addr.server;
		peers[i] = (int64_t)r->key.addr.user;
		numbers[i] = r->key.addr.device;
		alts[i] = (int64_t)r->alt_pn;
	}
	c->records.want_len -= n;
	db_p_i64_array(p, users, n);
	db_p_i64_array(p, devices, n);
	db_p_i32_array(p, servers, n);
	db_p_i64_array(p, peers, n);
	db_p_i32_array(p, numbers, n);
	db_p_i64_array(p, alts, n);
	db_query(c->env->db, STMT_SESSION_LOAD, p, DB_IDEMPOTENT, loaded, l);
}

void records_flush(struct device_cache *c)
{
	while (c->records.want_len > 0)
		load_batch(c, c->records.want_len < LOAD_BATCH_MAX ? c->records.want_len
								   : LOAD_BATCH_MAX);
}

/* -- storing -- */

void ratchet_store(struct device *d, struct record *const *recs, size_t n, struct db_unit *unit)
{
	AUTO_ARENA struct arena *a = arena_new();
	int32_t *servers = arena_alloc(a, n * 4), *numbers = arena_alloc(a, n * 4);
	int64_t *peers = arena_alloc(a, n * 8);
	struct span *sealed = arena_alloc(a, n * sizeof(*sealed));
	struct db_params *p = db_params_new(a);
	struct wr w;

	if (n == 0)
		return;
	wr_init(&w, SIGNAL_RECORD_BYTES_MAX);
	for (size_t i = 0; i < n; i++) {
		struct seal_place at = place_of(&recs[i]->key, d->user_id);

		wr_reset(&w);
		session_save(recs[i]->s, &w);
		sealed[i] = seal(d->env->sealer, a, &at, wr_span(&w));
		servers[i] = recs[i]->key.addr.server;
		peers[i] = (int64_t)recs[i]->key.addr.user;
		numbers[i] = recs[i]->key.addr.device;
	}
	wr_done_secret(&w);
	db_p_i64(p, d->user_id);
	db_p_i64(p, d->id);
	db_p_i32_array(p, servers, n);
	db_p_i64_array(p, peers, n);
	db_p_i32_array(p, numbers, n);
	db_p_bytes_array(p, sealed, n);
	db_unit_add(unit, STMT_SESSION_SAVE, p);
}

/* -- what happens to the sessions of a person or a device -- */

/* In place, so that there is never a second record of the same remote device. */
static void record_void(struct record *r)
{
	if (r->s == NULL)
		r->is_void = true; /* being read */
	else
		ratchet_reset(r);
}

void ratchet_drop_person(struct device *d, struct addr person, struct db_unit *unit,
			 const struct record *keep)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct addr lid = peer_to_lid(d, person), pn = peer_to_pn(d, person);
	uint64_t lid_user = addr_is_lid(lid) ? lid.user : 0;
	struct records *rs = &d->env->cache->records;
	struct db_params *p = db_params_new(a);

	LIST_EACH(at, &rs->lru) {
		struct record *r = CONTAINER_OF(at, struct record, lru);
		uint64_t user = addr_is_lid(r->key.addr) ? lid_user : pn.user;

		if (r->key.device_id == d->id && r != keep && user != 0 && r->key.addr.user == user)
			record_void(r);
	}
	db_p_i64(p, d->user_id);
	db_p_i64(p, d->id);
	db_p_i64(p, (int64_t)pn.user);
	db_p_i64(p, (int64_t)lid_user);
	db_unit_add(unit, STMT_SESSION_DROP, p);
}

void ratchet_drop_device(struct device *d)
{
	struct records *rs = &d->env->cache->records;

	LIST_EACH(at, &rs->lru) {
		struct record *r = CONTAINER_OF(at, struct record, lru);

		if (r->key.device_id == d->id)
			record_take_out(rs, r);
	}
}

void ratchet_rehome(struct device *d, uint64_t pn, uint64_t lid)
{
	struct records *rs = &d->env->cache->records;

	if (rs->under_pn == 0)
		return;
	LIST_EACH(at, &rs->lru) {
		struct record *r = CONTAINER_OF(at, struct record, lru);
		struct record_key to = r->key;

		if (r->user_id != d->user_id || addr_is_lid(to.addr) || to.addr.user != pn)
			continue;
		to.addr.server = to.addr.server == JID_HOSTED ? JID_HOSTED_LID : JID_LID;
		to.addr.user = lid;
		if (map_get(rs->by_key, MAP_KEY(to)) != NULL) {
			record_take_out(rs, r); /* the one under the LID goes first */
			continue;
		}
		/* the same object under its new name: nobody reads an older state from the table */
		(void)map_del(rs->by_key, MAP_KEY(r->key));
		r->key = to;
		(void)map_put(rs->by_key, MAP_KEY(r->key), r);
		rs->under_pn--;
	}
}
