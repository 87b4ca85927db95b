#pragma once
/* Messages between the account's own devices: the keys of app state and the history notice, both
 * inside a Message's protocolMessage, and the (compressed) history itself. The phone sends them at a
 * companion's first login. Facts: chapter 03 section 3.4, chapter 04 section 5. */
#include <stdbool.h>

#include "shared/base/arena.h"
#include "shared/base/err.h"
#include "shared/base/wr.h"

/* protocolMessage.type = message.protocol_type */
enum protocol_type {
	PROTOCOL_REVOKE = 0,
	PROTOCOL_EPHEMERAL = 3,
	PROTOCOL_HISTORY = 5,
	PROTOCOL_KEY_SHARE = 6,
	PROTOCOL_KEY_REQUEST = 7,
	PROTOCOL_SECURITY = 9,
	PROTOCOL_EDIT = 14,
	PROTOCOL_PEER_REQUEST = 16,
	PROTOCOL_PEER_RESPONSE = 17,
	PROTOCOL_LID_MIGRATION = 22,
};
/* 5, 6, 7, 9, 16, 17, 22: taken only from own devices */
bool protocol_is_peer_only(int type);

enum history_type {
	HISTORY_INITIAL_BOOTSTRAP,
	HISTORY_INITIAL_STATUS,
	HISTORY_FULL,
	HISTORY_RECENT,
	HISTORY_PUSH_NAME,
	HISTORY_NON_BLOCKING,
	HISTORY_ON_DEMAND,
};

struct sync_key {
	struct span id, data; /* 6 and 32 bytes */
	uint32_t raw_id, current_index;
	const uint32_t *device_indexes;
	size_t device_indexes_len;
	int64_t timestamp; /* as sent; phones use milliseconds */
};
/* a whole Message */
void sync_key_share_encode(const struct sync_key *keys, size_t len, struct wr *out);
/* message: struct message.raw of one whose protocol_type is PROTOCOL_KEY_SHARE */
enum errc sync_key_share_decode(struct arena *a, struct span message, struct sync_key **ret,
				size_t *ret_len, struct err *e) MUST_USE;

struct history_notice {
	uint32_t type; /* enum history_type, or one that is not known yet */
	uint32_t chunk_order, progress;
	struct span inline_payload; /* compressed HistorySync; empty: it is on the media host */
	struct span file_sha256, file_enc_sha256, media_key;
	const char *direct_path; /* "" */
	const char *request_id;  /* of the message that asked for it; "" */
	uint64_t file_length;
};
void history_notice_encode(const struct history_notice *n, struct wr *out); /* a whole Message */
enum errc history_notice_decode(struct arena *a, struct span message, struct history_notice *ret,
				struct err *e) MUST_USE;

struct history_pair {
	const char *id, *value; /* push name: JID and name; mapping: phone number JID and LID */
};
struct history {
	uint32_t type, chunk_order, progress;
	const struct span *conversations; /* for history_chat_decode */
	size_t conversations_len;
	const struct history_pair *push_names, *lid_mappings;
	size_t push_names_len, lid_mappings_len;
};
enum {
	HISTORY_BYTES_MAX = 64 << 20, /* after inflating */
	HISTORY_CHAT_MESSAGES_MAX = 50000,
};
void history_encode(const struct history *h, struct wr *out); /* compressed, ready to be inline */
enum errc history_decode(struct arena *a, struct span compressed, struct history *ret,
			 struct err *e) MUST_USE;

/* A companion asks the phone for the messages of a chat before one that it has. */
struct history_request {
	const char *chat, *oldest_id; /* the chat's JID; "" */
	bool oldest_from_me;
	int64_t oldest_at_s; /* sent in seconds, though others name the field for milliseconds */
	uint32_t count;
};
void history_request_encode(const struct history_request *r, struct wr *out); /* a whole Message */
/* ERR_UNSUPPORTED: other data are asked for; oldest_at_s also when it came in milliseconds */
enum errc history_request_decode(struct arena *a, struct span message, struct history_request *ret,
				 struct err *e) MUST_USE;

/* does the phone have messages of the chat that are older than those it tells of */
enum history_end { HISTORY_END_UNKNOWN, HISTORY_HAS_MORE, HISTORY_IS_ALL };
struct history_message {
	const char *id, *participant, *push_name; /* "" */
	bool from_me;
	int64_t at_s;
	uint32_t status; /* 0 error, 1 pending, 2 at the server, 3 delivered, 4 read, 5 played */
	struct span message; /* a Message; empty: something that was no message of a person */
};
struct history_chat {
	const char *id, *name, *pn_jid, *lid_jid; /* JIDs; "" */
	uint32_t unread;
	enum history_end end;
	const struct span *messages; /* for history_message_decode, the newest first */
	size_t messages_len;
};
enum errc history_chat_decode(struct arena *a, struct span conversation, struct history_chat *ret,
			      struct err *e) MUST_USE;
enum errc history_message_decode(struct arena *a, struct span message, struct history_message *ret,
				 struct err *e) MUST_USE;
/* uncompressed bytes, ready for struct history.conversations and history_chat.messages */
void history_chat_encode(const struct history_chat *c, struct wr *out);
void history_message_encode(const struct history_message *m, const char *chat, struct wr *out);
