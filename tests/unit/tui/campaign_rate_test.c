#include "tests/unit/testing.h"
#include "tui/campaign_rate.h"

static void too_little_tells_nothing(void **state)
{
	struct rate r = { 0 };

	(void)state;
	assert_int_equal(rate_tenths(&r, 1000000), -1);
	rate_see(&r, 1000, 0);
	rate_see(&r, 2000, 50);
	assert_int_equal(rate_tenths(&r, 5000), -1);
	assert_int_equal(rate_tenths(&r, 11000), 3000); /* 50 in 10 s */
	assert_int_equal(rate_left_s(-1, 10), -1);
	assert_int_equal(rate_left_s(0, 10), -1);
	assert_int_equal(rate_left_s(3000, 50), 10);
	assert_int_equal(rate_left_s(3000, 51), 11);
	assert_int_equal(rate_left_s(3000, INT64_MAX), -1);
}

static void the_last_minutes_count(void **state)
{
	struct rate r = { 0 };

	(void)state;
	for (int s = 0; s <= 600; s++) /* 60 a minute */
		rate_see(&r, s * 1000, s);
	assert_in_range(rate_tenths(&r, 600000), 590, 610);
	assert_true(r.len <= RATE_SEEN_MAX);
	for (int s = 601; s <= 1200; s++) /* 6 a minute */
		rate_see(&r, s * 1000, 600 + (s - 600) / 10);
	assert_in_range(rate_tenths(&r, 1200000), 55, 65);
	/* it stands still */
	for (int s = 1201; s <= 1500; s++)
		rate_see(&r, s * 1000, 660);
	assert_int_equal(rate_tenths(&r, 1500000), 0);
}

static void fewer_than_before_begins_anew(void **state)
{
	struct rate r = { 0 };

	(void)state;
	for (int s = 0; s < 60; s++)
		rate_see(&r, s * 1000, s * 10);
	rate_see(&r, 60000, 100);
	assert_int_equal(r.len, 1);
	rate_see(&r, 75000, 130);
	assert_int_equal(rate_tenths(&r, 75000), 1200);
}

static void steps_are_told_a_minute(void **state)
{
	int64_t steps[RATE_SEEN_MAX];
	struct rate r = { 0 };

	(void)state;
	assert_int_equal(rate_steps(&r, steps), 0);
	rate_see(&r, 0, 0);
	rate_see(&r, 4000, 4);
	rate_see(&r, 8000, 4);
	rate_see(&r, 12000, 20);
	assert_int_equal(rate_steps(&r, steps), 3);
	assert_int_equal(steps[0], 60);
	assert_int_equal(steps[1], 0);
	assert_int_equal(steps[2], 240);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(too_little_tells_nothing),
		cmocka_unit_test(the_last_minutes_count),
		cmocka_unit_test(fewer_than_before_begins_anew),
		cmocka_unit_test(steps_are_told_a_minute),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
