#include "daemon/engine/queue.h"

#include <inttypes.h>

#include "shared/base/list.h"
#include "shared/base/map.h"
#include "shared/base/xalloc.h"

#include "daemon/engine/content.h"
#include "daemon/engine/progress.h"
#include "daemon/store/crash.h"

enum { RETRIES_KNOWN = 16, RETRY_LATE_MS = 500 };

/* one outbox row in memory */
struct job {
	struct list link; /* in window, or in flight */
	struct send_job send;
	struct queue *queue;
	struct content *content;
	int64_t campaign_id; /* 0: none */
	mono_ms not_before;
	int32_t attempt;
	bool in_flight, direct;
	bool bulk;  /* of a campaign or a sequence */
	bool ahead; /* its person was looked up before its turn */
	char msg_id[32];
};

struct queue {
	struct queue_env *env;
	struct device *device;
	int64_t user_id, device_id;
	struct pacing pacing;
	uv_timer_t timer;
	struct list window, flying;
	size_t waiting, in_flight;
	struct map *held; /* row id -> job: what memory holds */
	bool online, paused, fetching, recover_first, drained, closing;
	bool pumping; /* a send that ends while it is handed over does not begin the next itself */
	bool woken;   /* rows came while a fetch was under way, which may not have seen them */
	uint32_t fetches; /* under way: answers that will still come */
	/* campaigns taken back while a fetch was under way: its rows go back too; 0 stands for all */
	int64_t forgotten[8];
	size_t forgotten_len;
	/* when rows that were put back may go again; what does not fit waits for the rescan */
	mono_ms retries[RETRIES_KNOWN];
	size_t retries_len;
	uint64_t sent, failed;
	unix_ms last_sent;
};

static void pump(struct queue *q);

static void on_timer(uv_timer_t *t)
{
	struct queue *q = CONTAINER_OF(t, struct queue, timer);

	q->drained = false;
	pump(q);
}

struct queue *queue_new(struct queue_env *env, struct device *d, int64_t user_id, int64_t device_id,
			const struct device_rules *rules)
{
	struct queue *q = xcalloc(1, sizeof *q);
	mono_ms now = clock_mono(env->clock);
	unix_ms wall = clock_unix(env->clock);

	q->env = env;
	q->device = d;
	q->user_id = user_id;
	q->device_id = device_id;
	q->recover_first = true;
	q->last_sent.ms = INT64_MIN;
	q->held = map_new();
	list_init(&q->window);
	list_init(&q->flying);
	pacing_init(&q->pacing, &rules->pacing, now, wall);
	pacing_restore(&q->pacing, now, wall, rules->next_at, rules->counts);
	q->paused = rules->paused;
	uv_timer_init(env->loop, &q->timer);
	return q;
}

static void job_free(struct job *j)
{
	map_del(j->queue->held, MAP_KEY(j->send.ref));
	list_del(&j->link);
	content_unref(j->content);
	free(j);
}

static void free_when_idle(struct queue *q)
{
	if (!q->closing || q->fetches || uv_is_active((uv_handle_t *)&q->timer) ||
	    !uv_is_closing((uv_handle_t *)&q->timer))
		return;
	map_free(q->held);
	free(q);
}

static void on_closed(uv_handle_t *h)
{
	struct queue *q = CONTAINER_OF(h, struct queue, timer);

	q->closing = true;
	free_when_idle(q);
}

void queue_close(struct queue *q)
{
	LIST_EACH(l, &q->window)
		job_free(CONTAINER_OF(l, struct job, link));
	LIST_EACH(l, &q->flying)
		job_free(CONTAINER_OF(l, struct job, link));
	q->online = false;
	q->device = NULL;
	uv_close((uv_handle_t *)&q->timer, on_closed);
}

/* -- outcomes -- */

static void write_outcome(struct queue *q, enum stmt stmt, struct db_params *p)
{
	struct db_unit *unit = db_unit_new();

	db_unit_add(unit, stmt, p);
	db_commit_take(q->env->db, unit, NULL, NULL);
}

static int64_t backoff_ms(int32_t attempt)
{
	int64_t ms = 2000;

	for (int32_t i = 1; i < attempt && ms < 600 * 1000; i++)
		ms *= 2;
	return ms;
}

