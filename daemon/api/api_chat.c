#include <inttypes.h>
#include <stdlib.h>

#include "shared/base/xalloc.h"

#include "daemon/api/chat_param.h"
#include "daemon/api/handlers.h"

/* -- shared -- */

void chat_param_put(const struct rpc_req *req, struct db_params *p)
{
	const char *chat = rpc_param_text(req->params, "chat");
	char jid[64];
	int64_t phone;

	if (chat && rpc_phone_parse(chat, &phone) &&
	    addr_text(addr_make(JID_PN, (uint64_t)phone, 0), jid))
		chat = jid;
	db_p_text(p, chat);
}

bool chat_param_device(struct rpc_req *req, struct db_params *p)
{
	const struct fleet_device *d;
	struct err e = ERR_NONE;

	if (!rpc_param_has(req->params, "device")) {
		db_p_null(p);
		return true;
	}
	d = req_device(req, "device", &e);
	if (d)
		db_p_i64(p, d->id);
	else
		rpc_fail(req, &e);
	return d != NULL;
}

bool place_param(struct rpc_req *req, const char *param, struct place *ret)
{
	static const int64_t year_9999 = INT64_C(253402300799000);
	const char *text = rpc_param_text(req->params, param);
	struct err e = ERR_NONE;
	char *end;

	*ret = (struct place){ .at = { INT64_MIN }, .chat = "" };
	if (text == NULL)
		return true;
	ret->at.ms = strtoll(text, &end, 10);
	if (*end == '.' && ret->at.ms >= -year_9999 && ret->at.ms <= year_9999) {
		ret->number = strtoll(end + 1, &end, 10);
		ret->chat = *end == '.' ? end + 1 : end;
		if (*end == '.' || *end == '\0')
			return true;
	}
	snprintf(req->detail.field, sizeof req->detail.field, "%s", param);
	err_set(&e, ERR_BAD_PARAMS, "%s: no such place", param);
	rpc_fail(req, &e);
	return false;
}

json_t *place_json(unix_ms at, int64_t number, const char *chat)
{
	return json_sprintf("%" PRId64 ".%" PRId64 "%s%s", at.ms, number, chat[0] ? "." : "", chat);
}

const char *message_status_name(int64_t s)
{
	static const char *const names[] = { "pending", "sent", "delivered", "read", "played" };

	return s >= 0 && s < (int64_t)ARRAY_LEN(names) ? names[s] : "pending";
}

/* -- chat.list, chat.show -- */

static const char *chat_name(const PGresult *r, int i)
{
	static const char *const cols[] = { "name", "lead_name", "business_name", "push_name" };

	for (size_t k = 0; k < ARRAY_LEN(cols); k++)
		if (db_text(r, i, db_col(r, cols[k]))[0])
			return db_text(r, i, db_col(r, cols[k]));
	return NULL;
}

static json_t *chat_json(struct rpc_req *req, const PGresult *r, int i)
{
	const char *name = chat_name(r, i), *chat = db_text(r, i, db_col(r, "chat"));
	int64_t phone = db_i64(r, i, db_col(r, "phone"));
	json_t *o = json_object();

	(void)req;
	json_object_set_new(o, "chat", json_string(chat));
	json_put_id(o, "device", db_i64(r, i, db_col(r, "device_id")));
	json_object_set_new(o, "name",
			    name    ? json_string(name)
			    : phone ? json_sprintf("+%" PRId64, phone)
				    : json_string(chat));
	json_put_id(o, "phone", phone);
	json_object_set_new(o, "is_group", json_boolean(db_bool(r, i, db_col(r, "is_group"))));
	json_object_set_new(o, "unread", json_integer(db_i64(r, i, db_col(r, "unread"))));
	json_put_time(o, "last_at", db_time(r, i, db_col(r, "last_at")));
	json_put_text(o, "last_kind", db_text(r, i, db_col(r, "last_kind")));
	json_put_text(o, "last_text", db_text(r, i, db_col(r, "last_text")));
	json_object_set_new(o, "from_me", json_boolean(db_bool(r, i, db_col(r, "last_from_me"))));
	if (!db_is_null(r, i, db_col(r, "last_status")))
		json_put_text(o, "status",
			      message_status_name(db_i64(r, i, db_col(r, "last_status"))));
	if (!db_is_null(r, i, db_col(r, "history_end")))
		json_object_set_new(o, "end",
				    json_boolean(db_bool(r, i, db_col(r, "history_end"))));
	return o;
}

