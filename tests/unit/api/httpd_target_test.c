#include <stdlib.h>
#include <string.h>

#include "shared/base/wr.h"

#include "daemon/api/httpd_target.h"
#include "tests/unit/testing.h"

static void clean_targets_are_cut(void **state)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct httpd_target t;
	struct err e = ERR_NONE;

	(void)state;
	assert_int_equal(httpd_target_parse("/api/devices/my%20phone%2F1/pair?a=1&b=x+y%26&c&a=2",
					    a, &t, &e),
			 ERR_OK);
	assert_string_equal(t.raw_path, "/api/devices/my%20phone%2F1/pair");
	assert_int_equal(t.path.count, 4);
	assert_string_equal(t.path.segments[2], "my phone/1");
	assert_int_equal(t.query_len, 4);
	assert_string_equal(t.query[1].name, "b");
	assert_string_equal(t.query[1].value, "x y&");
	assert_string_equal(t.query[2].value, "");
	assert_string_equal(t.query[3].value, "2");
	assert_int_equal(httpd_target_parse("https://user@host:1/livez?x=1", a, &t, &e), ERR_OK);
	assert_string_equal(t.path.segments[0], "livez");
	assert_int_equal(httpd_target_parse("http://host?x=1", a, &t, &e), ERR_OK);
	assert_string_equal(t.path.segments[0], "");
	assert_string_equal(t.query[0].name, "x");
}

static void hostile_targets_are_refused(void **state)
{
	static const char *const cases[] = {
		"",        "*",       "x",     "/%00",   "/a%",           "/%4",
		"/%zz",    "/a b",    "/\r\n", "/%ff",   "/%c0%af",       "/?a=%00",
		"/?%ff=1", "/x#frag", "/\x7f", "//\xff", "/?a=%ed%a0%80", "ftp://x/"
	};
	AUTO_ARENA struct arena *a = arena_new();
	struct httpd_target t;
	struct wr w;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct err e = ERR_NONE;

		if (httpd_target_parse(cases[i], a, &t, &e) != ERR_BAD_REQUEST)
			fail_msg("'%s' was taken", cases[i]);
	}
	for (int kind = 0; kind < 3; kind++) {
		static const char *const unit[] = { "/a", "&a=1", "a" };
		static const enum errc want[] = { ERR_NOT_FOUND, ERR_BAD_REQUEST, ERR_TOO_LARGE };
		struct err e = ERR_NONE;

		wr_init(&w, 1 << 20);
		wr_str(&w, kind == 1 ? "/?" : "/");
		for (int i = 0; i < (kind == 2 ? HTTP_TARGET_MAX : 100); i++)
			wr_str(&w, unit[kind]);
		wr_u8(&w, 0);
		assert_int_equal(httpd_target_parse((const char *)w.buf, a, &t, &e), want[kind]);
		wr_done(&w);
	}
}

static void dots_mean_nothing(void **state)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct httpd_target t;
	struct err e = ERR_NONE;
	char allow[64];

	(void)state;
	assert_int_equal(httpd_target_parse("/api/../livez", a, &t, &e), ERR_OK);
	route_allow(&t.path, allow, sizeof allow);
	assert_string_equal(allow, "");
	assert_int_equal(httpd_target_parse("/livez/", a, &t, &e), ERR_OK);
	assert_int_equal(route_find("GET", &t.path), ROUTE_COUNT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clean_targets_are_cut),
		cmocka_unit_test(hostile_targets_are_refused),
		cmocka_unit_test(dots_mean_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
