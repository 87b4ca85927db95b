#include <locale.h>
#include <string.h>
#include <wchar.h>

#include "shared/base/text.h"
#include "shared/base/xalloc.h"
#include "shared/term/safe.h"

#include "tests/unit/testing.h"

static const struct term_charset utf8 = { .ascii = false }, ascii = { .ascii = true };

#define NO "\xef\xbf\xbd" /* U+FFFD */
#define DOTS "\xe2\x80\xa6"
#define MAN "\xf0\x9f\x91\xa8"
#define WOMAN "\xf0\x9f\x91\xa9"
#define GIRL "\xf0\x9f\x91\xa7"
#define JOIN "\xe2\x80\x8d"
#define ALL_THAT_IS (SIZE_MAX / 2)

struct one {
	const char *in, *out;
	size_t columns;
};

static void check(const struct one *c, struct term_charset cs)
{
	AUTO_ARENA struct arena *a = arena_new();
	const char *safe = safe_line(a, c->in, cs);

	assert_string_equal(safe, c->out);
	assert_int_equal(safe_columns(safe), c->columns);
	assert_string_equal(safe_line(a, safe, cs), safe);
}

static void what_terminals_draw_alike_stays(void **state)
{
	static const struct one cases[] = {
		{ "", "", 0 },
		{ "plain ~", "plain ~", 7 },
		{ "\xe4\xbd\xa0\xe5\xa5\xbd", "\xe4\xbd\xa0\xe5\xa5\xbd", 4 }, /* CJK */
		{ "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80", 2 },                 /* U+1F600 */
		{ "\xf0\x9f\x87\xae\xf0\x9f\x87\xa9", "\xf0\x9f\x87\xae\xf0\x9f\x87\xa9",
		  2 },                                                /* flag */
		{ "e\xcc\x81", "e\xcc\x81", 1 },                      /* e + acute */
		{ "\xd9\x83\xd9\x8e\xd8\xaa\xd9\x8e\xd8\xa8\xd9\x8e", /* harakat */
		  "\xd9\x83\xd9\x8e\xd8\xaa\xd9\x8e\xd8\xa8\xd9\x8e", 3 },
		{ "\xe0\xa4\x95\xe0\xa5\x8d\xe0\xa4\xb7", "\xe0\xa4\x95\xe0\xa5\x8d\xe0\xa4\xb7",
		  2 },
		{ "\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab", "\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab",
		  2 },
		{ "\xef\xbc\xa1", "\xef\xbc\xa1", 2 }, /* full width A */
		{ "\xef\xbd\xb1", "\xef\xbd\xb1", 1 }, /* half width */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check(&cases[i], utf8);
}

static void what_they_draw_in_two_ways_is_simplified(void **state)
{
	static const struct one cases[] = {
		{ MAN JOIN WOMAN JOIN GIRL "x", MAN "+x", 4 },                 /* a family */
		{ "\xe2\x9d\xa4\xef\xb8\x8f", "\xe2\x9d\xa4", 1 },             /* heart, VS16 */
		{ "\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd", "\xf0\x9f\x91\x8d", 2 }, /* skin tone */
		{ MAN "\xf0\x9f\x8f\xbd" JOIN "\xf0\x9f\x94\xac", MAN "+", 3 },
		{ "1\xef\xb8\x8f\xe2\x83\xa3", "1", 1 }, /* keycap */
		{ "a\xc2\xad"
		  "b",
		  "ab", 2 }, /* soft hyphen */
		{ "a\xe2\x80\x8b"
		  "b",
		  "ab", 2 },                      /* zero width space */
		{ "\xf0\x9f\xab\xa8", NO, 1 },    /* U+1FAE8: too new */
		{ "\xf0\x9c\xb4\x80", NO, 1 },    /* an octant */
		{ "\xf0\x9f\x87\xaez", "Iz", 2 }, /* half a flag */
		{ "\xf0\x9f\x87\xae\xf0\x9f\x87\xa9\xf0\x9f\x87\xae",
		  "\xf0\x9f\x87\xae\xf0\x9f\x87\xa9I", 3 },
		{ "\xf0\x9f\x8f\xb4\xf3\xa0\x81\xa7\xf3\xa0\x81\xa2\xf3\xa0\x81\xbf",
		  "\xf0\x9f\x8f\xb4", 2 },
		{ "\xcc\x81"
		  "e",
		  "\xe2\x97\x8c\xcc\x81"
		  "e",
		  2 },                     /* a mark alone */
		{ "\xe1\x85\xa1", NO, 1 }, /* a vowel alone */
		{ "e\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81",
		  "e\xcc\x81\xcc\x81\xcc\x81\xcc\x81", 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check(&cases[i], utf8);
}

static void what_commands_is_taken_out(void **state)
{
	static const struct one cases[] = {
		{ "a\033[31mb", "a" NO "[31mb", 7 },
		{ "\033]52;c;AAAA\a", NO "]52;c;AAAA" NO, 12 },
		{ "\xc2\x9b"
		  "31m",
		  NO "31m", 4 }, /* C1 CSI */
		{ "\x9b"
		  "31m",
		  NO "31m", 4 }, /* the same as a byte */
		{ "\x7f\x01\x08", NO NO NO, 3 },
		{ "a\r\nb\tc\nd\re", "a b c d e", 9 },
		{ "\xe2\x80\xae"
		  "abc\xe2\x80\xac",
		  "abc", 3 }, /* RLO, PDF */
		{ "\xe2\x81\xa6"
		  "abc\xe2\x81\xa9",
		  "abc", 3 }, /* isolates */
		{ "\xe2\x80\x8f"
		  "a\xd8\x9c"
		  "b",
		  "ab", 2 }, /* RLM, ALM */
		{ "\xef\xbb\xbf"
		  "a",
		  "a", 1 }, /* BOM */
		{ "a\xe2\x80\xa8"
		  "b",
		  "a b", 3 }, /* line separator */
		{ "\xff\xc0\xaf\xed\xa0\x80", NO NO NO NO NO NO, 6 },
		{ "a\xe4\xbd", "a" NO NO, 3 }, /* cut in mid-character */
		{ "\033\xcc\x81", NO "\xe2\x97\x8c\xcc\x81", 2 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check(&cases[i], utf8);
	assert_true(safe_is_harmful(0x9b));
	assert_true(safe_is_harmful(0x202e));
	assert_false(safe_is_harmful('a'));
	assert_false(safe_is_harmful(0x1f600));
}

static void ascii_has_stand_ins(void **state)
{
	static const struct one cases[] = {
		{ "caf\xc3\xa9 \xc3\x9f", "cafe ?", 6 },
		{ "\xe2\x80\x9cyes\xe2\x80\x9d \xe2\x80\x93 no\xe2\x80\xa6", "\"yes\" - no...",
		  13 },
		{ "\xe4\xbd\xa0\xe5\xa5\xbd", "??", 2 },
		{ MAN JOIN WOMAN, "?+", 2 },
		{ "e\xcc\x81x", "ex", 2 },
		{ "\xf0\x9f\x87\xae\xf0\x9f\x87\xa9", "ID", 2 },
		{ "\xe2\x96\x88\xe2\x96\x84", "##", 2 },
		{ "\033\xff", "??", 2 },
		{ "\xcc\x81", "?", 1 },
	};

	(void)state;
	/* a locale that knows no more than ASCII, as where this is used */
	assert_non_null(setlocale(LC_CTYPE, "C"));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check(&cases[i], ascii);
	assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check(&cases[i], ascii);
}

static void cuts_fall_between_graphemes(void **state)
{
	AUTO_ARENA struct arena *a = arena_new();
	const char *wide = "a\xe4\xbd\xa0\xe5\xa5\xbd", *mark = "ae\xcc\x81z";

	(void)state;
	assert_int_equal(safe_fit(wide, 0), 0);
	assert_int_equal(safe_fit(wide, 1), 1);
	assert_int_equal(safe_fit(wide, 2), 1);
	assert_int_equal(safe_fit(wide, 3), 4);
	assert_int_equal(safe_fit(wide, 99), 7);
	assert_int_equal(safe_fit(mark, 2), 4);
	assert_string_equal(safe_cut(a, wide, 5, utf8), wide);
	assert_string_equal(safe_cut(a, wide, 4, utf8), "a\xe4\xbd\xa0" DOTS);
	assert_string_equal(safe_cut(a, wide, 3, utf8), "a" DOTS);
	assert_string_equal(safe_cut(a, "ab", 1, utf8), DOTS);
	assert_string_equal(safe_cut(a, "ab", 0, utf8), "");
	assert_string_equal(safe_cut(a, "abcdef", 5, ascii), "ab...");
	assert_string_equal(safe_cut(a, "abcdef", 2, ascii), "..");
	assert_string_equal(safe_head(a, "ab\033cdef", 4, utf8), "ab" NO DOTS);
	assert_string_equal(safe_head(a, "abcd", 4, utf8), "abcd");
	assert_string_equal(safe_head(a, NULL, 4, utf8), "");
}

/* lines: what should come, ended by NULL */
static void check_wrap(const char *text, size_t columns, size_t max, const char *const *lines)
{
	AUTO_ARENA struct arena *a = arena_new();
	char **got;
	size_t len = safe_wrap(a, text, columns, max, utf8, &got), n = 0;

	for (; lines[n]; n++) {
		assert_true(n < len);
		assert_string_equal(got[n], lines[n]);
		assert_true(safe_columns(got[n]) <= columns);
	}
	assert_int_equal(len, n);
}

#define WRAPS(text, columns, max, ...) \
	check_wrap(text, columns, max, (const char *const[]){ __VA_ARGS__, NULL })

static void lines_break_between_words(void **state)
{
	(void)state;
	WRAPS("the quick brown fox", 10, 9, "the quick", "brown fox");
	WRAPS("the quick brown fox", 9, 9, "the quick", "brown fox");
	WRAPS("abcdefghij kl", 4, 9, "abcd", "efgh", "ij", "kl");
	WRAPS("a\nb\r\n\nc", 9, 9, "a", "b", "", "c");
	WRAPS("a\n", 9, 9, "a");
	WRAPS("", 9, 9, "");
	WRAPS(NULL, 9, 9, "");
	WRAPS("one two three four", 5, 2, "one", "two" DOTS);
	WRAPS("a\nb\nc", 5, 2, "a", "b" DOTS);
	WRAPS("abcdefgh", 4, 1, "abc" DOTS);
	WRAPS("\xe4\xbd\xa0\xe5\xa5\xbd\xe4\xbd\xa0", 5, 9, "\xe4\xbd\xa0\xe5\xa5\xbd",
	      "\xe4\xbd\xa0");
	WRAPS("hi \xe4\xbd\xa0\xe5\xa5\xbd", 5, 9, "hi \xe4\xbd\xa0", "\xe5\xa5\xbd");
	WRAPS("\xe4\xbd\xa0"
	      "a",
	      1, 9, "a"); /* too wide for a line */
	WRAPS("\xe4\xbd\xa0", 1, 9, "");
}

static void long_texts_cost_what_is_shown(void **state)
{
	enum { LEN = 60000 };
	AUTO_ARENA struct arena *a = arena_new();
	char *text = arena_alloc(a, LEN + 1), **lines;
	size_t before;

	(void)state;
	memset(text, 'x', LEN);
	before = arena_bytes(a);
	assert_int_equal(safe_wrap(a, text, 10, 3, utf8, &lines), 3);
	assert_string_equal(lines[2], "xxxxxxxxx" DOTS);
	assert_string_equal(safe_head(a, text, 5, utf8), "xxxx" DOTS);
	assert_true(arena_bytes(a) - before < 2000);
	assert_int_equal(safe_wrap(a, text, 10, ALL_THAT_IS, utf8, &lines), LEN / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_terminals_draw_alike_stays),
		cmocka_unit_test(what_they_draw_in_two_ways_is_simplified),
		cmocka_unit_test(what_commands_is_taken_out),
		cmocka_unit_test(ascii_has_stand_ins),
		cmocka_unit_test(cuts_fall_between_graphemes),
		cmocka_unit_test(lines_break_between_words),
		cmocka_unit_test(long_texts_cost_what_is_shown),
	};

	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
