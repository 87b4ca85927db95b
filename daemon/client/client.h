#pragma once
/* One linked device, as the floors above see it: commands in, hooks out. It owns the connection, the
 * ratchets, the stanzas; it knows nothing of campaigns, queues or pacing. Everything here is called
 * on the device's shard loop.
 *
 * Durability: whatever a hook must store goes into the db_unit it is handed; the unit is committed
 * before the client acknowledges the stanza (in) or lets the bytes leave (out). */
#include <stdbool.h>

#include "shared/base/clock.h"
#include "shared/base/rng.h"
#include "shared/net/fetch.h"
#include "shared/net/net.h"
#include "shared/wire/jid.h"
#include "shared/wire/message_codec.h"

#include "daemon/client/send_job.h"
#include "daemon/store/db.h"
#include "daemon/store/seal.h"

struct in_receipt;

/* what all devices of a shard share; outlives them */
struct client_env {
	uv_loop_t *loop;
	struct net *net;
	struct fetcher *fetcher;
	struct db *db;
	const struct sealer *sealer;
	const struct clock *clock;
	struct rng *rng;
	struct log *log;
	/* [network] */
	const char *url; /* wss://web.whatsapp.com/ws/chat */
	uint8_t noise_root_key[32];
	uint32_t version[3];
	const char *device_os;     /* shown under Linked devices */
	struct connect_gate *gate; /* process-wide limiter of connects; see gate.h; may be NULL */
	struct device_cache
		*cache; /* what the shard's devices share: people, sessions; see below */
	/* receipts of the shard's devices, gathered; what they change goes into the unit; may be NULL */
	void (*on_receipts)(void *ctx, const struct in_receipt *r, size_t n, struct db_unit *unit);
	void *receipts_ctx;
};

/* Before the first device of env, which it borrows; the caller puts it into env->cache. Freed after
 * the last device is closed; its timers close on the loop. */
struct device_cache *device_cache_new(struct client_env *env);
void device_cache_free(struct device_cache *c);

enum device_state {
	DEVICE_IDLE, /* not asked to be online, or unpaired */
	DEVICE_CONNECTING,
	DEVICE_REGISTERING, /* no jid yet, waiting for pair-device */
	DEVICE_PAIRING,     /* QR shown */
	DEVICE_RESTARTING,  /* paired, waits for 515 or close */
	DEVICE_LOGGING_IN,
	DEVICE_SYNCING, /* backlog is coming */
	DEVICE_ONLINE,
	DEVICE_BACKOFF,
	DEVICE_STOPPED, /* a failure class of chapter 02 6.3; needs an operator or time */
};
const char *device_state_name(enum device_state s);

/* why a device stopped; the text goes into devices.state */
enum device_fault {
	FAULT_NONE,
	FAULT_LOGGED_OUT,
	FAULT_TEMP_BANNED,
	FAULT_ACCOUNT_LOCKED,
	FAULT_ACCOUNT_BANNED,
	FAULT_OUTDATED,
	FAULT_BAD_USER_AGENT,
	FAULT_REPLACED,
	FAULT_CONNECT_FAILED,
	FAULT_QR_TIMEOUT,
	FAULT_PAIR_REFUSED,
};
const char *device_fault_name(enum device_fault f); /* "logged_out" ... */

struct device;

struct device_info {
	int64_t user_id, id;
	const char *name;
	enum device_state state;
	enum device_fault fault;
	const char *fault_reason; /* "" */
	bool comes_back;          /* stopped, but will try again by itself */
	struct addr pn, lid;      /* own addresses; user 0 while unpaired */
	const char *push_name;
	unix_ms online_since;     /* INT64_MIN when not online */
	int64_t server_offset_ms; /* the server's clock minus ours; 0 before the first login */
};

struct device_qr {
	const char *text;
	uint32_t number, count; /* code 2 of 6 */
	uint32_t valid_ms;      /* from now */
};

/* a message that came in, or a copy of one another own device sent */
struct in_message {
	const char *chat, *sender;      /* bare JID text, LID when known */
	struct addr chat_pn, sender_pn; /* phone addresses when known, else user 0 */
	const char *id, *push_name;
	bool from_me, is_group, offline;
	unix_ms at;
	const struct message *content;
};

/* a call that is offered; strings are borrowed */
struct in_call {
	const char *id, *from;            /* bare JID text of who calls */
	const char *group;                /* NULL: of none, or nobody says which */
	struct addr caller, caller_pn;    /* bare; the phone address when known, else user 0 */
	bool is_video, is_group, offline; /* offline: it rang while the device was away */
	unix_ms at;
	uint8_t hash[32]; /* the same when it is told again */
};

