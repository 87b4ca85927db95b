#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/macros.h"
#include "shared/base/xalloc.h"

#include "ctl/print.h"
#include "tests/unit/testing.h"

static const struct cat_param fields[] = {
	{ "id", CAT_ID, CAT_REQUIRED, "d" },
	{ "name", CAT_TEXT, CAT_REQUIRED, "d" },
	{ "online", CAT_BOOL, CAT_OPTIONAL, "d" },
	{ "counts", CAT_OBJECT, CAT_OPTIONAL, "d" },
	{ "rejected", CAT_OBJECTS, CAT_OPTIONAL, "d" },
	{ NULL },
};
static const struct cat_method list = {
	.name = "x.list", .in = fields, .out = fields, .list = "xs"
};
static const struct cat_method one = { .name = "x.show", .in = fields, .out = fields };

static char *print(enum ctl_format format, const struct cat_method *m, const char *json,
		   const char *only, bool no_header)
{
	char *text = NULL;
	size_t size = 0;
	struct printer p = {
		.format = format, .is_utf8 = true, .no_header = no_header, .fields = only
	};
	json_t *v = json_loads(json, 0, NULL);
	struct err e = ERR_NONE;

	assert_non_null(v);
	p.out = open_memstream(&text, &size);
	assert_int_equal(print_result(&p, m, v, &e), ERR_OK);
	fclose(p.out);
	json_decref(v);
	return text;
}

#define TWO                                                       \
	"{\"xs\":[{\"id\":\"1\",\"name\":\"a\",\"online\":true}," \
	"{\"id\":\"22\",\"name\":\"b,\\\"c\\\"\\td\",\"counts\":{\"x\":1,\"y\":2}}]}"
#define CARD \
	"{\"id\":\"7\",\"name\":\"n\",\"rejected\":[{\"line\":3,\"reason\":\"phone: bad, not 0\"}]}"

static void each_format_has_one_form(void **state)
{
	static const struct {
		enum ctl_format format;
		const struct cat_method *m;
		const char *json, *only;
		bool no_header;
		const char *want;
	} cases[] = {
		{ FORMAT_TSV, &list, TWO, NULL, false,
		  "id\tname\tonline\tcounts\trejected\n1\ta\ttrue\t\t\n"
		  "22\tb,\"c\"\\td\t\t{\"x\":1,\"y\":2}\t\n" },
		{ FORMAT_TSV, &list, TWO, "name,id", true, "a\t1\nb,\"c\"\\td\t22\n" },
		{ FORMAT_YAML, &list, TWO, NULL, false,
		  "- id: \"1\"\n  name: \"a\"\n  online: true\n- id: \"22\"\n  name: \"b,\\\"c\\\"\\td\"\n"
		  "  counts:\n    x: 1\n    y: 2\n" },
		{ FORMAT_YAML, &one, CARD, NULL, false,
		  "id: \"7\"\nname: \"n\"\nrejected:\n  - line: 3\n    reason: \"phone: bad, not 0\"\n" },
		{ FORMAT_YAML, &list, "{\"xs\":[]}", NULL, false, "[]\n" },
		{ FORMAT_TSV, &list, "{\"xs\":[]}", "id", false, "id\n" },
		{ FORMAT_CSV, &list, TWO, "name", false, "name\na\n\"b,\"\"c\"\"\\td\"\n" },
		{ FORMAT_NAME, &list, TWO, NULL, false, "1\n22\n" },
		{ FORMAT_JSONL, &list, TWO, "id", false, "{\"id\":\"1\"}\n{\"id\":\"22\"}\n" },
		{ FORMAT_JSON, &list, TWO, "id", false,
		  "[\n  {\n    \"id\": \"1\"\n  },\n  {\n    \"id\": \"22\"\n  }\n]\n" },
		{ FORMAT_JSON, &list, "{\"xs\":[]}", NULL, false, "[]\n" },
		{ FORMAT_TABLE, &list, TWO, NULL, false,
		  "id  name      online  counts\n1   a         yes     \n22  b,\"c\"\\td          x=1 y=2\n" },
		{ FORMAT_TABLE, &list, "{\"xs\":[]}", NULL, false, "" },
		{ FORMAT_TABLE, &one, CARD, NULL, false,
		  "id        7\nname      n\nrejected  1\n  line=3 reason=phone: bad, not 0\n" },
		{ FORMAT_JSONL, &one, CARD, "id,name", false, "{\"id\":\"7\",\"name\":\"n\"}\n" },
		{ FORMAT_TSV, &one, CARD, "id,name", false, "id\tname\n7\tn\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_FREE char *got = print(cases[i].format, cases[i].m, cases[i].json,
					    cases[i].only, cases[i].no_header);

		assert_string_equal(got, cases[i].want);
	}
}

static void tables_cut_by_columns(void **state)
{
	AUTO_FREE char *got =
		print(FORMAT_TABLE, &list,
		      "{\"xs\":[{\"id\":\"1\",\"name\":\"\xe4\xbd\xa0\xe4\xbd\xa0\xe4\xbd\xa0"
		      "\xe4\xbd\xa0\xe4\xbd\xa0\xe4\xbd\xa0\xe4\xbd\xa0\xe4\xbd\xa0\xe4\xbd\xa0"
		      "\xe4\xbd\xa0\xe4\xbd\xa0\xe4\xbd\xa0\xe4\xbd\xa0\xe4\xbd\xa0\xe4\xbd\xa0"
		      "\xe4\xbd\xa0\xe4\xbd\xa0\xe4\xbd\xa0\xe4\xbd\xa0\xe4\xbd\xa0\xe4\xbd\xa0"
		      "\xe4\xbd\xa0\xe4\xbd\xa0\xe4\xbd\xa0\xe4\xbd\xa0\"}]}",
		      NULL, true);

	(void)state;
	assert_non_null(strstr(got, "\xe2\x80\xa6")); /* an ellipsis */
	assert_int_equal(strlen(got), strlen("1  ") + 23 * 3 + 3 + strlen("\n"));
}

