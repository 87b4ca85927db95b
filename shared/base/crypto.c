/* The low-level SHA-256 of libcrypto is used on purpose: HMAC of a few bytes is the hottest call of
 * the ratchet, and a state on the stack costs about half of a kept EVP_MAC context. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "shared/base/crypto.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "shared/base/rng.h"
#include "shared/base/xalloc.h"

enum { SHA256_BLOCK = 64, AES_BLOCK = 16 };

enum cipher_use { CBC_SEAL, CBC_OPEN, CTR_BOTH, GCM_SEAL, GCM_OPEN, CIPHER_USES };

/* Cipher contexts are kept per thread: setting one up costs more than encrypting a message. They
 * carry no meaning between calls (key and IV are set each time), so this is no shared state. */
struct thread_ciphers {
	EVP_CIPHER_CTX *ctx[CIPHER_USES];
};

static pthread_once_t ready_once = PTHREAD_ONCE_INIT;
static pthread_key_t ciphers_key; /* only frees a leaving thread's contexts */
static _Thread_local struct thread_ciphers *ciphers;

/* A primitive that fails on valid arguments means a broken libcrypto: nothing can go on. */
static void must(bool ok)
{
	if (ok)
		return;
	fputs("libcrypto or libsodium failed\n", stderr);
	abort();
}

static void ciphers_free(void *at)
{
	struct thread_ciphers *t = at;

	for (int i = 0; i < CIPHER_USES; i++)
		EVP_CIPHER_CTX_free(t->ctx[i]);
	free(t);
}

static void ready_init(void)
{
	must(sodium_init() >= 0);
	must(pthread_key_create(&ciphers_key, ciphers_free) == 0);
}

static void ready(void)
{
	pthread_once(&ready_once, ready_init);
}

static EVP_CIPHER_CTX *cipher_ctx(enum cipher_use use)
{
	EVP_CIPHER_CTX *c;
	const EVP_CIPHER *kind = NULL;

	if (ciphers == NULL) {
		ready();
		ciphers = xcalloc(1, sizeof *ciphers);
		must(pthread_setspecific(ciphers_key, ciphers) == 0);
	}
	if (ciphers->ctx[use])
		return ciphers->ctx[use];
	switch (use) {
	case CBC_SEAL:
	case CBC_OPEN:
		kind = EVP_aes_256_cbc();
		break;
	case CTR_BOTH:
		kind = EVP_aes_256_ctr();
		break;
	case GCM_SEAL:
	case GCM_OPEN:
		kind = EVP_aes_256_gcm();
		break;
	case CIPHER_USES:
		break;
	}
	c = EVP_CIPHER_CTX_new();
	must(c && kind &&
	     EVP_CipherInit_ex(c, kind, NULL, NULL, NULL, use != CBC_OPEN && use != GCM_OPEN));
	ciphers->ctx[use] = c;
	return c;
}

void sha256(struct span in, uint8_t out[static 32])
{
	SHA256_CTX c;

	SHA256_Init(&c);
	if (in.len)
		SHA256_Update(&c, in.at, in.len);
	SHA256_Final(out, &c);
}

void sha1(struct span in, uint8_t out[static 20])
{
	SHA_CTX c;

	SHA1_Init(&c);
	if (in.len)
		SHA1_Update(&c, in.at, in.len);
	SHA1_Final(out, &c);
}

void md5(struct span in, uint8_t out[static 16])
{
	must(EVP_Digest(in.len ? in.at : (const uint8_t *)"", in.len, out, NULL, EVP_md5(), NULL) ==
	     1);
}

/* inner and outer state with the key's pads already hashed in */
struct hmac_pads {
	SHA256_CTX inner, outer;
};

static void hmac_pads_init(struct hmac_pads *p, struct span key)
{
	uint8_t pad[SHA256_BLOCK] = { 0 };

	if (key.len > SHA256_BLOCK)
		sha256(key, pad);
	else if (key.len)
		memcpy(pad, key.at, key.len);
	for (size_t i = 0; i < sizeof pad; i++)
		pad[i] ^= 0x36;
	SHA256_Init(&p->inner);
	SHA256_Update(&p->inner, pad, sizeof pad);
	for (size_t i = 0; i < sizeof pad; i++)
		pad[i] ^= 0x36 ^ 0x5c;
	SHA256_Init(&p->outer);
	SHA256_Update(&p->outer, pad, sizeof pad);
	sodium_memzero(pad, sizeof pad);
}