/* direct messages come first, in the order they were asked for; campaign rows as they are read */
static void into_window(struct queue *q, struct job *j, bool first)
{
	struct list *before = q->window.next;

	while (j->direct && before != &q->window) {
		const struct job *other = CONTAINER_OF(before, struct job, link);

		if (!other->direct || other->send.ref > j->send.ref)
			break;
		before = before->next;
	}
	list_add_tail(j->direct || first ? before : &q->window, &j->link);
	q->waiting++;
}

static void back_to_window(struct queue *q, struct job *j, int64_t wait_ms)
{
	list_del(&j->link);
	j->not_before.ms = clock_mono(q->env->clock).ms + wait_ms;
	into_window(q, j, true);
}

static void end_failed(struct queue *q, struct job *j, const char *class, const char *why)
{
	struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	db_p_i64(p, q->user_id);
	db_p_i64(p, j->send.ref);
	db_p_text(p, class);
	db_p_text(p, why);
	write_outcome(q, STMT_OUTBOX_FAILED, p);
	arena_free(a);
	q->failed++;
	job_free(j);
}

static void retry_note(struct queue *q, mono_ms at)
{
	if (q->retries_len < RETRIES_KNOWN)
		q->retries[q->retries_len++] = at;
}

/* Looks again when rows have become due; milliseconds until the next ones, at most `most`. */
static int64_t retry_wait(struct queue *q, mono_ms now, int64_t most)
{
	size_t kept = 0;

	for (size_t i = 0; i < q->retries_len; i++) {
		if (q->retries[i].ms <= now.ms) {
			q->drained = false;
			continue;
		}
		if (q->retries[i].ms - now.ms < most)
			most = q->retries[i].ms - now.ms;
		q->retries[kept++] = q->retries[i];
	}
	q->retries_len = kept;
	return most;
}

static void end_retry(struct queue *q, struct job *j, const struct send_result *r)
{
	struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	db_p_i64(p, q->user_id);
	db_p_i64(p, j->send.ref);
	db_p_i32(p, j->attempt);
	db_p_i64(p, backoff_ms(j->attempt));
	retry_note(q, (mono_ms){ clock_mono(q->env->clock).ms + backoff_ms(j->attempt) +
				 RETRY_LATE_MS });
	db_p_text(p, send_outcome_name(r->outcome));
	db_p_text(p, r->reason);
	db_p_i64(p, q->device_id);
	write_outcome(q, STMT_OUTBOX_RETRY, p);
	arena_free(a);
	q->drained = false;
	job_free(j);
}

/* the queue is told of a lost connection after the sends that it ended */
static bool is_up(const struct queue *q)
{
	struct device_info info;

	if (!q->online || q->device == NULL)
		return false;
	device_get(q->device, &info);
	return info.state == DEVICE_ONLINE;
}

/* parks the device, not the message; also over a restart */
static void cool_down(struct queue *q, mono_ms now)
{
	struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	pacing_cool_down(&q->pacing, now);
	db_p_i64(p, q->user_id);
	db_p_i64(p, q->device_id);
	db_p_time(p, pacing_next_at(&q->pacing, now, clock_unix(q->env->clock)));
	write_outcome(q, STMT_PACING_COOL, p);
	arena_free(a);
}

static void on_done(void *ctx, struct send_job *send, const struct send_result *r)
{
	struct job *j = CONTAINER_OF(send, struct job, send);
	struct queue *q = j->queue;
	mono_ms now = clock_mono(q->env->clock);

	(void)ctx;
	j->in_flight = false;
	q->in_flight--;
	switch (r->outcome) {
	case SEND_SENT:
		CRASH_POINT("queue.before_sent");
		pacing_note_ok(&q->pacing);
		progress_sent(q->env->progress, q->user_id, send->ref, r->server_time);
		q->sent++;
		q->last_sent = clock_unix(q->env->clock);
		job_free(j);
		break;
	case SEND_UNKNOWN: /* stays `sending` in the table; the same id goes out again */
		send->resend = true;
		back_to_window(q, j, is_up(q) ? backoff_ms(j->attempt) : 0);
		break;
	case SEND_LIMITED:
		cool_down(q, now);
		__attribute__((fallthrough));
	case SEND_RETRY:
		if (!is_up(q)) {
			j->attempt--; /* the connection fell: not the row's fault */
			back_to_window(q, j, 0);
		} else if (j->attempt >= QUEUE_ATTEMPTS_MAX) {
			end_failed(q, j, send_outcome_name(r->outcome), r->reason);
		} else {
			end_retry(q, j, r);
		}
		break;
	case SEND_FAILED:
		end_failed(q, j, send_outcome_name(r->outcome), r->reason);
		break;
	}
	if (q->online && !q->pumping)
		pump(q);
}

