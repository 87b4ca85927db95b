#include <malloc.h>

#include "shared/base/map.h"
#include "shared/base/xalloc.h"

#include "daemon/engine/fleet_impl.h"
#include "daemon/engine/node.h"

enum { HEALTH_MS = 5 * 60 * 1000 };
enum { TRIM_LOGINS = 20, TRIM_QUIET_MS = 2000 };
enum { EXPIRE_MS = 15000, EXPIRE_ROWS = 5000 /* the literal of outbox_expire.sql */ };

/* -- how loops and devices are -- */

void fleet_loop(const struct fleet *f, unsigned shard, struct fleet_loop *ret)
{
	*ret = (struct fleet_loop){ .db_up = f->shard_db_up[shard] };
	shard_turn(f->shards[shard], &ret->turn);
	for (size_t i = 0; i < f->len; i++) {
		const struct fleet_device *d = f->devices[i];

		if (d->shard != shard)
			continue;
		ret->devices++;
		ret->online += d->state == DEVICE_ONLINE;
		ret->waiting += d->stats.waiting;
		ret->in_flight += d->stats.in_flight;
	}
}

size_t fleet_mail(const struct fleet *f)
{
	return mailbox_waiting(f->box);
}

struct fleet_ask {
	struct list link;
	int64_t token;
	size_t left; /* devices that have not answered */
	mono_ms until;
	void (*done)(void *ctx);
	void *ctx;
};

static void ask_end(struct fleet_ask *k)
{
	list_del(&k->link);
	k->done(k->ctx);
	free(k);
}

void fleet_ask(struct fleet *f, int64_t user_id, void (*done)(void *ctx), void *ctx)
{
	struct fleet_ask *k = xcalloc(1, sizeof *k);
	const struct fleet_device *d;
	int64_t after = 0;

	k->token = ++f->tokens;
	k->until.ms = clock_mono(f->cfg.clock).ms + FLEET_TICK_MS;
	k->done = done;
	k->ctx = ctx;
	while ((d = fleet_next(f, user_id, &after)) != NULL)
		k->left++;
	list_add_tail(&f->asks, &k->link);
	for (unsigned i = 0; i < f->cfg.shards && k->left; i++) {
		struct fleet_mail *m = fleet_mail_new(MAIL_PEEK, user_id, 0);

		m->token = k->token;
		fleet_to_shard(f, i, m);
	}
	if (k->left == 0)
		ask_end(k);
}

void fleet_ask_heard(struct fleet *f, int64_t token)
{
	LIST_EACH(l, &f->asks) {
		struct fleet_ask *k = CONTAINER_OF(l, struct fleet_ask, link);

		if (k->token != token || --k->left)
			continue;
		ask_end(k);
		return;
	}
}

/* now INT64_MAX: all */
void fleet_asks_end(struct fleet *f, mono_ms now)
{
	LIST_EACH(l, &f->asks) {
		struct fleet_ask *k = CONTAINER_OF(l, struct fleet_ask, link);

		if (k->until.ms <= now.ms)
			ask_end(k);
	}
}

/* -- the lease -- */

/* devices that another node has taken, as this one's lease had run out: nothing of them is ours any more */
static void let_go(struct fleet *f, const PGresult *r)
{
	struct map *mine = map_new();

	for (int i = 0; i < db_rows(r); i++) {
		int64_t id = db_i64(r, i, 0);

		map_put(mine, MAP_KEY(id), f);
	}
	for (size_t i = 0; i < f->len; i++) {
		struct fleet_device *d = f->devices[i];

		if (map_get(mine, MAP_KEY(d->id)) || d->removing ||
		    d->added_at.ms >= f->lease_asked.ms)
			continue;
		LOG_WARN(f->cfg.log, "device.taken", F_ID("device", d->id));
		fleet_remove(f, d);
	}
	map_free(mine);
}

static void on_leased(void *ctx, const PGresult *r, const struct err *e)
{
	struct fleet *f = ctx;
	bool adopts = f->loaded != NULL;
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	f->leasing = false;
	if (!fleet_answered(f))
		return;
	if (e->code) {
		if (f->loaded)
			f->loaded(f->loaded_ctx, e);
		return; /* the tick asks again */
	}
	for (unsigned i = 0; i < f->cfg.shards; i++) {
		struct fleet_mail *m = fleet_mail_new(MAIL_LEASE, 0, 0);

		m->token = f->lease_asked.ms + NODE_LEASE_MS - NODE_MARGIN_MS;
		fleet_to_shard(f, i, m);
	}
	let_go(f, r);
	for (int i = 0; i < db_rows(r) && !adopts; i++)
		adopts = fleet_get(f, db_i64(r, i, 0)) == NULL;
	db_p_text(p, f->cfg.node);
	if (adopts)
		fleet_query(f, STMT_DEVICE_ALL, p, fleet_on_devices);
}

