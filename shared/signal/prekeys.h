#pragma once
/* Making and encoding the keys a device publishes. */
#include "shared/signal/session.h"

struct signed_prekey {
	uint32_t id;
	struct keypair key;
	uint8_t sig[64]; /* XEdDSA by the identity over 05 || pub */
};

void signed_prekey_make(struct rng *rng, const struct keypair *identity, uint32_t id,
			struct signed_prekey *out);
/* 1..16380, fits every client's parser */
uint32_t registration_id_make(struct rng *rng);
/* id after `id`: wraps from 0xFFFFFE to 1, 0xFFFFFF is never allocated */
uint32_t prekey_id_next(uint32_t id);
