/* WebSocket over real loopback sockets, plain and TLS, both roles. */
#include <stdlib.h>

#include "shared/base/xalloc.h"

#include "tests/unit/net/support.h"

struct peer {
	struct ws *ws;
	bool open, closed;
	unsigned closes, messages;
	size_t bytes;
	uint8_t last[64];
	struct err why;
	unsigned *opened_count, *closed_count;
};

static void peer_on_open(void *ctx, struct ws *ws)
{
	struct peer *p = ctx;

	p->ws = ws;
	p->open = true;
	if (p->opened_count)
		++*p->opened_count;
}

static void peer_on_message(void *ctx, struct ws *ws, uint8_t *at, size_t len)
{
	struct peer *p = ctx;

	(void)ws;
	assert_false(p->closed);
	p->messages++;
	p->bytes += len;
	memcpy(p->last, at, len < sizeof p->last ? len : sizeof p->last);
	memset(at, 0, len); /* the bytes may be changed in place */
}

static void peer_on_close(void *ctx, struct ws *ws, const struct err *why)
{
	struct peer *p = ctx;

	(void)ws;
	p->closed = true;
	p->closes++;
	p->ws = NULL;
	p->why = *why;
	if (p->closed_count)
		++*p->closed_count;
}

static const struct ws_handler peer_handler = { peer_on_open, peer_on_message, peer_on_close };

static void peer_dial(struct bed *b, struct peer *p, const char *url, uint32_t timeout_ms)
{
	struct err e = ERR_NONE;

	assert_int_equal(ws_connect(b->net,
				    &(struct ws_connect_cfg){ .url = url,
							      .origin = "https://web.whatsapp.com",
							      .user_agent = "test",
							      .timeout_ms = timeout_ms },
				    &peer_handler, p, &p->ws, &e),
			 ERR_OK);
}

static void peer_send(struct peer *p, struct span s)
{
	struct err e = ERR_NONE;

	assert_int_equal(ws_send(p->ws, s, &e), ERR_OK);
}

static void echo_round(const char *scheme, const char *host)
{
	struct peer p = { 0 };
	struct bed b;

	bed_open(&b, true);
	peer_dial(&b, &p, bed_url(&b, scheme, host, "/ws/chat?ED=x"), 0);
	bed_run_until(&b, &p.open);
	peer_send(&p, SPAN_LIT("hello"));
	peer_send(&p, SPAN_LIT("world"));
	bed_run_count(&b, &p.messages, 2);
	assert_memory_equal(p.last, "world", 5);
	assert_int_equal(ws_queued(p.ws), 0);
	ws_close(p.ws);
	bed_run_until(&b, &p.closed);
	assert_int_equal(p.why.code, ERR_OK);
	bed_run_count(&b, &b.server_closed, 1);
	assert_int_equal(b.server_why.code, ERR_OK);
	bed_close(&b);
	assert_int_equal(p.closes, 1);
}

static void plain_echo(void **state)
{
	(void)state;
	echo_round("ws", "127.0.0.1");
}

static void tls_echo_by_address(void **state)
{
	(void)state;
	echo_round("wss", "127.0.0.1");
}

/* localhost may give ::1 first, where nobody listens: the next address is tried */
static void tls_echo_by_name(void **state)
{
	(void)state;
	echo_round("wss", "localhost");
}

static void big_messages_pass(const char *scheme)
{
	size_t len = 3 << 20;
	uint8_t *data = xmalloc(len);
	struct peer p = { 0 };
	struct bed b;

	for (size_t i = 0; i < len; i++)
		data[i] = (uint8_t)(i * 7);
	bed_open(&b, true);
	peer_dial(&b, &p, bed_url(&b, scheme, "127.0.0.1", "/ws/chat"), 0);
	bed_run_until(&b, &p.open);
	for (int i = 0; i < 3; i++) {
		peer_send(&p, span_of(data, len));
		peer_send(&p, span_of(data + 1, 126));
		peer_send(&p, span_of(data + 2, 65536));
		bed_run_count(&b, &p.messages, (unsigned)(3 * i + 3));
	}
	assert_int_equal(p.bytes, 3 * (len + 126 + 65536));
	assert_memory_equal(p.last, data + 2, sizeof p.last);
	ws_close(p.ws);
	bed_run_until(&b, &p.closed);
	bed_close(&b);
	free(data);
}

