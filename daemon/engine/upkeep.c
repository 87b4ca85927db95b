#include "daemon/engine/upkeep.h"

#include <stdlib.h>

#include "shared/base/xalloc.h"

enum { UPKEEP_FIRST_MS = 5000, UPKEEP_EVERY_MS = 60000, UPKEEP_MORE_MS = 200 };

/* which of the days a statement takes; KEEP_NONE: it knows its own */
enum keep { KEEP_EVENTS, KEEP_QUEUE, KEEP_REPLIES, KEEP_AUDIT, KEEP_NONE };

static const struct job {
	enum stmt
		stmt; /* answers how many rows are gone, and whether there may be more: then it goes on soon */
	enum keep keep;
	const char *name;
} jobs[] = {
	{ STMT_EVENT_TRIM, KEEP_EVENTS, "events" },
	{ STMT_WEBHOOK_TRIM, KEEP_NONE, "webhook_deliveries" },
	{ STMT_OUTBOX_TRIM, KEEP_QUEUE, "outbox" },
	{ STMT_REPLY_TRIM, KEEP_REPLIES, "reply_log" },
	{ STMT_AUDIT_TRIM, KEEP_AUDIT, "audit" },
};

struct upkeep {
	uv_timer_t timer;
	struct db *db;
	struct log *log;
	uint32_t days[KEEP_NONE]; /* 0: for ever */
	size_t job;               /* that runs, or is next */
	bool more;                /* some job has not come to its end */
	bool asked, closing, timer_closed;
};

static void next_job(struct upkeep *u);

static void free_when_idle(struct upkeep *u)
{
	if (u->closing && u->timer_closed && !u->asked)
		free(u);
}

static void on_trimmed(void *ctx, const PGresult *r, const struct err *e)
{
	struct upkeep *u = ctx;
	const struct job *j = &jobs[u->job++];
	int64_t gone = e->code == ERR_OK ? db_i64(r, 0, db_col(r, "gone")) : 0;

	u->asked = false;
	if (e->code)
		LOG_WARN(u->log, "upkeep.failed", F_STR("table", j->name), F_ERR(e));
	if (gone)
		LOG_DEBUG(u->log, "upkeep.trimmed", F_STR("table", j->name), F_I64("rows", gone));
	u->more = u->more || (e->code == ERR_OK && db_bool(r, 0, db_col(r, "more")));
	if (!u->closing)
		next_job(u);
	free_when_idle(u);
}

static void on_timer(uv_timer_t *t)
{
	struct upkeep *u = CONTAINER_OF(t, struct upkeep, timer);

	u->job = 0;
	u->more = false;
	next_job(u);
}

static void next_job(struct upkeep *u)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	while (u->job < ARRAY_LEN(jobs) && jobs[u->job].keep != KEEP_NONE &&
	       u->days[jobs[u->job].keep] == 0)
		u->job++;
	if (u->job == ARRAY_LEN(jobs) || !db_is_up(u->db)) {
		uv_timer_start(&u->timer, on_timer, u->more ? UPKEEP_MORE_MS : UPKEEP_EVERY_MS, 0);
		return;
	}
	if (jobs[u->job].keep != KEEP_NONE)
		db_p_i32(p, (int32_t)u->days[jobs[u->job].keep]);
	u->asked = true;
	db_query(u->db, jobs[u->job].stmt, p, DB_IDEMPOTENT, on_trimmed, u);
}

struct upkeep *upkeep_new(uv_loop_t *loop, struct db *db, struct log *log,
			  const struct upkeep_days *days)
{
	struct upkeep *u = xcalloc(1, sizeof *u);

	u->db = db;
	u->log = log;
	u->days[KEEP_EVENTS] = days->events;
	u->days[KEEP_QUEUE] = days->queue;
	u->days[KEEP_REPLIES] = days->replies;
	u->days[KEEP_AUDIT] = days->audit;
	uv_timer_init(loop, &u->timer);
	uv_timer_start(&u->timer, on_timer, UPKEEP_FIRST_MS, 0);
	return u;
}

static void on_closed(uv_handle_t *h)
{
	struct upkeep *u = CONTAINER_OF(h, struct upkeep, timer);

	u->timer_closed = true;
	free_when_idle(u);
}

void upkeep_close(struct upkeep *u)
{
	if (u == NULL || u->closing)
		return;
	u->closing = true;
	uv_close((uv_handle_t *)&u->timer, on_closed);
}
