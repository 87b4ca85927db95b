#include <inttypes.h>
#include <stdlib.h>

#include "shared/base/crypto.h"
#include "shared/base/xalloc.h"
#include "shared/rpc/events.h"

#include "daemon/api/handlers.h"
#include "daemon/engine/webhook_sign.h"

enum { TOPICS_MAX = 64 };

/* -- results -- */

static void put_topics(json_t *o, const char *words)
{
	json_t *list = json_array();

	for (const char *at = words; *at;) {
		size_t len = strcspn(at, " ");

		json_array_append_new(list, json_stringn(at, len));
		at += len + strspn(at + len, " ");
	}
	json_object_set_new(o, "topics", list);
}

static json_t *webhook_json(struct rpc_req *req, const PGresult *r, int i)
{
	json_t *o = json_pack(
		"{s:o,s:s,s:b,s:b,s:I,s:I}", "id", json_id(db_i64(r, i, db_col(r, "id"))), "url",
		db_text(r, i, db_col(r, "url")), "enabled", db_bool(r, i, db_col(r, "enabled")),
		"ordered", db_bool(r, i, db_col(r, "ordered")), "waiting",
		(json_int_t)db_i64(r, i, db_col(r, "waiting")), "failed",
		(json_int_t)db_i64(r, i, db_col(r, "failed")));

	(void)req;
	if (!db_is_null(r, i, db_col(r, "topics")))
		put_topics(o, db_text(r, i, db_col(r, "topics")));
	json_put_text(o, "reason", db_text(r, i, db_col(r, "disabled_reason")));
	json_put_time(o, "failing_since", db_time(r, i, db_col(r, "failing_since")));
	json_put_time(o, "old_secret_until", db_time(r, i, db_col(r, "old_secret_until")));
	json_put_time(o, "created_at", db_time(r, i, db_col(r, "created_at")));
	return o;
}

#define NO_WEBHOOK "webhook: no such webhook"

static void fail_no_webhook(struct rpc_req *req)
{
	rpc_fail(req, &(struct err){ ERR_NOT_FOUND, NO_WEBHOOK });
}

static void ask_webhooks(struct rpc_req *req, int64_t id, int64_t limit, db_result_fn done,
			 void *ctx)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	db_p_i64(p, req->user_id);
	if (id)
		db_p_i64(p, id);
	else
		db_p_null(p);
	db_p_i64(p, rpc_param_id(req->params, "after"));
	db_p_i64(p, limit);
	req_query(req, STMT_WEBHOOK_SHOW, p, DB_IDEMPOTENT, done, ctx);
}

static void on_shown(void *ctx, const PGresult *r, const struct err *e)
{
	rpc_reply_row(ctx, r, e, webhook_json, NO_WEBHOOK);
}

struct rpc_done api_webhook_show(struct rpc_req *req)
{
	ask_webhooks(req, rpc_param_id(req->params, "webhook"), 1, on_shown, req);
	return rpc_later(req);
}

static void on_list(void *ctx, const PGresult *r, const struct err *e)
{
	rpc_reply_rows(ctx, r, e, webhook_json);
}

struct rpc_done api_webhook_list(struct rpc_req *req)
{
	ask_webhooks(req, 0, rpc_param_int(req->params, "limit"), on_list, req);
	return rpc_later(req);
}

/* -- create, rotate: a secret is made -- */

struct making {
	struct rpc_req *req;
	int64_t id;
	bool is_own; /* the caller gave the secret */
	char secret[WEBHOOK_SECRET_MAX + 1];
};

static void making_end(struct making *m)
{
	wipe(m, sizeof *m);
	free(m);
}

static void making_fail(struct making *m, const struct err *e)
{
	rpc_fail(m->req, e);
	making_end(m);
}

static struct making *making_new(struct rpc_req *req)
{
	const char *own = rpc_param_text(req->params, "secret");
	struct making *m = xcalloc(1, sizeof *m);

	m->req = req;
	m->is_own = own != NULL;
	if (own)
		snprintf(m->secret, sizeof m->secret, "%s", own);
	else
		webhook_secret_make(rng_real(), m->secret);
	return m;
}

