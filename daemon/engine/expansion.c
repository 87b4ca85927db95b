#include "daemon/engine/expansion.h"

#include "shared/base/xalloc.h"

#include "daemon/store/crash.h"

enum { WAKE_SLICES = 10 }; /* devices may send while the rest is made */

struct expansion {
	struct expansion_cfg cfg;
	int64_t *devices, *loads; /* rows each has to send */
	size_t len;
	int64_t rows; /* made by this expansion */
	uint32_t slices;
	bool stopped;
};

static bool is_named(int64_t id, const int64_t *only, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (only[i] == id)
			return true;
	return only == NULL;
}

int64_t *expansion_devices(const struct fleet *f, int64_t user_id, const int64_t *only,
			   size_t only_len, size_t *ret_len)
{
	const struct fleet_device *d;
	int64_t *ids = NULL, after = 0;
	size_t n = 0, cap = 0;
	bool online = false;

	while ((d = fleet_next(f, user_id, &after))) {
		if (d->pn.user == 0 || d->fault != FAULT_NONE || d->paused || d->moved ||
		    !is_named(d->id, only, only_len))
			continue;
		if (n == cap) {
			cap = cap ? cap * 2 : 16;
			ids = xrealloc(ids, cap * sizeof *ids);
		}
		ids[n++] = d->id;
		online = online || d->state == DEVICE_ONLINE;
	}
	*ret_len = online ? n : 0;
	return ids;
}

static void end(struct expansion *x, bool all_made)
{
	x->cfg.done(x->cfg.ctx, x, all_made);
	free(x->devices);
	free(x->loads);
	free(x);
}

static void next_slice(struct expansion *x);

static size_t place_of(const struct expansion *x, int64_t id)
{
	size_t i = 0;

	while (i < x->len && x->devices[i] != id)
		i++;
	return i;
}

static void add_loads(struct expansion *x, const PGresult *r)
{
	int id = db_col(r, "device_id"), rows = db_col(r, "rows");

	for (int i = 0; i < db_rows(r); i++) {
		size_t at = place_of(x, db_i64(r, i, id));

		if (at < x->len)
			x->loads[at] += db_i64(r, i, rows);
	}
}

static void on_slice(void *ctx, const PGresult *r, const struct err *e)
{
	struct expansion *x = ctx;
	bool all;

	if (e->code) {
		LOG_ERROR(x->cfg.log, "campaign.expand-failed",
			  F_ID("campaign", x->cfg.campaign_id), F_ERR(e));
		end(x, false); /* the next look goes on */
		return;
	}
	CRASH_POINT("campaign.after_slice");
	all = db_bool(r, 0, db_col(r, "all_made"));
	for (int i = 0; i < db_rows(r); i++)
		x->rows += db_i64(r, i, db_col(r, "rows"));
	add_loads(x, r);
	if (x->slices++ % WAKE_SLICES == 0 || all)
		fleet_wake(x->cfg.fleet, x->cfg.user_id, 0);
	if (all)
		LOG_INFO(x->cfg.log, "campaign.expanded", F_ID("campaign", x->cfg.campaign_id),
			 F_I64("messages", x->rows));
	if (all || x->stopped)
		end(x, all);
	else
		next_slice(x);
}

static void next_slice(struct expansion *x)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	db_p_i64(p, x->cfg.user_id);
	db_p_i64(p, x->cfg.campaign_id);
	db_p_i64_array(p, x->devices, x->len);
	db_p_i64_array(p, x->loads, x->len);
	db_p_i64(p, x->rows);
	CRASH_POINT("campaign.before_slice");
	db_query(x->cfg.db, STMT_CAMPAIGN_EXPAND, p, DB_IDEMPOTENT, on_slice, x);
}

static void on_loads(void *ctx, const PGresult *r, const struct err *e)
{
	struct expansion *x = ctx;

	if (e->code || x->stopped) {
		end(x, false);
		return;
	}
	add_loads(x, r);
	next_slice(x);
}

struct expansion *expansion_start(const struct expansion_cfg *cfg, const int64_t *devices,
				  size_t len)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	struct expansion *x = xcalloc(1, sizeof *x);

	x->cfg = *cfg;
	x->len = len;
	x->devices = xcalloc(len, sizeof *x->devices);
	x->loads = xcalloc(len, sizeof *x->loads);
	memcpy(x->devices, devices, len * sizeof *devices);
	db_p_i64(p, cfg->user_id);
	db_query(cfg->db, STMT_CAMPAIGN_LOADS, p, DB_IDEMPOTENT, on_loads, x);
	return x;
}

bool expansion_is_of(const struct expansion *x, int64_t campaign_id)
{
	return x->cfg.campaign_id == campaign_id;
}

void expansion_stop(struct expansion *x)
{
	x->stopped = true;
}
