#pragma once
/* Inside of daemon/client: the device object and what its two halves offer each other.
 * Connection side: link.c (states, handshake, frames), iq.c, pair.c, login.c, prekey_upload.c, ack.c.
 * Message side: peer.c (devices, LIDs, bundles), ratchet.c (session records), send.c, receive.c,
 * receipt.c, retry.c, media.c. Nobody outside the folder includes this. */
#include "shared/base/list.h"
#include "shared/base/map.h"
#include "shared/net/ws.h"
#include "shared/signal/prekeys.h"
#include "shared/signal/session.h"
#include "shared/wire/node.h"
#include "shared/wire/noise.h"

#include "daemon/client/client.h"

struct link;     /* connection side's state: link.c */
struct iq_table; /* pending requests: iq.c */
struct inbox;    /* message side: stanzas waiting to be opened, in order: receive.c */
struct outgoing; /* message side: sends under way: send.c */

struct device {
	struct client_env *env;
	int64_t user_id, id;
	char *name, *push_name;
	const struct device_hooks *hooks;
	void *hook_ctx;
	struct log *log;

	enum device_state state;
	enum device_fault fault;
	char fault_reason[120];
	unix_ms online_since;
	int64_t server_offset_ms; /* server time minus ours */

	/* identity; valid once loaded */
	struct addr pn, lid; /* own, with device number */
	struct keypair noise_key;
	struct signal_self self; /* identity and registration id */
	struct signed_prekey signed_prekey;
	uint8_t adv_secret[32], adv_secret_before[32];
	bool has_adv_before;
	struct span account; /* ADVSignedDeviceIdentity bytes; owned */
	uint32_t next_prekey_id;

	/* asynchronous work that still points at this device; it is freed only when none is left */
	uint32_t holds;
	bool reach_asking; /* the server was asked for the reach-out lock: reach.c */
	bool closing;      /* device_close was called: start nothing new */

	struct link *link;
	struct iq_table *iqs;
	struct inbox *inbox;
	struct outgoing *outgoing;
};

/* -- connection side offers -- */

/* Encodes, encrypts, queues one stanza. ERR_DEVICE_OFFLINE without a transport. */
enum errc device_send_node(struct device *d, const struct node *n, struct err *e) MUST_USE;
/* `iq` lacks only its id. done exactly once: answer is NULL unless an iq type=result came;
 * e tells of type=error (ERR_PEER, "code text"), timeout, disconnect. The answer is borrowed. */
typedef void (*iq_done_fn)(void *ctx, const struct node *answer, const struct err *e);
void device_iq(struct device *d, struct arena *a, struct node *iq, uint32_t timeout_ms,
	       iq_done_fn done, void *ctx);
enum { IQ_TIMEOUT_MS = 60000 };
int iq_error_code(const struct err *e); /* the number in "429 rate-overlimit"; 0 when none */
/* <ack> for a received stanza, by the table of chapter 02 7.3; error 0: none */
void device_ack(struct device *d, const struct node *stanza, int error);
/* fetch_start through the device's proxy, or straight when it has none */
enum errc device_fetch(const struct device *d, const struct fetch_cfg *cfg, fetch_done_fn done,
		       void *ctx, struct fetch **ret, struct err *e) MUST_USE;
unix_ms device_server_now(const struct device *d);
/* Around every asynchronous call whose callback gets the device (db, fetch, threads). */
void device_hold(struct device *d);
void device_release(struct device *d);
/* Private key of a one-time prekey from its row (prekeys.secret). */
enum errc device_prekey_open(const struct device *d, uint32_t id, struct span sealed,
			     struct keypair *ret, struct err *e) MUST_USE;
/* <iq to=server type xmlns>, for device_iq */
struct node *iq_new(struct arena *a, const char *type, const char *xmlns);

/* -- message side offers; called by the connection side -- */
void messages_init(struct device *d); /* inbox, outgoing */
/* the device is freed now; messages_on_offline came before and no hold is left */
void messages_done(struct device *d);
/* Messages are kept by months: whatever is asked for by its id is looked for from here on. The server
 * keeps a stanza for two weeks; receipts may come later. */
unix_ms messages_since(const struct device *d);
void messages_on_stanza(struct device *d, const struct node *n);  /* <message>, in order */
void messages_on_receipt(struct device *d, const struct node *n); /* <receipt> */
void messages_on_call(struct device *d, const struct node *n);    /* <call> */
void messages_on_ack(struct device *d, const struct node *n);     /* <ack class=message> */
/* devices, encrypt+identity, account_sync, privacy_token: true when taken (message side acks it then) */
bool messages_on_notification(struct device *d, const struct node *n);
void messages_on_online(struct device *d);  /* backlog is over */
void messages_on_offline(struct device *d); /* connection lost or closed: sends wait or end */
/* keys and sessions were wiped (logout, unlinked): what is cached for this device is void */
void messages_on_wiped(struct device *d);
/* own device list and phone identity, stored at pairing, so that own devices are known */
void messages_on_paired(struct device *d, struct db_unit *unit,
			const uint8_t phone_identity[static 32]);
