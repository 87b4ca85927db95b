#pragma once
/* One shard: a thread with its loop, network context, database connections and caches, owning a set of
 * devices and their queues for life. Everything of a device happens on its shard's loop; the rest of
 * the process speaks to it by mail only. */
#include "daemon/client/gate.h"
#include "daemon/engine/fleet_mail.h"

struct shard;

enum { SHARD_BEAT_MS = 500 };

/* borrowed for the life of the shard */
struct shard_cfg {
	unsigned index;
	const char *conninfo;
	const char *node; /* see store/db.h */
	const char *url, *tls_ca_file, *device_os;
	uint8_t noise_root_key[32];
	uint32_t version[3];
	uint32_t reply_days; /* how old the broadcast may be that a message answers */
	struct pacing_defaults pacing;
	const struct sealer *sealer;
	const struct clock *clock;
	struct rng *rng;
	struct connect_gate *gate;
	struct log *log;
	struct mailbox *control; /* where its mail goes */
};

enum errc shard_start(const struct shard_cfg *cfg, struct shard **ret, struct err *e) MUST_USE;
/* takes m in every case */
void shard_post_take(struct shard *s, struct fleet_mail *m);
/* grows while the loop turns, at least once in SHARD_BEAT_MS; from any thread */
uint64_t shard_beats(const struct shard *s);
/* how the loop is; from any thread */
struct shard_turn {
	int64_t since_ms; /* since its timer was served last: more than SHARD_BEAT_MS is late */
	int64_t up_ms, idle_ms; /* since its start; idle: waiting for something to do */
	size_t mail;            /* not yet read */
};
void shard_turn(struct shard *s, struct shard_turn *ret);
void shard_join(struct shard *s); /* after MAIL_DRAIN: waits for the thread, frees */