void fleet_renew_lease(struct fleet *f, mono_ms now)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	if (f->leasing)
		return;
	f->leasing = true;
	f->lease_asked = now;
	db_p_text(p, f->cfg.node);
	db_p_bool(p, f->loaded != NULL); /* it starts: no device of its own is online */
	fleet_query(f, STMT_NODE_LEASE, p, on_leased);
}

/* -- failover -- */

/* gone for good: what may have left will never be answered */
static bool is_gone(enum device_fault fault)
{
	return fault == FAULT_LOGGED_OUT || fault == FAULT_ACCOUNT_BANNED ||
	       fault == FAULT_ACCOUNT_LOCKED;
}

void fleet_consider_failover(struct fleet *f, struct fleet_device *d, mono_ms now)
{
	struct fleet_mail *m;
	size_t n;
	int64_t *ids;

	if (d->state == DEVICE_ONLINE || d->moved || d->removing ||
	    (d->pn.user == 0 && d->fault == FAULT_NONE))
		return;
	if (d->state != DEVICE_STOPPED && now.ms - d->away_since.ms < f->cfg.failover_ms)
		return;
	ids = fleet_pick(f, d->user_id, d->id, true, &n);
	if (n == 0) {
		free(ids); /* nobody can take over: the rows wait */
		return;
	}
	d->moved = true;
	m = fleet_mail_new(MAIL_MOVE, d->user_id, d->id);
	m->ids = ids;
	m->id_len = n;
	m->flag = is_gone(d->fault);
	fleet_to_shard(f, d->shard, m);
}

/* Logging in takes much more memory than being online (handshakes, TLS, the backlog): after many
 * logins the allocator gives back what it holds. Once they have settled, as it takes milliseconds. */
static void trim_memory(struct fleet *f, mono_ms now)
{
	if (f->logins < TRIM_LOGINS || now.ms - f->login_at.ms < TRIM_QUIET_MS)
		return;
	f->logins = 0;
	malloc_trim(0);
}

static void on_expired(void *ctx, const PGresult *r, const struct err *e)
{
	struct fleet *f = ctx;

	if (!fleet_answered(f))
		return;
	if (e->code == ERR_OK && db_i64(r, 0, 0))
		LOG_INFO(f->cfg.log, "messages.expired", F_I64("count", db_i64(r, 0, 0)));
	if (e->code == ERR_OK && db_i64(r, 0, 0) == EXPIRE_ROWS)
		f->expire_at.ms = INT64_MIN; /* there are more */
}

static void expire(struct fleet *f, mono_ms now)
{
	AUTO_ARENA struct arena *a = arena_new();

	f->expire_at.ms = now.ms + EXPIRE_MS;
	fleet_query(f, STMT_OUTBOX_EXPIRE, db_params_new(a), on_expired);
}

void fleet_on_tick(uv_timer_t *t)
{
	struct fleet *f = CONTAINER_OF(t, struct fleet, tick);
	mono_ms now = clock_mono(f->cfg.clock);

	for (size_t i = 0; i < f->len; i++) {
		fleet_consider_failover(f, f->devices[i], now);
		if (f->devices[i]->state == DEVICE_ONLINE &&
		    now.ms - f->devices[i]->health_at.ms >= HEALTH_MS) {
			f->devices[i]->health_at = now;
			fleet_post(f, f->devices[i], MAIL_HEALTH);
		}
		if (now.ms - f->devices[i]->settings_at.ms < FLEET_SETTINGS_MS)
			continue;
		f->devices[i]->settings_at = now;
		fleet_post(f, f->devices[i], MAIL_SETTINGS);
	}
	trim_memory(f, now);
	fleet_asks_end(f, now);
	fleet_histories_end(f, now);
	if (now.ms - f->lease_asked.ms >= NODE_RENEW_MS)
		fleet_renew_lease(f, now);
	if (now.ms >= f->expire_at.ms)
		expire(f, now);
}