/* *ret_len 0: all topics */
static enum errc read_topics(const struct rpc_req *req, const char *ret[static TOPICS_MAX],
			     size_t *ret_len, struct err *e)
{
	json_t *topics = json_object_get(req->params, "topics"), *topic;
	bool all = false;
	size_t i;

	*ret_len = 0;
	if (json_array_size(topics) > TOPICS_MAX)
		return err_set(e, ERR_BAD_PARAMS, "topics: over %d", TOPICS_MAX);
	json_array_foreach(topics, i, topic) {
		if (!event_pattern_known(json_string_value(topic)))
			return err_set(e, ERR_BAD_PARAMS, "topics: '%.60s' matches no event",
				       json_string_value(topic));
		all = all || strcmp(json_string_value(topic), "*") == 0;
		ret[(*ret_len)++] = json_string_value(topic);
	}
	if (all)
		*ret_len = 0;
	return ERR_OK;
}

static void put_topic_array(struct db_params *p, const char *const *topics, size_t len)
{
	if (len)
		db_p_text_array(p, topics, len);
	else
		db_p_null(p);
}

static void on_created_shown(void *ctx, const PGresult *r, const struct err *e)
{
	struct making *m = ctx;
	json_t *o;

	if (e->code) {
		making_fail(m, e);
		return;
	}
	if (db_rows(r) == 0) { /* deleted in between */
		fail_no_webhook(m->req);
		making_end(m);
		return;
	}
	o = webhook_json(m->req, r, 0);
	if (!m->is_own)
		json_put_text(o, "secret", m->secret);
	rpc_reply_take(m->req, o);
	making_end(m);
}

static void on_created(void *ctx, const PGresult *r, const struct err *e)
{
	struct making *m = ctx;

	if (e->code) {
		making_fail(m, e);
		return;
	}
	if (db_rows(r) == 0) {
		making_fail(m, &(struct err){ ERR_CONFLICT, "webhook: there are 20 already" });
		return;
	}
	webhooks_reload(m->req->wad->webhooks);
	ask_webhooks(m->req, m->id, 1, on_created_shown, m);
}

static void on_id(void *ctx, const PGresult *r, const struct err *e)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	struct making *m = ctx;
	struct rpc_req *req = m->req;
	const char *topics[TOPICS_MAX];
	struct err own = *e;
	size_t len = 0;

	if (req->wad->webhooks == NULL)
		err_set(&own, ERR_SHUTTING_DOWN, "webhook.create: the daemon is stopping");
	if (own.code || read_topics(req, topics, &len, &own)) {
		making_fail(m, &own);
		return;
	}
	m->id = db_i64(r, 0, db_col(r, "id"));
	db_p_i64(p, req->user_id);
	db_p_i64(p, m->id);
	db_p_text(p, rpc_param_text(req->params, "url"));
	put_topic_array(p, topics, len);
	db_p_bool(p, rpc_param_bool(req->params, "ordered"));
	db_p_bytes(p, webhooks_seal(req->wad->webhooks, a, req->user_id, m->id, m->secret));
	req_query(req, STMT_WEBHOOK_ADD, p, DB_ONCE, on_created, m);
}

struct rpc_done api_webhook_create(struct rpc_req *req)
{
	AUTO_ARENA struct arena *a = arena_new();
	const char *topics[TOPICS_MAX];
	struct err e = ERR_NONE;
	size_t len;

	if (http_client_check(req->wad->web, rpc_param_text(req->params, "url"), &e) ||
	    read_topics(req, topics, &len, &e))
		return rpc_fail(req, &e);
	/* no tenant's row: the sequence is everybody's */
	db_query(req->wad->db, STMT_WEBHOOK_ID, db_params_new(a), DB_IDEMPOTENT, on_id,
		 making_new(req));
	return rpc_later(req);
}

static void on_rotated(void *ctx, const PGresult *r, const struct err *e)
{
	struct making *m = ctx;
	json_t *o;

	if (e->code) {
		making_fail(m, e);
		return;
	}
	if (db_rows(r) == 0) {
		fail_no_webhook(m->req);
		making_end(m);
		return;
	}
	o = json_pack("{s:o,s:s}", "webhook", json_id(m->id), "secret", m->secret);
	json_put_time(o, "old_secret_until", db_time(r, 0, db_col(r, "old_secret_until")));
	rpc_reply_take(m->req, o);
	making_end(m);
}

