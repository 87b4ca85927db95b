/* Prekeys against pairing.json (device) and the id rules every client's parser shares. */
#include <stdio.h>
#include <string.h>

#include "shared/signal/prekeys.h"
#include "shared/signal/xeddsa.h"

#include "tests/unit/signal/vectors.h"

static void signed_prekey_equals_the_vector(void **state)
{
	json_t *root = vector_load("tests/vectors/pairing.json"), *dev = vector_get(root, "device");
	json_t *want = vector_get(dev, "signed_prekey");
	struct keypair identity = vector_keypair(vector_get(dev, "identity"), "priv", "pub");
	struct bytes z = vector_hex(want, "z"), sig = vector_hex(want, "sig_z");
	struct signed_prekey made;
	struct rng_script rng;
	uint8_t script[96];

	(void)state;
	vector_key(want, "priv", script);
	memcpy(script + 32, z.at, 64);
	rng_script_init(&rng, SPAN_OF(script));
	signed_prekey_make(&rng.base, &identity, vector_u32(want, "id"), &made);
	assert_int_equal(made.id, 1);
	assert_memory_equal(made.key.priv, script, 32);
	assert_memory_equal(made.sig, sig.at, 64);
	json_decref(root);
}

static void prekey_ids_wrap_before_the_last_resort(void **state)
{
	(void)state;
	assert_int_equal(prekey_id_next(0), 1);
	assert_int_equal(prekey_id_next(1), 2);
	assert_int_equal(prekey_id_next(0xFFFFFD), 0xFFFFFE);
	assert_int_equal(prekey_id_next(0xFFFFFE), 1);
	assert_int_equal(prekey_id_next(0xFFFFFF), 1);
	assert_int_equal(prekey_id_next(UINT32_MAX), 1);
}

static void registration_ids_stay_in_range(void **state)
{
	struct rng_fixed rng;
	uint32_t low = UINT32_MAX, high = 0;

	(void)state;
	rng_fixed_init(&rng, 5);
	for (int i = 0; i < 200000; i++) {
		uint32_t id = registration_id_make(&rng.base);

		low = id < low ? id : low;
		high = id > high ? id : high;
	}
	assert_int_equal(low, 1);
	assert_int_equal(high, 16380);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signed_prekey_equals_the_vector),
		cmocka_unit_test(prekey_ids_wrap_before_the_last_resort),
		cmocka_unit_test(registration_ids_stay_in_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
