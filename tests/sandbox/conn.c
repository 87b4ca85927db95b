#include "tests/sandbox/conn.h"

#include <inttypes.h>
#include <stdio.h>

#include "shared/base/xalloc.h"

#include "tests/sandbox/dispatch.h"
#include "tests/sandbox/login.h"
#include "tests/sandbox/pair.h"
#include "tests/sandbox/proto.h"
#include "tests/sandbox/sandbox.h"

enum { PLAIN_MAX = 16 << 20, BAD_FRAMES_MAX = 3 };

struct delayed {
	uint64_t conn;
	size_t len;
	uint8_t bytes[];
};

struct conn *conn_by_number(struct sandbox *sb, uint64_t number)
{
	return map_get(sb->conns_by_number, MAP_KEY(number));
}

uint64_t conn_pn(const struct conn *c)
{
	return c->device ? c->device->account->pn : 0;
}

void conn_who_set(struct conn *c)
{
	if (c->device)
		addr_text(device_addr(c->device, false), c->who);
	else
		snprintf(c->who, sizeof c->who, "conn-%" PRIu64, c->number);
}

/* The device and the refs are let go at once; the rest waits for the last callback. */
static void detach(struct conn *c)
{
	if (c->reg) {
		pair_conn_gone(c);
		for (size_t i = 0; i < REFS; i++)
			if (c->reg->refs[i][0])
				map_del(c->sb->refs, span_str(c->reg->refs[i]));
		free(c->reg->push_name);
		free(c->reg);
		c->reg = NULL;
	}
	if (c->device)
		login_gone(c);
	c->device = NULL;
	c->state = CONN_CLOSING;
}

static void on_close(void *ctx, struct ws *ws, const struct err *why)
{
	struct conn *c = ctx;

	(void)ws;
	(void)why;
	detach(c);
	list_del(&c->link);
	c->sb->conns_len--;
	map_del(c->sb->conns_by_number, MAP_KEY(c->number));
	frame_reader_done(&c->reader);
	noise_server_free(c->noise);
	noise_transport_free(c->cipher);
	free(c);
}

void conn_close(struct conn *c)
{
	detach(c);
	ws_close(c->ws);
}

void conn_abort(struct conn *c)
{
	detach(c);
	ws_abort(c->ws);
}

/* -- out -- */

static void send_now(struct conn *c, struct span plain)
{
	struct err e = ERR_NONE;
	struct wr w;
	size_t body_len = plain.len + GCM_TAG_BYTES;

	if (c->half_open || c->state == CONN_CLOSING)
		return;
	wr_init(&w, PLAIN_MAX + 64);
	frame_write_header(&w, body_len);
	if (noise_seal(c->cipher, plain, &w, &e) || w.bad || ws_send(c->ws, wr_span(&w), &e)) {
		LOG_WARN(c->sb->log, "conn.send_failed", F_STR("who", c->who), F_ERR(&e));
		wr_done(&w);
		conn_abort(c);
		return;
	}
	watch_totals(c->sb->watch)->bytes_out += w.len;
	wr_done(&w);
}

static void send_later(void *world, void *job)
{
	struct delayed *d = job;
	struct conn *c = conn_by_number(world, d->conn);

	if (c) {
		c->delayed_out--;
		send_now(c, span_of(d->bytes, d->len));
	}
	free(d);
}

static struct delayed *delayed_new(const struct conn *c, struct span plain)
{
	struct delayed *d = xmalloc(sizeof *d + plain.len);

	d->conn = c->number;
	d->len = plain.len;
	if (plain.len)
		memcpy(d->bytes, plain.at, plain.len);
	return d;
}

/* Milliseconds until a stanza may pass, so that none overtakes another. */
static uint64_t latency(struct conn *c, mono_ms *last_due)
{
	const struct faults *f = &c->sb->faults;
	/* the loop's own time, which later_plan counts from: another clock would let one overtake */
	int64_t now = (int64_t)uv_now(&c->sb->loop), due = now;

	if (f->latency_max_ms && faults_hit(f, conn_pn(c)))
		due += rng_between(c->sb->rng, f->latency_min_ms, f->latency_max_ms);
	if (due < last_due->ms)
		due = last_due->ms;
	last_due->ms = due;
	return (uint64_t)(due - now);
}

void conn_send_plain(struct conn *c, struct span plain)
{
	uint64_t wait;

	if (c->state == CONN_CLOSING || c->cipher == NULL)
		return;
	watch_totals(c->sb->watch)->stanzas_out++;
	watch_stanza(c->sb->watch, true, c->who, plain);
	c->sent_stanzas++;
	if (faults_cut_due(&c->sb->faults, conn_pn(c))) {
		conn_abort(c);
		return;
	}
	wait = latency(c, &c->due_out);
	if (wait == 0 && c->delayed_out == 0) {
		send_now(c, plain);
		return;
	}
	c->delayed_out++;
	later_plan(c->sb->later, wait, send_later, delayed_new(c, plain));
}

