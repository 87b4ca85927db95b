#pragma once
/* XEdDSA over X25519 keys, the old libsignal form: the sign bit of A travels in bit 7 of byte 63.
 * Checked against tests/vectors/pairing.json (xeddsa) and noise.json (cert). */
#include <stdbool.h>

#include "shared/base/crypto.h"
#include "shared/base/rng.h"

enum { XEDDSA_BYTES = 64 };

void xeddsa_sign(struct rng *rng, const uint8_t priv[static 32], struct span msg,
		 uint8_t sig[static XEDDSA_BYTES]);
bool xeddsa_verify(const uint8_t pub[static 32], struct span msg,
		   const uint8_t sig[static XEDDSA_BYTES]);