static void outside_text_cannot_steer_the_terminal(void **state)
{
	static const char *const cases[][2] = {
		{ "plain \xc3\xa9 \xf0\x9f\x98\x80", "plain \xc3\xa9 \xf0\x9f\x98\x80" },
		{ "\033[31mred\033]52;c;x\a", "\\x1b[31mred\\x1b]52;c;x\\x07" },
		{ "a\nb\tc\rd", "a\\nb\\tc\\rd" },
		{ "\xc2\x9b"
		  "31m",
		  "\\xc2\\x9b31m" }, /* C1 */
		{ "\xe2\x80\xae"
		  "abc\xe2\x81\xa6"
		  "d",
		  "\\xe2\\x80\\xaeabc\\xe2\\x81\\xa6d" }, /* bidi */
		{ "\xef\xbb\xbfx", "\\xef\\xbb\\xbfx" },
		{ "\xff\xe2\x82", "\\xff\\xe2\\x82" },
		{ "\x7f", "\\x7f" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_FREE char *got = print_safe(cases[i][0]);

		assert_string_equal(got, cases[i][1]);
	}
}

static void unknown_fields_are_refused(void **state)
{
	struct err e = ERR_NONE;

	(void)state;
	assert_int_equal(print_fields_check(NULL, &list, &e), ERR_OK);
	assert_int_equal(print_fields_check("id,name", &list, &e), ERR_OK);
	assert_int_equal(print_fields_check("id,nmae", &list, &e), ERR_USAGE);
	assert_string_equal(err_msg(&e),
			    "no field 'nmae', did you mean 'name'?; --fields alone lists them");
}

static void errors_have_a_form_for_programs(void **state)
{
	json_t *from_daemon =
		json_loads("{\"code\":-32004,\"message\":\"m\",\"data\":{\"name\":\"not_found\","
			   "\"hint\":\"try list\"}}",
			   0, NULL);
	struct err e = ERR_NONE;
	char text[400] = "";
	FILE *f = fmemopen(text, sizeof text, "w");

	(void)state;
	err_set(&e, ERR_NOT_FOUND, "no device 'x\033'");
	print_failure(f, FORMAT_JSON, &e, from_daemon);
	fclose(f);
	assert_string_equal(
		text,
		"{\"code\":-32004,\"name\":\"not_found\",\"message\":\"no device 'x\\\\x1b'\","
		"\"hint\":\"try list\",\"data\":{\"name\":\"not_found\",\"hint\":\"try "
		"list\"}}\n");
	f = fmemopen(text, sizeof text, "w");
	print_failure(f, FORMAT_TABLE, &e, from_daemon);
	fclose(f);
	assert_string_equal(text, "wactl: no device 'x\\x1b'\nhint: try list\n");
	json_decref(from_daemon);
}

static void colour_follows_the_conventions(void **state)
{
	static const struct {
		const char *no_color, *force, *term;
		bool tty, want;
	} cases[] = {
		{ NULL, NULL, "xterm", true, true }, { NULL, NULL, "xterm", false, false },
		{ "1", NULL, "xterm", true, false }, { "", NULL, "xterm", true, true },
		{ NULL, NULL, "dumb", true, false }, { NULL, NULL, NULL, true, false },
		{ NULL, "1", "xterm", false, true }, { NULL, "0", "xterm", false, false },
		{ "1", "1", "xterm", true, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		unsetenv("NO_COLOR");
		unsetenv("CLICOLOR_FORCE");
		unsetenv("TERM");
		if (cases[i].no_color)
			setenv("NO_COLOR", cases[i].no_color, 1);
		if (cases[i].force)
			setenv("CLICOLOR_FORCE", cases[i].force, 1);
		if (cases[i].term)
			setenv("TERM", cases[i].term, 1);
		assert_int_equal(ctl_wants_color(COLOR_AUTO, cases[i].tty), cases[i].want);
		assert_true(ctl_wants_color(COLOR_ALWAYS, cases[i].tty));
		assert_false(ctl_wants_color(COLOR_NEVER, cases[i].tty));
	}
}

static void a_wrong_shape_is_an_error(void **state)
{
	struct printer p = { .format = FORMAT_JSON, .out = stdout };
	json_t *v = json_loads("{\"ys\":[]}", 0, NULL);
	struct err e = ERR_NONE;

	(void)state;
	assert_int_equal(print_result(&p, &list, v, &e), ERR_BAD_INPUT);
	json_decref(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_format_has_one_form),
		cmocka_unit_test(tables_cut_by_columns),
		cmocka_unit_test(outside_text_cannot_steer_the_terminal),
		cmocka_unit_test(unknown_fields_are_refused),
		cmocka_unit_test(errors_have_a_form_for_programs),
		cmocka_unit_test(colour_follows_the_conventions),
		cmocka_unit_test(a_wrong_shape_is_an_error),
	};

	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
