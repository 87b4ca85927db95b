#include "daemon/api/api_campaign.h"

#include <inttypes.h>

#include "shared/base/xalloc.h"

#include "daemon/api/handlers.h"

/* -- results -- */

static void put_ids(json_t *o, const char *text) /* "3 17" */
{
	json_t *list = json_array();
	size_t len;

	for (; *text; text += len + (text[len] == ' ')) {
		len = strcspn(text, " ");
		json_array_append_new(list, json_stringn(text, len));
	}
	json_object_set_new(o, "devices", list);
}

static json_t *campaign_json(struct rpc_req *req, const PGresult *r, int i)
{
	static const char *const counts[] = { "pending", "sending", "sent",   "delivered",
					      "read",    "replied", "failed", "cancelled",
					      "skipped", "expired" };
	static const char *const ints[] = { "delay_min_ms", "delay_max_ms", "grace_s", "expire_s" };
	json_t *o = json_object(), *by_state = json_object();
	int devices = db_col(r, "devices");

	(void)req;
	json_put_id(o, "id", db_i64(r, i, db_col(r, "id")));
	json_object_set_new(o, "title", json_string(db_text(r, i, db_col(r, "title"))));
	json_object_set_new(o, "state", json_string(db_text(r, i, db_col(r, "state"))));
	json_put_text(o, "reason", db_text(r, i, db_col(r, "reason")));
	json_object_set_new(o, "total", json_integer(db_i64(r, i, db_col(r, "total"))));
	json_object_set_new(o, "left",
			    json_integer(db_i64(r, i, db_col(r, "pending")) +
					 db_i64(r, i, db_col(r, "sending"))));
	for (size_t k = 0; k < ARRAY_LEN(counts); k++)
		json_object_set_new(by_state, counts[k],
				    json_integer(db_i64(r, i, db_col(r, counts[k]))));
	json_object_set_new(o, "counts", by_state);
	json_put_text(o, "niche", db_text(r, i, db_col(r, "niche")));
	json_put_text(o, "status", db_text(r, i, db_col(r, "lead_status")));
	json_put_text(o, "text", db_text(r, i, db_col(r, "body")));
	json_put_text(o, "follow_up", db_text(r, i, db_col(r, "follow_up")));
	json_put_text(o, "media", db_text(r, i, db_col(r, "media")));
	json_object_set_new(o, "has_image",
			    json_boolean(strcmp(db_text(r, i, db_col(r, "media")), "image") == 0));
	if (!db_is_null(r, i, devices))
		put_ids(o, db_text(r, i, devices));
	for (size_t k = 0; k < ARRAY_LEN(ints); k++)
		if (!db_is_null(r, i, db_col(r, ints[k])))
			json_object_set_new(o, ints[k],
					    json_integer(db_i64(r, i, db_col(r, ints[k]))));
	json_put_text(o, "device_choice", db_text(r, i, db_col(r, "device_choice")));
	json_put_text(o, "zone", db_text(r, i, db_col(r, "zone")));
	json_put_time(o, "start_at", db_time(r, i, db_col(r, "start_at")));
	json_put_time(o, "created_at", db_time(r, i, db_col(r, "created_at")));
	json_put_time(o, "updated_at", db_time(r, i, db_col(r, "updated_at")));
	json_put_time(o, "finished_at", db_time(r, i, db_col(r, "finished_at")));
	return o;
}

static void on_show(void *ctx, const PGresult *r, const struct err *e)
{
	rpc_reply_row(ctx, r, e, campaign_json, "campaign: no such campaign");
}

void campaign_reply(struct rpc_req *req, int64_t id)
{
	struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	db_p_i64(p, req->user_id);
	db_p_i64(p, id);
	req_query(req, STMT_CAMPAIGN_SHOW, p, DB_IDEMPOTENT, on_show, req);
	arena_free(a);
}

/* -- campaign.list, campaign.show -- */

static void on_list(void *ctx, const PGresult *r, const struct err *e)
{
	rpc_reply_rows(ctx, r, e, campaign_json);
}