/* -- one send -- */

static const struct pacing_cfg *job_pace(const struct job *j)
{
	return j->content->has_pace ? &j->content->pace : NULL;
}

static void on_commit(void *ctx, struct send_job *send, struct db_unit *unit)
{
	struct job *j = CONTAINER_OF(send, struct job, send);
	struct queue *q = j->queue;
	struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	bool paced = pacing_is_paced(&q->pacing, job_pace(j));

	(void)ctx;
	db_p_i64(p, q->user_id);
	db_p_i64(p, send->ref);
	db_p_i32(p, j->attempt);
	db_p_i64(p, q->device_id);
	if (paced) {
		mono_ms now = clock_mono(q->env->clock);
		unix_ms wall = clock_unix(q->env->clock);
		uint8_t counts[PACING_SAVED_BYTES];

		pacing_save(&q->pacing, now, wall, counts);
		db_p_time(p, pacing_next_at(&q->pacing, now, wall));
		db_p_bytes(p, SPAN_OF(counts));
	}
	db_unit_add(unit, paced ? STMT_OUTBOX_SENDING_PACED : STMT_OUTBOX_SENDING, p);
	arena_free(a);
}

static struct job *next_due(struct queue *q, mono_ms now, int64_t *ret_wait)
{
	LIST_EACH(l, &q->window) {
		struct job *j = CONTAINER_OF(l, struct job, link);

		if (j->not_before.ms <= now.ms)
			return j;
		if (j->not_before.ms - now.ms < *ret_wait)
			*ret_wait = j->not_before.ms - now.ms;
	}
	return NULL;
}

static bool start_job(struct queue *q, struct job *j, mono_ms now)
{
	struct err e = ERR_NONE;
	bool paced = job_pace(j) != NULL;
	struct pacing_cfg pace = paced ? *job_pace(j) : (struct pacing_cfg){ 0 };

	list_del(&j->link);
	list_add_tail(&q->flying, &j->link);
	j->in_flight = true;
	j->attempt++;
	q->waiting--;
	q->in_flight++;
	if (device_send(q->device, &j->send, &e)) {
		j->in_flight = false;
		q->in_flight--;
		j->attempt--;
		list_del(&j->link);
		into_window(q, j, true);
		return false; /* not online any more, or busy: the state change or an end will pump */
	}
	/* j may have ended already: its recipient is known to be nobody */
	pacing_note_sent(&q->pacing, paced ? &pace : NULL, now, q->env->rng);
	return true;
}

/* -- feeding the window -- */

static void admit(struct queue *q, const PGresult *r, int row)
{
	int64_t id = db_i64(r, row, db_col(r, "id"));
	struct job *j;

	if (map_get(q->held, MAP_KEY(id)))
		return;
	j = xcalloc(1, sizeof *j);
	j->queue = q;
	j->content = content_of_row(q->env->contents, r, row);
	j->campaign_id = db_i64(r, row, db_col(r, "campaign_id"));
	j->attempt = (int32_t)db_i64(r, row, db_col(r, "attempt"));
	j->not_before.ms = INT64_MIN;
	snprintf(j->msg_id, sizeof j->msg_id, "%s", db_text(r, row, db_col(r, "msg_id")));
	j->send = (struct send_job){
		.ref = id,
		.to_pn = (uint64_t)db_i64(r, row, db_col(r, "recipient")),
		.msg_id = j->msg_id,
		.content = &j->content->message,
		.media_id = j->content->media_id,
		.resend = db_i64(r, row, db_col(r, "state")) == 2,
		.on_commit = on_commit,
		.on_done = on_done,
	};
	map_put(q->held, MAP_KEY(id), j);
	j->direct = db_i64(r, row, db_col(r, "priority")) < 5;
	j->bulk = db_i64(r, row, db_col(r, "priority")) >= 4;
	into_window(q, j, false);
}

static void on_rows(void *ctx, const PGresult *r, const struct err *e)
{
	struct queue *q = ctx;
	int rows = e->code ? 0 : db_rows(r);

	if (q->device == NULL)
		return;
	if (rows == 0)
		q->drained = !q->woken;
	CRASH_POINT("queue.after_claim");
	for (int i = 0; i < rows; i++)
		admit(q, r, i);
}

