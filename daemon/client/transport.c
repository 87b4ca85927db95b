/* The transport of a device: WebSocket, Noise, frames, and which stanza goes to whom. */
#include <string.h>

#include "shared/signal/xeddsa.h"

#include "daemon/client/iq.h"
#include "daemon/client/link.h"
#include "daemon/client/route.h"

/* what a browser tells; the service expects one */
static const char origin[] = "https://web.whatsapp.com";
static const char user_agent[] =
	"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
	"Chrome/131.0.0.0 Safari/537.36";

enum { ROUTING_BYTES_MAX = 4096 };

bool link_is_up(const struct device *d)
{
	return d->link->noise != NULL;
}

static void link_ws_gone(void *ctx, struct ws *ws, const struct err *why)
{
	(void)ws;
	(void)why;
	device_release(ctx);
}

static void link_ws_late_open(void *ctx, struct ws *ws)
{
	(void)ctx;
	(void)ws;
}

static void link_ws_late_message(void *ctx, struct ws *ws, uint8_t *at, size_t len)
{
	(void)ctx;
	(void)ws;
	(void)at;
	(void)len;
}

/* what still comes from a connection we gave up */
static const struct ws_handler link_left_behind = { link_ws_late_open, link_ws_late_message,
						    link_ws_gone };

void link_drop(struct device *d)
{
	struct link *l = d->link;
	struct ws *ws = l->ws;
	bool was_logged_in = l->logged_in;

	l->ws = NULL;
	if (ws) {
		ws_set_handler(ws, &link_left_behind, d);
		if (l->dead)
			ws_abort(ws);
		else
			ws_close(ws);
	}
	l->dead = false;
	noise_client_free(l->hello);
	l->hello = NULL;
	noise_transport_free(l->noise);
	l->noise = NULL;
	if (l->reading)
		l->frames_stale = true; /* the reader is on the stack */
	else
		frame_reader_done(&l->frames);
	link_gate_leave(d);
	link_timers_off(d);
	pair_end(d);
	l->logged_in = false;
	l->refill = NULL; /* one under way notices and ends */
	d->online_since.ms = INT64_MIN;
	iq_fail_all(d->iqs, ERR_DEVICE_OFFLINE, "the connection was lost");
	if (was_logged_in)
		messages_on_offline(d);
}

enum errc device_send_node(struct device *d, const struct node *n, struct err *e)
{
	struct link *l = d->link;
	struct wr plain, frame;
	enum errc rc;

	if (!l->noise || !l->ws)
		return err_set(e, ERR_DEVICE_OFFLINE, "device %s: not connected", d->name);
	wr_init(&plain, NODE_BYTES_MAX);
	wr_init(&frame, FRAME_BODY_MAX + 3);
	node_encode(n, &plain);
	if (plain.bad || plain.len + GCM_TAG_BYTES > FRAME_BODY_MAX) {
		rc = err_set(e, ERR_TOO_LARGE, "stanza of %zu bytes", plain.len);
		goto out;
	}
	if (ws_queued(l->ws) + plain.len + 64 > WS_QUEUE_MAX) {
		rc = err_set(e, ERR_BUSY, "device %s: the network takes no more for now", d->name);
		goto out;
	}
	frame_write_header(&frame, plain.len + GCM_TAG_BYTES);
	/* the counter moves with the seal, so what is sealed must be sent, or the connection given up */
	rc = noise_seal(l->noise, wr_span(&plain), &frame, e);
	if (!rc)
		rc = ws_send(l->ws, wr_span(&frame), e);
	if (rc) {
		l->dead = true;
		link_timer_set(d, TIMER_LIMIT, 0);
	}
out:
	wr_done(&plain);
	wr_done(&frame);
	return rc;
}

/* -- stanzas in -- */

static void link_obey(struct device *d, const struct fault_verdict *v)
{
	struct link *l = d->link;

	LOG_INFO(d->log, "device.told", F_STR("reason", v->reason));
	if (v->move == FAULT_STOP && d->pn.user == 0 && d->state != DEVICE_RESTARTING) {
		link_end_linking(d, v->fault == FAULT_OUTDATED ? v->fault : FAULT_PAIR_REFUSED,
				 v->reason);
		return;
	}
	if (v->move == FAULT_STOP) {
		l->verdict = *v;
		link_event(d, EV_HALT);
	} else if (v->move == FAULT_RESTART) {
		link_event(d, EV_RESTART);
	} else {
		l->wait_min_ms = v->wait_ms;
		link_lost(d, v->reason);
	}
}

