#include <string.h>

#include "shared/base/rng.h"

#include "tests/unit/testing.h"

static void fixed_stream_repeats_and_depends_on_the_seed(void **state)
{
	struct rng_fixed a, b, c;
	uint8_t x[100], y[100], z[100];

	(void)state;
	rng_fixed_init(&a, 7);
	rng_fixed_init(&b, 7);
	rng_fixed_init(&c, 8);
	rng_fill(&a.base, x, sizeof x);
	rng_fill(&b.base, y, sizeof y);
	rng_fill(&c.base, z, sizeof z);
	assert_memory_equal(x, y, sizeof x);
	assert_memory_not_equal(x, z, sizeof x);
}

static void script_plays_back(void **state)
{
	struct rng_script s;
	uint8_t got[3];

	(void)state;
	rng_script_init(&s, SPAN_LIT("abcdef"));
	rng_fill(&s.base, got, 3);
	assert_memory_equal(got, "abc", 3);
	rng_fill(&s.base, got, 3);
	assert_memory_equal(got, "def", 3);
	assert_int_equal(s.left.len, 0);
}

static void below_and_between_stay_inside_and_reach_both_ends(void **state)
{
	struct rng_fixed f;
	unsigned seen[6] = { 0 };
	bool low = false, high = false;

	(void)state;
	rng_fixed_init(&f, 1);
	for (int i = 0; i < 6000; i++) {
		uint32_t v = rng_below(&f.base, 6);

		assert_true(v < 6);
		seen[v]++;
	}
	for (int i = 0; i < 6; i++)
		assert_in_range(seen[i], 800, 1200);
	for (int i = 0; i < 1000; i++) {
		int64_t v = rng_between(&f.base, -3, 3);

		assert_true(v >= -3 && v <= 3);
		low |= v == -3;
		high |= v == 3;
	}
	assert_true(low && high);
	assert_int_equal(rng_between(&f.base, 5, 5), 5);
	assert_int_equal(rng_below(&f.base, 1), 0);
	(void)rng_between(&f.base, INT64_MIN, INT64_MAX);
}

static void real_source_gives_bytes(void **state)
{
	uint8_t a[32] = { 0 }, b[32] = { 0 };

	(void)state;
	rng_fill(rng_real(), a, sizeof a);
	rng_fill(rng_real(), b, sizeof b);
	assert_memory_not_equal(a, b, sizeof a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fixed_stream_repeats_and_depends_on_the_seed),
		cmocka_unit_test(script_plays_back),
		cmocka_unit_test(below_and_between_stay_inside_and_reach_both_ends),
		cmocka_unit_test(real_source_gives_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
