#include "daemon/engine/worker.h"

#include "shared/base/xalloc.h"

#include "daemon/client/history_ask.h"
#include "daemon/engine/reply.h"
#include "daemon/engine/worker_impl.h"

void worker_say(struct worker *w, struct fleet_mail *m)
{
	w->env->post(w->env->ctx, m);
}

struct fleet_mail *worker_mail(struct worker *w, enum fleet_mail_kind kind)
{
	return fleet_mail_new(kind, w->user_id, w->device_id);
}

static void announce(struct worker *w)
{
	struct fleet_mail *m = worker_mail(w, MAIL_STATE);
	struct device_info info;

	device_get(w->device, &info);
	m->state = info.state;
	m->fault = info.fault;
	m->flag = info.comes_back;
	m->pn = info.pn;
	m->lid = info.lid;
	m->token = info.server_offset_ms;
	m->text = xstrdup(info.fault_reason ? info.fault_reason : "");
	worker_say(w, m);
}

/* -- events of the client -- */

/* once its row and its rules are read: no message comes in before */
static void begin(struct worker *w)
{
	struct device_info info;

	if (!w->loaded || w->rules == NULL || w->closing)
		return;
	device_get(w->device, &info);
	if (info.pn.user && info.fault == FAULT_NONE)
		device_start(w->device);
	else if (w->pair_wanted)
		worker_pair(w);
}

/* Once a start the server is asked for the reach-out lock: what was refused before a crash waits for it. */
static void go_online(struct worker *w)
{
	queue_online(w->queue);
	if (!w->reach_asked)
		device_reach_query(w->device);
	w->reach_asked = true;
}

static void on_state(void *ctx, struct device *d, enum device_state s)
{
	struct worker *w = ctx;
	bool first; /* the row is read now */

	w->device = d;
	first = !w->loaded && !w->closing && (s == DEVICE_IDLE || s == DEVICE_STOPPED);
	w->loaded = w->loaded || first;
	if (w->queue && s == DEVICE_ONLINE && !w->resting)
		go_online(w);
	else if (w->queue && w->state == DEVICE_ONLINE)
		queue_offline(w->queue);
	if (s != w->state && !first)
		worker_tell_state(w, s);
	w->state = s;
	announce(w);
	if (!first)
		return;
	begin(w); /* last, as this may lead to the next state at once */
}

static void read_settings(struct worker *w);

static void on_qr(void *ctx, struct device *d, const struct device_qr *qr)
{
	struct worker *w = ctx;
	struct fleet_mail *m = worker_mail(w, MAIL_QR);

	(void)d;
	m->text = xstrdup(qr->text);
	m->number = qr->number;
	m->count = qr->count;
	m->valid_ms = qr->valid_ms;
	worker_say(w, m);
}

static void on_paired(void *ctx, struct device *d)
{
	struct worker *w = ctx;
	struct fleet_mail *m = worker_mail(w, MAIL_PAIRED);
	struct device_info info;

	device_get(d, &info);
	m->pn = info.pn;
	m->lid = info.lid;
	worker_say(w, m);
	read_settings(w); /* the age of the link counts */
}

/* -- health -- */

static void on_paused(void *ctx, const struct err *e)
{
	struct worker *w = ctx;
	struct fleet_mail *m = worker_mail(w, MAIL_PAUSED);

	w->asked--;
	if (e->code == ERR_OK) {
		m->text = w->pause_reason;
		w->pause_reason = NULL;
		worker_say(w, m);
	} else {
		w->paused = false;
		fleet_mail_free(m);
	}
	worker_finish_close(w);
}

/* the device is so unwell that it stops by itself, and says why */
static void pause_itself(struct worker *w, const char *why)
{
	struct db_unit *unit = db_unit_new();
	struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	LOG_WARN(w->env->client->log, "device.unwell", F_ID("device", w->device_id),
		 F_STR("why", why));
	w->paused = true;
	free(w->pause_reason);
	w->pause_reason = xstrdup(why);
	db_p_i64(p, w->user_id);
	db_p_i64(p, w->device_id);
	db_p_text(p, why);
	db_p_bool(p, true);
	db_unit_add(unit, STMT_DEVICE_PAUSE, p);
	arena_free(a);
	w->asked++;
	db_commit_take(w->env->client->db, unit, on_paused, w);
}

