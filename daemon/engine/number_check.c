#include "daemon/engine/number_check.h"

#include "shared/base/map.h"
#include "shared/base/xalloc.h"

#include "daemon/store/crash.h"

struct number_checks {
	struct number_checks_cfg cfg;
	uv_timer_t timer;
	struct map *resting; /* device id -> struct rest */
	mono_ms asked_at;    /* the last question; ms INT64_MIN: none yet */
	uint32_t waits;      /* statements under way */
	bool looking, closing, timer_closed;
};

struct rest {
	int64_t device_id;
	mono_ms until;
};

static void rests_drop(struct number_checks *n, bool all)
{
	mono_ms now = clock_mono(n->cfg.clock);
	struct span key;
	void *value;
	size_t pos = 0;

	while (map_next(n->resting, &pos, &key, &value)) {
		struct rest *r = value;

		if (!all && r->until.ms > now.ms)
			continue;
		map_del(n->resting, MAP_KEY(r->device_id));
		free(r);
	}
}

static void free_when_idle(struct number_checks *n)
{
	if (!n->closing || !n->timer_closed || n->waits)
		return;
	rests_drop(n, true);
	map_free(n->resting);
	free(n);
}

/* -- a batch -- */

/* the user's online devices that may ask; the arena's */
static size_t askers(struct number_checks *n, int64_t user_id, struct arena *a, int64_t **ret)
{
	const struct fleet_device *d;
	int64_t after = 0;
	size_t len = 0;

	for (int round = 0; round < 2; round++) {
		len = 0;
		after = 0;
		while ((d = fleet_next(n->cfg.fleet, user_id, &after)) != NULL) {
			if (d->state != DEVICE_ONLINE || map_get(n->resting, MAP_KEY(d->id)))
				continue;
			if (round)
				(*ret)[len] = d->id;
			len++;
		}
		if (!round)
			*ret = arena_alloc(a, (len + 1) * sizeof **ret);
	}
	return len;
}

struct claim {
	struct number_checks *all;
	int64_t user_id;
};

static void on_claimed(void *ctx, const PGresult *r, const struct err *e)
{
	struct claim *c = ctx;
	struct number_checks *n = c->all;
	int64_t phones[NUMBER_CHECK_BATCH];
	size_t len = 0;

	n->waits--;
	if (e->code == ERR_OK && db_rows(r) && !n->closing) {
		const struct fleet_device *d =
			fleet_find(n->cfg.fleet, c->user_id, db_i64(r, 0, db_col(r, "device_id")));

		for (int i = 0; i < db_rows(r) && len < NUMBER_CHECK_BATCH; i++)
			phones[len++] = db_i64(r, i, db_col(r, "phone"));
		CRASH_POINT("check.after_claim");
		n->asked_at = clock_mono(n->cfg.clock);
		if (d) /* else they are due again after a while */
			fleet_check(n->cfg.fleet, d, phones, len);
	}
	free(c);
	free_when_idle(n);
}

static void claim(struct number_checks *n, int64_t user_id)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	int64_t *devices = NULL;
	size_t len = askers(n, user_id, a, &devices);
	struct claim *c;

	if (len == 0)
		return;
	c = xcalloc(1, sizeof *c);
	c->all = n;
	c->user_id = user_id;
	db_p_i64(p, user_id);
	db_p_i64_array(p, devices, len);
	db_p_i32(p, (int32_t)n->cfg.per_day);
	db_p_i32(p, NUMBER_CHECK_BATCH);
	n->waits++;
	db_query(n->cfg.db, STMT_NUMBER_CHECK_CLAIM, p, DB_ONCE, on_claimed, c);
}

/* -- the answer -- */

static void on_kept(void *ctx, const PGresult *r, const struct err *e)
{
	struct number_checks *n = ctx;

	(void)r;
	n->waits--;
	if (e->code) /* they are asked for once more */
		LOG_WARN(n->cfg.log, "check.not-kept", F_ERR(e));
	free_when_idle(n);
}

static void rest(struct number_checks *n, int64_t device_id)
{
	struct rest *r = map_get(n->resting, MAP_KEY(device_id));

	if (r == NULL) {
		r = xcalloc(1, sizeof *r);
		r->device_id = device_id;
		map_put(n->resting, MAP_KEY(device_id), r);
	}
	r->until.ms = clock_mono(n->cfg.clock).ms + NUMBER_CHECK_REST_MS;
}

static void on_checked(void *ctx, const struct fleet_device *d, const int64_t *on, size_t on_len,
		       const int64_t *off, size_t off_len, const struct err *e)
{
	struct number_checks *n = ctx;
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	if (e->code) {
		LOG_INFO(n->cfg.log, "check.failed", F_ID("device", d->id), F_ERR(e));
		if (e->code == ERR_RATE_LIMITED)
			rest(n, d->id);
		return;
	}
	CRASH_POINT("check.before_kept");
	db_p_i64(p, d->user_id);
	db_p_i64(p, d->id);
	db_p_i64_array(p, on, on_len);
	db_p_i64_array(p, off, off_len);
	n->waits++;
	db_query(n->cfg.db, STMT_NUMBER_CHECK_DONE, p, DB_ONCE, on_kept, n);
}

/* -- when -- */

static void on_users(void *ctx, const PGresult *r, const struct err *e)
{
	struct number_checks *n = ctx;

	n->waits--;
	n->looking = false;
	if (e->code == ERR_OK && !n->closing)
		for (int i = 0; i < db_rows(r); i++)
			claim(n, db_i64(r, i, 0));
	free_when_idle(n);
}

static void look(struct number_checks *n)
{
	AUTO_ARENA struct arena *a = arena_new();

	if (n->looking || n->cfg.per_day == 0)
		return;
	rests_drop(n, false);
	n->looking = true;
	n->waits++;
	db_query(n->cfg.db, STMT_NUMBER_CHECK_USERS, db_params_new(a), DB_IDEMPOTENT, on_users, n);
}

static void on_timer(uv_timer_t *t)
{
	look(CONTAINER_OF(t, struct number_checks, timer));
}

void number_checks_wake(struct number_checks *n)
{
	int64_t now = clock_mono(n->cfg.clock).ms;

	if (n->asked_at.ms == INT64_MIN || now - n->asked_at.ms >= n->cfg.every_ms)
		look(n);
}

static void recover(struct number_checks *n)
{
	AUTO_ARENA struct arena *a = arena_new();

	n->waits++;
	db_query(n->cfg.db, STMT_NUMBER_CHECK_RECOVER, db_params_new(a), DB_IDEMPOTENT, on_kept, n);
}

struct number_checks *number_checks_new(const struct number_checks_cfg *cfg)
{
	struct number_checks *n = xcalloc(1, sizeof *n);

	n->cfg = *cfg;
	n->asked_at.ms = INT64_MIN;
	n->resting = map_new();
	fleet_on_checked(cfg->fleet, on_checked, n);
	recover(n);
	uv_timer_init(cfg->loop, &n->timer);
	uv_timer_start(&n->timer, on_timer, cfg->every_ms, cfg->every_ms);
	return n;
}

static void on_timer_closed(uv_handle_t *h)
{
	struct number_checks *n = CONTAINER_OF(h, struct number_checks, timer);

	n->timer_closed = true;
	free_when_idle(n);
}

/* after the fleet is drained: it tells nobody any more */
void number_checks_close(struct number_checks *n)
{
	n->closing = true;
	uv_close((uv_handle_t *)&n->timer, on_timer_closed);
}
