#include "daemon/api/handlers.h"

/* the device that a call may name: false when it names one that is not there */
static bool put_device(struct rpc_req *req, struct db_params *p, struct err *e)
{
	const struct fleet_device *d;

	if (!rpc_param_has(req->params, "device")) {
		db_p_null(p);
		return true;
	}
	d = req_device(req, "device", e);
	if (d)
		db_p_i64(p, d->id);
	return d != NULL;
}

/* -- queue.stats -- */

static void on_counts(void *ctx, const PGresult *r, const struct err *e)
{
	struct rpc_req *req = ctx;
	int why;
	json_t *o;

	if (e->code) {
		rpc_fail(req, e);
		return;
	}
	why = db_col(r, "queue_pause_reason");
	o = json_object();
	for (int i = 0; i < PQnfields(r); i++)
		if (i != why)
			json_object_set_new(o, PQfname(r, i), json_integer(db_i64(r, 0, i)));
	json_object_set_new(o, "queue_paused", json_boolean(!db_is_null(r, 0, why)));
	json_put_text(o, "reason", db_text(r, 0, why));
	rpc_reply_take(req, o);
}

struct rpc_done api_queue_stats(struct rpc_req *req)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	struct err e = ERR_NONE;

	db_p_i64(p, req->user_id);
	if (!put_device(req, p, &e))
		return rpc_fail(req, &e);
	req_query(req, STMT_QUEUE_COUNT, p, DB_IDEMPOTENT, on_counts, req);
	return rpc_later(req);
}

/* -- queue.workers -- */

static json_t *worker_json(struct rpc_req *req, const PGresult *r, int i)
{
	const struct fleet_device *d =
		fleet_find(req->wad->fleet, req->user_id, db_i64(r, i, db_col(r, "id")));
	const struct queue_stats *s;
	json_t *o;

	if (d == NULL)
		return NULL;
	s = &d->stats;
	o = json_pack("{s:o,s:s,s:s,s:I,s:I,s:I,s:I,s:I,s:I,s:i}", "device", json_id(d->id), "name",
		      d->name, "state", standing_name(fleet_standing(d)), "queued",
		      (json_int_t)db_i64(r, i, db_col(r, "queued")), "waiting",
		      (json_int_t)s->waiting, "in_flight", (json_int_t)s->in_flight, "sent",
		      (json_int_t)s->sent, "failed", (json_int_t)s->failed, "sent_today",
		      (json_int_t)s->sent_today, "health", s->health);
	json_put_time(o, "last_activity", s->last_activity);
	if (s->next_in_ms > 0)
		json_put_time(o, "next_send_at",
			      (unix_ms){ clock_unix(req->wad->clock).ms + s->next_in_ms });
	json_put_text(o, "why", s->why);
	json_put_id(o, "campaign", s->campaign_id);
	json_put_id(o, "sequence", s->sequence_id);
	return o;
}

static void on_workers(void *ctx, const PGresult *r, const struct err *e)
{
	rpc_reply_rows(ctx, r, e, worker_json);
}

/* the devices have told how they are */
static void ask_workers(void *ctx)
{
	struct rpc_req *req = ctx;
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	struct err e = ERR_NONE;

	db_p_i64(p, req->user_id);
	if (!put_device(req, p, &e))
		rpc_fail(req, &e);
	else
		req_query(req, STMT_QUEUE_WORKERS, p, DB_IDEMPOTENT, on_workers, req);
}

struct rpc_done api_queue_workers(struct rpc_req *req)
{
	struct err e = ERR_NONE;

	if (rpc_param_has(req->params, "device") && req_device(req, "device", &e) == NULL)
		return rpc_fail(req, &e);
	fleet_ask(req->wad->fleet, req->user_id, ask_workers, req);
	return rpc_later(req);
}

/* -- queue.pause, queue.resume -- */

static void on_switched(struct rpc_req *req, const struct err *e, bool paused)
{
	if (e->code) {
		rpc_fail(req, e);
		return;
	}
	fleet_settings(req->wad->fleet, rpc_param_bool(req->params, "all") ? 0 : req->user_id, 0);
	rpc_reply_take(req, json_pack("{s:b}", "queue_paused", paused));
}

static void on_paused(void *ctx, const PGresult *r, const struct err *e)
{
	(void)r;
	on_switched(ctx, e, true);
}

static void on_resumed(void *ctx, const PGresult *r, const struct err *e)
{
	(void)r;
	on_switched(ctx, e, false);
}

static struct rpc_done switch_queue(struct rpc_req *req, enum stmt of_user, enum stmt of_all,
				    db_result_fn done)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	bool all = rpc_param_bool(req->params, "all"), pauses = of_user == STMT_QUEUE_PAUSE;
	struct err e = ERR_NONE;

	if (all && req->role < ROLE_ADMIN) {
		err_set(&e, ERR_FORBIDDEN, "all: only an admin does that; leave it out");
		return rpc_fail(req, &e);
	}
	if (!all)
		db_p_i64(p, req->user_id);
	if (pauses)
		db_p_text(p, rpc_param_text(req->params, "reason"));
	if (all) /* nobody's row: beside the wall */
		db_query(req->wad->db, of_all, p, DB_IDEMPOTENT, done, req);
	else
		req_query(req, of_user, p, DB_IDEMPOTENT, done, req);
	return rpc_later(req);
}

struct rpc_done api_queue_pause(struct rpc_req *req)
{
	return switch_queue(req, STMT_QUEUE_PAUSE, STMT_QUEUE_HOLD, on_paused);
}

struct rpc_done api_queue_resume(struct rpc_req *req)
{
	return switch_queue(req, STMT_QUEUE_RESUME, STMT_QUEUE_UNHOLD, on_resumed);
}

/* -- queue.retry -- */

static void on_retried(void *ctx, const PGresult *r, const struct err *e)
{
	struct rpc_req *req = ctx;

	if (e->code) {
		rpc_fail(req, e);
		return;
	}
	fleet_wake(req->wad->fleet, req->user_id, 0);
	rpc_reply_take(req, json_pack("{s:I}", "retried", (json_int_t)db_i64(r, 0, 0)));
}

struct rpc_done api_queue_retry(struct rpc_req *req)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	struct err e = ERR_NONE;

	db_p_i64(p, req->user_id);
	db_p_text(p, rpc_param_text(req->params, "class"));
	if (!put_device(req, p, &e))
		return rpc_fail(req, &e);
	if (rpc_param_has(req->params, "campaign"))
		db_p_i64(p, rpc_param_id(req->params, "campaign"));
	else
		db_p_null(p);
	req_query(req, STMT_QUEUE_RETRY, p, DB_ONCE, on_retried, req);
	return rpc_later(req);
}
