#pragma once
/* The E2E Message protobuf <-> our struct, for the kinds we send and read; whatever we do not know
 * keeps its raw bytes, so that it can be stored. Padding belongs here too. Facts: chapter 03
 * section 3; tests/vectors/padding-phash.json. */
#include <stdbool.h>

#include "shared/base/arena.h"
#include "shared/base/err.h"
#include "shared/base/rng.h"
#include "shared/base/wr.h"

enum message_kind {
	MESSAGE_EMPTY, /* only context, or a key distribution */
	MESSAGE_TEXT,  /* conversation or extendedTextMessage */
	MESSAGE_IMAGE,
	MESSAGE_VIDEO,
	MESSAGE_AUDIO,
	MESSAGE_DOCUMENT,
	MESSAGE_STICKER,
	MESSAGE_CONTACT,
	MESSAGE_LOCATION,
	MESSAGE_REACTION,
	MESSAGE_POLL,
	MESSAGE_POLL_VOTE,
	MESSAGE_REVOKE,
	MESSAGE_EDIT,
	MESSAGE_PROTOCOL, /* history notice, key share, ephemeral setting ...: see protocol_type */
	MESSAGE_UNKNOWN,
};

struct message_media {
	const char *url, *mimetype, *direct_path, *file_name; /* "" when absent */
	struct span file_sha256, file_enc_sha256, media_key, thumbnail;
	uint64_t file_length;
	int64_t media_key_timestamp; /* seconds */
	uint32_t width, height, seconds;
};

struct message {
	enum message_kind kind;
	const char *
		text; /* text, caption, reaction, poll name, location name, contact name: "" if none */
	struct message_media media;                 /* for the media kinds */
	const char *quoted_id, *quoted_participant; /* context: "" when not a reply */
	const char *target_id; /* revoke, edit, reaction: the id it is about; "" */
	bool target_from_me;
	int protocol_type; /* MESSAGE_PROTOCOL; -1 otherwise */
	double latitude, longitude;
	/* deviceSentMessage was unwrapped: this is a copy of what another own device sent */
	bool device_sent;
	const char *destination; /* chat JID of the copy, or of the target when encoding; "" */
	struct span skdm;        /* senderKeyDistributionMessage payload, with its group */
	const char *skdm_group;
	struct span message_secret; /* messageContextInfo.messageSecret, 32 bytes or none */
	struct span raw; /* the inner Message as received (after unwrapping deviceSent), borrowed */
};

enum { MESSAGE_BYTES_MAX = 1 << 20, MESSAGE_WRAP_DEPTH_MAX = 8 };

const char *message_kind_name(enum message_kind k); /* "text", "image" ...: stable, stored */
/* spans and strings live in the arena */
enum errc message_decode(struct arena *a, struct span bytes, struct message *ret,
			 struct err *e) MUST_USE;
/* encodes TEXT, IMAGE, VIDEO, AUDIO, DOCUMENT, REACTION, REVOKE (with quote and secret when given) */
enum errc message_encode(const struct message *m, struct wr *out, struct err *e) MUST_USE;
/* Message{31:{1 destination, 2 inner}, 35 copied from inner} for own other devices */
enum errc message_wrap_device_sent(const char *destination, struct span inner, struct wr *out,
				   struct err *e) MUST_USE;
/* the Message that carries one SenderKeyDistributionMessage */
void message_encode_skdm(const char *group, struct span skdm, struct wr *out);

void message_pad(struct rng *rng, struct wr *w); /* appends 1..16 bytes of padding */
enum errc message_unpad(struct span padded, struct span *ret, struct err *e) MUST_USE;
/* "3EB0" + 18 upper hex; out holds 23 */
void message_id_make(struct rng *rng, int64_t unix_s, uint64_t own_user, char out[static 23]);
