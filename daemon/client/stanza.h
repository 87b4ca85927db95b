#pragma once
/* What a message stanza looks like, and what the server's answer to it means: pure functions.
 * Chapter 03 sections 4.4 and 4.5. */
#include "shared/signal/session.h"
#include "shared/wire/node.h"

#include "daemon/client/client.h"

struct stanza_part {
	struct addr at;
	enum signal_kind kind;
	struct span body;
};
struct stanza_out {
	const char *id;
	struct addr to; /* bare */
	uint64_t to_pn; /* set when `to` is a LID and the number is known; 0: none */
	enum message_kind kind;
	const struct stanza_part *parts;
	size_t part_len;
	struct span account; /* ADVSignedDeviceIdentity; goes along with any pkmsg */
};
struct node *stanza_message(struct arena *a, const struct stanza_out *s);

/* to the account's own phone alone; what it says is no message of a chat */
struct node *stanza_peer(struct arena *a, const char *id, struct addr own_phone,
			 const struct stanza_part *part, struct span account);

/* the answer to a retry receipt: one direct <enc> */
struct stanza_again {
	const char *id, *t, *participant, *recipient; /* NULL: absent */
	struct jid to;
	bool is_group;
	uint64_t count;
	enum message_kind kind;
	struct stanza_part part;
	struct span account;
};
struct node *stanza_retry_answer(struct arena *a, const struct stanza_again *s);

const char *stanza_type(enum message_kind kind); /* "text", "media" ... */

struct ack_rule {
	enum send_outcome outcome;
	bool drop_devices; /* what we believed about the recipient's devices is stale */
	const char *reason;
};
/* error 0: accepted. A `resend` that is refused as malformed is not tried once more. */
struct ack_rule ack_rule_of(int error, bool resend);
/* for a failure before any byte left */
struct send_result send_result_of(const struct err *e);
