#include <string.h>

#include "shared/base/macros.h"

#include "ctl/args.h"
#include "tests/unit/testing.h"

enum { WORDS_MAX = 16 };

static enum errc parse(struct ctl_args *a, struct err *e, const char *const *words)
{
	char *argv[WORDS_MAX] = { (char *)(uintptr_t) "wactl" };
	int argc = 1;

	for (; words[argc - 1]; argc++)
		argv[argc] = (char *)(uintptr_t)words[argc - 1];
	*e = ERR_NONE;
	return ctl_args_parse(argc, argv, a, e);
}
#define PARSE(a, e, ...) parse(a, e, (const char *const[]){ __VA_ARGS__, NULL })

static const char *value_of(const struct ctl_args *a, const char *name)
{
	for (size_t i = 0; i < a->values_len; i++)
		if (strcmp(a->values[i].param->name, name) == 0)
			return a->values[i].text;
	return NULL;
}

static void noun_verb_name_and_flags(void **state)
{
	struct ctl_args a;
	struct err e;

	(void)state;
	assert_int_equal(PARSE(&a, &e, "device", "show", "sales-1"), ERR_OK);
	assert_string_equal(a.method->name, "device.show");
	assert_string_equal(value_of(&a, "device"), "sales-1");
	assert_int_equal(PARSE(&a, &e, "devices", "list"), ERR_OK); /* plural */
	assert_string_equal(a.method->name, "device.list");
	assert_int_equal(PARSE(&a, &e, "campaign", "create", "Sale", "--delay-min-ms=5s",
			       "--delay_max_ms", "7000", "--text", "-"),
			 ERR_OK);
	assert_string_equal(value_of(&a, "title"), "Sale");
	assert_string_equal(value_of(&a, "delay_min_ms"), "5s");
	assert_string_equal(value_of(&a, "delay_max_ms"), "7000");
	assert_string_equal(value_of(&a, "text"), "-");
	assert_int_equal(PARSE(&a, &e, "message", "send", "--device", "d", "--to=+60123456789",
			       "--text", "--not-a-flag", "--wait", "delivered"),
			 ERR_OK);
	assert_string_equal(value_of(&a, "text"), "--not-a-flag");
	assert_string_equal(a.wait_state, "delivered");
	assert_int_equal(PARSE(&a, &e, "device", "create", "--", "--odd-name"), ERR_OK);
	assert_string_equal(value_of(&a, "name"), "--odd-name");
}

static void global_flags_stand_anywhere(void **state)
{
	struct ctl_args a, b;
	struct err e;

	(void)state;
	assert_int_equal(PARSE(&a, &e, "-o", "json", "--socket", "/s", "device", "list"), ERR_OK);
	assert_int_equal(PARSE(&b, &e, "device", "list", "--socket=/s", "--output=json"), ERR_OK);
	assert_int_equal(a.format, FORMAT_JSON);
	assert_int_equal(b.format, FORMAT_JSON);
	assert_string_equal(a.socket, b.socket);
	assert_ptr_equal(a.method, b.method);
	assert_int_equal(
		PARSE(&a, &e, "device", "-q", "list", "--timeout", "250ms", "--no-color", "-y"),
		ERR_OK);
	assert_true(a.quiet && a.yes);
	assert_int_equal(a.timeout_ms, 250);
	assert_int_equal(a.color, COLOR_NEVER);
	assert_int_equal(PARSE(&a, &e, "device", "list", "--fields"), ERR_OK);
	assert_true(a.list_fields);
	assert_int_equal(PARSE(&a, &e, "device", "list", "--fields", "id,name"), ERR_OK);
	assert_string_equal(a.fields, "id,name");
	assert_int_equal(PARSE(&a, &e, "device", "pair", "x", "--wait", "--qr", "text"), ERR_OK);
	assert_true(a.wait);
	assert_string_equal(a.qr, "text");
}

