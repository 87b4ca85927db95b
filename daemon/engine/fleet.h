#pragma once
/* All devices as the control loop sees them: which shard owns each, its last known state, its QR. It
 * carries commands to the shards and decides about failover: when a device stops, or stays away longer
 * than failover_ms, its unsent campaign rows go to the user's other online devices. Control loop only. */
#include "shared/base/clock.h"
#include "shared/base/log.h"

#include "daemon/client/history_ask.h"
#include "daemon/engine/shard.h"
#include "daemon/engine/standing.h"

struct fleet;

struct fleet_device {
	int64_t user_id, id;
	char *name;
	unsigned shard;
	enum device_state state;
	enum device_fault fault;
	char *fault_reason; /* never NULL */
	bool comes_back;    /* stopped, but will try again by itself */
	bool paused;        /* by device.pause, or by itself */
	char *pause_reason; /* never NULL */
	struct addr pn, lid;
	/* linking: which attempt since the start (0: none), and whether it is under way */
	int64_t pairing;
	bool pairing_open;
	/* the code to show; NULL when none is valid */
	char *qr;
	uint32_t qr_number, qr_count;
	mono_ms qr_until;
	bool clock_known;         /* it has logged in since the start */
	int64_t clock_off_ms;     /* the network's clock minus ours, as of its last login */
	mono_ms away_since;       /* not online since */
	bool moved;               /* its rows were given to others */
	struct queue_stats stats; /* as of the last fleet_peek */
	bool removing;
	mono_ms health_at;             /* when its health was looked at last */
	mono_ms added_at, settings_at; /* when its settings were read last */
};
const char *fleet_node(const struct fleet *f);
enum standing fleet_standing(const struct fleet_device *d);

enum fleet_change {
	FLEET_STATE,
	FLEET_QR,
	FLEET_PAIRED,
	FLEET_PAIR_REFUSED,
	FLEET_REMOVED,
	FLEET_LOGGED_OUT,
	FLEET_MOVED
};

struct fleet_cfg {
	uv_loop_t *loop;
	unsigned shards;
	struct shard_cfg shard; /* index and control are filled in by the fleet */
	const struct clock *clock;
	struct log *log;
	struct db *db;    /* control connection */
	const char *node; /* this daemon's name: node.h */
	uint32_t failover_ms;
	/* something happened to d; e only for FLEET_PAIR_REFUSED; d is gone after FLEET_REMOVED */
	void (*on_change)(void *ctx, const struct fleet_device *d, enum fleet_change what,
			  const struct err *e);
	void (*on_media)(void *ctx, int64_t token, struct span bytes, const struct err *e);
	void *ctx;
};

enum errc fleet_start(const struct fleet_cfg *cfg, struct fleet **ret, struct err *e) MUST_USE;
/* reads all devices and gives them to their shards; done once they can be asked for */
void fleet_load(struct fleet *f, void (*done)(void *ctx, const struct err *e), void *ctx);
/* closes all devices, joins the shards, then done; the fleet is freed after it */
void fleet_drain(struct fleet *f, void (*done)(void *ctx), void *ctx);

const struct fleet_device *fleet_find(const struct fleet *f, int64_t user_id,
				      int64_t id); /* NULL */
const struct fleet_device *fleet_find_name(const struct fleet *f, int64_t user_id,
					   const char *name);
/* walk in order of id: pos starts at 0; user_id 0: everybody's */
const struct fleet_device *fleet_next(const struct fleet *f, int64_t user_id, int64_t *after_id);
/* ids of a user's devices fit to send: online ones, or the linked ones when none is online.
 * Caller frees. */
int64_t *fleet_senders(const struct fleet *f, int64_t user_id, size_t *ret_len);
struct fleet_totals {
	size_t devices, linked, online; /* online: the connection, whatever its standing */
	size_t standing[STANDINGS];
	unsigned shards;
	bool db_up; /* every shard's connection */
};
void fleet_totals(const struct fleet *f, struct fleet_totals *ret);
/* every shard's loop has turned since this was asked last; the first time true */
bool fleet_turns(struct fleet *f);
/* one shard's loop, and what its devices are at (stats as of the last fleet_ask) */
struct fleet_loop {
	struct shard_turn turn;
	size_t devices, online, waiting, in_flight;
	bool db_up;
};
void fleet_loop(const struct fleet *f, unsigned shard, struct fleet_loop *ret);
size_t fleet_mail(const struct fleet *f); /* from the shards, not yet read */
void fleet_set_failover(struct fleet *f, uint32_t ms);

void fleet_add(struct fleet *f, int64_t user_id, int64_t id, const char *name);
void fleet_pair(struct fleet *f, const struct fleet_device *d);
/* a linked device drops its connection, or what it waits for, and dials at once */
void fleet_reconnect(struct fleet *f, const struct fleet_device *d);
/* gives up linking that is under way */
void fleet_cancel_pairing(struct fleet *f, const struct fleet_device *d);
/* as stored already */
void fleet_set_paused(struct fleet *f, const struct fleet_device *d, bool paused,
		      const char *reason);
/* settings in the table have changed: of a device, of a user's (id 0), of all (both 0) */
void fleet_settings(struct fleet *f, int64_t user_id, int64_t device_id);
void fleet_logout(struct fleet *f, const struct fleet_device *d);
void fleet_remove(struct fleet *f, const struct fleet_device *d);
void fleet_wake(struct fleet *f, int64_t user_id,
		int64_t device_id); /* device_id 0: all of the user */
void fleet_forget(struct fleet *f, int64_t user_id, int64_t campaign_id);
/* rows of this phone that wait in memory have failed in the table */
void fleet_opted_out(struct fleet *f, int64_t user_id, int64_t phone);
/* fetches the file of a message; cfg.on_media tells what came of it, unless the device is gone by then */
void fleet_media(struct fleet *f, const struct fleet_device *d, int64_t token, struct span raw);
/* the authors of these messages of d's chat are told that they were read */
void fleet_read(struct fleet *f, const struct fleet_device *d, const char *chat,
		const struct read_item *items, size_t n);
/* asks d's phone for older messages of a chat; done once, when the server has taken the request, or not */
enum { FLEET_HISTORIES_MAX = 1000, FLEET_HISTORY_MS = 40000 };
typedef void (*fleet_history_fn)(void *ctx, const struct err *e);
void fleet_history(struct fleet *f, const struct fleet_device *d, const struct history_ask *ask,
		   fleet_history_fn done, void *ctx);
/* asks the network through d which of these numbers are on it; the answer goes to who listens */
void fleet_check(struct fleet *f, const struct fleet_device *d, const int64_t *phones, size_t n);
typedef void (*fleet_checked_fn)(void *ctx, const struct fleet_device *d, const int64_t *on,
				 size_t on_len, const int64_t *off, size_t off_len,
				 const struct err *e);
void fleet_on_checked(struct fleet *f, fleet_checked_fn fn, void *ctx); /* NULL: nobody */
void fleet_rules(struct fleet *f, int64_t user_id); /* of replies: have changed */
/* done once the stats of all devices of the user are fresh, or after a second */
void fleet_ask(struct fleet *f, int64_t user_id, void (*done)(void *ctx), void *ctx);
void fleet_peek(struct fleet *f, int64_t user_id); /* stats come a moment later */
