/* The queue on simulated time, with a client and a database of the test's own: what it sends when, and
 * what becomes of each outcome. */
#include <arpa/inet.h>
#include <stdlib.h>

#include "shared/base/map.h"
#include "shared/base/xalloc.h"

#include "daemon/engine/content.h"
#include "daemon/engine/progress.h"
#include "daemon/engine/queue_impl.h"
#include "tests/unit/testing.h"

/* -- the database's double: units are kept until the test commits them -- */

enum { UNITS_MAX = 64, STMTS_MAX = 8, JOBS_MAX = 600 };

struct db_unit {
	enum stmt stmts[STMTS_MAX];
	db_result_fn on_row[STMTS_MAX];
	size_t len;
	db_done_fn done;
	void *ctx;
};

static struct world {
	struct clock_fake clock;
	struct rng_fixed rng;
	uv_loop_t loop;
	struct queue_env env;
	struct queue *queue;
	struct db_unit *units[UNITS_MAX];
	size_t unit_len;
	struct send_job *jobs[JOBS_MAX]; /* handed to the client, not ended */
	size_t job_len, sends;
	size_t ahead_calls, ahead_people; /* looked up before their turn */
	size_t stmt_count[STMT_COUNT];
	size_t reach_queries;
	bool refuses; /* the client */
	bool fails;   /* it knows at once that there is nobody */
	bool lost;    /* its connection */
} w;

struct db_unit *db_unit_new(void)
{
	return xcalloc(1, sizeof(struct db_unit));
}

void db_unit_add_result(struct db_unit *u, enum stmt stmt, const struct db_params *p,
			db_result_fn on_row)
{
	(void)p;
	assert_true(u->len < STMTS_MAX);
	u->stmts[u->len] = stmt;
	u->on_row[u->len++] = on_row;
}

void db_unit_add(struct db_unit *u, enum stmt stmt, const struct db_params *p)
{
	db_unit_add_result(u, stmt, p, NULL);
}

bool db_unit_empty(const struct db_unit *u)
{
	return u->len == 0;
}

void db_unit_free(struct db_unit *u)
{
	free(u);
}

void db_commit_take(struct db *d, struct db_unit *u, db_done_fn done, void *ctx)
{
	(void)d;
	u->done = done;
	u->ctx = ctx;
	assert_true(w.unit_len < UNITS_MAX);
	for (size_t i = 0; i < u->len; i++)
		w.stmt_count[u->stmts[i]]++;
	w.units[w.unit_len++] = u;
}

/* -- rows, in the binary form that the readers expect -- */

static const char *const columns[] = { "id",           "campaign_id",  "recipient",  "msg_id",
				       "attempt",      "state",        "body",       "media_id",
				       "delay_min_ms", "delay_max_ms", "priority",   "content_id",
				       "templated",    "lead_name",    "lead_niche", "lead_note",
				       "lead_vars",    "sequence_id",  "followed" };

struct row {
	int64_t id, campaign;
	int32_t attempt, state, gap; /* gap < 0: the device's own */
	int32_t priority;            /* 0: of a campaign */
};

static void put_i64(PGresult *r, int row, int col, int64_t v)
{
	uint64_t be = htobe64((uint64_t)v);

	PQsetvalue(r, row, col, (char *)&be, 8);
}

