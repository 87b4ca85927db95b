#include <inttypes.h>
#include <time.h>

#include "daemon/api/api_campaign.h"
#include "daemon/api/handlers.h"

static const char *const states[] = { "pending", "claimed", "sending",   "sent",    "delivered",
				      "read",    "failed",  "cancelled", "skipped", "expired" };

static void put_count(json_t *o, const PGresult *r, int i, const char *name)
{
	json_object_set_new(o, name, json_integer(db_i64(r, i, db_col(r, name))));
}

/* -- campaign.report -- */

static json_t *device_json(struct rpc_req *req, const PGresult *r, int i)
{
	static const char *const counts[] = { "total",  "pending",   "success", "delivered", "read",
					      "failed", "cancelled", "skipped", "expired" };
	int64_t id = db_i64(r, i, db_col(r, "device_id"));
	const struct fleet_device *d = id ? fleet_find(req->wad->fleet, req->user_id, id) : NULL;
	json_t *o;

	if (id == 0)
		return NULL; /* the campaign has no messages yet */
	o = json_pack("{s:o,s:b}", "id", json_id(id), "online", d && d->state == DEVICE_ONLINE);
	json_put_text(o, "name", db_text(r, i, db_col(r, "name")));
	for (size_t k = 0; k < ARRAY_LEN(counts); k++)
		put_count(o, r, i, counts[k]);
	json_put_time(o, "last_sent_at", db_time(r, i, db_col(r, "last_sent_at")));
	return o;
}

static void reply_rows(struct rpc_req *req, const PGresult *r, const struct err *e,
		       json_t *(*row_json)(struct rpc_req *req, const PGresult *r, int i))
{
	if (e->code == ERR_OK && db_rows(r) == 0)
		rpc_fail(req, &(struct err){ ERR_NOT_FOUND, "campaign: no such campaign" });
	else
		rpc_reply_rows(req, r, e, row_json);
}

static void on_report(void *ctx, const PGresult *r, const struct err *e)
{
	reply_rows(ctx, r, e, device_json);
}

struct rpc_done api_campaign_report(struct rpc_req *req)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	db_p_i64(p, req->user_id);
	db_p_i64(p, rpc_param_id(req->params, "campaign"));
	req_query(req, STMT_CAMPAIGN_REPORT, p, DB_IDEMPOTENT, on_report, req);
	return rpc_later(req);
}

/* -- campaign.recipients -- */

/* why a message that waits does so now; "" when it does not wait */
static const char *why_now(struct rpc_req *req, const PGresult *r, int i, char text[static 120])
{
	int64_t state = db_i64(r, i, db_col(r, "state"));
	unix_ms at = db_time(r, i, db_col(r, "not_before"));
	const struct fleet_device *d =
		fleet_find(req->wad->fleet, req->user_id, db_i64(r, i, db_col(r, "device_id")));
	struct tm tm;
	time_t s = at.ms / 1000;

	if (state > 2)
		return "";
	if (state == 2)
		return "waits for the server's answer";
	if (db_bool(r, i, db_col(r, "paused")) ||
	    strcmp(db_text(r, i, db_col(r, "campaign_state")), "paused") == 0)
		return "paused";
	if (db_bool(r, i, db_col(r, "follows")))
		return "waits for the part before it";
	if (at.ms != INT64_MIN && gmtime_r(&s, &tm)) {
		strftime(text, 120, "not before %Y-%m-%dT%H:%M:%SZ", &tm);
		return text;
	}
	if (d == NULL)
		return "device is gone";
	if (d->pn.user == 0)
		return "device is not linked";
	if (d->state != DEVICE_ONLINE)
		return "device offline";
	snprintf(text, 120, "in the queue of its device%s%s", d->stats.why[0] ? ": " : "",
		 d->stats.why);
	return text;
}

static json_t *recipient_json(struct rpc_req *req, const PGresult *r, int i)
{
	static const char *const times[] = { "sent_at", "delivered_at", "read_at" };
	int64_t id = db_i64(r, i, db_col(r, "id")), state = db_i64(r, i, db_col(r, "state"));
	char text[120];
	json_t *o;

	if (id == 0)
		return NULL;
	o = json_pack("{s:o,s:o,s:s,s:o,s:I,s:I}", "id", json_id(id), "phone",
		      json_id(db_i64(r, i, db_col(r, "recipient"))), "state",
		      states[state >= 0 && state < (int64_t)ARRAY_LEN(states) ? state : 0],
		      "device", json_id(db_i64(r, i, db_col(r, "device_id"))), "part",
		      (json_int_t)db_i64(r, i, db_col(r, "part")) + 1, "attempt",
		      (json_int_t)db_i64(r, i, db_col(r, "attempt")));
	json_put_text(o, "name", db_text(r, i, db_col(r, "name")));
	for (size_t k = 0; k < ARRAY_LEN(times); k++)
		json_put_time(o, times[k], db_time(r, i, db_col(r, times[k])));
	json_put_text(o, "class", db_text(r, i, db_col(r, "error_class")));
	json_put_text(o, "error", db_text(r, i, db_col(r, "error")));
	json_put_text(o, "reason", why_now(req, r, i, text));
	return o;
}

static void on_recipients(void *ctx, const PGresult *r, const struct err *e)
{
	reply_rows(ctx, r, e, recipient_json);
}

