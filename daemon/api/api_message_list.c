/* Stored messages: page by page, by their words. */
#include "daemon/api/chat_param.h"
#include "daemon/api/handlers.h"

static json_t *message_json(struct rpc_req *req, const PGresult *r, int i)
{
	json_t *o = json_object();
	bool from_me = db_bool(r, i, db_col(r, "from_me"));
	const char *media = db_text(r, i, db_col(r, "media"));

	(void)req;
	json_put_time(o, "at", db_time(r, i, db_col(r, "at")));
	json_put_id(o, "device", db_i64(r, i, db_col(r, "device_id")));
	json_object_set_new(o, "chat", json_string(db_text(r, i, db_col(r, "chat"))));
	json_object_set_new(o, "sender", json_string(db_text(r, i, db_col(r, "sender"))));
	json_put_text(o, "name", db_text(r, i, db_col(r, "push_name")));
	json_object_set_new(o, "from_me", json_boolean(from_me));
	json_object_set_new(o, "kind", json_string(db_text(r, i, db_col(r, "kind"))));
	json_put_text(o, "text", db_text(r, i, db_col(r, "body")));
	if (media[0])
		json_object_set_new(o, "media", json_loads(media, 0, NULL));
	if (from_me)
		json_put_text(o, "status", message_status_name(db_i64(r, i, db_col(r, "status"))));
	json_put_text(o, "quoted", db_text(r, i, db_col(r, "quoted_id")));
	json_put_text(o, "target", db_text(r, i, db_col(r, "target_id")));
	json_object_set_new(o, "id", json_string(db_text(r, i, db_col(r, "msg_id"))));
	json_object_set_new(
		o, "place",
		place_json(db_time(r, i, db_col(r, "at")), db_i64(r, i, db_col(r, "seq")), ""));
	return o;
}

/* next: the place from which the same call goes on, at the first or the last row */
static void reply(struct rpc_req *req, const PGresult *r, const struct err *e, bool first)
{
	int rows = e->code ? 0 : db_rows(r);
	json_t *list, *result;

	if (e->code) {
		rpc_fail(req, e);
		return;
	}
	list = json_array();
	result = json_pack("{s:o}", req->method->list, list);
	for (int i = 0; i < rows; i++)
		json_array_append_new(list, message_json(req, r, i));
	if (rows && rows == rpc_param_int(req->params, "limit") &&
	    (first == false || rpc_param_has(req->params, "chat")))
		json_object_set(result, "next",
				json_object_get(json_array_get(list, first ? 0 : (size_t)rows - 1),
						"place"));
	rpc_reply_take(req, result);
}

static void on_before(void *ctx, const PGresult *r, const struct err *e)
{
	reply(ctx, r, e, true);
}

static void on_after(void *ctx, const PGresult *r, const struct err *e)
{
	reply(ctx, r, e, false);
}

struct rpc_done api_message_list(struct rpc_req *req)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	struct place before, after;
	bool forward = rpc_param_has(req->params, "after"),
	     back = rpc_param_has(req->params, "before");

	if (forward && back)
		return rpc_fail(req, &(struct err){ ERR_BAD_PARAMS,
						    "message.list: before or after, not both" });
	if ((forward || back) && !rpc_param_has(req->params, "chat"))
		return rpc_fail(req, &(struct err){ ERR_BAD_PARAMS,
						    "chat: is required with before and after" });
	db_p_i64(p, req->user_id);
	if (!chat_param_device(req, p) || !place_param(req, "before", &before) ||
	    !place_param(req, "after", &after))
		return rpc_later(req); /* failed */
	chat_param_put(req, p);
	db_p_time(p, forward ? after.at : before.at);
	db_p_i64(p, forward ? after.number : before.number);
	db_p_i64(p, rpc_param_int(req->params, "limit"));
	req_query(req, forward ? STMT_MESSAGE_AFTER : STMT_MESSAGE_BEFORE, p, DB_IDEMPOTENT,
		  forward ? on_after : on_before, req);
	return rpc_later(req);
}

struct rpc_done api_message_search(struct rpc_req *req)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	struct place before;

	db_p_i64(p, req->user_id);
	db_p_text(p, rpc_param_text(req->params, "words"));
	if (!chat_param_device(req, p) || !place_param(req, "before", &before))
		return rpc_later(req); /* failed */
	chat_param_put(req, p);
	db_p_time(p, before.at);
	db_p_i64(p, before.number);
	db_p_i64(p, rpc_param_int(req->params, "limit"));
	req_query(req, STMT_MESSAGE_SEARCH, p, DB_IDEMPOTENT, on_after, req);
	return rpc_later(req);
}
