/* XEdDSA against pairing.json (device, xeddsa) and noise.json (cert); u -> y against OpenSSL BN. */
#include <openssl/bn.h>
#include <stdio.h>
#include <string.h>

#include "shared/signal/field.h"
#include "shared/signal/xeddsa.h"

#include "tests/unit/signal/vectors.h"

static void sign_scripted(const uint8_t priv[static 32], struct span msg, struct span z,
			  const struct bytes *want)
{
	struct rng_script rng;
	uint8_t sig[XEDDSA_BYTES];

	assert_int_equal(z.len, 64);
	rng_script_init(&rng, z);
	xeddsa_sign(&rng.base, priv, msg, sig);
	assert_int_equal(rng.left.len, 0);
	assert_int_equal(want->len, XEDDSA_BYTES);
	assert_memory_equal(sig, want->at, XEDDSA_BYTES);
}

static void signs_and_verifies_the_positive_vectors(void **state)
{
	json_t *root = vector_load("tests/vectors/pairing.json"), *row;
	json_t *rows = vector_get(vector_get(root, "xeddsa"), "positive");
	size_t i;

	(void)state;
	assert_int_equal(json_array_size(rows), 8);
	json_array_foreach(rows, i, row) {
		struct keypair key = vector_keypair(row, "priv", "pub");
		struct bytes msg = vector_hex(row, "msg"), z = vector_hex(row, "z");
		struct bytes sig_z = vector_hex(row, "sig_z"), sig_det = vector_hex(row, "sig_det");

		sign_scripted(key.priv, bytes_span(&msg), bytes_span(&z), &sig_z);
		assert_true(xeddsa_verify(key.pub, bytes_span(&msg), sig_z.at));
		assert_true(xeddsa_verify(key.pub, bytes_span(&msg), sig_det.at));
		assert_int_equal(sig_z.at[63] >> 7, vector_u32(row, "sign_bit"));
	}
	json_decref(root);
}

static void judges_the_other_vectors(void **state)
{
	json_t *root = vector_load("tests/vectors/pairing.json"), *row;
	json_t *rows = vector_get(vector_get(root, "xeddsa"), "other");
	size_t i;

	(void)state;
	assert_int_equal(json_array_size(rows), 10);
	json_array_foreach(rows, i, row) {
		struct bytes pub = vector_hex(row, "pub"), msg = vector_hex(row, "msg");
		struct bytes sig = vector_hex(row, "sig");
		bool want = json_is_true(vector_get(row, "expect"));

		assert_int_equal(pub.len, 32);
		assert_int_equal(sig.len, XEDDSA_BYTES);
		if (xeddsa_verify(pub.at, bytes_span(&msg), sig.at) != want)
			fail_msg("%s", vector_text(row, "name"));
	}
	json_decref(root);
}

static void verifies_the_certificate_chain(void **state)
{
	json_t *root = vector_load("tests/vectors/noise.json"), *cert = vector_get(root, "cert");
	json_t *keys = vector_get(root, "keys");
	struct bytes mid = vector_hex(cert, "intermediate_details"),
		     leaf = vector_hex(cert, "leaf_details");
	struct bytes mid_sig = vector_hex(cert, "intermediate_signature"),
		     leaf_sig = vector_hex(cert, "leaf_signature");
	struct bytes mid_z = vector_hex(cert, "intermediate_signature_random"),
		     leaf_z = vector_hex(cert, "leaf_signature_random");
	struct keypair top = vector_keypair(vector_get(keys, "root"), "private", "public");
	struct keypair issuer =
		vector_keypair(vector_get(keys, "intermediate"), "private", "public");

	(void)state;
	assert_true(xeddsa_verify(top.pub, bytes_span(&mid), mid_sig.at));
	assert_true(xeddsa_verify(issuer.pub, bytes_span(&leaf), leaf_sig.at));
	assert_false(xeddsa_verify(top.pub, bytes_span(&leaf), leaf_sig.at));
	sign_scripted(top.priv, bytes_span(&mid), bytes_span(&mid_z), &mid_sig);
	sign_scripted(issuer.priv, bytes_span(&leaf), bytes_span(&leaf_z), &leaf_sig);
	json_decref(root);
}

static void every_flipped_bit_is_refused(void **state)
{
	struct rng_fixed rng;
	struct keypair key;
	uint8_t msg[40], sig[XEDDSA_BYTES];

	(void)state;
	rng_fixed_init(&rng, 3);
	keypair_make(&rng.base, &key);
	rng_fill(&rng.base, msg, sizeof msg);
	xeddsa_sign(&rng.base, key.priv, SPAN_OF(msg), sig);
	for (size_t bit = 0; bit < 8 * sizeof sig; bit++) {
		sig[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(xeddsa_verify(key.pub, SPAN_OF(msg), sig));
		sig[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t bit = 0; bit < 8 * sizeof msg; bit++) {
		msg[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(xeddsa_verify(key.pub, SPAN_OF(msg), sig));
		msg[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_true(xeddsa_verify(key.pub, SPAN_OF(msg), sig));
}

static bool edwards_y_by_bn(const uint8_t u[static 32], uint8_t y[static 32])
{
	BN_CTX *ctx = BN_CTX_new();
	BIGNUM *p = NULL, *x = BN_new(), *top = BN_new(), *low = BN_new();
	uint8_t masked[32];
	bool ok;

	memcpy(masked, u, 32);
	masked[31] &= 0x7F;
	BN_hex2bn(&p, "7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFED");
	BN_lebin2bn(masked, 32, x);
	BN_mod_sub(top, x, BN_value_one(), p, ctx);
	BN_mod_add(low, x, BN_value_one(), p, ctx);
	ok = !BN_is_zero(low);
	if (ok) {
		assert_non_null(BN_mod_inverse(low, low, p, ctx));
		BN_mod_mul(top, top, low, p, ctx);
		BN_bn2lebinpad(top, y, 32);
	}
	BN_free(p);
	BN_free(x);
	BN_free(top);
	BN_free(low);
	BN_CTX_free(ctx);
	return ok;
}

static void compare_y(const uint8_t u[static 32])
{
	uint8_t ours[32] = { 0 }, theirs[32] = { 0 };

	assert_int_equal(field_edwards_y(u, ours), edwards_y_by_bn(u, theirs));
	assert_memory_equal(ours, theirs, 32);
}

static void edwards_y_equals_big_number_arithmetic(void **state)
{
	struct rng_fixed rng;
	uint8_t u[32];

	(void)state;
	rng_fixed_init(&rng, 11);
	for (int i = 0; i < 2000; i++) {
		rng_fill(&rng.base, u, sizeof u);
		compare_y(u);
	}
	for (unsigned fill = 0; fill < 2; fill++) {
		for (unsigned low = 0; low < 256; low++) { /* around 0, p and 2^255 */
			memset(u, fill ? 0xFF : 0, sizeof u);
			u[0] = (uint8_t)low;
			compare_y(u);
			u[31] ^= 0x80;
			compare_y(u);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signs_and_verifies_the_positive_vectors),
		cmocka_unit_test(judges_the_other_vectors),
		cmocka_unit_test(verifies_the_certificate_chain),
		cmocka_unit_test(every_flipped_bit_is_refused),
		cmocka_unit_test(edwards_y_equals_big_number_arithmetic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
