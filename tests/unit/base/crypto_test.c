#include <pthread.h>
#include <string.h>

#include "shared/base/crypto.h"
#include "shared/base/rng.h"
#include "shared/base/text.h"

#include "tests/unit/testing.h"

/* bytes of a hex text, in a small ring so that several fit into one call */
static struct span hex(const char *text)
{
	static uint8_t ring[8][512];
	static unsigned turn;
	uint8_t *at = ring[turn++ % 8];
	size_t len = 0;

	assert_true(hex_decode(text, strlen(text), at, sizeof ring[0], &len));
	return span_of(at, len);
}

static void assert_hex(const uint8_t *at, const char *text)
{
	struct span want = hex(text);

	assert_memory_equal(at, want.at, want.len);
}

static void hashes_match_known_answers(void **state)
{
	uint8_t out[32];

	(void)state;
	sha256(SPAN_LIT("abc"), out); /* FIPS 180-4 */
	assert_hex(out, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	sha256(SPAN_NONE, out);
	assert_hex(out, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	sha1(SPAN_LIT("abc"), out);
	assert_hex(out, "a9993e364706816aba3e25717850c26c9cd0d89d");
	md5(SPAN_LIT("abc"), out); /* RFC 1321 */
	assert_hex(out, "900150983cd24fb0d6963f7d28e17f72");
	md5(SPAN_NONE, out);
	assert_hex(out, "d41d8cd98f00b204e9800998ecf8427e");
}

static void hmac_matches_rfc_4231(void **state)
{
	uint8_t long_key[131], out[32], parts_out[32];
	struct span parts[] = { SPAN_LIT("what do ya "), SPAN_NONE, SPAN_LIT("want for nothing?") };

	(void)state;
	hmac_sha256(SPAN_LIT("Jefe"), SPAN_LIT("what do ya want for nothing?"), out);
	assert_hex(out, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	hmac_sha256_parts(SPAN_LIT("Jefe"), parts, 3, parts_out);
	assert_memory_equal(out, parts_out, 32);
	memset(long_key, 0xaa, sizeof long_key); /* longer than a block: hashed first */
	hmac_sha256(SPAN_OF(long_key),
		    SPAN_LIT("Test Using Larger Than Block-Size Key - Hash Key First"), out);
	assert_hex(out, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void hkdf_matches_rfc_5869(void **state)
{
	uint8_t out[82], big[255 * 32];

	(void)state;
	hkdf_sha256(hex("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"),
		    hex("000102030405060708090a0b0c"), hex("f0f1f2f3f4f5f6f7f8f9"), out, 42);
	assert_hex(out, "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
			"34007208d5b887185865");
	hkdf_sha256(hex("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"), SPAN_NONE, SPAN_NONE, out,
		    42);
	assert_hex(out, "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
			"9d201395faa4b61a96c8");
	hkdf_sha256(
		hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2021222324252627"
		    "28292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f"),
		hex("606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f8081828384858687"
		    "88898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeaf"),
		hex("b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7"
		    "d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"),
		out, 82);
	assert_hex(out, "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"
			"59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71"
			"cc30c58179ec3e87c14c01d5c1f3434f1d87");
	hkdf_sha256(SPAN_LIT("k"), SPAN_NONE, SPAN_NONE, big, sizeof big); /* the longest */
}

static void pbkdf2_matches_rfc_7914(void **state)
{
	uint8_t out[64];

	(void)state;
	pbkdf2_sha256(SPAN_LIT("passwd"), SPAN_LIT("salt"), 1, out, 64);
	assert_hex(out, "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"
			"49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783");
}

static void cbc_matches_nist_and_checks_padding(void **state)
{
	/* SP 800-38A F.2.5, first block; the second block is our padding */
	struct span key = hex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4");
	struct span iv = hex("000102030405060708090a0b0c0d0e0f");
	struct span plain = hex("6bc1bee22e409f96e93d7e117393172a");
	uint8_t sealed[64], opened[64];
	size_t len = 0, open_len = 0;
	struct err e = ERR_NONE;

	(void)state;
	aes_cbc_seal(key.at, iv.at, plain, sealed, &len);
	assert_int_equal(len, 32);
	assert_hex(sealed, "f58c4c04d6e5f1ba779eabfb5f7bfbd6");
	assert_int_equal(aes_cbc_open(key.at, iv.at, span_of(sealed, len), opened, &open_len, &e),
			 ERR_OK);
	assert_int_equal(open_len, 16);
	assert_memory_equal(opened, plain.at, 16);

	sealed[31] ^= 1;
	assert_int_equal(aes_cbc_open(key.at, iv.at, span_of(sealed, 32), opened, &open_len, &e),
			 ERR_CRYPTO);
	assert_int_equal(aes_cbc_open(key.at, iv.at, span_of(sealed, 31), opened, &open_len, &e),
			 ERR_CRYPTO);
	assert_int_equal(aes_cbc_open(key.at, iv.at, SPAN_NONE, opened, &open_len, &e), ERR_CRYPTO);
	assert_string_equal(err_msg(&e), "AES-CBC: 0 bytes are not whole blocks");

	aes_cbc_seal(key.at, iv.at, SPAN_NONE, sealed,
		     &len); /* a kept context survives a failure */
	assert_int_equal(len, 16);
	assert_int_equal(aes_cbc_open(key.at, iv.at, span_of(sealed, 16), opened, &open_len, &e),
			 ERR_OK);
	assert_int_equal(open_len, 0);
}

static void ctr_matches_nist_also_in_place(void **state)
{
	struct span key = hex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4");
	struct span iv = hex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
	uint8_t buf[32];

	(void)state;
	memcpy(buf, hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51").at, 32);
	aes_ctr(key.at, iv.at, span_of(buf, 32), buf); /* SP 800-38A F.5.5 */
	assert_hex(buf, "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5");
	aes_ctr(key.at, iv.at, span_of(buf, 32), buf);
	assert_hex(buf, "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51");
}

static void gcm_matches_nist_and_refuses_forgeries(void **state)
{
	/* test case 16 of the GCM specification */
	struct span key = hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
	struct span iv = hex("cafebabefacedbaddecaf888");
	struct span aad = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
	struct span plain = hex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
				"1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
	uint8_t sealed[96], opened[96];
	struct err e = ERR_NONE;

	(void)state;
	aes_gcm_seal(key.at, iv.at, aad, plain, sealed);
	assert_hex(sealed, "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
			   "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
			   "76fc6ece0f4e1768cddf8853bb2d551b");
	assert_int_equal(aes_gcm_open(key.at, iv.at, aad, span_of(sealed, 76), opened, &e), ERR_OK);
	assert_memory_equal(opened, plain.at, 60);
	for (size_t i = 0; i < 76; i++) {
		sealed[i] ^= 0x80;
		assert_int_equal(aes_gcm_open(key.at, iv.at, aad, span_of(sealed, 76), opened, &e),
				 ERR_CRYPTO);
		sealed[i] ^= 0x80;
	}
	assert_int_equal(aes_gcm_open(key.at, iv.at, SPAN_NONE, span_of(sealed, 76), opened, &e),
			 ERR_CRYPTO);
	assert_int_equal(aes_gcm_open(key.at, iv.at, aad, span_of(sealed, 15), opened, &e),
			 ERR_CRYPTO);
	assert_int_equal(aes_gcm_open(key.at, iv.at, aad, span_of(sealed, 76), opened, &e), ERR_OK);
	aes_gcm_seal(key.at, iv.at, SPAN_NONE, SPAN_NONE, sealed); /* only a tag */
	assert_int_equal(aes_gcm_open(key.at, iv.at, SPAN_NONE, span_of(sealed, 16), opened, &e),
			 ERR_OK);
}

static void x25519_matches_rfc_7748(void **state)
{
	struct keypair a, b;
	uint8_t shared_a[32], shared_b[32], zero[32] = { 0 };
	struct rng_fixed rng;
	struct err e = ERR_NONE;

	(void)state;
	keypair_from_priv(
		hex("77076d0a7318a57d3c16c17251b266454c66b2fb0d7c2a3b4d5e6f708192a3b4").at, &a);
	rng_fixed_init(&rng, 3);
	keypair_make(&rng.base, &b);
	assert_int_equal(b.priv[0] & 7, 0);
	assert_int_equal(b.priv[31] & 0xc0, 0x40);
	assert_int_equal(x25519(a.priv, b.pub, shared_a, &e), ERR_OK);
	assert_int_equal(x25519(b.priv, a.pub, shared_b, &e), ERR_OK);
	assert_memory_equal(shared_a, shared_b, 32);
	assert_int_equal(x25519(a.priv, zero, shared_a, &e), ERR_CRYPTO);
	assert_int_equal(
		x25519(hex("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4").at,
		       hex("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c").at,
		       shared_a, &e),
		ERR_OK);
	assert_hex(shared_a, "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
}

static void *seal_in_thread(void *at)
{
	uint8_t key[32] = { 1 }, iv[16] = { 2 };
	size_t len = 0;

	aes_cbc_seal(key, iv, SPAN_LIT("same everywhere"), at, &len);
	return NULL;
}

static void threads_have_their_own_contexts(void **state)
{
	uint8_t out[4][32] = { { 0 } };
	pthread_t threads[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, seal_in_thread, out[i]), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	for (int i = 1; i < 4; i++)
		assert_memory_equal(out[0], out[i], 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashes_match_known_answers),
		cmocka_unit_test(hmac_matches_rfc_4231),
		cmocka_unit_test(hkdf_matches_rfc_5869),
		cmocka_unit_test(pbkdf2_matches_rfc_7914),
		cmocka_unit_test(cbc_matches_nist_and_checks_padding),
		cmocka_unit_test(ctr_matches_nist_also_in_place),
		cmocka_unit_test(gcm_matches_nist_and_refuses_forgeries),
		cmocka_unit_test(x25519_matches_rfc_7748),
		cmocka_unit_test(threads_have_their_own_contexts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
