#include "shared/base/clock.h"

#include "tests/unit/testing.h"

static void fake_clock_moves_only_when_told(void **state)
{
	struct clock_fake f;

	(void)state;
	clock_fake_init(&f, 1000);
	assert_int_equal(clock_mono(&f.base).ms, 0);
	assert_int_equal(clock_unix(&f.base).ms, 1000);
	clock_fake_advance(&f, 250);
	assert_int_equal(clock_mono(&f.base).ms, 250);
	assert_int_equal(clock_unix(&f.base).ms, 1250);
}

static void real_clock_does_not_go_back(void **state)
{
	mono_ms a = clock_mono(clock_real()), b = clock_mono(clock_real());

	(void)state;
	assert_true(b.ms >= a.ms);
	assert_true(clock_unix(clock_real()).ms > 1700000000000);
}

static void text_is_rfc_3339(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} cases[] = {
		{ 0, "1970-01-01T00:00:00.000Z" },
		{ 951782400000, "2000-02-29T00:00:00.000Z" },
		{ 1709251199999, "2024-02-29T23:59:59.999Z" },
		{ 1795341600123, "2026-11-22T10:00:00.123Z" },
		{ 4107542400000, "2100-03-01T00:00:00.000Z" }, /* 2100 is no leap year */
		{ 253402300799999, "9999-12-31T23:59:59.999Z" },
		{ INT64_MAX, "9999-12-31T23:59:59.999Z" },
		{ -1, "1970-01-01T00:00:00.000Z" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[25];

		unix_ms_text((unix_ms){ cases[i].ms }, text);
		assert_string_equal(text, cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fake_clock_moves_only_when_told),
		cmocka_unit_test(real_clock_does_not_go_back),
		cmocka_unit_test(text_is_rfc_3339),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