static void on_one_tick(void *ctx, const PGresult *r, const struct err *e)
{
	struct worker *w = ctx;
	const char *why;

	w->asked--;
	if (w->closing)
		worker_finish_close(w);
	else if (e->code == ERR_OK && w->queue && !w->paused &&
		 queue_health(w->queue, (uint32_t)db_i64(r, 0, 0), &why) < HEALTH_PAUSE)
		pause_itself(w, why);
}

static void look_at_health(struct worker *w)
{
	struct arena *a;
	struct db_params *p;
	int64_t now = clock_unix(w->env->client->clock).ms, min, max;

	if (w->queue == NULL || w->closing || w->paused)
		return;
	a = arena_new();
	p = db_params_new(a);
	queue_health_ages(w->queue, &min, &max);
	db_p_i64(p, w->user_id);
	db_p_i64(p, w->device_id);
	db_p_time(p, (unix_ms){ now - max });
	db_p_time(p, (unix_ms){ now - min });
	w->asked++;
	db_query(w->env->client->db, STMT_DEVICE_ONE_TICK, p, DB_IDEMPOTENT, on_one_tick, w);
	arena_free(a);
}

void worker_health(struct worker *w, const struct fleet_mail *m)
{
	(void)m;
	look_at_health(w);
}

static void on_reach_lock(void *ctx, struct device *d, bool known, unix_ms until,
			  struct db_unit *unit)
{
	struct worker *w = ctx;

	(void)d;
	if (w->queue)
		queue_reach_lock(w->queue, known, until, unit);
	look_at_health(w); /* a refusal may have led to this */
}

static const struct device_hooks hooks = {
	.on_state = on_state,
	.on_qr = on_qr,
	.on_paired = on_paired,
	.on_halt = worker_on_halt,
	.on_message = worker_on_message,
	.on_call = worker_on_call,
	.on_reach_lock = on_reach_lock,
};

/* -- life -- */

void worker_finish_close(struct worker *w)
{
	if (w->closing && w->device_gone && w->asked == 0)
		w->gone(w->gone_ctx, w->device_id);
}

static void on_settings(void *ctx, const PGresult *r, const struct err *e)
{
	struct worker *w = ctx;
	struct device_rules rules;
	bool read = e->code == ERR_OK && db_rows(r) == 1;

	w->asked--;
	if (w->closing) {
		worker_finish_close(w);
		return;
	}
	if (w->queue && !read)
		return; /* those it has stay in force */
	if (read)
		device_rules_read(r, w->env->pacing, &rules);
	else
		device_rules_default(w->env->pacing, &rules);
	w->paused = rules.device_paused;
	if (read)
		device_set_proxy(w->device, rules.proxy);
	if (w->queue) {
		queue_set_rules(w->queue, &rules);
		return;
	}
	w->queue = queue_new(w->env->queue, w->device, w->user_id, w->device_id, &rules);
	if (w->state == DEVICE_ONLINE && !w->resting)
		go_online(w);
}

static void read_settings(struct worker *w)
{
	struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	db_p_i64(p, w->user_id);
	db_p_i64(p, w->device_id);
	w->asked++;
	db_query(w->env->client->db, STMT_DEVICE_RULES, p, DB_IDEMPOTENT, on_settings, w);
	arena_free(a);
}

static void on_rules(void *ctx, const PGresult *r, const struct err *e)
{
	struct worker *w = ctx;
	bool first = w->rules == NULL;

	w->asked--;
	if (w->closing) {
		worker_finish_close(w);
		return;
	}
	if (e->code == ERR_OK || first) { /* without rules it still works */
		reply_rules_free(w->rules);
		w->rules = reply_rules_read(e->code ? NULL : r);
	}
	if (first)
		begin(w);
}

static void read_rules(struct worker *w)
{
	struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	db_p_i64(p, w->user_id);
	db_p_i64(p, w->device_id);
	w->asked++;
	db_query(w->env->client->db, STMT_REPLY_ACTIVE, p, DB_IDEMPOTENT, on_rules, w);
	arena_free(a);
}

struct worker *worker_new(struct worker_env *env, int64_t user_id, int64_t device_id)
{
	struct worker *w = xcalloc(1, sizeof *w);

	w->env = env;
	w->user_id = user_id;
	w->device_id = device_id;
	w->state = DEVICE_IDLE;
	w->device = device_new(env->client, user_id, device_id, &hooks, w);
	read_settings(w);
	read_rules(w);
	return w;
}

