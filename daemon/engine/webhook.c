#include "daemon/engine/webhook.h"

#include <stdlib.h>

#include "shared/base/xalloc.h"

#include "daemon/engine/webhook_impl.h"
#include "daemon/store/crash.h"

enum {
	CLAIM_WEBHOOKS_MAX = 64, /* in one statement */
	SPREAD_PAGE = 1000,      /* as in webhook_spread.sql */
	LOOK_AGAIN_MS =
		60000, /* at webhooks for which nothing is known to wait; at others' leases */
	COUNT_MS = 15000,
};

static void free_when_idle(struct webhooks *ws)
{
	struct span key;
	size_t pos = 0;
	void *ep;

	if (!ws->closing || !ws->timer_closed || ws->asked || !list_empty(&ws->attempts))
		return;
	while (map_next(ws->endpoints, &pos, &key, &ep))
		free(ep);
	map_free(ws->endpoints);
	free(ws);
}

static void ask(struct webhooks *ws, enum stmt stmt, const struct db_params *p,
		enum db_query_flags flags, db_result_fn done)
{
	ws->asked++;
	db_query(ws->cfg.db, stmt, p, flags, done, ws);
}

/* -- webhooks in memory -- */

struct endpoint *webhooks_endpoint(const struct webhooks *ws, int64_t id)
{
	return map_get(ws->endpoints, MAP_KEY(id));
}

void webhooks_due_in(struct webhooks *ws, struct endpoint *ep, int64_t ms)
{
	int64_t due = clock_mono(ws->cfg.clock).ms + ms;

	if (due >= ep->due.ms)
		return;
	ep->due.ms = due;
	ep->touched = true;
}

void webhooks_wake(struct webhooks *ws, int64_t id)
{
	struct endpoint *ep = ws ? webhooks_endpoint(ws, id) : NULL;

	if (ep)
		webhooks_due_in(ws, ep, 0);
}

static void take_row(struct webhooks *ws, const PGresult *r, int row)
{
	int64_t id = db_i64(r, row, db_col(r, "id"));
	struct endpoint *ep = webhooks_endpoint(ws, id);

	if (ep == NULL) {
		ep = xcalloc(1, sizeof *ep);
		ep->id = id;
		map_put(ws->endpoints, MAP_KEY(id), ep);
	}
	ep->user_id = db_i64(r, row, db_col(r, "user_id"));
	ep->ordered = db_bool(r, row, db_col(r, "ordered"));
	ep->seen = true;
	if (!ep->enabled) /* new, or switched on again */
		webhook_breaker_good(&ep->breaker);
	ep->enabled = true;
	ep->due = clock_mono(ws->cfg.clock);
	ep->touched = true;
}

/* those that are not there any more; with something under way they stay until a later time */
static void drop_unseen(struct webhooks *ws)
{
	struct span key;
	size_t pos = 0;
	void *value;

	ws->figures.webhooks = 0;
	while (map_next(ws->endpoints, &pos, &key, &value)) {
		struct endpoint *ep = value;

		ep->enabled = ep->seen;
		ep->seen = false;
		ws->figures.webhooks += ep->enabled;
		if (ep->enabled || ep->under_way)
			continue;
		map_del(ws->endpoints, key);
		free(ep);
	}
}

static void on_all(void *ctx, const PGresult *r, const struct err *e)
{
	struct webhooks *ws = ctx;

	ws->asked--;
	ws->loading = false;
	if (e->code) {
		LOG_WARN(ws->cfg.log, "webhook.not-read", F_ERR(e));
		ws->load_again = true;
	} else if (!ws->closing) {
		for (int i = 0; i < db_rows(r); i++)
			take_row(ws, r, i);
		drop_unseen(ws);
	}
	free_when_idle(ws);
}

static void load(struct webhooks *ws)
{
	AUTO_ARENA struct arena *a = arena_new();

	ws->loading = true;
	ws->load_again = false;
	ask(ws, STMT_WEBHOOK_ALL, db_params_new(a), DB_IDEMPOTENT, on_all);
}

void webhooks_reload(struct webhooks *ws)
{
	if (ws && ws->loading)
		ws->load_again = true;
	else if (ws && !ws->closing)
		load(ws);
}

/* -- events become deliveries -- */

static void spread(struct webhooks *ws);

static void on_spread(void *ctx, const PGresult *r, const struct err *e)
{
	struct webhooks *ws = ctx;

	ws->asked--;
	ws->spreading = false;
	for (int i = 0; e->code == ERR_OK && i < db_rows(r); i++)
		webhooks_wake(ws, db_i64(r, i, db_col(r, "webhook_id")));
	if (e->code == ERR_OK && !ws->closing && db_i64(r, 0, db_col(r, "seen")) >= SPREAD_PAGE)
		spread(ws);
	webhooks_go_on(ws);
}

