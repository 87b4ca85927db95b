#pragma once
/* Takes away what is kept for a time only: old events, the log of webhooks. Some rows at a time, each table
 * by its own statement, which says what may go. Control loop. */
#include "daemon/store/db.h"

struct upkeep;

/* event_days: how long events are kept */
struct upkeep *upkeep_new(uv_loop_t *loop, struct db *db, struct log *log, uint32_t event_days);
void upkeep_close(struct upkeep *u); /* frees itself when nothing is under way; NULL is fine */
