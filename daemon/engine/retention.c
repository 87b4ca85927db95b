#include "daemon/engine/retention.h"

#include "shared/base/xalloc.h"

enum { LOOK_MS = 3600 * 1000, FIRST_MS = 1000, STEP_MS = 50, STEP_ROWS = 2000 };

struct retention {
	uv_timer_t timer;
	struct db *db;
	struct log *log;
	int64_t gone; /* in this round */
	bool asked, closing, timer_closed;
	bool stepping; /* rows are left to forget */
};

static void free_when_idle(struct retention *r)
{
	if (r->closing && r->timer_closed && !r->asked)
		free(r);
}

static void on_timer(uv_timer_t *t);

static void again_in(struct retention *r, uint64_t ms)
{
	r->asked = false;
	if (!r->closing)
		uv_timer_start(&r->timer, on_timer, ms, 0);
	free_when_idle(r);
}

static void on_trimmed(void *ctx, const PGresult *res, const struct err *e)
{
	struct retention *r = ctx;
	int64_t rows = e->code ? 0 : db_i64(res, 0, db_col(res, "rows"));

	if (e->code && e->code != ERR_SHUTTING_DOWN)
		LOG_WARN(r->log, "retention.failed", F_ERR(e));
	r->gone += rows;
	r->stepping = rows > 0;
	if (!r->stepping && r->gone > 0) {
		LOG_INFO(r->log, "retention.forgot", F_I64("rows", r->gone));
		r->gone = 0;
	}
	again_in(r, r->stepping ? STEP_MS : LOOK_MS);
}

static void trim(struct retention *r)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	db_p_i64(p, STEP_ROWS);
	r->asked = true;
	db_query(r->db, STMT_MESSAGE_TRIM, p, DB_IDEMPOTENT, on_trimmed, r);
}

static void on_months(void *ctx, const PGresult *res, const struct err *e)
{
	struct retention *r = ctx;

	r->asked = false;
	if (e->code && e->code != ERR_SHUTTING_DOWN)
		LOG_WARN(r->log, "retention.no_months", F_ERR(e));
	else if (e->code == ERR_OK &&
		 (db_i64(res, 0, db_col(res, "made")) || db_i64(res, 0, db_col(res, "dropped"))))
		LOG_INFO(r->log, "retention.months",
			 F_I64("made", db_i64(res, 0, db_col(res, "made"))),
			 F_I64("dropped", db_i64(res, 0, db_col(res, "dropped"))));
	if (r->closing)
		free_when_idle(r);
	else
		trim(r);
}

static void on_timer(uv_timer_t *t)
{
	struct retention *r = CONTAINER_OF(t, struct retention, timer);
	AUTO_ARENA struct arena *a = arena_new();

	if (r->stepping) {
		trim(r);
		return;
	}
	r->asked = true;
	db_query(r->db, STMT_MESSAGE_MONTHS, db_params_new(a), DB_IDEMPOTENT, on_months, r);
}

struct retention *retention_new(uv_loop_t *loop, struct db *db, struct log *log)
{
	struct retention *r = xcalloc(1, sizeof *r);

	r->db = db;
	r->log = log;
	uv_timer_init(loop, &r->timer);
	uv_timer_start(&r->timer, on_timer, FIRST_MS, 0);
	return r;
}

static void on_closed(uv_handle_t *h)
{
	struct retention *r = CONTAINER_OF(h, struct retention, timer);

	r->timer_closed = true;
	free_when_idle(r);
}

void retention_close(struct retention *r)
{
	r->closing = true;
	uv_close((uv_handle_t *)&r->timer, on_closed);
}