static void plain_big(void **state)
{
	(void)state;
	big_messages_pass("ws");
}

static void tls_big(void **state)
{
	(void)state;
	big_messages_pass("wss");
}

static void queue_has_a_ceiling(void **state)
{
	static const uint8_t block[1 << 20];
	struct err e = ERR_NONE;
	struct peer p = { 0 };
	unsigned sent = 0;
	struct bed b;

	(void)state;
	bed_open(&b, true);
	peer_dial(&b, &p, bed_url(&b, "ws", "127.0.0.1", "/ws/chat"), 0);
	bed_run_until(&b, &p.open);
	bed_run_count(&b, &b.server_open, 1);
	ws_pause(b.last_server_ws, true); /* nobody reads over there */
	while (sent < 100 && ws_send(p.ws, SPAN_OF(block), &e) == ERR_OK)
		sent++;
	assert_int_equal(e.code, ERR_LIMIT);
	assert_in_range(ws_queued(p.ws), WS_QUEUE_MAX, WS_QUEUE_MAX + (2 << 20));
	ws_pause(b.last_server_ws, false);
	bed_run_count(&b, &p.messages, sent); /* and all of it arrives */
	assert_int_equal(p.bytes, sent * sizeof block);
	ws_abort(p.ws);
	bed_run_until(&b, &p.closed);
	assert_int_equal(p.why.code, ERR_CANCELLED);
	bed_run_count(&b, &b.server_closed, 1);
	assert_int_equal(b.server_why.code, ERR_NETWORK);
	bed_close(&b);
}

static void server_ends(void **state)
{
	static const char *const words[] = { "close", "abort" };
	static const char *const scheme[] = { "ws", "wss" };

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct peer p = { 0 };
		struct bed b;

		bed_open(&b, true);
		peer_dial(&b, &p, bed_url(&b, scheme[i / 2], "127.0.0.1", "/ws/chat"), 0);
		bed_run_until(&b, &p.open);
		peer_send(&p, span_str(words[i % 2]));
		bed_run_until(&b, &p.closed);
		assert_int_equal(p.why.code, i % 2 ? ERR_NETWORK : ERR_OK);
		bed_close(&b);
		assert_int_equal(p.closes, 1);
		assert_int_equal(b.server_closed, 1);
	}
}

/* a refused dial tells why, once, and never opens */
static void dial_fails(const char *scheme, const char *host, const char *path, bool with_ca,
		       enum errc want, const char *words)
{
	struct peer p = { 0 };
	struct bed b;

	bed_open(&b, with_ca);
	peer_dial(&b, &p, bed_url(&b, scheme, host, path), 0);
	bed_run_until(&b, &p.closed);
	if (p.why.code != want || !strstr(p.why.msg, words))
		fail_msg("%s%s: %s: %s", host, path, err_name(p.why.code), p.why.msg);
	bed_close(&b);
	assert_false(p.open);
	assert_int_equal(p.closes, 1);
}

static void dial_refusals(void **state)
{
	(void)state;
	dial_fails("ws", "127.0.0.1", "/other", true, ERR_PEER, "answered 200");
	dial_fails("ws", "127.0.0.1", "/busy", true, ERR_NETWORK, "answered 503");
	dial_fails("wss", "127.0.0.1", "/ws/chat", false, ERR_TLS, "certificate refused");
	dial_fails("wss", "127.0.0.2", "/ws/chat", true, ERR_NETWORK, "connecting");
	dial_fails("ws", "no-such-host.invalid", "/", true, ERR_NETWORK, "looking up");
}

/* a certificate for another name is refused: the dial goes to the same server by a name it lacks */
static void tls_checks_the_name(void **state)
{
	struct peer p = { 0 };
	struct bed b;

	(void)state;
	bed_open(&b, true);
	peer_dial(&b, &p, bed_url(&b, "wss", "localhost.localdomain", "/ws/chat"), 0);
	bed_run_until(&b, &p.closed);
	assert_false(p.open);
	if (p.why.code == ERR_TLS) /* else the name is not known here */
		assert_non_null(strstr(p.why.msg, "hostname mismatch"));
	else
		assert_non_null(strstr(p.why.msg, "looking up"));
	bed_close(&b);
}

