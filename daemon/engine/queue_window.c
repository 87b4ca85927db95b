#include <stdio.h>

#include "shared/base/xalloc.h"

#include "daemon/engine/queue_impl.h"
#include "daemon/store/crash.h"

enum { WINDOW_SPARE = 4, URGENT_CLAIM = 50 };

void job_free(struct job *j)
{
	map_del(j->queue->held, MAP_KEY(j->send.ref));
	list_del(&j->link);
	content_unref(j->content);
	free(j);
}

void window_put(struct queue *q, struct job *j, bool again)
{
	struct list *after = q->window.prev;

	/* from the end: most rows belong there */
	while (after != &q->window) {
		const struct job *other = CONTAINER_OF(after, struct job, link);

		if (other->priority < j->priority)
			break;
		if (other->priority == j->priority && !again &&
		    (j->campaign_id || other->send.ref < j->send.ref))
			break;
		after = after->prev;
	}
	list_add_tail(after->next, &j->link);
	q->waiting++;
}

void window_retry_note(struct queue *q, mono_ms at)
{
	for (size_t i = 0; i < q->retries_len; i++)
		if (q->retries[i].ms == at.ms)
			return;
	if (q->retries_len < RETRIES_KNOWN)
		q->retries[q->retries_len++] = at;
}

int64_t window_retry_wait(struct queue *q, mono_ms now, int64_t most)
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

struct job *window_next_due(struct queue *q, mono_ms now, int64_t *ret_wait)
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
	j->sequence_id = db_i64(r, row, db_col(r, "sequence_id"));
	j->priority = (int32_t)db_i64(r, row, db_col(r, "priority"));
	j->followed = db_bool(r, row, db_col(r, "followed"));
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
		.on_commit = queue_job_commit,
		.on_left = queue_job_left,
		.on_done = queue_job_done,
	};
	list_init(&j->link);
	map_put(q->held, MAP_KEY(id), j);
	if (content_is_empty(j->content) && !j->send.resend)
		queue_job_fail(
			q, j, "empty_text",
			"nothing is left of the text for this recipient: its variables have no values");
	else
		window_put(q, j, false);
}

/* those that go before the window's last ones: that there are none says nothing of the rest */
static void on_urgent_rows(void *ctx, const PGresult *r, const struct err *e)
{
	struct queue *q = ctx;
	int rows = e->code ? 0 : db_rows(r);

	if (q->device == NULL)
		return;
	CRASH_POINT("queue.after_claim");
	for (int i = 0; i < rows; i++)
		admit(q, r, i);
}

static void on_rows(void *ctx, const PGresult *r, const struct err *e)
{
	struct queue *q = ctx;

	if (q->device && (e->code || db_rows(r) == 0))
		q->drained = !q->woken;
	on_urgent_rows(q, r, e);
}

void window_give_back(struct queue *q, int64_t campaign_id, struct db_unit *unit)
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
void window_give_back_all(struct queue *q)
{
	struct db_unit *unit = db_unit_new();

	window_give_back(q, 0, unit);
	if (db_unit_empty(unit))
		db_unit_free(unit);
	else
		db_commit_take(q->env->db, unit, NULL, NULL);
}

/* what was taken back while these rows were on their way */
static void forget_late_rows(struct queue *q)
{
	struct db_unit *unit;

	if (q->forgotten_len == 0 || q->device == NULL)
		return;
	unit = db_unit_new();
	for (size_t i = 0; i < q->forgotten_len; i++)
		window_give_back(q, q->forgotten[i], unit);
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
		queue_pump(q);
	queue_free_when_idle(q);
}

/* while no new chats may be opened, what would open one waits for the end of that */
static void hold_strangers(struct queue *q, struct db_unit *unit, struct arena *a)
{
	struct db_params *p;

	if (q->reach_until.ms <= clock_unix(q->env->clock).ms)
		return;
	p = db_params_new(a);
	db_p_i64(p, q->user_id);
	db_p_i64(p, q->device_id);
	db_p_time(p, q->reach_until);
	db_unit_add(unit, STMT_REACH_HOLD, p);
}

static void claim(struct queue *q, size_t n, int32_t least_priority, db_result_fn on_claim)
{
	struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	struct db_unit *unit = db_unit_new();
	const char **ids = arena_alloc(a, n * sizeof *ids);
	struct device_info info;

	device_get(q->device, &info);
	for (size_t i = 0; i < n; i++) {
		char id[23];

		message_id_make(q->env->rng, clock_unix(q->env->clock).ms / 1000, info.pn.user, id);
		ids[i] = arena_strdup(a, id);
	}
	db_p_i64(p, q->user_id);
	db_p_i64(p, q->device_id);
	db_p_text_array(p, ids, n);
	db_p_i32(p, least_priority);
	hold_strangers(q, unit, a);
	db_unit_add_result(unit, STMT_OUTBOX_CLAIM, p, on_claim);
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

/* How many rows memory shall hold: what leaves soon. The rest is better off in the table, where it can be
 * cancelled, moved, or overtaken. */
static size_t window_size(const struct queue *q)
{
	uint32_t gap = q->pacing.rules.gap.gap_min_ms;
	size_t turns = gap ? QUEUE_AHEAD_MS / gap + WINDOW_SPARE : QUEUE_WINDOW_MAX;

	return turns < QUEUE_WINDOW_MAX ? turns : QUEUE_WINDOW_MAX;
}

/* a full window looks for rows that go before its last ones */
static void feed_urgent(struct queue *q)
{
	int32_t last = CONTAINER_OF(q->window.prev, struct job, link)->priority;

	q->urgent = false;
	if (last <= 1 || q->waiting > QUEUE_WINDOW_MAX)
		return;
	q->fetching = true;
	q->fetches++;
	claim(q, URGENT_CLAIM, last - 1, on_urgent_rows);
}

void window_feed(struct queue *q)
{
	size_t size = window_size(q), room = size > q->waiting ? size - q->waiting : 0;
	size_t low = size == QUEUE_WINDOW_MAX ? size / 10 : size / 2;

	if (q->fetching)
		return;
	if (q->waiting > low && q->urgent && !q->recover_first) {
		feed_urgent(q);
		return;
	}
	if (q->drained || (q->waiting > low && !(q->recover_first && q->urgent)))
		return;
	q->fetching = true;
	q->woken = false;
	q->fetches++;
	if (q->recover_first) {
		recover(q);
		return;
	}
	q->urgent = false;
	claim(q, room < QUEUE_CLAIM ? room : QUEUE_CLAIM, QUEUE_PRIORITY_ANY, on_rows);
}

/* how many turns come soon, by the shortest gap of the next one */
static size_t turns_ahead(const struct queue *q, const struct job *next)
{
	uint32_t gap = pacing_gap(&q->pacing, queue_pace(next)).gap_min_ms;

	if (gap <= QUEUE_AHEAD_MS / QUEUE_AHEAD_MAX)
		return QUEUE_AHEAD_MAX;
	return QUEUE_AHEAD_MS / gap + 1;
}

/* People of the coming turns are looked up many in a request, and more when half of them had theirs. */
void window_look_ahead(struct queue *q)
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
