#pragma once
/* Takes away what is kept for a time only: old events, the log of webhooks, of the queue what is final, the log of
 * replies, the audit. Some rows at a time, each table by its own statement, which says what may go; figures are not
 * changed by it (outbox_trim.sql). Control loop. */
#include "daemon/store/db.h"

struct upkeep;

/* how long each is kept; 0: for ever */
struct upkeep_days {
	uint32_t events, queue, replies, audit;
};

struct upkeep *upkeep_new(uv_loop_t *loop, struct db *db, struct log *log,
			  const struct upkeep_days *days); /* copied */
void upkeep_close(struct upkeep *u); /* frees itself when nothing is under way; NULL is fine */