static void give_back(struct queue *q, int64_t campaign_id, struct db_unit *unit)
{
	struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	int64_t *ids = arena_alloc(a, (q->waiting + 1) * sizeof *ids);
	size_t n = 0;

	LIST_EACH(l, &q->window) {
		struct job *j = CONTAINER_OF(l, struct job, link);

		if ((campaign_id && j->campaign_id != campaign_id) || j->send.resend)
			continue;
		ids[n++] = j->send.ref;
		job_free(j);
		q->waiting--;
	}
	if (n) {
		db_p_i64(p, q->user_id);
		db_p_i64(p, q->device_id);
		db_p_i64_array(p, ids, n);
		db_unit_add(unit, STMT_OUTBOX_RELEASE, p);
	}
	arena_free(a);
}

/* what was taken back while these rows were on their way */
static void forget_late_rows(struct queue *q)
{
	struct db_unit *unit;

	if (q->forgotten_len == 0 || q->device == NULL)
		return;
	unit = db_unit_new();
	for (size_t i = 0; i < q->forgotten_len; i++)
		give_back(q, q->forgotten[i], unit);
	q->forgotten_len = 0;
	q->drained = false; /* what went back without need is claimed again */
	if (db_unit_empty(unit))
		db_unit_free(unit);
	else
		db_commit_take(q->env->db, unit, NULL, NULL);
}

static void on_claimed(void *ctx, const struct err *e)
{
	struct queue *q = ctx;

	q->fetches--;
	q->fetching = false;
	forget_late_rows(q);
	if (e->code)
		q->drained = true; /* the timer tries again */
	if (q->device && q->online)
		pump(q);
	free_when_idle(q);
}

static void claim(struct queue *q)
{
	struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	struct db_unit *unit = db_unit_new();
	const char *ids[QUEUE_CLAIM];
	struct device_info info;

	device_get(q->device, &info);
	for (size_t i = 0; i < QUEUE_CLAIM; i++) {
		char id[23];

		message_id_make(q->env->rng, clock_unix(q->env->clock).ms / 1000, info.pn.user, id);
		ids[i] = arena_strdup(a, id);
	}
	db_p_i64(p, q->user_id);
	db_p_i64(p, q->device_id);
	db_p_text_array(p, ids, QUEUE_CLAIM);
	db_unit_add_result(unit, STMT_OUTBOX_CLAIM, p, on_rows);
	CRASH_POINT("queue.before_claim");
	db_commit_take(q->env->db, unit, on_claimed, q);
	arena_free(a);
}

static void on_recovered_rows(void *ctx, const PGresult *r, const struct err *e)
{
	struct queue *q = ctx;

	if (q->device && e->code == ERR_OK)
		q->recover_first = false;
	on_rows(q, r, e);
	if (e->code == ERR_OK)
		q->drained = false; /* nothing to recover does not mean nothing to claim */
}

/* A row that memory has let go of may still be on its way to `sent`: the flush, and a unit in place of
 * a query, put the look behind what was written before it. */
static void recover(struct queue *q)
{
	struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	struct db_unit *unit = db_unit_new();
	size_t n = 0, pos = 0;
	int64_t *held = arena_alloc(a, (map_len(q->held) + 1) * sizeof *held);
	struct span key;
	void *value;

	while (map_next(q->held, &pos, &key, &value))
		held[n++] = ((struct job *)value)->send.ref;
	db_p_i64(p, q->user_id);
	db_p_i64(p, q->device_id);
	db_p_i64_array(p, held, n);
	db_unit_add_result(unit, STMT_OUTBOX_RECOVER, p, on_recovered_rows);
	progress_flush(q->env->progress);
	db_commit_take(q->env->db, unit, on_claimed, q);
	arena_free(a);
}

static void feed(struct queue *q)
{
	if (q->fetching || q->drained || q->waiting > QUEUE_WINDOW_MAX / 10)
		return;
	q->fetching = true;
	q->woken = false;
	q->fetches++;
	if (q->recover_first)
		recover(q);
	else
		claim(q);
}

/* how many turns come soon, by the shortest gap of the next one */
static size_t turns_ahead(const struct queue *q, const struct job *next)
{
	uint32_t gap = pacing_gap(&q->pacing, job_pace(next)).gap_min_ms;

	if (gap <= QUEUE_AHEAD_MS / QUEUE_AHEAD_MAX)
		return QUEUE_AHEAD_MAX;
	return QUEUE_AHEAD_MS / gap + 1;
}

