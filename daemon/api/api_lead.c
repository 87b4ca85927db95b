#include <stdlib.h>

#include "shared/base/xalloc.h"

#include "daemon/api/handlers.h"
#include "daemon/api/lead_filter.h"

/* -- results -- */

static json_t *lead_json(struct rpc_req *req, const PGresult *r, int i)
{
	json_t *o = json_pack("{s:o,s:o,s:s,s:s,s:b}", "id", json_id(db_i64(r, i, db_col(r, "id"))),
			      "phone", json_id(db_i64(r, i, db_col(r, "phone"))), "niche",
			      db_text(r, i, db_col(r, "niche")), "status",
			      db_text(r, i, db_col(r, "status")), "opted_out",
			      db_bool(r, i, db_col(r, "opted_out")));
	json_t *vars = json_loads(db_text(r, i, db_col(r, "vars")), 0, NULL);

	(void)req;
	json_put_text(o, "name", db_text(r, i, db_col(r, "name")));
	if (!db_is_null(r, i, db_col(r, "on_whatsapp")))
		json_object_set_new(o, "on_whatsapp",
				    json_boolean(db_bool(r, i, db_col(r, "on_whatsapp"))));
	json_put_text(o, "note", db_text(r, i, db_col(r, "note")));
	if (json_object_size(vars))
		json_object_set(o, "vars", vars);
	json_decref(vars);
	json_put_text(o, "zone", db_text(r, i, db_col(r, "zone")));
	json_put_text(o, "opt_in_source", db_text(r, i, db_col(r, "opt_in_source")));
	json_put_time(o, "opt_in_at", db_time(r, i, db_col(r, "opt_in_at")));
	json_put_id(o, "device", db_i64(r, i, db_col(r, "device_id")));
	json_put_time(o, "created_at", db_time(r, i, db_col(r, "created_at")));
	json_put_time(o, "updated_at", db_time(r, i, db_col(r, "updated_at")));
	return o;
}

static void fail_no_lead(struct rpc_req *req)
{
	rpc_fail(req, &(struct err){ ERR_NOT_FOUND, "lead: no such lead" });
}

static void ask_lead(struct rpc_req *req, int64_t id, db_result_fn done)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	db_p_i64(p, req->user_id);
	db_p_i64(p, id);
	req_query(req, STMT_LEAD_SHOW, p, DB_IDEMPOTENT, done, req);
}

static void on_shown(void *ctx, const PGresult *r, const struct err *e)
{
	struct rpc_req *req = ctx;

	if (e->code)
		rpc_fail(req, e);
	else if (db_rows(r) == 0)
		fail_no_lead(req);
	else
		rpc_reply_take(req, lead_json(req, r, 0));
}

struct rpc_done api_lead_show(struct rpc_req *req)
{
	ask_lead(req, rpc_param_id(req->params, "lead"), on_shown);
	return rpc_later(req);
}

/* -- lists -- */

static void on_list(void *ctx, const PGresult *r, const struct err *e)
{
	rpc_reply_rows(ctx, r, e, lead_json);
}

/* by name the place is found by the lead itself: one that is gone must not look like the end */
static void on_place(void *ctx, const PGresult *r, const struct err *e)
{
	struct rpc_req *req = ctx;

	if (e->code)
		rpc_fail(req, e);
	else if (db_rows(r) == 0)
		rpc_fail(req, &(struct err){ ERR_NOT_FOUND,
					     "after: that lead is gone; begin again without it" });
	else
		lead_filter_ask(req, STMT_LEAD_LIST_BY_NAME, rpc_param_id(req->params, "after"),
				rpc_param_int(req->params, "limit"), on_list, req);
}

struct rpc_done api_lead_list(struct rpc_req *req)
{
	bool by_name = strcmp(rpc_param_text(req->params, "sort"), "name") == 0;
	int64_t after = rpc_param_id(req->params, "after");
	struct err e = ERR_NONE;

	if (lead_filter_check(req, &e))
		return rpc_fail(req, &e);
	if (by_name && after)
		ask_lead(req, after, on_place);
	else
		lead_filter_ask(req, by_name ? STMT_LEAD_LIST_BY_NAME : STMT_LEAD_LIST, after,
				rpc_param_int(req->params, "limit"), on_list, req);
	return rpc_later(req);
}

