#include "shared/base/macros.h"
#include "shared/base/phone.h"

#include "tests/unit/testing.h"

static const struct {
	const char *text;
	uint32_t country;
	int64_t number; /* 0: refused */
} cases[] = {
	{ "60123456789", 0, 60123456789 },
	{ "+60 12-345 6789", 0, 60123456789 },
	{ "0060(12)345.67/89", 0, 60123456789 },
	{ " [+60] 12\xC2\xA0"
	  "345 6789\t",
	  0, 60123456789 },
	{ "+49 (0)151 1234567", 0, 491511234567 },
	{ "1234567", 0, 1234567 },
	{ "123456789012345", 0, 123456789012345 },
	/* without its code: by the country's rule */
	{ "012-345 6789", 60, 60123456789 },
	{ "60123456789", 60, 60123456789 },
	{ "+65 9123 4567", 60, 6591234567 },
	{ "0151 1234567", 49, 491511234567 },
	{ "9123 4567", 65, 6591234567 },
	{ "6591234567", 65, 6591234567 },
	{ "+91234567", 65, 91234567 },
	{ "(212) 555-0123", 1, 12125550123 },
	{ "1 212 555 0123", 1, 12125550123 },
	{ "8 912 345-67-89", 7, 79123456789 },
	{ "9123456789", 7, 79123456789 },
	{ "06 6982 1234", 39, 390669821234 }, /* its 0 stays */
	{ "06 20 123 4567", 36, 36201234567 },
	{ "80291234567", 375, 375291234567 },
	{ "612 345 678", 34, 34612345678 },
	{ "0044 7911 123456", 60, 447911123456 },
	/* no numbers */
	{ "", 0, 0 },
	{ "", 60, 0 },
	{ "+", 0, 0 },
	{ "00", 60, 0 },
	{ "0", 60, 0 },
	{ "000000000000", 0, 0 },
	{ "0123456789", 0, 0 },
	{ "+0123456789", 60, 0 },
	{ "123456", 0, 0 },
	{ "1234567890123456", 0, 0 },
	{ "00001234567", 0, 0 },
	{ "0123456789012345", 60, 0 },
	{ "12345678901234567890123456789", 0, 0 },
	{ "6012345678a", 0, 0 },
	{ "60+12345678", 0, 0 },
	{ "++6012345678", 0, 0 },
	{ "60123456789@s.whatsapp.net", 0, 0 },
	{ "\xC2", 0, 0 },
	{ "60123\xFF"
	  "4567",
	  0, 0 },
};

static void numbers_become_digits_with_their_country(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t got = 0;
		const char *problem = phone_parse(cases[i].text, cases[i].country, &got);

		if ((problem == NULL) != (cases[i].number != 0) || got != cases[i].number)
			fail_msg("'%s' in %u: %lld, %s", cases[i].text, cases[i].country,
				 (long long)got, problem ? problem : "good");
	}
}

static void what_may_be_a_number_somewhere_passes(void **state)
{
	static const char *const good[] = { "012-345 6789", "+60123456789", "91234567", "12345" };
	static const char *const bad[] = { "", "x", "1234", "+1234", "+0123456789", "12a4567" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_true(phone_plausible(good[i]));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(phone_plausible(bad[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_become_digits_with_their_country),
		cmocka_unit_test(what_may_be_a_number_somewhere_passes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