static PGresult *rows_result(const struct row *rows, int len)
{
	PGresult *r = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
	PGresAttDesc attrs[ARRAY_LEN(columns)];

	for (size_t i = 0; i < ARRAY_LEN(columns); i++)
		attrs[i] = (PGresAttDesc){ .name = xstrdup(columns[i]),
					   .format = 1,
					   .typid = i == 3 || i == 6 ? 25 : 20,
					   .typlen = i == 3 || i == 6 ? -1 : 8,
					   .atttypmod = -1 };
	PQsetResultAttrs(r, (int)ARRAY_LEN(columns), attrs);
	for (size_t i = 0; i < ARRAY_LEN(columns); i++)
		free(attrs[i].name);
	for (int i = 0; i < len; i++) {
		char id[32];

		snprintf(id, sizeof id, "3EB0%018d", (int)rows[i].id);
		put_i64(r, i, 0, rows[i].id);
		put_i64(r, i, 1, rows[i].campaign);
		put_i64(r, i, 2, 60120000000 + rows[i].id);
		PQsetvalue(r, i, 3, id, (int)strlen(id));
		put_i64(r, i, 4, rows[i].attempt);
		put_i64(r, i, 5, rows[i].state);
		PQsetvalue(r, i, 6, (char *)(uintptr_t) "hello", 5);
		PQsetvalue(r, i, 7, NULL, -1);
		if (rows[i].gap >= 0) {
			put_i64(r, i, 8, rows[i].gap);
			put_i64(r, i, 9, rows[i].gap);
		} else {
			PQsetvalue(r, i, 8, NULL, -1);
			PQsetvalue(r, i, 9, NULL, -1);
		}
		put_i64(r, i, 10, rows[i].priority ? rows[i].priority : 5);
		put_i64(r, i, 11, rows[i].campaign);
		put_i64(r, i, 17, 0);
		put_i64(r, i, 18, 0);
	}
	return r;
}

/* commits the oldest unit; a claim gets these rows. True when it was a claim. */
static bool commit_one(const struct row *rows, int len)
{
	struct db_unit *u = w.units[0];
	struct err ok = ERR_NONE;
	bool claimed = false;

	memmove(w.units, w.units + 1, --w.unit_len * sizeof *w.units);
	for (size_t i = 0; i < u->len; i++) {
		bool claims = u->stmts[i] == STMT_OUTBOX_CLAIM;
		PGresult *r = rows_result(rows, claims ? len : 0);

		claimed = claimed || claims;
		if (u->on_row[i])
			u->on_row[i](u->ctx, r, &ok);
		PQclear(r);
	}
	if (u->done)
		u->done(u->ctx, &ok);
	free(u);
	return claimed;
}

/* commits all that waits, in order; the first claim gets the rows */
static void commit_all(const struct row *rows, int len)
{
	while (w.unit_len)
		if (commit_one(rows, len))
			len = 0;
}

/* -- the client's double -- */

void device_get(const struct device *d, struct device_info *ret)
{
	(void)d;
	*ret = (struct device_info){ .pn = addr_make(JID_PN, 60110000001, 1),
				     .state = w.lost ? DEVICE_BACKOFF : DEVICE_ONLINE };
}

enum errc device_send(struct device *d, struct send_job *job, struct err *e)
{
	(void)d;
	if (w.refuses || w.lost)
		return err_set(e, ERR_BUSY, "busy");
	w.sends++;
	if (w.fails)
		job->on_done(job->ctx, job,
			     &(struct send_result){ .outcome = SEND_FAILED, .reason = "nobody" });
	else
		w.jobs[w.job_len++] = job;
	return ERR_OK;
}

void device_reach_query(struct device *d)
{
	(void)d;
	w.reach_queries++;
}

void device_prefetch(struct device *d, const uint64_t *pns, size_t n, bool open)
{
	(void)d;
	(void)pns;
	assert_true(open);
	w.ahead_calls++;
	w.ahead_people += n;
}

static struct send_job *take_job(void)
{
	struct send_job *job = w.jobs[0];

	assert_true(w.job_len > 0);
	memmove(w.jobs, w.jobs + 1, --w.job_len * sizeof *w.jobs);
	return job;
}

static void end_job(enum send_outcome outcome)
{
	struct send_job *job = take_job();
	struct db_unit *unit = db_unit_new();

	job->on_commit(job->ctx, job, unit);
	assert_int_equal(unit->len, 1);
	w.stmt_count[unit->stmts[0]]++;
	free(unit);
	job->on_done(job->ctx, job,
		     &(struct send_result){ .outcome = outcome, .reason = "as the test says" });
}