struct rpc_done api_webhook_rotate(struct rpc_req *req)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	struct making *m = making_new(req);

	m->id = rpc_param_id(req->params, "webhook");
	db_p_i64(p, req->user_id);
	db_p_i64(p, m->id);
	db_p_bytes(p, webhooks_seal(req->wad->webhooks, a, req->user_id, m->id, m->secret));
	req_query(req, STMT_WEBHOOK_ROTATE, p, DB_ONCE, on_rotated, m);
	return rpc_later(req);
}

/* -- update, delete -- */

static void on_updated(void *ctx, const PGresult *r, const struct err *e)
{
	struct rpc_req *req = ctx;

	if (e->code) {
		rpc_fail(req, e);
	} else if (db_rows(r) == 0) {
		fail_no_webhook(req);
	} else {
		webhooks_reload(req->wad->webhooks);
		ask_webhooks(req, db_i64(r, 0, db_col(r, "id")), 1, on_shown, req);
	}
}

static void put_bool_if(struct db_params *p, const struct rpc_req *req, const char *name)
{
	if (rpc_param_has(req->params, name))
		db_p_bool(p, rpc_param_bool(req->params, name));
	else
		db_p_null(p);
}

struct rpc_done api_webhook_update(struct rpc_req *req)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	const char *url = rpc_param_text(req->params, "url");
	const char *topics[TOPICS_MAX];
	struct err e = ERR_NONE;
	size_t len;

	if ((url && http_client_check(req->wad->web, url, &e)) ||
	    read_topics(req, topics, &len, &e))
		return rpc_fail(req, &e);
	db_p_i64(p, req->user_id);
	db_p_i64(p, rpc_param_id(req->params, "webhook"));
	db_p_text(p, url);
	db_p_bool(p, rpc_param_has(req->params, "topics"));
	put_topic_array(p, topics, len);
	put_bool_if(p, req, "ordered");
	put_bool_if(p, req, "enabled");
	req_query(req, STMT_WEBHOOK_UPDATE, p, DB_IDEMPOTENT, on_updated, req);
	return rpc_later(req);
}

static void on_deleted(void *ctx, const PGresult *r, const struct err *e)
{
	struct rpc_req *req = ctx;

	if (e->code) {
		rpc_fail(req, e);
	} else if (db_rows(r) == 0) {
		fail_no_webhook(req);
	} else {
		webhooks_reload(req->wad->webhooks);
		rpc_reply_take(req, json_pack("{s:o}", "webhook", json_id(db_i64(r, 0, 0))));
	}
}

/* user and webhook are all the statement takes */
static struct rpc_done ask_one(struct rpc_req *req, enum stmt stmt, db_result_fn done)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	db_p_i64(p, req->user_id);
	db_p_i64(p, rpc_param_id(req->params, "webhook"));
	req_query(req, stmt, p, DB_ONCE, done, req);
	return rpc_later(req);
}

struct rpc_done api_webhook_delete(struct rpc_req *req)
{
	return ask_one(req, STMT_WEBHOOK_DELETE, on_deleted);
}

/* -- test -- */

static void on_tried(void *ctx, const struct webhook_outcome *o)
{
	struct rpc_req *req = ctx;
	json_t *result = json_pack(
		"{s:o,s:o,s:b,s:i}", "webhook", json_id(rpc_param_id(req->params, "webhook")),
		"delivery", json_id(o->delivery_id), "good", o->good, "took_ms", (int)o->took_ms);

	if (o->status)
		json_object_set_new(result, "status", json_integer(o->status));
	json_put_text(result, "error", o->error);
	json_put_text(result, "answer", o->answer);
	rpc_reply_take(req, result);
}

static void on_ping(void *ctx, const PGresult *r, const struct err *e)
{
	struct rpc_req *req = ctx;

	if (e->code)
		rpc_fail(req, e);
	else if (db_rows(r) == 0)
		fail_no_webhook(req);
	else if (req->wad->webhooks == NULL) /* it is made after the start */
		rpc_fail(req, &(struct err){ ERR_SHUTTING_DOWN,
					     "webhook.test: the daemon is stopping" });
	else
		webhooks_try(req->wad->webhooks, r, on_tried, req);
}

struct rpc_done api_webhook_test(struct rpc_req *req)
{
	return ask_one(req, STMT_WEBHOOK_TEST, on_ping);
}

/* -- deliveries, replay -- */

static const char *const states[] = { "waiting", "sending", "delivered", "failed", "replayed" };

