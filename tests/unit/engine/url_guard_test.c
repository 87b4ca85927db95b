/* Where requests for users may go: URLs, and addresses in every disguise. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "shared/base/macros.h"

#include "daemon/engine/url_guard.h"
#include "tests/unit/testing.h"

static struct url_guard *guard(const char *allow, const char *ports, bool http)
{
	struct err e = ERR_NONE;
	struct url_guard *g = NULL;

	if (url_guard_new(&(struct url_guard_cfg){ allow, ports, http }, &g, &e))
		fail_msg("%s", e.msg);
	return g;
}

static bool may_connect(const struct url_guard *g, const char *text)
{
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in v4 = { .sin_family = AF_INET };

	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
		return url_guard_may_connect(g, (const struct sockaddr *)&v4);
	assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
	return url_guard_may_connect(g, (const struct sockaddr *)&v6);
}

static void only_the_public_internet(void **state)
{
	static const char *const bad[] = {
		"0.0.0.0",
		"0.1.2.3",
		"10.0.0.1",
		"10.255.255.255",
		"100.64.0.1",
		"100.127.255.255",
		"127.0.0.1",
		"127.255.255.254",
		"169.254.169.254",
		"172.16.0.1",
		"172.31.255.255",
		"192.0.0.8",
		"192.0.2.1",
		"192.168.0.1",
		"198.18.0.1",
		"198.51.100.7",
		"203.0.113.9",
		"224.0.0.1",
		"239.1.2.3",
		"240.0.0.1",
		"255.255.255.255",
		"::",
		"::1",
		"::127.0.0.1",
		"fe80::1",
		"fec0::1",
		"fc00::1",
		"fd12:3456::1",
		"ff02::1",
		"2001:db8::1",
		"2001::1",
		"100::1",
		"3fff::1",
		"4000::1",
		"::ffff:127.0.0.1",
		"::ffff:10.0.0.1",
		"::ffff:169.254.169.254",
		"::ffff:0.0.0.0",
		"64:ff9b::127.0.0.1",
		"64:ff9b::10.1.1.1",
		"64:ff9b:1::127.0.0.1",
		"64:ff9b:1::8.8.8.8",
		"2002:7f00:1::",
		"2002:a9fe:a9fe::1",
		"2002:c0a8:1::1",
	};
	static const char *const good[] = {
		"8.8.8.8",        "9.255.255.255",    "11.0.0.0",        "100.63.255.255",
		"100.128.0.0",    "172.15.0.1",       "172.32.0.1",      "192.167.1.1",
		"192.169.1.1",    "223.255.255.255",  "2606:4700::1111", "2a00:1450::1",
		"::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1",
	};
	struct url_guard *g = guard(NULL, "443", false);
	struct sockaddr local = { .sa_family = AF_UNIX };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (may_connect(g, bad[i]))
			fail_msg("%s may be connected to", bad[i]);
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		if (!may_connect(g, good[i]))
			fail_msg("%s may not be connected to", good[i]);
	assert_false(url_guard_may_connect(g, &local));
	url_guard_free(g);
}

static void an_allowed_network_is_let_through(void **state)
{
	struct url_guard *g = guard(" 10.1.0.0/16,fd00:1::/32 , 127.0.0.1", "443", false);

	(void)state;
	assert_true(may_connect(g, "10.1.255.1"));
	assert_true(may_connect(g, "::ffff:10.1.0.1"));
	assert_true(may_connect(g, "64:ff9b::10.1.0.1"));
	assert_true(may_connect(g, "2002:a01:1::"));
	assert_true(may_connect(g, "fd00:1:ffff::1"));
	assert_true(may_connect(g, "127.0.0.1"));
	assert_false(may_connect(g, "10.2.0.1"));
	assert_false(may_connect(g, "fd00:2::1"));
	assert_false(may_connect(g, "127.0.0.2"));
	assert_false(may_connect(g, "::1"));
	url_guard_free(g);
	g = guard("::/0", "443", false); /* everything */
	assert_true(may_connect(g, "127.0.0.1"));
	assert_true(may_connect(g, "fe80::1"));
	url_guard_free(g);
}

static void check(const struct url_guard *g, const char *url, bool good)
{
	struct err e = ERR_NONE;
	enum errc rc = url_guard_check(g, url, &e);

	if (good != (rc == ERR_OK) || (rc && rc != ERR_BAD_PARAMS))
		fail_msg("%s: %s", url, rc ? e.msg : "is taken");
}

