#include "daemon/client/peer.h"

#include "shared/base/xalloc.h"

#include "daemon/client/cache.h"

struct peer_key {
	int64_t user_id;
	uint64_t number;
};

void peers_init(struct peers *p, size_t max)
{
	p->by_pn = map_new();
	p->by_lid = map_new();
	list_init(&p->lru);
	list_init(&p->want);
	p->len = p->want_len = 0;
	p->max = max;
}

static void peer_free(struct peer *p)
{
	free(p->devices);
	free(p);
}

void peers_done(struct peers *p)
{
	LIST_EACH(at, &p->lru)
		peer_free(CONTAINER_OF(at, struct peer, lru));
	map_free(p->by_pn);
	map_free(p->by_lid);
}

static struct peer *peer_by(const struct map *m, int64_t user_id, uint64_t number)
{
	struct peer_key key = { user_id, number };

	return number == 0 ? NULL : map_get(m, MAP_KEY(key));
}

static void peer_index(struct map *m, int64_t user_id, uint64_t number, struct peer *p)
{
	struct peer_key key = { user_id, number };

	if (number == 0)
		return;
	if (p == NULL)
		(void)map_del(m, MAP_KEY(key));
	else
		(void)map_put(m, MAP_KEY(key), p);
}

static bool peer_is_idle(const struct peer *p)
{
	return !p->busy && list_empty(&p->waits);
}

static void peer_remove(struct peers *ps, struct peer *p)
{
	if (peer_by(ps->by_pn, p->user_id, p->pn) == p)
		peer_index(ps->by_pn, p->user_id, p->pn, NULL);
	if (peer_by(ps->by_lid, p->user_id, p->lid) == p)
		peer_index(ps->by_lid, p->user_id, p->lid, NULL);
	list_del(&p->lru);
	ps->len--;
	peer_free(p);
}

static void peers_trim(struct peers *ps)
{
	/* busy ones stay; looking at a few is enough, the next call looks again */
	int looks = 8;

	for (struct list *at = ps->lru.prev; ps->len > ps->max && at != &ps->lru && looks > 0;
	     looks--) {
		struct peer *p = CONTAINER_OF(at, struct peer, lru);

		at = at->prev;
		if (peer_is_idle(p))
			peer_remove(ps, p);
	}
}

static struct peer *peer_add(struct peers *ps, int64_t user_id, uint64_t pn, uint64_t lid)
{
	struct peer *p = xcalloc(1, sizeof(*p));

	peers_trim(ps);
	p->user_id = user_id;
	p->pn = pn;
	p->lid = lid;
	p->fetched_at.ms = INT64_MIN;
	list_init(&p->want);
	list_init(&p->waits);
	list_add_head(&ps->lru, &p->lru);
	peer_index(ps->by_pn, user_id, pn, p);
	peer_index(ps->by_lid, user_id, lid, p);
	ps->len++;
	return p;
}

struct peer *peer_get(struct device_cache *c, int64_t user_id, struct addr a)
{
	struct peers *ps = &c->peers;
	struct peer *p = peer_by(addr_is_lid(a) ? ps->by_lid : ps->by_pn, user_id, a.user);

	if (p != NULL) {
		list_del(&p->lru);
		list_add_head(&ps->lru, &p->lru);
	}
	return p;
}

bool peer_is_fresh(const struct device_cache *c, const struct peer *p)
{
	return p->device_len > 0 && p->fetched_at.ms != INT64_MIN &&
	       clock_unix(c->env->clock).ms - p->fetched_at.ms < PEER_FRESH_MS;
}

/* two entries turn out to be one person */
static void peer_merge(struct peers *ps, struct peer *keep, struct peer *gone)
{
	if (keep->device_len == 0 && gone->device_len > 0) {
		free(keep->devices);
		keep->devices = gone->devices;
		keep->device_len = gone->device_len;
		keep->fetched_at = gone->fetched_at;
		gone->devices = NULL;
		gone->device_len = 0;
	}
	if (peer_is_idle(gone)) {
		peer_remove(ps, gone);
		return;
	}
	/* somebody waits for it: it only leaves the index */
	peer_index(ps->by_lid, gone->user_id, gone->lid, NULL);
	gone->lid = 0;
}

