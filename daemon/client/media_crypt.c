#include "daemon/client/media_crypt.h"

#include <sodium.h>

#include "shared/base/crypto.h"
#include "shared/base/xalloc.h"

struct media_keys {
	uint8_t iv[16], cipher[32], mac[32], ref[32];
};
_Static_assert(sizeof(struct media_keys) == 112, "hkdf output is cut into these");

/* clang-format off */
static const struct {
	enum message_kind kind;
	const char *info, *path, *enc;
} kinds[] = {
	{ MESSAGE_IMAGE,    "WhatsApp Image Keys",    "image",    "image" },
	{ MESSAGE_VIDEO,    "WhatsApp Video Keys",    "video",    "video" },
	{ MESSAGE_AUDIO,    "WhatsApp Audio Keys",    "audio",    "audio" },
	{ MESSAGE_DOCUMENT, "WhatsApp Document Keys", "document", "document" },
	{ MESSAGE_PROTOCOL, "WhatsApp History Keys",  "md-msg-hist", NULL }, /* what the phone tells of the past */
	{ MESSAGE_STICKER,  "WhatsApp Image Keys",    "image",    "sticker" },
};
/* clang-format on */

const char *media_key_info(enum message_kind kind)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (kinds[i].kind == kind)
			return kinds[i].info;
	return NULL;
}

const char *media_path_name(enum message_kind kind)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (kinds[i].kind == kind)
			return kinds[i].path;
	return NULL;
}

const char *media_enc_type(enum message_kind kind)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (kinds[i].kind == kind)
			return kinds[i].enc;
	return kind == MESSAGE_CONTACT ? "vcard" : NULL;
}

static void keys_of(enum message_kind kind, struct span key, struct media_keys *ret)
{
	hkdf_sha256(key, SPAN_NONE, span_str(media_key_info(kind)), (uint8_t *)ret, sizeof(*ret));
}

static void mac_of(const struct media_keys *k, struct span cipher, uint8_t out[static 32])
{
	struct span parts[2] = { span_of(k->iv, 16), cipher };

	hmac_sha256_parts(span_of(k->mac, 32), parts, 2, out);
}

enum errc media_seal(enum message_kind kind, const uint8_t key[static MEDIA_KEY_BYTES],
		     struct span plain, struct media_sealed *ret, struct err *e)
{
	struct media_keys k;
	uint8_t mac[32];

	if (media_key_info(kind) == NULL)
		return err_set(e, ERR_UNSUPPORTED, "%s is not a medium", message_kind_name(kind));
	keys_of(kind, span_of(key, MEDIA_KEY_BYTES), &k);
	ret->bytes = xmalloc(plain.len + 16 + MEDIA_MAC_BYTES);
	aes_cbc_seal(k.cipher, k.iv, plain, ret->bytes, &ret->len);
	mac_of(&k, span_of(ret->bytes, ret->len), mac);
	memcpy(ret->bytes + ret->len, mac, MEDIA_MAC_BYTES);
	ret->len += MEDIA_MAC_BYTES;
	sha256(span_of(ret->bytes, ret->len), ret->enc_sha256);
	sha256(plain, ret->sha256);
	wipe(&k, sizeof(k));
	return ERR_OK;
}

static bool hash_differs(struct span want, struct span of)
{
	uint8_t have[32];

	if (want.len == 0)
		return false;
	sha256(of, have);
	return want.len != 32 || !bytes_equal_secret(want.at, have, 32);
}

enum errc media_open(enum message_kind kind, struct span key, struct span sealed,
		     struct span enc_sha256, struct span sha256_want, uint8_t **ret,
		     size_t *ret_len, struct err *e)
{
	struct media_keys k;
	struct span cipher;
	uint8_t mac[32], *plain;
	size_t len = 0;
	enum errc rc = ERR_OK;

	if (media_key_info(kind) == NULL || key.len != MEDIA_KEY_BYTES)
		return err_set(e, ERR_BAD_INPUT, "media: no usable key");
	if (sealed.len < 16 + MEDIA_MAC_BYTES)
		return err_set(e, ERR_SHORT_INPUT, "media: %zu bytes", sealed.len);
	if (hash_differs(enc_sha256, sealed))
		return err_set(e, ERR_CRYPTO, "media: the encrypted file is not the announced one");
	keys_of(kind, key, &k);
	cipher = span_of(sealed.at, sealed.len - MEDIA_MAC_BYTES);
	mac_of(&k, cipher, mac);
	if (sodium_memcmp(mac, sealed.at + cipher.len, MEDIA_MAC_BYTES) != 0) {
		wipe(&k, sizeof(k));
		return err_set(e, ERR_CRYPTO, "media: wrong MAC");
	}
	plain = xmalloc(cipher.len + 16);
	rc = aes_cbc_open(k.cipher, k.iv, cipher, plain, &len, e);
	wipe(&k, sizeof(k));
	if (rc == ERR_OK && hash_differs(sha256_want, span_of(plain, len)))
		rc = err_set(e, ERR_CRYPTO, "media: the file is not the announced one");
	if (rc != ERR_OK) {
		free(plain);
		return rc;
	}
	*ret = plain;
	*ret_len = len;
	return ERR_OK;
}
