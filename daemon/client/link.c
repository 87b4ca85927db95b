#include "daemon/client/link.h"

#include <inttypes.h>
#include <string.h>

#include "shared/base/xalloc.h"
#include "shared/signal/xeddsa.h"

#include "daemon/client/iq.h"

/* what a browser tells; the service expects one */
static const char origin[] = "https://web.whatsapp.com";
static const char user_agent[] =
	"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
	"Chrome/131.0.0.0 Safari/537.36";

enum { LINK_PAIR_LIMIT_MS = 300000, ROUTING_BYTES_MAX = 4096 };

static void link_dial(struct device *d);
static void link_redial(struct device *d);
static void link_back_off(struct device *d);
static void link_halt(struct device *d);
static void link_await_refs(struct device *d);
static void link_await_success(struct device *d);
static void link_await_restart(struct device *d);
static void link_refs_came(struct device *d);
static void link_stop(struct device *d);

#define S(name) (1u << DEVICE_##name)
#define S_UP (S(REGISTERING) | S(PAIRING) | S(LOGGING_IN) | S(SYNCING) | S(ONLINE))
#define S_ANY 0xFFFFu

struct link_step {
	uint32_t from; /* set of states */
	enum link_event ev;
	void (*action)(struct device *d);
	enum device_state to;
};

/* the first row that fits counts */
static const struct link_step link_steps[] = {
	/* clang-format off */
	{ S(IDLE) | S(STOPPED) | S(BACKOFF), EV_CONNECT,   link_dial,          DEVICE_CONNECTING  },
	{ S(STOPPED) | S(BACKOFF),           EV_WAKE,      link_dial,          DEVICE_CONNECTING  },
	{ S(CONNECTING),                     EV_REGISTERS, link_await_refs,    DEVICE_REGISTERING },
	{ S(CONNECTING),                     EV_LOGS_IN,   link_await_success, DEVICE_LOGGING_IN  },
	{ S(REGISTERING) | S(PAIRING),       EV_REFS,      link_refs_came,     DEVICE_PAIRING     },
	{ S(REGISTERING) | S(PAIRING),       EV_LINKED,    link_await_restart, DEVICE_RESTARTING  },
	{ S(RESTARTING),                     EV_RESTART,   link_redial,        DEVICE_CONNECTING  },
	{ S(RESTARTING),                     EV_LOST,      link_redial,        DEVICE_CONNECTING  },
	{ S(LOGGING_IN),                     EV_SUCCESS,   login_begin,        DEVICE_SYNCING     },
	{ S(SYNCING),                        EV_CAUGHT_UP, login_online,       DEVICE_ONLINE      },
	{ S_UP,                              EV_RESTART,   link_redial,        DEVICE_CONNECTING  },
	{ S_UP | S(CONNECTING),              EV_LOST,      link_back_off,      DEVICE_BACKOFF     },
	{ S_UP | S(RESTARTING),              EV_HALT,      link_halt,          DEVICE_STOPPED     },
	{ S_ANY,                             EV_STOP,      link_stop,          DEVICE_IDLE        },
	/* clang-format on */
};

static const char *const event_names[LINK_EVENTS] = {
	[EV_CONNECT] = "connect", [EV_WAKE] = "wake",       [EV_REGISTERS] = "registers",
	[EV_LOGS_IN] = "logs_in", [EV_REFS] = "refs",       [EV_LINKED] = "linked",
	[EV_RESTART] = "restart", [EV_SUCCESS] = "success", [EV_CAUGHT_UP] = "caught_up",
	[EV_LOST] = "lost",       [EV_HALT] = "halt",       [EV_STOP] = "stop",
};

const char *link_event_name(enum link_event ev)
{
	return event_names[ev];
}

static const struct link_step *link_find(enum device_state from, enum link_event ev)
{
	for (size_t i = 0; i < ARRAY_LEN(link_steps); i++)
		if (link_steps[i].ev == ev && (link_steps[i].from & (1u << from)))
			return &link_steps[i];
	return NULL;
}

bool link_next_state(enum device_state from, enum link_event ev, enum device_state *ret)
{
	const struct link_step *step = link_find(from, ev);

	if (step)
		*ret = step->to;
	return step != NULL;
}