/* -- set up and down -- */

static int set_up(void **state)
{
	(void)state;
	memset(&w, 0, sizeof w);
	clock_fake_init(&w.clock, 1763800000000);
	rng_fixed_init(&w.rng, 11);
	uv_loop_init(&w.loop);
	w.env = (struct queue_env){ .loop = &w.loop,
				    .clock = &w.clock.base,
				    .rng = &w.rng.base,
				    .log = log_root(),
				    .contents = map_new(),
				    .lease_until = { INT64_MAX } };
	w.env.progress = progress_new(&w.loop, NULL, log_root());
	return 0;
}

static void start(uint32_t gap_min_ms, uint32_t gap_max_ms)
{
	/* the double needs no device, but the queue tells a closed one by NULL */
	w.queue = queue_new(&w.env, (struct device *)(uintptr_t)1, 1, 1,
			    &(struct device_rules){ .pacing = { .gap = { gap_min_ms, gap_max_ms },
								.linked_at = { INT64_MIN } },
						    .next_at = { INT64_MIN },
						    .reach_locked_until = { INT64_MIN } });
	queue_online(w.queue);
}

static int tear_down(void **state)
{
	struct span key;
	size_t pos = 0;
	void *c;

	(void)state;
	queue_close(w.queue);
	progress_close(w.env.progress);
	commit_all(NULL, 0);
	uv_run(&w.loop, UV_RUN_DEFAULT);
	uv_loop_close(&w.loop);
	while (map_next(w.env.contents, &pos, &key, &c))
		content_unref(c);
	map_free(w.env.contents);
	return 0;
}

/* -- tests -- */

static void look_again(const struct row *rows, int len)
{
	queue_wake(w.queue);
	commit_all(rows, len);
}

static void rows_leave_one_by_one_with_the_gap_between(void **state)
{
	const struct row rows[] = { { 1, 7, 0, 1, -1 }, { 2, 7, 0, 1, -1 }, { 3, 7, 0, 1, -1 } };

	(void)state;
	start(1000, 1000);
	commit_all(rows, 3);
	assert_int_equal(w.sends, 1);
	end_job(SEND_SENT);
	look_again(NULL, 0);
	assert_int_equal(w.sends, 1); /* the gap has not passed */
	clock_fake_advance(&w.clock, 999);
	queue_wake(w.queue);
	assert_int_equal(w.sends, 1);
	clock_fake_advance(&w.clock, 1);
	queue_wake(w.queue);
	assert_int_equal(w.sends, 2);
	clock_fake_advance(&w.clock, 5000);
	queue_wake(w.queue);
	assert_int_equal(w.sends, 2); /* one under way: the next waits for its end */
	end_job(SEND_SENT);
	assert_int_equal(w.sends, 3);
	assert_int_equal(w.stmt_count[STMT_OUTBOX_SENDING_PACED], 2);
	assert_int_equal(w.stmt_count[STMT_OUTBOX_SENDING], 0);
	end_job(SEND_SENT);
}

static void people_of_coming_turns_are_looked_up_once_and_many_at_a_time(void **state)
{
	struct row rows[40];

	(void)state;
	for (int i = 0; i < 40; i++)
		rows[i] = (struct row){ i + 1, 7, 0, 1, -1 };
	start(8000, 20000);
	commit_all(rows, 40);
	assert_int_equal(w.ahead_calls, 1);
	assert_int_equal(w.ahead_people, QUEUE_AHEAD_MS / 8000 + 1); /* not those of later */
	while (w.job_len) {
		end_job(SEND_SENT);
		clock_fake_advance(&w.clock, 20000);
		look_again(NULL, 0);
	}
	assert_int_equal(w.sends, 40);
	assert_int_equal(w.ahead_people, 40);
	assert_int_equal(w.ahead_calls, 4); /* 16, then 8 each time half of them had their turn */
}

