#include "daemon/engine/sequence.h"

#include "shared/base/xalloc.h"

#include "daemon/store/crash.h"

enum { SEQUENCE_TICK_MS = 1000 };

struct sequences {
	struct sequences_cfg cfg;
	uv_timer_t timer;
	uint32_t asked; /* answers that will still come */
	bool again, closing, timer_closed;
};

/* contacts of one user, or leads of one sequence, some at a time until none is left */
struct round {
	struct sequences *all;
	int64_t user_id, sequence_id; /* 0: contacts of the user */
};

static void free_when_idle(struct sequences *s)
{
	if (s->closing && s->timer_closed && s->asked == 0)
		free(s);
}

static void end_one(struct sequences *s)
{
	s->asked--;
	if (s->asked == 0 && s->again && !s->closing)
		sequences_look(s);
	free_when_idle(s);
}

void sequences_put_day(const struct sequences *s, struct db_params *p)
{
	if (s->cfg.day_s)
		db_p_i32(p, (int32_t)s->cfg.day_s);
	else
		db_p_null(p);
}

/* -- one user's contacts: the next day of each -- */

static bool plan(struct round *r);

static void on_planned(void *ctx, const PGresult *res, const struct err *e)
{
	struct round *r = ctx;
	struct sequences *s = r->all;
	int64_t queued = e->code ? 0 : db_i64(res, 0, db_col(res, "queued"));
	int64_t looked = e->code ? 0 : db_i64(res, 0, db_col(res, "looked"));

	if (e->code)
		LOG_ERROR(s->cfg.log, "sequence.plan-failed", F_ID("user", r->user_id), F_ERR(e));
	if (queued) {
		CRASH_POINT("sequence.after_plan");
		LOG_DEBUG(s->cfg.log, "sequence.planned", F_ID("user", r->user_id),
			  F_I64("messages", queued));
		fleet_wake(s->cfg.fleet, r->user_id, 0);
	}
	if (looked && !s->closing && plan(r))
		return;
	free(r);
	end_one(s);
}

/* linked devices that are away, but not so long that their rows were given to others; caller frees */
static int64_t *blinking(const struct fleet *f, int64_t user_id, size_t *ret_len)
{
	const struct fleet_device *d;
	int64_t *ids = NULL, after = 0;
	size_t n = 0;

	while ((d = fleet_next(f, user_id, &after)) != NULL) {
		if (d->state == DEVICE_ONLINE || d->pn.user == 0 || d->fault || d->paused ||
		    d->moved)
			continue;
		ids = xrealloc(ids, (n + 1) * sizeof *ids);
		ids[n++] = d->id;
	}
	*ret_len = n;
	return ids;
}

/* false: nobody can send for this user now, the contacts stay as they are */
static bool plan(struct round *r)
{
	struct sequences *s = r->all;
	size_t n, away_len;
	AUTO_FREE int64_t *devices = fleet_senders(s->cfg.fleet, r->user_id, &n);
	AUTO_FREE int64_t *away = blinking(s->cfg.fleet, r->user_id, &away_len);
	struct arena *a;
	struct db_params *p;

	if (n == 0)
		return false;
	a = arena_new();
	p = db_params_new(a);
	db_p_i64(p, r->user_id);
	db_p_i64_array(p, devices, n);
	sequences_put_day(s, p);
	db_p_i64_array(p, away, away_len);
	CRASH_POINT("sequence.before_plan");
	/* guarded by the contacts' own day, so a repeat adds nothing */
	db_query(s->cfg.db, STMT_SEQUENCE_PLAN, p, DB_IDEMPOTENT, on_planned, r);
	arena_free(a);
	return true;
}

/* -- one sequence's leads -- */

static bool enrol(struct round *r);

static void on_enrolled(void *ctx, const PGresult *res, const struct err *e)
{
	struct round *r = ctx;
	struct sequences *s = r->all;
	int64_t added = e->code ? 0 : db_i64(res, 0, db_col(res, "added"));

	if (e->code)
		LOG_ERROR(s->cfg.log, "sequence.enrol-failed", F_ID("sequence", r->sequence_id),
			  F_ERR(e));
	if (added) {
		CRASH_POINT("sequence.after_enrol");
		LOG_INFO(s->cfg.log, "sequence.enrolled", F_ID("sequence", r->sequence_id),
			 F_I64("contacts", added));
		s->again = true; /* they have their first day ahead, or now */
	}
	if (added && !s->closing && enrol(r))
		return;
	free(r);
	end_one(s);
}

static bool enrol(struct round *r)
{
	struct sequences *s = r->all;
	struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	db_p_i64(p, r->user_id);
	db_p_i64(p, r->sequence_id);
	sequences_put_day(s, p);
	CRASH_POINT("sequence.before_enrol");
	db_query(s->cfg.db, STMT_SEQUENCE_ENROL, p, DB_IDEMPOTENT, on_enrolled, r);
	arena_free(a);
	return true;
}

/* -- looking -- */

static void on_due(void *ctx, const PGresult *res, const struct err *e)
{
	struct sequences *s = ctx;

	if (e->code)
		LOG_ERROR(s->cfg.log, "sequence.look-failed", F_ERR(e));
	for (int i = 0; e->code == ERR_OK && !s->closing && i < db_rows(res); i++) {
		struct round *r = xcalloc(1, sizeof *r);

		r->all = s;
		r->user_id = db_i64(res, i, db_col(res, "user_id"));
		r->sequence_id = db_i64(res, i, db_col(res, "sequence_id"));
		s->asked++;
		if (r->sequence_id ? enrol(r) : plan(r))
			continue;
		s->asked--;
		free(r);
	}
	end_one(s);
}

void sequences_look(struct sequences *s)
{
	struct arena *a;

	s->again = s->asked > 0;
	if (s->again)
		return; /* when what is under way has ended */
	a = arena_new();
	s->asked++;
	db_query(s->cfg.db, STMT_SEQUENCE_DUE, db_params_new(a), DB_IDEMPOTENT, on_due, s);
	arena_free(a);
}

static void on_timer(uv_timer_t *t)
{
	struct sequences *s = CONTAINER_OF(t, struct sequences, timer);

	if (s->asked == 0)
		sequences_look(s);
}

struct sequences *sequences_new(const struct sequences_cfg *cfg)
{
	struct sequences *s = xcalloc(1, sizeof *s);

	s->cfg = *cfg;
	uv_timer_init(cfg->loop, &s->timer);
	uv_timer_start(&s->timer, on_timer, 1, cfg->tick_ms ? cfg->tick_ms : SEQUENCE_TICK_MS);
	return s;
}

static void on_closed(uv_handle_t *h)
{
	struct sequences *s = CONTAINER_OF(h, struct sequences, timer);

	s->timer_closed = true;
	free_when_idle(s);
}

void sequences_close(struct sequences *s)
{
	s->closing = true;
	uv_close((uv_handle_t *)&s->timer, on_closed);
}
