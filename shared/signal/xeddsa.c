#include "shared/signal/xeddsa.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "shared/signal/field.h"

/* a mod L: the reduction takes 64 bytes */
static void scalar_mod_l(const uint8_t a[static 32], uint8_t out[static 32])
{
	uint8_t wide[64] = { 0 };

	memcpy(wide, a, 32);
	crypto_core_ed25519_scalar_reduce(out, wide);
	wipe(wide, sizeof wide);
}

/* r = SHA512(FE FF*31 || k || M || Z) mod L */
static void sign_nonce(const uint8_t priv[static 32], struct span msg, const uint8_t z[static 64],
		       uint8_t r[static 32])
{
	crypto_hash_sha512_state hash;
	uint8_t head[64], digest[64];

	memset(head, 0xFF, 32);
	head[0] = 0xFE;
	memcpy(head + 32, priv, 32);
	crypto_hash_sha512_init(&hash);
	crypto_hash_sha512_update(&hash, head, sizeof head);
	crypto_hash_sha512_update(&hash, msg.at, msg.len);
	crypto_hash_sha512_update(&hash, z, 64);
	crypto_hash_sha512_final(&hash, digest);
	crypto_core_ed25519_scalar_reduce(r, digest);
	wipe(head, sizeof head);
	wipe(digest, sizeof digest);
	wipe(&hash, sizeof hash);
}

void xeddsa_sign(struct rng *rng, const uint8_t priv[static 32], struct span msg,
		 uint8_t sig[static XEDDSA_BYTES])
{
	uint8_t a[32], pub[32], z[64], r[32], h[32], digest[64];
	crypto_hash_sha512_state hash;

	memcpy(a, priv, 32);
	a[0] &= 248;
	a[31] = (uint8_t)((a[31] & 127) | 64);
	rng_fill(rng, z, sizeof z);
	crypto_scalarmult_ed25519_base_noclamp(pub, a);
	sign_nonce(priv, msg, z, r);
	/* -1 only for r = 0, which nobody will ever see */
	if (crypto_scalarmult_ed25519_base_noclamp(sig, r) != 0)
		abort();
	crypto_hash_sha512_init(&hash);
	crypto_hash_sha512_update(&hash, sig, 32);
	crypto_hash_sha512_update(&hash, pub, 32);
	crypto_hash_sha512_update(&hash, msg.at, msg.len);
	crypto_hash_sha512_final(&hash, digest);
	crypto_core_ed25519_scalar_reduce(h, digest);
	scalar_mod_l(a, a);
	crypto_core_ed25519_scalar_mul(h, h, a);
	crypto_core_ed25519_scalar_add(sig + 32, h, r);
	sig[63] = (uint8_t)((sig[63] & 0x7F) | (pub[31] & 0x80));
	wipe(a, sizeof a);
	wipe(z, sizeof z);
	wipe(r, sizeof r);
	wipe(h, sizeof h);
}

bool xeddsa_verify(const uint8_t pub[static 32], struct span msg,
		   const uint8_t sig[static XEDDSA_BYTES])
{
	uint8_t y[32], plain[XEDDSA_BYTES];

	if (!field_edwards_y(pub, y))
		return false;
	y[31] |= sig[63] & 0x80;
	memcpy(plain, sig, sizeof plain);
	plain[63] &= 0x7F;
	return crypto_sign_verify_detached(plain, msg.at, msg.len, y) == 0;
}
