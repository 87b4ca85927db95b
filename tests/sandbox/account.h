#pragma once
/* Owns the accounts: numbers, their LIDs, their devices with public keys, one-time key pools and the
 * queue of stanzas not yet settled. Device 0 is the phone; what only a phone has (private keys,
 * sessions, behaviour) is struct phone. Knows nothing of connections but the pointer. */
#include <stdbool.h>

#include "shared/base/list.h"
#include "shared/base/map.h"
#include "shared/base/rng.h"
#include "shared/wire/jid.h"

#include "tests/sandbox/phone.h"

struct conn;
struct sandbox;

enum { DEVICE_NUMBER_MAX = 98, POOL_MAX = 4000 }; /* 99 marks hosted devices */

struct one_time {
	uint32_t id;
	uint8_t pub[32];
};

/* a stanza that a device has not settled yet */
struct pending {
	struct list link;
	uint8_t *bytes; /* the encoded node, flag byte included */
	size_t len;
	char *id, *kind; /* kind: tag, with "/type" for receipts and notifications */
	bool sent;       /* on the present connection */
};

struct device {
	struct account *account;
	uint16_t number;
	uint32_t key_index;
	uint32_t registration;
	uint8_t noise[32], identity[32];
	uint32_t signed_id;
	uint8_t signed_pub[32], signed_sig[64];
	struct one_time *pool; /* given out from pool_at on */
	size_t pool_at, pool_len, pool_cap;
	bool low_told, greeted, available;
	uint8_t *adv; /* ADVSignedDeviceIdentity with all four fields; NULL for the phone */
	size_t adv_len;
	struct conn *conn;       /* logged in; NULL when not */
	struct addr typing_from; /* newest typing notice that came while it was away */
	char typing[12];
	int64_t typing_ms; /* monotonic */
	struct list queue; /* struct pending, oldest first */
	size_t queue_len;
};

struct collection { /* one app state collection */
	char name[32];
	struct {
		uint8_t *bytes;
		size_t len;
	} * patches; /* patch i takes the collection from version i to i + 1 */
	size_t len;
};
enum { COLLECTIONS = 5, COLLECTION_PATCHES_MAX = 10000 };

struct account {
	uint64_t pn, lid;
	char *name; /* push name; never NULL */
	uint32_t raw_id, last_key_index;
	uint64_t devices_at;     /* unix s of the last change of the device list */
	struct device **devices; /* [0] is the phone */
	size_t devices_len;
	struct phone phone;
	struct collection collections[COLLECTIONS];
	uint64_t *watchers; /* numbers that looked the devices up or talked to us */
	size_t watchers_len;
	struct map *chats;  /* numbers it exchanged messages with, since the start; NULL: none */
	struct map *tokens; /* LID user -> struct token: trust tokens this account gave away */
};

struct accounts {
	struct map *by_pn, *by_lid;
	struct account **all; /* in order of creation */
	size_t len, cap;
	struct rng *rng;
};

void accounts_init(struct accounts *as, struct rng *rng);
void accounts_done(struct accounts *as);
struct account *account_new(struct accounts *as, uint64_t pn, uint64_t lid_or_0, const char *name);
struct account *account_by_pn(const struct accounts *as, uint64_t pn); /* NULL: none */
struct account *account_by_lid(const struct accounts *as, uint64_t lid);
struct account *account_by_addr(const struct accounts *as, struct addr a);
struct account *account_by_jid(const struct accounts *as, const struct jid *j);
/* the number that stands for a push name: same name, same number */
uint64_t account_pn_of_name(const char *name);
void account_rename(struct account *a, const char *name);
void account_met(struct account *a, uint64_t pn);
bool account_knows(const struct account *a, uint64_t pn);
void account_watch(struct account *a, uint64_t watcher_pn);

struct addr account_addr(const struct account *a, bool lid, uint16_t device);
struct addr device_addr(const struct device *d, bool lid);
struct device *device_by_number(const struct account *a, uint16_t number); /* NULL: none */
struct device *device_by_addr(const struct accounts *as, struct addr a);
/* a new companion; number and key index are chosen here, keys are filled in by the caller */
struct device *device_new(struct account *a);
/* the same with a given number, for a world read back from its file */
struct device *device_restore(struct account *a, uint16_t number);
/* removes a companion: its connection ends with device_removed, others are told */
void account_unlink(struct sandbox *sb, struct device *d);
void device_free(struct device *d); /* takes it out of its account; must have no connection */

void device_pool_add(struct device *d, uint32_t id, const uint8_t pub[static 32]);
bool device_pool_take(struct device *d, struct one_time *ret); /* each key once */
size_t device_pool_left(const struct device *d);

struct pending *pending_add(struct device *d, const char *kind, const char *id, struct span bytes);
void pending_drop(struct device *d, struct pending *p);
void pending_clear(struct device *d);
