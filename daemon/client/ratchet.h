#pragma once
/* Session records: one for each remote device of an own device. Loaded from the table sessions
 * (sealed), kept in memory while used and while there is room; many are read by one statement and
 * written by one. Everything that changes a record happens between two callbacks of the loop, and
 * units of one database commit in order: so the newest state is always the last one stored.
 * A record that somebody pins is never dropped from memory: a pin is held until the unit that stores
 * it is committed, or the table could hand out an older state. */
#include "daemon/client/device.h"
#include "daemon/client/join.h"

enum { RECORDS_MAX = 20000, RETRY_RECREATE_MS = 3600 * 1000 };

struct record_key {
	int64_t device_id;
	struct addr addr;
};

struct record {
	struct list lru; /* in records.lru when in the map */
	struct record_key key;
	int64_t user_id;
	uint64_t alt_pn;   /* also look under this number; 0: none */
	struct session *s; /* NULL until loaded */
	uint32_t pins;
	bool out;     /* left the map: freed with the last pin */
	bool is_void; /* what is being read does not count any more */
	/* prekey bundles */
	bool bundle_wanted; /* asked for; the answer has not come */
	struct addr asked_as;
	int bundle_error; /* the last answer for this device; 0: fine */
	/* retry rules of chapter 03 7.2 */
	mono_ms recreated_at; /* 0: never */
	uint8_t noted_base[32];
	bool has_noted_base;
	struct list want; /* in records.want or in outgoing->bundle_want */
	struct list load_waits, bundle_waits;
};

struct records {
	struct map *by_key;
	struct list lru, want;
	size_t len, max, want_len;
	size_t under_pn; /* records under a phone number: to be moved when a pair is learned */
};

void records_init(struct records *r, size_t max);
void records_done(struct records *r);
void records_flush(struct device_cache *c); /* one statement for all wanted */

/* Fills ret with pinned records; done when all are loaded, maybe before it returns. alt_pn[i]: number
 * under which an older session may be stored; NULL: none. */
void ratchet_load(struct device *d, const struct addr *at, const uint64_t *alt_pn, size_t n,
		  struct record **ret, join_fn done, void *ctx);
void ratchet_pin(struct record *r);
void ratchet_unpin(struct device_cache *c, struct record *r);
bool ratchet_is_ready(const struct record *r); /* can encrypt */
void ratchet_reset(struct record *r); /* empty again; what is stored stays until the next store */
/* adds one statement that stores the records to the unit; pins stay with the caller until it is
 * committed */
void ratchet_store(struct device *d, struct record *const *recs, size_t n, struct db_unit *unit);
/* the person's sessions are void (identity changed): memory now, table in the unit. `keep` stays in
 * memory; its ratchet_store comes after in the unit. */
void ratchet_drop_person(struct device *d, struct addr person, struct db_unit *unit,
			 const struct record *keep);
void ratchet_drop_device(struct device *d); /* memory of an own device that lost its keys */
/* a pair became known: records in memory move to the LID */
void ratchet_rehome(struct device *d, uint64_t pn, uint64_t lid);

/* bundle.c: starts a new session with each device, asking for the bundles of many at once. Errors of
 * single devices are in record->bundle_error; done's error is one of the whole request. Records stay
 * pinned by the caller. */
void bundle_fetch(struct device *d, struct record *const *recs, size_t n, join_fn done, void *ctx);
void bundle_flush(struct device *d);
