#include <string.h>

#include "ctl/nearest.h"
#include "ctl/shell.h"
#include "tests/unit/testing.h"

static void a_line_with_a_secret_is_not_kept(void **state)
{
	static const struct {
		const char *line;
		bool kept;
	} cases[] = {
		{ "device list", true },
		{ "user passwd ann", true }, /* asks for it */
		{ "message send --text 'the token is here'", true },
		{ "device create password-of-the-gate", true },
		{ "event watch https://h/?a:b@c", true },
		{ "", false },
		{ " device list", false },
		{ "\tdevice list", false },
		{ "user create ann --password hunter2", false },
		{ "user create ann --PASSWORD=hunter2", false },
		{ "user create ann --password-file x", false },
		{ "webhook create x --secret y", false },
		{ "device create x --proxy-file y", false },
		{ "device create x socks5://user:hunter2@host:1", false },
		{ "message send --vars token=hunter2", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (shell_history_keeps(cases[i].line) != cases[i].kept)
			fail_msg("%s: %s", cases[i].line, cases[i].kept ? "is lost" : "is kept");
}

static const char *nearest_of(struct nearest *n, const char *word)
{
	static const char *const words[] = { "device", "devices-of-old", "lead", "leap" };

	*n = NEAREST(word);
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		nearest_try(n, words[i], strlen(words[i]));
	return n->best;
}

static void the_nearest_word_is_found(void **state)
{
	static const char *const cases[][2] = {
		{ "devise", "device" },
		{ "dveice", "device" },
		{ "deviceX", "device" },
		{ "led", "lead" },
		{ "devices-of", "devices-of-old" },
		{ "nonsense", NULL },
		{ "", NULL },
	};
	struct err e = ERR_NONE;
	struct nearest n;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *best = nearest_of(&n, cases[i][0]);

		if (cases[i][1])
			assert_string_equal(best, cases[i][1]);
		else
			assert_null(best);
	}
	nearest_of(&n, "devise");
	assert_int_equal(nearest_refuse("command", &n, &e), ERR_USAGE);
	assert_string_equal(err_msg(&e), "no command 'devise', did you mean 'device'?");
	nearest_of(&n, "nonsense");
	nearest_refuse("command", &n, &e);
	assert_string_equal(err_msg(&e), "no command 'nonsense'; see wactl help");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_with_a_secret_is_not_kept),
		cmocka_unit_test(the_nearest_word_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