static void on_device_closed(void *ctx)
{
	struct worker *w = ctx;

	w->device_gone = true;
	w->device = NULL;
	if (w->queue)
		queue_close(w->queue);
	w->queue = NULL;
	worker_finish_close(w);
}

void worker_close(struct worker *w, void (*gone)(void *ctx, int64_t device_id), void *ctx)
{
	if (w->closing)
		return;
	w->closing = true;
	w->gone = gone;
	w->gone_ctx = ctx;
	if (w->queue)
		queue_offline(w->queue);
	if (w->resting)
		worker_tell_ended(w); /* the daemon ends: no other has the device yet */
	device_close(w->device, on_device_closed, w);
}

void worker_rest(struct worker *w)
{
	w->resting = true;
	if (w->queue)
		queue_offline(w->queue);
}

size_t worker_sends(const struct worker *w)
{
	return w->device && !w->closing ? device_sends(w->device) : 0;
}

void worker_free(struct worker *w)
{
	reply_rules_free(w->rules);
	free(w->pause_reason);
	free(w);
}

void worker_pair(struct worker *w)
{
	struct err e = ERR_NONE;

	struct fleet_mail *m;

	w->pair_wanted = !w->loaded || w->rules == NULL;
	if (w->closing || w->pair_wanted || device_pair(w->device, &e) == ERR_OK)
		return;
	m = worker_mail(w, MAIL_PAIR_REFUSED);
	m->err = e;
	worker_say(w, m);
}

static void on_logged_out(void *ctx)
{
	struct worker *w = ctx;

	worker_say(w, worker_mail(w, MAIL_LOGGED_OUT));
}

void worker_logout(struct worker *w)
{
	if (!w->closing)
		device_logout(w->device, on_logged_out, w);
}

void worker_wake(struct worker *w, const struct fleet_mail *m)
{
	if (w->queue && !w->closing && (m->user_id == 0 || m->user_id == w->user_id))
		queue_wake(w->queue);
}

void worker_forget(struct worker *w, const struct fleet_mail *m)
{
	struct db_unit *unit = db_unit_new();

	if (w->queue && m->user_id == w->user_id)
		queue_give_back(w->queue, m->campaign_id, unit);
	if (db_unit_empty(unit))
		db_unit_free(unit);
	else
		db_commit_take(w->env->client->db, unit, NULL, NULL);
}

void worker_opted_out(struct worker *w, const struct fleet_mail *m)
{
	if (w->queue == NULL || m->user_id != w->user_id)
		return;
	queue_opted_out(w->queue, (uint64_t)m->token);
	queue_wake(w->queue); /* what went without need is found again */
}

struct media_order {
	struct worker *w; /* outlives its device's work */
	int64_t token;
};

static void on_media(void *ctx, struct span bytes, const struct err *e)
{
	struct media_order *o = ctx;
	struct fleet_mail *m = worker_mail(o->w, MAIL_FETCHED);

	m->token = o->token;
	m->err = *e;
	if (e->code == ERR_OK)
		m->bytes = span_of(xmemdup(bytes.at, bytes.len), bytes.len);
	worker_say(o->w, m);
	free(o);
}

void worker_media(struct worker *w, const struct fleet_mail *m)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct media_order *o = xcalloc(1, sizeof *o);
	struct message content;
	struct err e = ERR_NONE;

	*o = (struct media_order){ w, m->token };
	if (w->closing || w->device == NULL)
		err_set(&e, ERR_DEVICE_OFFLINE, "the device is being closed");
	else if (message_decode(a, m->bytes, &content, &e) == ERR_OK) {
		device_media_fetch(w->device, content.kind, &content.media, on_media, o);
		return;
	}
	on_media(o, SPAN_NONE, &e);
}

void worker_read(struct worker *w, const struct fleet_mail *m)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct read_item *items = arena_alloc(a, (m->text_len / 2 + 1) * sizeof(*items));
	size_t n = 0;

	for (size_t i = 1; i + 1 < m->text_len; i += 2)
		items[n++] = (struct read_item){ m->texts[i], m->texts[i + 1] };
	if (!w->closing && n > 0)
		device_tell_read(w->device, m->texts[0], items, n);
}

/* -- older messages of a chat -- */

struct history_order {
	struct worker *w;
	int64_t token;
};

static void on_asked(void *ctx, const struct err *e)
{
	struct history_order *o = ctx;
	struct worker *w = o->w;
	struct fleet_mail *m = worker_mail(w, MAIL_ASKED);

	m->token = o->token;
	m->err = *e;
	free(o);
	w->asked--;
	worker_say(w, m);
	worker_finish_close(w);
}

