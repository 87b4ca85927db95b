/* Media encryption: there and back, every kind of damage, and one vector made with node's crypto. */
#include <stdlib.h>

#include "shared/base/text.h"

#include "daemon/client/media_crypt.h"
#include "tests/unit/store/cm.h"

static void key_make(uint8_t key[static 32])
{
	for (int i = 0; i < 32; i++)
		key[i] = (uint8_t)i;
}

/* node: hkdfSync('sha256', key, '', 'WhatsApp Image Keys', 112), aes-256-cbc, hmac(iv || ct)[0..10] */
static void image_has_the_bytes_of_another_implementation(void **state)
{
	struct media_sealed s;
	struct err e = ERR_NONE;
	uint8_t key[32];
	char hex[2 * 64 + 1], hash[65];

	(void)state;
	key_make(key);
	assert_int_equal(media_seal(MESSAGE_IMAGE, key, SPAN_LIT("not really a picture"), &s, &e),
			 ERR_OK);
	assert_int_equal(s.len, 32 + 10);
	hex_encode(span_of(s.bytes, s.len), hex);
	hex_encode(SPAN_OF(s.enc_sha256), hash);
	assert_string_equal(
		hex,
		"0298fc60591af00285ec34c66544c129c1fdb3c382d39d08d94f3ddb079f59f2ae5b5bc0393b3fff64f3");
	assert_string_equal(hash,
			    "535ec3224f8f3c79cd2fdbe41f01b6ec661a942f4a723a95c8d09015bf5e5962");
	free(s.bytes);
}

static void what_is_sealed_opens_again(void **state)
{
	static const enum message_kind kinds[] = { MESSAGE_IMAGE, MESSAGE_VIDEO, MESSAGE_AUDIO,
						   MESSAGE_DOCUMENT, MESSAGE_STICKER };
	static uint8_t plain[100000];
	uint8_t key[32], *back;
	size_t len;

	(void)state;
	key_make(key);
	for (size_t i = 0; i < sizeof(plain); i++)
		plain[i] = (uint8_t)(i * 7);
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++)
		for (size_t n = 0; n < sizeof(plain); n = n * 3 + 15) {
			struct media_sealed s;
			struct err e = ERR_NONE;

			assert_int_equal(media_seal(kinds[k], key, span_of(plain, n), &s, &e),
					 ERR_OK);
			assert_int_equal(media_open(kinds[k], SPAN_OF(key), span_of(s.bytes, s.len),
						    SPAN_OF(s.enc_sha256), SPAN_OF(s.sha256), &back,
						    &len, &e),
					 ERR_OK);
			assert_int_equal(len, n);
			assert_memory_equal(back, plain, n);
			free(back);
			free(s.bytes);
		}
}

static void damage_is_noticed(void **state)
{
	struct media_sealed s;
	struct err e = ERR_NONE;
	uint8_t key[32], other[32] = { 0 }, *back = NULL;
	size_t len = 0;

	(void)state;
	key_make(key);
	assert_int_equal(media_seal(MESSAGE_IMAGE, key, SPAN_LIT("a file of some length"), &s, &e),
			 ERR_OK);
	for (size_t i = 0; i < s.len; i++) {
		s.bytes[i] ^= 0x40;
		assert_int_equal(media_open(MESSAGE_IMAGE, SPAN_OF(key), span_of(s.bytes, s.len),
					    SPAN_NONE, SPAN_NONE, &back, &len, &e),
				 ERR_CRYPTO);
		s.bytes[i] ^= 0x40;
	}
	for (size_t n = 0; n < s.len; n++)
		assert_int_not_equal(media_open(MESSAGE_IMAGE, SPAN_OF(key), span_of(s.bytes, n),
						SPAN_NONE, SPAN_NONE, &back, &len, &e),
				     ERR_OK);
	assert_int_equal(media_open(MESSAGE_IMAGE, SPAN_OF(other), span_of(s.bytes, s.len),
				    SPAN_NONE, SPAN_NONE, &back, &len, &e),
			 ERR_CRYPTO);
	assert_int_equal(media_open(MESSAGE_VIDEO, SPAN_OF(key), span_of(s.bytes, s.len), SPAN_NONE,
				    SPAN_NONE, &back, &len, &e),
			 ERR_CRYPTO);
	assert_int_equal(media_open(MESSAGE_IMAGE, SPAN_OF(key), span_of(s.bytes, s.len),
				    SPAN_OF(other), SPAN_NONE, &back, &len, &e),
			 ERR_CRYPTO);
	assert_int_equal(media_open(MESSAGE_IMAGE, SPAN_OF(key), span_of(s.bytes, s.len), SPAN_NONE,
				    SPAN_OF(other), &back, &len, &e),
			 ERR_CRYPTO);
	assert_int_equal(media_open(MESSAGE_IMAGE, SPAN_LIT("short"), span_of(s.bytes, s.len),
				    SPAN_NONE, SPAN_NONE, &back, &len, &e),
			 ERR_BAD_INPUT);
	assert_int_equal(media_open(MESSAGE_TEXT, SPAN_OF(key), span_of(s.bytes, s.len), SPAN_NONE,
				    SPAN_NONE, &back, &len, &e),
			 ERR_BAD_INPUT);
	assert_int_equal(media_seal(MESSAGE_TEXT, key, SPAN_LIT("x"), &s, &e), ERR_UNSUPPORTED);
	assert_null(back);
	free(s.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(image_has_the_bytes_of_another_implementation),
		cmocka_unit_test(what_is_sealed_opens_again),
		cmocka_unit_test(damage_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
