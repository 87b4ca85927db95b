#include "daemon/engine/queue_impl.h"
#include "daemon/store/crash.h"

enum { RETRY_LATE_MS = 500, RETRY_SOON_MS = 2000, FOLLOW_MS = 3000 };

/* a passing trouble is tried again after these; then the row has failed */
static const int64_t retry_after_ms[] = { 60 * 1000, 5 * 60 * 1000, 25 * 60 * 1000 };
_Static_assert(ARRAY_LEN(retry_after_ms) == QUEUE_RETRIES, "one wait a retry");

/* of a row whose outcome is not known: the same id goes out again */
static int64_t resend_ms(int32_t attempt)
{
	int64_t ms = 2000;

	for (int32_t i = 1; i < attempt && ms < 600 * 1000; i++)
		ms *= 2;
	return ms;
}

static void back_to_window(struct queue *q, struct job *j, int64_t wait_ms)
{
	list_del(&j->link);
	j->not_before.ms = clock_mono(q->env->clock).ms + wait_ms;
	window_put(q, j, true);
}

void queue_job_fail(struct queue *q, struct job *j, const char *class, const char *why)
{
	struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	db_p_i64(p, q->user_id);
	db_p_i64(p, j->send.ref);
	db_p_text(p, class);
	db_p_text(p, why);
	queue_commit(q, STMT_OUTBOX_FAILED, p);
	arena_free(a);
	q->failed++;
	job_free(j);
}

/* back to the table: $4 says when it may go again */
static void end_later(struct queue *q, struct job *j, const struct send_result *r, int64_t wait_ms)
{
	struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	db_p_i64(p, q->user_id);
	db_p_i64(p, j->send.ref);
	db_p_i32(p, j->attempt);
	db_p_i64(p, wait_ms);
	db_p_text(p, send_outcome_name(r->outcome));
	db_p_text(p, r->reason);
	db_p_i64(p, q->device_id);
	queue_commit(q, STMT_OUTBOX_RETRY, p);
	arena_free(a);
	window_retry_note(q, (mono_ms){ clock_mono(q->env->clock).ms + wait_ms + RETRY_LATE_MS });
	q->drained = false;
	job_free(j);
}

static void end_retry(struct queue *q, struct job *j, const struct send_result *r)
{
	if (j->attempt > QUEUE_RETRIES)
		queue_job_fail(q, j, send_outcome_name(r->outcome), r->reason);
	else if (r->mended && j->attempt == 1)
		end_later(q, j, r, RETRY_SOON_MS); /* what was wrong is right now */
	else
		end_later(q, j, r, retry_after_ms[j->attempt - 1]);
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
	queue_commit(q, STMT_PACING_COOL, p);
	arena_free(a);
}

/* Refused as the account may open no new chat now, or none with this person. The row waits for the
 * server's word about that (queue_reach_lock), and so does all else. */
static void end_cold(struct queue *q, struct job *j, const struct send_result *r)
{
	struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	db_p_i64(p, q->user_id);
	db_p_i64(p, q->device_id);
	db_p_i64(p, j->send.ref);
	db_p_i32(p, j->attempt);
	db_p_text(p, r->reason);
	queue_commit(q, STMT_OUTBOX_COLD, p);
	arena_free(a);
	CRASH_POINT("reach.after_refusal");
	job_free(j);
	q->reach_asking = true;
	device_reach_query(q->device);
}

void queue_job_left(void *ctx, struct send_job *send)
{
	struct job *j = CONTAINER_OF(send, struct job, send);

	(void)ctx;
	pacing_note_left(&j->queue->pacing, queue_pace(j), clock_mono(j->queue->env->clock));
}

void queue_job_done(void *ctx, struct send_job *send, const struct send_result *r)
{
	struct job *j = CONTAINER_OF(send, struct job, send);
	struct queue *q = j->queue;
	mono_ms now = clock_mono(q->env->clock);

	(void)ctx;
	j->in_flight = false;
	q->in_flight--;
	q->last_activity = clock_unix(q->env->clock);
	switch (r->outcome) {
	case SEND_SENT:
		CRASH_POINT("queue.before_sent");
		pacing_note_ok(&q->pacing);
		progress_sent(q->env->progress, q->user_id, send->ref, r->server_time);
		if (j->followed) /* to the second, so that one look is for many */
			window_retry_note(
				q, (mono_ms){ ((now.ms + FOLLOW_MS + RETRY_LATE_MS) / 1000 + 1) *
					      1000 });
		q->sent++;
		q->last_sent = q->last_activity;
		job_free(j);
		break;
	case SEND_UNKNOWN: /* stays `sending` in the table; the same id goes out again */
		send->resend = true;
		back_to_window(q, j, is_up(q) ? resend_ms(j->attempt) : 0);
		break;
	case SEND_LIMITED: /* parks the device, not the message */
		cool_down(q, now);
		health_note_limited(&q->health, now);
		j->attempt--;
		if (is_up(q))
			end_later(q, j, r, 0);
		else
			back_to_window(q, j, 0);
		break;
	case SEND_COLD:
		health_note_cold(&q->health, now);
		if (q->device)
			end_cold(q, j, r);
		else
			back_to_window(q, j, 0);
		break;
	case SEND_RETRY:
		if (!is_up(q)) {
			j->attempt--; /* the connection fell: not the row's fault */
			back_to_window(q, j, 0);
		} else {
			end_retry(q, j, r);
		}
		break;
	case SEND_FAILED:
		queue_job_fail(q, j, send_outcome_name(r->outcome), r->reason);
		break;
	}
	if (q->online && !q->pumping)
		queue_pump(q);
}

/* the ratchets' unit: the row is `sending`, and what pacing needs after a crash */
void queue_job_commit(void *ctx, struct send_job *send, struct db_unit *unit)
{
	struct job *j = CONTAINER_OF(send, struct job, send);
	struct queue *q = j->queue;
	struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	bool paced = pacing_is_paced(&q->pacing, queue_pace(j));

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

/* -- the reach-out lock -- */

void queue_reach_lock(struct queue *q, bool known, unix_ms until, struct db_unit *unit)
{
	struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	if (known)
		q->reach_until = until;
	else if (q->reach_until.ms <= clock_unix(q->env->clock).ms)
		q->reach_until.ms = INT64_MIN;
	q->reach_asking = false;
	if (q->reach_until.ms != INT64_MIN)
		window_retry_note(q, (mono_ms){ clock_mono(q->env->clock).ms + RETRY_LATE_MS +
						q->reach_until.ms - clock_unix(q->env->clock).ms });
	db_p_i64(p, q->user_id);
	db_p_i64(p, q->device_id);
	db_p_time(p, q->reach_until);
	db_unit_add(unit, STMT_REACH_LOCK, p);
	arena_free(a);
	window_give_back(q, 0, unit); /* claimed again, without those that would open chats */
	q->drained = false;
	if (!q->paused && q->online) /* in the next turn, after this unit */
		uv_timer_start(&q->timer, queue_on_timer, 1, 0);
}
