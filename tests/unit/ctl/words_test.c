#include <string.h>

#include "ctl/words.h"
#include "tests/unit/testing.h"

static void lines_split_as_in_sh(void **state)
{
	static const struct {
		const char *line, *words[6];
	} cases[] = {
		{ "", { NULL } },
		{ "  \t ", { NULL } },
		{ "device list", { "device", "list" } },
		{ " a\t'b c'  \"d \\\" e\" ", { "a", "b c", "d \" e" } },
		{ "--text=\"two words\" x\\ y", { "--text=two words", "x y" } },
		{ "'' \"\"", { "", "" } },
		{ "\"\\n\" '\\n'", { "\\n", "\\n" } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_ARENA struct arena *a = arena_new();
		char **words = NULL;
		int len = 0;
		struct err e = ERR_NONE;

		assert_int_equal(words_split(a, cases[i].line, &words, &len, &e), ERR_OK);
		for (int j = 0; j < len; j++)
			assert_string_equal(words[j], cases[i].words[j]);
		assert_null(cases[i].words[len]);
		assert_null(words[len]);
	}
}

static void open_quotes_are_refused(void **state)
{
	static const char *const bad[] = { "'a", "a \"b", "a\\", "\"a\\\"" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		AUTO_ARENA struct arena *a = arena_new();
		char **words = NULL;
		int len = 0;
		struct err e = ERR_NONE;

		assert_int_equal(words_split(a, bad[i], &words, &len, &e), ERR_USAGE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_split_as_in_sh),
		cmocka_unit_test(open_quotes_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
