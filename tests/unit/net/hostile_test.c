/* Peers that break the rules: raw bytes against our server, and a rude server against our client. */
#include <stdlib.h>

#include "shared/base/arena.h"
#include "shared/base/xalloc.h"
#include "shared/net/conn.h"
#include "shared/net/ws_impl.h"

#include "tests/unit/net/support.h"

/* ---- a client that writes what it likes ---- */

struct raw {
	struct conn *conn;
	struct wr got;
	bool up, down;
};

static void raw_on_up(void *ctx)
{
	((struct raw *)ctx)->up = true;
}

static void raw_on_data(void *ctx, uint8_t *at, size_t len)
{
	wr_put(&((struct raw *)ctx)->got, at, len);
}

static void raw_on_down(void *ctx, const struct err *why)
{
	(void)why;
	((struct raw *)ctx)->down = true;
}

static const struct conn_handler raw_handler = { raw_on_up, raw_on_data, raw_on_down };

static void raw_open(struct bed *b, struct raw *r, const char *scheme)
{
	struct err e = ERR_NONE;
	struct net_url u;

	*r = (struct raw){ 0 };
	wr_init(&r->got, 16 << 20);
	assert_int_equal(net_url_parse(bed_url(b, scheme, "127.0.0.1", "/"), &u, &e), ERR_OK);
	assert_int_equal(conn_dial(b->net, &u, NULL, 5000, &raw_handler, r, &r->conn, &e), ERR_OK);
	bed_run_until(b, &r->up);
}

static void raw_close(struct bed *b, struct raw *r)
{
	if (!r->down)
		conn_drop(r->conn, NULL);
	bed_run_until(b, &r->down);
	wr_done(&r->got);
}

/* in pieces, each in its own turns of the loop */
static void raw_send(struct bed *b, struct raw *r, struct span s, size_t piece)
{
	for (size_t at = 0; at < s.len && !r->down; at += piece) {
		conn_write(r->conn, span_of(s.at + at, s.len - at < piece ? s.len - at : piece));
		for (int i = 0; i < 3; i++)
			uv_run(&b->loop, UV_RUN_NOWAIT);
	}
}

static bool raw_has(struct raw *r, const char *text)
{
	return r->got.len > 0 && memmem(r->got.buf, r->got.len, text, strlen(text));
}

static void raw_expect(struct bed *b, struct raw *r, const char *text)
{
	for (int i = 0; i < 2000 && !raw_has(r, text) && !r->down; i++) {
		uv_run(&b->loop, UV_RUN_NOWAIT);
		uv_sleep(1);
	}
	if (!raw_has(r, text))
		fail_msg("no %s in: %.*s", text, (int)r->got.len, (const char *)r->got.buf);
}

