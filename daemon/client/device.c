#include "daemon/client/device.h"

#include <string.h>

#include "shared/base/xalloc.h"

#include "daemon/client/iq.h"
#include "daemon/client/link.h"

static const char *const state_names[] = {
	[DEVICE_IDLE] = "idle",
	[DEVICE_CONNECTING] = "connecting",
	[DEVICE_REGISTERING] = "registering",
	[DEVICE_PAIRING] = "pairing",
	[DEVICE_RESTARTING] = "restarting",
	[DEVICE_LOGGING_IN] = "logging_in",
	[DEVICE_SYNCING] = "syncing",
	[DEVICE_ONLINE] = "online",
	[DEVICE_BACKOFF] = "backoff",
	[DEVICE_STOPPED] = "stopped",
};

const char *device_state_name(enum device_state s)
{
	return state_names[s];
}

static const char *const outcome_names[] = {
	[SEND_SENT] = "sent",     [SEND_RETRY] = "retry",     [SEND_UNKNOWN] = "unknown",
	[SEND_FAILED] = "failed", [SEND_LIMITED] = "limited", [SEND_COLD] = "cold_contact",
};

const char *send_outcome_name(enum send_outcome o)
{
	return outcome_names[o];
}

static struct span span_own(struct span s)
{
	return s.len ? span_of(xmemdup(s.at, s.len), s.len) : SPAN_NONE;
}

static void text_own(char **slot, const char *text)
{
	free(*slot);
	*slot = xstrdup(text);
}

/* -- loading -- */

static void device_read_row(struct device *d, const PGresult *r, unix_ms *ret_until)
{
	uint16_t number = (uint16_t)db_i64(r, 0, db_col(r, "device_no"));
	uint64_t pn = (uint64_t)db_i64(r, 0, db_col(r, "pn"));
	uint64_t lid = (uint64_t)db_i64(r, 0, db_col(r, "lid"));

	text_own(&d->name, db_text(r, 0, db_col(r, "name")));
	text_own(&d->push_name, db_text(r, 0, db_col(r, "push_name")));
	if (pn)
		d->pn = addr_make(JID_PN, pn, number);
	if (lid)
		d->lid = addr_make(JID_LID, lid, number);
	d->account = span_own(db_bytes(r, 0, db_col(r, "account")));
	d->next_prekey_id = (uint32_t)db_i64(r, 0, db_col(r, "next_prekey_id"));
	d->link->routing = span_own(db_bytes(r, 0, db_col(r, "routing_info")));
	d->link->proxy = span_own(db_bytes(r, 0, db_col(r, "proxy")));
	d->fault = device_fault_from_name(db_text(r, 0, db_col(r, "state")));
	snprintf(d->fault_reason, sizeof(d->fault_reason), "%s",
		 db_text(r, 0, db_col(r, "state_reason")));
	*ret_until = db_time(r, 0, db_col(r, "state_until"));
}

/* a fault with an end that has passed is over; one whose end is to come wakes the device then */
static void device_settle_fault(struct device *d, unix_ms until)
{
	bool ends = until.ms != INT64_MIN;
	int64_t left = ends ? until.ms - clock_unix(d->env->clock).ms : 0;

	d->link->fault_stored = d->fault != FAULT_NONE;
	/* a start of the process brings new settings and perhaps a new version: those are tried */
	if (d->fault == FAULT_NONE || d->fault == FAULT_OUTDATED ||
	    d->fault == FAULT_BAD_USER_AGENT || d->fault == FAULT_CONNECT_FAILED ||
	    (ends && left <= 0)) {
		d->fault = FAULT_NONE;
		d->fault_reason[0] = '\0';
		return;
	}
	d->state = DEVICE_STOPPED;
	d->link->verdict.until = until;
	if (ends) {
		d->link->want_online = true;
		link_timer_set(d, TIMER_DIAL, left < INT32_MAX ? (uint32_t)left : INT32_MAX);
	}
}

