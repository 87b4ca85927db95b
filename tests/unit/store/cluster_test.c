#include "tests/unit/store/cm.h"
#include "tests/unit/store/pg_fixture.h"

static void starts(void **state)
{
	struct pg_fixture fx;

	(void)state;
	assert_int_equal(pg_fixture_start(&fx, NULL), 0);
	assert_string_equal(pg_fixture_sql(&fx, "select name from users"), "admin");
	pg_fixture_stop(&fx);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(starts) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