void conn_send(struct conn *c, const struct node *n)
{
	struct wr w;

	wr_init(&w, PLAIN_MAX);
	node_encode(n, &w);
	if (w.bad)
		LOG_ERROR(c->sb->log, "conn.stanza_too_large", F_STR("who", c->who));
	else
		conn_send_plain(c, wr_span(&w));
	wr_done(&w);
}

struct node *conn_iq_new(struct conn *c, struct arena *a, const char *type, const char *xmlns)
{
	struct node *iq = node_new(a, "iq");
	const char *id = sandbox_id(c->sb, a);

	node_attr_set_server(a, iq, "from");
	node_attr_set(a, iq, "type", type);
	node_attr_set(a, iq, "id", id);
	node_attr_set(a, iq, "xmlns", xmlns);
	memmove(c->iq_pending[1], c->iq_pending[0], sizeof c->iq_pending - sizeof c->iq_pending[0]);
	snprintf(c->iq_pending[0], sizeof c->iq_pending[0], "%s", id);
	return iq;
}

static void close_later(void *world, void *job)
{
	struct delayed *d = job;
	struct conn *c = conn_by_number(world, d->conn);

	free(d);
	if (c == NULL)
		return;
	c->delayed_out--;
	conn_close(c);
}

static void goodbye(struct conn *c, struct arena *a, const struct node *last)
{
	conn_send(c, last);
	if (c->state == CONN_CLOSING)
		return;
	conn_send(c, node_new(a, "xmlstreamend"));
	if (c->state == CONN_CLOSING)
		return;
	c->ending = true;
	if (c->delayed_out == 0) {
		conn_close(c);
		return;
	}
	/* the slow link still carries it; the socket ends when it is through */
	c->delayed_out++;
	later_plan(c->sb->later, latency(c, &c->due_out), close_later, delayed_new(c, SPAN_NONE));
}

void conn_stream_error(struct conn *c, uint32_t code, const char *child, const char *child_type)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct node *n = node_new(a, "stream:error");

	if (code)
		node_attr_set_u64(a, n, "code", code);
	if (child) {
		struct node *k = node_add(a, n, child);

		if (child_type)
			node_attr_set(a, k, "type", child_type);
	}
	goodbye(c, a, n);
}

static void attrs_set(struct arena *a, struct node *n, const json_t *attrs_or_null)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)attrs_or_null, key, value) {
		if (json_is_string(value))
			node_attr_set(a, n, key, json_string_value(value));
		else if (json_is_integer(value))
			node_attr_set_u64(a, n, key, (uint64_t)json_integer_value(value));
	}
}

void conn_stream_error_attrs(struct conn *c, uint32_t code, const char *child_or_null,
			     const json_t *attrs_or_null)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct node *n = node_new(a, "stream:error");

	if (code)
		node_attr_set_u64(a, n, "code", code);
	attrs_set(a, child_or_null ? node_add(a, n, child_or_null) : n, attrs_or_null);
	goodbye(c, a, n);
}

void conn_failure(struct conn *c, uint32_t reason, const json_t *attrs_or_null)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct node *n = node_new(a, "failure");

	node_attr_set_u64(a, n, "reason", reason);
	node_attr_set(a, n, "location", "sbx");
	attrs_set(a, n, attrs_or_null);
	goodbye(c, a, n);
}

/* -- in -- */

static void stanza_in(struct conn *c, struct span plain)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct err e = ERR_NONE;
	struct node *n = NULL;

	if (c->state == CONN_CLOSING || c->half_open || c->ending)
		return;
	watch_stanza(c->sb->watch, false, c->who, plain);
	if (node_decode(a, plain, &n, &e)) {
		watch_violation(c->sb->watch, "framing", c->who, "stanza: %s", err_msg(&e));
		if (++c->bad_frames >= BAD_FRAMES_MAX)
			conn_stream_error(c, 0, "xml-not-well-formed", NULL);
		return;
	}
	dispatch(c, a, n);
}

static void stanza_later(void *world, void *job)
{
	struct delayed *d = job;
	struct conn *c = conn_by_number(world, d->conn);

	if (c) {
		c->delayed_in--;
		stanza_in(c, span_of(d->bytes, d->len));
	}
	free(d);
}

static bool on_stanza(struct conn *c, struct span plain)
{
	uint64_t wait;

	watch_totals(c->sb->watch)->stanzas_in++;
	if (faults_cut_due(&c->sb->faults, conn_pn(c))) {
		conn_abort(c);
		return false;
	}
	wait = latency(c, &c->due_in);
	if (wait == 0 && c->delayed_in == 0) {
		stanza_in(c, plain);
	} else {
		c->delayed_in++;
		later_plan(c->sb->later, wait, stanza_later, delayed_new(c, plain));
	}
	return c->state != CONN_CLOSING;
}