static void on_list(void *ctx, const PGresult *r, const struct err *e)
{
	struct rpc_req *req = ctx;
	int rows = e->code ? 0 : db_rows(r);
	json_t *list, *result;

	if (e->code) {
		rpc_fail(req, e);
		return;
	}
	list = json_array();
	result = json_pack("{s:o}", req->method->list, list);
	for (int i = 0; i < rows; i++)
		json_array_append_new(list, chat_json(req, r, i));
	if (rows && rows == rpc_param_int(req->params, "limit"))
		json_object_set_new(result, "next",
				    place_json(db_time(r, rows - 1, db_col(r, "last_at")),
					       db_i64(r, rows - 1, db_col(r, "device_id")),
					       db_text(r, rows - 1, db_col(r, "chat"))));
	rpc_reply_take(req, result);
}

struct rpc_done api_chat_list(struct rpc_req *req)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	struct place after;

	db_p_i64(p, req->user_id);
	if (!chat_param_device(req, p) || !place_param(req, "after", &after))
		return rpc_later(req); /* failed */
	db_p_text(p, rpc_param_text(req->params, "search"));
	db_p_bool(p, rpc_param_bool(req->params, "unread"));
	db_p_bool(p, rpc_param_bool(req->params, "groups"));
	db_p_time(p, after.at);
	db_p_text(p, after.chat);
	db_p_i64(p, after.number);
	db_p_i64(p, rpc_param_int(req->params, "limit"));
	db_p_null(p);
	req_query(req, STMT_CHAT_LIST, p, DB_IDEMPOTENT, on_list, req);
	return rpc_later(req);
}

static void on_show(void *ctx, const PGresult *r, const struct err *e)
{
	rpc_reply_row(ctx, r, e, chat_json, "chat: no such chat");
}

struct rpc_done api_chat_show(struct rpc_req *req)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	db_p_i64(p, req->user_id);
	if (!chat_param_device(req, p))
		return rpc_later(req); /* failed */
	db_p_null(p);
	db_p_bool(p, false);
	db_p_bool(p, true);
	db_p_null(p);
	db_p_null(p);
	db_p_null(p);
	db_p_i64(p, 1);
	chat_param_put(req, p);
	req_query(req, STMT_CHAT_LIST, p, DB_IDEMPOTENT, on_show, req);
	return rpc_later(req);
}

/* -- chat.read -- */

enum { READ_RECEIPTS_MAX = 256 };

static void on_read(void *ctx, const PGresult *r, const struct err *e)
{
	struct rpc_req *req = ctx;
	AUTO_ARENA struct arena *a = arena_new();
	int rows = e->code ? 0 : db_rows(r);
	const struct fleet_device *d;
	struct err gone = ERR_NONE;
	struct read_item *items = arena_alloc(a, ((size_t)rows + 1) * sizeof *items);
	size_t n = 0;

	if (e->code) {
		rpc_fail(req, e);
		return;
	}
	if (rows == 0) {
		rpc_fail(req, &(struct err){ ERR_NOT_FOUND, "chat: no such chat" });
		return;
	}
	for (int i = 0; i < rows; i++)
		if (!db_is_null(r, i, db_col(r, "msg_id")))
			items[n++] = (struct read_item){ db_text(r, i, db_col(r, "sender")),
							 db_text(r, i, db_col(r, "msg_id")) };
	d = req_device(req, "device", &gone); /* may be gone by now */
	if (d && d->state == DEVICE_ONLINE && n)
		fleet_read(req->wad->fleet, d, db_text(r, 0, db_col(r, "chat")), items, n);
	rpc_reply_take(req, json_pack("{s:s,s:I,s:b}", "chat", db_text(r, 0, db_col(r, "chat")),
				      "messages", (json_int_t)n, "told",
				      d && d->state == DEVICE_ONLINE && n));
}

