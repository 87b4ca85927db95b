#include "daemon/api/handlers.h"

static json_t *entry_json(struct rpc_req *req, const PGresult *r, int i)
{
	json_t *o = json_pack("{s:o}", "id", json_id(db_i64(r, i, db_col(r, "id"))));
	int params = db_col(r, "params");

	(void)req;
	json_put_time(o, "at", db_time(r, i, db_col(r, "at")));
	json_object_set_new(o, "actor", json_string(db_text(r, i, db_col(r, "actor"))));
	json_put_text(o, "user", db_text(r, i, db_col(r, "name")));
	json_object_set_new(o, "method", json_string(db_text(r, i, db_col(r, "method"))));
	json_put_text(o, "object", db_text(r, i, db_col(r, "object")));
	if (!db_is_null(r, i, params))
		json_object_set_new(o, "params", json_loads(db_text(r, i, params), 0, NULL));
	return o;
}

static void on_list(void *ctx, const PGresult *r, const struct err *e)
{
	rpc_reply_rows(ctx, r, e, entry_json);
}

struct rpc_done api_audit_list(struct rpc_req *req)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	if (req->role == ROLE_ADMIN)
		db_p_null(p);
	else
		db_p_i64(p, req->user_id);
	if (rpc_param_has(req->params, "before"))
		db_p_i64(p, rpc_param_id(req->params, "before"));
	else
		db_p_null(p);
	db_p_i64(p, rpc_param_int(req->params, "limit"));
	if (req->role == ROLE_ADMIN)
		db_query(req->wad->db, STMT_AUDIT_LIST, p, DB_IDEMPOTENT, on_list, req);
	else
		req_query(req, STMT_AUDIT_LIST, p, DB_IDEMPOTENT, on_list, req);
	return rpc_later(req);
}
