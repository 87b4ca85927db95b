/* The transport against a server of this process: WebSocket, Noise, frames, login, loss, damage. */
#include <string.h>

#include "shared/base/xalloc.h"
#include "shared/net/http_server.h"
#include "shared/signal/xeddsa.h"
#include "shared/wire/payload_codec.h"

#include "tests/unit/client/line.h"

enum { TURNS_MAX = 4000 };

struct peer { /* the server's end */
	struct line *l;
	struct net *net;
	struct http_server *http;
	struct keypair root, middle, leaf;
	struct wr chain;
	struct ws *ws;
	struct noise_server *hello;
	struct noise_transport *noise;
	struct frame_reader frames;
	uint8_t client_static[32];
	unsigned connections, logins, registrations, iqs;
	char url[64];
	uv_prepare_t prepare;
	/* what it does */
	bool mute;  /* says nothing after the handshake */
	bool split; /* frames in two messages */
};

static void peer_put(struct peer *p, struct span bytes)
{
	size_t half = p->split ? bytes.len / 2 : 0;

	if (half)
		assert_int_equal(ws_send(p->ws, span_of(bytes.at, half), NULL), ERR_OK);
	assert_int_equal(ws_send(p->ws, span_of(bytes.at + half, bytes.len - half), NULL), ERR_OK);
}

static void peer_say(struct peer *p, const struct node *n)
{
	struct wr plain, frame;

	wr_init(&plain, 1 << 20);
	wr_init(&frame, 1 << 20);
	node_encode(n, &plain);
	frame_write_header(&frame, plain.len + GCM_TAG_BYTES);
	assert_int_equal(noise_seal(p->noise, wr_span(&plain), &frame, NULL), ERR_OK);
	peer_put(p, wr_span(&frame));
	wr_done(&plain);
	wr_done(&frame);
}

static void peer_success(struct peer *p)
{
	peer_say(p, line_node(p->l, "success", (const char *const[]){ "t", "1700000100", NULL }));
}

static void peer_on_stanza(struct peer *p, const struct node *n)
{
	struct node *answer;

	if (!node_is(n, "iq") || !node_attr(n, "xmlns"))
		return;
	p->iqs++;
	answer = line_answer(p->l, n, "result");
	if (node_child(n, "count"))
		node_append(answer, line_node(p->l, "count",
					      (const char *const[]){ "value", "500", NULL }));
	peer_say(p, answer);
	if (node_child(n, "active")) {
		struct node *ib = node_new(p->l->a, "ib");

		node_append(ib, line_node(p->l, "offline",
					  (const char *const[]){ "count", "0", NULL }));
		peer_say(p, ib);
	}
}

static void peer_greet(struct peer *p, struct span payload)
{
	struct client_payload cp;

	assert_int_equal(client_payload_decode(p->l->a, payload, &cp, NULL), ERR_OK);
	assert_memory_equal(p->client_static, p->l->d->noise_key.pub, 32);
	p->registrations += cp.registers;
	p->logins += !cp.registers;
	if (!cp.registers && !p->mute)
		peer_success(p);
}

static bool peer_on_frame(void *ctx, uint8_t *body, size_t len)
{
	struct peer *p = ctx;
	struct arena *a = arena_new();
	struct span plain;
	struct node *n;

	if (p->noise) {
		assert_int_equal(noise_open(p->noise, body, len, &plain, NULL), ERR_OK);
		assert_int_equal(node_decode(a, plain, &n, NULL), ERR_OK);
		peer_on_stanza(p, n);
	} else {
		struct wr out, payload;
		enum noise_server_step step;

		wr_init(&out, 1 << 16);
		wr_init(&payload, 1 << 16);
		if (noise_server_on_frame(p->hello, span_of(body, len), &out, &step, &p->noise,
					  p->client_static, &payload, NULL) == ERR_OK) {
			if (out.len)
				peer_put(p, wr_span(&out));
			if (step == NOISE_DONE)
				peer_greet(p, wr_span(&payload));
		}
		wr_done(&out);
		wr_done(&payload);
	}
	arena_free(a);
	return true;
}

