#include "daemon/store/db_units.h"

#include "shared/base/list.h"
#include "shared/base/xalloc.h"

#include "daemon/store/crash.h"

enum {
	GROUP_BYTES = 4 << 20, /* a group stays small enough to be sent in one piece */
	WAITING_BYTES_MAX = 128 << 20,
	COLLISIONS_MAX = 5
};

struct unit_stmt {
	struct db_unit *unit;
	enum stmt stmt;
	struct db_params *params;
	db_result_fn on_row;
	void *row_ctx; /* NULL: the unit's */
	PGresult *res; /* kept until the commit */
};

struct db_unit {
	struct list link;
	struct unit_stmt *at;
	size_t len, cap, bytes;
	db_done_fn done;
	void *ctx;
	struct err err; /* of one that is failed in the next turn */
};

struct db_units {
	struct db_units_cfg cfg;
	struct db_conn *conn;
	struct list waiting, group, failed;
	size_t len, waiting_len, bytes; /* len, bytes: of all that were taken */
	size_t solo_left;               /* so many units from the front run alone */
	unsigned collisions;            /* of the group at the front */
	enum { GROUP_NONE, GROUP_RUNNING, GROUP_UNDOING } phase;
	bool committed;
	enum refusal refusal; /* of the group under way, and its first cause */
	struct err refused;
	char edge; /* its address is the op of begin, commit and the sync behind them */
	uv_timer_t gather, fail;
	int open_handles;
	void (*closed)(void *ctx);
};

struct db_unit *db_unit_new(void)
{
	return xcalloc(1, sizeof(struct db_unit));
}

void db_unit_add_watched(struct db_unit *u, enum stmt stmt, const struct db_params *p,
			 db_result_fn on_row, void *ctx)
{
	struct unit_stmt *s;

	if (u->len == u->cap) {
		u->cap = u->cap ? u->cap * 2 : 8;
		u->at = xrealloc(u->at, u->cap * sizeof *u->at);
	}
	s = &u->at[u->len++];
	*s = (struct unit_stmt){ u, stmt, params_dup(p), on_row, ctx, NULL };
	u->bytes += s->params->bytes + sizeof *s + sizeof *s->params;
}

void db_unit_add_result(struct db_unit *u, enum stmt stmt, const struct db_params *p,
			db_result_fn on_row)
{
	db_unit_add_watched(u, stmt, p, on_row, NULL);
}

void db_unit_add(struct db_unit *u, enum stmt stmt, const struct db_params *p)
{
	db_unit_add_result(u, stmt, p, NULL);
}

bool db_unit_empty(const struct db_unit *u)
{
	return u->len == 0;
}

static void unit_clear(struct db_unit *u)
{
	for (size_t i = 0; i < u->len; i++) {
		PQclear(u->at[i].res);
		free(u->at[i].params);
	}
	free(u->at);
	u->at = NULL;
	u->len = u->cap = 0;
}

void db_unit_free(struct db_unit *u)
{
	if (u == NULL)
		return;
	unit_clear(u);
	free(u);
}

static void unit_end(struct db_unit *u, const struct err *e)
{
	for (size_t i = 0; i < u->len && e->code == ERR_OK; i++) {
		const struct unit_stmt *s = &u->at[i];

		if (s->on_row)
			s->on_row(s->row_ctx ? s->row_ctx : u->ctx, s->res, e);
	}
	if (u->done)
		u->done(u->ctx, e);
	db_unit_free(u);
}

/* e NULL: each its own */
static void end_list(struct db_units *us, struct list *from, const struct err *e)
{
	struct list mine;

	list_init(&mine); /* a callback may give units: not to this list */
	LIST_EACH(n, from) {
		list_del(n);
		list_add_tail(&mine, n);
	}
	while (!list_empty(&mine)) {
		struct db_unit *u = CONTAINER_OF(mine.next, struct db_unit, link);
		struct err own = u->err;

		list_del(&u->link);
		us->len--;
		us->bytes -= u->bytes;
		unit_end(u, e ? e : &own);
	}
}

static void on_fail(uv_timer_t *t)
{
	struct db_units *us = t->data;

	end_list(us, &us->failed, NULL);
	us->cfg.on_change(us->cfg.ctx, NULL);
}