static void refused_requests(void **state)
{
	static const struct {
		const char *request, *answer;
	} rows[] = {
		{ "nonsense\r\n\r\n", "HTTP/1.1 400" },
		{ "GET / HTTP/1.1\nHost: a\n\n", "HTTP/1.1 400" },
		{ "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400" },
		{ "GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 400" },
		{ "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		  "HTTP/1.1 411" },
		{ "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
		  "HTTP/1.1 400" },
		{ "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n",
		  "HTTP/1.1 413" },
	};
	static const char *const schemes[] = { "http", "https" };
	struct bed b;

	(void)state;
	bed_open(&b, true);
	for (size_t i = 0; i < 2 * ARRAY_LEN(rows); i++) {
		for (size_t piece = 1; piece < 2000; piece += 999) {
			struct raw r;

			raw_open(&b, &r, schemes[i % 2]);
			raw_send(&b, &r, span_str(rows[i / 2].request), piece);
			raw_expect(&b, &r, rows[i / 2].answer);
			raw_expect(&b, &r, "Connection: close\r\n");
			bed_run_until(&b, &r.down); /* the server ends it */
			raw_close(&b, &r);
		}
	}
	assert_int_equal(b.requests, 0);
	bed_close(&b);
}

static void oversize_head(void **state)
{
	uint8_t block[1024];
	struct raw r;
	struct bed b;

	(void)state;
	memset(block, 'x', sizeof block);
	bed_open(&b, true);
	raw_open(&b, &r, "http");
	raw_send(&b, &r, SPAN_LIT("GET / HTTP/1.1\r\nHost: a\r\nX: "), 100);
	for (int i = 0; i < 16; i++)
		raw_send(&b, &r, SPAN_OF(block), sizeof block);
	raw_expect(&b, &r, "HTTP/1.1 431");
	raw_close(&b, &r);
	bed_close(&b);
}

static void keep_alive_and_pipeline(void **state)
{
	static const char two[] = "GET /?q=one HTTP/1.1\r\nHost: a\r\n\r\n"
				  "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nfirst"
				  "HEAD /?q=three HTTP/1.1\r\nHost: a\r\n\r\n"
				  "GET /?q=last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
	struct bed b;

	(void)state;
	bed_open(&b, true);
	for (size_t piece = 1; piece < sizeof two * 2; piece = piece * 3 + 1) {
		struct raw r;

		b.requests = 0;
		raw_open(&b, &r, "https");
		raw_send(&b, &r, span_str(two), piece);
		bed_run_until(&b, &r.down);
		assert_int_equal(b.requests, 4);
		assert_true(raw_has(&r, "\r\n\r\none"));
		assert_true(raw_has(&r, "\r\n\r\nfirst"));
		assert_true(raw_has(&r, "Content-Length: 5\r\nX-Extra: 1\r\n\r\nHTTP/1.1"));
		assert_true(raw_has(&r, "Connection: close\r\n\r\nlast"));
		raw_close(&b, &r);
	}
	bed_close(&b);
}

static void late_answers(void **state)
{
	static const char hold[] = "GET /hold HTTP/1.1\r\nHost: a\r\n\r\nGET /?q=next HTTP/1.1\r\n"
				   "Host: a\r\n\r\n";
	struct raw r;
	struct bed b;

	(void)state;
	bed_open(&b, true);
	raw_open(&b, &r, "http");
	raw_send(&b, &r, span_str(hold), 1000);
	bed_run_count(&b, &b.requests, 1);
	assert_int_equal(r.got.len, 0); /* the second waits for the first */
	http_respond(b.held, 200, NULL, NULL, SPAN_LIT("late"));
	raw_expect(&b, &r, "late");
	raw_expect(&b, &r, "next");
	raw_send(&b, &r, SPAN_LIT("GET /hold HTTP/1.1\r\nHost: a\r\n\r\n"), 1000);
	bed_run_count(&b, &b.requests, 3);
	raw_close(&b, &r);
	bed_close(&b); /* the server goes first */
	http_respond(b.held, 200, NULL, NULL, SPAN_LIT("nobody"));
}

/* ---- WebSocket against the server ---- */

#define UPGRADE_HEAD \
	"GET /ws/chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
#define UPGRADE_KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define UPGRADE_VERSION "Sec-WebSocket-Version: 13\r\n"
#define UPGRADE UPGRADE_HEAD UPGRADE_KEY UPGRADE_VERSION

static void bad_upgrades(void **state)
{
	static const char *const rows[] = {
		UPGRADE_HEAD UPGRADE_KEY "\r\n",
		UPGRADE_HEAD UPGRADE_VERSION "\r\n",
		UPGRADE_HEAD UPGRADE_KEY "Sec-WebSocket-Version: 8\r\n\r\n",
		UPGRADE_HEAD UPGRADE_KEY UPGRADE_KEY UPGRADE_VERSION "\r\n",
		UPGRADE_HEAD "Sec-WebSocket-Key: short\r\n" UPGRADE_VERSION "\r\n",
		"GET /ws/chat HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n" UPGRADE_KEY
			UPGRADE_VERSION "\r\n",
		UPGRADE "\r\n\x82\x80", /* frames before the answer */
	};
	struct bed b;

	(void)state;
	bed_open(&b, true);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct raw r;

		raw_open(&b, &r, "http");
		raw_send(&b, &r, span_str(rows[i]), 2000);
		raw_expect(&b, &r, "HTTP/1.1 200"); /* the echo server takes it for a request */
		raw_close(&b, &r);
	}
	assert_int_equal(b.server_open, 0);
	bed_close(&b);
}

