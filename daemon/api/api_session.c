#include "daemon/api/handlers.h"

static json_t *session_json(struct rpc_req *req, const PGresult *r, int i)
{
	json_t *o = json_pack("{s:o,s:s}", "id", json_id(db_i64(r, i, db_col(r, "id"))), "address",
			      db_text(r, i, db_col(r, "address")));

	(void)req;
	json_put_time(o, "created_at", db_time(r, i, db_col(r, "created_at")));
	json_put_time(o, "used_at", db_time(r, i, db_col(r, "used_at")));
	return o;
}

static void on_list(void *ctx, const PGresult *r, const struct err *e)
{
	rpc_reply_rows(ctx, r, e, session_json);
}

struct rpc_done api_session_list(struct rpc_req *req)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	db_p_i64(p, req->user_id);
	db_p_time(p, clock_unix(req->wad->clock));
	db_p_i64(p, rpc_param_id(req->params, "after"));
	db_p_i64(p, rpc_param_int(req->params, "limit"));
	req_query(req, STMT_USER_SESSION_LIST, p, DB_IDEMPOTENT, on_list, req);
	return rpc_later(req);
}

static void on_revoked(void *ctx, const PGresult *r, const struct err *e)
{
	struct rpc_req *req = ctx;

	if (e->code)
		rpc_fail(req, e);
	else if (db_rows(r) == 0)
		rpc_fail(req, &(struct err){ ERR_NOT_FOUND, "session: no such session" });
	else
		rpc_reply_take(req, json_pack("{s:o}", "id", json_id(db_i64(r, 0, 0))));
}

struct rpc_done api_session_revoke(struct rpc_req *req)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	db_p_i64(p, req->user_id);
	db_p_i64(p, rpc_param_id(req->params, "id"));
	req_query(req, STMT_USER_SESSION_REVOKE, p, DB_ONCE, on_revoked, req);
	return rpc_later(req);
}