static void hmac_run(const struct hmac_pads *p, const struct span *parts, size_t count,
		     uint8_t out[static 32])
{
	SHA256_CTX c = p->inner;

	for (size_t i = 0; i < count; i++)
		if (parts[i].len)
			SHA256_Update(&c, parts[i].at, parts[i].len);
	SHA256_Final(out, &c);
	c = p->outer;
	SHA256_Update(&c, out, 32);
	SHA256_Final(out, &c);
}

void hmac_sha256_parts(struct span key, const struct span *parts, size_t count,
		       uint8_t out[static 32])
{
	struct hmac_pads p;

	hmac_pads_init(&p, key);
	hmac_run(&p, parts, count, out);
	sodium_memzero(&p, sizeof p);
}

void hmac_sha256(struct span key, struct span msg, uint8_t out[static 32])
{
	hmac_sha256_parts(key, &msg, 1, out);
}

void hkdf_sha256(struct span ikm, struct span salt, struct span info, uint8_t *out, size_t n)
{
	static const uint8_t zero_salt[32];
	uint8_t prk[32], block[32];
	struct hmac_pads p;

	must(n <= (size_t)255 * 32);
	hmac_sha256(salt.len ? salt : SPAN_OF(zero_salt), ikm, prk);
	hmac_pads_init(&p, SPAN_OF(prk));
	for (uint8_t i = 1; n > 0; i++) {
		const struct span parts[] = { { block, i == 1 ? 0 : sizeof block },
					      info,
					      { &i, 1 } };
		size_t take = n < sizeof block ? n : sizeof block;

		hmac_run(&p, parts, ARRAY_LEN(parts), block);
		memcpy(out, block, take);
		out += take;
		n -= take;
	}
	sodium_memzero(prk, sizeof prk);
	sodium_memzero(block, sizeof block);
	sodium_memzero(&p, sizeof p);
}

void pbkdf2_sha256(struct span password, struct span salt, uint32_t rounds, uint8_t *out, size_t n)
{
	must(PKCS5_PBKDF2_HMAC((const char *)password.at, (int)password.len, salt.at, (int)salt.len,
			       (int)rounds, EVP_sha256(), (int)n, out) == 1);
}

/* EVP counts in int; media is the largest input and has a ceiling far below that. */
static int evp_len(size_t len)
{
	must(len <= (size_t)1 << 30);
	return (int)len;
}

void aes_cbc_seal(const uint8_t key[static 32], const uint8_t iv[static 16], struct span in,
		  uint8_t *out, size_t *ret_len)
{
	EVP_CIPHER_CTX *c = cipher_ctx(CBC_SEAL);
	int head = 0, tail = 0;

	must(EVP_EncryptInit_ex(c, NULL, NULL, key, iv) == 1);
	must(in.len == 0 || EVP_EncryptUpdate(c, out, &head, in.at, evp_len(in.len)) == 1);
	must(EVP_EncryptFinal_ex(c, out + head, &tail) == 1);
	*ret_len = (size_t)head + (size_t)tail;
}

enum errc aes_cbc_open(const uint8_t key[static 32], const uint8_t iv[static 16], struct span in,
		       uint8_t *out, size_t *ret_len, struct err *e)
{
	EVP_CIPHER_CTX *c = cipher_ctx(CBC_OPEN);
	int head = 0, tail = 0;

	if (in.len == 0 || in.len % AES_BLOCK || in.len > (size_t)1 << 30)
		return err_set(e, ERR_CRYPTO, "AES-CBC: %zu bytes are not whole blocks", in.len);
	must(EVP_DecryptInit_ex(c, NULL, NULL, key, iv) == 1);
	if (EVP_DecryptUpdate(c, out, &head, in.at, (int)in.len) != 1 ||
	    EVP_DecryptFinal_ex(c, out + head, &tail) != 1)
		return err_set(e, ERR_CRYPTO, "AES-CBC: bad padding");
	*ret_len = (size_t)head + (size_t)tail;
	return ERR_OK;
}

