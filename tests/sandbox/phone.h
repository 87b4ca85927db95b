#pragma once
/* The simulated phone of a number: its Signal state and its behaviour. It reads what arrives for
 * device 0, logs it, answers with receipts and replies by its script, and sends on command. All its
 * stanzas go through route.h like those of any client. */
#include <stdbool.h>

#include "shared/base/map.h"
#include "shared/base/rng.h"
#include "shared/signal/prekeys.h"
#include "shared/signal/session.h"
#include "shared/wire/jid.h"
#include "shared/wire/node.h"

struct account;
struct archive;
struct device;
struct history_message;
struct sandbox;

struct given_key { /* a one-time key that was handed out and not used yet */
	uint32_t id;
	uint8_t priv[32];
};

struct sent_message { /* kept to answer retry receipts */
	char *id;
	struct addr to;
	uint8_t *bytes; /* the Message, unpadded */
	size_t len;
	char *type, *mediatype; /* stanza attributes; mediatype may be "" */
};
enum { PHONE_SENT_MAX = 256, PHONE_GIVEN_MAX = 4000 };

struct phone_cfg {
	bool online, receipts, auto_read, restricted;
	bool mute_history; /* does not answer who asks for older messages */
	uint32_t read_delay_ms, reply_delay_ms, reply_after;
	char *auto_reply; /* NULL: none; "{text}" stands for what was received */
};

struct phone {
	bool has_keys; /* made on first use, so that thousands of numbers cost nothing */
	struct signal_self self;
	struct signed_prekey signed_pre;
	uint32_t next_one_time;
	struct given_key *given;
	size_t given_len, given_cap;
	struct map *sessions; /* struct addr (LID, device) -> struct session; NULL until used */
	struct sent_message *sent; /* ring */
	size_t sent_len, sent_at;
	struct map *heard; /* LID user -> count of messages shown from there; for reply_after */
	struct archive *archive; /* the messages it keeps; NULL: none yet */
	struct phone_cfg cfg;
};

void phone_init(struct phone *p);
void phone_done(struct phone *p);
void phone_need_keys(struct phone *p, struct rng *rng);
/* public keys of device 0 as a bundle; draws a fresh one-time key unless without_one_time */
void phone_bundle(struct phone *p, struct rng *rng, bool without_one_time,
		  struct prekey_bundle *ret);
struct session *phone_session(struct phone *p, struct addr remote, bool create);
void phone_session_drop(struct phone *p, struct addr remote);
/* the device is gone: nobody keeps a session with it */
void phone_forget_device(struct sandbox *sb, const struct device *d);
void phone_session_put(struct phone *p, struct addr remote, struct session *s_take);

/* a stanza for device 0 of an account whose phone is online */
void phone_receive(struct sandbox *sb, struct account *a, const struct node *stanza);
/* the phone went online: what waited is handed over */
void phone_catch_up(struct sandbox *sb, struct account *a);

struct phone_order {
	struct addr to;        /* person, any device number is dropped */
	struct span message;   /* serialised Message */
	const char *id;        /* NULL: drawn */
	const char *type;      /* "text", "media", ... */
	const char *mediatype; /* "" or "image" ... */
};
/* Sends to every device of `to` and the own companions; *ret_id lives in the arena. */
enum errc phone_send(struct sandbox *sb, struct arena *arena, struct account *from,
		     const struct phone_order *o, const char **ret_id, struct err *e) MUST_USE;
/* a Message to one own companion, category="peer" */
void phone_send_peer(struct sandbox *sb, struct account *a, struct device *to, struct span message);
/* the receipt a phone gives; type NULL: delivered */
void phone_send_receipt(struct sandbox *sb, struct account *a, struct addr to, const char *type,
			const char *const *ids, size_t ids_len);
/* key share, history and names for a companion's first login */
void phone_tell_history(
	struct sandbox *sb, struct account *a, struct device *to, unsigned type, unsigned chunk,
	const char *request,
	struct span packed); /* a compressed HistorySync; request "": nobody asked */
void phone_greet(struct sandbox *sb, struct account *a, struct device *companion);

/* keeps a message of a chat (JID), for companions that ask for older ones; seen: in a bounded number */
void phone_keep(struct sandbox *sb, struct account *a, const char *chat,
		const struct history_message *m);
void phone_keep_seen(struct sandbox *sb, struct account *a, const char *chat, const char *id,
		     bool from_me, uint64_t at_s, struct span message);

/* -- among the phone_*.c files -- */
/* a companion asks for data of the phone, by the Message with this id */
void phone_on_request(struct sandbox *sb, struct account *a, struct device *from, const char *id,
		      struct span message);
void phone_sent_keep(struct phone *p, const char *id, const struct phone_order *o);
const struct sent_message *phone_sent_find(const struct phone *p, const char *id);
/* Encrypts for one device and appends <enc> to `parent`; bundle is fetched when there is no session.
 * retry_count 0: a first send. */
enum errc phone_encrypt(struct sandbox *sb, struct arena *arena, struct account *from,
			struct device *to, struct span message, uint32_t retry_count,
			const char *mediatype, struct node *parent, struct err *e) MUST_USE;
void phone_on_retry(struct sandbox *sb, struct account *a, const struct node *receipt);
