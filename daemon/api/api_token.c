#include "daemon/api/handlers.h"
#include "daemon/engine/account.h"

/* -- token.create -- */

static void on_created(void *ctx, const struct account_reply *r, const struct err *e)
{
	struct rpc_req *req = ctx;

	if (e->code)
		rpc_fail(req, e);
	else
		rpc_reply_take(req, json_pack("{s:o,s:s}", "id", json_id(r->token_id), "token",
					      r->secret));
}

struct rpc_done api_token_create(struct rpc_req *req)
{
	unix_ms expires = { INT64_MIN };

	if (rpc_param_has(req->params, "expires_at"))
		expires = rpc_param_time(req->params, "expires_at");
	if (expires.ms != INT64_MIN && expires.ms <= clock_unix(req->wad->clock).ms)
		return rpc_fail(req, &(struct err){ ERR_BAD_PARAMS, "expires_at: is over" });
	accounts_token_new(req->wad->accounts, req->user_id, rpc_param_text(req->params, "title"),
			   rpc_param_text(req->params, "scope"), expires, on_created, req);
	return rpc_later(req);
}

/* -- token.list -- */

static json_t *token_json(struct rpc_req *req, const PGresult *r, int i)
{
	json_t *o = json_pack("{s:o,s:s,s:s}", "id", json_id(db_i64(r, i, db_col(r, "id"))),
			      "title", db_text(r, i, db_col(r, "title")), "scope",
			      db_text(r, i, db_col(r, "scope")));

	(void)req;
	json_put_time(o, "created_at", db_time(r, i, db_col(r, "created_at")));
	json_put_time(o, "expires_at", db_time(r, i, db_col(r, "expires_at")));
	json_put_time(o, "used_at", db_time(r, i, db_col(r, "used_at")));
	json_put_time(o, "revoked_at", db_time(r, i, db_col(r, "revoked_at")));
	return o;
}

static void on_list(void *ctx, const PGresult *r, const struct err *e)
{
	rpc_reply_rows(ctx, r, e, token_json);
}

struct rpc_done api_token_list(struct rpc_req *req)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	db_p_i64(p, req->user_id);
	db_p_i64(p, rpc_param_id(req->params, "after"));
	db_p_i64(p, rpc_param_int(req->params, "limit"));
	req_query(req, STMT_USER_TOKEN_LIST, p, DB_IDEMPOTENT, on_list, req);
	return rpc_later(req);
}

/* -- token.revoke -- */

static void on_revoked(void *ctx, const PGresult *r, const struct err *e)
{
	struct rpc_req *req = ctx;

	if (e->code)
		rpc_fail(req, e);
	else if (db_rows(r) == 0)
		rpc_fail(req, &(struct err){ ERR_NOT_FOUND, "token: no such token" });
	else
		rpc_reply_take(req, json_pack("{s:o}", "id", json_id(db_i64(r, 0, 0))));
}

struct rpc_done api_token_revoke(struct rpc_req *req)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	db_p_i64(p, req->user_id);
	db_p_i64(p, rpc_param_id(req->params, "id"));
	db_p_time(p, clock_unix(req->wad->clock));
	req_query(req, STMT_USER_TOKEN_REVOKE, p, DB_IDEMPOTENT, on_revoked, req);
	return rpc_later(req);
}