static void without_a_gap_many_are_under_way(void **state)
{
	struct row rows[200];
	size_t claims;

	(void)state;
	for (int i = 0; i < 200; i++)
		rows[i] = (struct row){ i + 1, 7, 0, 1, 0 };
	start(0, 0);
	commit_all(rows, 200);
	assert_int_equal(w.job_len, QUEUE_PARALLEL);
	look_again(NULL, 0); /* nothing is more urgent: no reason to think that nothing is left */
	claims = w.stmt_count[STMT_OUTBOX_CLAIM];
	while (w.job_len)
		end_job(SEND_SENT);
	assert_int_equal(w.sends, 200);
	assert_int_equal(w.stmt_count[STMT_OUTBOX_SENDING], 200);
	assert_int_equal(w.stmt_count[STMT_OUTBOX_CLAIM], claims + 1);
}

static void an_unknown_outcome_goes_out_again_with_the_same_id(void **state)
{
	const struct row row = { 1, 7, 0, 1, 0 };
	struct send_job *job;
	char id[32];

	(void)state;
	start(0, 0);
	commit_all(&row, 1);
	job = w.jobs[0];
	snprintf(id, sizeof id, "%s", job->msg_id);
	assert_false(job->resend);
	queue_offline(w.queue); /* the connection fell with the bytes on their way */
	end_job(SEND_UNKNOWN);
	assert_int_equal(w.sends, 1);
	queue_online(w.queue);
	commit_all(NULL, 0);
	assert_int_equal(w.sends, 2);
	assert_string_equal(w.jobs[0]->msg_id, id);
	assert_true(w.jobs[0]->resend);
	assert_int_equal(w.stmt_count[STMT_OUTBOX_RETRY], 0); /* it stays `sending` in the table */
	end_job(SEND_SENT);
}

static void a_retry_goes_back_to_the_table_three_times(void **state)
{
	struct row row = { 1, 7, 0, 1, 0 };

	(void)state;
	start(0, 0);
	commit_all(&row, 1);
	end_job(SEND_RETRY);
	assert_int_equal(w.stmt_count[STMT_OUTBOX_RETRY], 1);
	assert_int_equal(w.stmt_count[STMT_OUTBOX_FAILED], 0);
	row.attempt = QUEUE_RETRIES;
	look_again(&row, 1);
	end_job(SEND_RETRY);
	assert_int_equal(w.stmt_count[STMT_OUTBOX_RETRY], 1);
	assert_int_equal(w.stmt_count[STMT_OUTBOX_FAILED], 1);
}

static void a_lost_connection_is_not_the_rows_fault(void **state)
{
	const struct row row = { 1, 7, QUEUE_RETRIES, 1, 0 };

	(void)state;
	start(0, 0);
	commit_all(&row, 1);
	w.lost = true; /* the sends are ended before the queue is told */
	end_job(SEND_RETRY);
	queue_offline(w.queue);
	assert_int_equal(w.stmt_count[STMT_OUTBOX_RETRY], 0);
	assert_int_equal(w.stmt_count[STMT_OUTBOX_FAILED], 0);
	w.lost = false;
	queue_online(w.queue);
	assert_int_equal(w.sends, 2); /* at once, without asking the table */
	end_job(SEND_SENT);
}

static void a_refusal_is_final_at_once(void **state)
{
	const struct row row = { 1, 7, 0, 1, 0 };
	struct queue_stats stats;

	(void)state;
	start(0, 0);
	commit_all(&row, 1);
	end_job(SEND_FAILED);
	assert_int_equal(w.stmt_count[STMT_OUTBOX_FAILED], 1);
	queue_stats(w.queue, &stats);
	assert_int_equal(stats.failed, 1);
	assert_int_equal(stats.waiting + stats.in_flight, 0);
}

