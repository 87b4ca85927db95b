#include "shared/base/xalloc.h"
#include "shared/rpc/events.h"

#include "daemon/api/event_hub.h"
#include "daemon/api/handlers.h"
#include "daemon/engine/lead.h"

struct importing {
	struct rpc_req *req;
	struct arena *a; /* holds csv */
	struct lead_csv csv;
};

static json_t *rejects_json(const struct lead_csv *csv)
{
	json_t *list = json_array();

	for (size_t i = 0; i < csv->reject_len; i++)
		json_array_append_new(list, json_pack("{s:I,s:s}", "line",
						      (json_int_t)csv->rejects[i].line, "reason",
						      csv->rejects[i].reason));
	return list;
}

static void on_imported(void *ctx, uint64_t accepted, uint64_t updated, const struct err *e)
{
	struct importing *i = ctx;
	struct err err = *e;

	if (err.code) {
		err_wrap(&err, "lead.import: after %llu rows",
			 (unsigned long long)(accepted + updated));
		rpc_fail(i->req, &err);
	} else {
		event_hub_store_take(
			i->req->wad->events, i->req->user_id, event_topic_name(EVENT_LEAD_IMPORTED),
			json_pack("{s:I,s:I,s:I}", "accepted", (json_int_t)accepted, "updated",
				  (json_int_t)updated, "rejected", (json_int_t)i->csv.reject_len));
		rpc_reply_take(i->req, json_pack("{s:I,s:I,s:o}", "accepted", (json_int_t)accepted,
						 "updated", (json_int_t)updated, "rejected",
						 rejects_json(&i->csv)));
	}
	arena_free(i->a);
	free(i);
}

/* -- the same, without a change -- */

static void on_known(void *ctx, const PGresult *r, const struct err *e)
{
	struct importing *i = ctx;
	json_int_t known;

	if (e->code) {
		rpc_fail(i->req, e);
	} else {
		known = (json_int_t)db_i64(r, 0, db_col(r, "known"));
		rpc_reply_take(i->req,
			       json_pack("{s:I,s:I,s:o,s:b}", "accepted",
					 (json_int_t)i->csv.row_len - known, "updated", known,
					 "rejected", rejects_json(&i->csv), "dry_run", 1));
	}
	arena_free(i->a);
	free(i);
}

static void rehearse(struct importing *i)
{
	struct db_params *p = db_params_new(i->a);
	int64_t *phones = arena_alloc(i->a, (i->csv.row_len + 1) * sizeof *phones);

	for (size_t k = 0; k < i->csv.row_len; k++)
		phones[k] = i->csv.rows[k].phone;
	db_p_i64(p, i->req->user_id);
	db_p_i64_array(p, phones, i->csv.row_len);
	req_query(i->req, STMT_LEAD_KNOWN, p, DB_IDEMPOTENT, on_known, i);
}

struct rpc_done api_lead_import(struct rpc_req *req)
{
	struct importing *i = xcalloc(1, sizeof *i);
	struct err e = ERR_NONE;

	i->req = req;
	i->a = arena_new();
	if (lead_csv_parse(i->a, span_str(rpc_param_text(req->params, "csv")), &i->csv, &e)) {
		arena_free(i->a);
		free(i);
		return rpc_fail(req, &e);
	}
	if (rpc_param_bool(req->params, "dry_run")) {
		rehearse(i);
		return rpc_later(req);
	}
	lead_import_start(req->wad->db, &(struct lead_import){
						.user_id = req->user_id,
						.csv = &i->csv,
						.niche = rpc_param_text(req->params, "niche"),
						.status = rpc_param_text(req->params, "status"),
						.done = on_imported,
						.ctx = i,
					});
	return rpc_later(req);
}

static json_t *lead_json(struct rpc_req *req, const PGresult *r, int i)
{
	json_t *o = json_pack("{s:o,s:o}", "id", json_id(db_i64(r, i, db_col(r, "id"))), "phone",
			      json_id(db_i64(r, i, db_col(r, "phone"))));

	(void)req;
	json_put_text(o, "name", db_text(r, i, db_col(r, "name")));
	json_object_set_new(o, "niche", json_string(db_text(r, i, db_col(r, "niche"))));
	json_object_set_new(o, "status", json_string(db_text(r, i, db_col(r, "status"))));
	json_object_set_new(o, "opted_out", json_boolean(db_bool(r, i, db_col(r, "opted_out"))));
	json_put_time(o, "created_at", db_time(r, i, db_col(r, "created_at")));
	return o;
}

static void on_list(void *ctx, const PGresult *r, const struct err *e)
{
	rpc_reply_rows(ctx, r, e, lead_json);
}

struct rpc_done api_lead_list(struct rpc_req *req)
{
	struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	db_p_i64(p, req->user_id);
	db_p_text(p, rpc_param_text(req->params, "niche"));
	db_p_text(p, rpc_param_text(req->params, "status"));
	db_p_i64(p, rpc_param_id(req->params, "after"));
	db_p_i64(p, rpc_param_int(req->params, "limit"));
	req_query(req, STMT_LEAD_LIST, p, DB_IDEMPOTENT, on_list, req);
	arena_free(a);
	return rpc_later(req);
}
