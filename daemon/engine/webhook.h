#pragma once
/* Webhooks: events become deliveries (webhook_spread.sql), deliveries become requests, their outcomes are
 * stored. Decides which webhook may have how many requests under way: 4 each, 1 of one that keeps the
 * order, 256 in all, and how many now of one that fails; webhook_retry decides when something is tried
 * again. A webhook's deliveries are claimed for it alone, so that one that hangs delays no other. At least
 * once: a delivery whose outcome is not stored is made again, with the same event id. Of several wads on a database
 * one makes it, under a lease of a minute. Control loop. */
#include "shared/base/rng.h"

#include "daemon/engine/http_client.h"
#include "daemon/store/db.h"
#include "daemon/store/seal.h"

enum {
	WEBHOOK_TICK_MS = 100,
	WEBHOOK_AT_ONCE = 4, /* of one webhook */
	WEBHOOK_ALL_AT_ONCE = 256,
	WEBHOOK_ANSWER_MAX = 4096, /* bytes that are read of an answer */
	WEBHOOK_ANSWER_KEPT = 200, /* and stored */
	WEBHOOK_SECRET_MIN = 16,
	WEBHOOK_SECRET_MAX = 256,
};

struct webhooks;

struct webhooks_cfg {
	uv_loop_t *loop;
	struct db *db;
	struct http_client *web;
	const struct sealer *sealer;
	const struct clock *clock;
	struct rng *rng;
	struct log *log;
};

struct webhooks *webhooks_new(const struct webhooks_cfg *cfg);
/* before the http_client goes, whose requests under way are given back; frees itself when nothing is
 * under way */
void webhooks_close(struct webhooks *ws);

/* NULL is fine for both: wad is stopping */
void webhooks_reload(struct webhooks *ws);           /* one was made, changed or deleted */
void webhooks_wake(struct webhooks *ws, int64_t id); /* it has new deliveries */

/* a secret as the table keeps it */
struct span webhooks_seal(const struct webhooks *ws, struct arena *a, int64_t user_id, int64_t id,
			  const char *secret);

struct webhook_outcome {
	int64_t delivery_id;
	bool good;
	int status; /* 0: no answer */
	uint32_t took_ms;
	char error[160];                      /* "" when good */
	char answer[WEBHOOK_ANSWER_KEPT + 1]; /* UTF-8 */
};
typedef void (*webhook_tried_fn)(void *ctx, const struct webhook_outcome *o);
/* Makes the delivery of row 0 (columns of webhook_claim.sql, already under way); done is called once its
 * outcome is stored. */
void webhooks_try(struct webhooks *ws, const PGresult *r, webhook_tried_fn done, void *ctx);

struct webhook_figures {
	uint64_t delivered, retried, failed; /* attempts since the start, by what became of them */
	unsigned webhooks, under_way;
	int64_t waiting; /* as of some seconds ago */
};
const struct webhook_figures *webhooks_figures(const struct webhooks *ws);