static void a_message_may_fail_while_it_is_handed_over(void **state)
{
	struct row rows[60];
	struct queue_stats stats;

	(void)state;
	for (int i = 0; i < 60; i++)
		rows[i] = (struct row){ i + 1, 7, 0, 1, 0 };
	w.fails = true;
	start(0, 0);
	commit_all(rows, 60);
	assert_int_equal(w.sends, 60);
	assert_int_equal(w.stmt_count[STMT_OUTBOX_FAILED], 60);
	queue_stats(w.queue, &stats);
	assert_int_equal(stats.failed, 60);
	assert_int_equal(stats.waiting + stats.in_flight, 0);
}

static void a_limit_parks_the_device(void **state)
{
	const struct row rows[] = { { 1, 7, 0, 1, 1 }, { 2, 7, 0, 1, 1 } };
	struct queue_stats stats;

	(void)state;
	start(1, 1);
	commit_all(rows, 2);
	end_job(SEND_LIMITED);
	clock_fake_advance(&w.clock, PACING_COOL_MIN_MS - 1);
	queue_wake(w.queue);
	assert_int_equal(w.sends, 1);
	queue_stats(w.queue, &stats);
	assert_string_equal(stats.why, "cool-down");
	clock_fake_advance(&w.clock, 2);
	queue_wake(w.queue);
	assert_int_equal(w.sends, 2);
	end_job(SEND_SENT);
}

static void a_paused_campaign_is_given_back_also_when_its_rows_come_late(void **state)
{
	const struct row rows[] = { { 1, 7, 0, 1, 100 }, { 2, 7, 0, 1, 100 }, { 3, 8, 0, 1, 100 } };
	struct db_unit *unit = db_unit_new();
	struct queue_stats stats;

	(void)state;
	start(100, 100); /* the recovery is under way */
	queue_give_back(w.queue, 7, unit);
	assert_true(db_unit_empty(unit));
	db_unit_free(unit);
	assert_false(commit_one(NULL, 0)); /* the recovery; now the claim is under way */
	unit = db_unit_new();
	queue_give_back(w.queue, 7, unit);
	assert_true(db_unit_empty(unit)); /* nothing is held yet */
	db_unit_free(unit);
	commit_all(rows, 3);
	assert_int_equal(w.stmt_count[STMT_OUTBOX_RELEASE], 1);
	queue_stats(w.queue, &stats);
	assert_int_equal(w.sends, 1);
	assert_int_equal(w.jobs[0]->ref, 3);
	assert_int_equal(stats.waiting, 0);
	end_job(SEND_SENT);
}

static void who_opted_out_is_dropped_also_from_rows_that_come_late(void **state)
{
	const struct row rows[] = { { 1, 7, 0, 1, 100 }, { 2, 7, 0, 1, 100 }, { 3, 7, 0, 1, 100 } };
	struct queue_stats stats;
	size_t claims;

	(void)state;
	start(100, 100);
	commit_all(rows, 3);
	assert_int_equal(w.sends, 1);
	queue_opted_out(w.queue, 60120000002);
	queue_stats(w.queue, &stats);
	assert_int_equal(stats.waiting, 1);
	assert_int_equal(w.stmt_count[STMT_OUTBOX_RELEASE], 0); /* its row is final already */
	end_job(SEND_SENT);
	clock_fake_advance(&w.clock, 101);
	queue_wake(w.queue);
	assert_int_equal(w.sends, 2);
	assert_int_equal(w.jobs[0]->ref, 3);
	end_job(SEND_SENT);
	/* a claim is under way that may bring such rows: they go back to be claimed again */
	commit_all(NULL, 0);
	clock_fake_advance(&w.clock, 101);
	claims = w.stmt_count[STMT_OUTBOX_CLAIM];
	queue_wake(w.queue);
	while (w.stmt_count[STMT_OUTBOX_CLAIM] == claims)
		assert_false(commit_one(NULL, 0)); /* acks and the recovery */
	queue_opted_out(w.queue, 60120000002);
	commit_all(rows + 1, 1);
	assert_int_equal(w.sends, 2);
	assert_int_equal(w.stmt_count[STMT_OUTBOX_RELEASE], 1);
}

