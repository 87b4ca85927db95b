#include "shared/base/xalloc.h"

#include "daemon/api/api_campaign.h"
#include "daemon/api/handlers.h"
#include "daemon/engine/content.h"

/* The audience is counted, then its first members are read; the answer is gathered on the way. */
struct planning {
	struct rpc_req *req;
	json_t *answer;
	char *niche, *status, *body, *follow_up;
	json_t *samples; /* those of the first part, while the second is read; NULL before */
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
	free(g);
}

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
		planning_end(g, e);
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
	put_audience(g, p);
	db_p_text(p, rpc_param_text(req->params, "at"));
	db_p_text(p, rpc_param_text(req->params, "zone"));
	req_query(req, STMT_CAMPAIGN_AUDIENCE, p, DB_IDEMPOTENT, on_audience, g);
}

/* -- campaign.preview -- */

static void on_campaign(void *ctx, const PGresult *r, const struct err *e)
{
	struct rpc_req *req = ctx;

	if (e->code)
		rpc_fail(req, e);
	else if (db_rows(r) == 0)
		rpc_fail(req, &(struct err){ ERR_NOT_FOUND, "campaign: no such campaign" });
	else
		campaign_plan_take(req,
				   &(struct campaign_plan){
					   .niche = db_text(r, 0, db_col(r, "niche")),
					   .status = db_text(r, 0, db_col(r, "lead_status")),
					   .body = db_text(r, 0, db_col(r, "body")),
					   .follow_up = db_text(r, 0, db_col(r, "follow_up")) },
				   json_object());
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