static void peer_message(void *ctx, struct ws *ws, uint8_t *at, size_t len)
{
	struct peer *p = ctx;

	(void)ws;
	assert_int_equal(frame_reader_push(&p->frames, at, len, peer_on_frame, p, NULL), ERR_OK);
}

static void peer_closed(void *ctx, struct ws *ws, const struct err *why)
{
	struct peer *p = ctx;

	(void)why;
	if (p->ws != ws)
		return;
	p->ws = NULL;
	noise_server_free(p->hello);
	noise_transport_free(p->noise);
	frame_reader_done(&p->frames);
	p->hello = NULL;
	p->noise = NULL;
}

static const struct ws_handler peer_handler = { NULL, peer_message, peer_closed };

static void peer_on_request(void *ctx, struct http_req *req)
{
	struct peer *p = ctx;
	struct noise_server_cfg cfg = { .static_key = p->leaf,
					.cert_chain = wr_span(&p->chain),
					.rng = rng_real() };

	assert_true(http_is_upgrade(req));
	assert_string_equal(http_header(req, "Origin"), "https://web.whatsapp.com");
	assert_null(p->ws);
	p->connections++;
	p->hello = noise_server_new(&cfg);
	frame_reader_init(&p->frames, true);
	p->ws = http_upgrade_ws(req, &peer_handler, p);
}

/* the double's database answers once a turn */
static void each_turn(uv_prepare_t *h)
{
	line_db(h->data);
}

static void peer_start(struct peer *p)
{
	struct http_server_cfg cfg = { .host = "127.0.0.1",
				       .body_max = 1024,
				       .backlog = 16,
				       .on_request = peer_on_request,
				       .ctx = p };
	struct line *l;
	int64_t now;

	memset(p, 0, sizeof(*p));
	l = p->l = line_new();
	l->env.clock = clock_real();
	l->env.rng = rng_real();
	assert_int_equal(net_new(&(struct net_cfg){ .loop = &l->loop }, &p->net, NULL), ERR_OK);
	l->env.net = p->net;
	keypair_make(rng_real(), &p->root);
	keypair_make(rng_real(), &p->middle);
	keypair_make(rng_real(), &p->leaf);
	now = clock_unix(clock_real()).ms / 1000;
	wr_init(&p->chain, 4096);
	noise_cert_chain_make(rng_real(), xeddsa_sign, &p->root, &p->middle, p->leaf.pub,
			      (uint64_t)now - 60, (uint64_t)now + 3600, &p->chain);
	memcpy(l->env.noise_root_key, p->root.pub, 32);
	assert_int_equal(http_server_new(p->net, &cfg, &p->http, NULL), ERR_OK);
	snprintf(p->url, sizeof(p->url), "ws://127.0.0.1:%u/ws/chat", http_server_port(p->http));
	l->env.url = p->url;
	uv_prepare_init(&l->loop, &p->prepare);
	p->prepare.data = l;
	uv_prepare_start(&p->prepare, each_turn);
	uv_unref((uv_handle_t *)&p->prepare);
}

static void set_true(void *ctx)
{
	*(bool *)ctx = true;
}

static void peer_stop(struct peer *p)
{
	struct line *l = p->l;
	bool gone = false;

	device_close(l->d, set_true, &gone);
	line_db(l);
	http_server_close(p->http);
	uv_close((uv_handle_t *)&p->prepare, NULL);
	uv_run(&l->loop, UV_RUN_DEFAULT);
	assert_true(gone);
	net_free(p->net);
	uv_run(&l->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&l->loop), 0);
	wr_done(&p->chain);
	arena_free(l->a);
	free(l);
}

/* runs the loop until the device is in that state; a fixed number of turns, no clock */
static void until(struct peer *p, enum device_state s)
{
	for (int i = 0; i < TURNS_MAX && p->l->d->state != s; i++)
		uv_run(&p->l->loop, UV_RUN_ONCE);
	assert_string_equal(device_state_name(p->l->d->state), device_state_name(s));
}

static void log_in(struct peer *p)
{
	line_link(p->l);
	device_start(p->l->d);
	until(p, DEVICE_ONLINE);
}

