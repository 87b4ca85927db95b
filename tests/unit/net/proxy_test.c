/* Addresses of proxies, and the talk with one on fixed bytes: whole, byte by byte, and with proxies that
 * break the rules. */
#include <stdlib.h>
#include <string.h>

#include "shared/base/xalloc.h"
#include "shared/net/proxy.h"

#include "tests/unit/testing.h"

static void addresses(void **state)
{
	static const struct {
		const char *text, *user, *password, *shown;
	} good[] = {
		{ "socks5://127.0.0.1:1080", "", "", "socks5://127.0.0.1:1080" },
		{ "socks5://u:p@Proxy.example.com:9050/", "u", "p",
		  "socks5://proxy.example.com:9050" },
		{ "http://me:a%3Ab%40c@[2001:db8::1]:8080", "me", "a:b@c",
		  "http://[2001:db8::1]:8080" },
		{ "socks5://a%3Ab:x@y/z@h:1", "a:b", "x@y/z", "socks5://h:1" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct proxy p;
		struct err e = ERR_NONE;
		char shown[PROXY_SHOWN_MAX];

		assert_int_equal(proxy_parse(good[i].text, &p, &e), ERR_OK);
		assert_string_equal(p.user, good[i].user);
		assert_string_equal(p.password, good[i].password);
		proxy_shown(&p, shown);
		assert_string_equal(shown, good[i].shown);
	}
}

static void bad_addresses(void **state)
{
	static const char *const bad[] = {
		"",
		"h:1",
		"socks4://h:1",
		"https://h:1",
		"ftp://h:1",
		"SOCKS5://h:1",
		"socks5://",
		"socks5://h",
		"socks5://[::1]",
		"socks5://[::1:1080",
		"socks5://h:0",
		"socks5://h:65536",
		"socks5://h:1/path",
		"socks5://h:1?q",
		"socks5://h:1#f",
		"socks5://h:1\r\nX: y",
		"socks5://geheim@h:1",
		"socks5://:geheim@h:1",
		"socks5://u:@h:1",
		"socks5://@h:1",
		"socks5://u:geheim%0d@h:1",
		"socks5://u:geheim%00@h:1",
		"socks5://u:geheim%4@h:1",
		"socks5://u:geheim\x7f@h:1",
		"http://a%3Ab:geheim@h:1",
		"http://u:geheim@h o:1",
	};
	char longer[PROXY_ADDRESS_MAX + 2] = "socks5://u:";

	(void)state;
	for (size_t i = 0; i <= ARRAY_LEN(bad); i++) {
		struct proxy p = { .port = 7 };
		struct err e = ERR_NONE;
		const char *text = i < ARRAY_LEN(bad) ? bad[i] : longer;

		if (text == longer)
			memset(longer + 11, 'x', sizeof longer - 12);
		assert_int_not_equal(proxy_parse(text, &p, &e), ERR_OK);
		assert_int_equal(p.port, 7); /* untouched */
		assert_null(strstr(e.msg, "geheim"));
	}
	memcpy(longer + 11 + 256, "@h:1", 5); /* one over what SOCKS can say */
	assert_int_not_equal(proxy_parse(longer, &(struct proxy){ 0 }, &(struct err){ 0 }), ERR_OK);
	memcpy(longer + 11 + 255, "@h:1", 5);
	assert_int_equal(proxy_parse(longer, &(struct proxy){ 0 }, &(struct err){ 0 }), ERR_OK);
}

/* ---- the talk ---- */

struct act {
	struct span hear, say; /* what the proxy says, and what is said then */
};

struct scene {
	const char *address, *host;
	struct act acts[5]; /* the first has nothing to hear */
	size_t len;
	enum errc end;
	const char *why; /* within the message */
};

/* in pieces of at most `piece` bytes */
static void play(const struct scene *s, size_t piece)
{
	struct proxy p;
	struct err e = ERR_NONE;
	struct proxy_talk *t;
	enum errc rc = ERR_OK;
	bool open = false;

	assert_int_equal(proxy_parse(s->address, &p, &e), ERR_OK);
	t = proxy_talk_new(&p, s->host, 443);
	for (size_t i = 0; i < s->len && rc == ERR_OK; i++) {
		struct span hear = s->acts[i].hear;
		struct wr out;

		wr_init(&out, PROXY_SAID_MAX);
		assert_false(open);
		do {
			size_t n = hear.len < piece ? hear.len : piece;

			rc = proxy_talk_step(t, span_of(hear.at, n), &out, &open, &e);
			if (n)
				hear = span_of(hear.at + n, hear.len - n);
		} while (hear.len > 0 && rc == ERR_OK && !open);
		assert_false(out.bad);
		if (rc == ERR_OK) {
			assert_int_equal(out.len, s->acts[i].say.len);
			if (out.len)
				assert_memory_equal(out.buf, s->acts[i].say.at, out.len);
		}
		wr_done(&out);
	}
	assert_int_equal(rc, s->end);
	assert_int_equal(open, s->end == ERR_OK);
	if (s->why)
		assert_non_null(strstr(e.msg, s->why));
	assert_null(strstr(e.msg, "geheim"));
	proxy_talk_free(t);
}

#define S(text)                                           \
	{                                                 \
		(const uint8_t *)(text), sizeof(text) - 1 \
	}
#define NOTHING         \
	{               \
		NULL, 0 \
	}
#define HELLO_OPEN                   \
	{                            \
		NOTHING, S("\5\1\0") \
	}
#define HELLO_LOGIN                    \
	{                              \
		NOTHING, S("\5\2\0\2") \
	}
#define ASK_NAME S("\5\1\0\3\4host\1\xbb")
#define LOGIN S("\1\2me\6geheim")
#define CONNECT_HOST "CONNECT host:443 HTTP/1.1\r\nHost: host:443\r\n"

#define OPEN_PROXY "socks5://p:1080"
#define LOGIN_PROXY "socks5://me:geheim@p:1080"
#define HTTP_PROXY "http://p:3128"
#define HTTP_LOGIN_PROXY "http://me:geheim@p:3128"

static const struct scene scenes[] = {
	/* the proxy looks the name up */
	{ OPEN_PROXY,
	  "host",
	  { HELLO_OPEN, { S("\5\0"), ASK_NAME }, { S("\5\0\0\1\1\2\3\4\0\7"), NOTHING } },
	  3,
	  ERR_OK,
	  NULL },
	{ LOGIN_PROXY,
	  "host",
	  { HELLO_LOGIN,
	    { S("\5\2"), LOGIN },
	    { S("\1\0"), ASK_NAME },
	    { S("\5\0\0\3\3abc\0\7"), NOTHING } },
	  4,
	  ERR_OK,
	  NULL },
	{ LOGIN_PROXY, /* it does without */
	  "host",
	  { HELLO_LOGIN,
	    { S("\5\0"), ASK_NAME },
	    { S("\5\0\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), NOTHING } },
	  3,
	  ERR_OK,
	  NULL },
	{ OPEN_PROXY,
	  "10.1.2.3",
	  { HELLO_OPEN,
	    { S("\5\0"), S("\5\1\0\1\12\1\2\3\1\xbb") },
	    { S("\5\0\0\3\0\0\0"), NOTHING } },
	  3,
	  ERR_OK,
	  NULL },
	{ OPEN_PROXY,
	  "::1",
	  { HELLO_OPEN,
	    { S("\5\0"), S("\5\1\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\1\xbb") },
	    { S("\5\0\0\1\0\0\0\0\0\0"), NOTHING } },
	  3,
	  ERR_OK,
	  NULL },
	{ HTTP_PROXY,
	  "host",
	  { { NOTHING, S(CONNECT_HOST "\r\n") },
	    { S("HTTP/1.1 200 Connection established\r\n\r\n"), NOTHING } },
	  2,
	  ERR_OK,
	  NULL },
	{ HTTP_PROXY,
	  "::1",
	  { { NOTHING, S("CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]:443\r\n\r\n") },
	    { S("HTTP/1.0 204 x\r\nVia: y\r\n\r\n"), NOTHING } },
	  2,
	  ERR_OK,
	  NULL },
	{ HTTP_LOGIN_PROXY,
	  "host",
	  { { NOTHING, S(CONNECT_HOST "Proxy-Authorization: Basic bWU6Z2VoZWlt\r\n\r\n") },
	    { S("HTTP/1.1 200 OK\r\n\r\n"), NOTHING } },
	  2,
	  ERR_OK,
	  NULL },
	/* refusals */
	{ LOGIN_PROXY,
	  "host",
	  { HELLO_LOGIN, { S("\5\2"), LOGIN }, { S("\1\1"), NOTHING } },
	  3,
	  ERR_PEER,
	  "refused the user" },
	{ LOGIN_PROXY,
	  "host",
	  { HELLO_LOGIN, { S("\5\xff"), NOTHING } },
	  2,
	  ERR_PEER,
	  "takes no user" },
	{ OPEN_PROXY,
	  "host",
	  { HELLO_OPEN, { S("\5\xff"), NOTHING } },
	  2,
	  ERR_PEER,
	  "wants a user" },
	{ OPEN_PROXY,
	  "host",
	  { HELLO_OPEN, { S("\5\0"), ASK_NAME }, { S("\5\5"), NOTHING } },
	  3,
	  ERR_NETWORK,
	  "was refused" },
	{ OPEN_PROXY,
	  "host",
	  { HELLO_OPEN, { S("\5\0"), ASK_NAME }, { S("\5\xee"), NOTHING } },
	  3,
	  ERR_NETWORK,
	  "does not say" },
	{ HTTP_LOGIN_PROXY,
	  "host",
	  { { NOTHING, S(CONNECT_HOST "Proxy-Authorization: Basic bWU6Z2VoZWlt\r\n\r\n") },
	    { S("HTTP/1.1 407 geheim\r\n\r\n"), NOTHING } },
	  2,
	  ERR_PEER,
	  "refused the user" },
	{ HTTP_PROXY,
	  "host",
	  { { NOTHING, S(CONNECT_HOST "\r\n") }, { S("HTTP/1.1 407 x\r\n\r\n"), NOTHING } },
	  2,
	  ERR_PEER,
	  "wants a user" },
	{ HTTP_PROXY,
	  "host",
	  { { NOTHING, S(CONNECT_HOST "\r\n") }, { S("HTTP/1.1 502 x\r\n\r\n"), NOTHING } },
	  2,
	  ERR_NETWORK,
	  "502" },
	{ HTTP_PROXY,
	  "host",
	  { { NOTHING, S(CONNECT_HOST "\r\n") }, { S("HTTP/1.1 100 x\r\n\r\n"), NOTHING } },
	  2,
	  ERR_NETWORK,
	  "100" },
	/* what is no answer */
	{ OPEN_PROXY,
	  "host",
	  { HELLO_OPEN, { S("HTTP/1.1 400 x\r\n\r\n"), NOTHING } },
	  2,
	  ERR_BAD_INPUT,
	  "not speak" },
	{ OPEN_PROXY, "host", { HELLO_OPEN, { S("\4"), NOTHING } }, 2, ERR_BAD_INPUT, "not speak" },
	{ OPEN_PROXY,
	  "host",
	  { HELLO_OPEN, { S("\5\2"), NOTHING } },
	  2,
	  ERR_BAD_INPUT,
	  "not offered" },
	{ LOGIN_PROXY,
	  "host",
	  { HELLO_LOGIN, { S("\5\1"), NOTHING } },
	  2,
	  ERR_BAD_INPUT,
	  "not offered" },
	{ LOGIN_PROXY,
	  "host",
	  { HELLO_LOGIN, { S("\5\2"), LOGIN }, { S("\5\0"), NOTHING } },
	  3,
	  ERR_BAD_INPUT,
	  "login" },
	{ OPEN_PROXY,
	  "host",
	  { HELLO_OPEN, { S("\5\0"), ASK_NAME }, { S("\4\0"), NOTHING } },
	  3,
	  ERR_BAD_INPUT,
	  "malformed" },
	{ OPEN_PROXY,
	  "host",
	  { HELLO_OPEN, { S("\5\0"), ASK_NAME }, { S("\5\0\0\2"), NOTHING } },
	  3,
	  ERR_BAD_INPUT,
	  "malformed" },
	{ HTTP_PROXY,
	  "host",
	  { { NOTHING, S(CONNECT_HOST "\r\n") }, { S("\5\0\r\n\r\n"), NOTHING } },
	  2,
	  ERR_BAD_INPUT,
	  "proxy: " },
	{ HTTP_PROXY,
	  "host",
	  { { NOTHING, S(CONNECT_HOST "\r\n") }, { S("HTTP/1.1 200 x\n\n"), NOTHING } },
	  2,
	  ERR_BAD_INPUT,
	  "line feed" },
};

static void talks(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(scenes); i++) {
		play(&scenes[i], SIZE_MAX);
		play(&scenes[i], 1);
		play(&scenes[i], 3);
	}
}

static struct proxy_talk *begun(const char *address)
{
	struct proxy p;
	struct err e = ERR_NONE;
	struct proxy_talk *t;
	struct wr out;
	bool open;

	assert_int_equal(proxy_parse(address, &p, &e), ERR_OK);
	t = proxy_talk_new(&p, "host", 443);
	wr_init(&out, PROXY_SAID_MAX);
	assert_int_equal(proxy_talk_step(t, SPAN_NONE, &out, &open, &e), ERR_OK);
	wr_done(&out);
	return t;
}

static enum errc feed(struct proxy_talk *t, struct span in, bool *open)
{
	struct err e = ERR_NONE;
	struct wr out;
	enum errc rc;

	wr_init(&out, PROXY_SAID_MAX);
	rc = proxy_talk_step(t, in, &out, open, &e);
	wr_done(&out);
	return rc;
}

/* nothing may hide behind an answer: the host speaks only after us */
static void more_than_an_answer(void **state)
{
	struct proxy_talk *t = begun(HTTP_PROXY);
	bool open;

	(void)state;
	assert_int_equal(feed(t, SPAN_LIT("HTTP/1.1 200 OK\r\n\r\nX"), &open), ERR_BAD_INPUT);
	assert_false(open);
	proxy_talk_free(t);
	t = begun(OPEN_PROXY);
	assert_int_equal(feed(t, SPAN_LIT("\5\0\5\0\0\1\0\0\0\0\0\0X"), &open), ERR_BAD_INPUT);
	assert_false(open);
	proxy_talk_free(t);
}

/* a head that does not end, at once and bit by bit */
static void endless_answers(void **state)
{
	AUTO_FREE char *junk = xmalloc(PROXY_ANSWER_MAX + 1);
	struct proxy_talk *t;
	enum errc rc = ERR_OK;
	size_t fed = 0;
	bool open;

	(void)state;
	memset(junk, 'a', PROXY_ANSWER_MAX + 1);
	memcpy(junk, "HTTP/1.1 200 ", 13);
	t = begun(HTTP_PROXY);
	assert_int_equal(feed(t, span_of(junk, PROXY_ANSWER_MAX + 1), &open), ERR_LIMIT);
	proxy_talk_free(t);
	t = begun(HTTP_PROXY);
	for (; rc == ERR_OK && fed <= PROXY_ANSWER_MAX; fed++)
		rc = feed(t, span_of(junk + fed, 1), &open);
	assert_int_equal(rc, ERR_LIMIT);
	assert_in_range(fed, PROXY_ANSWER_MAX, PROXY_ANSWER_MAX + 1);
	proxy_talk_free(t);
}

/* what the longest user, password and host need is not cut */
static void all_fits(void **state)
{
	struct proxy p = { .kind = PROXY_HTTP, .port = 1 };
	char host[256];

	(void)state;
	memset(p.user, 'u', 255);
	memset(p.password, 'p', 255);
	memset(host, 'h', 255);
	host[255] = '\0';
	for (int kind = PROXY_SOCKS5; kind <= PROXY_HTTP; kind++) {
		struct proxy_talk *t;
		struct err e = ERR_NONE;
		struct wr out;
		bool open;

		p.kind = (enum proxy_kind)kind;
		t = proxy_talk_new(&p, host, 65535);
		wr_init(&out, PROXY_SAID_MAX);
		assert_int_equal(proxy_talk_step(t, SPAN_NONE, &out, &open, &e), ERR_OK);
		if (kind == PROXY_SOCKS5)
			assert_int_equal(proxy_talk_step(t, SPAN_LIT("\5\2\1\0"), &out, &open, &e),
					 ERR_OK);
		assert_false(out.bad);
		assert_int_equal(out.len, kind == PROXY_SOCKS5
						  ? 4 + 513 + 262
						  : 8 + 261 + 17 + 261 + 2 + 27 + 684 + 4);
		wr_done(&out);
		proxy_talk_free(t);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses),       cmocka_unit_test(bad_addresses),
		cmocka_unit_test(talks),           cmocka_unit_test(more_than_an_answer),
		cmocka_unit_test(endless_answers), cmocka_unit_test(all_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
