#include "daemon/engine/queue.h"

#include "shared/base/xalloc.h"

#include "daemon/engine/queue_impl.h"

enum { LEASE_LOOK_MS = 1000 };

void queue_on_timer(uv_timer_t *t)
{
	struct queue *q = CONTAINER_OF(t, struct queue, timer);

	if (!q->online) {
		window_give_back_all(q); /* it stays away: others may take them, or they expire */
		return;
	}
	q->drained = false;
	queue_pump(q);
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
	q->last_sent.ms = q->last_activity.ms = INT64_MIN;
	q->held = map_new();
	list_init(&q->window);
	list_init(&q->flying);
	pacing_init(&q->pacing, &rules->pacing, now, wall);
	pacing_restore(&q->pacing, now, wall, rules->next_at, rules->counts);
	q->paused = rules->paused;
	q->reach_until = rules->reach_locked_until;
	uv_timer_init(env->loop, &q->timer);
	return q;
}

void queue_free_when_idle(struct queue *q)
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
	queue_free_when_idle(q);
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

void queue_commit(struct queue *q, enum stmt stmt, struct db_params *p)
{
	struct db_unit *unit = db_unit_new();

	db_unit_add(unit, stmt, p);
	db_commit_take(q->env->db, unit, NULL, NULL);
}

/* -- sending -- */

const struct pacing_cfg *queue_pace(const struct job *j)
{
	return j->content->has_pace ? &j->content->pace : NULL;
}

static bool start_job(struct queue *q, struct job *j, mono_ms now)
{
	struct err e = ERR_NONE;
	bool paced = queue_pace(j) != NULL;
	struct pacing_cfg pace = paced ? *queue_pace(j) : (struct pacing_cfg){ 0 };

	q->campaign_id = j->campaign_id;
	q->sequence_id = j->sequence_id;
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
		window_put(q, j, true);
		return false; /* not online any more, or busy: the state change or an end will pump */
	}
	/* j may have ended already: its recipient is known to be nobody */
	q->last_activity = clock_unix(q->env->clock);
	pacing_note_sent(&q->pacing, paced ? &pace : NULL, now, q->env->rng);
	return true;
}

/* sends what may go now; milliseconds until it should look again */
static int64_t send_due(struct queue *q, int64_t wait)
{
	while (q->waiting) {
		mono_ms now = clock_mono(q->env->clock);
		struct pacing_answer may =
			pacing_next_send(&q->pacing, now, clock_unix(q->env->clock));
		struct job *j;

		if (may.at.ms > now.ms)
			return may.at.ms - now.ms < wait ? may.at.ms - now.ms : wait;
		j = window_next_due(q, now, &wait);
		if (j == NULL)
			return wait;
		if (q->in_flight >=
		    (pacing_is_gapless(&q->pacing, queue_pace(j)) ? QUEUE_PARALLEL : 1))
			return wait;
		if (!start_job(q, j, now))
			return wait;
	}
	return wait;
}

void queue_pump(struct queue *q)
{
	mono_ms now = clock_mono(q->env->clock);
	int64_t wait, gap;

	if (!q->online || q->paused || q->device == NULL || q->reach_asking)
		return;
	if (q->env->lease_until.ms <= now.ms) { /* whose device it is, is not sure */
		uv_timer_start(&q->timer, queue_on_timer, LEASE_LOOK_MS, 0);
		return;
	}
	wait = window_retry_wait(q, now, QUEUE_RESCAN_MS);
	gap = pacing_next_send(&q->pacing, now, clock_unix(q->env->clock)).at.ms - now.ms;
	if (gap > QUEUE_HOLD_MS) { /* meanwhile the table keeps them */
		window_give_back_all(q);
		wait = gap < wait ? gap : wait;
	} else {
		window_feed(q);
		window_look_ahead(q);
		q->pumping = true;
		wait = send_due(q, wait);
		q->pumping = false;
	}
	uv_timer_start(&q->timer, queue_on_timer, wait > 0 ? (uint64_t)wait : 1, 0);
}

