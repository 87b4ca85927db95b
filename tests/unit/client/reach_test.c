#include <string.h>

#include "daemon/client/reach.h"
#include "tests/unit/testing.h"

static const unix_ms NOW = { 1763800000000 };
enum { DAY = 86400 };

static int64_t until(const char *json)
{
	unix_ms t = { 7 };

	if (!reach_parse(span_str(json), NOW, &t)) {
		assert_int_equal(t.ms, 7); /* untouched */
		return 7;
	}
	return t.ms;
}

static void answers_and_notifications_tell_the_end(void **state)
{
	(void)state;
	assert_int_equal(
		until("{\"data\":{\"xwa2_fetch_account_reachout_timelock\":{\"is_active\":true,"
		      "\"time_enforcement_ends\":\"1763800100\",\"enforcement_type\":\"DEFAULT\"}}}"),
		1763800100000);
	assert_int_equal(
		until("{\"data\":{\"xwa2_notify_account_reachout_timelock\":{\"is_active\":true,"
		      "\"time_enforcement_ends\":1763800200}}}"),
		1763800200000);
	assert_int_equal(
		until("{\"data\":{\"xwa2_fetch_account_reachout_timelock\":{\"is_active\":false}}}"),
		INT64_MIN);
	/* over already */
	assert_int_equal(
		until("{\"data\":{\"xwa2_notify_account_reachout_timelock\":{\"is_active\":true,"
		      "\"time_enforcement_ends\":\"1763799999\"}}}"),
		INT64_MIN);
}

static void an_end_without_sense_is_a_day(void **state)
{
	static const char *const ends[] = { "\"\"",        "null",
					    "\"soon\"",    "\"-5\"",
					    "-5",          "\"99999999999999999999999\"",
					    "99999999999", "true",
					    "{}",          "\"1763800100x99999999999999999\"" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		char json[200];
		int64_t got;

		snprintf(json, sizeof json,
			 "{\"data\":{\"xwa2_fetch_account_reachout_timelock\":{\"is_active\":true,"
			 "\"time_enforcement_ends\":%s}}}",
			 ends[i]);
		got = until(json);
		assert_true(got == NOW.ms + DAY * 1000 || got == 1763800100000);
	}
	assert_int_equal(
		until("{\"data\":{\"xwa2_fetch_account_reachout_timelock\":{\"is_active\":true}}}"),
		NOW.ms + DAY * 1000);
}

static void what_says_nothing_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"{",
		"null",
		"[]",
		"{}",
		"{\"data\":{}}",
		"{\"data\":null}",
		"{\"data\":[]}",
		"{\"data\":{\"xwa2_fetch_account_reachout_timelock\":null}}",
		"{\"data\":{\"xwa2_fetch_account_reachout_timelock\":[true]}}",
		"{\"data\":{\"xwa2_fetch_account_reachout_timelock\":{\"is_active\":\"true\"}}}",
		"{\"data\":{\"xwa2_fetch_account_reachout_timelock\":{\"is_active\":true,\"is_active\":false}}}",
	};
	char *deep = test_calloc(1, REACH_JSON_MAX + 2);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_int_equal(until(texts[i]), 7);
	memset(deep, '[', REACH_JSON_MAX);
	assert_int_equal(until(deep), 7);
	memset(deep, ' ', REACH_JSON_MAX + 1); /* too long, whatever it says */
	memcpy(deep, "{}", 2);
	assert_int_equal(until(deep), 7);
	test_free(deep);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_and_notifications_tell_the_end),
		cmocka_unit_test(an_end_without_sense_is_a_day),
		cmocka_unit_test(what_says_nothing_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
