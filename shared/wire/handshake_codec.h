#pragma once
/* The handshake's protobufs as spans; an empty span is an absent field. Used by noise*.c only. */
#include "shared/base/arena.h"
#include "shared/base/err.h"
#include "shared/base/wr.h"

enum handshake_kind { HANDSHAKE_CLIENT_HELLO = 2, HANDSHAKE_SERVER_HELLO, HANDSHAKE_CLIENT_FINISH };

struct handshake {
	enum handshake_kind kind;
	struct span ephemeral, static_key, payload;
};

/* refuses any other kind than the one expected; spans live in the arena */
enum errc handshake_decode(struct arena *a, struct span in, enum handshake_kind kind,
			   struct handshake *ret, struct err *e) MUST_USE;
void handshake_encode(const struct handshake *h, struct wr *out);

struct noise_cert {
	uint32_t serial, issuer_serial;
	struct span key;
	uint64_t not_before, not_after; /* unix seconds */
	struct span details, signature; /* details as received: that is what is signed */
};

enum errc cert_chain_decode(struct arena *a, struct span in, struct noise_cert *ret_leaf,
			    struct noise_cert *ret_intermediate, struct err *e) MUST_USE;
void cert_details_encode(const struct noise_cert *c,
			 struct wr *out); /* all but details, signature */
void cert_chain_encode(const struct noise_cert *leaf, const struct noise_cert *intermediate,
		       struct wr *out);
