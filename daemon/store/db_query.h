#pragma once
/* The queries of a db on their own connection: waiting ones, ones under way, their answers. Each is
 * its own transaction; its answer is given after that transaction has ended. */
#include "shared/base/err.h"

#include "daemon/store/db_conn.h"

struct db_queries;

struct db_queries_cfg {
	struct db_conn_cfg conn; /* loop, conninfo, log, statements */
	void (*on_change)(void *ctx,
			  const struct err *why); /* why NULL: up, or work was finished */
	void *ctx;
};

enum { DB_EVERYBODY = -1 };

struct db_queries *db_queries_new(const struct db_queries_cfg *cfg);
/* user_id: whose rows are there for it, or DB_EVERYBODY */
void db_queries_add(struct db_queries *qs, int64_t user_id, enum stmt stmt,
		    const struct db_params *p, enum db_query_flags flags, db_result_fn done,
		    void *ctx);
/* the answer comes in the next turn of the loop */
void db_queries_refuse(struct db_queries *qs, db_result_fn done, void *ctx, const struct err *e);
/* ends the connection; what is left fails with e in the next turn of the loop */
void db_queries_give_up(struct db_queries *qs, const struct err *e);
bool db_queries_idle(const struct db_queries *qs);
bool db_queries_up(const struct db_queries *qs);
/* fails what is left with e, closes the connection, frees */
void db_queries_close(struct db_queries *qs, const struct err *e, void (*closed)(void *ctx));