struct rpc_done api_chat_read(struct rpc_req *req)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	db_p_i64(p, req->user_id);
	if (!chat_param_device(req, p))
		return rpc_later(req); /* failed */
	chat_param_put(req, p);
	db_p_null(p);
	db_p_i32(p, READ_RECEIPTS_MAX);
	req_query(req, STMT_CHAT_READ, p, DB_ONCE, on_read, req);
	return rpc_later(req);
}

/* -- chat.sync -- */

struct sync_call {
	struct rpc_req *req;
	json_t *answer; /* once it has left */
};

static void on_asked(void *ctx, const struct err *e)
{
	struct sync_call *s = ctx;

	if (e->code) {
		rpc_fail(s->req, e);
		json_decref(s->answer);
	} else {
		rpc_reply_take(s->req, s->answer);
	}
	free(s);
}

/* why nothing is asked for; ERR_OK: it is */
static void sync_refuse(const PGresult *r, struct err *e)
{
	if (db_rows(r) == 0)
		err_set(e, ERR_NOT_FOUND, "chat: no such chat");
	else if (!db_bool(r, 0, db_col(r, "keeps")))
		err_set(e, ERR_CONFLICT, "chat: the device stores no chats (store_chats)");
	else if (db_is_null(r, 0, db_col(r, "msg_id")))
		err_set(e, ERR_CONFLICT,
			"chat: no message of it is stored, and the phone needs one to begin from");
	else if (db_is_null(r, 0, db_col(r, "request")))
		err_set(e, ERR_CONFLICT, "chat: the phone was asked already and may still answer");
}

static void on_sync(void *ctx, const PGresult *r, const struct err *e)
{
	struct rpc_req *req = ctx;
	const struct fleet_device *d = NULL;
	struct err why = *e;
	struct sync_call *s;
	unix_ms before;

	if (why.code == ERR_OK)
		sync_refuse(r, &why);
	if (why.code == ERR_OK)
		d = req_device(req, "device", &why); /* may be gone by now */
	if (d == NULL) {
		rpc_fail(req, &why);
		return;
	}
	before = db_time(r, 0, db_col(r, "at"));
	s = xcalloc(1, sizeof *s);
	s->req = req;
	s->answer = json_pack("{s:s,s:s,s:I}", "chat", db_text(r, 0, db_col(r, "chat")), "request",
			      db_text(r, 0, db_col(r, "request")), "count",
			      (json_int_t)rpc_param_int(req->params, "count"));
	json_put_time(s->answer, "before", before);
	fleet_history(
		req->wad->fleet, d,
		&(struct history_ask){ .msg_id = db_text(r, 0, db_col(r, "request")),
				       .chat = db_text(r, 0, db_col(r, "chat")),
				       .oldest_id = db_text(r, 0, db_col(r, "msg_id")),
				       .oldest_from_me = db_bool(r, 0, db_col(r, "from_me")),
				       .oldest_at_s = before.ms / 1000,
				       .count = (uint32_t)rpc_param_int(req->params, "count") },
		on_asked, s);
}

struct rpc_done api_chat_sync(struct rpc_req *req)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	struct err e = ERR_NONE;
	const struct fleet_device *d = req_device(req, "device", &e);

	if (d && d->state != DEVICE_ONLINE)
		err_set(&e, ERR_DEVICE_OFFLINE, "device %s is not online", d->name);
	if (e.code)
		return rpc_fail(req, &e);
	db_p_i64(p, req->user_id);
	db_p_i64(p, d->id);
	chat_param_put(req, p);
	db_p_i32(p, HISTORY_ANSWER_S);
	req_query(req, STMT_CHAT_SYNC, p, DB_ONCE, on_sync, req);
	return rpc_later(req);
}
