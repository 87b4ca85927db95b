#pragma once
/* People as one user (tenant) of ours knows them: phone number, LID, device numbers. Decides where a
 * message to somebody goes. Looked up in memory, then in the tables lid_map and peer_devices, then by
 * usync of many at once. One for a shard; bounded, least recently used goes first. */
#include "shared/base/map.h"

#include "daemon/client/device.h"
#include "daemon/client/join.h"

enum {
	PEERS_MAX = 50000, /* a shard */
	PEER_DEVICES_MAX = 100,
	PEER_HOSTED = 0x10000, /* flag in a device number */
	PEER_FRESH_MS = 3 * 24 * 3600 * 1000,
	PEER_ABSENT_MS = 3600 * 1000, /* how long "not on WhatsApp" is believed */
};

struct peer {
	struct list lru;
	int64_t user_id;
	uint64_t pn, lid; /* 0: unknown */
	uint32_t *devices;
	size_t device_len;
	unix_ms fetched_at;   /* of devices; INT64_MIN: never */
	mono_ms absent_until; /* the network said: no such number */
	bool pair_read;       /* lid_map was asked for the other address */
	bool busy;            /* a look-up is under way */
	struct device *asks;  /* who asks the network */
	struct list want;     /* in peers.want or in outgoing->usync_want */
	struct list waits;
};

struct peers {
	struct map *by_pn, *by_lid; /* key: struct peer_key */
	struct list lru, want;
	size_t len, max, want_len;
};

void peers_init(struct peers *p, size_t max);
void peers_done(struct peers *p);
void peers_flush(struct device_cache *c); /* asks the database for all that are wanted */
void usync_flush(struct device *d);       /* asks the network */

/* Makes sure number `pn` is known with fresh devices. done may come before it returns; errors:
 * ERR_NOT_FOUND not on WhatsApp, ERR_RATE_LIMITED, ERR_DATABASE, ERR_PEER, ERR_DEVICE_OFFLINE. */
void peer_find(struct device *d, uint64_t pn, join_fn done, void *ctx);
void peer_warm(struct device *d, uint64_t pn); /* the same, nobody waits */
/* Makes sure that the pair of a (PN or LID) is known as far as the tables have it. */
void peer_find_pair(struct device *d, struct addr a, join_fn done, void *ctx);
/* what is in memory; NULL when nothing */
struct peer *peer_get(struct device_cache *c, int64_t user_id, struct addr a);
bool peer_is_fresh(const struct device_cache *c, const struct peer *p);
/* inside: in memory only */
void peer_note_pair(struct device_cache *c, struct peer *p, uint64_t pn, uint64_t lid);
void peer_want(struct device *d, struct peer *p); /* starts the look-up of p */
/* a pair was seen on the wire: kept, stored, sessions follow */
void peer_learn(struct device *d, uint64_t pn, uint64_t lid);
/* the LID form of an address when the pair is in memory, else itself; the device number stays */
struct addr peer_to_lid(struct device *d, struct addr a);
struct addr peer_to_pn(struct device *d, struct addr a); /* user 0 when unknown */
void peer_set_devices(struct device_cache *c, struct peer *p, const uint32_t *devices, size_t len);
/* device list is void, in memory and in the table; unit NULL: stored some time soon */
void peer_drop_devices(struct device *d, struct addr a, struct db_unit *unit);
/* address of a device of p in the world asked for */
struct addr peer_device_addr(const struct peer *p, uint32_t device, bool as_lid);