static void spread(struct webhooks *ws)
{
	AUTO_ARENA struct arena *a = arena_new();

	ws->spreading = true;
	ask(ws, STMT_WEBHOOK_SPREAD, db_params_new(a), DB_IDEMPOTENT, on_spread);
}

/* -- deliveries are claimed -- */

struct claim {
	struct webhooks *ws;
	int64_t users[CLAIM_WEBHOOKS_MAX], ids[CLAIM_WEBHOOKS_MAX];
	int32_t ordered[CLAIM_WEBHOOKS_MAX], room[CLAIM_WEBHOOKS_MAX];
	size_t len;
	unsigned total;
};

static void claim_failed(struct webhooks *ws, const struct claim *c)
{
	ws->recover = true; /* it may have been done all the same */
	for (size_t i = 0; i < c->len; i++)
		webhooks_wake(ws, c->ids[i]);
}

static void note_wait(struct webhooks *ws, const PGresult *r, int row)
{
	struct endpoint *ep = webhooks_endpoint(ws, db_i64(r, row, db_col(r, "webhook_id")));
	int col = db_col(r, "wait_ms");

	if (ep == NULL || db_is_null(r, row, col))
		return;
	webhooks_due_in(ws, ep, db_i64(r, row, col));
}

static void on_claimed(void *ctx, const PGresult *r, const struct err *e)
{
	struct claim *c = ctx;
	struct webhooks *ws = c->ws;

	ws->asked--;
	ws->claiming = false;
	if (e->code) {
		claim_failed(ws, c);
	} else if (!ws->closing) { /* else they are recovered at the next start */
		CRASH_POINT("webhook.after_claim");
		for (size_t i = 0; i < c->len; i++) {
			struct endpoint *ep = webhooks_endpoint(ws, c->ids[i]);

			if (ep && !ep->touched)
				ep->due.ms = INT64_MAX;
		}
		for (int i = 0; i < db_rows(r); i++) {
			note_wait(ws, r, i);
			if (!db_is_null(r, i, db_col(r, "id")))
				webhook_try(ws, r, i, NULL, NULL);
		}
	}
	free(c);
	webhooks_go_on(ws);
}

static void claim_add(struct webhooks *ws, struct claim *c, struct endpoint *ep, mono_ms now)
{
	unsigned most = ep->ordered ? 1 : WEBHOOK_AT_ONCE;
	unsigned left = WEBHOOK_ALL_AT_ONCE - ws->figures.under_way - c->total;
	unsigned room;

	if (!ep->enabled || now.ms < ep->due.ms)
		return;
	room = webhook_breaker_room(&ep->breaker, now, most, ep->under_way);
	if (room > left)
		room = left;
	if (room == 0)
		return;
	ep->touched = false;
	c->users[c->len] = ep->user_id;
	c->ids[c->len] = ep->id;
	c->ordered[c->len] = ep->ordered;
	c->room[c->len++] = (int32_t)room;
	c->total += room;
	ws->last_asked = ep->id;
}

/* those behind the one that was asked for last come first: everyone's turn comes */
static void choose(struct webhooks *ws, struct claim *c)
{
	mono_ms now = clock_mono(ws->cfg.clock);
	int64_t last = ws->last_asked;

	for (int round = 0; round < 2; round++) {
		struct span key;
		bool behind = last == 0;
		size_t pos = 0;
		void *ep;

		while (map_next(ws->endpoints, &pos, &key, &ep) && c->len < CLAIM_WEBHOOKS_MAX) {
			int64_t id = ((struct endpoint *)ep)->id;

			if (behind == (round == 0) && id != last)
				claim_add(ws, c, ep, now);
			behind = behind || id == last;
		}
	}
	if (webhooks_endpoint(ws, last) && c->len < CLAIM_WEBHOOKS_MAX)
		claim_add(ws, c, webhooks_endpoint(ws, last), now);
}

static void claim(struct webhooks *ws)
{
	AUTO_ARENA struct arena *a = NULL;
	struct db_params *p;
	struct claim *c;

	if (ws->claiming || ws->recovering || ws->recover ||
	    ws->figures.under_way >= WEBHOOK_ALL_AT_ONCE || http_client_is_full(ws->cfg.web))
		return;
	c = xcalloc(1, sizeof *c);
	c->ws = ws;
	choose(ws, c);
	if (c->len == 0) {
		free(c);
		return;
	}
	a = arena_new();
	p = db_params_new(a);
	db_p_i64_array(p, c->users, c->len);
	db_p_i64_array(p, c->ids, c->len);
	db_p_i32_array(p, c->ordered, c->len);
	db_p_i32_array(p, c->room, c->len);
	ws->claiming = true;
	ws->asked++;
	db_query(ws->cfg.db, STMT_WEBHOOK_CLAIM, p, DB_ONCE, on_claimed, c);
}