static void urls(void **state)
{
	static const char *const bad[] = {
		"",
		"example.com",
		"ftp://example.com/",
		"file:///etc/passwd",
		"gopher://h/",
		"ws://h/",
		"http://example.com/",
		"HTTPS://example.com/",
		"https://",
		"https:///x",
		"https://h:0/",
		"https://h:22/",
		"https://h:4430/",
		"https://h:70000/",
		"https://h:443x/",
		"https://h: 443/",
		"https://user@example.com/",
		"https://user:pass@example.com/",
		"https://1:443@example.com/",
		"https://example.com\\@127.0.0.1/",
		"https://example.com#@127.0.0.1/",
		"https://h/a b",
		"https://h/\r\nHost: x",
		"https://h/\xc3\xa4",
		"https://h%2e/",
		"https://127.0.0.1/",
		"https://2130706433/",
		"https://0x7f.1/",
		"https://0177.0.0.1/",
		"https://0/",
		"https://[::1]/",
		"https://[::ffff:127.0.0.1]/",
		"https://[::ffff:7f00:1]/",
		"https://[64:ff9b::7f00:1]/",
		"https://[fe80::1%25eth0]/",
		"https://[fe80::1]/",
		"https://169.254.169.254/latest/meta-data/",
		"https://10.0.0.8:8443/",
	};
	static const char *const good[] = {
		"https://example.com",
		"https://example.com/",
		"https://example.com:8443/hook?x=1",
		"https://localhost/", /* a name: judged when it is connected to */
		"https://8.8.8.8/",
		"https://[2606:4700::1111]:8500/",
	};
	struct url_guard *g = guard(NULL, "443,8443 8500-8510", false);
	char longest[URL_GUARD_URL_MAX + 2];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		check(g, bad[i], false);
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		check(g, good[i], true);
	memset(longest, 'x', sizeof longest);
	memcpy(longest, "https://h/", 10);
	longest[URL_GUARD_URL_MAX] = '\0';
	check(g, longest, true);
	longest[URL_GUARD_URL_MAX] = 'x';
	longest[URL_GUARD_URL_MAX + 1] = '\0';
	check(g, longest, false);
	url_guard_free(g);
	g = guard("127.0.0.0/8", "1-65535", true);
	check(g, "http://127.0.0.1:1234/x", true);
	check(g, "http://127.0.0.1/", true);
	check(g, "http://user@127.0.0.1/", false);
	url_guard_free(g);
}

static void bad_lists_are_named(void **state)
{
	static const char *const allow[] = {
		"10.0.0.0/33",
		"10.0.0.1/8",
		"10.0.0.0/",
		"10.0.0.0/-1",
		"10.0.0/8",
		"::/129",
		"fd00::1/8",
		"example.com",
		"10.0.0.0/8/8",
		"10.0.0.0/ 8",
		"fe80::1%eth0/64",
		"10.0.0.0/+8",
		"127.0.0.1000000000000000000000000000000000000000000000000000000000000",
	};
	static const char *const ports[] = { "0",     "65536",    "80-",  "-80",
					     "90-80", "80-81-82", "http", "1234567" };
	char many[(URL_GUARD_RANGES_MAX + 2) * 11] = "";
	struct url_guard *g = NULL;
	struct err e = ERR_NONE;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(allow); i++) {
		e = ERR_NONE;
		if (url_guard_new(&(struct url_guard_cfg){ allow[i], "443", false }, &g, &e) !=
			    ERR_CONFIG ||
		    strncmp(e.msg, "webhook.allow: ", 15) != 0)
			fail_msg("'%s': '%s'", allow[i], e.msg);
	}
	for (size_t i = 0; i < ARRAY_LEN(ports); i++) {
		e = ERR_NONE;
		if (url_guard_new(&(struct url_guard_cfg){ NULL, ports[i], false }, &g, &e) !=
			    ERR_CONFIG ||
		    strncmp(e.msg, "webhook.ports: ", 15) != 0)
			fail_msg("'%s': '%s'", ports[i], e.msg);
	}
	for (int i = 0; i <= URL_GUARD_RANGES_MAX; i++)
		strncat(many, "10.0.0.0/8 ", sizeof many - strlen(many) - 1);
	assert_int_equal(url_guard_new(&(struct url_guard_cfg){ many, "443", false }, &g, &e),
			 ERR_CONFIG);
	assert_null(g);
	g = guard("", "", false); /* nothing is allowed: no port is */
	check(g, "https://example.com/", false);
	url_guard_free(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_public_internet),
		cmocka_unit_test(an_allowed_network_is_let_through),
		cmocka_unit_test(urls),
		cmocka_unit_test(bad_lists_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
