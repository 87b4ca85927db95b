#include <string.h>

#include "shared/base/map.h"
#include "shared/base/rng.h"

#include "tests/unit/testing.h"

static void keeps_what_a_plain_table_keeps(void **state)
{
	enum { KEYS = 2000, STEPS = 100000 };
	static int values[KEYS];
	bool there[KEYS] = { false };
	struct map *m = map_new();
	struct rng_fixed rng;
	size_t count = 0;

	(void)state;
	rng_fixed_init(&rng, 11);
	for (int i = 0; i < STEPS; i++) {
		uint32_t k = rng_below(&rng.base, KEYS);

		if (rng_below(&rng.base, 3) == 0) {
			assert_ptr_equal(map_del(m, MAP_KEY(k)), there[k] ? &values[k] : NULL);
			count -= there[k];
			there[k] = false;
		} else {
			assert_ptr_equal(map_put(m, MAP_KEY(k), &values[k]),
					 there[k] ? &values[k] : NULL);
			count += !there[k];
			there[k] = true;
		}
		assert_int_equal(map_len(m), count);
	}
	for (uint32_t k = 0; k < KEYS; k++)
		assert_ptr_equal(map_get(m, MAP_KEY(k)), there[k] ? &values[k] : NULL);
	map_free(m);
}

static void same_few_keys_in_and_out_do_not_fill_it(void **state)
{
	struct map *m = map_new();

	(void)state;
	for (uint32_t i = 0; i < 200000; i++) {
		assert_null(map_put(m, MAP_KEY(i), m));
		assert_ptr_equal(map_del(m, MAP_KEY(i)), m);
	}
	assert_int_equal(map_len(m), 0);
	assert_null(map_get(m, SPAN_LIT("x")));
	map_free(m);
}

static void walk_meets_each_entry_once_and_may_delete_it(void **state)
{
	struct map *m = map_new();
	uint32_t seen = 0;
	struct span key;
	size_t pos = 0;
	void *value;

	(void)state;
	for (uint32_t i = 0; i < 1000; i++)
		map_put(m, MAP_KEY(i), m);
	while (map_next(m, &pos, &key, &value)) {
		uint32_t k;

		assert_int_equal(key.len, sizeof k);
		memcpy(&k, key.at, sizeof k);
		assert_ptr_equal(value, m);
		assert_ptr_equal(map_del(m, MAP_KEY(k)), m);
		seen++;
	}
	assert_int_equal(seen, 1000);
	assert_int_equal(map_len(m), 0);
	map_free(m);
}

static void keys_are_bytes_of_any_length(void **state)
{
	struct map *m = map_new();
	int a = 1, b = 2, c = 3;

	(void)state;
	assert_null(map_get(m, SPAN_NONE));
	map_put(m, SPAN_NONE, &a);
	map_put(m, SPAN_LIT("\0"), &b);
	map_put(m, SPAN_LIT("\0\0"), &c);
	assert_ptr_equal(map_get(m, SPAN_NONE), &a);
	assert_ptr_equal(map_get(m, SPAN_LIT("\0")), &b);
	assert_ptr_equal(map_put(m, SPAN_LIT("\0\0"), &a), &c); /* the old value comes back */
	assert_int_equal(map_len(m), 3);
	map_free(m);
	map_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_what_a_plain_table_keeps),
		cmocka_unit_test(same_few_keys_in_and_out_do_not_fill_it),
		cmocka_unit_test(walk_meets_each_entry_once_and_may_delete_it),
		cmocka_unit_test(keys_are_bytes_of_any_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