void worker_history(struct worker *w, const struct fleet_mail *m)
{
	struct history_order *o = xcalloc(1, sizeof *o);
	struct err e = ERR_NONE;

	*o = (struct history_order){ w, m->token };
	w->asked++;
	if (w->closing || w->resting) {
		err_set(&e, ERR_DEVICE_OFFLINE, "the device is being closed");
		on_asked(o, &e);
		return;
	}
	device_ask_history(w->device,
			   &(struct history_ask){ .msg_id = m->texts[0],
						  .chat = m->texts[1],
						  .oldest_id = m->texts[2],
						  .oldest_from_me = m->flag,
						  .oldest_at_s = m->ids[0],
						  .count = m->number },
			   on_asked, o);
}

/* -- is a number on WhatsApp -- */

static void on_numbers(void *ctx, const uint64_t *on, size_t on_len, const uint64_t *off,
		       size_t off_len, const struct err *e)
{
	struct worker *w = ctx;
	struct fleet_mail *m = worker_mail(w, MAIL_CHECKED);

	m->ids = xcalloc(on_len + off_len + 1, sizeof *m->ids);
	for (size_t i = 0; i < on_len; i++)
		m->ids[m->id_len++] = (int64_t)on[i];
	m->number = (uint32_t)m->id_len;
	for (size_t i = 0; i < off_len; i++)
		m->ids[m->id_len++] = (int64_t)off[i];
	m->err = *e;
	w->asked--;
	worker_say(w, m);
	worker_finish_close(w);
}

void worker_check(struct worker *w, const struct fleet_mail *m)
{
	uint64_t numbers[DEVICE_NUMBERS_MAX];
	size_t n = m->id_len < DEVICE_NUMBERS_MAX ? m->id_len : DEVICE_NUMBERS_MAX;

	if (w->closing)
		return;
	for (size_t i = 0; i < n; i++)
		numbers[i] = (uint64_t)m->ids[i];
	w->asked++;
	device_check_numbers(w->device, numbers, n, on_numbers, w);
}

void worker_rules(struct worker *w, const struct fleet_mail *m)
{
	if (!w->closing && m->user_id == w->user_id)
		read_rules(w);
}

void worker_settings(struct worker *w, const struct fleet_mail *m)
{
	if (!w->closing && (m->user_id == 0 || m->user_id == w->user_id))
		read_settings(w);
}

void worker_reconnect(struct worker *w)
{
	if (!w->closing && w->loaded)
		device_reconnect(w->device);
}

void worker_cancel_pairing(struct worker *w)
{
	if (!w->closing)
		device_cancel_pairing(w->device);
}

static void on_moved(void *ctx, const struct err *e)
{
	struct worker *w = ctx;
	struct fleet_mail *m = worker_mail(w, MAIL_MOVED);

	w->asked--;
	m->err = *e;
	worker_say(w, m);
	worker_finish_close(w);
}

void worker_move(struct worker *w, const struct fleet_mail *m)
{
	struct db_unit *unit = db_unit_new();
	struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	if (w->queue)
		queue_give_back(w->queue, 0, unit);
	db_p_i64(p, w->user_id);
	db_p_i64(p, w->device_id);
	if (m->flag)
		db_unit_add(unit, STMT_OUTBOX_ABANDON, p);
	db_p_i64_array(p, m->ids, m->id_len);
	db_unit_add(unit, STMT_OUTBOX_FAILOVER, p);
	arena_free(a);
	w->asked++;
	db_commit_take(w->env->client->db, unit, on_moved, w);
}

void worker_peek(struct worker *w, const struct fleet_mail *m)
{
	struct fleet_mail *answer;

	if (m->user_id && m->user_id != w->user_id)
		return;
	answer = worker_mail(w, MAIL_STATS);
	answer->token = m->token;
	if (w->queue)
		queue_stats(w->queue, &answer->stats);
	else
		answer->stats = (struct queue_stats){ .last_sent = { INT64_MIN },
						      .last_activity = { INT64_MIN },
						      .health = HEALTH_GOOD,
						      .why = "offline" };
	worker_say(w, answer);
}

void worker_db_state(struct worker *w, bool up)
{
	if (w->queue && !up)
		queue_db_lost(w->queue);
	else if (w->queue)
		queue_wake(w->queue);
}