enum receipt_kind { RECEIPT_DELIVERED, RECEIPT_READ, RECEIPT_PLAYED };
struct in_receipt {
	const struct device *device; /* that got it */
	enum receipt_kind kind;
	struct addr from; /* the reader's device, as addressed */
	const char *const *ids;
	size_t id_len;
	unix_ms at;
};

struct device_hooks {
	void (*on_state)(void *ctx, struct device *d, enum device_state s);
	void (*on_qr)(void *ctx, struct device *d, const struct device_qr *qr);
	void (*on_paired)(void *ctx, struct device *d); /* stored; device_get tells the addresses */
	/* stopped by a fault, or logged out: its row changes by this unit; device_get tells why. NULL: as nothing */
	void (*on_halt)(void *ctx, struct device *d, struct db_unit *unit);
	/* until then the account may open no new chats (ms INT64_MIN: it may); known false: no answer */
	void (*on_reach_lock)(void *ctx, struct device *d, bool known, unix_ms until,
			      struct db_unit *unit);
	void (*on_call)(void *ctx, struct device *d, const struct in_call *c,
			struct db_unit *unit); /* may be NULL */
	void (*on_message)(void *ctx, struct device *d, const struct in_message *m,
			   struct db_unit *unit);
};

/* Loads the device's row; on_state(DEVICE_IDLE) when ready, or DEVICE_STOPPED with the stored fault. */
struct device *device_new(struct client_env *env, int64_t user_id, int64_t id,
			  const struct device_hooks *hooks, void *ctx);
void device_get(const struct device *d, struct device_info *ret); /* borrowed from d */
void device_start(struct device *d); /* paired: connect and stay online */
/* Registration connection; when linking is under way, the present code once more; when linked but
 * stopped by a fault, another login. ERR_CONFLICT when linked and well. */
enum errc device_pair(struct device *d, struct err *e) MUST_USE;
/* a linked one drops its connection, or what it waits for, and dials at once; nothing of its sends is lost */
void device_reconnect(struct device *d);
/* ends linking that is under way */
void device_cancel_pairing(struct device *d);
void device_stop(struct device *d); /* disconnect, stay off */
/* The sealed devices.proxy (route.h), empty: none. When it is another one the device connects anew,
 * through it. */
void device_set_proxy(struct device *d, struct span sealed);
/* tells the server, wipes keys, state logged_out; done comes within 5 s whatever the network does */
void device_logout(struct device *d, void (*done)(void *ctx), void *ctx);
void device_close(struct device *d, void (*closed)(void *ctx),
		  void *ctx); /* frees; jobs end as SEND_RETRY/UNKNOWN */

/* ERR_DEVICE_OFFLINE when not ONLINE; ERR_BUSY when DEVICE_SENDS_MAX are under way. */
enum { DEVICE_SENDS_MAX = 64 };
enum errc device_send(struct device *d, struct send_job *job, struct err *e) MUST_USE;
size_t device_sends(const struct device *d); /* under way */
void device_reach_query(struct device *d);   /* asks for the reach-out lock: on_reach_lock */
/* Looks up addresses, devices and sessions of people that will be written to soon, many in one request
 * (numbers already known cost nothing). With `open` also fetches prekeys for those without a session:
 * each uses up a one-time key of theirs, so only for those that are written to within minutes. */
void device_prefetch(struct device *d, const uint64_t *pns, size_t n, bool open);

/* Tells the authors that these messages of a chat were read; best effort, nothing when it is offline. */
struct read_item {
	const char *sender, *id; /* bare JID */
};
void device_tell_read(struct device *d, const char *chat, const struct read_item *items, size_t n);

/* Which numbers are on WhatsApp (in neither list: not answered). ERR_RATE_LIMITED: ask no more for hours. */
enum { DEVICE_NUMBERS_MAX = 50 };
typedef void (*numbers_checked_fn)(void *ctx, const uint64_t *on, size_t on_len,
				   const uint64_t *off, size_t off_len, const struct err *e);
void device_check_numbers(struct device *d, const uint64_t *numbers, size_t n,
			  numbers_checked_fn done, void *ctx);
/* Fetches, checks and opens what a media message points to. ERR_CRYPTO: not what was announced. The
 * bytes are borrowed for the call. */
typedef void (*media_fetched_fn)(void *ctx, struct span bytes, const struct err *e);
void device_media_fetch(struct device *d, enum message_kind kind, const struct message_media *m,
			media_fetched_fn done, void *ctx);
