/* Variables and variants. */
#include <string.h>

#include "shared/base/text.h"

#include "daemon/engine/template.h"
#include "tests/unit/testing.h"

static const char *find(void *ctx, const char *name)
{
	const char *const *pairs = ctx;

	for (; *pairs; pairs += 2)
		if (strcmp(pairs[0], name) == 0)
			return pairs[1];
	return NULL;
}

static const char *const ann[] = { "name", "Ann", "city", "Bern", "tricky", "{name}|\\{", NULL };
static const char *const nobody[] = { "name", "", NULL };

static void renders(const char *text, const char *const *who, const char *wanted)
{
	char out[200];

	template_render(text, 7, find, (void *)(uintptr_t)who, out, sizeof out);
	assert_string_equal(out, wanted);
}

static void fits(const char *text)
{
	struct err e = ERR_NONE;

	if (template_check(text, &e))
		fail_msg("%s: %s", text, e.msg);
}

static void refused(const char *text, const char *words)
{
	struct err e = ERR_NONE;

	assert_int_equal(template_check(text, &e), ERR_BAD_PARAMS);
	if (strstr(e.msg, words) == NULL)
		fail_msg("%s: %s", text, e.msg);
	assert_true(utf8_valid(span_str(e.msg)));
}

static void variables_and_defaults(void **state)
{
	(void)state;
	renders("plain | : \\ text", ann, "plain | : \\ text");
	renders("Hi {name}!", ann, "Hi Ann!");
	renders("Hi {name}!", nobody, "Hi !");
	renders("Hi {name:friend}!", ann, "Hi Ann!");
	renders("Hi {name:friend}!", nobody, "Hi friend!");
	renders("{name:you in {city:your town}}", nobody, "you in your town");
	renders("{name:{city}}", ann, "Ann");
	renders("{name:a: b}", nobody, "a: b");
	renders("{name:}", nobody, "");
	renders("{tricky}", ann, "{name}|\\{"); /* a value is no template */
	renders("\\{name\\} {name:\\}\\|\\:}", nobody, "{name} }|:");
	renders("\\| \\:", ann, "\\| \\:");
}

static void variants_are_drawn_by_the_seed(void **state)
{
	const char *text = "{a|b {name}|{c|d}} {x|y}";
	unsigned seen[8] = { 0 };
	char out[64], again[64];

	(void)state;
	for (uint64_t seed = 0; seed < 4000; seed++) {
		template_render(text, seed, find, (void *)(uintptr_t)ann, out, sizeof out);
		template_render(text, seed, find, (void *)(uintptr_t)ann, again, sizeof again);
		assert_string_equal(out, again);
		size_t n = out[0] == 'a' ? 0 : out[0] == 'b' ? 1 : out[0] == 'c' ? 2 : 3;

		seen[n * 2 + (out[strlen(out) - 1] == 'y')]++;
	}
	for (size_t i = 0; i < 8; i++) { /* thirds, the last one halved, each halved */
		unsigned wanted = i < 4 ? 4000 / 6 : 4000 / 12;

		assert_true(seen[i] > wanted * 8 / 10 && seen[i] < wanted * 12 / 10);
	}
	renders("{|}", ann, "");
}

static void what_is_wrong_is_named(void **state)
{
	struct template_name names[3];
	const char *text = "{name} {name:x} {city:{town}} {a|{far}}";

	(void)state;
	fits("");
	fits("a: b | c \\");
	fits("{name:{a|b {city}}} \\{ \\}");
	refused("Hi {name", "'{name'");
	refused("Hi name}", "'}'");
	refused("{a|b}}", "other one");
	refused("{}", "neither");
	refused("{:x}", "neither");
	refused("{first name}", "'{first name}' is neither");
	fits("{Hello: you}"); /* a name and a default */
	refused("{{{{{{{{{a}|b}|b}|b}|b}|b}|b}|b}|b}", "more than");
	fits("{{{{{{{{a}|b}|b}|b}|b}|b}|b}|b}");
	assert_int_equal(template_names(text, names, 3), 3);
	assert_string_equal(names[0].text, "name");
	assert_false(names[0].has_default);
	assert_string_equal(names[1].text, "city");
	assert_true(names[1].has_default);
	assert_string_equal(names[2].text, "town");
}

static void hostile_texts_end(void **state)
{
	enum { LONG = 60000 };
	static char text[LONG + 1], out[TEMPLATE_OUT_MAX];
	static const char *const parts[] = { "{",    "}",   "{a", "{a|",   "|",       "\\",
					     "{\\}", "{a:", "{}", "{a|b}", "\xc3\xa4" };
	struct err e = ERR_NONE;

	(void)state;
	for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) {
		size_t len = strlen(parts[k]);

		for (size_t i = 0; i + len < LONG; i += len)
			memcpy(text + i, parts[k], len + 1);
		assert_true(template_check(text, &e) == e.code);
		e = ERR_NONE;
		template_render(text, 1, find, (void *)(uintptr_t)ann, out, sizeof out);
		assert_true(strlen(out) < sizeof out);
	}
	memset(text, '{', LONG / 2);
	memset(text + LONG / 2, '}', LONG / 2);
	refused(text, "neither");
	template_render(text, 1, find, (void *)(uintptr_t)ann, out, sizeof out);
	assert_string_equal(out, text);
	template_render("ab\xc3\xa4{name}", 1, find, (void *)(uintptr_t)ann, out, 4);
	assert_string_equal(out, "ab"); /* cut after a character */
	template_render("a{name}", 1, find, (void *)(uintptr_t)ann, out, 4);
	assert_string_equal(out, "aAn");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(variables_and_defaults),
		cmocka_unit_test(variants_are_drawn_by_the_seed),
		cmocka_unit_test(what_is_wrong_is_named),
		cmocka_unit_test(hostile_texts_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
