#include "shared/base/xalloc.h"

#include "daemon/api/api_campaign.h"
#include "daemon/api/handlers.h"
#include "daemon/engine/content.h"
#include "daemon/engine/device_rules.h"
#include "daemon/engine/estimate.h"
#include "daemon/engine/expansion.h"

enum { RULES_MAX = 50 }; /* devices that are looked at for the end: they get equal shares */

/* The audience is counted, its first members are read, then the devices, one after the other; the answer is
 * gathered on the way. */
struct planning {
	struct rpc_req *req;
	json_t *answer;
	char *niche, *status, *body, *follow_up;
	json_t *samples; /* those of the first part, while the second is read; NULL before */
	int64_t *devices, *loads;
	size_t device_len, at;
	struct pacing_cfg pace;
	bool has_pace, begun, endless;
	int64_t expire_s, longest_ms;
	unix_ms start_at;
};

static void planning_end(struct planning *g, const struct err *e)
{
	if (e->code) {
		json_decref(g->answer);
		rpc_fail(g->req, e);
	} else {
		json_object_set(g->answer, "samples", g->samples);
		rpc_reply_take(g->req, g->answer);
	}
	json_decref(g->samples);
	free(g->niche);
	free(g->status);
	free(g->body);
	free(g->follow_up);
	free(g->devices);
	free(g->loads);
	free(g);
}

/* -- when it would end -- */

static void ask_rules(struct planning *g);

static void on_rules(void *ctx, const PGresult *r, const struct err *e)
{
	struct planning *g = ctx;
	struct device_rules rules;
	int64_t ms;

	if (e->code) {
		planning_end(g, e);
		return;
	}
	if (db_rows(r)) {
		device_rules_read(r, g->req->wad->pacing, &rules);
		ms = estimate_ms(&rules.pacing, g->has_pace ? &g->pace : NULL, g->loads[g->at],
				 g->start_at);
		g->endless = g->endless || ms < 0 || rules.paused;
		if (ms > g->longest_ms)
			g->longest_ms = ms;
	}
	g->at++;
	ask_rules(g);
}

static void ask_rules(struct planning *g)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	if (g->at == g->device_len || g->at == RULES_MAX) {
		if (g->device_len && !g->endless) {
			json_put_time(g->answer, "ends_at",
				      (unix_ms){ g->start_at.ms + g->longest_ms });
			json_object_set_new(g->answer, "late",
					    json_boolean(g->longest_ms > g->expire_s * 1000));
		}
		planning_end(g, &ERR_NONE);
		return;
	}
	db_p_i64(p, g->req->user_id);
	db_p_i64(p, g->devices[g->at]);
	req_query(g->req, STMT_DEVICE_RULES, p, DB_IDEMPOTENT, on_rules, g);
}

static void on_loads(void *ctx, const PGresult *r, const struct err *e)
{
	struct planning *g = ctx;
	int64_t rows = json_integer_value(json_object_get(g->answer, "total"));

	if (e->code) {
		planning_end(g, e);
		return;
	}
	for (int i = 0; i < db_rows(r); i++)
		for (size_t k = 0; k < g->device_len; k++)
			if (g->devices[k] == db_i64(r, i, db_col(r, "device_id")))
				g->loads[k] += db_i64(r, i, db_col(r, "rows"));
	if (!g->begun)
		estimate_fill(g->loads, g->device_len, g->follow_up ? 2 * rows : rows);
	ask_rules(g);
}

static void ask_loads(struct planning *g)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	db_p_i64(p, g->req->user_id);
	req_query(g->req, STMT_CAMPAIGN_LOADS, p, DB_IDEMPOTENT, on_loads, g);
}

/* -- whom it would reach -- */

static void ask_first(struct planning *g, const char *body);

static void on_first(void *ctx, const PGresult *r, const struct err *e)
{
	struct planning *g = ctx;
	bool second = g->samples != NULL;

	if (e->code) {
		planning_end(g, e);
		return;
	}
	if (!second)
		g->samples = json_array();
	for (int i = 0; i < db_rows(r); i++) {
		AUTO_FREE char *text = content_rendered(r, i);
		json_t *o;

		if (second && (o = json_array_get(g->samples, (size_t)i))) {
			json_put_text(o, "follow_up", text);
			continue;
		}
		o = json_pack("{s:o}", "phone", json_id(db_i64(r, i, db_col(r, "recipient"))));
		json_put_text(o, "name", db_text(r, i, db_col(r, "lead_name")));
		json_put_text(o, "text", text);
		json_array_append_new(g->samples, o);
	}
	if (!second && g->follow_up)
		ask_first(g, g->follow_up);
	else
		ask_loads(g);
}

/* niche and status */
static void put_audience(struct planning *g, struct db_params *p)
{
	db_p_i64(p, g->req->user_id);
	db_p_text(p, g->niche);
	db_p_text(p, g->status);
}

