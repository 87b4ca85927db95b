#include <stdlib.h>

#include "shared/base/macros.h"

#include "tests/unit/testing.h"
#include "tui/labels.h"

static void labels_are_added_and_taken_away(void **state)
{
	static const struct {
		const char *have, *change, *want;
	} cases[] = {
		{ "SHOPS,VIP", "NEW", "SHOPS,VIP,NEW" },
		{ "SHOPS,VIP", "-VIP", "SHOPS" },
		{ "SHOPS, VIP", " -vip , NEW ", "SHOPS,NEW" },
		{ "", "A,B", "A,B" },
		{ "A", "a,A", "A" },
		{ "A,B", "-A,-B", "" },
		{ "A,B", "", "A,B" },
		{ "A", "-", "A" },
		{ "A", ",, ,", "A" },
		{ "VIPS", "-VIP", "VIPS" },
		{ "A", "-B,B", "A,B" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *got = labels_change(cases[i].have, cases[i].change);

		assert_string_equal(got, cases[i].want);
		free(got);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(labels_are_added_and_taken_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