static void on_labels(void *ctx, const PGresult *r, const struct err *e)
{
	struct rpc_req *req = ctx;
	json_t *list;

	if (e->code) {
		rpc_fail(req, e);
		return;
	}
	list = json_array();
	for (int i = 0; i < db_rows(r); i++)
		json_array_append_new(
			list, json_pack("{s:s,s:I}", "label", db_text(r, i, db_col(r, "label")),
					"leads", (json_int_t)db_i64(r, i, db_col(r, "leads"))));
	rpc_reply_take(req, json_pack("{s:o}", "labels", list));
}

struct rpc_done api_lead_labels(struct rpc_req *req)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	db_p_i64(p, req->user_id);
	req_query(req, STMT_LEAD_LABELS, p, DB_IDEMPOTENT, on_labels, req);
	return rpc_later(req);
}

/* -- changes -- */

static void on_changed(void *ctx, const PGresult *r, const struct err *e)
{
	struct rpc_req *req = ctx;
	bool is_new = !rpc_param_has(req->params, "lead");

	if (e->code)
		rpc_fail(req, e);
	else if (!db_is_null(r, 0, db_col(r, "id")))
		ask_lead(req, db_i64(r, 0, db_col(r, "id")), on_shown);
	else if (!db_bool(r, 0, db_col(r, "zone_good")))
		rpc_fail(req, &(struct err){ ERR_BAD_PARAMS, "zone: no such time zone" });
	else if (is_new || db_bool(r, 0, db_col(r, "taken")))
		rpc_fail(req, &(struct err){ ERR_CONFLICT, "phone: is a lead already" });
	else
		fail_no_lead(req);
}

/* id 0: a new lead */
static void write_lead(struct rpc_req *req, int64_t id, const struct fleet_device *d)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	const json_t *vars = json_object_get(req->params, "vars");
	AUTO_FREE char *vars_text = vars ? json_dumps(vars, JSON_COMPACT) : NULL;

	db_p_i64(p, req->user_id);
	if (id)
		db_p_i64(p, id);
	if (rpc_param_has(req->params, "phone"))
		db_p_i64(p, rpc_param_phone(req->params, "phone"));
	else
		db_p_null(p);
	db_p_text(p, rpc_param_text(req->params, "name"));
	db_p_text(p, rpc_param_text(req->params, "niche"));
	db_p_text(p, rpc_param_text(req->params, "status"));
	db_p_text(p, rpc_param_text(req->params, "note"));
	db_p_text(p, vars_text);
	db_p_text(p, rpc_param_text(req->params, "zone"));
	db_p_text(p, rpc_param_text(req->params, "opt_in_source"));
	if (rpc_param_has(req->params, "opt_in_at"))
		db_p_time(p, rpc_param_time(req->params, "opt_in_at"));
	else
		db_p_null(p);
	if (d)
		db_p_i64(p, d->id);
	else
		db_p_null(p);
	req_query(req, id ? STMT_LEAD_UPDATE : STMT_LEAD_ADD, p, DB_ONCE, on_changed, req);
}

static struct rpc_done change_lead(struct rpc_req *req, int64_t id)
{
	const struct fleet_device *d = NULL;
	struct err e = ERR_NONE;

	if (rpc_param_has(req->params, "device")) {
		d = req_device(req, "device", &e);
		if (d == NULL)
			return rpc_fail(req, &e);
	}
	write_lead(req, id, d);
	return rpc_later(req);
}

struct rpc_done api_lead_create(struct rpc_req *req)
{
	return change_lead(req, 0);
}

struct rpc_done api_lead_update(struct rpc_req *req)
{
	int64_t id = rpc_param_id(req->params, "lead");

	if (id == 0) {
		fail_no_lead(req);
		return rpc_later(req);
	}
	return change_lead(req, id);
}

static void on_deleted(void *ctx, const PGresult *r, const struct err *e)
{
	struct rpc_req *req = ctx;

	if (e->code)
		rpc_fail(req, e);
	else if (db_rows(r) == 0)
		fail_no_lead(req);
	else
		rpc_reply_take(req, json_pack("{s:o,s:o*}", "lead", json_id(db_i64(r, 0, 0)),
					      "dry_run", req_dry_run(req)));
}

struct rpc_done api_lead_delete(struct rpc_req *req)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	db_p_i64(p, req->user_id);
	db_p_i64(p, rpc_param_id(req->params, "lead"));
	req_query(req,
		  rpc_param_bool(req->params, "dry_run") ? STMT_LEAD_DELETE_TRY : STMT_LEAD_DELETE,
		  p, DB_ONCE, on_deleted, req);
	return rpc_later(req);
}
