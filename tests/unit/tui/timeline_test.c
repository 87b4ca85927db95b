#include <string.h>

#include "shared/base/macros.h"

#include "tests/unit/testing.h"
#include "tui/timeline.h"

static void a_way_is_done_next_and_to_come(void **state)
{
	static const struct {
		int64_t done, days;
		bool goes_on;
		size_t columns;
		const char *want;
	} cases[] = {
		{ 3, 6, true, 20, "###+--" },
		{ 0, 3, true, 20, "+--" },
		{ 3, 3, true, 20, "###" },
		{ 2, 5, false, 20, "##..." },
		{ 0, 2, false, 20, ".." },
		{ 9, 3, true, 20, "###" }, /* its sequence became shorter */
		{ 0, 0, true, 20, "" },
		{ -1, 2, true, 20, "+-" },
		{ 0, 10, true, 5, "+----" },
		{ 1, 10, true, 5, "+----" }, /* the first cell is both days 1 and 2 */
		{ 2, 10, true, 5, "#+---" },
		{ 3, 10, false, 5, "##..." },
		{ 3649, 3650, true, 20, "###################+" },
		{ 0, 3650, true, 20, "+-------------------" },
		{ 5, 7, true, 0, "" },
	};
	char out[TIMELINE_COLUMNS_MAX + 1];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t n = timeline_draw(out, cases[i].done, cases[i].days, cases[i].goes_on,
					 cases[i].columns);

		assert_string_equal(out, cases[i].want);
		assert_int_equal(n, strlen(cases[i].want));
	}
	assert_int_equal(timeline_draw(out, 5, 3650, true, 1000), TIMELINE_COLUMNS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_way_is_done_next_and_to_come),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