static void what_went_back_without_need_is_claimed_again(void **state)
{
	const struct row rows[] = { { 1, 7, 0, 1, 100 }, { 2, 7, 0, 1, 100 }, { 3, 7, 0, 1, 100 } };
	size_t claims;

	(void)state;
	start(100, 100);
	commit_all(rows, 3);
	claims = w.stmt_count[STMT_OUTBOX_CLAIM];
	queue_wake(w.queue);
	while (w.stmt_count[STMT_OUTBOX_CLAIM] == claims)
		assert_false(commit_one(NULL, 0));
	queue_opted_out(w.queue, 60120000002);
	commit_one(NULL, 0); /* the claim brings nothing: row 3 goes back all the same */
	assert_int_equal(w.stmt_count[STMT_OUTBOX_RELEASE], 1);
	commit_all(rows + 2, 1);
	end_job(SEND_SENT);
	clock_fake_advance(&w.clock, 101);
	queue_wake(w.queue);
	assert_int_equal(w.sends, 2);
	assert_int_equal(w.jobs[0]->ref, 3);
	end_job(SEND_SENT);
}

static void a_row_held_in_memory_is_not_taken_twice(void **state)
{
	const struct row rows[] = { { 1, 7, 0, 1, 0 }, { 1, 7, 0, 1, 0 } };

	(void)state;
	start(0, 0);
	commit_all(rows, 2);
	assert_int_equal(w.sends, 1);
	end_job(SEND_SENT);
}

static void a_busy_client_keeps_the_row(void **state)
{
	const struct row row = { 1, 7, 0, 1, 0 };
	struct queue_stats stats;

	(void)state;
	w.refuses = true;
	start(0, 0);
	commit_all(&row, 1);
	queue_stats(w.queue, &stats);
	assert_int_equal(stats.waiting, 1);
	w.refuses = false;
	queue_wake(w.queue);
	assert_int_equal(w.sends, 1);
	end_job(SEND_SENT);
}

static void more_urgent_rows_go_before_a_full_window(void **state)
{
	struct row rows[100];
	const struct row urgent[] = { { 203, 0, 0, 1, 100, 4 },
				      { 202, 0, 0, 1, 100, 1 },
				      { 201, 0, 0, 1, 100, 1 },
				      { 204, 0, 0, 1, 100, 3 } };
	const int64_t order[] = { 201, 202, 204, 203, 2, 3 };

	(void)state;
	for (int i = 0; i < 100; i++)
		rows[i] = (struct row){ i + 1, 7, 0, 1, 100, 5 };
	start(10000, 10000); /* a window of few rows, which is full */
	commit_all(rows, 100);
	assert_int_equal(w.jobs[0]->ref, 1);
	look_again(urgent, 4);
	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		end_job(SEND_SENT);
		clock_fake_advance(&w.clock, 10000);
		look_again(NULL, 0);
		assert_int_equal(w.job_len, 1);
		assert_int_equal(w.jobs[0]->ref, order[i]);
	}
	end_job(SEND_SENT);
}

static void a_long_wait_gives_the_rows_back(void **state)
{
	const struct row rows[] = { { 1, 7, 0, 1, -1 }, { 2, 7, 0, 1, -1 }, { 3, 7, 0, 1, -1 } };
	struct queue_stats stats;
	size_t claims;

	(void)state;
	start(QUEUE_HOLD_MS + 1000, QUEUE_HOLD_MS + 1000);
	commit_all(rows, 3);
	end_job(SEND_SENT);
	commit_all(NULL, 0);
	assert_int_equal(w.stmt_count[STMT_OUTBOX_RELEASE], 1);
	queue_stats(w.queue, &stats);
	assert_int_equal(stats.waiting, 0);
	assert_string_equal(stats.why, "gap");
	claims = w.stmt_count[STMT_OUTBOX_CLAIM];
	look_again(NULL, 0);
	assert_int_equal(w.stmt_count[STMT_OUTBOX_CLAIM], claims); /* as nothing may go */
	clock_fake_advance(&w.clock, QUEUE_HOLD_MS + 1000);
	look_again(rows + 1, 2);
	assert_int_equal(w.jobs[0]->ref, 2);
	end_job(SEND_SENT);
}