static void bad_urls(void **state)
{
	static const char *const urls[] = { "ftp://x/",  "ws://",     "ws://h:0/", "ws://h:70000/",
					    "ws://u@h/", "ws://[::1", "ws://h/ x", "h:80" };
	struct ws *ws = NULL;
	struct bed b;

	(void)state;
	bed_open(&b, true);
	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		struct err e = ERR_NONE;

		assert_int_equal(ws_connect(b.net, &(struct ws_connect_cfg){ .url = urls[i] },
					    &peer_handler, NULL, &ws, &e),
				 ERR_BAD_INPUT);
		assert_null(ws);
	}
	bed_close(&b);
}

/* closing and dropping at every step of the way up */
static void close_at_each_step(void **state)
{
	static const char *const scheme[] = { "ws", "wss" };
	static const char *const host[] = { "127.0.0.1", "localhost" };

	(void)state;
	for (int i = 0; i < 8; i++) {
		for (int turns = 0; turns < 14; turns++) {
			struct peer p = { 0 };
			struct bed b;

			bed_open(&b, true);
			peer_dial(&b, &p, bed_url(&b, scheme[i / 2 % 2], host[i / 4], "/ws/chat"),
				  0);
			for (int t = 0; t < turns; t++)
				uv_run(&b.loop, UV_RUN_NOWAIT);
			assert_false(p.closed);
			if (i % 2)
				ws_abort(p.ws);
			else
				ws_close(p.ws);
			assert_false(p.closed); /* never from inside the call */
			bed_run_until(&b, &p.closed);
			assert_int_equal(p.why.code, i % 2 ? ERR_CANCELLED : ERR_OK);
			bed_close(&b);
			assert_int_equal(p.closes, 1);
		}
	}
}

static void accept_faults_and_silence(void **state)
{
	struct peer p = { 0 }, q = { 0 };
	struct bed b;

	(void)state;
	bed_open(&b, true);
	b.refuse_next = 1;
	peer_dial(&b, &p, bed_url(&b, "wss", "127.0.0.1", "/ws/chat"), 0);
	bed_run_until(&b, &p.closed);
	assert_int_equal(p.why.code, ERR_NETWORK);
	peer_dial(&b, &q, bed_url(&b, "ws", "127.0.0.1", "/hold"), 50);
	bed_run_until(&b, &q.closed);
	assert_int_equal(q.why.code, ERR_TIMEOUT);
	assert_non_null(strstr(q.why.msg, "upgrade"));
	assert_non_null(b.held);
	http_respond(b.held, 200, NULL, NULL, SPAN_NONE); /* into nothing */
	bed_close(&b);
}

enum { CROWD = 300 };

static void crowd(void **state)
{
	struct peer *all = xcalloc(CROWD, sizeof *all);
	unsigned opened = 0, closed = 0;
	struct bed b;

	(void)state;
	bed_open(&b, true);
	for (int i = 0; i < CROWD; i++) {
		all[i].opened_count = &opened;
		all[i].closed_count = &closed;
		peer_dial(&b, &all[i], bed_url(&b, i % 2 ? "wss" : "ws", "127.0.0.1", "/ws/chat"),
			  0);
	}
	bed_run_count(&b, &opened, CROWD);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < CROWD; i++)
			peer_send(&all[i], span_of(&i, sizeof i));
	}
	for (int i = 0; i < CROWD; i++) {
		bed_run_count(&b, &all[i].messages, 3);
		assert_memory_equal(all[i].last, &i, sizeof i);
	}
	for (int i = 0; i < CROWD; i++) {
		if (i % 3)
			ws_close(all[i].ws);
		else
			ws_abort(all[i].ws);
	}
	bed_run_count(&b, &closed, CROWD);
	bed_run_count(&b, &b.server_closed, CROWD);
	bed_close(&b);
	for (int i = 0; i < CROWD; i++)
		assert_int_equal(all[i].closes, 1);
	free(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_echo),
		cmocka_unit_test(tls_echo_by_address),
		cmocka_unit_test(tls_echo_by_name),
		cmocka_unit_test(plain_big),
		cmocka_unit_test(tls_big),
		cmocka_unit_test(queue_has_a_ceiling),
		cmocka_unit_test(server_ends),
		cmocka_unit_test(dial_refusals),
		cmocka_unit_test(tls_checks_the_name),
		cmocka_unit_test(bad_urls),
		cmocka_unit_test(close_at_each_step),
		cmocka_unit_test(accept_faults_and_silence),
		cmocka_unit_test(crowd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
