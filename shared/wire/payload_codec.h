#pragma once
/* ClientPayload: what a client says about itself at the end of the handshake. Chapter 02 section 2;
 * tests/vectors/pairing.json client_payload. */
#include <stdbool.h>

#include "shared/base/arena.h"
#include "shared/base/err.h"
#include "shared/base/wr.h"

struct client_payload {
	bool registers; /* devicePairingData present */
	/* login */
	uint64_t username;
	uint32_t device;
	bool passive, pull;
	const char *push_name; /* "" */
	uint32_t version[3];
	/* registration */
	struct span reg_id, key_type, identity, signed_id, signed_pub, signed_sig, build_hash;
	struct span device_props; /* serialised */
};

struct device_props {
	const char *os; /* shown under Linked devices */
	uint32_t version[3];
	uint32_t platform_type; /* 1 CHROME ... */
	bool require_full_sync;
};

void device_props_encode(const struct device_props *p, struct wr *out);
enum errc device_props_decode(struct arena *a, struct span bytes, struct device_props *ret,
			      struct err *e) MUST_USE;
/* fills user agent and web info by the house's constants */
void client_payload_encode(const struct client_payload *p, struct wr *out);
enum errc client_payload_decode(struct arena *a, struct span bytes, struct client_payload *ret,
				struct err *e) MUST_USE;