static void a_pause_gives_the_rows_back_and_sends_nothing(void **state)
{
	const struct row rows[] = { { 1, 7, 0, 1, 100 }, { 2, 7, 0, 1, 100 } };
	struct device_rules rules = { .pacing = { .gap = { 100, 100 }, .linked_at = { INT64_MIN } },
				      .next_at = { INT64_MIN },
				      .reach_locked_until = { INT64_MIN },
				      .paused = true };
	struct queue_stats stats;

	(void)state;
	start(100, 100);
	commit_all(rows, 2);
	queue_set_rules(w.queue, &rules);
	commit_all(NULL, 0);
	assert_int_equal(w.stmt_count[STMT_OUTBOX_RELEASE], 1);
	end_job(SEND_SENT); /* what was under way ends well */
	clock_fake_advance(&w.clock, 1000);
	look_again(rows + 1, 1);
	assert_int_equal(w.sends, 1);
	assert_string_equal((queue_stats(w.queue, &stats), stats.why), "paused");
	rules.paused = false;
	queue_set_rules(w.queue, &rules);
	commit_all(rows + 1, 1);
	assert_int_equal(w.sends, 2);
	end_job(SEND_SENT);
}

static void other_rules_count_at_once(void **state)
{
	const struct row rows[] = { { 1, 0, 0, 1, -1 }, { 2, 0, 0, 1, -1 }, { 3, 0, 0, 1, -1 } };
	struct device_rules rules = { .pacing = { .per_minute_max = 2, .linked_at = { INT64_MIN } },
				      .next_at = { INT64_MIN },
				      .reach_locked_until = { INT64_MIN } };
	struct queue_stats stats;

	(void)state;
	start(0, 0);
	queue_set_rules(w.queue, &rules);
	commit_all(rows, 3);
	assert_int_equal(w.sends, 2);
	queue_stats(w.queue, &stats);
	assert_string_equal(stats.why, "minute cap");
	assert_int_equal(stats.sent_today, 2);
	end_job(SEND_SENT);
	assert_int_equal(w.stmt_count[STMT_OUTBOX_SENDING_PACED], 1); /* caps are stored, too */
	rules.pacing.per_minute_max = 0;
	queue_set_rules(w.queue, &rules);
	assert_int_equal(w.sends, 3);
	end_job(SEND_SENT);
	end_job(SEND_SENT);
}

static void nothing_is_sent_without_a_lease(void **state)
{
	const struct row row = { 1, 7, 0, 1, 0 };

	(void)state;
	w.env.lease_until = (mono_ms){ clock_mono(&w.clock.base).ms + 5000 };
	start(0, 0);
	clock_fake_advance(&w.clock, 5000);
	commit_all(&row, 1);
	assert_int_equal(w.sends, 0);
	w.env.lease_until.ms += 5000;
	look_again(&row, 1);
	assert_int_equal(w.sends, 1);
	end_job(SEND_SENT);
}

