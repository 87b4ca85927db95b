#include <stdio.h>
#include <string.h>

#include "shared/rpc/alias.h"

#include "tests/unit/testing.h"

/* what changes something is not asked for by GET; an alias hides nothing of today */
static void rows_are_sound(void **state)
{
	(void)state;
	for (size_t i = 0; i < alias_len(); i++) {
		const struct route_alias *a = alias_at(i);
		struct route_path p = { .count = 0 };
		char segments[ROUTE_SEGMENTS_MAX][64];

		if (a->path == NULL) {
			assert_non_null(a->method);
			assert_ptr_equal(alias_names(a->method), a->renames);
			continue;
		}
		assert_int_equal(
			(a->method != NULL) + (a->own != ROUTE_COUNT) + (a->missing != NULL), 1);
		if (a->method && strcmp(a->verb, "GET") == 0 && a->method->writes)
			fail_msg("%s %s: a change by GET", a->verb, a->path);
		for (const char *at = a->path; *at == '/'; p.count++) {
			size_t len = strcspn(at + 1, "/");

			snprintf(segments[p.count], 64, "%.*s", (int)len, at + 1);
			p.segments[p.count] = segments[p.count];
			at += len + 1;
		}
		if (route_find_method(a->verb, &p) || route_find(a->verb, &p) != ROUTE_COUNT)
			print_message("%s %s is a route of today, which wins\n", a->verb, a->path);
		assert_ptr_equal(alias_find(a->verb, &p), a);
	}
	assert_null(alias_at(alias_len()));
}

static void renames_lead_to_parameters(void **state)
{
	(void)state;
	for (size_t i = 0; i < alias_len(); i++) {
		const struct route_alias *a = alias_at(i);
		const char *word;
		size_t at = 0, len;

		for (const char *c = a->path; c && a->method && (c = strchr(c, '{')) != NULL; c++) {
			char name[32] = "";

			strncat(name, c + 1, strcspn(c + 1, "}"));
			if (cat_param_find(a->method->in, name) == NULL)
				fail_msg("%s: no parameter '%s'", a->path, name);
		}
		while (cat_word_next(a->renames, &at, &word, &len)) {
			char name[32] = "";
			const char *equals = strchr(word, '=');

			assert_non_null(a->method);
			strncat(name, equals + 1, strcspn(equals + 1, "*+ "));
			if (cat_param_find(a->method->in, name) == NULL)
				fail_msg("%s: no parameter '%s'", a->method->name, name);
			if (equals[1 + strlen(name)] == '*')
				assert_memory_equal(equals + 1 + strlen(name), "*1000", 5);
		}
	}
}

static void names_are_changed_both_ways(void **state)
{
	static const char renames[] =
		"phone=to wait=wait_ms*1000 mail=email mail=name day=at hour=at+";
	char buf[32];
	int factor = 0;

	(void)state;
	assert_string_equal(alias_rename(renames, "phone", 0, buf, &factor), "to");
	assert_int_equal(factor, 1);
	assert_null(alias_rename(renames, "phone", 1, buf, &factor));
	assert_string_equal(alias_rename(renames, "wait", 0, buf, &factor), "wait_ms");
	assert_int_equal(factor, 1000);
	assert_string_equal(alias_rename(renames, "hour", 0, buf, &factor), "at");
	assert_int_equal(factor, 0);
	assert_string_equal(alias_rename(renames, "day", 0, buf, &factor), "at");
	assert_int_equal(factor, 1);
	assert_string_equal(alias_rename(renames, "mail", 0, buf, &factor), "email");
	assert_string_equal(alias_rename(renames, "mail", 1, buf, &factor), "name");
	assert_null(alias_rename(renames, "mail", 2, buf, &factor));
	assert_string_equal(alias_rename(renames, "other", 0, buf, &factor), "other");
	assert_null(alias_rename(renames, "other", 1, buf, &factor));
	assert_string_equal(alias_rename(NULL, "other", 0, buf, &factor), "other");
	alias_old_name(renames, "wait_ms", buf);
	assert_string_equal(buf, "wait");
	alias_old_name(renames, "at", buf);
	assert_string_equal(buf, "day");
	alias_old_name(renames, "text", buf);
	assert_string_equal(buf, "text");
	alias_old_name(NULL, "text", buf);
	assert_string_equal(buf, "text");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_sound),
		cmocka_unit_test(renames_lead_to_parameters),
		cmocka_unit_test(names_are_changed_both_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
