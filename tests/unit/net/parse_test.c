/* HTTP heads and URLs: what is taken, and what is refused. */
#include "shared/net/http_parse.h"
#include "shared/net/net.h"

#include "tests/unit/testing.h"

static enum errc request(struct arena *a, const char *text, struct http_head *ret)
{
	struct err e = ERR_NONE;

	return http_request_parse(a, span_str(text), ret, &e);
}

static void good_request(void **state)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct http_head h;
	uint64_t len = 1;
	struct err e = ERR_NONE;

	(void)state;
	assert_int_equal(request(a,
				 "POST /a%20b?x=1 HTTP/1.1\r\nHost: h\r\nX-One:  two \t\r\n"
				 "connection: keep-alive, Upgrade\r\nContent-Length: 12\r\n\r\n",
				 &h),
			 ERR_OK);
	assert_string_equal(h.method, "POST");
	assert_string_equal(h.target, "/a%20b?x=1");
	assert_int_equal(h.minor, 1);
	assert_int_equal(h.count, 4);
	assert_string_equal(http_head_get(&h, "x-oNE"), "two");
	assert_null(http_head_get(&h, "X"));
	assert_true(http_head_has_token(&h, "Connection", "upgrade"));
	assert_false(http_head_has_token(&h, "Connection", "keep"));
	assert_int_equal(http_content_length(&h, &len, &e), ERR_OK);
	assert_int_equal(len, 12);
}

static void bad_requests(void **state)
{
	static const char *const bad[] = {
		"",
		"GET / HTTP/1.1\r\n",
		"GET / HTTP/1.1\r\n\r\n", /* no host */
		"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
		"GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET / HTTP/1.1 \r\nHost: a\r\n\r\n",
		"GET / HTTP/2.0\r\nHost: a\r\n\r\n",
		"GET / http/1.1\r\nHost: a\r\n\r\n",
		"GET x HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /#x HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n",
		"G(T / HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET / HTTP/1.1\r\nHost : a\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nnonsense\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\n: empty\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nX: a\x02\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n",
		"GET / HTTP/1.1\nHost: a\n\n",
		"GET / HTTP/1.1\r\nHost: a\r\n\r\nmore",
	};
	AUTO_ARENA struct arena *a = arena_new();
	struct err e = ERR_NONE;
	struct http_head h;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (request(a, bad[i], &h) == ERR_OK)
			fail_msg("row %zu passed", i);
	}
	assert_int_equal(http_request_parse(a, SPAN_LIT("GET / HTTP/1.0\r\nX: \0\r\n\r\n"), &h, &e),
			 ERR_BAD_INPUT);
	assert_int_equal(request(a, "GET / HTTP/1.0\r\n\r\n", &h), ERR_OK); /* 1.0 has no host */
}

static void content_lengths(void **state)
{
	static const char *const bad[] = {
		"", "-1", "+1", "1 2", "0x1", "1,1", "9999999999999999"
	};
	AUTO_ARENA struct arena *a = arena_new();
	struct err e = ERR_NONE;
	struct http_head h;
	uint64_t n;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		const char *text = arena_printf(
			a, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: %s\r\n\r\n", bad[i]);

		assert_int_equal(request(a, text, &h), ERR_OK);
		assert_int_equal(http_content_length(&h, &n, &e), ERR_BAD_INPUT);
	}
	assert_int_equal(request(a,
				 "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
				 "Content-Length: 1\r\n\r\n",
				 &h),
			 ERR_OK);
	assert_int_equal(http_content_length(&h, &n, &e), ERR_BAD_INPUT);
}

static void many_fields(void **state)
{
	for (unsigned count = HTTP_FIELDS_MAX - 1; count <= HTTP_FIELDS_MAX + 1; count++) {
		AUTO_ARENA struct arena *a = arena_new();
		const char *text = "GET / HTTP/1.1\r\nHost: a\r\n";
		struct http_head h;

		for (unsigned i = 1; i < count; i++)
			text = arena_printf(a, "%sX: y\r\n", text);
		text = arena_printf(a, "%s\r\n", text);
		assert_int_equal(request(a, text, &h),
				 count > HTTP_FIELDS_MAX ? ERR_LIMIT : ERR_OK);
	}
	(void)state;
}