static void a_stranger_is_not_tried_again(void **state)
{
	const struct row rows[] = { { 1, 7, 0, 1, 0 }, { 2, 7, 0, 1, 0 } };
	struct db_unit *unit;
	struct queue_stats stats;
	size_t holds;

	(void)state;
	start(1, 1);
	commit_all(rows, 2);
	end_job(SEND_COLD);
	assert_int_equal(w.stmt_count[STMT_OUTBOX_COLD], 1);
	assert_int_equal(w.stmt_count[STMT_OUTBOX_RETRY], 0);
	assert_int_equal(w.reach_queries, 1);
	clock_fake_advance(&w.clock, 60000);
	look_again(NULL, 0);
	assert_int_equal(w.sends, 1); /* until the server has said what it is about */
	assert_string_equal((queue_stats(w.queue, &stats), stats.why),
			    "reach-out lock is asked for");
	/* locked for an hour: the rest of the window is looked at again, by the table */
	unit = db_unit_new();
	queue_reach_lock(w.queue, true, (unix_ms){ clock_unix(&w.clock.base).ms + 3600000 }, unit);
	assert_int_equal(unit->len, 2);
	assert_int_equal(unit->stmts[0], STMT_REACH_LOCK);
	assert_int_equal(unit->stmts[1], STMT_OUTBOX_RELEASE);
	db_unit_free(unit);
	look_again(rows + 1, 1);
	assert_true(w.stmt_count[STMT_REACH_HOLD] > 0);
	assert_int_equal(w.sends, 2); /* it was no stranger */
	end_job(SEND_SENT);
	commit_all(NULL, 0);
	holds = w.stmt_count[STMT_REACH_HOLD];
	clock_fake_advance(&w.clock, 3600000);
	look_again(NULL, 0);
	assert_int_equal(w.stmt_count[STMT_REACH_HOLD], holds); /* over */
}

static void an_unanswered_question_keeps_the_lock_that_is_known(void **state)
{
	struct db_unit *unit;

	(void)state;
	start(1, 1);
	commit_all(NULL, 0);
	unit = db_unit_new();
	queue_reach_lock(w.queue, true, (unix_ms){ clock_unix(&w.clock.base).ms + 3600000 }, unit);
	db_unit_free(unit);
	unit = db_unit_new();
	queue_reach_lock(w.queue, false, (unix_ms){ INT64_MIN }, unit);
	db_unit_free(unit);
	look_again(NULL, 0);
	assert_int_equal(w.stmt_count[STMT_REACH_HOLD], 1);
}

static void one_that_stays_away_gives_its_rows_back(void **state)
{
	const struct row rows[] = { { 1, 7, 0, 1, 100 }, { 2, 7, 0, 1, 100 } };

	(void)state;
	w.refuses = true;
	start(100, 100);
	commit_all(rows, 2);
	queue_offline(w.queue);
	commit_all(NULL, 0);
	assert_int_equal(w.stmt_count[STMT_OUTBOX_RELEASE], 0); /* it may be back in a moment */
	queue_on_timer(&w.queue->timer);
	commit_all(NULL, 0);
	assert_int_equal(w.stmt_count[STMT_OUTBOX_RELEASE], 1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(rows_leave_one_by_one_with_the_gap_between),
		T(people_of_coming_turns_are_looked_up_once_and_many_at_a_time),
		T(without_a_gap_many_are_under_way),
		T(an_unknown_outcome_goes_out_again_with_the_same_id),
		T(a_retry_goes_back_to_the_table_three_times),
		T(a_lost_connection_is_not_the_rows_fault),
		T(a_refusal_is_final_at_once),
		T(a_message_may_fail_while_it_is_handed_over),
		T(a_limit_parks_the_device),
		T(a_paused_campaign_is_given_back_also_when_its_rows_come_late),
		T(who_opted_out_is_dropped_also_from_rows_that_come_late),
		T(what_went_back_without_need_is_claimed_again),
		T(a_row_held_in_memory_is_not_taken_twice),
		T(a_busy_client_keeps_the_row),
		T(more_urgent_rows_go_before_a_full_window),
		T(a_long_wait_gives_the_rows_back),
		T(a_pause_gives_the_rows_back_and_sends_nothing),
		T(other_rules_count_at_once),
		T(nothing_is_sent_without_a_lease),
		T(a_stranger_is_not_tried_again),
		T(an_unanswered_question_keeps_the_lock_that_is_known),
		T(one_that_stays_away_gives_its_rows_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