static void on_failure(struct device *d, const struct node *n)
{
	struct fault_verdict v;

	fault_of_failure(n, clock_unix(d->env->clock), &v);
	link_obey(d, &v);
}

static void on_stream_error(struct device *d, const struct node *n)
{
	struct fault_verdict v;

	fault_of_stream_error(n, &v);
	link_obey(d, &v);
}

static void on_stream_end(struct device *d, const struct node *n)
{
	(void)n;
	link_lost(d, "the server ended the stream");
}

static void on_iq(struct device *d, const struct node *n)
{
	if (!iq_on_answer(d->iqs, n))
		server_iq_on(d, n);
}

static void on_ack(struct device *d, const struct node *n)
{
	if (node_attr_is(n, "class", "message"))
		messages_on_ack(d, n);
}

static void on_ack_only(struct device *d, const struct node *n)
{
	device_ack(d, n, 0);
}

static void on_error(struct device *d, const struct node *n)
{
	const char *code = node_attr(n, "code"), *text = node_attr(n, "text");

	LOG_WARN(d->log, "stanza.refused", F_STR("code", code ? code : ""),
		 F_STR("text", text ? text : ""));
}

static void on_nothing(struct device *d, const struct node *n)
{
	(void)d;
	(void)n;
}

static const struct {
	const char *tag;
	void (*on)(struct device *d, const struct node *n);
	bool needs_login; /* refused before success */
} stanzas[] = {
	/* clang-format off */
	{ "message",      messages_on_stanza,  true  },
	{ "receipt",      messages_on_receipt, true  },
	{ "ack",          on_ack,              true  },
	{ "iq",           on_iq,               false },
	{ "notification", notification_on,     false },
	{ "ib",           login_on_ib,         false },
	{ "call",         messages_on_call,    true  },
	{ "status",       on_ack_only,         true  },
	{ "appdata",      on_ack_only,         true  },
	{ "presence",     on_nothing,          true  },
	{ "chatstate",    on_nothing,          true  },
	{ "success",      login_on_success,    false },
	{ "failure",      on_failure,          false },
	{ "stream:error", on_stream_error,     false },
	{ "xmlstreamend", on_stream_end,       false },
	{ "error",        on_error,            false },
	/* clang-format on */
};

static void link_dispatch(struct device *d, const struct node *n)
{
	for (size_t i = 0; i < ARRAY_LEN(stanzas); i++) {
		if (!node_is(n, stanzas[i].tag))
			continue;
		if (stanzas[i].needs_login && !d->link->logged_in)
			break;
		login_note_stanza(d, n);
		stanzas[i].on(d, n);
		return;
	}
	LOG_DEBUG(d->log, "stanza.ignored", F_STR("tag", n->tag));
}

static void link_on_stanza(struct device *d, uint8_t *body, size_t len)
{
	struct arena *a = arena_new();
	struct err e = ERR_NONE;
	struct span plain = SPAN_NONE;
	struct node *n = NULL;

	if (noise_open(d->link->noise, body, len, &plain, &e)) {
		d->link->dead = true; /* the two counters differ for good */
		link_lost(d, "a frame could not be opened");
	} else if (node_decode(a, plain, &n, &e)) {
		LOG_WARN(d->log, "stanza.bad", F_ERR(&e), F_SIZE("bytes", plain.len));
	} else {
		link_dispatch(d, n);
	}
	arena_free(a);
}

