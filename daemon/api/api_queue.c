#include "daemon/api/handlers.h"

static void on_counts(void *ctx, const PGresult *r, const struct err *e)
{
	struct rpc_req *req = ctx;
	json_t *o;

	if (e->code) {
		rpc_fail(req, e);
		return;
	}
	o = json_object();
	for (int i = 0; i < PQnfields(r); i++)
		json_object_set_new(o, PQfname(r, i), json_integer(db_i64(r, 0, i)));
	rpc_reply_take(req, o);
}

struct rpc_done api_queue_stats(struct rpc_req *req)
{
	struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	struct err e = ERR_NONE;

	db_p_i64(p, req->user_id);
	if (rpc_param_has(req->params, "device")) {
		const struct fleet_device *d = req_device(req, "device", &e);

		if (d == NULL) {
			arena_free(a);
			return rpc_fail(req, &e);
		}
		db_p_i64(p, d->id);
	} else {
		db_p_null(p);
	}
	req_query(req, STMT_QUEUE_COUNT, p, DB_IDEMPOTENT, on_counts, req);
	arena_free(a);
	return rpc_later(req);
}