void peer_note_pair(struct device_cache *c, struct peer *p, uint64_t pn, uint64_t lid)
{
	struct peers *ps = &c->peers;
	struct peer *other = peer_by(ps->by_lid, p->user_id, lid);

	if (other != NULL && other != p)
		peer_merge(ps, p, other);
	if (p->lid != lid && p->lid != 0 && peer_by(ps->by_lid, p->user_id, p->lid) == p)
		peer_index(ps->by_lid, p->user_id, p->lid, NULL);
	p->pn = pn;
	p->lid = lid;
	p->pair_read = true;
	peer_index(ps->by_pn, p->user_id, pn, p);
	peer_index(ps->by_lid, p->user_id, lid, p);
}

static void pair_saved(void *ctx, const PGresult *res, const struct err *e)
{
	struct device *d = ctx;

	(void)res;
	if (e->code != ERR_OK)
		LOG_WARN(d->log, "peer.pair_not_stored", F_ERR(e));
	device_release(d);
}

static void pair_save(struct device *d, uint64_t pn, uint64_t lid)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	int64_t pns = (int64_t)pn, lids = (int64_t)lid;

	db_p_i64(p, d->user_id);
	db_p_i64_array(p, &pns, 1);
	db_p_i64_array(p, &lids, 1);
	device_hold(d);
	db_query(d->env->db, STMT_LID_SAVE, p, DB_IDEMPOTENT, pair_saved, d);
}

void peer_learn(struct device *d, uint64_t pn, uint64_t lid)
{
	struct device_cache *c = d->env->cache;
	struct peer *p = peer_by(c->peers.by_pn, d->user_id, pn);

	if (pn == 0 || lid == 0 || (p != NULL && p->lid == lid))
		return;
	if (p == NULL)
		p = peer_by(c->peers.by_lid, d->user_id, lid);
	if (p == NULL)
		p = peer_add(&c->peers, d->user_id, pn, lid);
	peer_note_pair(c, p, pn, lid);
	ratchet_rehome(d, pn, lid);
	pair_save(d, pn, lid);
}

struct addr peer_to_lid(struct device *d, struct addr a)
{
	struct peer *p;

	if (addr_is_lid(a))
		return a;
	if (a.user == d->pn.user && d->lid.user != 0)
		return addr_make(a.server == JID_HOSTED ? JID_HOSTED_LID : JID_LID, d->lid.user,
				 a.device);
	p = peer_get(d->env->cache, d->user_id, a);
	if (p == NULL || p->lid == 0)
		return a;
	return addr_make(a.server == JID_HOSTED ? JID_HOSTED_LID : JID_LID, p->lid, a.device);
}

struct addr peer_to_pn(struct device *d, struct addr a)
{
	struct peer *p;

	if (!addr_is_lid(a))
		return a;
	if (a.user == d->lid.user && d->pn.user != 0)
		return addr_make(JID_PN, d->pn.user, a.device);
	p = peer_get(d->env->cache, d->user_id, a);
	return addr_make(JID_PN, p == NULL ? 0 : p->pn, a.device);
}

void peer_set_devices(struct device_cache *c, struct peer *p, const uint32_t *devices, size_t len)
{
	if (len > PEER_DEVICES_MAX)
		len = PEER_DEVICES_MAX;
	free(p->devices);
	p->devices = len == 0 ? NULL : xmemdup(devices, len * sizeof(*devices));
	p->device_len = len;
	p->fetched_at = clock_unix(c->env->clock);
}

struct addr peer_device_addr(const struct peer *p, uint32_t device, bool as_lid)
{
	bool hosted = (device & PEER_HOSTED) != 0;

	if (as_lid)
		return addr_make(hosted ? JID_HOSTED_LID : JID_LID, p->lid, (uint16_t)device);
	return addr_make(hosted ? JID_HOSTED : JID_PN, p->pn, (uint16_t)device);
}