/* People of the coming turns are looked up many in a request, and more when half of them had theirs. */
static void look_ahead(struct queue *q)
{
	uint64_t pns[QUEUE_AHEAD_MAX];
	size_t seen = 0, n = 0, turns;

	if (list_empty(&q->window))
		return;
	turns = turns_ahead(q, CONTAINER_OF(q->window.next, struct job, link));
	LIST_EACH(l, &q->window) {
		struct job *j = CONTAINER_OF(l, struct job, link);

		if (seen++ == turns || (j->ahead && seen > turns / 2))
			break;
		if (!j->ahead)
			pns[n++] = j->send.to_pn;
		j->ahead = true;
	}
	if (n > 1) /* one alone gains nothing */
		device_prefetch(q->device, pns, n, true);
}

static void pump(struct queue *q)
{
	int64_t wait;

	if (!q->online || q->paused || q->device == NULL)
		return;
	wait = retry_wait(q, clock_mono(q->env->clock), QUEUE_RESCAN_MS);
	feed(q);
	look_ahead(q);
	q->pumping = true;
	while (q->waiting) {
		mono_ms now = clock_mono(q->env->clock);
		struct pacing_answer may =
			pacing_next_send(&q->pacing, now, clock_unix(q->env->clock));
		struct job *j;

		if (may.at.ms > now.ms) {
			wait = may.at.ms - now.ms < wait ? may.at.ms - now.ms : wait;
			break;
		}
		j = next_due(q, now, &wait);
		if (j == NULL)
			break;
		if (q->in_flight >=
		    (pacing_is_gapless(&q->pacing, job_pace(j)) ? QUEUE_PARALLEL : 1))
			break;
		if (!start_job(q, j, now))
			break;
	}
	q->pumping = false;
	uv_timer_start(&q->timer, on_timer, wait > 0 ? (uint64_t)wait : 1, 0);
}

/* -- from outside -- */

void queue_online(struct queue *q)
{
	q->online = true;
	q->drained = false;
	LIST_EACH(l, &q->window)
		CONTAINER_OF(l, struct job, link)->not_before.ms = INT64_MIN;
	pump(q);
}

void queue_offline(struct queue *q)
{
	q->online = false;
	uv_timer_stop(&q->timer);
}

void queue_set_rules(struct queue *q, const struct device_rules *rules)
{
	pacing_set_rules(&q->pacing, &rules->pacing, clock_mono(q->env->clock),
			 clock_unix(q->env->clock));
	q->paused = rules->paused;
	if (q->paused)
		uv_timer_stop(&q->timer);
	pump(q);
}

void queue_wake(struct queue *q)
{
	q->drained = false;
	q->woken = q->fetching;
	q->recover_first = true; /* a resumed campaign's rows may still be marked claimed */
	pump(q);
}

void queue_db_lost(struct queue *q)
{
	q->recover_first = true;
	q->drained = false;
}

void queue_give_back(struct queue *q, int64_t campaign_id, struct db_unit *unit)
{
	give_back(q, campaign_id, unit);
	if (!q->fetching)
		return;
	if (q->forgotten_len == ARRAY_LEN(q->forgotten)) {
		q->forgotten_len = 0;
		campaign_id = 0;
	}
	q->forgotten[q->forgotten_len++] = campaign_id;
}

void queue_opted_out(struct queue *q, uint64_t phone)
{
	LIST_EACH(l, &q->window) {
		struct job *j = CONTAINER_OF(l, struct job, link);

		if (j->send.to_pn != phone || !j->bulk || j->send.resend)
			continue;
		job_free(j);
		q->waiting--;
	}
	if (q->fetching) { /* what comes may hold such rows: it goes back, and is claimed again */
		q->forgotten_len = 1;
		q->forgotten[0] = 0;
	}
}

void queue_stats(struct queue *q, struct queue_stats *ret)
{
	mono_ms now = clock_mono(q->env->clock);
	struct pacing_answer may = pacing_next_send(&q->pacing, now, clock_unix(q->env->clock));

	*ret = (struct queue_stats){
		.waiting = q->waiting,
		.in_flight = q->in_flight,
		.sent = q->sent,
		.failed = q->failed,
		.last_sent = q->last_sent,
		.next_in_ms = may.at.ms - now.ms,
		.why = !q->online        ? "offline"
		       : q->paused       ? "paused"
		       : q->waiting == 0 ? "empty"
					 : pacing_why_name(may.why),
	};
}
