#include "daemon/engine/analytics.h"

#include "shared/base/list.h"
#include "shared/base/xalloc.h"

#include "daemon/store/crash.h"

enum { HELD_MS = 50 };

/* one who waits for the counters */
struct settling {
	struct list link;
	bool asked; /* a count has begun since */
	unix_ms since; /* by the database's clock, once it has answered; what is to be counted is older */
	mono_ms patience;
	analytics_fn then;
	void *ctx;
};

struct analytics {
	struct analytics_cfg cfg;
	uv_timer_t timer;
	struct list settling;
	unix_ms until;
	bool counting, again, closing, timer_closed, failing;
};

static void count(struct analytics *a);
static void on_timer(uv_timer_t *t);

static void free_when_idle(struct analytics *a)
{
	if (a->closing && a->timer_closed && !a->counting)
		free(a);
}

static void answer(struct analytics *a, struct settling *s)
{
	list_del(&s->link);
	s->then(s->ctx, a->until);
	free(s);
}

/* those whose events are counted, or who have waited long enough; true when some still wait */
static bool answer_settled(struct analytics *a)
{
	LIST_EACH(l, &a->settling) {
		struct settling *s = CONTAINER_OF(l, struct settling, link);

		if (a->closing || (s->since.ms != INT64_MIN && a->until.ms >= s->since.ms) ||
		    clock_mono(a->cfg.clock).ms >= s->patience.ms)
			answer(a, s);
	}
	return !list_empty(&a->settling);
}

static void note_outcome(struct analytics *a, const struct err *e)
{
	bool failed = e->code != ERR_OK;

	if (failed && !a->failing && !a->closing)
		LOG_ERROR(a->cfg.log, "analytics.not-counted", F_ERR(e));
	a->failing = failed;
}

static void set_since(struct analytics *a, unix_ms now)
{
	LIST_EACH(l, &a->settling) {
		struct settling *s = CONTAINER_OF(l, struct settling, link);

		if (s->asked && s->since.ms == INT64_MIN)
			s->since = now;
	}
}

static void on_counted(void *ctx, const PGresult *r, const struct err *e)
{
	struct analytics *a = ctx;
	bool full = false;

	a->counting = false;
	note_outcome(a, e);
	if (e->code == ERR_OK) {
		if (db_i64(r, 0, db_col(r, "counted")))
			CRASH_POINT("analytics.after_count");
		full = db_i64(r, 0, db_col(r, "counted")) == ANALYTICS_BATCH;
		a->until = db_time(r, 0, db_col(r, "until_at"));
		set_since(a, db_time(r, 0, db_col(r, "now_at")));
	}
	if (answer_settled(a) && !full &&
	    !a->closing) /* something that is still open holds it back */
		uv_timer_start(&a->timer, on_timer, HELD_MS, ANALYTICS_TICK_MS);
	if ((full || a->again) && !a->closing)
		count(a);
	free_when_idle(a);
}

static void count(struct analytics *a)
{
	struct arena *mem;
	struct db_params *p;

	if (a->counting) {
		a->again = true;
		return;
	}
	a->counting = true;
	a->again = false;
	LIST_EACH(l, &a->settling)
		CONTAINER_OF(l, struct settling, link)->asked = true;
	mem = arena_new();
	p = db_params_new(mem);
	db_p_i32(p, (int32_t)a->cfg.reply_days);
	CRASH_POINT("analytics.before_count");
	/* moves its cursor itself: a repeat goes on from there */
	db_query(a->cfg.db, STMT_ANALYTICS_COUNT, p, DB_IDEMPOTENT, on_counted, a);
	arena_free(mem);
}

static void on_timer(uv_timer_t *t)
{
	struct analytics *a = CONTAINER_OF(t, struct analytics, timer);

	answer_settled(a);
	if (!a->counting)
		count(a);
}

void analytics_settle(struct analytics *a, analytics_fn then, void *ctx)
{
	struct settling *s = xcalloc(1, sizeof *s);

	s->since = (unix_ms){ INT64_MIN };
	s->patience = (mono_ms){ clock_mono(a->cfg.clock).ms + ANALYTICS_PATIENCE_MS };
	s->then = then;
	s->ctx = ctx;
	list_add_tail(&a->settling, &s->link);
	if (a->closing)
		answer_settled(a);
	else
		count(a);
}

struct analytics *analytics_new(const struct analytics_cfg *cfg)
{
	struct analytics *a = xcalloc(1, sizeof *a);

	a->cfg = *cfg;
	a->until = (unix_ms){ INT64_MIN };
	list_init(&a->settling);
	uv_timer_init(cfg->loop, &a->timer);
	uv_timer_start(&a->timer, on_timer, 1, ANALYTICS_TICK_MS);
	return a;
}

static void on_closed(uv_handle_t *h)
{
	struct analytics *a = CONTAINER_OF(h, struct analytics, timer);

	a->timer_closed = true;
	free_when_idle(a);
}

void analytics_close(struct analytics *a)
{
	a->closing = true;
	answer_settled(a);
	uv_close((uv_handle_t *)&a->timer, on_closed);
}
