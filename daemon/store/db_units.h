#pragma once
/* Group commit of a db, on its own connection: gathers units, commits them as one transaction in one
 * flush, runs them again after a loss, splits a refused group. One group is under way at a time, so
 * units commit in the order they were given. */
#include "shared/base/err.h"

#include "daemon/store/db_conn.h"

struct db_units;

struct db_units_cfg {
	struct db_conn_cfg conn; /* loop, conninfo, log, statements */
	void (*on_change)(void *ctx,
			  const struct err *why); /* why NULL: up, or work was finished */
	void *ctx;
};

struct db_units *db_units_new(const struct db_units_cfg *cfg);
void db_units_take(struct db_units *us, struct db_unit *u, db_done_fn done, void *ctx);
/* the answer comes in the next turn of the loop */
void db_units_refuse_take(struct db_units *us, struct db_unit *u, db_done_fn done, void *ctx,
			  const struct err *e);
/* ends the connection; what is left fails with e in the next turn of the loop */
void db_units_give_up(struct db_units *us, const struct err *e);
bool db_units_idle(const struct db_units *us);
bool db_units_up(const struct db_units *us);
/* fails what is left with e, closes the connection, frees */
void db_units_close(struct db_units *us, const struct err *e, void (*closed)(void *ctx));
