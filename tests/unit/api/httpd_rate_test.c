#include "daemon/api/httpd_rate.h"
#include "tests/unit/testing.h"

static void a_bucket_empties_and_fills(void **state)
{
	struct httpd_rate *r = httpd_rate_new(&(struct httpd_rate_cfg){ 10, 5 });
	struct httpd_rate_answer a;
	mono_ms now = { 1000 };

	(void)state;
	for (uint32_t i = 0; i < 5; i++) {
		a = httpd_rate_take(r, 't', 1, now);
		assert_true(a.admitted);
		assert_int_equal(a.limit, 5);
		assert_int_equal(a.left, 4 - i);
	}
	a = httpd_rate_take(r, 't', 1, now);
	assert_false(a.admitted);
	assert_in_range(a.wait_ms, 100, 101);
	assert_true(httpd_rate_take(r, 's', 1, now).admitted); /* a session is no token */
	assert_true(httpd_rate_take(r, 't', 2, now).admitted);
	now.ms += 101;
	assert_true(httpd_rate_take(r, 't', 1, now).admitted);
	assert_false(httpd_rate_take(r, 't', 1, now).admitted);
	now.ms += 3600000; /* not more than full */
	for (int i = 0; i < 5; i++)
		assert_true(httpd_rate_take(r, 't', 1, now).admitted);
	assert_false(httpd_rate_take(r, 't', 1, now).admitted);
	httpd_rate_free(r);
}

static void the_rate_holds_over_a_minute(void **state)
{
	struct httpd_rate *r = httpd_rate_new(&(struct httpd_rate_cfg){ 7, 3 });
	int admitted = 0;

	(void)state;
	for (int64_t ms = 0; ms < 60000; ms++)
		admitted += httpd_rate_take(r, 't', 1, (mono_ms){ ms }).admitted;
	assert_in_range(admitted, 7 * 60 - 1, 7 * 60 + 3);
	httpd_rate_free(r);
}

static void full_buckets_are_forgotten_and_their_number_is_bounded(void **state)
{
	struct httpd_rate *r = httpd_rate_new(&(struct httpd_rate_cfg){ 10, 5 });
	mono_ms now = { 0 };
	int64_t id = 0;

	(void)state;
	while (httpd_rate_take(r, 't', id, now).admitted)
		id++;
	assert_in_range(id, 10000, 100000);
	now.ms += 50;
	httpd_rate_sweep(r, now); /* none is full yet */
	assert_false(httpd_rate_take(r, 't', id, now).admitted);
	now.ms += 60;
	assert_true(httpd_rate_take(r, 't', id, now).admitted); /* room was made */
	httpd_rate_free(r);
}

static void nothing_is_limited_without_a_rate(void **state)
{
	struct httpd_rate *r = httpd_rate_new(&(struct httpd_rate_cfg){ 0, 5 });

	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_true(httpd_rate_take(r, 't', 1, (mono_ms){ 0 }).admitted);
	assert_int_equal(httpd_rate_take(r, 't', 1, (mono_ms){ 0 }).limit, 0);
	httpd_rate_free(r);
	httpd_rate_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bucket_empties_and_fills),
		cmocka_unit_test(the_rate_holds_over_a_minute),
		cmocka_unit_test(full_buckets_are_forgotten_and_their_number_is_bounded),
		cmocka_unit_test(nothing_is_limited_without_a_rate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
