#include "daemon/api/lead_filter.h"

enum errc lead_filter_check(struct rpc_req *req, struct err *e)
{
	if (rpc_param_has(req->params, "device") && req_device(req, "device", e) == NULL)
		return e->code;
	return ERR_OK;
}

void lead_filter_ask(struct rpc_req *req, enum stmt stmt, int64_t after, int64_t limit,
		     db_result_fn done, void *ctx)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	struct err e = ERR_NONE;
	const struct fleet_device *d =
		rpc_param_has(req->params, "device") ? req_device(req, "device", &e) : NULL;

	db_p_i64(p, req->user_id);
	db_p_text(p, rpc_param_text(req->params, "niche"));
	db_p_text(p, rpc_param_text(req->params, "status"));
	db_p_text(p, rpc_param_text(req->params, "text"));
	/* one that has gone meanwhile matches nobody */
	if (rpc_param_has(req->params, "device"))
		db_p_i64(p, d ? d->id : 0);
	else
		db_p_null(p);
	if (rpc_param_has(req->params, "opted_out"))
		db_p_bool(p, rpc_param_bool(req->params, "opted_out"));
	else
		db_p_null(p);
	db_p_i64(p, after);
	db_p_i64(p, limit);
	req_query(req, stmt, p, DB_IDEMPOTENT, done, ctx);
}
