#pragma once
/* Decides WHAT a device sends next: a window of claimed outbox rows in memory (at most 1,000), fed from
 * the table, handed to the client one by one when pacing allows. Nothing is lost with the memory: the
 * rows stay claimed in the table and are recovered when the queue is made again. */
#include "shared/base/clock.h"
#include "shared/base/rng.h"

#include "daemon/client/client.h"
#include "daemon/engine/device_rules.h"
#include "daemon/engine/health.h"

enum {
	QUEUE_WINDOW_MAX = 1000,
	QUEUE_CLAIM = 250,           /* the literal of outbox_claim.sql */
	QUEUE_PARALLEL = 48,         /* sends under way when there is no gap; else one at a time */
	QUEUE_AHEAD_MAX = 100,       /* people looked up before their turn */
	QUEUE_AHEAD_MS = 120 * 1000, /* and only those whose turn comes within this */
	QUEUE_RETRIES = 3,           /* of a passing trouble: after 1, 5 and 25 minutes */
	QUEUE_RESCAN_MS = 60000,
	QUEUE_HOLD_MS = 120 * 1000, /* a device that waits longer gives its rows back */
	QUEUE_AWAY_MS = 30 * 1000,  /* and so does one that is offline that long */
	QUEUE_PRIORITY_ANY = 100,
};

struct progress;
struct queue;

/* shared by the queues of a shard */
struct queue_env {
	uv_loop_t *loop;
	struct db *db;
	const struct clock *clock;
	struct rng *rng;
	struct log *log;
	struct progress *progress;
	struct map *contents; /* content id -> struct content, one reference each */
	mono_ms lease_until;  /* nothing is sent after it: the devices may be another's */
};

struct queue *queue_new(struct queue_env *env, struct device *d, int64_t user_id, int64_t device_id,
			const struct device_rules *rules);
/* read again: other gaps, caps, quiet hours, a pause; takes effect at once */
void queue_set_rules(struct queue *q, const struct device_rules *rules);
void queue_close(struct queue *q); /* the device is closed: no send is under way; frees later */

void queue_online(struct queue *q);
void queue_offline(struct queue *q);
void queue_wake(struct queue *q);    /* there may be new rows */
void queue_db_lost(struct queue *q); /* claims may have committed unseen: recover */
/* drops waiting rows of one campaign (0: of all) and adds their release to the unit */
void queue_give_back(struct queue *q, int64_t campaign_id, struct db_unit *unit);

/* what the server said of the reach-out lock: when it ends, ms INT64_MIN: there is none; known false: it did
 * not say. What follows from it for rows is added to the unit */
void queue_reach_lock(struct queue *q, bool known, unix_ms until, struct db_unit *unit);

/* drops waiting rows of this phone's campaigns: they have failed in the table */
void queue_opted_out(struct queue *q, uint64_t phone);

struct queue_stats {
	size_t waiting, in_flight;
	uint64_t sent, failed;
	unix_ms last_sent, last_activity; /* INT64_MIN: never */
	int64_t campaign_id, sequence_id; /* of the last send; 0: none */
	uint32_t sent_today;              /* within 24 hours */
	int64_t next_in_ms;               /* 0: now */
	int health;                       /* 0 to 100 */
	const char *why; /* what it waits for: "offline", "paused", pacing_why_name, "empty", "" */
};
/* the ages between which one-tick messages count against the device */
void queue_health_ages(const struct queue *q, int64_t *ret_min_ms, int64_t *ret_max_ms);
/* one_tick of those; the score of health.h, and what weighs most in it */
int queue_health(struct queue *q, uint32_t one_tick, const char **ret_why);
void queue_stats(struct queue *q, struct queue_stats *ret);
