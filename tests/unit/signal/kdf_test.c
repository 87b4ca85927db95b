/* Key derivation against the worked examples of signal.json and sender-keys.json, and the short
 * HKDF against the general one. */
#include <stdio.h>
#include <string.h>

#include "shared/signal/kdf.h"

#include "tests/unit/signal/vectors.h"

static void want_key(const json_t *from, const char *key, const uint8_t got[static 32])
{
	uint8_t want[32];

	vector_key(from, key, want);
	assert_memory_equal(got, want, 32);
}

static void first_message_is_derived_as_worked(void **state)
{
	json_t *root = vector_load("tests/vectors/signal.json");
	json_t *w = vector_get(root, "worked_first_message");
	struct bytes ikm = vector_hex(w, "x3dh_ikm"), iv = vector_hex(w, "iv");
	uint8_t root_key[32], dh[32], chain[32], seed[32];
	struct message_keys keys;

	(void)state;
	assert_int_equal(ikm.len, 160);
	kdf_x3dh(ikm.at + 32, 4, root_key);
	want_key(w, "root0", root_key);
	vector_key(w, "dh_ratchet_A0_spkB", dh);
	kdf_root_step(root_key, dh, chain);
	want_key(w, "root1", root_key);
	want_key(w, "alice_sending_chain0", chain);
	kdf_chain_step(chain, seed);
	want_key(w, "message_key_seed0", seed);
	want_key(w, "next_chain_key", chain);
	kdf_message_keys(seed, &keys);
	want_key(w, "cipher_key", keys.cipher);
	want_key(w, "mac_key", keys.mac);
	assert_int_equal(iv.len, 16);
	assert_memory_equal(keys.iv, iv.at, 16);
	json_decref(root);
}

static void group_message_is_derived_as_worked(void **state)
{
	json_t *root = vector_load("tests/vectors/sender-keys.json");
	json_t *w = vector_get(root, "worked_message_0");
	struct bytes iv = vector_hex(w, "iv");
	uint8_t chain[32], seed[32];
	struct message_keys keys;

	(void)state;
	vector_key(root, "chain_key", chain);
	kdf_chain_step(chain, seed);
	want_key(w, "seed", seed);
	want_key(w, "next_chain_key", chain);
	kdf_group_keys(seed, &keys);
	want_key(w, "cipher_key", keys.cipher);
	assert_memory_equal(keys.iv, iv.at, 16);
	json_decref(root);
}

static void short_hkdf_equals_the_general_one(void **state)
{
	struct rng_fixed rng;

	(void)state;
	rng_fixed_init(&rng, 21);
	for (int i = 0; i < 200; i++) {
		uint8_t seed[32], root[32], chain[32], next[32], want[80];
		struct message_keys keys;

		rng_fill(&rng.base, seed, sizeof seed);
		rng_fill(&rng.base, root, sizeof root);
		kdf_message_keys(seed, &keys);
		hkdf_sha256(SPAN_OF(seed), SPAN_NONE, SPAN_LIT("WhisperMessageKeys"), want, 80);
		assert_memory_equal(&keys, want, 80);
		hkdf_sha256(SPAN_OF(seed), SPAN_OF(root), SPAN_LIT("WhisperRatchet"), want, 64);
		memcpy(next, root, sizeof next);
		kdf_root_step(next, seed, chain);
		assert_memory_equal(next, want, 32);
		assert_memory_equal(chain, want + 32, 32);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_message_is_derived_as_worked),
		cmocka_unit_test(group_message_is_derived_as_worked),
		cmocka_unit_test(short_hkdf_equals_the_general_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
