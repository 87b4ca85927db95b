#include <locale.h>
#include <string.h>

#include "shared/base/text.h"

#include "tests/unit/testing.h"

static void hex_goes_both_ways_and_refuses_the_rest(void **state)
{
	static const char *const bad[] = { "0", "0g", "g0", " 00", "0x00", "00 ", "\xff\xff" };
	uint8_t out[4];
	char text[9];
	size_t len = 99;

	(void)state;
	hex_encode(SPAN_LIT("\x00\x7f\xff\xa5"), text);
	assert_string_equal(text, "007fffa5");
	assert_true(hex_decode("007FffA5", 8, out, sizeof out, &len));
	assert_int_equal(len, 4);
	assert_memory_equal(out, "\x00\x7f\xff\xa5", 4);
	assert_false(hex_decode("0011223344", 10, out, sizeof out, &len)); /* no room */
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(hex_decode(bad[i], strlen(bad[i]), out, sizeof out, &len));
	assert_true(hex_decode("", 0, out, 0, &len));
	assert_int_equal(len, 0);
}

static void base64_matches_rfc_4648(void **state)
{
	static const char *const texts[] = { "",         "Zg==",     "Zm8=",    "Zm9v",
					     "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy" };
	AUTO_ARENA struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct span in = { (const uint8_t *)"foobar", i }, back = SPAN_NONE;

		assert_string_equal(base64_text(a, in), texts[i]);
		assert_true(base64_decode(a, texts[i], strlen(texts[i]), &back));
		assert_true(span_eq(back, in));
		assert_true(
			base64_decode(a, texts[i], strcspn(texts[i], "="), &back)); /* no padding */
		assert_true(span_eq(back, in));
	}
	assert_string_equal(base64url_text(a, SPAN_LIT("\xfb\xff\xfe\x01")), "-__-AQ");
	assert_string_equal(base64_text(a, SPAN_LIT("\xfb\xff\xfe")), "+//+");
}

static void base64_refuses_what_is_not_base64(void **state)
{
	static const char *const bad[] = { "A",
					   "AAAAA",
					   "AA=A",
					   "=",
					   "====",
					   "A===",
					   "AA=",
					   "AAA==",
					   "A A=",
					   "AA\n",
					   "AB==",
					   "AAB=",
					   "\xff\xff\xff\xff" };
	AUTO_ARENA struct arena *a = arena_new();
	struct span out = SPAN_NONE;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(base64_decode(a, bad[i], strlen(bad[i]), &out));
	assert_false(base64_decode(a, "AA\0A", 4, &out));
}

static void a_character_survives_both_ways(void **state)
{
	static const uint32_t codes[] = { 1,     'a',    0x7f,    0x80,    0x7ff,
					  0x800, 0xffff, 0x10000, 0x10ffff };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		char utf8[5];
		uint32_t back = 0;
		size_t len = utf8_encode(codes[i], utf8);

		assert_int_equal(strlen(utf8), len);
		assert_int_equal(utf8_decode((const uint8_t *)utf8, len, &back), len);
		assert_int_equal(back, codes[i]);
		/* never past the bytes there are */
		assert_int_equal(utf8_decode((const uint8_t *)utf8, len - 1, &back), 0);
	}
}

static void utf8_accepts_only_shortest_scalar_values(void **state)
{
	static const char *const good[] = { "",
					    "abc",
					    "\xc3\xa9",
					    "\xe2\x82\xac",
					    "\xf0\x9f\x98\x80",
					    "\xed\x9f\xbf",
					    "\xee\x80\x80",
					    "\xf4\x8f\xbf\xbf" };
	static const char *const bad[] = { "\x80",
					   "\xc0\x80",
					   "\xc1\xbf",
					   "\xe0\x80\x80",
					   "\xe0\x9f\xbf",
					   "\xed\xa0\x80",
					   "\xed\xbf\xbf",
					   "\xf0\x80\x80\x80",
					   "\xf4\x90\x80\x80",
					   "\xf8\x88\x80\x80\x80",
					   "\xff",
					   "\xc3",
					   "\xe2\x82",
					   "a\xf0\x9f\x98",
					   "\xc3(" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_true(utf8_valid(span_str(good[i])));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(utf8_valid(span_str(bad[i])));
	assert_false(utf8_valid(span_of("a\0b", 3)));
}

static void columns_follow_the_locale(void **state)
{
	(void)state;
	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		skip();
	assert_int_equal(utf8_columns("abc"), 3);
	assert_int_equal(utf8_columns("\xe4\xbd\xa0\xe5\xa5\xbd"), 4); /* two wide characters */
	assert_int_equal(utf8_columns("e\xcc\x81"), 1);                /* a combining accent */
	assert_int_equal(utf8_columns("\x1b\xff"), 2);
}

static void edit_distance_counts_swaps_once_and_gives_up(void **state)
{
	char longer[100];

	(void)state;
	assert_int_equal(edit_distance("devise", "device", 3), 1);
	assert_int_equal(edit_distance("list", "lsit", 3), 1);
	assert_int_equal(edit_distance("", "abc", 3), 3);
	assert_int_equal(edit_distance("same", "same", 0), 0);
	assert_int_equal(edit_distance("campaign", "device", 2), 3); /* max + 1 */
	assert_int_equal(edit_distance("kitten", "sitting", 5), 3);
	memset(longer, 'a', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	assert_int_equal(edit_distance(longer, "a", 2), 3);
	assert_int_equal(edit_distance(longer, longer, 2), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hex_goes_both_ways_and_refuses_the_rest),
		cmocka_unit_test(base64_matches_rfc_4648),
		cmocka_unit_test(base64_refuses_what_is_not_base64),
		cmocka_unit_test(a_character_survives_both_ways),
		cmocka_unit_test(utf8_accepts_only_shortest_scalar_values),
		cmocka_unit_test(columns_follow_the_locale),
		cmocka_unit_test(edit_distance_counts_swaps_once_and_gives_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