static void upgraded(struct bed *b, struct raw *r, const char *scheme)
{
	raw_open(b, r, scheme);
	raw_send(b, r,
		 SPAN_LIT(UPGRADE "Origin: https://any.example\r\nSec-WebSocket-Extensions: "
				  "permessage-deflate; client_max_window_bits\r\n\r\n"),
		 2000);
	raw_expect(b, r,
		   "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"); /* RFC 6455 */
	assert_false(raw_has(r, "Extensions")); /* declined by silence */
	wr_reset(&r->got);
}

static void bad_frames(void **state)
{
	static const struct {
		struct span bytes;
		enum errc want;
		const char *close_frame;
	} rows[] = {
		{ { (const uint8_t *)"\x82\x01x", 3 }, ERR_BAD_INPUT, "\x88\x02\x03\xea" },
		{ { (const uint8_t *)"\xc2\x81\1\2\3\4x", 7 }, ERR_BAD_INPUT, "\x88\x02\x03\xea" },
		{ { (const uint8_t *)"\x82\xff\0\0\0\0\xff\0\0\0\1\2\3\4x", 15 },
		  ERR_LIMIT,
		  "\x88\x02\x03\xf1" },
		{ { (const uint8_t *)"\x82\xff\xff\0\0\0\xff\0\0\0\1\2\3\4x", 15 },
		  ERR_BAD_INPUT,
		  "\x88\x02\x03\xea" },
		{ { (const uint8_t *)"\x88\x82\0\0\0\0\x03\xe8", 8 }, ERR_OK, "\x88\x02\x03\xe8" },
		{ { (const uint8_t *)"\x88\x82\0\0\0\0\x0f\xa0", 8 },
		  ERR_PEER,
		  "\x88\x02\x0f\xa0" },
	};
	static const char *const schemes[] = { "http", "https" };
	struct bed b;

	(void)state;
	bed_open(&b, true);
	for (size_t i = 0; i < 2 * ARRAY_LEN(rows); i++) {
		for (size_t piece = 1; piece < 100; piece += 50) {
			struct raw r;

			upgraded(&b, &r, schemes[i % 2]);
			b.server_closed = 0;
			raw_send(&b, &r, rows[i / 2].bytes, piece);
			raw_expect(&b, &r, rows[i / 2].close_frame);
			bed_run_until(&b, &r.down); /* the server ends the connection */
			bed_run_count(&b, &b.server_closed, 1);
			assert_int_equal(b.server_why.code, rows[i / 2].want);
			raw_close(&b, &r);
		}
	}
	bed_close(&b);
}

static void ping_and_fragments(void **state)
{
	static const uint8_t bytes[] = { 0x02, 0x81, 0,   0,    0,    0, 'a', 0x89, 0x81, 0,  0,
					 0,    0,    'p', 0x80, 0x81, 0, 0,   0,    0,    'b' };
	struct raw r;
	struct bed b;

	(void)state;
	bed_open(&b, true);
	upgraded(&b, &r, "https");
	raw_send(&b, &r, SPAN_OF(bytes), 1);
	raw_expect(&b, &r, "\x8a\x01p");
	raw_expect(&b, &r,
		   "\x82\x02"
		   "ab");
	raw_close(&b, &r);
	bed_run_count(&b, &b.server_closed, 1);
	bed_close(&b);
}

/* both ends vanish at any byte: nothing leaks, the server's close comes once */
static void vanish_at_each_byte(void **state)
{
	static const char all[] = UPGRADE "\r\n";
	struct bed b;

	(void)state;
	bed_open(&b, true);
	for (size_t cut = 0; cut <= sizeof all; cut += 5) {
		struct raw r;

		raw_open(&b, &r, cut % 2 ? "http" : "https");
		raw_send(&b, &r, span_of(all, cut < sizeof all - 1 ? cut : sizeof all - 1), 400);
		if (cut % 3)
			conn_finish(r.conn);
		raw_close(&b, &r);
	}
	bed_close(&b);
	assert_int_equal(b.server_open, b.server_closed);
}

