#pragma once
/* One libpq connection of a db: connects and reconnects with backoff, prepares statements on first
 * use, hands results to the operation they belong to, in order. It does not decide what travels when
 * (db.c: queries, db_unit.c: units), nor what happens to work that was under way when it is lost. */
#include <libpq-fe.h>
#include <stdbool.h>
#include <uv.h>

#include "shared/base/err.h"
#include "shared/base/log.h"

#include "daemon/store/db_params.h"
#include "daemon/store/stmt_rows.h"

struct db_conn;

struct db_conn_cfg {
	uv_loop_t *loop;
	const char *conninfo; /* copied */
	const char *name;     /* "units" or "queries", for the log */
	const char *node;     /* see db.h */
	struct log *log;
	bool by_index;                /* see db.h */
	const struct sql_text *stmts; /* and their number; must outlive the connection */
	size_t stmts_len;
	void (*on_up)(void *ctx);
	/* the connection is gone (or could not be made): nothing sent before will be answered */
	void (*on_lost)(void *ctx, const struct err *why);
	/* An answer of operation `op`, in order of sending; the callee owns res. A statement may be
	 * answered twice: when preparing it failed, and again (aborted) for running it. */
	void (*on_result)(void *ctx, void *op, PGresult *res);
	void (*on_sync)(void *ctx, void *op); /* the end of a segment */
	void *ctx;
};

/* what by_index sets, for who looks at plans as the shards make them */
extern const char DB_BY_INDEX_SQL[];

struct db_conn *db_conn_new(const struct db_conn_cfg *cfg);
/* no answer comes any more, and no new connection; without on_lost */
void db_conn_drop(struct db_conn *c);
void db_conn_close(struct db_conn *c, void (*closed)(void *ctx)); /* frees; closed(cfg.ctx) */
bool db_conn_is_up(const struct db_conn *c);

/* Each queues an operation and its answer's owner `op` (may be NULL: the answer is dropped). Nothing
 * is reported from inside these calls; a failure comes as on_lost. */
void db_conn_send_stmt(struct db_conn *c, enum stmt stmt, const struct db_params *p, void *op);
void db_conn_send_text(struct db_conn *c, const char *sql, void *op);
void db_conn_send_sync(struct db_conn *c, void *op);

/* What a refusal means: the database is in trouble (the connection is dropped by itself, on_lost), the
 * transaction collided with another (try again now), the statement itself is refused, or it was not
 * run because an earlier one of its segment failed. */
enum refusal {
	REFUSAL_NONE,
	REFUSAL_TROUBLE,
	REFUSAL_COLLISION,
	REFUSAL_STATEMENT,
	REFUSAL_ABORTED
};
enum refusal db_refusal(const PGresult *res);
void db_refusal_err(const PGresult *res, const char *stmt, struct err *ret);