static void it_logs_in_and_comes_back(void **state)
{
	struct peer p;

	(void)state;
	peer_start(&p);
	log_in(&p);
	assert_int_equal(p.logins, 1);
	ws_close(p.ws);
	until(&p, DEVICE_BACKOFF);
	assert_int_equal(p.l->offlines, 1);
	until(&p, DEVICE_ONLINE);
	assert_int_equal(p.logins, 2);
	peer_stop(&p);
}

static void split_frames_are_put_together(void **state)
{
	struct peer p;

	(void)state;
	peer_start(&p);
	p.split = true;
	log_in(&p);
	peer_say(&p, line_node(p.l, "message", (const char *const[]){ "id", "1", NULL }));
	for (int i = 0; i < 100 && !p.l->stanzas; i++)
		uv_run(&p.l->loop, UV_RUN_ONCE);
	assert_int_equal(p.l->stanzas, 1);
	peer_stop(&p);
}

static void a_restart_is_followed_at_once(void **state)
{
	struct peer p;
	struct node *error;

	(void)state;
	peer_start(&p);
	log_in(&p);
	error = line_node(p.l, "stream:error", (const char *const[]){ "code", "515", NULL });
	peer_say(&p, error);
	peer_say(&p, line_node(p.l, "xmlstreamend", (const char *const[]){ NULL }));
	until(&p, DEVICE_CONNECTING);
	p.ws = NULL; /* this end's close comes later than the new connection */
	noise_server_free(p.hello);
	noise_transport_free(p.noise);
	frame_reader_done(&p.frames);
	p.hello = NULL;
	p.noise = NULL;
	until(&p, DEVICE_ONLINE);
	assert_int_equal(p.l->d->link->failures, 0);
	assert_int_equal(p.logins, 2);
	peer_stop(&p);
}

static void a_removed_device_stays_away(void **state)
{
	struct peer p;
	struct node *error;

	(void)state;
	peer_start(&p);
	log_in(&p);
	error = line_node(p.l, "stream:error", (const char *const[]){ "code", "401", NULL });
	node_append(error, line_node(p.l, "conflict",
				     (const char *const[]){ "type", "device_removed", NULL }));
	peer_say(&p, error);
	until(&p, DEVICE_STOPPED);
	assert_int_equal(p.l->d->fault, FAULT_LOGGED_OUT);
	assert_int_equal(p.l->wiped, 1);
	peer_stop(&p);
}

static void damage_ends_the_connection(void **state)
{
	struct peer p;
	uint8_t bad[40] = { 0, 0, 37 };

	(void)state;
	peer_start(&p);
	log_in(&p);
	assert_int_equal(ws_send(p.ws, SPAN_OF(bad), NULL), ERR_OK);
	until(&p, DEVICE_BACKOFF);
	peer_stop(&p);
}

static void a_wrong_certificate_is_refused(void **state)
{
	struct peer p;

	(void)state;
	peer_start(&p);
	p.l->env.noise_root_key[0] ^= 1;
	line_link(p.l);
	device_start(p.l->d);
	until(&p, DEVICE_BACKOFF);
	assert_int_equal(p.logins, 0);
	peer_stop(&p);
}

static void closing_in_any_state_leaves_nothing(void **state)
{
	static const enum device_state when[] = { DEVICE_CONNECTING, DEVICE_LOGGING_IN,
						  DEVICE_REGISTERING };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(when); i++) {
		struct peer p;
		struct err e;

		peer_start(&p);
		p.mute = true;
		if (when[i] == DEVICE_REGISTERING) {
			assert_int_equal(device_pair(p.l->d, &e), ERR_OK);
		} else {
			line_link(p.l);
			device_start(p.l->d);
		}
		until(&p, when[i]);
		peer_stop(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_logs_in_and_comes_back),
		cmocka_unit_test(split_frames_are_put_together),
		cmocka_unit_test(a_restart_is_followed_at_once),
		cmocka_unit_test(a_removed_device_stays_away),
		cmocka_unit_test(damage_ends_the_connection),
		cmocka_unit_test(a_wrong_certificate_is_refused),
		cmocka_unit_test(closing_in_any_state_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
