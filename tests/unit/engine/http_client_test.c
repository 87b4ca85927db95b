/* Requests for users, against our own server: where they may not go nothing arrives. */
#include <stdlib.h>
#include <string.h>

#include "daemon/engine/http_client.h"
#include "tests/unit/net/support.h"

struct result {
	unsigned done;
	int status;
	uint32_t retry_after_s;
	struct err err;
	size_t len;
	char type[32];
};

static void on_done(void *ctx, const struct fetch_answer *a, const struct err *e)
{
	struct result *r = ctx;

	r->done++;
	r->status = a->status;
	r->retry_after_s = a->retry_after_s;
	r->err = *e;
	r->len = a->body.len;
	snprintf(r->type, sizeof r->type, "%s", a->content_type ? a->content_type : "");
}

static struct http_client *client_on(struct bed *b, const char *allow, const char *ca_file)
{
	struct http_client_cfg cfg = { &b->loop, { allow, "1-65535", true }, ca_file };
	struct http_client *c = NULL;
	struct err e = ERR_NONE;

	if (http_client_new(&cfg, &c, &e))
		fail_msg("%s", e.msg);
	return c;
}

static struct result get(struct bed *b, struct http_client *c, struct fetch_cfg cfg)
{
	struct result r = { 0 };
	struct err e = ERR_NONE;

	cfg.method = cfg.method ? cfg.method : "GET";
	cfg.answer_max = cfg.answer_max ? cfg.answer_max : 4096;
	if (http_client_start(c, &cfg, on_done, &r, &e))
		fail_msg("%s", e.msg);
	bed_run_count(b, &r.done, 1);
	return r;
}

static void an_allowed_server_answers(void **state)
{
	struct http_client *c;
	struct result r;
	struct bed b;

	(void)state;
	bed_open(&b, false);
	c = client_on(&b, "127.0.0.0/8, ::1", b.ca);
	r = get(&b, c, (struct fetch_cfg){ .url = bed_url(&b, "https", "localhost", "/?q=hello") });
	assert_int_equal(r.err.code, ERR_OK);
	assert_int_equal(r.status, 200);
	assert_int_equal(r.len, 5);
	assert_string_equal(r.type, "text/plain");
	r = get(&b, c, (struct fetch_cfg){ .url = bed_url(&b, "http", "127.0.0.1", "/busy") });
	assert_int_equal(r.status, 503);
	assert_int_equal(r.retry_after_s, 7);
	r = get(&b, c, (struct fetch_cfg){ .url = bed_url(&b, "http", "127.0.0.1", "/redirect") });
	assert_int_equal(r.status, 302); /* not followed */
	assert_int_equal(b.requests, 3);
	http_client_free(c);
	bed_close(&b);
}

static void nothing_arrives_where_it_may_not_go(void **state)
{
	struct http_client *c;
	struct err e = ERR_NONE;
	struct result r;
	struct bed b;

	(void)state;
	bed_open(&b, false);
	c = client_on(&b, NULL, NULL);
	r = get(&b, c, (struct fetch_cfg){ .url = bed_url(&b, "http", "localhost", "/") });
	assert_int_equal(r.err.code, ERR_FORBIDDEN);
	assert_int_equal(r.status, 0);
	assert_int_equal(
		http_client_start(c,
				  &(struct fetch_cfg){ .method = "GET",
						       .url = bed_url(&b, "http", "127.0.0.1", "/"),
						       .answer_max = 1 },
				  on_done, NULL, &e),
		ERR_BAD_PARAMS);
	assert_int_equal(b.requests, 0);
	http_client_free(c);
	bed_close(&b);
}

static void a_long_answer_is_cut_or_refused(void **state)
{
	static uint8_t body[100000];
	struct fetch_cfg cfg = { .method = "POST", .body = span_of(body, sizeof body) };
	struct http_client *c;
	struct result r;
	struct bed b;

	(void)state;
	bed_open(&b, false);
	c = client_on(&b, "127.0.0.0/8", NULL);
	cfg.url = bed_url(&b, "http", "127.0.0.1", "/");
	r = get(&b, c, cfg);
	assert_int_equal(r.err.code, ERR_LIMIT);
	cfg.cut_answer = true;
	r = get(&b, c, cfg);
	assert_int_equal(r.err.code, ERR_OK);
	assert_int_equal(r.status, 200);
	assert_int_equal(r.len, 4096);
	http_client_free(c);
	bed_close(&b);
}

static void it_takes_so_many_and_so_long(void **state)
{
	struct result many[HTTP_CLIENT_MAX] = { 0 }, late;
	struct fetch_cfg cfg = { .method = "GET", .answer_max = 1 };
	struct http_client *c;
	struct err e = ERR_NONE;
	struct bed b;

	(void)state;
	bed_open(&b, false);
	c = client_on(&b, "127.0.0.0/8", NULL);
	cfg.url = bed_url(&b, "http", "127.0.0.1", "/hold");
	cfg.timeout_ms = 100;
	late = get(&b, c, cfg);
	assert_int_equal(late.err.code, ERR_TIMEOUT);
	http_respond(b.held, 200, NULL, NULL, SPAN_NONE);
	cfg.url = "http://127.0.0.1:1/"; /* nobody there; not before the loop turns */
	for (int i = 0; i < HTTP_CLIENT_MAX; i++)
		assert_int_equal(http_client_start(c, &cfg, on_done, &many[i], &e), ERR_OK);
	assert_true(http_client_is_full(c));
	assert_int_equal(http_client_start(c, &cfg, on_done, NULL, &e), ERR_BUSY);
	for (int i = 0; i < HTTP_CLIENT_MAX / 2; i++)
		bed_run_count(&b, &many[i].done, 1);
	assert_false(http_client_is_full(c));
	assert_int_equal(many[0].err.code, ERR_NETWORK);
	http_client_free(c);
	bed_close(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_allowed_server_answers),
		cmocka_unit_test(nothing_arrives_where_it_may_not_go),
		cmocka_unit_test(a_long_answer_is_cut_or_refused),
		cmocka_unit_test(it_takes_so_many_and_so_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
