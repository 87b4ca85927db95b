#include "daemon/engine/campaign.h"

#include "shared/base/xalloc.h"

#include "daemon/engine/expansion.h"
#include "daemon/store/crash.h"

enum { CAMPAIGN_TICK_MS = 1000, EXPANSIONS_MAX = 4 /* at once; others wait */ };

struct campaigns {
	uv_timer_t timer;
	struct db *db;
	struct fleet *fleet;
	struct log *log;
	uint32_t asked;
	struct expansion *expanding[EXPANSIONS_MAX]; /* NULL: free */
	bool looking, again, closing, timer_closed;
};

static void free_when_idle(struct campaigns *c)
{
	if (c->closing && c->timer_closed && c->asked == 0)
		free(c);
}

/* -- starting -- */

/* the place of this campaign's expansion (0: a free place), EXPANSIONS_MAX when there is none */
static size_t place_of(const struct campaigns *c, int64_t campaign_id)
{
	for (size_t i = 0; i < EXPANSIONS_MAX; i++)
		if (campaign_id ? c->expanding[i] && expansion_is_of(c->expanding[i], campaign_id)
				: c->expanding[i] == NULL)
			return i;
	return EXPANSIONS_MAX;
}

static void on_expanded(void *ctx, struct expansion *x, bool all_made)
{
	struct campaigns *c = ctx;

	c->asked--;
	for (size_t i = 0; i < EXPANSIONS_MAX; i++)
		if (c->expanding[i] == x)
			c->expanding[i] = NULL;
	if (all_made && !c->closing)
		campaigns_look(c); /* nobody in it: it is done */
	free_when_idle(c);
}

static void on_waits(void *ctx, const PGresult *r, const struct err *e)
{
	struct campaigns *c = ctx;

	(void)r;
	(void)e; /* said again at the next look */
	c->asked--;
	free_when_idle(c);
}

static void say_it_waits(struct campaigns *c, int64_t user_id, int64_t id)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	LOG_WARN(c->log, "campaign.no-device", F_ID("campaign", id));
	db_p_i64(p, user_id);
	db_p_i64(p, id);
	c->asked++;
	db_query(c->db, STMT_CAMPAIGN_WAIT, p, DB_IDEMPOTENT, on_waits, c);
}

int64_t *campaign_ids(const char *text, size_t *ret_len)
{
	int64_t *ids = xcalloc(strlen(text) / 2 + 1, sizeof *ids);
	size_t n = 0;
	char *end;

	for (const char *at = text; *at; at = *end ? end + 1 : end) {
		ids[n++] = strtoll(at, &end, 10);
		if (end == at)
			break;
	}
	*ret_len = n;
	return ids;
}

static void take_due(struct campaigns *c, const PGresult *r, int row)
{
	int64_t user = db_i64(r, row, db_col(r, "user_id")), id = db_i64(r, row, db_col(r, "id"));
	int col = db_col(r, "device_ids");
	size_t n, named_len = 0, place = place_of(c, 0);
	AUTO_FREE int64_t *named =
		db_is_null(r, row, col) ? NULL : campaign_ids(db_text(r, row, col), &named_len);
	AUTO_FREE int64_t *ids = NULL;

	if (place == EXPANSIONS_MAX || place_of(c, id) < EXPANSIONS_MAX)
		return; /* under way, or its turn comes */
	ids = expansion_devices(c->fleet, user, named, named_len, &n);
	if (n) {
		c->asked++;
		c->expanding[place] = expansion_start(&(struct expansion_cfg){ .db = c->db,
									       .fleet = c->fleet,
									       .log = c->log,
									       .user_id = user,
									       .campaign_id = id,
									       .done = on_expanded,
									       .ctx = c },
						      ids, n);
	} else if (db_text(r, row, db_col(r, "reason"))[0] == '\0') {
		say_it_waits(c, user, id);
	}
}

static void on_due(void *ctx, const PGresult *r, const struct err *e)
{
	struct campaigns *c = ctx;

	c->asked--;
	if (e->code == ERR_OK && !c->closing)
		for (int i = 0; i < db_rows(r); i++)
			take_due(c, r, i);
	free_when_idle(c);
}

/* -- ending -- */

static void on_missed(void *ctx, const PGresult *r, const struct err *e)
{
	struct campaigns *c = ctx;

	c->asked--;
	for (int i = 0; e->code == ERR_OK && i < db_rows(r); i++)
		LOG_WARN(c->log, "campaign.missed",
			 F_ID("campaign", db_i64(r, i, db_col(r, "id"))));
	free_when_idle(c);
}

static void on_finished(void *ctx, const PGresult *r, const struct err *e)
{
	struct campaigns *c = ctx;

	c->asked--;
	c->looking = false;
	if (e->code == ERR_OK && db_rows(r))
		CRASH_POINT("campaign.after_finish");
	if (e->code == ERR_OK && !c->closing)
		for (int i = 0; i < db_rows(r); i++) {
			int64_t id = db_i64(r, i, db_col(r, "id"));

			LOG_INFO(c->log, "campaign.done", F_ID("campaign", id));
			fleet_forget(c->fleet, db_i64(r, i, db_col(r, "user_id")), id);
		}
	if (c->again && !c->closing)
		campaigns_look(c);
	free_when_idle(c);
}

void campaigns_look(struct campaigns *c)
{
	struct arena *a;

	if (c->looking) {
		c->again = true;
		return;
	}
	c->looking = true;
	c->again = false;
	a = arena_new();
	c->asked += 3;
	db_query(c->db, STMT_CAMPAIGN_MISSED, db_params_new(a), DB_IDEMPOTENT, on_missed, c);
	db_query(c->db, STMT_CAMPAIGN_DUE, db_params_new(a), DB_IDEMPOTENT, on_due, c);
	db_query(c->db, STMT_CAMPAIGN_FINISH, db_params_new(a), DB_IDEMPOTENT, on_finished, c);
	arena_free(a);
}

static void on_timer(uv_timer_t *t)
{
	campaigns_look(CONTAINER_OF(t, struct campaigns, timer));
}

void campaigns_every(struct campaigns *c, uint32_t ms)
{
	uv_timer_start(&c->timer, on_timer, 1, ms);
}

struct campaigns *campaigns_new(uv_loop_t *loop, struct db *db, struct fleet *fleet,
				struct log *log)
{
	struct campaigns *c = xcalloc(1, sizeof *c);

	c->db = db;
	c->fleet = fleet;
	c->log = log;
	uv_timer_init(loop, &c->timer);
	campaigns_every(c, CAMPAIGN_TICK_MS);
	return c;
}

static void on_closed(uv_handle_t *h)
{
	struct campaigns *c = CONTAINER_OF(h, struct campaigns, timer);

	c->timer_closed = true;
	free_when_idle(c);
}

void campaigns_close(struct campaigns *c)
{
	c->closing = true;
	for (size_t i = 0; i < EXPANSIONS_MAX; i++)
		if (c->expanding[i])
			expansion_stop(c->expanding[i]);
	uv_close((uv_handle_t *)&c->timer, on_closed);
}
