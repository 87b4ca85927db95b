#pragma once
/* What becomes of outbox rows after they left. It gathers the server's acks of all devices of a shard
 * and writes them with one statement a few milliseconds later: losing them in a crash costs a resend
 * with the same id, nothing else. Receipts come gathered by the client and join its unit. */
#include "shared/base/clock.h"

#include "daemon/client/client.h"
#include "daemon/store/db.h"

struct progress;

struct progress *progress_new(uv_loop_t *loop, struct db *db, struct log *log);
void progress_sent(struct progress *p, int64_t user_id, int64_t row_id, unix_ms at);
void progress_receipts(void *ctx, const struct in_receipt *r, size_t n, struct db_unit *unit);
void progress_flush(struct progress *p);
void progress_close(
	struct progress *p); /* flushes; frees itself once the loop let go of the timer */
