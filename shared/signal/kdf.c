/* The low-level SHA-256 of libcrypto is used on purpose: one call hashes one padded block. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "shared/signal/kdf.h"

#include <openssl/sha.h>

enum {
	BLOCK = 64,
	SHORT_MAX = 55, /* what fits a last block beside 80 and the length */
	X3DH_AGREEMENTS_MAX = 4,
};

/* SHA-256 after one block */
struct mid {
	SHA_LONG h[8];
};

/* both halves of an HMAC key, pads already hashed */
struct hmac_mid {
	struct mid inner, outer;
};

static void mid_of_pad(const uint8_t key[static 32], uint8_t pad, struct mid *out)
{
	uint8_t block[BLOCK];
	SHA256_CTX c;

	for (size_t i = 0; i < 32; i++)
		block[i] = key[i] ^ pad;
	memset(block + 32, pad, BLOCK - 32);
	SHA256_Init(&c);
	SHA256_Transform(&c, block);
	memcpy(out->h, c.h, sizeof out->h);
	wipe(block, sizeof block);
}

static void hmac_mid_init(struct hmac_mid *m, const uint8_t key[static 32])
{
	mid_of_pad(key, 0x36, &m->inner);
	mid_of_pad(key, 0x5c, &m->outer);
}

/* hash of one earlier block and `len` bytes; block holds them and has room for the padding */
static void mid_finish(const struct mid *m, uint8_t block[static BLOCK], size_t len,
		       uint8_t out[static 32])
{
	size_t bits = 8 * (BLOCK + len);
	SHA256_CTX c;

	memset(block + len, 0, BLOCK - len);
	block[len] = 0x80;
	block[BLOCK - 2] = (uint8_t)(bits >> 8);
	block[BLOCK - 1] = (uint8_t)bits;
	memcpy(c.h, m->h, sizeof m->h);
	SHA256_Transform(&c, block);
	for (size_t i = 0; i < 8; i++) {
		out[4 * i] = (uint8_t)(c.h[i] >> 24);
		out[4 * i + 1] = (uint8_t)(c.h[i] >> 16);
		out[4 * i + 2] = (uint8_t)(c.h[i] >> 8);
		out[4 * i + 3] = (uint8_t)c.h[i];
	}
}

static void hmac_short(const struct hmac_mid *m, const uint8_t *msg, size_t len,
		       uint8_t out[static 32])
{
	uint8_t block[BLOCK];

	memcpy(block, msg, len);
	mid_finish(&m->inner, block, len, out);
	memcpy(block, out, 32);
	mid_finish(&m->outer, block, 32, out);
	wipe(block, sizeof block);
}

/* HKDF of a 32-byte secret; n of at most 96 bytes, info of at most SHORT_MAX - 33 */
static void hkdf_short(const struct hmac_mid *salt, const uint8_t secret[static 32],
		       struct span info, uint8_t *out, size_t n)
{
	uint8_t prk[32], block[32], msg[SHORT_MAX];
	size_t before = 0;
	struct hmac_mid m;

	hmac_short(salt, secret, 32, prk);
	hmac_mid_init(&m, prk);
	for (uint8_t i = 1; n > 0; i++) {
		size_t take = n < sizeof block ? n : sizeof block;

		memcpy(msg, block, before);
		memcpy(msg + before, info.at, info.len);
		msg[before + info.len] = i;
		hmac_short(&m, msg, before + info.len + 1, block);
		memcpy(out, block, take);
		out += take;
		n -= take;
		before = sizeof block;
	}
	wipe(prk, sizeof prk);
	wipe(block, sizeof block);
	wipe(msg, sizeof msg);
	wipe(&m, sizeof m);
}

static void hkdf_unsalted(const uint8_t secret[static 32], struct span info, uint8_t *out, size_t n)
{
	static const uint8_t zero[32];
	struct hmac_mid m;

	hmac_mid_init(&m, zero);
	hkdf_short(&m, secret, info, out, n);
}

void kdf_chain_step(uint8_t chain[static 32], uint8_t ret_seed[static 32])
{
	static const uint8_t one = 1, two = 2;
	struct hmac_mid m;

	hmac_mid_init(&m, chain);
	hmac_short(&m, &one, 1, ret_seed);
	hmac_short(&m, &two, 1, chain);
	wipe(&m, sizeof m);
}

void kdf_message_keys(const uint8_t seed[static 32], struct message_keys *ret)
{
	_Static_assert(sizeof *ret == 32 + 32 + 16, "the derived bytes are cut into these");
	hkdf_unsalted(seed, SPAN_LIT("WhisperMessageKeys"), (uint8_t *)ret, sizeof *ret);
}

void kdf_group_keys(const uint8_t seed[static 32], struct message_keys *ret)
{
	uint8_t out[48];

	hkdf_unsalted(seed, SPAN_LIT("WhisperGroup"), out, sizeof out);
	memcpy(ret->iv, out, 16);
	memcpy(ret->cipher, out + 16, 32);
	wipe(out, sizeof out);
}

void kdf_root_step(uint8_t root[static 32], const uint8_t dh[static 32],
		   uint8_t ret_chain[static 32])
{
	struct hmac_mid m;
	uint8_t out[64];

	hmac_mid_init(&m, root);
	hkdf_short(&m, dh, SPAN_LIT("WhisperRatchet"), out, sizeof out);
	memcpy(root, out, 32);
	memcpy(ret_chain, out + 32, 32);
	wipe(out, sizeof out);
	wipe(&m, sizeof m);
}

void kdf_x3dh(const uint8_t *agreements, size_t count, uint8_t ret_root[static 32])
{
	uint8_t ikm[32 + 32 * X3DH_AGREEMENTS_MAX], out[64];

	memset(ikm, 0xFF, 32);
	memcpy(ikm + 32, agreements, 32 * count);
	hkdf_sha256(span_of(ikm, 32 + 32 * count), SPAN_NONE, SPAN_LIT("WhisperText"), out,
		    sizeof out);
	memcpy(ret_root, out, 32);
	wipe(ikm, sizeof ikm);
	wipe(out, sizeof out);
}