void link_event(struct device *d, enum link_event ev)
{
	enum device_state before = d->state;
	const struct link_step *step = link_find(before, ev);

	if (!step) {
		LOG_WARN(d->log, "device.unexpected", F_STR("state", device_state_name(before)),
			 F_STR("event", link_event_name(ev)));
		return;
	}
	d->state = step->to;
	if (before != step->to)
		LOG_DEBUG(d->log, "device.moved", F_STR("from", device_state_name(before)),
			  F_STR("to", device_state_name(step->to)),
			  F_STR("event", link_event_name(ev)));
	step->action(d);
	/* an action or a hook may have moved on already: then that move told its own state */
	if (before != step->to && d->state == step->to && !d->closing)
		d->hooks->on_state(d->hook_ctx, d, d->state);
}

/* -- transport -- */

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

void link_gate_leave(struct device *d)
{
	if (d->link->in_gate)
		connect_gate_leave(d->env->gate);
	d->link->in_gate = false;
}

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
	l->logged_in = l->prekeys_busy = false;
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
	{ "call",         on_ack_only,         true  },
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

static void link_connect(struct device *d)
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

	memcpy(noise.root_key, d->env->noise_root_key, sizeof(noise.root_key));
	l->hello = noise_client_new(&noise);
	frame_reader_init(&l->frames, false);
	if (ws_connect(d->env->net, &cfg, &link_handler, d, &l->ws, &e)) {
		link_lost(d, e.msg);
		return;
	}
	device_hold(d); /* until this connection's on_close */
}

/* -- dialling -- */

static void link_identity_stored(void *ctx, const struct err *e)
{
	struct device *d = ctx;

	if (e->code) {
		LOG_ERROR(d->log, "identity.not_stored", F_ERR(e));
		if (d->state == DEVICE_CONNECTING)
			link_end_linking(d, FAULT_CONNECT_FAILED,
					 "the new keys could not be stored");
	} else {
		d->link->has_identity = true;
		if (d->state == DEVICE_CONNECTING)
			link_timer_set(d, TIMER_DIAL, 0);
	}
	device_release(d);
}

/* the state is CONNECTING: passes the gate step by step */
static void link_advance(struct device *d)
{
	struct link *l = d->link;
	uint32_t wait;

	if (!l->has_identity) {
		device_hold(d);
		identity_make(d, link_identity_stored);
		return;
	}
	if (!l->at_once && !l->slot_reserved) {
		l->slot_reserved = true;
		wait = connect_gate_reserve(d->env->gate);
		if (wait) {
			link_timer_set(d, TIMER_DIAL, wait);
			return;
		}
	}
	if (!l->at_once) {
		if (!connect_gate_enter(d->env->gate)) {
			link_timer_set(d, TIMER_DIAL, GATE_AGAIN_MS);
			return;
		}
		l->in_gate = true;
	}
	l->at_once = l->slot_reserved = false;
	link_connect(d);
}

void link_on_dial(struct device *d)
{
	struct link *l = d->link;

	if (d->state == DEVICE_CONNECTING && !l->ws)
		link_advance(d);
	else if ((d->state == DEVICE_BACKOFF || d->state == DEVICE_STOPPED) &&
		 (l->want_online || l->want_linked))
		link_event(d, EV_WAKE);
}

/* actions of the table; the dial itself comes from the timer, never from inside a frame */

static void link_dial(struct device *d)
{
	struct link *l = d->link;

	d->fault = FAULT_NONE;
	d->fault_reason[0] = '\0';
	l->slot_reserved = false;
	l->wait_min_ms = 0;
	if (l->want_linked && l->pair_deadline.ms == 0)
		l->pair_deadline.ms = clock_mono(d->env->clock).ms + LINK_PAIR_LIMIT_MS;
	link_timer_set(d, TIMER_DIAL, 0);
}

static void link_redial(struct device *d)
{
	link_drop(d);
	d->link->at_once = true;
	link_timer_set(d, TIMER_DIAL, 0);
}