/* HandshakeMessage{2 ClientHello{2 static}}: only an IK opening carries a static key */
static bool opens_with_ik(struct span hello)
{
	struct rd outer = rd_of(hello);
	struct proto_field f;

	while (proto_next(&outer, &f)) {
		struct rd inner = rd_of(f.bytes);
		struct proto_field k;

		while (f.number == 2 && f.wire == PROTO_LEN && proto_next(&inner, &k))
			if (k.number == 2 && k.wire == PROTO_LEN)
				return true;
	}
	return false;
}

static void responder_new(struct conn *c, struct span hello)
{
	const struct noise_server_cfg cfg = {
		.static_key = c->sb->trust.leaf,
		.cert_chain = wr_span(&c->sb->trust.chain),
		.rng = c->sb->rng,
		.refuse_ik = opens_with_ik(hello) && faults_noise_fallback(&c->sb->faults),
	};

	c->noise = noise_server_new(&cfg);
}

static bool on_handshake(struct conn *c, uint8_t *body, size_t len)
{
	enum noise_server_step step = NOISE_NEED_FINISH;
	struct err e = ERR_NONE;
	struct wr out, payload;
	bool ok;

	if (c->noise == NULL)
		responder_new(c, span_of(body, len));
	wr_init(&out, FRAME_HANDSHAKE_MAX * 2);
	wr_init(&payload, FRAME_HANDSHAKE_MAX);
	ok = noise_server_on_frame(c->noise, span_of(body, len), &out, &step, &c->cipher,
				   c->client_static, &payload, &e) == ERR_OK;
	if (ok && out.len)
		ok = ws_send(c->ws, wr_span(&out), &e) == ERR_OK;
	wr_done(&out);
	if (!ok) {
		watch_violation(c->sb->watch, "framing", c->who, "handshake: %s", err_msg(&e));
		wr_done(&payload);
		conn_abort(c);
		return false;
	}
	if (step == NOISE_DONE) {
		noise_server_free(c->noise);
		c->noise = NULL;
		c->reader.body_max = FRAME_BODY_MAX;
		login_on_payload(c, wr_span(&payload));
	}
	wr_done(&payload);
	return c->state != CONN_CLOSING;
}

static bool on_frame(void *ctx, uint8_t *body, size_t len)
{
	struct conn *c = ctx;
	struct err e = ERR_NONE;
	struct span plain;

	if (c->state == CONN_CLOSING)
		return false;
	c->heard = clock_mono(c->sb->clock);
	if (c->cipher == NULL)
		return on_handshake(c, body, len);
	if (noise_open(c->cipher, body, len, &plain, &e)) {
		watch_violation(c->sb->watch, "framing", c->who, "frame: %s", err_msg(&e));
		conn_abort(c);
		return false;
	}
	return on_stanza(c, plain);
}

static void on_message(void *ctx, struct ws *ws, uint8_t *at, size_t len)
{
	struct conn *c = ctx;
	struct err e = ERR_NONE;

	(void)ws;
	if (c->state == CONN_CLOSING || c->half_open)
		return;
	watch_totals(c->sb->watch)->bytes_in += len;
	if (frame_reader_push(&c->reader, at, len, on_frame, c, &e) && c->state != CONN_CLOSING) {
		watch_violation(c->sb->watch, "framing", c->who, "%s", err_msg(&e));
		conn_abort(c);
	}
}

void conn_open(struct sandbox *sb, struct http_req *req)
{
	static const struct ws_handler handler = { NULL, on_message, on_close }, deaf;
	struct conn *c;

	if (clock_mono(sb->clock).ms < sb->faults.refuse_until_ms) {
		/* cut where a refused client would be; the admin interface stays reachable */
		ws_abort(http_upgrade_ws(req, &deaf, NULL));
		return;
	}
	c = xcalloc(1, sizeof *c);
	c->sb = sb;
	c->number = ++sb->next_conn;
	c->opened = c->heard = clock_mono(sb->clock);
	conn_who_set(c);
	frame_reader_init(&c->reader, true);
	list_add_tail(&sb->conns, &c->link);
	sb->conns_len++;
	map_put(sb->conns_by_number, MAP_KEY(c->number), c);
	watch_totals(sb->watch)->connections++;
	c->ws = http_upgrade_ws(req, &handler, c);
}

void conns_tick(struct sandbox *sb)
{
	int64_t now = clock_mono(sb->clock).ms;

	LIST_EACH(pos, &sb->conns) {
		struct conn *c = CONTAINER_OF(pos, struct conn, link);

		if (c->half_open || c->state == CONN_CLOSING)
			continue;
		if (c->device == NULL && now - c->opened.ms > UNPAIRED_MS)
			conn_close(c);
		else if (c->device && now - c->heard.ms > SILENT_MS)
			conn_close(c);
	}
}