void peer_drop_devices(struct device *d, struct addr a, struct db_unit *unit)
{
	AUTO_ARENA struct arena *arena = arena_new();
	struct peer *p = peer_get(d->env->cache, d->user_id, a);
	struct db_params *params = db_params_new(arena);

	if (p != NULL)
		p->fetched_at.ms = INT64_MIN;
	db_p_i64(params, d->user_id);
	db_p_i64(params, (int64_t)(addr_is_lid(a) ? (p == NULL ? 0 : p->pn) : a.user));
	db_p_i64(params, (int64_t)(addr_is_lid(a) ? a.user : 0));
	if (unit != NULL) {
		db_unit_add(unit, STMT_PEER_DROP, params);
		return;
	}
	device_hold(d);
	db_query(d->env->db, STMT_PEER_DROP, params, DB_IDEMPOTENT, pair_saved, d);
}

/* -- looking up: see peer_find.c for how -- */

void peer_find(struct device *d, uint64_t pn, join_fn done, void *ctx)
{
	struct device_cache *c = d->env->cache;
	struct peer *p = peer_get(c, d->user_id, addr_make(JID_PN, pn, 0));
	struct err e = ERR_NONE;
	struct join *j;

	if (p != NULL && !p->busy && clock_mono(c->env->clock).ms < p->absent_until.ms) {
		err_set(&e, ERR_NOT_FOUND, "the number is not on WhatsApp");
		done(ctx, &e);
		return;
	}
	if (p != NULL && peer_is_fresh(c, p)) {
		done(ctx, &e);
		return;
	}
	if (p == NULL)
		p = peer_add(&c->peers, d->user_id, pn, 0);
	j = join_new(1, done, ctx);
	join_add(j, &p->waits);
	peer_want(d, p);
	join_go(j);
}

void peer_warm(struct device *d, uint64_t pn)
{
	struct device_cache *c = d->env->cache;
	struct peer *p = peer_get(c, d->user_id, addr_make(JID_PN, pn, 0));

	if (p == NULL)
		p = peer_add(&c->peers, d->user_id, pn, 0);
	if (!peer_is_fresh(c, p))
		peer_want(d, p);
}

struct pair_query {
	struct device *d;
	struct addr a;
	join_fn done;
	void *ctx;
};

static void pair_found(void *ctx, const PGresult *res, const struct err *e)
{
	struct pair_query *q = ctx;
	struct device *d = q->d;
	struct device_cache *c = d->env->cache;
	struct peer *p = peer_get(c, d->user_id, q->a);

	if (e->code == ERR_OK && db_rows(res) > 0) {
		uint64_t pn = (uint64_t)db_i64(res, 0, db_col(res, "pn"));
		uint64_t lid = (uint64_t)db_i64(res, 0, db_col(res, "lid"));

		if (p == NULL)
			p = peer_get(c, d->user_id, addr_make(JID_PN, pn, 0));
		if (p == NULL)
			p = peer_add(&c->peers, d->user_id, pn, lid);
		peer_note_pair(c, p, pn, lid);
	} else if (e->code == ERR_OK) {
		if (p == NULL)
			p = addr_is_lid(q->a) ? peer_add(&c->peers, d->user_id, 0, q->a.user)
					      : peer_add(&c->peers, d->user_id, q->a.user, 0);
		p->pair_read = true;
	}
	q->done(q->ctx, e);
	device_release(d);
	free(q);
}

void peer_find_pair(struct device *d, struct addr a, join_fn done, void *ctx)
{
	struct peer *p = peer_get(d->env->cache, d->user_id, a);
	bool own = a.user == (addr_is_lid(a) ? d->lid.user : d->pn.user);
	struct err e = ERR_NONE;

	if (own || (p != NULL && (p->pair_read || (p->pn != 0 && p->lid != 0)))) {
		done(ctx, &e);
		return;
	}

	AUTO_ARENA struct arena *arena = arena_new();
	struct db_params *params = db_params_new(arena);
	struct pair_query *q = xcalloc(1, sizeof(*q));

	*q = (struct pair_query){ .d = d, .a = a, .done = done, .ctx = ctx };
	device_hold(d);
	db_p_i64(params, d->user_id);
	db_p_i64(params, (int64_t)(addr_is_lid(a) ? 0 : a.user));
	db_p_i64(params, (int64_t)(addr_is_lid(a) ? a.user : 0));
	db_query(d->env->db, STMT_LID_FIND, params, DB_IDEMPOTENT, pair_found, q);
}
