#include <inttypes.h>

#include "shared/base/xalloc.h"

#include "daemon/api/content_param.h"
#include "daemon/api/handlers.h"

static const char *const outbox_states[] = { "pending",   "claimed", "sending", "sent",
					     "delivered", "read",    "failed",  "cancelled" };

static const char *outbox_state(int64_t s)
{
	return s >= 0 && s < (int64_t)ARRAY_LEN(outbox_states) ? outbox_states[s] : "pending";
}

/* -- message.send -- */

static void on_queued(void *ctx, const PGresult *r, const struct err *e)
{
	struct rpc_req *req = ctx;
	int64_t device;

	if (e->code) {
		rpc_fail(req, e);
		return;
	}
	if (db_rows(r) == 0) { /* the key's row was written by another connection meanwhile */
		rpc_fail(req,
			 &(struct err){ ERR_BUSY, "message.send: the same key is being used" });
		return;
	}
	if (db_bool(r, 0, db_col(r, "full"))) {
		rpc_fail(req, &(struct err){ ERR_RATE_LIMITED,
					     "message: you have queued as many as you may today" });
		return;
	}
	if (!db_bool(r, 0, db_col(r, "same"))) {
		struct err err = ERR_NONE;

		err_set(&err, ERR_CONFLICT, "key: was used for another message, %" PRId64,
			db_i64(r, 0, db_col(r, "id")));
		rpc_fail(req, &err);
		return;
	}
	device = db_i64(r, 0, db_col(r, "device_id"));
	fleet_wake(req->wad->fleet, req->user_id, device);
	rpc_reply_take(req,
		       json_pack("{s:o,s:s,s:o,s:s}", "id", json_id(db_i64(r, 0, db_col(r, "id"))),
				 "state", outbox_state(db_i64(r, 0, db_col(r, "state"))), "device",
				 json_id(device), "to", rpc_param_text(req->params, "to")));
}

/* the device of the call, when it can send; else e and the hint tell why not */
static const struct fleet_device *sender_of(struct rpc_req *req, struct err *e)
{
	const struct fleet_device *d = req_device(req, "device", e);

	if (d == NULL || d->pn.user != 0)
		return d;
	err_set(e, ERR_DEVICE_OFFLINE, "device %.80s: is not linked to a phone", d->name);
	snprintf(req->detail.hint, sizeof req->detail.hint, "wactl device pair %.80s", d->name);
	return NULL;
}

static void queue_it(struct rpc_req *req, const struct content_param *c)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	struct err e = ERR_NONE;
	const struct fleet_device *d = sender_of(req, &e);

	if (d == NULL) {
		rpc_fail(req, &e);
		return;
	}
	db_p_i64(p, req->user_id);
	db_p_i64(p, d->id);
	db_p_i64(p, rpc_param_phone(req->params, "to"));
	db_p_text(p, c->body);
	if (c->media_id)
		db_p_i64(p, c->media_id);
	else
		db_p_null(p);
	db_p_text(p, rpc_param_text(req->params, "key"));
	/* with a key a repeat is harmless; without one the caller is told that the outcome is unknown */
	req_query(req, STMT_OUTBOX_ADD, p,
		  rpc_param_has(req->params, "key") ? DB_IDEMPOTENT : DB_ONCE, on_queued, req);
}

struct rpc_done api_message_send(struct rpc_req *req)
{
	content_param_take(req, CONTENT_PLAIN,
			   queue_it); /* what is wrong with the call comes before what it meets */
	return rpc_later(req);
}

/* -- message.show -- */

static void on_show(void *ctx, const PGresult *r, const struct err *e)
{
	struct rpc_req *req = ctx;
	json_t *o;

	if (e->code) {
		rpc_fail(req, e);
		return;
	}
	if (db_rows(r) == 0) {
		rpc_fail(req, &(struct err){ ERR_NOT_FOUND, "message: no such message" });
		return;
	}
	o = json_pack("{s:o,s:s,s:o,s:o}", "id", json_id(db_i64(r, 0, db_col(r, "id"))), "state",
		      outbox_state(db_i64(r, 0, db_col(r, "state"))), "device",
		      json_id(db_i64(r, 0, db_col(r, "device_id"))), "to",
		      json_id(db_i64(r, 0, db_col(r, "recipient"))));
	json_put_id(o, "campaign", db_i64(r, 0, db_col(r, "campaign_id")));
	json_put_text(o, "text", db_text(r, 0, db_col(r, "body")));
	json_put_text(o, "msg_id", db_text(r, 0, db_col(r, "msg_id")));
	json_object_set_new(o, "attempt", json_integer(db_i64(r, 0, db_col(r, "attempt"))));
	json_put_text(o, "error", db_text(r, 0, db_col(r, "error")));
	json_put_time(o, "created_at", db_time(r, 0, db_col(r, "created_at")));
	json_put_time(o, "sent_at", db_time(r, 0, db_col(r, "sent_at")));
	json_put_time(o, "delivered_at", db_time(r, 0, db_col(r, "delivered_at")));
	json_put_time(o, "read_at", db_time(r, 0, db_col(r, "read_at")));
	rpc_reply_take(req, o);
}

struct rpc_done api_message_show(struct rpc_req *req)
{
	struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	db_p_i64(p, req->user_id);
	db_p_i64(p, rpc_param_id(req->params, "id"));
	req_query(req, STMT_OUTBOX_SHOW, p, DB_IDEMPOTENT, on_show, req);
	arena_free(a);
	return rpc_later(req);
}
