#pragma once
/* Inside of the fleet. fleet.c: the devices, commands, mail; fleet_watch.c: what goes by the clock: failover,
 * the lease, expiry, stats; fleet_history.c: what phones are asked for. */
#include "shared/base/list.h"
#include "shared/net/mailbox.h"

#include "daemon/engine/fleet.h"

enum {
	FLEET_TICK_MS = 1000,
	FLEET_SETTINGS_MS = 6 * 3600 * 1000, /* quiet hours are read for days ahead */
};

struct fleet {
	struct fleet_cfg cfg;
	struct mailbox *box;
	struct shard **shards;
	bool *shard_db_up;
	uint64_t *shard_beats;         /* as of the last fleet_turns */
	struct fleet_device **devices; /* in order of id */
	size_t len, cap;
	uv_timer_t tick;
	mono_ms lease_asked; /* when the last renewal of the lease was asked for */
	mono_ms expire_at;   /* when to look for messages that expired */
	bool leasing;
	size_t logins; /* since memory was given back, and the last of them */
	mono_ms login_at;
	void (*loaded)(void *ctx, const struct err *e);
	void *loaded_ctx;
	int64_t pairings;
	fleet_checked_fn checked;
	void *checked_ctx;
	struct list asks;      /* fleet_ask: those that wait */
	struct list histories; /* fleet_history.c: requests that have not left yet */
	int64_t tokens;
	bool draining, closed;
	uint32_t asked; /* database answers that will still come */
	void (*drained)(void *ctx);
	void *drained_ctx;
};

struct fleet_device *fleet_get(const struct fleet *f, int64_t id);
void fleet_to_shard(struct fleet *f, unsigned shard, struct fleet_mail *m);
void fleet_post(struct fleet *f, const struct fleet_device *d, enum fleet_mail_kind kind);
/* a user's linked devices that may send, but one; caller frees */
int64_t *fleet_pick(const struct fleet *f, int64_t user_id, int64_t except, bool online_only,
		    size_t *ret_len);
/* asks the database; done begins with fleet_answered */
void fleet_query(struct fleet *f, enum stmt stmt, const struct db_params *p, db_result_fn done);
bool fleet_answered(struct fleet *f); /* false: nobody waits for the answer any more */
void fleet_free_when_idle(struct fleet *f);
void fleet_on_devices(void *ctx, const PGresult *r, const struct err *e);

/* fleet_watch.c */
void fleet_on_tick(uv_timer_t *t);
void fleet_consider_failover(struct fleet *f, struct fleet_device *d, mono_ms now);
void fleet_renew_lease(struct fleet *f, mono_ms now);
void fleet_ask_heard(struct fleet *f, int64_t token);
void fleet_asks_end(struct fleet *f, mono_ms now); /* those whose time is over */

/* fleet_history.c */
void fleet_history_asked(struct fleet *f, int64_t token, const struct err *e);
void fleet_histories_end(struct fleet *f, mono_ms now);
