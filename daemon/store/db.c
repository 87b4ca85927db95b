/* Puts the two connections of a db together: units must not wait behind reads, nor reads behind the
 * flush of a commit. A read that is asked after done() sees what the unit wrote. */
#include "daemon/store/db.h"

#include "shared/base/xalloc.h"

#include "daemon/store/db_query.h"
#include "daemon/store/db_units.h"

enum { CLOSE_MAX_MS = 3000 };

struct db {
	struct db_cfg cfg;
	char *conninfo;
	struct db_queries *queries;
	struct db_units *units;
	bool told, up; /* told: on_state was called at least once */
	enum { DB_OPEN, DB_GIVEN_UP, DB_CLOSING, DB_ENDED } phase;
	uv_timer_t limit;
	int open_parts;
	void (*closed)(void *ctx);
	void *closed_ctx;
};

static void on_part_closed(void *ctx)
{
	struct db *d = ctx;
	void (*closed)(void *) = d->closed;
	void *closed_ctx = d->closed_ctx;

	if (--d->open_parts > 0)
		return;
	free(d->conninfo);
	free(d);
	if (closed)
		closed(closed_ctx);
}

static void on_limit_closed(uv_handle_t *h)
{
	on_part_closed(h->data);
}

static void shutting_down(struct err *e)
{
	err_set(e, ERR_SHUTTING_DOWN, "the database is being closed");
}

static void end(struct db *d)
{
	struct err e = ERR_NONE;

	if (d->phase == DB_ENDED)
		return;
	shutting_down(&e);
	d->phase = DB_ENDED;
	d->open_parts = 3;
	uv_close((uv_handle_t *)&d->limit, on_limit_closed);
	db_units_close(d->units, &e, on_part_closed);
	db_queries_close(d->queries, &e, on_part_closed);
}

static void on_limit(uv_timer_t *t)
{
	end(t->data);
}

static void on_change(void *ctx, const struct err *why)
{
	struct db *d = ctx;
	bool up;

	if (d->phase == DB_ENDED || d->queries == NULL || d->units == NULL)
		return;
	up = db_is_up(d);
	/* a lane may know of its failure before it says why: that follows */
	if ((up && !d->up) || (!up && why && (d->up || !d->told))) {
		d->up = up;
		d->told = true;
		if (up)
			LOG_INFO(d->cfg.log, "database.up");
		else
			LOG_WARN(d->cfg.log, "database.down", F_STR("why", why ? why->msg : ""));
		if (d->cfg.on_state)
			d->cfg.on_state(d->cfg.ctx, up, why ? why->msg : "");
	}
	/* in the next turn: a callback that runs now may still ask for more */
	if (d->phase == DB_CLOSING && db_units_idle(d->units) && db_queries_idle(d->queries))
		uv_timer_start(&d->limit, on_limit, 0, 0);
}

struct db *db_new(const struct db_cfg *cfg)
{
	struct db *d = xcalloc(1, sizeof *d);
	struct db_conn_cfg conn = { 0 };

	d->cfg = *cfg;
	d->conninfo = xstrdup(cfg->conninfo);
	d->cfg.conninfo = d->conninfo;
	uv_timer_init(cfg->loop, &d->limit);
	d->limit.data = d;
	conn.loop = cfg->loop;
	conn.conninfo = d->conninfo;
	conn.log = cfg->log;
	conn.node = cfg->node;
	conn.by_index = cfg->by_index;
	conn.stmts = cfg->stmts ? cfg->stmts : stmt_rows;
	conn.stmts_len = cfg->stmts ? cfg->stmts_len : stmt_rows_len;
	d->units = db_units_new(
		&(struct db_units_cfg){ .conn = conn, .on_change = on_change, .ctx = d });
	d->queries = db_queries_new(
		&(struct db_queries_cfg){ .conn = conn, .on_change = on_change, .ctx = d });
	return d;
}

bool db_is_idle(const struct db *d)
{
	return db_units_idle(d->units) && db_queries_idle(d->queries);
}

bool db_is_up(const struct db *d)
{
	return d->phase != DB_ENDED && db_units_up(d->units) && db_queries_up(d->queries);
}

void db_give_up(struct db *d)
{
	struct err e = ERR_NONE;

	if (d->phase != DB_OPEN)
		return;
	shutting_down(&e);
	d->phase = DB_GIVEN_UP;
	db_units_give_up(d->units, &e);
	db_queries_give_up(d->queries, &e);
}

void db_close(struct db *d, void (*closed)(void *ctx), void *ctx)
{
	d->closed = closed;
	d->closed_ctx = ctx;
	d->phase = DB_CLOSING;
	uv_timer_start(&d->limit, on_limit, CLOSE_MAX_MS, 0);
	on_change(d, NULL);
}

static void query(struct db *d, int64_t user_id, enum stmt stmt, const struct db_params *p,
		  enum db_query_flags flags, db_result_fn done, void *ctx)
{
	struct err e = ERR_NONE;

	shutting_down(&e);
	if (d->phase == DB_OPEN)
		db_queries_add(d->queries, user_id, stmt, p, flags, done, ctx);
	else if (d->phase != DB_ENDED)
		db_queries_refuse(d->queries, done, ctx, &e);
	else if (done)
		done(ctx, NULL, &e);
}

void db_query(struct db *d, enum stmt stmt, const struct db_params *p, enum db_query_flags flags,
	      db_result_fn done, void *ctx)
{
	query(d, DB_EVERYBODY, stmt, p, flags, done, ctx);
}

void db_query_as(struct db *d, int64_t user_id, enum stmt stmt, const struct db_params *p,
		 enum db_query_flags flags, db_result_fn done, void *ctx)
{
	query(d, user_id, stmt, p, flags, done, ctx);
}

void db_commit_take(struct db *d, struct db_unit *u, db_done_fn done, void *ctx)
{
	struct err e = ERR_NONE;

	shutting_down(&e);
	if (d->phase == DB_OPEN) {
		db_units_take(d->units, u, done, ctx);
	} else if (d->phase != DB_ENDED) {
		db_units_refuse_take(d->units, u, done, ctx, &e);
	} else {
		db_unit_free(u);
		if (done)
			done(ctx, &e);
	}
}
