/* The low-level hashes of libcrypto: the contexts of EVP would slow the oracle down. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "tests/unit/signal/oracle_crypto.h"

#include <openssl/sha.h>

#include "shared/base/crypto.h"
#include "shared/base/xalloc.h"

struct hmac {
	SHA256_CTX inner, outer;
};

static int random_bytes(uint8_t *data, size_t len, void *user)
{
	rng_fill(user, data, len);
	return 0;
}

static int hmac_begin(void **ret, const uint8_t *key, size_t key_len, void *user)
{
	struct hmac *h = xmalloc(sizeof *h);
	uint8_t pad[64] = { 0 };

	(void)user;
	if (key_len > sizeof pad)
		sha256(span_of(key, key_len), pad);
	else
		memcpy(pad, key, key_len);
	for (size_t i = 0; i < sizeof pad; i++)
		pad[i] ^= 0x36;
	SHA256_Init(&h->inner);
	SHA256_Update(&h->inner, pad, sizeof pad);
	for (size_t i = 0; i < sizeof pad; i++)
		pad[i] ^= 0x36 ^ 0x5c;
	SHA256_Init(&h->outer);
	SHA256_Update(&h->outer, pad, sizeof pad);
	*ret = h;
	return 0;
}

static int hmac_more(void *at, const uint8_t *data, size_t len, void *user)
{
	(void)user;
	SHA256_Update(&((struct hmac *)at)->inner, data, len);
	return 0;
}

static int hmac_end(void *at, signal_buffer **ret, void *user)
{
	struct hmac *h = at;
	uint8_t out[32];

	(void)user;
	SHA256_Final(out, &h->inner);
	SHA256_Update(&h->outer, out, sizeof out);
	SHA256_Final(out, &h->outer);
	*ret = signal_buffer_create(out, sizeof out);
	return *ret ? 0 : SG_ERR_NOMEM;
}

static void context_free(void *at, void *user)
{
	(void)user;
	free(at);
}

static int sha512_begin(void **ret, void *user)
{
	SHA512_CTX *c = xmalloc(sizeof *c);

	(void)user;
	SHA512_Init(c);
	*ret = c;
	return 0;
}

static int sha512_more(void *at, const uint8_t *data, size_t len, void *user)
{
	(void)user;
	SHA512_Update(at, data, len);
	return 0;
}

static int sha512_end(void *at, signal_buffer **ret, void *user)
{
	uint8_t out[64];

	(void)user;
	SHA512_Final(out, at);
	SHA512_Init(at);
	*ret = signal_buffer_create(out, sizeof out);
	return *ret ? 0 : SG_ERR_NOMEM;
}

static int aes_seal(signal_buffer **ret, int cipher, const uint8_t *key, size_t key_len,
		    const uint8_t *iv, size_t iv_len, const uint8_t *in, size_t len, void *user)
{
	signal_buffer *out;
	size_t wrote;

	(void)user;
	if (cipher != SG_CIPHER_AES_CBC_PKCS5 || key_len != 32 || iv_len != 16)
		return SG_ERR_INVAL;
	out = signal_buffer_alloc((len / 16 + 1) * 16);
	aes_cbc_seal(key, iv, span_of(in, len), signal_buffer_data(out), &wrote);
	*ret = out;
	return 0;
}

static int aes_open(signal_buffer **ret, int cipher, const uint8_t *key, size_t key_len,
		    const uint8_t *iv, size_t iv_len, const uint8_t *in, size_t len, void *user)
{
	uint8_t *room;
	size_t wrote;
	int rc = 0;

	(void)user;
	if (cipher != SG_CIPHER_AES_CBC_PKCS5 || key_len != 32 || iv_len != 16)
		return SG_ERR_INVAL;
	room = xmalloc(len + 16);
	if (aes_cbc_open(key, iv, span_of(in, len), room, &wrote, NULL))
		rc = SG_ERR_INVAL;
	else
		*ret = signal_buffer_create(room, wrote);
	free(room);
	return rc;
}

void oracle_crypto_set(signal_context *ctx, struct rng *rng)
{
	const signal_crypto_provider provider = {
		.random_func = random_bytes,
		.hmac_sha256_init_func = hmac_begin,
		.hmac_sha256_update_func = hmac_more,
		.hmac_sha256_final_func = hmac_end,
		.hmac_sha256_cleanup_func = context_free,
		.sha512_digest_init_func = sha512_begin,
		.sha512_digest_update_func = sha512_more,
		.sha512_digest_final_func = sha512_end,
		.sha512_digest_cleanup_func = context_free,
		.encrypt_func = aes_seal,
		.decrypt_func = aes_open,
		.user_data = rng,
	};

	signal_context_set_crypto_provider(ctx, &provider);
}
