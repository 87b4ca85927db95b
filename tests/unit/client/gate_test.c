#include "daemon/client/gate.h"
#include "tests/unit/testing.h"

static void slots_are_spread_by_the_rate(void **state)
{
	struct clock_fake c;
	struct connect_gate *g;

	(void)state;
	clock_fake_init(&c, 0);
	clock_fake_advance(&c, 1000000);
	g = connect_gate_new(&c.base, 20, 3);
	for (uint32_t i = 0; i < 100; i++)
		assert_int_equal(connect_gate_reserve(g), i * 50);
	clock_fake_advance(&c, 60000);
	assert_int_equal(connect_gate_reserve(g), 0); /* what was not used is not saved up */
	assert_int_equal(connect_gate_reserve(g), 50);
	connect_gate_free(g);
}

static void places_are_limited(void **state)
{
	struct clock_fake c;
	struct connect_gate *g;

	(void)state;
	clock_fake_init(&c, 0);
	g = connect_gate_new(&c.base, 20, 2);
	assert_true(connect_gate_enter(g));
	assert_true(connect_gate_enter(g));
	assert_false(connect_gate_enter(g));
	connect_gate_leave(g);
	assert_true(connect_gate_enter(g));
	assert_int_equal(connect_gate_in_flight(g), 2);
	connect_gate_free(g);
	assert_int_equal(connect_gate_reserve(NULL), 0);
	assert_true(connect_gate_enter(NULL));
}

static void backoff_grows_as_fibonacci(void **state)
{
	static const uint32_t plain[] = {
		1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610
	};
	struct rng_fixed r;

	(void)state;
	rng_fixed_init(&r, 3);
	for (uint32_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		for (int k = 0; k < 50; k++)
			assert_in_range(backoff_ms(i + 1, &r.base), plain[i] * 750,
					plain[i] * 1250);
	}
	for (uint32_t i = 17; i < 1000; i++)
		assert_in_range(backoff_ms(i, &r.base), 675000, BACKOFF_MAX_MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slots_are_spread_by_the_rate),
		cmocka_unit_test(places_are_limited),
		cmocka_unit_test(backoff_grows_as_fibonacci),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
