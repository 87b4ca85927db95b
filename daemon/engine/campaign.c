#include "daemon/engine/campaign.h"

#include "shared/base/xalloc.h"

enum { CAMPAIGN_TICK_MS = 1000 };

struct campaigns {
	uv_timer_t timer;
	struct db *db;
	struct fleet *fleet;
	struct log *log;
	uint32_t asked;
	bool looking, again, closing, timer_closed;
};

/* one campaign being expanded */
struct expansion {
	struct campaigns *all;
	int64_t user_id, id;
};

static void free_when_idle(struct campaigns *c)
{
	if (c->closing && c->timer_closed && c->asked == 0)
		free(c);
}

static void on_expanded(void *ctx, const PGresult *r, const struct err *e)
{
	struct expansion *x = ctx;
	struct campaigns *c = x->all;

	c->asked--;
	if (e->code) {
		LOG_ERROR(c->log, "campaign.expand-failed", F_ID("campaign", x->id), F_ERR(e));
	} else if (!c->closing && db_i64(r, 0, db_col(r, "started"))) {
		LOG_INFO(c->log, "campaign.started", F_ID("campaign", x->id),
			 F_I64("messages", db_i64(r, 0, db_col(r, "rows"))));
		fleet_wake(c->fleet, x->user_id, 0);
	}
	free(x);
	free_when_idle(c);
}

/* ids in decimal, separated by one space; caller frees */
static int64_t *parse_ids(const char *text, size_t *ret_len)
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

static void expand(struct campaigns *c, int64_t user_id, int64_t id, int64_t *ids, size_t len)
{
	struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	struct expansion *x = xcalloc(1, sizeof *x);

	x->all = c;
	x->user_id = user_id;
	x->id = id;
	db_p_i64(p, user_id);
	db_p_i64(p, id);
	db_p_i64_array(p, ids, len);
	c->asked++;
	/* one statement, one transaction; guarded by the campaign's state, so a repeat adds nothing */
	db_query(c->db, STMT_CAMPAIGN_EXPAND, p, DB_IDEMPOTENT, on_expanded, x);
	arena_free(a);
}

static void on_due(void *ctx, const PGresult *r, const struct err *e)
{
	struct campaigns *c = ctx;

	c->asked--;
	if (e->code == ERR_OK && !c->closing) {
		for (int i = 0; i < db_rows(r); i++) {
			int64_t user = db_i64(r, i, db_col(r, "user_id"));
			int col = db_col(r, "device_ids");
			size_t n;
			int64_t *ids = db_is_null(r, i, col) ? fleet_senders(c->fleet, user, &n)
							     : parse_ids(db_text(r, i, col), &n);

			if (n) /* without a linked device the campaign waits */
				expand(c, user, db_i64(r, i, db_col(r, "id")), ids, n);
			free(ids);
		}
	}
	free_when_idle(c);
}

static void on_finished(void *ctx, const PGresult *r, const struct err *e)
{
	struct campaigns *c = ctx;

	c->asked--;
	c->looking = false;
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
	c->asked += 2;
	db_query(c->db, STMT_CAMPAIGN_DUE, db_params_new(a), DB_IDEMPOTENT, on_due, c);
	db_query(c->db, STMT_CAMPAIGN_FINISH, db_params_new(a), DB_IDEMPOTENT, on_finished, c);
	arena_free(a);
}

static void on_timer(uv_timer_t *t)
{
	campaigns_look(CONTAINER_OF(t, struct campaigns, timer));
}

struct campaigns *campaigns_new(uv_loop_t *loop, struct db *db, struct fleet *fleet,
				struct log *log)
{
	struct campaigns *c = xcalloc(1, sizeof *c);

	c->db = db;
	c->fleet = fleet;
	c->log = log;
	uv_timer_init(loop, &c->timer);
	uv_timer_start(&c->timer, on_timer, 1, CAMPAIGN_TICK_MS);
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
	uv_close((uv_handle_t *)&c->timer, on_closed);
}
