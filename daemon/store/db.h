#pragma once
/* PostgreSQL on one loop: two libpq connections, non-blocking, always in pipeline mode, one for units
 * and one for queries, so that neither waits behind the other. It decides when statements travel and
 * commit. Statements are named files of sql/queries, built in (stmt.h), prepared on first
 * use on each connection.
 *
 * Two ways in:
 *  - db_query: one statement, its own implicit transaction, answer to a callback. For reads, and for
 *    control-plane writes whose outcome the caller can look up again.
 *  - db_commit: a unit (db_unit) of statements that belong together. Units of many devices are
 *    gathered for up to GROUP_DELAY_MS or GROUP_UNITS and committed as ONE transaction in one flush.
 *    A unit is written so that running it twice does no harm (absolute values, guarded updates,
 *    ON CONFLICT DO NOTHING): when the connection is lost at any point, also during COMMIT, the units
 *    are run again after the reconnect until they are committed. done(ERR_OK) means: durable. A unit
 *    that PostgreSQL refuses fails alone (the group is split and run one by one) with ERR_CONFLICT or
 *    ERR_DATABASE. Units of one db commit in the order they were given.
 *
 * Lost connection: reconnects with backoff for ever; queries under way fail with ERR_DATABASE unless
 * they were marked idempotent; on_state tells the owner (sending pauses by itself: no commit, no send).
 * Bound: DB_UNITS_MAX units and DB_QUERIES_MAX queries wait at most; then ERR_BUSY. */
#include <libpq-fe.h>
#include <stdbool.h>
#include <uv.h>

#include "shared/base/arena.h"
#include "shared/base/clock.h"
#include "shared/base/err.h"
#include "shared/base/log.h"
#include "shared/base/span.h"

#include "daemon/store/stmt.h"

enum { GROUP_DELAY_MS = 2, GROUP_UNITS = 200, DB_UNITS_MAX = 20000, DB_QUERIES_MAX = 20000 };

struct db;
struct sql_text;

struct db_cfg {
	uv_loop_t *loop;
	const char *conninfo; /* copied */
	struct log *log;
	/* which daemon this is: part of the connections' names, and the setting wad.node in statements; NULL: "" */
	const char *node;                                      /* used at the start only */
	void (*on_state)(void *ctx, bool up, const char *why); /* may be NULL */
	void *ctx;
	/* every statement touches few rows, named by keys: plans never scan a table, whatever the
	 * statistics say, and are made once (those of an empty table would else stay for a full one) */
	bool by_index;
	const struct sql_text *stmts; /* tests: instead of the built-in statements; else NULL */
	size_t stmts_len;
};

struct db *db_new(const struct db_cfg *cfg); /* connects in the background */
bool db_is_up(const struct db *d);
bool db_is_idle(const struct db *d); /* no answer will come: all that was asked is done */
/* Before db_close, for owners whose parts wait for their answers before they end: in the next turn of the
 * loop all that waits or is under way (it may have been carried out) fails with ERR_SHUTTING_DOWN, and what
 * is asked later too. */
void db_give_up(struct db *d);
/* finishes what can be finished within 3 s, fails the rest with ERR_SHUTTING_DOWN, then closed() */
void db_close(struct db *d, void (*closed)(void *ctx), void *ctx);

/* Parameters: built in an arena, binary for bytea and integers, text for the rest. */
struct db_params;
struct db_params *db_params_new(struct arena *a);
void db_p_i64(struct db_params *p, int64_t v); /* bigint */
void db_p_i32(struct db_params *p, int32_t v); /* integer */
void db_p_bool(struct db_params *p, bool v);
void db_p_text(struct db_params *p, const char *text); /* NULL becomes SQL NULL; copied */
void db_p_bytes(struct db_params *p,
		struct span bytes);             /* bytea; at == NULL becomes SQL NULL; copied */
void db_p_time(struct db_params *p, unix_ms t); /* timestamptz; ms == INT64_MIN becomes SQL NULL */
void db_p_i64_array(struct db_params *p, const int64_t *v, size_t n); /* bigint[] */
void db_p_i32_array(struct db_params *p, const int32_t *v, size_t n);
void db_p_text_array(struct db_params *p, const char *const *v,
		     size_t n); /* text[], NULL allowed */
void db_p_bytes_array(struct db_params *p, const struct span *v, size_t n); /* bytea[] */
void db_p_null(struct db_params *p);

/* Answers come in binary format; readers below. e->code ERR_OK: res is a tuples or command result,
 * borrowed for the call. */
typedef void (*db_result_fn)(void *ctx, const PGresult *res, const struct err *e);
/* idempotent: run again when the connection was lost and nobody knows whether it ran; one that collided
 * with another (deadlock) did not, and is tried again either way */
enum db_query_flags { DB_ONCE = 0, DB_IDEMPOTENT = 1 };
void db_query(struct db *d, enum stmt stmt, const struct db_params *p, enum db_query_flags flags,
	      db_result_fn done, void *ctx);
/* as db_query, behind the wall of row-level security: the statement sees and writes rows of this user
 * only, whatever its text says. 0 is nobody. */
void db_query_as(struct db *d, int64_t user_id, enum stmt stmt, const struct db_params *p,
		 enum db_query_flags flags, db_result_fn done, void *ctx);

/* A unit owns copies of its parameters. done may be NULL. */
struct db_unit;
struct db_unit *db_unit_new(void);
void db_unit_add(struct db_unit *u, enum stmt stmt, const struct db_params *p);
/* like db_unit_add; after the commit `on_row` sees that statement's result (RETURNING), before done */
void db_unit_add_result(struct db_unit *u, enum stmt stmt, const struct db_params *p,
			db_result_fn on_row);
/* the same for one who adds to another's unit: with a ctx of its own, which lives until the unit's done */
void db_unit_add_watched(struct db_unit *u, enum stmt stmt, const struct db_params *p,
			 db_result_fn on_row, void *ctx);
bool db_unit_empty(const struct db_unit *u);
void db_unit_free(struct db_unit *u); /* only for a unit never given to db_commit */
typedef void (*db_done_fn)(void *ctx, const struct err *e);
void db_commit_take(struct db *d, struct db_unit *u, db_done_fn done, void *ctx); /* d owns u */

/* readers of a binary result; a NULL column gives 0, "", empty span, unix_ms INT64_MIN */
int db_rows(const PGresult *r);
int db_col(const PGresult *r, const char *name); /* aborts on an unknown column: our own mistake */
bool db_is_null(const PGresult *r, int row, int col);
int64_t db_i64(const PGresult *r, int row, int col); /* bigint, integer, smallint, or bool */
bool db_bool(const PGresult *r, int row, int col);
const char *db_text(const PGresult *r, int row, int col);  /* borrowed from r */
struct span db_bytes(const PGresult *r, int row, int col); /* borrowed from r */
unix_ms db_time(const PGresult *r, int row, int col);
int64_t db_affected(const PGresult *r);
/* elements of a smallint[], integer[] or bigint[]; the memory is the arena's */
size_t db_i64_array(const PGresult *r, int row, int col, struct arena *a, const int64_t **ret);