/* ServerHello: answer it, and with it tell who we are */
static void link_on_hello(struct device *d, uint8_t *body, size_t len)
{
	struct link *l = d->link;
	struct wr payload, out;
	struct err e = ERR_NONE;
	bool ok;

	wr_init(&payload, 4096);
	wr_init(&out, FRAME_HANDSHAKE_MAX);
	payload_write(d, &payload);
	ok = !noise_client_finish(l->hello, span_of(body, len), wr_span(&payload), &out, &l->noise,
				  &e) &&
	     !ws_send(l->ws, wr_span(&out), &e);
	noise_client_free(l->hello);
	l->hello = NULL;
	wr_done(&payload);
	wr_done(&out);
	if (!ok) {
		LOG_WARN(d->log, "handshake.failed", F_ERR(&e));
		link_lost(d, "the handshake failed");
		return;
	}
	l->frames.body_max = FRAME_BODY_MAX;
	iq_new_connection(d->iqs);
	keepalive_start(d);
	link_event(d, d->pn.user ? EV_LOGS_IN : EV_REGISTERS);
}

static bool link_on_frame(void *ctx, uint8_t *body, size_t len)
{
	struct device *d = ctx;
	struct link *l = d->link;
	const struct ws *ws = l->ws;

	l->last_frame = clock_mono(d->env->clock);
	if (l->hello)
		link_on_hello(d, body, len);
	else if (l->noise)
		link_on_stanza(d, body, len);
	return l->ws == ws && ws != NULL && !l->frames_stale;
}

static void link_ws_message(void *ctx, struct ws *ws, uint8_t *at, size_t len)
{
	struct device *d = ctx;
	struct link *l = d->link;
	struct err e = ERR_NONE;
	enum errc rc;

	(void)ws;
	device_hold(d);
	l->reading = true;
	rc = frame_reader_push(&l->frames, at, len, link_on_frame, d, &e);
	l->reading = false;
	if (l->frames_stale) {
		frame_reader_done(&l->frames);
		l->frames_stale = false;
	} else if (rc) {
		link_lost(d, e.msg);
	}
	device_release(d);
}

static void link_ws_open(void *ctx, struct ws *ws)
{
	static const uint8_t routing_intro[4] = { 'E', 'D', 0, 1 };
	struct device *d = ctx;
	struct link *l = d->link;
	struct wr out;
	struct err e = ERR_NONE;

	wr_init(&out, FRAME_HANDSHAKE_MAX);
	if (l->routing.len && l->routing.len <= ROUTING_BYTES_MAX) {
		wr_put(&out, routing_intro, sizeof(routing_intro));
		wr_be(&out, l->routing.len, 3);
		wr_span_put(&out, l->routing);
	}
	noise_client_hello(l->hello, &out);
	if (ws_send(ws, wr_span(&out), &e))
		link_lost(d, e.msg);
	else
		link_timer_set(d, TIMER_LIMIT, LINK_HANDSHAKE_MS);
	wr_done(&out);
}

static void link_ws_close(void *ctx, struct ws *ws, const struct err *why)
{
	struct device *d = ctx;

	(void)ws;
	d->link->ws = NULL;
	link_lost(d, why->code ? err_msg(why) : "the server closed the connection");
	device_release(d);
}

static const struct ws_handler link_handler = { link_ws_open, link_ws_message, link_ws_close };

void link_connect(struct device *d)
{
	struct link *l = d->link;
	struct noise_client_cfg noise = { .noise_key = &d->noise_key,
					  .verify = xeddsa_verify,
					  .now = clock_unix(d->env->clock),
					  .rng = d->env->rng };
	struct ws_connect_cfg cfg = { .url = d->env->url,
				      .origin = origin,
				      .user_agent = user_agent };
	struct err e = ERR_NONE;
	struct proxy proxy;
	enum errc rc;

	if (l->proxy.len) {
		if (route_open(d->env->sealer, d->user_id, d->id, l->proxy, &proxy, &e)) {
			link_lost(d, e.msg);
			return;
		}
		cfg.proxy = &proxy;
	}
	memcpy(noise.root_key, d->env->noise_root_key, sizeof(noise.root_key));
	l->hello = noise_client_new(&noise);
	frame_reader_init(&l->frames, false);
	rc = ws_connect(d->env->net, &cfg, &link_handler, d, &l->ws, &e);
	if (cfg.proxy)
		proxy_wipe(&proxy);
	if (rc) {
		link_lost(d, e.msg);
		return;
	}
	device_hold(d); /* until this connection's on_close */
}
