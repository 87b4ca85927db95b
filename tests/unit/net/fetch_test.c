/* The HTTP client against our own server, plain and TLS. */
#include <stdlib.h>

#include "shared/base/xalloc.h"
#include "shared/net/fetch.h"

#include "tests/unit/net/support.h"

struct result {
	unsigned done;
	int status;
	struct err err;
	size_t len;
	uint8_t first[32];
	struct fetcher *free_in_done;
};

static void on_done(void *ctx, const struct fetch_answer *a, const struct err *e)
{
	struct result *r = ctx;

	r->done++;
	r->status = a->status;
	r->err = *e;
	r->len = a->body.len;
	if (a->body.len > 0)
		memcpy(r->first, a->body.at,
		       a->body.len < sizeof r->first ? a->body.len : sizeof r->first);
	if (r->free_in_done)
		fetcher_free(r->free_in_done);
}

static struct fetch *start(struct fetcher *f, struct result *r, const char *url, struct span body,
			   uint32_t timeout_ms)
{
	static const char *const headers[] = { "X-Test: 1", NULL };
	struct err e = ERR_NONE;
	struct fetch *t = NULL;

	assert_int_equal(fetch_start(f,
				     &(struct fetch_cfg){ .method = body.len ? "POST" : "GET",
							  .url = url,
							  .headers = headers,
							  .body = body,
							  .answer_max = 1 << 20,
							  .timeout_ms = timeout_ms },
				     on_done, r, &t, &e),
			 ERR_OK);
	return t;
}

static struct fetcher *fetcher_on(struct bed *b)
{
	struct err e = ERR_NONE;
	struct fetcher *f = NULL;

	assert_int_equal(fetcher_new(b->net, &f, &e), ERR_OK);
	return f;
}

static void get_and_post(void **state)
{
	static const char *const schemes[] = { "http", "https" };
	size_t big_len = 900000;
	uint8_t *big = xcalloc(1, big_len);
	struct fetcher *f;
	struct bed b;

	(void)state;
	memset(big, 'x', big_len);
	bed_open(&b, true);
	f = fetcher_on(&b);
	for (int i = 0; i < 2; i++) {
		struct result get = { 0 }, post = { 0 }, busy = { 0 };

		start(f, &get, bed_url(&b, schemes[i], "127.0.0.1", "/?q=a%20b+c"), SPAN_NONE,
		      10000);
		bed_run_count(&b, &get.done, 1);
		assert_int_equal(get.err.code, ERR_OK);
		assert_int_equal(get.status, 200);
		assert_int_equal(get.len, 5);
		assert_memory_equal(get.first, "a b c", 5);
		start(f, &post, bed_url(&b, schemes[i], "localhost", "/x"), span_of(big, big_len),
		      10000);
		bed_run_count(&b, &post.done, 1);
		assert_int_equal(post.err.code, ERR_OK);
		assert_int_equal(post.len, big_len);
		assert_memory_equal(post.first, big, sizeof post.first);
		start(f, &busy, bed_url(&b, schemes[i], "127.0.0.1", "/busy"), SPAN_NONE, 10000);
		bed_run_count(&b, &busy.done, 1);
		assert_int_equal(busy.err.code, ERR_OK);
		assert_int_equal(busy.status, 503);
	}
	fetcher_free(f);
	bed_close(&b);
	free(big);
}

static void failures_are_told(void **state)
{
	struct result refused = { 0 }, untrusted = { 0 }, late = { 0 }, large = { 0 };
	size_t len = (1 << 20) + 1;
	uint8_t *body = xcalloc(1, len);
	struct fetcher *f;
	struct bed b;

	(void)state;
	bed_open(&b, false); /* the server's CA is not known */
	f = fetcher_on(&b);
	start(f, &refused, "http://127.0.0.1:1/", SPAN_NONE, 10000);
	bed_run_count(&b, &refused.done, 1);
	assert_int_equal(refused.err.code, ERR_NETWORK);
	assert_int_equal(refused.status, 0);
	start(f, &untrusted, bed_url(&b, "https", "127.0.0.1", "/"), SPAN_NONE, 10000);
	bed_run_count(&b, &untrusted.done, 1);
	assert_int_equal(untrusted.err.code, ERR_TLS);
	start(f, &late, bed_url(&b, "http", "127.0.0.1", "/hold"), SPAN_NONE, 100);
	bed_run_count(&b, &late.done, 1);
	assert_int_equal(late.err.code, ERR_TIMEOUT);
	http_respond(b.held, 200, NULL, NULL, SPAN_NONE);
	start(f, &large, bed_url(&b, "http", "127.0.0.1", "/"), span_of(body, len), 10000);
	bed_run_count(&b, &large.done, 1);
	assert_int_equal(large.err.code, ERR_LIMIT);
	fetcher_free(f);
	bed_close(&b);
	free(body);
}