static void device_loaded(void *ctx, const PGresult *r, const struct err *e)
{
	struct device *d = ctx;
	struct err bad = *e;
	unix_ms until = { INT64_MIN };

	if (d->closing) {
		device_release(d);
		return;
	}
	if (!bad.code && db_rows(r) == 0)
		err_set(&bad, ERR_NOT_FOUND, "there is no such device");
	if (!bad.code) {
		struct span sealed = db_bytes(r, 0, db_col(r, "secrets"));

		device_read_row(d, r, &until);
		device_settle_fault(d, until);
		if (sealed.len && identity_open(d, sealed, &bad) == ERR_OK)
			d->link->has_identity = true;
	}
	if (bad.code) {
		LOG_ERROR(d->log, "device.not_loaded", F_ERR(&bad));
		d->state = DEVICE_STOPPED;
		d->fault = FAULT_CONNECT_FAILED;
		snprintf(d->fault_reason, sizeof(d->fault_reason), "not loaded: %.100s", bad.msg);
	} else {
		d->link->loaded = true;
	}
	d->hooks->on_state(d->hook_ctx, d, d->state);
	if (d->link->want_online && d->state == DEVICE_IDLE)
		device_start(d);
	if (d->link->want_linked && d->link->loaded && !d->pn.user && !d->closing &&
	    (d->state == DEVICE_IDLE || d->state == DEVICE_STOPPED))
		link_event(d, EV_CONNECT);
	device_release(d);
}

struct device *device_new(struct client_env *env, int64_t user_id, int64_t id,
			  const struct device_hooks *hooks, void *ctx)
{
	struct device *d = xcalloc(1, sizeof(*d));
	struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	d->env = env;
	d->user_id = user_id;
	d->id = id;
	d->hooks = hooks;
	d->hook_ctx = ctx;
	d->name = xstrdup("");
	d->push_name = xstrdup("");
	d->log = LOG_CHILD(env->log, F_ID("device", id));
	d->online_since.ms = INT64_MIN;
	d->holds = 1;
	d->link = xcalloc(1, sizeof(*d->link));
	d->link->verdict.until.ms = INT64_MIN;
	d->iqs = iq_table_new(d);
	link_timers_init(d);
	messages_init(d);
	db_p_i64(p, user_id);
	db_p_i64(p, id);
	device_hold(d);
	db_query(env->db, STMT_DEVICE_LOAD, p, DB_IDEMPOTENT, device_loaded, d);
	arena_free(a);
	return d;
}

void device_get(const struct device *d, struct device_info *ret)
{
	*ret = (struct device_info){
		.user_id = d->user_id,
		.id = d->id,
		.name = d->name,
		.state = d->state,
		.fault = d->fault,
		.fault_reason = d->fault_reason,
		.comes_back = d->state == DEVICE_STOPPED && link_timer_is_on(d, TIMER_DIAL),
		.pn = d->pn,
		.lid = d->lid,
		.push_name = d->push_name,
		.online_since = d->online_since,
		.server_offset_ms = d->server_offset_ms,
	};
}

/* -- commands -- */

void device_start(struct device *d)
{
	struct link *l = d->link;
	int64_t wait = 0;

	l->want_online = true;
	if (!l->loaded || d->closing)
		return; /* device_loaded comes back to it */
	if (d->pn.user == 0) {
		LOG_WARN(d->log, "device.not_started", F_STR("why", "it is not linked"));
		return;
	}
	if (d->state != DEVICE_IDLE && d->state != DEVICE_STOPPED && d->state != DEVICE_BACKOFF)
		return;
	if (l->verdict.until.ms != INT64_MIN)
		wait = l->verdict.until.ms - clock_unix(d->env->clock).ms;
	if (d->state == DEVICE_STOPPED && d->fault == FAULT_TEMP_BANNED && wait > 0) {
		link_timer_set(d, TIMER_DIAL, wait < INT32_MAX ? (uint32_t)wait : INT32_MAX);
		return; /* an earlier try would make the ban longer */
	}
	l->failures = l->resumes = 0;
	link_event(d, EV_CONNECT);
}

enum errc device_pair(struct device *d, struct err *e)
{
	struct link *l = d->link;

	if (d->closing)
		return err_set(e, ERR_SHUTTING_DOWN, "device %s: is being closed", d->name);
	if (!l->loaded && d->state == DEVICE_STOPPED)
		return err_set(e, ERR_DATABASE, "device %s: %s", d->name, d->fault_reason);
	if (d->pn.user && d->state == DEVICE_STOPPED) {
		device_start(
			d); /* linked, but stopped by a fault: the operator's word to try again */
		return ERR_OK;
	}
	if (d->pn.user)
		return err_set(e, ERR_CONFLICT, "device %s: is already linked", d->name);
	l->want_linked = true;
	l->pair_deadline.ms = 0;
	if (!l->loaded)
		return ERR_OK; /* device_loaded comes back to it */
	if (d->state == DEVICE_IDLE || d->state == DEVICE_STOPPED || d->state == DEVICE_BACKOFF)
		link_event(d, EV_CONNECT);
	else
		pair_again(d); /* under way: whoever asks sees the code that is valid now */
	return ERR_OK;
}