struct rpc_done api_campaign_list(struct rpc_req *req)
{
	struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	db_p_i64(p, req->user_id);
	db_p_text(p, rpc_param_text(req->params, "state"));
	db_p_i64(p, rpc_param_id(req->params, "after"));
	db_p_i64(p, rpc_param_int(req->params, "limit"));
	req_query(req, STMT_CAMPAIGN_LIST, p, DB_IDEMPOTENT, on_list, req);
	arena_free(a);
	return rpc_later(req);
}

struct rpc_done api_campaign_show(struct rpc_req *req)
{
	campaign_reply(req, rpc_param_id(req->params, "campaign"));
	return rpc_later(req);
}

/* -- one statement each, then the shards are told -- */

struct change {
	struct rpc_req *req;
	int64_t id;
	const char *refusal;
	enum campaign_then then;
};

static void on_changed(void *ctx, const PGresult *r, const struct err *e)
{
	struct change *c = ctx;
	struct rpc_req *req = c->req;
	struct err err = *e;

	if (err.code == ERR_OK && db_rows(r) == 0)
		err_set(&err, ERR_CONFLICT, "campaign %" PRId64 ": %s", c->id, c->refusal);
	if (err.code) {
		rpc_fail(req, &err);
	} else {
		if (c->then == CAMPAIGN_FORGET)
			fleet_forget(req->wad->fleet, req->user_id, c->id);
		else
			campaigns_look(req->wad->campaigns);
		if (c->then == CAMPAIGN_WAKE)
			fleet_wake(req->wad->fleet, req->user_id, 0);
		campaign_reply(req, c->id);
	}
	free(c);
}

void campaign_change(struct rpc_req *req, enum stmt stmt, const struct db_params *p,
		     enum campaign_then then, const char *refusal)
{
	struct change *c = xcalloc(1, sizeof *c);

	c->req = req;
	c->id = rpc_param_id(req->params, "campaign");
	c->refusal = refusal;
	c->then = then;
	req_query(req, stmt, p, DB_ONCE, on_changed, c);
}

static struct rpc_done change(struct rpc_req *req, enum stmt stmt, enum campaign_then then,
			      const char *refusal)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	db_p_i64(p, req->user_id);
	db_p_i64(p, rpc_param_id(req->params, "campaign"));
	campaign_change(req, stmt, p, then, refusal);
	return rpc_later(req);
}

struct rpc_done api_campaign_pause(struct rpc_req *req)
{
	return change(req, STMT_CAMPAIGN_PAUSE, CAMPAIGN_FORGET,
		      "not there, or neither scheduled nor running");
}

struct rpc_done api_campaign_resume(struct rpc_req *req)
{
	return change(req, STMT_CAMPAIGN_RESUME, CAMPAIGN_WAKE, "not there, or not paused");
}

struct rpc_done api_campaign_cancel(struct rpc_req *req)
{
	return change(req, STMT_CAMPAIGN_CANCEL, CAMPAIGN_FORGET, "not there, or ended already");
}

/* -- campaign.delete -- */

static void on_deleted(void *ctx, const PGresult *r, const struct err *e)
{
	struct rpc_req *req = ctx;
	int64_t id = rpc_param_id(req->params, "campaign");

	if (e->code) {
		rpc_fail(req, e);
	} else if (db_rows(r) == 0) {
		rpc_fail(req, &(struct err){ ERR_NOT_FOUND, "campaign: no such campaign" });
	} else {
		if (!rpc_param_bool(req->params, "dry_run"))
			fleet_forget(req->wad->fleet, req->user_id, id);
		rpc_reply_take(req,
			       json_pack("{s:o,s:I,s:o*}", "campaign", json_id(id), "cancelled",
					 (json_int_t)db_i64(r, 0, db_col(r, "cancelled")),
					 "dry_run", req_dry_run(req)));
	}
}

struct rpc_done api_campaign_delete(struct rpc_req *req)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	db_p_i64(p, req->user_id);
	db_p_i64(p, rpc_param_id(req->params, "campaign"));
	req_query(req,
		  rpc_param_bool(req->params, "dry_run") ? STMT_CAMPAIGN_DELETE_TRY
							 : STMT_CAMPAIGN_DELETE,
		  p, DB_ONCE, on_deleted, req);
	return rpc_later(req);
}
