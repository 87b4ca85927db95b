#include "daemon/store/db_query.h"

#include "shared/base/list.h"
#include "shared/base/xalloc.h"

enum {
	IN_FLIGHT_MAX = 256, /* keeps the server busy and its answers small */
	COLLISIONS_MAX = 5,
	SWEEP_MS = 500,
	ONCE_WAIT_MS = 5000 /* a restart of the server fits in; a person does not wait longer */
};

struct query {
	struct list link;
	int64_t user_id; /* the wall it is behind, or DB_EVERYBODY */
	enum stmt stmt;
	enum db_query_flags flags;
	unsigned collisions;
	uint64_t since; /* loop time it began to wait */
	struct db_params *params;
	PGresult *res;
	struct err err; /* of one that is failed in the next turn */
	db_result_fn done;
	void *ctx;
};

struct db_queries {
	struct db_queries_cfg cfg;
	struct db_conn *conn;
	struct list waiting, in_flight, failed;
	size_t len, in_flight_len;
	uv_timer_t sweep, fail;
	struct err down; /* why the connection is not there */
	int open_handles;
	void (*closed)(void *ctx);
};

static void query_end(struct query *q, const struct err *e)
{
	if (q->done)
		q->done(q->ctx, e->code ? NULL : q->res, e);
	PQclear(q->res);
	free(q->params);
	free(q);
}

static void fail_list(struct db_queries *qs, struct list *from, const struct err *e)
{
	struct list mine;

	list_init(&mine); /* a callback may add queries: not to this list */
	LIST_EACH(n, from) {
		list_del(n);
		list_add_tail(&mine, n);
	}
	LIST_EACH(n, &mine) {
		struct query *q = CONTAINER_OF(n, struct query, link);

		list_del(n);
		qs->len--;
		query_end(q, e ? e : &q->err);
	}
}

static void on_fail(uv_timer_t *t)
{
	struct db_queries *qs = t->data;

	fail_list(qs, &qs->failed, NULL);
	qs->cfg.on_change(qs->cfg.ctx, NULL);
}

/* A pipeline's segment is one transaction, so that what this sets ends with it. When it is refused,
 * the statement behind it is not run. */
static void send_wall(struct db_queries *qs, int64_t user_id)
{
	struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	db_p_i64(p, user_id);
	db_conn_send_stmt(qs->conn, STMT_DB_ACT_AS, p, NULL);
	arena_free(a);
}

static void pump(struct db_queries *qs)
{
	while (!list_empty(&qs->waiting) && qs->in_flight_len < IN_FLIGHT_MAX &&
	       db_conn_is_up(qs->conn)) {
		struct query *q = CONTAINER_OF(qs->waiting.next, struct query, link);

		list_del(&q->link);
		list_add_tail(&qs->in_flight, &q->link);
		qs->in_flight_len++;
		if (q->user_id != DB_EVERYBODY)
			send_wall(qs, q->user_id);
		db_conn_send_stmt(qs->conn, q->stmt, q->params, q);
		db_conn_send_sync(qs->conn, q);
	}
}

static void on_up(void *ctx)
{
	struct db_queries *qs = ctx;

	uv_timer_stop(&qs->sweep);
	qs->down = ERR_NONE;
	pump(qs);
	qs->cfg.on_change(qs->cfg.ctx, NULL);
}

/* not the loop's time: a caller that blocked before it asks would find its wait over at once */
static uint64_t now_ms(void)
{
	return uv_hrtime() / 1000000;
}

static void on_sweep(uv_timer_t *t)
{
	struct db_queries *qs = t->data;
	struct list old;
	struct err e = qs->down;

	list_init(&old);
	LIST_EACH(n, &qs->waiting) {
		struct query *q = CONTAINER_OF(n, struct query, link);

		if (q->flags == DB_ONCE && now_ms() - q->since >= ONCE_WAIT_MS) {
			list_del(n);
			list_add_tail(&old, n);
		}
	}
	if (e.code == ERR_OK)
		err_set(&e, ERR_DATABASE, "not connected yet");
	fail_list(qs, &old, &e);
}

