#pragma once
/* The proof inside pair-success, as pure functions: chapter 02 section 3.5 steps 1 to 5, checked
 * against tests/vectors/pairing.json (pair_success, pair_success_cases). */
#include "shared/base/arena.h"
#include "shared/base/crypto.h"

enum pair_verdict { PAIR_GOOD, PAIR_MALFORMED, PAIR_HMAC_WRONG, PAIR_SIGNATURE_WRONG };

struct pair_question {
	struct span container;                         /* ADVSignedDeviceIdentityHMAC */
	const struct keypair *identity;                /* ours */
	const uint8_t *adv_secret, *adv_secret_before; /* 32 bytes; the second may be NULL */
};

struct pair_proof {
	struct span account; /* all four fields, to be stored */
	struct span reply;   /* without the account's key */
	uint8_t phone_identity[32];
	uint32_t key_index;
};

/* spans of *ret live in the arena; *ret is written only for PAIR_GOOD */
enum pair_verdict pair_prove(struct arena *a, struct rng *rng, const struct pair_question *q,
			     struct pair_proof *ret);
