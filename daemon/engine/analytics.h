#pragma once
/* Keeps the counters of analytics: the one who reads the events in commit order and adds them up, in
 * one transaction with the place it has reached (sql/queries/analytics_count.sql), so that each event
 * counts once through any crash. Looks once a second while there is news, and at once when somebody
 * wants to read. Control loop only. */
#include <uv.h>

#include "daemon/store/db.h"

enum {
	ANALYTICS_TICK_MS = 1000,
	ANALYTICS_BATCH = 4000, /* the literal of analytics_count.sql */
	ANALYTICS_PATIENCE_MS =
		3000, /* a reader waits no longer than this for what is not counted */
};

struct analytics_cfg {
	uv_loop_t *loop;
	struct db *db;
	const struct clock *clock;
	struct log *log;
	uint32_t reply_days; /* how old the broadcast may be that an opt-out answers */
};

struct analytics;

struct analytics *analytics_new(const struct analytics_cfg *cfg);
void analytics_close(struct analytics *a); /* frees itself when nothing is under way */

/* until: every event up to then is counted; INT64_MIN: nothing is known yet */
typedef void (*analytics_fn)(void *ctx, unix_ms until);
/* calls once all that was committed before now is counted, or when patience ends; also when closing */
void analytics_settle(struct analytics *a, analytics_fn then, void *ctx);