static void run(struct db_units *us)
{
	size_t bytes = 0, n = 0, max = us->solo_left ? 1 : GROUP_UNITS;

	if (us->phase != GROUP_NONE || list_empty(&us->waiting) || !db_conn_is_up(us->conn))
		return;
	uv_timer_stop(&us->gather);
	us->phase = GROUP_RUNNING;
	us->committed = false;
	us->refusal = REFUSAL_NONE;
	us->refused = ERR_NONE;
	db_conn_send_text(us->conn, "begin", &us->edge);
	while (!list_empty(&us->waiting) && n < max) {
		struct db_unit *u = CONTAINER_OF(us->waiting.next, struct db_unit, link);

		if (n > 0 && bytes + u->bytes > GROUP_BYTES)
			break;
		bytes += u->bytes;
		n++;
		list_del(&u->link);
		us->waiting_len--;
		list_add_tail(&us->group, &u->link);
		for (size_t i = 0; i < u->len; i++)
			db_conn_send_stmt(us->conn, u->at[i].stmt, u->at[i].params, &u->at[i]);
	}
	CRASH_POINT("group.before_commit");
	db_conn_send_text(us->conn, "commit", &us->edge);
	db_conn_send_sync(us->conn, &us->edge);
	CRASH_POINT("group.commit_sent"); /* the outcome is unknown */
}

static void on_gather(uv_timer_t *t)
{
	run(t->data);
}

/* the group goes back to the front, in its order */
static size_t group_back(struct db_units *us)
{
	size_t n = 0;

	while (!list_empty(&us->group)) {
		struct db_unit *u = CONTAINER_OF(us->group.prev, struct db_unit, link);

		list_del(&u->link);
		list_add_head(&us->waiting, &u->link);
		us->waiting_len++;
		n++;
		for (size_t i = 0; i < u->len; i++) {
			PQclear(u->at[i].res);
			u->at[i].res = NULL;
		}
	}
	us->phase = GROUP_NONE;
	return n;
}

/* Units are ended after the next group has left, so that the server works while callbacks run. */
static void group_end(struct db_units *us, const struct err *e)
{
	struct list mine;

	list_init(&mine);
	LIST_EACH(n, &us->group) {
		list_del(n);
		list_add_tail(&mine, n);
	}
	us->phase = GROUP_NONE;
	us->collisions = 0;
	if (us->solo_left)
		us->solo_left--;
	run(us);
	end_list(us, &mine, e);
	us->cfg.on_change(us->cfg.ctx, NULL);
}

/* Which unit was refused cannot always be told (a constraint may speak up at the commit), so each
 * runs alone; those that are fine pass. */
static void group_split(struct db_units *us)
{
	bool alone = us->group.next == us->group.prev;

	if (us->refusal == REFUSAL_COLLISION && ++us->collisions < COLLISIONS_MAX) {
		group_back(us);
		run(us);
	} else if (alone) {
		struct err e = us->refused;

		group_end(us, &e);
	} else {
		us->collisions = 0;
		us->solo_left = group_back(us);
		run(us);
	}
}

static void on_up(void *ctx)
{
	struct db_units *us = ctx;

	us->cfg.on_change(us->cfg.ctx, NULL);
	run(us);
}

static void on_lost(void *ctx, const struct err *why)
{
	struct db_units *us = ctx;

	group_back(us); /* also when the commit was under way: a unit may run twice */
	us->cfg.on_change(us->cfg.ctx, why);
}

static void note_refusal(struct db_units *us, const PGresult *res, const char *name)
{
	enum refusal r = db_refusal(res);

	if (r == REFUSAL_NONE || r == REFUSAL_ABORTED || us->refusal != REFUSAL_NONE)
		return;
	us->refusal = r;
	db_refusal_err(res, name, &us->refused);
}

static void on_result(void *ctx, void *op, PGresult *res)
{
	struct db_units *us = ctx;
	struct unit_stmt *s = op;

	if (us->phase == GROUP_UNDOING) {
		PQclear(res);
		return;
	}
	if (op == &us->edge) {
		note_refusal(us, res, "commit");
		/* a commit of a failed transaction is answered too, with ROLLBACK */
		if (strcmp(PQcmdStatus(res), "COMMIT") == 0)
			us->committed = true;
		PQclear(res);
		return;
	}
	note_refusal(us, res, us->cfg.conn.stmts[s->stmt].name);
	if (s->on_row && db_refusal(res) == REFUSAL_NONE) {
		PQclear(s->res);
		s->res = res;
	} else {
		PQclear(res);
	}
}