static void commands_of_its_own(void **state)
{
	struct ctl_args a;
	struct err e;

	(void)state;
	assert_int_equal(PARSE(&a, &e, "version"), ERR_OK);
	assert_int_equal(a.command, COMMAND_VERSION);
	assert_int_equal(PARSE(&a, &e, "--version"), ERR_OK);
	assert_int_equal(a.command, COMMAND_VERSION);
	assert_int_equal(PARSE(&a, &e, "help", "device", "pair"), ERR_OK);
	assert_int_equal(a.command, COMMAND_HELP);
	assert_string_equal(a.method->name, "device.pair");
	assert_int_equal(PARSE(&a, &e, "device", "--help"), ERR_OK);
	assert_int_equal(a.command, COMMAND_HELP);
	assert_null(a.method);
	assert_int_equal(PARSE(&a, &e, "device", "pair", "-h"),
			 ERR_OK); /* though the name is missing */
	assert_int_equal(a.command, COMMAND_HELP);
	assert_int_equal(PARSE(&a, &e, "docs", "completions", "bash"), ERR_OK);
	assert_int_equal(a.command, COMMAND_DOCS);
	assert_int_equal(a.words_len, 2);
	assert_int_equal(PARSE(&a, &e, "-q"), ERR_OK);
	assert_int_equal(a.command, COMMAND_SHELL);
	assert_int_equal(
		PARSE(&a, &e, "event", "watch", "device.*", "message.*", "--since-id", "4"),
		ERR_OK);
	assert_int_equal(a.command, COMMAND_WATCH);
	assert_int_equal(a.values_len, 3);
}

static void refusals_name_what_was_meant(void **state)
{
	static const struct {
		const char *words[8], *message;
	} cases[] = {
		{ { "devise", "list" }, "no command 'devise', did you mean 'device'?" },
		{ { "dev", "list" }, "no command 'dev', did you mean 'device'?" },
		{ { "xyzzy" }, "no command 'xyzzy'; see wactl help" },
		{ { "hlep" }, "no command 'hlep', did you mean 'help'?" },
		{ { "device", "lsit" }, "no device command 'lsit', did you mean 'list'?" },
		{ { "device", "q" }, "no device command 'q', did you mean 'qr'?" },
		{ { "event", "subscribe" }, "no event command 'subscribe'; see wactl help" },
		{ { "device" }, "device: a command is missing; see wactl help device" },
		{ { "device", "list", "--limt", "5" },
		  "no flag '--limt', did you mean '--limit'?" },
		{ { "campaign", "create", "t", "--strat-at", "x" },
		  "no flag '--strat-at', did you mean '--start-at'?" },
		{ { "device", "list", "--wait" }, "no flag '--wait'; see wactl help" },
		{ { "device", "list", "-o", "xml" },
		  "--output: 'xml' is none of: table json jsonl csv tsv yaml name" },
		{ { "device", "list", "-o" }, "-o needs a value" },
		{ { "device", "list", "--yes=1" }, "--yes takes no value" },
		{ { "device", "list", "--timeout", "soon" },
		  "--timeout: 'soon' is no duration such as 5s or 2m" },
		{ { "device", "show" }, "device show needs a device: id or name of the device" },
		{ { "message", "send", "--device", "d" },
		  "message send needs --to: recipient's number with country code" },
		{ { "device", "show", "a", "b" }, "device show does not take 'b'" },
		{ { "device", "show", "a", "--device", "b" }, "device is given twice" },
		{ { "message", "send", "--wait", "soon" },
		  "--wait: 'soon' is none of: sent delivered read" },
		{ { "version", "x" }, "version: 'x' is too much" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct ctl_args a;
		struct err e;

		assert_int_equal(parse(&a, &e, cases[i].words), ERR_USAGE);
		assert_string_equal(err_msg(&e), cases[i].message);
	}
}

static void durations(void **state)
{
	static const struct {
		const char *text;
		int ms;
	} good[] = { { "3", 3000 },    { "5s", 5000 },    { "250ms", 250 },
		     { "2m", 120000 }, { "1h", 3600000 }, { "0", 0 } };
	static const char *const bad[] = { "",    "s",  "-1s",          "1.5s",
					   "5 s", "5d", "99999999999h", "9999h" };
	int ms = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_true(ctl_duration_ms(good[i].text, &ms));
		assert_int_equal(ms, good[i].ms);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(ctl_duration_ms(bad[i], &ms));
}

/* Where a parameter and a flag share a name, the parameter would win silently. */
static void no_parameter_hides_a_flag(void **state)
{
	const struct cat_method *m;
	size_t len;
	const struct ctl_flag *flags = ctl_flags(&len);

	(void)state;
	for (size_t at = 0; (m = ctl_command_at(at)) != NULL; at++)
		for (size_t i = 0; i < len; i++)
			if (flags[i].method == NULL)
				assert_null(cat_param_find(m->in, flags[i].name + 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(noun_verb_name_and_flags),
		cmocka_unit_test(global_flags_stand_anywhere),
		cmocka_unit_test(commands_of_its_own),
		cmocka_unit_test(refusals_name_what_was_meant),
		cmocka_unit_test(durations),
		cmocka_unit_test(no_parameter_hides_a_flag),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