static void not_tls_at_all(void **state)
{
	struct raw r = { 0 };
	struct err e = ERR_NONE;
	struct net_url u;
	struct bed b;

	(void)state;
	bed_open(&b, true);
	wr_init(&r.got, 16 << 20);
	assert_int_equal(net_url_parse(bed_url(&b, "https", "127.0.0.1", "/"), &u, &e), ERR_OK);
	u.tls = false;
	assert_int_equal(conn_dial(b.net, &u, NULL, 5000, &raw_handler, &r, &r.conn, &e), ERR_OK);
	bed_run_until(&b, &r.up);
	raw_send(&b, &r, SPAN_LIT("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), 1000);
	bed_run_until(&b, &r.down);
	raw_close(&b, &r);
	assert_int_equal(b.requests, 0);
	bed_close(&b);
}

/* ---- a rude server against our client ---- */

struct rude {
	struct bed *bed;
	uv_tcp_t listener;
	uint16_t port;
	struct raw peer;
	const char *head; /* %s: the right accept */
	struct span after;
	size_t piece;
	bool answered;
	/* the client */
	bool open, closed;
	unsigned messages;
	struct err why;
};

static void rude_on_connection(uv_stream_t *s, int status)
{
	struct rude *x = CONTAINER_OF(s, struct rude, listener);

	assert_int_equal(status, 0);
	x->peer.conn = conn_accept(x->bed->net, s, false, &raw_handler, &x->peer);
	conn_start(x->peer.conn);
}

static void client_on_open(void *ctx, struct ws *ws)
{
	(void)ws;
	((struct rude *)ctx)->open = true;
}

static void client_on_message(void *ctx, struct ws *ws, uint8_t *at, size_t len)
{
	(void)ws;
	assert_true(((struct rude *)ctx)->open);
	assert_int_equal(len, 2);
	assert_memory_equal(at, "hi", 2);
	((struct rude *)ctx)->messages++;
}

static void client_on_close(void *ctx, struct ws *ws, const struct err *why)
{
	struct rude *x = ctx;

	(void)ws;
	assert_false(x->closed);
	x->closed = true;
	x->why = *why;
}

static const struct ws_handler client_handler = { client_on_open, client_on_message,
						  client_on_close };

static void rude_answer(struct rude *x)
{
	static const char field[] = "Sec-WebSocket-Key: ";
	AUTO_ARENA struct arena *a = arena_new();
	const char *at = memmem(x->peer.got.buf, x->peer.got.len, field, sizeof field - 1);
	char accept[WS_ACCEPT_BYTES];
	char *head;

	assert_non_null(at);
	ws_accept_text(arena_strndup(a, at + sizeof field - 1, 24), accept);
	head = strstr(x->head, "%s")
		       ? arena_printf(a, "%.*s%s%s", (int)(strstr(x->head, "%s") - x->head),
				      x->head, accept, strstr(x->head, "%s") + 2)
		       : arena_strdup(a, x->head);
	if (x->piece == 0) { /* head and frames in one write */
		conn_write(x->peer.conn, span_str(head));
		conn_write(x->peer.conn, x->after);
		return;
	}
	raw_send(x->bed, &x->peer, span_str(head), x->piece);
	raw_send(x->bed, &x->peer, x->after, x->piece);
}

static void rude_run(struct rude *x)
{
	struct sockaddr_in at;
	int len = sizeof at;
	char url[100];
	struct err e = ERR_NONE;
	struct ws *ws;

	wr_init(&x->peer.got, 1 << 20);
	uv_ip4_addr("127.0.0.1", 0, &at);
	uv_tcp_init(&x->bed->loop, &x->listener);
	assert_int_equal(uv_tcp_bind(&x->listener, (struct sockaddr *)&at, 0), 0);
	assert_int_equal(uv_listen((uv_stream_t *)&x->listener, 5, rude_on_connection), 0);
	uv_tcp_getsockname(&x->listener, (struct sockaddr *)&at, &len);
	snprintf(url, sizeof url, "ws://127.0.0.1:%u/ws/chat", ntohs(at.sin_port));
	assert_int_equal(ws_connect(x->bed->net, &(struct ws_connect_cfg){ .url = url },
				    &client_handler, x, &ws, &e),
			 ERR_OK);
	bed_run_until(x->bed, &x->peer.up);
	raw_expect(x->bed, &x->peer, "\r\n\r\n");
	rude_answer(x);
	for (int i = 0; i < 20; i++)
		uv_run(&x->bed->loop, UV_RUN_NOWAIT);
	if (!x->peer.down)
		conn_finish(x->peer.conn);
	bed_run_until(x->bed, &x->closed);
	bed_run_until(x->bed, &x->peer.down);
	wr_done(&x->peer.got);
	uv_close((uv_handle_t *)&x->listener, NULL);
	uv_run(&x->bed->loop, UV_RUN_NOWAIT);
}

#define ANSWER                                                                              \
	"HTTP/1.1 101 Switching Protocols\r\nupgrade: WebSocket\r\nconnection: upgrade\r\n" \
	"sec-websocket-accept: %s\r\n"

static void rude_servers(void **state)
{
	static const struct {
		const char *head, *after;
		bool open;
		unsigned messages;
		enum errc want;
		const char *words;
	} rows[] = {
		{ ANSWER "\r\n", "\x82\x02hi\x82\x02hi", true, 2, ERR_NETWORK, "ended" },
		{ ANSWER "\r\n", "\x82\x02hi\x88\x02\x03\xe8", true, 1, ERR_OK, "" },
		{ ANSWER "\r\n", "\x82\x02hi\x82\x81\1\1\1\1x", true, 1, ERR_BAD_INPUT, "masked" },
		{ ANSWER "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n", "", false, 0,
		  ERR_BAD_INPUT, "not offered" },
		{ "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		  "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n",
		  "", false, 0, ERR_BAD_INPUT, "Accept" },
		{ "HTTP/1.1 101 x\r\nUpgrade: websocket\r\n\r\n", "", false, 0, ERR_BAD_INPUT,
		  "lacks" },
		{ "HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n", "", false, 0, ERR_PEER, "302" },
		{ "HTTP/1.1 500 x\r\n\r\n", "", false, 0, ERR_NETWORK, "500" },
		{ "SSH-2.0-x\r\n\r\n", "", false, 0, ERR_BAD_INPUT, "status line" },
		{ "HTTP/1.1 101 x\r\nUpgra", "", false, 0, ERR_NETWORK, "ended" },
	};

	(void)state;
	for (size_t i = 0; i < 3 * ARRAY_LEN(rows); i++) {
		struct rude x = { .head = rows[i / 3].head,
				  .after = span_str(rows[i / 3].after),
				  .piece = i % 3 };
		struct bed b;

		bed_open(&b, true);
		x.bed = &b;
		rude_run(&x);
		if (x.why.code != rows[i / 3].want || !strstr(x.why.msg, rows[i / 3].words))
			fail_msg("row %zu: %s: %s", i / 3, err_name(x.why.code), x.why.msg);
		assert_int_equal(x.open, rows[i / 3].open);
		assert_int_equal(x.messages, rows[i / 3].messages);
		bed_close(&b);
	}
}

/* a peer that never answers our close frame does not hold us */
static void close_has_a_deadline(void **state)
{
	struct raw r;
	struct bed b;

	(void)state;
	bed_open(&b, true);
	upgraded(&b, &r, "http");
	ws_close(b.last_server_ws);
	ws_close(b.last_server_ws); /* twice is fine */
	bed_run_count(&b, &b.server_closed, 1);
	assert_int_equal(b.server_why.code, ERR_OK);
	assert_true(raw_has(&r, "\x88\x02\x03\xe8"));
	raw_close(&b, &r);
	bed_close(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refused_requests),
		cmocka_unit_test(oversize_head),
		cmocka_unit_test(keep_alive_and_pipeline),
		cmocka_unit_test(late_answers),
		cmocka_unit_test(bad_upgrades),
		cmocka_unit_test(bad_frames),
		cmocka_unit_test(ping_and_fragments),
		cmocka_unit_test(vanish_at_each_byte),
		cmocka_unit_test(not_tls_at_all),
		cmocka_unit_test(rude_servers),
		cmocka_unit_test(close_has_a_deadline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
