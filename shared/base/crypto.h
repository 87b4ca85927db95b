#pragma once
/* The symmetric half of the protocol on OpenSSL and libsodium: hashes, HMAC, HKDF, AES. One place
 * that calls EVP. Every function is safe to call from any thread. Lengths are fixed by the types. */
#include <stdbool.h>
#include <stdint.h>

#include "shared/base/err.h"
#include "shared/base/span.h"

enum { KEY_BYTES = 32, GCM_TAG_BYTES = 16, GCM_IV_BYTES = 12 };

void sha256(struct span in, uint8_t out[static 32]);
void sha1(struct span in, uint8_t out[static 20]);
void md5(struct span in, uint8_t out[static 16]);
void hmac_sha256(struct span key, struct span msg, uint8_t out[static 32]);
/* the message in parts, to save a copy */
void hmac_sha256_parts(struct span key, const struct span *parts, size_t count,
		       uint8_t out[static 32]);
/* RFC 5869 with SHA-256; an empty salt means 32 zero bytes; n at most 255 * 32 */
void hkdf_sha256(struct span ikm, struct span salt, struct span info, uint8_t *out, size_t n);
void pbkdf2_sha256(struct span password, struct span salt, uint32_t rounds, uint8_t *out, size_t n);

/* AES-256-CBC with PKCS#7. `out` holds in.len + 16 at most; *ret_len is set on success. Decryption
 * fails on bad padding with ERR_CRYPTO. */
void aes_cbc_seal(const uint8_t key[static 32], const uint8_t iv[static 16], struct span in,
		  uint8_t *out, size_t *ret_len);
enum errc aes_cbc_open(const uint8_t key[static 32], const uint8_t iv[static 16], struct span in,
		       uint8_t *out, size_t *ret_len, struct err *e) MUST_USE;

/* AES-256-CTR, in place allowed */
void aes_ctr(const uint8_t key[static 32], const uint8_t iv[static 16], struct span in,
	     uint8_t *out);

/* AES-256-GCM, 16-byte tag appended: out holds in.len + 16 (seal) or in.len - 16 (open) */
void aes_gcm_seal(const uint8_t key[static 32], const uint8_t iv[static 12], struct span aad,
		  struct span in, uint8_t *out);
enum errc aes_gcm_open(const uint8_t key[static 32], const uint8_t iv[static 12], struct span aad,
		       struct span in, uint8_t *out, struct err *e) MUST_USE;

/* X25519 keys as used by Noise and Signal: clamped private, 32-byte public */
struct keypair {
	uint8_t priv[32], pub[32];
};
struct rng;
void keypair_make(struct rng *rng, struct keypair *out);
void keypair_from_priv(const uint8_t priv[static 32], struct keypair *out); /* clamps */
/* fails (ERR_CRYPTO) on an all-zero result */
enum errc x25519(const uint8_t priv[static 32], const uint8_t pub[static 32],
		 uint8_t out[static 32], struct err *e) MUST_USE;
bool bytes_equal_secret(const void *a, const void *b, size_t n); /* constant time */
void wipe(void *at, size_t n);
