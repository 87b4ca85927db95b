/* Patterns of rules, friendly and hostile; hours and days. */
#include <stdio.h>
#include <string.h>

#include "daemon/engine/reply.h"
#include "daemon/engine/reply_when.h"
#include "tests/unit/testing.h"

static void good_patterns_fit_what_they_say(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool fits;
	} rows[] = {
		{ "^(price|cost)", "Price of the red one?", true },
		{ "^(price|cost)", "what is the price", false },
		{ "[0-9]{3,5}", "order 1234", true },
		{ "[0-9]{3,5}", "order 12", false },
		{ "^order +#?[0-9]+$", "ORDER #77", true },
		{ "[]+{]", "a+b", true },
		{ "[[:digit:]]", "7", true },
		{ "\\{x\\}", "{x}", true },
		{ "日本", "これは日本です", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err e = ERR_NONE;

		if (reply_pattern_check(rows[i].pattern, &e))
			fail_msg("%s: %s", rows[i].pattern, err_msg(&e));
		if (reply_pattern_fits(rows[i].pattern, rows[i].text) != rows[i].fits)
			fail_msg("%s on %s", rows[i].pattern, rows[i].text);
	}
}

static void hostile_patterns_are_refused(void **state)
{
	static const char *const rows[] = {
		"(a",
		"[a",
		"[[:nothing:]]",
		"*(",
		"(a)\\1",
		"(a*)*\\9",
		"a{256}{256}",
		"((((a{10}){10}){10}){10})",
		"(((((((((a+)+)+)+)+)+)+)+)+)+",
		"a{32768}",
		"a{99999999999999999999}",
		"a{,}",
		"a{x}",
		"a{1",
		"{",
		"a{2,1}",
		"((((((((((((((((((((((((((((((a))))))))))))))))))))))))))))))",
		"\xff",
		"a\\",
	};
	char big[REPLY_PATTERN_MAX + 2];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err e = ERR_NONE;

		if (reply_pattern_check(rows[i], &e) != ERR_BAD_PARAMS)
			fail_msg("'%s' was taken", rows[i]);
		assert_non_null(strstr(err_msg(&e), "pattern: "));
	}
	memset(big, 'a', sizeof big - 1);
	big[sizeof big - 1] = '\0';
	assert_int_equal(reply_pattern_check(big, &ERR_NONE), ERR_BAD_PARAMS);
}

/* The worst that the bounds let through ends: were matching exponential, this test would not. */
static void costly_patterns_end(void **state)
{
	static const char *const rows[] = {
		"(a*)*(a*)*(a*)*(a*)*(a*)*b", "(a|a)*(a|aa)*(a|aaa)*$b", "(a|b)*a(a|b){100}$",
		"(.*.*.*.*.*.*.*.*)*x",       "(((a?){15}){15})b",       "(x*x*)*(y*x*)*z",
		"((a|b|ab|ba)*){16}c",
	};
	char text[REPLY_TEXT_SEEN * 4];

	(void)state;
	for (size_t i = 0; i < sizeof text - 1; i++)
		text[i] = (i * 7 % 11) % 2 ? 'a' : i % 3 ? 'a' : 'b';
	text[sizeof text - 1] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err e = ERR_NONE;

		if (reply_pattern_check(rows[i], &e))
			fail_msg("'%s': %s", rows[i], err_msg(&e));
		(void)reply_pattern_fits(rows[i], text);
	}
	/* only the beginning is seen */
	memset(text, 'a', sizeof text - 2);
	text[sizeof text - 2] = 'z';
	assert_false(reply_pattern_fits("z", text));
}

static void hours_and_days_are_read(void **state)
{
	static const char *const bad_hours[] = { "",
						 "9:00-18:00",
						 "09:00-24:00",
						 "09:00-18:60",
						 "09:00 18:00",
						 "09:00-09:00",
						 "09:00-18:0",
						 "alwayss",
						 "09:00-18:00x" };
	static const char *const bad_days[] = { "",     "mon,",     "monday",  "mon-",
						",mon", "mon-fri-", "all,mon", "xyz" };
	char from[6], to[6], text[REPLY_DAYS_TEXT];
	int32_t days = 0;

	(void)state;
	assert_true(reply_hours_parse("22:30-06:00", from, to));
	assert_string_equal(from, "22:30");
	assert_string_equal(to, "06:00");
	assert_true(reply_hours_parse("always", from, to));
	assert_string_equal(from, "");
	for (size_t i = 0; i < ARRAY_LEN(bad_hours); i++)
		if (reply_hours_parse(bad_hours[i], from, to))
			fail_msg("hours '%s' were taken", bad_hours[i]);
	assert_true(reply_days_parse("mon-fri", &days));
	assert_int_equal(days, 31);
	assert_true(reply_days_parse("sat-mon,wed", &days));
	assert_int_equal(days, 64 + 32 + 1 + 4);
	reply_days_text(days, text);
	assert_string_equal(text, "mon,wed,sat,sun");
	assert_true(reply_days_parse("all", &days));
	assert_int_equal(days, REPLY_DAYS_ALL);
	reply_days_text(days, text);
	assert_string_equal(text, "all");
	reply_days_text(REPLY_DAYS_ALL - 1, text);
	assert_string_equal(text, "tue,wed,thu,fri,sat,sun");
	for (size_t i = 0; i < ARRAY_LEN(bad_days); i++)
		if (reply_days_parse(bad_days[i], &days))
			fail_msg("days '%s' were taken", bad_days[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_patterns_fit_what_they_say),
		cmocka_unit_test(hostile_patterns_are_refused),
		cmocka_unit_test(costly_patterns_end),
		cmocka_unit_test(hours_and_days_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