static void link_back_off(struct device *d)
{
	struct link *l = d->link;
	bool lasted =
		l->logged_in && clock_mono(d->env->clock).ms - l->success_at.ms >= LINK_STABLE_MS;
	uint32_t wait;

	link_drop(d);
	l->failures = lasted ? 1 : l->failures + 1;
	wait = backoff_ms(l->failures, d->env->rng);
	if (wait < l->wait_min_ms)
		wait = l->wait_min_ms;
	link_timer_set(d, TIMER_DIAL, wait);
}

static void link_halt(struct device *d)
{
	struct link *l = d->link;
	struct fault_verdict *v = &l->verdict;
	unix_ms now = clock_unix(d->env->clock);

	link_drop(d);
	d->fault = v->fault;
	snprintf(d->fault_reason, sizeof(d->fault_reason), "%s", v->reason);
	if (v->counted && ++l->resumes <= FAULT_RESUMES_MAX)
		v->until.ms = now.ms + v->wait_ms;
	if (v->until.ms != INT64_MIN) {
		int64_t wait = v->until.ms > now.ms ? v->until.ms - now.ms : 0;

		link_timer_set(d, TIMER_DIAL, wait < INT32_MAX ? (uint32_t)wait : INT32_MAX);
	} else {
		l->want_online = false;
	}
	if (v->wipe) {
		struct db_unit *unit = db_unit_new();

		device_wipe(d, unit);
		device_hold(d);
		db_commit_take(d->env->db, unit, device_on_db, d);
	} else {
		device_store_state(d, device_fault_name(d->fault), d->fault_reason, v->until);
	}
	l->fault_stored = true;
}

static void link_await_refs(struct device *d)
{
	link_timer_set(d, TIMER_LIMIT, LINK_LOGIN_MS);
}

static void link_await_success(struct device *d)
{
	link_timer_set(d, TIMER_LIMIT, LINK_LOGIN_MS);
}

static void link_refs_came(struct device *d)
{
	link_timer_off(d, TIMER_LIMIT);
	link_gate_leave(d);
}

static void link_await_restart(struct device *d)
{
	d->link->want_linked = false;
	d->link->want_online = true;
	pair_end(d);
	link_timer_off(d, TIMER_QR);
	link_timer_set(d, TIMER_LIMIT, LINK_RESTART_MS);
}

static void link_stop(struct device *d)
{
	d->link->want_linked = false;
	link_drop(d);
}

/* -- events from elsewhere -- */

void link_lost(struct device *d, const char *why)
{
	struct link *l = d->link;

	if (d->state == DEVICE_RESTARTING) {
		link_event(d, EV_LOST);
		return;
	}
	LOG_INFO(d->log, "device.lost", F_STR("state", device_state_name(d->state)),
		 F_STR("why", why));
	if (l->want_linked && clock_mono(d->env->clock).ms >= l->pair_deadline.ms)
		link_end_linking(d, FAULT_QR_TIMEOUT, "nobody scanned the code in time");
	else
		link_event(d, EV_LOST);
}

void link_end_linking(struct device *d, enum device_fault fault, const char *why)
{
	LOG_INFO(d->log, "device.not_linked", F_STR("why", why));
	d->fault = fault;
	snprintf(d->fault_reason, sizeof(d->fault_reason), "%s", why);
	link_event(d, EV_STOP);
}

void link_on_limit(struct device *d)
{
	if (d->link->dead) {
		link_lost(d, "a stanza could not be sent");
		return;
	}
	switch (d->state) {
	case DEVICE_CONNECTING:
		link_lost(d, "the server did not finish the handshake");
		return;
	case DEVICE_REGISTERING:
	case DEVICE_LOGGING_IN:
		link_lost(d, "the server did not answer the login");
		return;
	case DEVICE_RESTARTING:
		link_event(d, EV_RESTART);
		return;
	case DEVICE_SYNCING:
		LOG_INFO(d->log, "backlog.end_missing", F_U64("stanzas", d->link->backlog_seen));
		link_event(d, EV_CAUGHT_UP);
		return;
	case DEVICE_IDLE:
	case DEVICE_PAIRING:
	case DEVICE_ONLINE:
	case DEVICE_BACKOFF:
	case DEVICE_STOPPED:
		return;
	}
}