void webhooks_go_on(struct webhooks *ws)
{
	if (ws->closing)
		free_when_idle(ws);
	else
		claim(ws);
}

/* -- deliveries that were under way when wad or the database ended -- */

static void on_recovered(void *ctx, const PGresult *r, const struct err *e)
{
	struct webhooks *ws = ctx;
	struct span key;
	size_t pos = 0;
	void *ep;

	ws->asked--;
	ws->recovering = false;
	ws->recover = e->code != ERR_OK;
	if (e->code == ERR_OK && db_affected(r) > 0) {
		LOG_INFO(ws->cfg.log, "webhook.recovered", F_I64("deliveries", db_affected(r)));
		while (map_next(ws->endpoints, &pos, &key, &ep))
			webhooks_due_in(ws, ep, 0);
	}
	webhooks_go_on(ws);
}

static void recover(struct webhooks *ws)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	int64_t *ids = xcalloc(ws->figures.under_way + 1, sizeof *ids);
	size_t n = 0;

	LIST_EACH(l, &ws->attempts)
		ids[n++] = CONTAINER_OF(l, struct attempt, link)->id;
	db_p_i64_array(p, ids, n);
	free(ids);
	ws->recovering = true;
	ask(ws, STMT_WEBHOOK_RECOVER, p, DB_IDEMPOTENT, on_recovered);
}

/* -- the timer -- */

static void on_counted(void *ctx, const PGresult *r, const struct err *e)
{
	struct webhooks *ws = ctx;

	ws->asked--;
	ws->counting = false;
	if (e->code == ERR_OK && db_rows(r) == 1)
		ws->figures.waiting = db_i64(r, 0, 0);
	free_when_idle(ws);
}

static void count(struct webhooks *ws, mono_ms now)
{
	AUTO_ARENA struct arena *a = NULL;

	if (ws->counting || now.ms < ws->count_at.ms)
		return;
	a = arena_new();
	ws->counting = true;
	ws->count_at.ms = now.ms + COUNT_MS;
	ask(ws, STMT_WEBHOOK_WAITING, db_params_new(a), DB_IDEMPOTENT, on_counted);
}

/* whatever was missed is found then */
static void look_again(struct webhooks *ws, mono_ms now)
{
	struct span key;
	size_t pos = 0;
	void *ep;

	if (now.ms < ws->look_again.ms)
		return;
	ws->look_again.ms = now.ms + LOOK_AGAIN_MS;
	ws->recover = true;
	while (map_next(ws->endpoints, &pos, &key, &ep))
		webhooks_due_in(ws, ep, 0);
}

static void on_timer(uv_timer_t *timer)
{
	struct webhooks *ws = CONTAINER_OF(timer, struct webhooks, timer);
	mono_ms now = clock_mono(ws->cfg.clock);

	if (!db_is_up(ws->cfg.db))
		return;
	if (ws->load_again && !ws->loading)
		load(ws);
	if (ws->recover && !ws->recovering && !ws->claiming)
		recover(ws);
	if (ws->figures.webhooks == 0)
		return;
	if (!ws->spreading)
		spread(ws);
	count(ws, now);
	look_again(ws, now);
	claim(ws);
}

struct webhooks *webhooks_new(const struct webhooks_cfg *cfg)
{
	struct webhooks *ws = xcalloc(1, sizeof *ws);

	ws->cfg = *cfg;
	ws->endpoints = map_new();
	list_init(&ws->attempts);
	ws->recover = true;
	uv_timer_init(cfg->loop, &ws->timer);
	uv_timer_start(&ws->timer, on_timer, WEBHOOK_TICK_MS, WEBHOOK_TICK_MS);
	load(ws);
	return ws;
}

static void on_timer_closed(uv_handle_t *h)
{
	struct webhooks *ws = CONTAINER_OF(h, struct webhooks, timer);

	ws->timer_closed = true;
	free_when_idle(ws);
}

void webhooks_close(struct webhooks *ws)
{
	if (ws == NULL || ws->closing)
		return;
	ws->closing = true;
	uv_close((uv_handle_t *)&ws->timer, on_timer_closed);
}

void webhooks_try(struct webhooks *ws, const PGresult *r, webhook_tried_fn done, void *ctx)
{
	webhook_try(ws, r, 0, done, ctx);
}

const struct webhook_figures *webhooks_figures(const struct webhooks *ws)
{
	return &ws->figures;
}