void aes_ctr(const uint8_t key[static 32], const uint8_t iv[static 16], struct span in,
	     uint8_t *out)
{
	EVP_CIPHER_CTX *c = cipher_ctx(CTR_BOTH);
	int n = 0;

	must(EVP_EncryptInit_ex(c, NULL, NULL, key, iv) == 1);
	must(in.len == 0 || EVP_EncryptUpdate(c, out, &n, in.at, evp_len(in.len)) == 1);
}

void aes_gcm_seal(const uint8_t key[static 32], const uint8_t iv[static 12], struct span aad,
		  struct span in, uint8_t *out)
{
	EVP_CIPHER_CTX *c = cipher_ctx(GCM_SEAL);
	int n = 0;

	must(EVP_EncryptInit_ex(c, NULL, NULL, key, iv) == 1);
	must(aad.len == 0 || EVP_EncryptUpdate(c, NULL, &n, aad.at, evp_len(aad.len)) == 1);
	must(in.len == 0 || EVP_EncryptUpdate(c, out, &n, in.at, evp_len(in.len)) == 1);
	must(EVP_EncryptFinal_ex(c, out + in.len, &n) == 1);
	must(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, GCM_TAG_BYTES, out + in.len) == 1);
}

enum errc aes_gcm_open(const uint8_t key[static 32], const uint8_t iv[static 12], struct span aad,
		       struct span in, uint8_t *out, struct err *e)
{
	EVP_CIPHER_CTX *c = cipher_ctx(GCM_OPEN);
	uint8_t tag[GCM_TAG_BYTES], rest[AES_BLOCK];
	size_t len = in.len - GCM_TAG_BYTES;
	int n = 0;

	if (in.len < GCM_TAG_BYTES || in.len > (size_t)1 << 30)
		return err_set(e, ERR_CRYPTO, "AES-GCM: %zu bytes cannot hold a tag", in.len);
	memcpy(tag, in.at + len, sizeof tag);
	must(EVP_DecryptInit_ex(c, NULL, NULL, key, iv) == 1);
	must(aad.len == 0 || EVP_DecryptUpdate(c, NULL, &n, aad.at, evp_len(aad.len)) == 1);
	must(len == 0 || EVP_DecryptUpdate(c, out, &n, in.at, (int)len) == 1);
	must(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, sizeof tag, tag) == 1);
	if (EVP_DecryptFinal_ex(c, rest, &n) == 1)
		return ERR_OK;
	sodium_memzero(out, len); /* nobody may use what did not verify */
	return err_set(e, ERR_CRYPTO, "AES-GCM: tag does not match");
}

void keypair_make(struct rng *rng, struct keypair *out)
{
	uint8_t priv[32];

	rng_fill(rng, priv, sizeof priv);
	keypair_from_priv(priv, out);
	sodium_memzero(priv, sizeof priv);
}

void keypair_from_priv(const uint8_t priv[static 32], struct keypair *out)
{
	ready(); /* sodium_init picks the fast curve code of this processor */
	memmove(out->priv, priv, sizeof out->priv);
	out->priv[0] &= 248;
	out->priv[31] = (uint8_t)((out->priv[31] & 127) | 64);
	must(crypto_scalarmult_curve25519_base(out->pub, out->priv) == 0);
}

enum errc x25519(const uint8_t priv[static 32], const uint8_t pub[static 32],
		 uint8_t out[static 32], struct err *e)
{
	ready();
	if (crypto_scalarmult_curve25519(out, priv, pub) != 0)
		return err_set(e, ERR_CRYPTO, "X25519: the peer's key has a small order");
	return ERR_OK;
}

bool bytes_equal_secret(const void *a, const void *b, size_t n)
{
	return sodium_memcmp(a, b, n) == 0;
}

void wipe(void *at, size_t n)
{
	sodium_memzero(at, n);
}
