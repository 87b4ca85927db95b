#pragma once
/* Encryption of media files: HKDF of a media key by kind, AES-256-CBC, 10 bytes of HMAC. Pure. */
#include "shared/base/err.h"
#include "shared/base/rng.h"
#include "shared/base/span.h"
#include "shared/wire/message_codec.h"

enum { MEDIA_KEY_BYTES = 32, MEDIA_MAC_BYTES = 10 };

struct media_sealed {
	uint8_t *bytes; /* ciphertext and MAC; caller frees */
	size_t len;
	uint8_t enc_sha256[32], sha256[32];
};

const char *media_key_info(enum message_kind kind);  /* "WhatsApp Image Keys"; NULL: not a medium */
const char *media_path_name(enum message_kind kind); /* "image": of /mms/<name>/ */
const char *media_enc_type(enum message_kind kind);  /* mediatype of <enc>; NULL: none */
enum errc media_seal(enum message_kind kind, const uint8_t key[static MEDIA_KEY_BYTES],
		     struct span plain, struct media_sealed *ret, struct err *e) MUST_USE;
/* checks the MAC and every hash that is given (empty: not known); *ret: caller frees */
enum errc media_open(enum message_kind kind, struct span key, struct span sealed,
		     struct span enc_sha256, struct span sha256_want, uint8_t **ret,
		     size_t *ret_len, struct err *e) MUST_USE;