static void cancel_and_free(void **state)
{
	struct result cancelled = { 0 }, freed = { 0 }, closing = { 0 };
	struct fetch *t;
	struct fetcher *f;
	struct bed b;

	(void)state;
	bed_open(&b, true);
	f = fetcher_on(&b);
	t = start(f, &cancelled, bed_url(&b, "http", "127.0.0.1", "/hold"), SPAN_NONE, 10000);
	bed_run_count(&b, &b.requests, 1);
	fetch_cancel(t);
	http_respond(b.held, 200, NULL, NULL, SPAN_NONE);
	start(f, &freed, bed_url(&b, "https", "localhost", "/hold"), SPAN_NONE, 10000);
	closing.free_in_done = f;
	start(f, &closing, bed_url(&b, "http", "127.0.0.1", "/"), SPAN_NONE, 10000);
	bed_run_count(&b, &closing.done, 1);
	assert_int_equal(freed.done, 1);
	assert_int_equal(freed.err.code, ERR_CANCELLED);
	assert_int_equal(cancelled.done, 0);
	if (b.requests == 3)
		http_respond(b.held, 200, NULL, NULL, SPAN_NONE);
	bed_close(&b);
}

/* before it is freed: who still holds it is told so, and gets nothing started */
static void ended_starts_nothing(void **state)
{
	struct result held = { 0 };
	struct err e = ERR_NONE;
	struct fetch *t = NULL;
	struct fetcher *f;
	struct bed b;

	(void)state;
	bed_open(&b, false);
	f = fetcher_on(&b);
	start(f, &held, bed_url(&b, "http", "127.0.0.1", "/hold"), SPAN_NONE, 10000);
	bed_run_count(&b, &b.requests, 1);
	fetcher_end(f);
	assert_int_equal(held.done, 1);
	assert_int_equal(held.err.code, ERR_CANCELLED);
	assert_int_equal(
		fetch_start(f,
			    &(struct fetch_cfg){ .method = "GET",
						 .url = bed_url(&b, "http", "127.0.0.1", "/"),
						 .timeout_ms = 1000 },
			    on_done, &held, &t, &e),
		ERR_CANCELLED);
	assert_null(t);
	http_respond(b.held, 200, NULL, NULL, SPAN_NONE);
	fetcher_free(f);
	bed_close(&b);
	assert_int_equal(held.done, 1);
}

static void bad_requests(void **state)
{
	static const char *const split[] = { "X-A: 1\r\nX-B: 2", NULL };
	struct err e = ERR_NONE;
	struct fetch *t = NULL;
	struct fetcher *f;
	struct bed b;

	(void)state;
	bed_open(&b, true);
	f = fetcher_on(&b);
	assert_int_equal(fetch_start(f,
				     &(struct fetch_cfg){ .method = "GET",
							  .url = "file:///etc/passwd",
							  .timeout_ms = 1 },
				     on_done, NULL, &t, &e),
			 ERR_BAD_INPUT);
	assert_int_equal(fetch_start(f,
				     &(struct fetch_cfg){ .method = "GET",
							  .url = "http://h/",
							  .headers = split,
							  .timeout_ms = 1 },
				     on_done, NULL, &t, &e),
			 ERR_BAD_INPUT);
	assert_null(t);
	fetcher_free(f);
	bed_close(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(get_and_post),    cmocka_unit_test(failures_are_told),
		cmocka_unit_test(cancel_and_free), cmocka_unit_test(ended_starts_nothing),
		cmocka_unit_test(bad_requests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
