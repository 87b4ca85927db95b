#include "daemon/client/link.h"

#include <inttypes.h>
#include <string.h>

#include "shared/base/xalloc.h"
#include "shared/signal/xeddsa.h"

#include "daemon/client/iq.h"
#include "daemon/store/crash.h"

static void link_dial(struct device *d);
static void link_redial(struct device *d);
static void link_reroute(struct device *d);
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
	{ S_UP | S(CONNECTING) | S(BACKOFF), EV_REROUTED,  link_reroute,       DEVICE_CONNECTING  },
	{ S(RESTARTING),                     EV_REROUTED,  link_redial,        DEVICE_CONNECTING  },
	{ S_ANY,                             EV_HALT,      link_halt,          DEVICE_STOPPED     },
	{ S_ANY,                             EV_STOP,      link_stop,          DEVICE_IDLE        },
	/* clang-format on */
};

static const char *const event_names[LINK_EVENTS] = {
	[EV_CONNECT] = "connect",   [EV_WAKE] = "wake",       [EV_REGISTERS] = "registers",
	[EV_LOGS_IN] = "logs_in",   [EV_REFS] = "refs",       [EV_LINKED] = "linked",
	[EV_RESTART] = "restart",   [EV_SUCCESS] = "success", [EV_CAUGHT_UP] = "caught_up",
	[EV_LOST] = "lost",         [EV_HALT] = "halt",       [EV_STOP] = "stop",
	[EV_REROUTED] = "rerouted",
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
	if ((before != step->to || ev == EV_HALT) && d->state == step->to && !d->closing)
		d->hooks->on_state(d->hook_ctx, d, d->state);
}

/* -- dialling -- */

void link_gate_leave(struct device *d)
{
	if (d->link->in_gate)
		connect_gate_leave(d->env->gate);
	d->link->in_gate = false;
}

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

/* through the gate: whoever sets the proxy does not choose how often devices connect */
static void link_reroute(struct device *d)
{
	link_drop(d);
	link_dial(d);
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

static void link_halted(void *ctx, const struct err *e)
{
	CRASH_POINT("device.after_halted");
	device_on_db(ctx, e);
}

static void link_wiped(void *ctx, const struct err *e)
{
	struct device *d = ctx;

	if (d->link->logout_done)
		logout_finish(d);
	link_halted(d, e);
}

static void link_halt(struct device *d)
{
	struct link *l = d->link;
	struct fault_verdict *v = &l->verdict;
	struct db_unit *unit;
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
	unit = db_unit_new();
	if (v->wipe)
		device_wipe(d, unit);
	else
		device_set_state(d, unit, device_fault_name(d->fault), d->fault_reason, v->until);
	if (d->hooks->on_halt)
		d->hooks->on_halt(d->hook_ctx, d, unit);
	CRASH_POINT("device.before_halted");
	device_hold(d);
	db_commit_take(d->env->db, unit, v->wipe ? link_wiped : link_halted, d);
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

/* The reason stays until the next dial. Before the event, which tells it on; what moves on elsewhere has a
 * reason of its own. */
static void link_wait_after(struct device *d, const char *why)
{
	enum device_state to;

	if (link_next_state(d->state, EV_LOST, &to) && to == DEVICE_BACKOFF)
		snprintf(d->fault_reason, sizeof(d->fault_reason), "%s", why);
	link_event(d, EV_LOST);
}

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
		link_wait_after(d, why);
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