static void put_int(json_t *o, const char *key, const PGresult *r, int i, const char *col)
{
	if (!db_is_null(r, i, db_col(r, col)))
		json_object_set_new(o, key, json_integer(db_i64(r, i, db_col(r, col))));
}

static json_t *delivery_json(struct rpc_req *req, const PGresult *r, int i)
{
	int64_t state = db_i64(r, i, db_col(r, "state"));
	json_t *o =
		json_pack("{s:o,s:o,s:o,s:s,s:s,s:I}", "id", json_id(db_i64(r, i, db_col(r, "id"))),
			  "webhook", json_id(db_i64(r, i, db_col(r, "webhook_id"))), "event",
			  json_id(db_i64(r, i, db_col(r, "event_id"))), "topic",
			  db_text(r, i, db_col(r, "topic")), "state",
			  state >= 0 && state < (int64_t)ARRAY_LEN(states) ? states[state] : "",
			  "attempt", (json_int_t)db_i64(r, i, db_col(r, "attempt")));

	(void)req;
	put_int(o, "status", r, i, "status");
	put_int(o, "took_ms", r, i, "took_ms");
	json_put_text(o, "error", db_text(r, i, db_col(r, "error")));
	json_put_text(o, "answer", db_text(r, i, db_col(r, "answer")));
	json_put_time(o, "created_at", db_time(r, i, db_col(r, "created_at")));
	json_put_time(o, "tried_at", db_time(r, i, db_col(r, "tried_at")));
	json_put_time(o, "next_at", db_time(r, i, db_col(r, "next_at")));
	json_put_time(o, "done_at", db_time(r, i, db_col(r, "done_at")));
	return o;
}

static void on_deliveries(void *ctx, const PGresult *r, const struct err *e)
{
	rpc_reply_rows(ctx, r, e, delivery_json);
}

static void put_id_if(struct db_params *p, const struct rpc_req *req, const char *name)
{
	if (rpc_param_has(req->params, name))
		db_p_i64(p, rpc_param_id(req->params, name));
	else
		db_p_null(p);
}

struct rpc_done api_webhook_deliveries(struct rpc_req *req)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	const char *state = rpc_param_text(req->params, "state");

	db_p_i64(p, req->user_id);
	put_id_if(p, req, "webhook");
	if (state == NULL)
		db_p_null(p);
	for (size_t i = 0; state && i < ARRAY_LEN(states); i++)
		if (strcmp(states[i], state) == 0)
			db_p_i32(p, (int32_t)i);
	put_id_if(p, req, "after");
	db_p_i64(p, rpc_param_int(req->params, "limit"));
	req_query(req, STMT_WEBHOOK_DELIVERIES, p, DB_IDEMPOTENT, on_deliveries, req);
	return rpc_later(req);
}

static void on_replayed(void *ctx, const PGresult *r, const struct err *e)
{
	struct rpc_req *req = ctx;

	if (e->code) {
		rpc_fail(req, e);
	} else if (db_rows(r) == 0) {
		fail_no_webhook(req);
	} else if (!db_bool(r, 0, db_col(r, "enabled"))) {
		rpc_fail(req, &(struct err){ ERR_CONFLICT, "webhook: is switched off" });
	} else {
		webhooks_wake(req->wad->webhooks, db_i64(r, 0, db_col(r, "id")));
		rpc_reply_take(req, json_pack("{s:o,s:I}", "webhook",
					      json_id(db_i64(r, 0, db_col(r, "id"))), "replayed",
					      (json_int_t)db_i64(r, 0, db_col(r, "replayed"))));
	}
}

struct rpc_done api_webhook_replay(struct rpc_req *req)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	bool from = rpc_param_has(req->params, "from"), to = rpc_param_has(req->params, "to");

	if (from != to || (from && rpc_param_has(req->params, "event")))
		return rpc_fail(req, &(struct err){ ERR_BAD_PARAMS,
						    "from, to: both, and no event beside them" });
	db_p_i64(p, req->user_id);
	db_p_i64(p, rpc_param_id(req->params, "webhook"));
	put_id_if(p, req, "event");
	put_id_if(p, req, "from");
	put_id_if(p, req, "to");
	req_query(req, STMT_WEBHOOK_REPLAY, p, DB_ONCE, on_replayed, req);
	return rpc_later(req);
}