static void ask_first(struct planning *g, const char *body)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	put_audience(g, p);
	db_p_text(p, body);
	req_query(g->req, STMT_CAMPAIGN_FIRST, p, DB_IDEMPOTENT, on_first, g);
}

static void on_audience(void *ctx, const PGresult *r, const struct err *e)
{
	static const char *const counts[] = { "total", "opted_out", "invalid" };
	struct planning *g = ctx;

	if (e->code) {
		planning_end(g, e);
		return;
	}
	if (rpc_param_has(g->req->params, "at")) {
		unix_ms at = db_time(r, 0, db_col(r, "start_at"));

		json_put_time(g->answer, "start_at", at);
		if (at.ms > g->start_at.ms)
			g->start_at = at;
		if (at.ms == INT64_MIN) {
			planning_end(g, &(struct err){ ERR_BAD_PARAMS, "zone: no such time zone" });
			return;
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(counts); i++)
		json_object_set_new(g->answer, counts[i],
				    json_integer(db_i64(r, 0, db_col(r, counts[i]))));
	if (json_object_get(g->answer, "left"))
		json_object_set(g->answer, "left", json_object_get(g->answer, "total"));
	ask_first(g, g->body ? g->body : "");
}

static char *copy(const char *text)
{
	return text && *text ? xstrdup(text) : NULL;
}

void campaign_plan_take(struct rpc_req *req, const struct campaign_plan *plan, json_t *answer)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	struct planning *g = xcalloc(1, sizeof *g);

	g->req = req;
	g->answer = answer;
	g->niche = copy(plan->niche);
	g->status = copy(plan->status);
	g->body = copy(plan->body);
	g->follow_up = copy(plan->follow_up);
	g->device_len = plan->device_len;
	g->devices = xcalloc(plan->device_len + 1, sizeof *g->devices);
	g->loads = xcalloc(plan->device_len + 1, sizeof *g->loads);
	if (plan->device_len)
		memcpy(g->devices, plan->devices, plan->device_len * sizeof *g->devices);
	g->has_pace = plan->delay_min_ms >= 0;
	if (g->has_pace)
		g->pace = (struct pacing_cfg){ (uint32_t)plan->delay_min_ms,
					       (uint32_t)plan->delay_max_ms };
	g->begun = plan->begun;
	g->expire_s = plan->expire_s;
	g->start_at = clock_unix(req->wad->clock);
	if (plan->start_at.ms > g->start_at.ms)
		g->start_at = plan->start_at;
	put_audience(g, p);
	db_p_text(p, rpc_param_text(req->params, "at"));
	db_p_text(p, rpc_param_text(req->params, "zone"));
	req_query(req, STMT_CAMPAIGN_AUDIENCE, p, DB_IDEMPOTENT, on_audience, g);
}

/* -- campaign.preview -- */

static int64_t or_none(const PGresult *r, const char *name)
{
	return db_is_null(r, 0, db_col(r, name)) ? -1 : db_i64(r, 0, db_col(r, name));
}

static void plan_of_row(struct rpc_req *req, const PGresult *r)
{
	size_t named_len = 0, n;
	int col = db_col(r, "devices");
	AUTO_FREE int64_t *named =
		db_is_null(r, 0, col) ? NULL : campaign_ids(db_text(r, 0, col), &named_len);
	AUTO_FREE int64_t *ids =
		expansion_devices(req->wad->fleet, req->user_id, named, named_len, &n);

	campaign_plan_take(
		req,
		&(struct campaign_plan){ .niche = db_text(r, 0, db_col(r, "niche")),
					 .status = db_text(r, 0, db_col(r, "lead_status")),
					 .body = db_text(r, 0, db_col(r, "body")),
					 .follow_up = db_text(r, 0, db_col(r, "follow_up")),
					 .devices = ids,
					 .device_len = n,
					 .delay_min_ms = or_none(r, "delay_min_ms"),
					 .delay_max_ms = or_none(r, "delay_max_ms"),
					 .expire_s = db_i64(r, 0, db_col(r, "expire_s")),
					 .start_at = db_time(r, 0, db_col(r, "start_at")),
					 .begun = !db_is_null(r, 0, db_col(r, "begun_at")) },
		json_object());
}

static void on_campaign(void *ctx, const PGresult *r, const struct err *e)
{
	struct rpc_req *req = ctx;

	if (e->code)
		rpc_fail(req, e);
	else if (db_rows(r) == 0)
		rpc_fail(req, &(struct err){ ERR_NOT_FOUND, "campaign: no such campaign" });
	else
		plan_of_row(req, r);
}

struct rpc_done api_campaign_preview(struct rpc_req *req)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	db_p_i64(p, req->user_id);
	db_p_i64(p, rpc_param_id(req->params, "campaign"));
	req_query(req, STMT_CAMPAIGN_SHOW, p, DB_IDEMPOTENT, on_campaign, req);
	return rpc_later(req);
}
