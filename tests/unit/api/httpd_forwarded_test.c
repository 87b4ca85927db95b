#include <string.h>

#include "shared/base/macros.h"
#include "shared/base/wr.h"

#include "daemon/api/httpd_forwarded.h"
#include "tests/unit/testing.h"

static struct forwarded_nets nets_of(const char *text)
{
	struct forwarded_nets n;
	struct err e = ERR_NONE;

	assert_int_equal(forwarded_nets_parse(text, &n, &e), ERR_OK);
	return n;
}

static void the_first_that_is_no_proxy_calls(void **state)
{
	static const struct {
		const char *peer, *list, *client;
	} cases[] = {
		{ "198.51.100.1", "203.0.113.1", "198.51.100.1" }, /* not trusted: not believed */
		{ "127.0.0.1", NULL, "127.0.0.1" },
		{ "127.0.0.1", "", "127.0.0.1" },
		{ "127.0.0.1", "203.0.113.1", "203.0.113.1" },
		{ "127.0.0.1", "1.1.1.1, 203.0.113.1", "203.0.113.1" }, /* the caller's own words */
		{ "127.0.0.1", "203.0.113.1, 10.9.9.9", "203.0.113.1" },
		{ "10.1.1.1", "203.0.113.1:4711 ,10.9.9.9", "203.0.113.1" },
		{ "::1", "[2001:db8::7]:443", "2001:db8::7" },
		{ "::1", "2001:db8::7", "2001:db8::7" },
		{ "::ffff:10.1.1.1", "203.0.113.1", "203.0.113.1" },
		{ "127.0.0.1", "10.0.0.1, 10.0.0.2", "10.0.0.1" }, /* proxies all the way */
		{ "127.0.0.1", "203.0.113.1, unknown, 10.0.0.2", "10.0.0.2" },
		{ "127.0.0.1", "203.0.113.1, ", "127.0.0.1" },
		{ "127.0.0.1", "for=203.0.113.1", "127.0.0.1" },
		{ "127.0.0.1", "[203.0.113.1", "127.0.0.1" },
		{ "127.0.0.1", "fe80::1%eth0", "127.0.0.1" },
		{ "127.0.0.1", "0x7f.1", "127.0.0.1" },
		{ "", "203.0.113.1", "" },
	};
	struct forwarded_nets n = nets_of("127.0.0.1, ::1 ,10.0.0.0/8");
	AUTO_ARENA struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *got = forwarded_client(&n, cases[i].peer, cases[i].list, a);

		if (strcmp(got, cases[i].client) != 0)
			fail_msg("%s through %s: %s", cases[i].list, cases[i].peer, got);
	}
}

static void networks_are_prefixes(void **state)
{
	struct forwarded_nets n = nets_of("192.0.2.128/25,2001:db8::/33"),
			      all = nets_of("0.0.0.0/0");
	struct forwarded_nets none = nets_of(NULL);

	(void)state;
	assert_true(forwarded_nets_have(&n, "192.0.2.128"));
	assert_true(forwarded_nets_have(&n, "192.0.2.255"));
	assert_false(forwarded_nets_have(&n, "192.0.2.127"));
	assert_true(forwarded_nets_have(&n, "2001:db8:7fff::1"));
	assert_false(forwarded_nets_have(&n, "2001:db8:8000::1"));
	assert_true(forwarded_nets_have(&all, "8.8.8.8"));
	assert_false(forwarded_nets_have(&all, "2001:db8::1"));
	assert_false(forwarded_nets_have(&none, "127.0.0.1"));
}

static void wrong_networks_are_refused(void **state)
{
	static const char *const cases[] = { "x",           "10.0.0.0/33",  "10.0.0.0/",
					     "10.0.0.0/-1", "::/129",       "1.2.3",
					     "10.0.0.0/8x", "10.0.0.0/8/8", "host:80",
					     "[::1]",       "10.0.0.0/ 8" };
	struct wr w;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct forwarded_nets n;
		struct err e = ERR_NONE;

		if (forwarded_nets_parse(cases[i], &n, &e) != ERR_CONFIG)
			fail_msg("'%s' was taken", cases[i]);
	}
	wr_init(&w, 4096);
	for (int i = 0; i < FORWARDED_NETS_MAX + 1; i++)
		wr_str(&w, "10.0.0.1,");
	wr_u8(&w, 0);
	{
		struct forwarded_nets n;
		struct err e = ERR_NONE;

		assert_int_equal(forwarded_nets_parse((const char *)w.buf, &n, &e), ERR_CONFIG);
	}
	wr_done(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_that_is_no_proxy_calls),
		cmocka_unit_test(networks_are_prefixes),
		cmocka_unit_test(wrong_networks_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
