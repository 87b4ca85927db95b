#include "shared/signal/prekeys.h"

#include <string.h>

#include "shared/signal/xeddsa.h"

enum {
	REGISTRATION_ID_MAX = 16380,
	PREKEY_ID_LAST = 0xFFFFFE, /* the next one is taken for a last-resort key by some clients */
};

void signed_prekey_make(struct rng *rng, const struct keypair *identity, uint32_t id,
			struct signed_prekey *out)
{
	uint8_t typed[33] = { 5 };

	out->id = id;
	keypair_make(rng, &out->key);
	memcpy(typed + 1, out->key.pub, 32);
	xeddsa_sign(rng, identity->priv, SPAN_OF(typed), out->sig);
}

uint32_t registration_id_make(struct rng *rng)
{
	return 1 + rng_below(rng, REGISTRATION_ID_MAX);
}

uint32_t prekey_id_next(uint32_t id)
{
	return id >= PREKEY_ID_LAST ? 1 : id + 1;
}
