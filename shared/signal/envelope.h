#pragma once
/* Wire forms of the four Signal messages: what is parsed here is only well-formed, nothing in it is
 * authentic yet. pkmsg_parse and signal_msg_peek (session.h) live here too. */
#include "shared/signal/pb.h"
#include "shared/signal/session.h"

enum { SIGNAL_VERSION = 0x33, SIGNAL_KEY_BYTES = 33, SIGNAL_MAC_BYTES = 8, SIGNAL_SIG_BYTES = 64 };

/* spans and pointers borrow from the input */
struct signal_msg {
	const uint8_t *ratchet; /* 32 bytes */
	uint32_t counter, previous_counter;
	struct span ciphertext;
	struct span body;   /* what the MAC covers */
	const uint8_t *mac; /* SIGNAL_MAC_BYTES */
};

enum errc signal_msg_parse(struct span in, struct signal_msg *ret, struct err *e) MUST_USE;

struct group_msg {
	uint32_t id, iteration;
	struct span ciphertext;
	struct span body;   /* what the signature covers */
	const uint8_t *sig; /* SIGNAL_SIG_BYTES */
};

enum errc group_msg_parse(struct span in, struct group_msg *ret, struct err *e) MUST_USE;

struct group_key_msg {
	uint32_t id, iteration;
	const uint8_t *chain_key, *signing; /* 32 bytes each */
};

enum errc group_key_msg_parse(struct span in, struct group_key_msg *ret, struct err *e) MUST_USE;