void device_reconnect(struct device *d)
{
	struct link *l = d->link;

	if (d->closing || !l->loaded || d->pn.user == 0)
		return;
	l->failures = 0;
	if (l->ws || d->state == DEVICE_BACKOFF)
		link_event(d, EV_REROUTED);
	else
		device_start(d); /* stopped: the operator's word to try again */
}

void device_cancel_pairing(struct device *d)
{
	if (d->link->want_linked && !d->pn.user && d->link->loaded && d->state != DEVICE_IDLE &&
	    d->state != DEVICE_STOPPED)
		link_end_linking(d, FAULT_NONE, "linking was cancelled");
}

void device_stop(struct device *d)
{
	d->link->want_online = false;
	if (d->state != DEVICE_IDLE && d->state != DEVICE_STOPPED)
		link_event(d, EV_STOP);
	link_timer_off(d, TIMER_DIAL);
}

/* -- storing -- */

void device_on_db(void *ctx, const struct err *e)
{
	struct device *d = ctx;

	if (e->code)
		LOG_ERROR(d->log, "device.not_stored", F_ERR(e));
	device_release(d);
}

void device_set_state(struct device *d, struct db_unit *unit, const char *state, const char *reason,
		      unix_ms until)
{
	struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	db_p_i64(p, d->user_id);
	db_p_i64(p, d->id);
	db_p_text(p, state);
	db_p_text(p, reason);
	db_p_time(p, until);
	db_unit_add(unit, STMT_DEVICE_SET_STATE, p);
	arena_free(a);
}

void device_wipe(struct device *d, struct db_unit *unit)
{
	static const enum stmt rest[] = { STMT_PREKEY_WIPE, STMT_DEVICE_WIPE_SESSIONS,
					  STMT_DEVICE_WIPE_SENDER_KEYS };
	struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	db_p_i64(p, d->user_id);
	db_p_i64(p, d->id);
	for (size_t i = 0; i < ARRAY_LEN(rest); i++)
		db_unit_add(unit, rest[i], p);
	db_p_text(p, d->fault_reason);
	db_unit_add(unit, STMT_DEVICE_WIPE, p);
	arena_free(a);
	identity_wipe(d);
	messages_on_wiped(d);
}

/* -- end -- */

void device_hold(struct device *d)
{
	d->holds++;
}

static void device_on_timer_closed(uv_handle_t *h)
{
	struct device *d = h->data;
	struct link *l = d->link;
	void (*closed)(void *ctx) = l->closed;
	void *ctx = l->closed_ctx;

	messages_done(d);
	iq_table_free(d->iqs);
	identity_wipe(d);
	frame_reader_done(&l->frames);
	free((void *)(uintptr_t)l->proxy.at);
	free(l);
	log_free(d->log);
	free(d->name);
	free(d->push_name);
	free(d);
	if (closed)
		closed(ctx);
}

void device_release(struct device *d)
{
	if (--d->holds > 0)
		return;
	/* requests made after the transport went: their callbacks may still begin something */
	d->holds++;
	for (int round = 0; round < 8 && iq_waiting(d->iqs) > 0; round++)
		iq_fail_all(d->iqs, ERR_SHUTTING_DOWN, "the device is being closed");
	if (--d->holds > 0)
		return;
	/* held and let go once more in the turn of the loop in which it ended: it is closed already */
	if (!uv_is_closing((uv_handle_t *)&d->link->timer))
		uv_close((uv_handle_t *)&d->link->timer, device_on_timer_closed);
}

void device_close(struct device *d, void (*closed)(void *ctx), void *ctx)
{
	d->link->closed = closed;
	d->link->closed_ctx = ctx;
	d->link->want_online = false;
	d->closing = true;
	if (d->link->logout_done)
		logout_finish(d);
	link_event(d, EV_STOP);
	link_timers_off(d);
	device_release(d);
}