static void end_of_head(void **state)
{
	static const char text[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\nrest";
	size_t want = sizeof text - 1 - 4, got = 1;
	struct err e = ERR_NONE;

	(void)state;
	for (size_t seen = 0, len = 0; len < sizeof text; seen = len++) {
		assert_int_equal(http_head_end(span_of(text, len), seen, 1000, &got, &e), ERR_OK);
		assert_int_equal(got, len >= want ? want : 0);
		if (got)
			break;
	}
	assert_int_equal(http_head_end(SPAN_LIT("GET /\n"), 0, 1000, &got, &e), ERR_BAD_INPUT);
	assert_int_equal(http_head_end(SPAN_LIT("\n"), 0, 1000, &got, &e), ERR_BAD_INPUT);
	assert_int_equal(http_head_end(span_of(text, 20), 0, 20, &got, &e), ERR_LIMIT);
}

static void answers(void **state)
{
	static const char *const bad[] = { "",
					   "HTTP/1.1 101",
					   "HTTP/1.1 1x1 a\r\n\r\n",
					   "HTTP/1.1 099 a\r\n\r\n",
					   "HTTP/1.1 1010\r\n\r\n",
					   "HTTP/3 101 a\r\n\r\n" };
	AUTO_ARENA struct arena *a = arena_new();
	struct err e = ERR_NONE;
	struct http_head h;

	(void)state;
	assert_int_equal(
		http_answer_parse(a, SPAN_LIT("HTTP/1.1 101 Go on\r\nA: b\r\n\r\n"), &h, &e),
		ERR_OK);
	assert_int_equal(h.status, 101);
	assert_string_equal(http_head_get(&h, "a"), "b");
	assert_int_equal(http_answer_parse(a, SPAN_LIT("HTTP/1.0 200\r\n\r\n"), &h, &e), ERR_OK);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_not_equal(http_answer_parse(a, span_str(bad[i]), &h, &e), ERR_OK);
}

static void escapes(void **state)
{
	AUTO_ARENA struct arena *a = arena_new();

	(void)state;
	assert_string_equal(http_decode(a, SPAN_LIT("/a%2fB+%41"), false), "/a/B+A");
	assert_string_equal(http_decode(a, SPAN_LIT("a+b%2B"), true), "a b+");
	assert_null(http_decode(a, SPAN_LIT("a%4"), false));
	assert_null(http_decode(a, SPAN_LIT("a%"), false));
	assert_null(http_decode(a, SPAN_LIT("%zz"), false));
	assert_null(http_decode(a, SPAN_LIT("%00"), false));
}

static void urls(void **state)
{
	static const struct {
		const char *text, *host, *path;
		uint16_t port;
		bool tls;
	} good[] = {
		{ "wss://web.whatsapp.com/ws/chat", "web.whatsapp.com", "/ws/chat", 443, true },
		{ "ws://127.0.0.1:8080", "127.0.0.1", "/", 8080, false },
		{ "https://[::1]:1/x?y=%20", "::1", "/x?y=%20", 1, true },
		{ "http://UP.example?q", "up.example", "/?q", 80, false },
	};
	static const char *const bad[] = {
		"",           "ws:/h",       "WSS://h",     "ws://h:",   "ws://h:65536",
		"ws://h:1x/", "ws://[h]/",   "ws://[::1]x", "ws://a b/", "ws://h/\t",
		"ws://h/#f",  "ws://h\\@x/", "ws://h/\xff", "ws://:80/", "ws://a:b@c/"
	};
	struct net_url u;
	struct err e = ERR_NONE;
	char longer[2000];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_int_equal(net_url_parse(good[i].text, &u, &e), ERR_OK);
		assert_string_equal(u.host, good[i].host);
		assert_string_equal(u.path, good[i].path);
		assert_int_equal(u.port, good[i].port);
		assert_int_equal(u.tls, good[i].tls);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (net_url_parse(bad[i], &u, &e) == ERR_OK)
			fail_msg("%s passed", bad[i]);
	}
	memset(longer, 'a', sizeof longer);
	memcpy(longer, "ws://", 5);
	longer[5 + 256] = '\0';
	assert_int_equal(net_url_parse(longer, &u, &e), ERR_BAD_INPUT);
	memcpy(longer, "ws://h/", 7);
	longer[5 + 256] = 'a';
	longer[sizeof longer - 1] = '\0';
	assert_int_equal(net_url_parse(longer, &u, &e), ERR_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_request),    cmocka_unit_test(bad_requests),
		cmocka_unit_test(content_lengths), cmocka_unit_test(many_fields),
		cmocka_unit_test(end_of_head),     cmocka_unit_test(answers),
		cmocka_unit_test(escapes),         cmocka_unit_test(urls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