static void on_lost(void *ctx, const struct err *why)
{
	struct db_queries *qs = ctx;
	struct list once;

	qs->down = *why;
	list_init(&once);
	/* from the back, so that the ones to run again keep their order */
	while (!list_empty(&qs->in_flight)) {
		struct query *q = CONTAINER_OF(qs->in_flight.prev, struct query, link);

		list_del(&q->link);
		PQclear(q->res);
		q->res = NULL;
		list_add_head(q->flags == DB_IDEMPOTENT ? &qs->waiting : &once, &q->link);
	}
	qs->in_flight_len = 0;
	uv_timer_start(&qs->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
	qs->cfg.on_change(qs->cfg.ctx, why);
	fail_list(qs, &once, why);
}

static void on_result(void *ctx, void *op, PGresult *res)
{
	struct query *q = op;

	(void)ctx;
	/* the first refusal tells most; one that comes after a good answer is the commit's */
	if (q->res == NULL || db_refusal(q->res) == REFUSAL_NONE) {
		PQclear(q->res);
		q->res = res;
	} else {
		PQclear(res);
	}
}

static void on_sync(void *ctx, void *op)
{
	struct db_queries *qs = ctx;
	struct query *q = op;
	struct err e = ERR_NONE;
	enum refusal r = q->res ? db_refusal(q->res) : REFUSAL_ABORTED;

	list_del(&q->link);
	qs->in_flight_len--;
	/* it was undone as a whole: also what may run but once is tried again */
	if (r == REFUSAL_COLLISION && ++q->collisions < COLLISIONS_MAX) {
		PQclear(q->res);
		q->res = NULL;
		list_add_head(&qs->waiting, &q->link);
		pump(qs);
		return;
	}
	if (r != REFUSAL_NONE)
		db_refusal_err(q->res, qs->cfg.conn.stmts[q->stmt].name, &e);
	qs->len--;
	pump(qs);
	query_end(q, &e);
	qs->cfg.on_change(qs->cfg.ctx, NULL);
}

void db_queries_refuse(struct db_queries *qs, db_result_fn done, void *ctx, const struct err *e)
{
	struct query *q = xcalloc(1, sizeof *q);

	q->err = *e;
	q->done = done;
	q->ctx = ctx;
	qs->len++;
	list_add_tail(&qs->failed, &q->link);
	uv_timer_start(&qs->fail, on_fail, 0, 0);
}

void db_queries_add(struct db_queries *qs, int64_t user_id, enum stmt stmt,
		    const struct db_params *p, enum db_query_flags flags, db_result_fn done,
		    void *ctx)
{
	struct query *q;
	struct err e = ERR_NONE;

	if (qs->len >= DB_QUERIES_MAX) {
		err_set(&e, ERR_BUSY, "%d database queries are waiting", DB_QUERIES_MAX);
		db_queries_refuse(qs, done, ctx, &e);
		return;
	}
	q = xcalloc(1, sizeof *q);
	q->user_id = user_id;
	q->stmt = stmt;
	q->flags = flags;
	q->since = now_ms();
	q->params = params_dup(p);
	q->done = done;
	q->ctx = ctx;
	qs->len++;
	list_add_tail(&qs->waiting, &q->link);
	pump(qs);
}

struct db_queries *db_queries_new(const struct db_queries_cfg *cfg)
{
	struct db_queries *qs = xcalloc(1, sizeof *qs);

	qs->cfg = *cfg;
	list_init(&qs->waiting);
	list_init(&qs->in_flight);
	list_init(&qs->failed);
	uv_timer_init(cfg->conn.loop, &qs->sweep);
	uv_timer_init(cfg->conn.loop, &qs->fail);
	qs->sweep.data = qs->fail.data = qs;
	uv_timer_start(&qs->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
	qs->cfg.conn.name = "queries";
	qs->cfg.conn.on_up = on_up;
	qs->cfg.conn.on_lost = on_lost;
	qs->cfg.conn.on_result = on_result;
	qs->cfg.conn.on_sync = on_sync;
	qs->cfg.conn.ctx = qs;
	qs->conn = db_conn_new(&qs->cfg.conn);
	return qs;
}

static void give_up_list(struct db_queries *qs, struct list *from, const struct err *e)
{
	LIST_EACH(n, from) {
		CONTAINER_OF(n, struct query, link)->err = *e;
		list_del(n);
		list_add_tail(&qs->failed, n);
	}
}

void db_queries_give_up(struct db_queries *qs, const struct err *e)
{
	db_conn_drop(qs->conn);
	uv_timer_stop(&qs->sweep);
	give_up_list(qs, &qs->in_flight, e);
	give_up_list(qs, &qs->waiting, e);
	qs->in_flight_len = 0;
	uv_timer_start(&qs->fail, on_fail, 0, 0);
}

bool db_queries_idle(const struct db_queries *qs)
{
	return qs->len == 0;
}

bool db_queries_up(const struct db_queries *qs)
{
	return db_conn_is_up(qs->conn);
}

static void one_closed(struct db_queries *qs)
{
	if (--qs->open_handles == 0) {
		void (*closed)(void *) = qs->closed;
		void *ctx = qs->cfg.ctx;

		free(qs);
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

void db_queries_close(struct db_queries *qs, const struct err *e, void (*closed)(void *ctx))
{
	qs->closed = closed;
	qs->open_handles = 3;
	db_conn_close(qs->conn, on_conn_closed);
	uv_close((uv_handle_t *)&qs->sweep, on_timer_closed);
	uv_close((uv_handle_t *)&qs->fail, on_timer_closed);
	fail_list(qs, &qs->in_flight,
		  e); /* callbacks add nothing: the owner refuses by itself now */
	fail_list(qs, &qs->waiting, e);
	fail_list(qs, &qs->failed, NULL);
}