/* the numbers of a state's word; waiting and success are several */
static size_t states_of(const char *word, int32_t out[static 3])
{
	if (strcmp(word, "waiting") == 0) {
		out[0] = 0;
		out[1] = 1;
		out[2] = 2;
		return 3;
	}
	if (strcmp(word, "success") == 0) {
		out[0] = 3;
		out[1] = 4;
		out[2] = 5;
		return 3;
	}
	for (size_t i = 0; i < ARRAY_LEN(states); i++)
		if (strcmp(word, states[i]) == 0)
			out[0] = (int32_t)i;
	return 1;
}

struct rpc_done api_campaign_recipients(struct rpc_req *req)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	const struct fleet_device *d = NULL;
	struct err e = ERR_NONE;
	int32_t numbers[3] = { 0 };

	if (rpc_param_has(req->params, "device") && (d = req_device(req, "device", &e)) == NULL)
		return rpc_fail(req, &e);
	db_p_i64(p, req->user_id);
	db_p_i64(p, rpc_param_id(req->params, "campaign"));
	if (rpc_param_has(req->params, "state"))
		db_p_i32_array(p, numbers,
			       states_of(rpc_param_text(req->params, "state"), numbers));
	else
		db_p_null(p);
	if (d)
		db_p_i64(p, d->id);
	else
		db_p_null(p);
	db_p_i64(p, rpc_param_id(req->params, "after"));
	db_p_i64(p, rpc_param_int(req->params, "limit"));
	fleet_peek(req->wad->fleet,
		   req->user_id); /* what devices wait for is fresh at the next look */
	req_query(req, STMT_CAMPAIGN_RECIPIENTS, p, DB_IDEMPOTENT, on_recipients, req);
	return rpc_later(req);
}

/* -- campaign.retry -- */

static void on_retried(void *ctx, const PGresult *r, const struct err *e)
{
	struct rpc_req *req = ctx;
	int64_t id = rpc_param_id(req->params, "campaign");
	struct err err = *e;

	if (err.code == ERR_OK && db_rows(r) == 0)
		err_set(&err, ERR_CONFLICT,
			"campaign %" PRId64 ": not there, or has not sent all yet", id);
	if (err.code) {
		rpc_fail(req, &err);
		return;
	}
	fleet_wake(req->wad->fleet, req->user_id, 0);
	rpc_reply_take(req, json_pack("{s:o,s:I}", "campaign", json_id(id), "retried",
				      (json_int_t)db_i64(r, 0, db_col(r, "retried"))));
}

struct rpc_done api_campaign_retry(struct rpc_req *req)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	json_t *list = json_object_get(req->params, "class"), *item;
	const char **classes = arena_alloc(a, (json_array_size(list) + 1) * sizeof *classes);
	const struct fleet_device *d = NULL;
	struct err e = ERR_NONE;
	size_t i;

	if (rpc_param_has(req->params, "device") && (d = req_device(req, "device", &e)) == NULL)
		return rpc_fail(req, &e);
	json_array_foreach(list, i, item) {
		classes[i] = json_string_value(item);
		if (cat_word_in("opted_out device_gone unknown", classes[i])) {
			err_set(&e, ERR_BAD_PARAMS, "class: %s: may not be sent again", classes[i]);
			return rpc_fail(req, &e);
		}
	}
	db_p_i64(p, req->user_id);
	db_p_i64(p, rpc_param_id(req->params, "campaign"));
	if (list)
		db_p_text_array(p, classes, i);
	else
		db_p_null(p);
	if (d)
		db_p_i64(p, d->id);
	else
		db_p_null(p);
	req_query(req, STMT_CAMPAIGN_RETRY, p, DB_ONCE, on_retried, req);
	return rpc_later(req);
}

/* -- campaign.test -- */

static void on_test(void *ctx, const PGresult *r, const struct err *e)
{
	struct rpc_req *req = ctx;
	struct err err = *e;
	const struct fleet_device *d = NULL;

	if (err.code == ERR_OK && db_rows(r) == 0)
		err_set(&err, ERR_NOT_FOUND, "campaign: no such campaign");
	else if (err.code == ERR_OK && db_bool(r, 0, db_col(r, "full")))
		err_set(&err, ERR_RATE_LIMITED,
			"message: you have queued as many as you may today");
	if (err.code == ERR_OK)
		d = req_device(req, "device", &err);
	if (err.code) {
		rpc_fail(req, &err);
		return;
	}
	fleet_wake(req->wad->fleet, req->user_id, d->id);
	rpc_reply_take(req, json_pack("{s:o,s:o}", "id", json_id(db_i64(r, 0, db_col(r, "id"))),
				      "device", json_id(d->id)));
}

struct rpc_done api_campaign_test(struct rpc_req *req)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	struct err e = ERR_NONE;
	const struct fleet_device *d = req_device(req, "device", &e);

	if (d == NULL)
		return rpc_fail(req, &e);
	if (d->pn.user == 0) {
		err_set(&e, ERR_DEVICE_OFFLINE, "device %.80s: is not linked to a phone", d->name);
		return rpc_fail(req, &e);
	}
	db_p_i64(p, req->user_id);
	db_p_i64(p, rpc_param_id(req->params, "campaign"));
	db_p_i64(p, d->id);
	db_p_i64(p, rpc_param_has(req->params, "to") ? rpc_param_phone(req->params, "to")
						     : (int64_t)d->pn.user);
	req_query(req, STMT_CAMPAIGN_TEST, p, DB_ONCE, on_test, req);
	return rpc_later(req);
}
