#include <string.h>

#include "daemon/engine/health.h"
#include "tests/unit/testing.h"

static int score(uint32_t old, uint32_t one_tick, uint32_t limited, uint32_t cold)
{
	const struct health_facts f = { old, one_tick, limited, cold };
	const char *why;
	int n = health_score(&f, &why);

	assert_int_equal(n == HEALTH_GOOD, why[0] == '\0');
	return n;
}

static void each_trouble_costs(void **state)
{
	(void)state;
	assert_int_equal(score(0, 0, 0, 0), 100);
	assert_int_equal(score(100, 10, 0, 0), 100); /* phones are off */
	assert_int_equal(score(100, 30, 0, 0), 80);
	assert_int_equal(score(HEALTH_SAMPLE - 1, HEALTH_SAMPLE - 1, 0, 0), 100);
	assert_true(score(100, 71, 0, 0) < HEALTH_PAUSE);
	assert_true(score(0, 0, 3, 0) >= HEALTH_PAUSE); /* the cool-down answers these */
	assert_true(score(0, 0, 0, 7) >= HEALTH_PAUSE);
	assert_true(score(0, 0, 0, 8) < HEALTH_PAUSE);
	assert_true(score(100, 30, 2, 2) < HEALTH_PAUSE);
	assert_int_equal(score(UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX), 0);
}

static void the_worst_is_told(void **state)
{
	const char *why;

	(void)state;
	health_score(&(struct health_facts){ 100, 90, 1, 1 }, &why);
	assert_non_null(strstr(why, "never delivered"));
	health_score(&(struct health_facts){ 100, 20, 1, 4 }, &why);
	assert_non_null(strstr(why, "463"));
	health_score(&(struct health_facts){ 100, 20, 3, 1 }, &why);
	assert_non_null(strstr(why, "429"));
}

static void a_day_later_it_is_forgotten(void **state)
{
	struct health h = { 0 };
	struct health_facts f;
	mono_ms now = { 1000000 };

	(void)state;
	for (int i = 0; i < 48; i++) {
		health_note_cold(&h, now);
		now.ms += 1800 * 1000;
	}
	health_note_limited(&h, now);
	health_count(&h, now, &f);
	assert_in_range(f.cold, 46, 48);
	assert_int_equal(f.limited, 1);
	now.ms += 23 * 3600 * 1000LL;
	health_count(&h, now, &f);
	assert_in_range(f.cold, 0, 2);
	assert_int_equal(f.limited, 1);
	now.ms += 2 * 3600 * 1000LL;
	health_count(&h, now, &f);
	assert_int_equal(f.cold + f.limited, 0);
	now.ms += 1000 * 3600 * 1000LL;
	health_count(&h, now, &f);
	assert_int_equal(f.cold + f.limited, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_trouble_costs),
		cmocka_unit_test(the_worst_is_told),
		cmocka_unit_test(a_day_later_it_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