static void on_sync(void *ctx, void *op)
{
	struct db_units *us = ctx;

	(void)op;
	if (us->phase == GROUP_UNDOING) {
		group_split(us);
	} else if (us->committed && us->refusal == REFUSAL_NONE) {
		struct err ok = ERR_NONE;

		CRASH_POINT("group.after_commit");
		group_end(us, &ok);
	} else {
		if (us->refusal == REFUSAL_NONE) {
			us->refusal = REFUSAL_STATEMENT;
			err_set(&us->refused, ERR_DATABASE, "the transaction was rolled back");
		}
		us->phase = GROUP_UNDOING;
		db_conn_send_text(us->conn, "rollback", &us->edge);
		db_conn_send_sync(us->conn, &us->edge);
	}
}

void db_units_refuse_take(struct db_units *us, struct db_unit *u, db_done_fn done, void *ctx,
			  const struct err *e)
{
	unit_clear(u);
	u->bytes = 0;
	u->err = *e;
	u->done = done;
	u->ctx = ctx;
	us->len++;
	list_add_tail(&us->failed, &u->link);
	uv_timer_start(&us->fail, on_fail, 0, 0);
}

void db_units_take(struct db_units *us, struct db_unit *u, db_done_fn done, void *ctx)
{
	struct err e = ERR_NONE;

	if (us->len >= DB_UNITS_MAX || us->bytes + u->bytes > WAITING_BYTES_MAX) {
		err_set(&e, ERR_BUSY, "%zu units wait for the database", us->len);
		db_units_refuse_take(us, u, done, ctx, &e);
		return;
	}
	u->done = done;
	u->ctx = ctx;
	us->len++;
	us->waiting_len++;
	us->bytes += u->bytes;
	list_add_tail(&us->waiting, &u->link);
	if (us->phase != GROUP_NONE || !db_conn_is_up(us->conn))
		return; /* goes with the next group */
	if (us->waiting_len >= GROUP_UNITS)
		run(us);
	else if (!uv_is_active((uv_handle_t *)&us->gather))
		uv_timer_start(&us->gather, on_gather, GROUP_DELAY_MS, 0);
}

struct db_units *db_units_new(const struct db_units_cfg *cfg)
{
	struct db_units *us = xcalloc(1, sizeof *us);

	us->cfg = *cfg;
	list_init(&us->waiting);
	list_init(&us->group);
	list_init(&us->failed);
	uv_timer_init(cfg->conn.loop, &us->gather);
	uv_timer_init(cfg->conn.loop, &us->fail);
	us->gather.data = us->fail.data = us;
	us->cfg.conn.name = "units";
	us->cfg.conn.on_up = on_up;
	us->cfg.conn.on_lost = on_lost;
	us->cfg.conn.on_result = on_result;
	us->cfg.conn.on_sync = on_sync;
	us->cfg.conn.ctx = us;
	us->conn = db_conn_new(&us->cfg.conn);
	return us;
}

void db_units_give_up(struct db_units *us, const struct err *e)
{
	db_conn_drop(us->conn);
	uv_timer_stop(&us->gather);
	group_back(us);
	LIST_EACH(n, &us->waiting) {
		CONTAINER_OF(n, struct db_unit, link)->err = *e;
		list_del(n);
		list_add_tail(&us->failed, n);
	}
	us->waiting_len = 0;
	uv_timer_start(&us->fail, on_fail, 0, 0);
}

bool db_units_idle(const struct db_units *us)
{
	return us->len == 0;
}

bool db_units_up(const struct db_units *us)
{
	return db_conn_is_up(us->conn);
}

static void one_closed(struct db_units *us)
{
	if (--us->open_handles == 0) {
		void (*closed)(void *) = us->closed;
		void *ctx = us->cfg.ctx;

		free(us);
		closed(ctx);
	}
}

static void on_conn_closed(void *ctx)
{
	one_closed(ctx);
}

static void on_timer_closed(uv_handle_t *h)
{
	one_closed(h->data);
}

void db_units_close(struct db_units *us, const struct err *e, void (*closed)(void *ctx))
{
	us->closed = closed;
	us->open_handles = 3;
	db_conn_close(us->conn, on_conn_closed);
	uv_close((uv_handle_t *)&us->gather, on_timer_closed);
	uv_close((uv_handle_t *)&us->fail, on_timer_closed);
	group_back(us);
	end_list(us, &us->waiting, e); /* callbacks add nothing: the owner refuses by itself now */
	end_list(us, &us->failed, NULL);
}