/* -- from outside -- */

void queue_online(struct queue *q)
{
	q->online = true;
	q->reach_asking = false;
	q->drained = false;
	LIST_EACH(l, &q->window)
		CONTAINER_OF(l, struct job, link)->not_before.ms = INT64_MIN;
	queue_pump(q);
}

void queue_offline(struct queue *q)
{
	q->online = false;
	uv_timer_start(&q->timer, queue_on_timer, QUEUE_AWAY_MS, 0);
}

void queue_set_rules(struct queue *q, const struct device_rules *rules)
{
	pacing_set_rules(&q->pacing, &rules->pacing, clock_mono(q->env->clock),
			 clock_unix(q->env->clock));
	if (q->paused && !rules->paused) {
		q->health = (struct health){ 0 };
		q->healthy_since = clock_mono(q->env->clock);
		q->one_tick = 0;
	}
	q->paused = rules->paused;
	if (q->paused) {
		uv_timer_stop(&q->timer);
		window_give_back_all(q);
	}
	queue_pump(q);
}

void queue_wake(struct queue *q)
{
	q->drained = false;
	q->woken = q->fetching;
	q->urgent = true;
	q->recover_first = true; /* a resumed campaign's rows may still be marked claimed */
	queue_pump(q);
}

void queue_db_lost(struct queue *q)
{
	q->recover_first = true;
	q->drained = false;
}

void queue_give_back(struct queue *q, int64_t campaign_id, struct db_unit *unit)
{
	window_give_back(q, campaign_id, unit);
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

		if (j->send.to_pn != phone || j->campaign_id == 0 || j->send.resend)
			continue;
		job_free(j);
		q->waiting--;
	}
	if (q->fetching) { /* what comes may hold such rows: it goes back, and is claimed again */
		q->forgotten_len = 1;
		q->forgotten[0] = 0;
	}
}

void queue_health_ages(const struct queue *q, int64_t *ret_min_ms, int64_t *ret_max_ms)
{
	int64_t age = clock_mono(q->env->clock).ms - q->healthy_since.ms,
		day = HEALTH_HOURS * 3600 * 1000LL;

	*ret_min_ms = HEALTH_ONE_TICK_MS;
	*ret_max_ms = q->healthy_since.ms && age < day ? age : day;
}

int queue_health(struct queue *q, uint32_t one_tick, const char **ret_why)
{
	mono_ms now = clock_mono(q->env->clock);
	struct health_facts f = { .one_tick = one_tick };
	int64_t min, max;

	queue_health_ages(q, &min, &max);
	health_count(&q->health, now, &f);
	f.old = pacing_sent_between(&q->pacing, now, min, max);
	q->one_tick = one_tick;
	return health_score(&f, ret_why);
}

void queue_stats(struct queue *q, struct queue_stats *ret)
{
	mono_ms now = clock_mono(q->env->clock);
	struct pacing_answer may = pacing_next_send(&q->pacing, now, clock_unix(q->env->clock));
	const char *why;

	*ret = (struct queue_stats){
		.waiting = q->waiting,
		.in_flight = q->in_flight,
		.sent = q->sent,
		.failed = q->failed,
		.last_sent = q->last_sent,
		.last_activity = q->last_activity,
		.campaign_id = q->campaign_id,
		.sequence_id = q->sequence_id,
		.sent_today = pacing_sent_today(&q->pacing, now),
		.next_in_ms = may.at.ms - now.ms,
		.health = queue_health(q, q->one_tick, &why),
		.why = !q->online        ? "offline"
		       : q->paused       ? "paused"
		       : q->reach_asking ? "reach-out lock is asked for"
		       : may.why         ? pacing_why_name(may.why)
		       : q->waiting      ? ""
					 : "empty",
	};
}
