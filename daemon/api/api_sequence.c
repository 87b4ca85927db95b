#include <inttypes.h>
#include <stdlib.h>

#include "shared/base/phone.h"
#include "shared/base/xalloc.h"

#include "daemon/api/handlers.h"
#include "daemon/api/steps_param.h"

static const char *const message_states[] = { "pending",   "pending", "sending", "sent",
					      "delivered", "read",    "failed",  "cancelled",
					      "skipped",   "expired" };

static void put_message_state(json_t *o, const char *key, int64_t s)
{
	if (s >= 0 && s < (int64_t)ARRAY_LEN(message_states))
		json_object_set_new(o, key, json_string(message_states[s]));
}

/* -- results -- */

/* columns as an object; each of cols is prefix and name */
static json_t *counts_json(const PGresult *r, int i, const char *prefix, const char *const *names,
			   size_t len)
{
	json_t *o = json_object();
	char col[32];

	for (size_t k = 0; k < len; k++) {
		snprintf(col, sizeof col, "%s%s", prefix, names[k]);
		json_object_set_new(o, names[k], json_integer(db_i64(r, i, db_col(r, col))));
	}
	return o;
}

static bool has_sender(const struct rpc_req *req)
{
	size_t n;
	int64_t *ids = fleet_senders(req->wad->fleet, req->user_id, &n);

	free(ids);
	return n > 0;
}

static json_t *sequence_json(struct rpc_req *req, const PGresult *r, int i)
{
	static const char *const texts[] = { "name", "state",    "niche",
					     "zone", "on_reply", "description" };
	static const char *const states[] = { "active",    "paused", "completed", "replied",
					      "opted_out", "failed", "removed" };
	static const char *const numbers[] = { "days", "contacts", "grace_s", "expire_s" };
	static const char *const times[] = { "started_at", "created_at", "updated_at" };
	json_t *o = json_pack("{s:o}", "id", json_id(db_i64(r, i, db_col(r, "id"))));
	int most = db_col(r, "lead_day_max");

	for (size_t k = 0; k < ARRAY_LEN(texts); k++)
		json_put_text(o, texts[k], db_text(r, i, db_col(r, texts[k])));
	json_put_text(o, "status", db_text(r, i, db_col(r, "lead_status")));
	if (strcmp(db_text(r, i, db_col(r, "state")), "active") == 0 && !has_sender(req))
		json_put_text(o, "reason", "no device is linked");
	for (size_t k = 0; k < ARRAY_LEN(numbers); k++)
		json_object_set_new(o, numbers[k],
				    json_integer(db_i64(r, i, db_col(r, numbers[k]))));
	json_object_set_new(o, "by_state", counts_json(r, i, "n_", states, ARRAY_LEN(states)));
	json_object_set_new(o, "at_once", json_boolean(db_bool(r, i, db_col(r, "at_once"))));
	if (!db_is_null(r, i, most))
		json_object_set_new(o, "lead_day_max", json_integer(db_i64(r, i, most)));
	for (size_t k = 0; k < ARRAY_LEN(times); k++)
		json_put_time(o, times[k], db_time(r, i, db_col(r, times[k])));
	return o;
}

/* JSON that the database made */
static void put_json(json_t *o, const char *key, const char *text)
{
	json_t *v = text[0] ? json_loads(text, 0, NULL) : NULL;

	json_object_set_new(o, key, v ? v : json_array());
}

static json_t *shown_json(struct rpc_req *req, const PGresult *r, int i)
{
	static const char *const states[] = { "pending",   "sending", "sent",
					      "delivered", "read",    "failed",
					      "cancelled", "skipped", "expired" };
	json_t *o = sequence_json(req, r, i), *messages;
	int64_t all = 0;

	messages = counts_json(r, i, "", states, ARRAY_LEN(states));
	for (const char *const *s = (const char *const[]){ "pending", "sending", "sent", "failed",
							   "expired", NULL };
	     *s; s++)
		all += json_integer_value(json_object_get(messages, *s));
	if (all)
		json_object_set_new(
			o, "success_rate",
			json_integer(json_integer_value(json_object_get(messages, "sent")) * 100 /
				     all));
	json_object_set_new(o, "messages", messages);
	put_json(o, "steps", db_text(r, i, db_col(r, "steps_json")));
	return o;
}

#define NO_SEQUENCE "sequence: no such sequence"

static void fail_unknown(struct rpc_req *req)
{
	rpc_fail(req, &(struct err){ ERR_NOT_FOUND, NO_SEQUENCE });
}

static void on_show(void *ctx, const PGresult *r, const struct err *e)
{
	rpc_reply_row(ctx, r, e, shown_json, NO_SEQUENCE);
}

static void reply_sequence(struct rpc_req *req, int64_t id)
{
	struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	db_p_i64(p, req->user_id);
	db_p_i64(p, id);
	req_query(req, STMT_SEQUENCE_SHOW, p, DB_IDEMPOTENT, on_show, req);
	arena_free(a);
}

struct rpc_done api_sequence_show(struct rpc_req *req)
{
	reply_sequence(req, rpc_param_id(req->params, "sequence"));
	return rpc_later(req);
}

/* -- create, update -- */

static void put_int(struct rpc_req *req, struct db_params *p, const char *name)
{
	if (rpc_param_has(req->params, name))
		db_p_i32(p, (int32_t)rpc_param_int(req->params, name));
	else
		db_p_null(p);
}

static void put_bool(struct rpc_req *req, struct db_params *p, const char *name)
{
	if (rpc_param_has(req->params, name))
		db_p_bool(p, rpc_param_bool(req->params, name));
	else
		db_p_null(p);
}

/* the parameters that both have, in the order of the statements; steps last */
static void put_settings(struct rpc_req *req, struct db_params *p, const char *steps)
{
	static const char *const texts[] = { "name",   "description", "niche",
					     "status", "zone",        "on_reply" };
	bool creates = req->method == &cat_sequence_create;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		db_p_text(p, rpc_param_text(req->params, texts[i]));
	if (creates)
		db_p_bool(p, rpc_param_bool(req->params, "at_once"));
	else
		put_bool(req, p, "at_once");
	if (creates && rpc_param_int(req->params, "lead_day_max") == 0)
		db_p_null(p);
	else
		put_int(req, p, "lead_day_max");
	put_int(req, p, "grace_s");
	put_int(req, p, "expire_s");
	db_p_text(p, steps);
}

static void on_written(void *ctx, const PGresult *r, const struct err *e)
{
	struct rpc_req *req = ctx;
	bool creates = req->method == &cat_sequence_create;

	if (e->code)
		rpc_fail(req, e);
	else if (!db_bool(r, 0, db_col(r, "good")))
		rpc_fail(req, &(struct err){ ERR_BAD_PARAMS, "zone: no such time zone" });
	else if (!creates && !db_bool(r, 0, db_col(r, "known")))
		fail_unknown(req);
	else if (db_is_null(r, 0, db_col(r, "id")))
		rpc_fail(req, &(struct err){ ERR_CONFLICT, "name: another sequence has it" });
	else {
		sequences_look(req->wad->sequences);
		reply_sequence(req, db_i64(r, 0, db_col(r, "id")));
	}
}

static void write_it(struct rpc_req *req, const char *steps)
{
	bool creates = req->method == &cat_sequence_create;
	struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	db_p_i64(p, req->user_id);
	if (!creates)
		db_p_i64(p, rpc_param_id(req->params, "sequence"));
	put_settings(req, p, steps);
	req_query(req, creates ? STMT_SEQUENCE_CREATE : STMT_SEQUENCE_UPDATE, p, DB_ONCE,
		  on_written, req);
	arena_free(a);
}

struct rpc_done api_sequence_create(struct rpc_req *req)
{
	steps_param_take(req, write_it);
	return rpc_later(req);
}

struct rpc_done api_sequence_update(struct rpc_req *req)
{
	static const char *const of_steps[] = { "send_time", "delay_min_ms", "delay_max_ms" };

	for (size_t i = 0; i < ARRAY_LEN(of_steps); i++)
		if (rpc_param_has(req->params, of_steps[i]) &&
		    !rpc_param_has(req->params, "steps")) {
			struct err e = ERR_NONE;

			err_set(&e, ERR_BAD_PARAMS, "%s: only with steps", of_steps[i]);
			return rpc_fail(req, &e);
		}
	steps_param_take(req, write_it);
	return rpc_later(req);
}

/* -- start, pause, resume, delete, remove: one statement each, then the shards are told -- */

struct change {
	struct rpc_req *req;
	int64_t id;
	const char *refusal;
	bool wakes;   /* there may be something to send; else the windows give it back */
	bool deletes; /* there is nothing to show afterwards */
};

static void on_changed(void *ctx, const PGresult *r, const struct err *e)
{
	struct change *c = ctx;
	struct rpc_req *req = c->req;
	struct err err = *e;

	if (err.code == ERR_OK && db_rows(r) == 0)
		err_set(&err, c->deletes ? ERR_NOT_FOUND : ERR_CONFLICT, "sequence %" PRId64 ": %s",
			c->id, c->refusal);
	if (err.code) {
		rpc_fail(req, &err);
	} else {
		if (c->wakes)
			sequences_look(req->wad->sequences);
		else
			fleet_forget(req->wad->fleet, req->user_id, 0);
		fleet_wake(req->wad->fleet, req->user_id, 0);
		if (c->deletes)
			rpc_reply_take(req, json_pack("{s:o}", "sequence", json_id(c->id)));
		else
			reply_sequence(req, c->id);
	}
	free(c);
}

/* user and sequence are the first parameters of all these statements */
static struct rpc_done change(struct rpc_req *req, enum stmt stmt, struct change how,
			      void (*put_rest)(struct rpc_req *req, struct db_params *p))
{
	struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	struct change *c = xmemdup(&how, sizeof how);

	c->req = req;
	c->id = rpc_param_id(req->params, "sequence");
	db_p_i64(p, req->user_id);
	db_p_i64(p, c->id);
	if (put_rest)
		put_rest(req, p);
	req_query(req, stmt, p, DB_ONCE, on_changed, c);
	arena_free(a);
	return rpc_later(req);
}

static void put_drafts(struct rpc_req *req, struct db_params *p)
{
	db_p_text_array(p, (const char *const[]){ "draft", "paused" }, 2);
	sequences_put_day(req->wad->sequences, p);
}

static void put_paused(struct rpc_req *req, struct db_params *p)
{
	db_p_text_array(p, (const char *const[]){ "paused" }, 1);
	sequences_put_day(req->wad->sequences, p);
}

static void put_pause_one(struct rpc_req *req, struct db_params *p)
{
	db_p_i64(p, rpc_param_phone(req->params, "phone"));
	db_p_text(p, "paused");
}

static void put_remove_one(struct rpc_req *req, struct db_params *p)
{
	db_p_i64(p, rpc_param_phone(req->params, "phone"));
	db_p_text(p, "removed");
}

static void put_resume_one(struct rpc_req *req, struct db_params *p)
{
	db_p_i64(p, rpc_param_phone(req->params, "phone"));
	sequences_put_day(req->wad->sequences, p);
}

struct rpc_done api_sequence_start(struct rpc_req *req)
{
	return change(req, STMT_SEQUENCE_START,
		      (struct change){ .wakes = true, .refusal = "not there, or active already" },
		      put_drafts);
}

struct rpc_done api_sequence_pause(struct rpc_req *req)
{
	if (rpc_param_has(req->params, "phone"))
		return change(req, STMT_SEQUENCE_CONTACT_STOP,
			      (struct change){ .refusal = "no such active contact" },
			      put_pause_one);
	return change(req, STMT_SEQUENCE_PAUSE,
		      (struct change){ .refusal = "not there, or not active" }, NULL);
}

struct rpc_done api_sequence_resume(struct rpc_req *req)
{
	if (rpc_param_has(req->params, "phone"))
		return change(req, STMT_SEQUENCE_CONTACT_RESUME,
			      (struct change){ .wakes = true, .refusal = "no such paused contact" },
			      put_resume_one);
	return change(req, STMT_SEQUENCE_START,
		      (struct change){ .wakes = true, .refusal = "not there, or not paused" },
		      put_paused);
}

struct rpc_done api_sequence_remove(struct rpc_req *req)
{
	return change(req, STMT_SEQUENCE_CONTACT_STOP,
		      (struct change){ .refusal = "no such contact" }, put_remove_one);
}

struct rpc_done api_sequence_delete(struct rpc_req *req)
{
	return change(req, STMT_SEQUENCE_DELETE,
		      (struct change){ .deletes = true, .refusal = "no such sequence" }, NULL);
}

/* -- sequence.enrol -- */

enum { REFUSED_SHOWN = 20 };

struct enrolment {
	struct rpc_req *req;
	json_t *refused;
	int64_t invalid, given;
};

static void on_enrolled(void *ctx, const PGresult *r, const struct err *e)
{
	struct enrolment *n = ctx;
	struct rpc_req *req = n->req;

	if (e->code) {
		rpc_fail(req, e);
	} else if (db_rows(r) == 0) {
		fail_unknown(req);
	} else {
		int64_t added = db_i64(r, 0, db_col(r, "added")),
			out = db_i64(r, 0, db_col(r, "opted_out"));
		json_t *o = json_pack("{s:I,s:I,s:I,s:I}", "added", (json_int_t)added, "already",
				      (json_int_t)(n->given - added - out), "opted_out",
				      (json_int_t)out, "invalid", (json_int_t)n->invalid);

		if (n->invalid)
			json_object_set(o, "refused", n->refused);
		sequences_look(req->wad->sequences);
		rpc_reply_take(req, o);
	}
	json_decref(n->refused);
	free(n);
}

struct rpc_done api_sequence_enrol(struct rpc_req *req)
{
	const json_t *list = json_object_get(req->params, "phones");
	struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	int64_t *phones = arena_alloc(a, (json_array_size(list) + 1) * sizeof *phones);
	struct enrolment *n = xcalloc(1, sizeof *n);
	json_t *item;
	size_t i;

	n->req = req;
	n->refused = json_array();
	json_array_foreach(list, i, item) {
		if (phone_parse(json_string_value(item), req->detail.country, &phones[n->given]) ==
		    NULL)
			n->given++;
		else if (n->invalid++ < REFUSED_SHOWN)
			json_array_append(n->refused, item);
	}
	db_p_i64(p, req->user_id);
	db_p_i64(p, rpc_param_id(req->params, "sequence"));
	db_p_i64_array(p, phones, (size_t)n->given);
	req_query(req, STMT_SEQUENCE_ADD_CONTACTS, p, DB_ONCE, on_enrolled, n);
	arena_free(a);
	return rpc_later(req);
}

/* -- lists -- */

/* rows of one sequence: none means that there is no such sequence, one without an id that it has none */
static void reply_rows_of_one(struct rpc_req *req, const PGresult *r, const struct err *e,
			      json_t *(*row_json)(struct rpc_req *req, const PGresult *r, int i))
{
	if (e->code == ERR_OK && db_rows(r) == 0)
		fail_unknown(req);
	else if (e->code == ERR_OK && db_is_null(r, 0, db_col(r, "id")))
		rpc_reply_take(req, json_pack("{s:[]}", req->method->list));
	else
		rpc_reply_rows(req, r, e, row_json);
}

static void on_list(void *ctx, const PGresult *r, const struct err *e)
{
	rpc_reply_rows(ctx, r, e, sequence_json);
}

struct rpc_done api_sequence_list(struct rpc_req *req)
{
	struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	db_p_i64(p, req->user_id);
	db_p_text(p, rpc_param_text(req->params, "state"));
	db_p_i64(p, rpc_param_id(req->params, "after"));
	db_p_i64(p, rpc_param_int(req->params, "limit"));
	req_query(req, STMT_SEQUENCE_LIST, p, DB_IDEMPOTENT, on_list, req);
	arena_free(a);
	return rpc_later(req);
}

static void put_phone(struct rpc_req *req, struct db_params *p)
{
	if (rpc_param_has(req->params, "phone"))
		db_p_i64(p, rpc_param_phone(req->params, "phone"));
	else
		db_p_null(p);
}

static json_t *contact_json(struct rpc_req *req, const PGresult *r, int i)
{
	json_t *o = json_pack("{s:o}", "id", json_id(db_i64(r, i, db_col(r, "id"))));

	(void)req;
	json_put_id(o, "phone", db_i64(r, i, db_col(r, "phone")));
	json_put_text(o, "name", db_text(r, i, db_col(r, "name")));
	json_put_text(o, "state", db_text(r, i, db_col(r, "state")));
	json_object_set_new(o, "day", json_integer(db_i64(r, i, db_col(r, "day"))));
	json_put_time(o, "next_at", db_time(r, i, db_col(r, "next_at")));
	json_put_id(o, "device", db_i64(r, i, db_col(r, "device_id")));
	json_put_id(o, "message", db_i64(r, i, db_col(r, "message_id")));
	if (!db_is_null(r, i, db_col(r, "message_state")))
		put_message_state(o, "message_state", db_i64(r, i, db_col(r, "message_state")));
	json_put_time(o, "last_at", db_time(r, i, db_col(r, "day_at")));
	json_put_time(o, "enrolled_at", db_time(r, i, db_col(r, "enrolled_at")));
	json_put_time(o, "ended_at", db_time(r, i, db_col(r, "ended_at")));
	return o;
}

static void on_contacts(void *ctx, const PGresult *r, const struct err *e)
{
	reply_rows_of_one(ctx, r, e, contact_json);
}

struct rpc_done api_sequence_contacts(struct rpc_req *req)
{
	struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	db_p_i64(p, req->user_id);
	db_p_i64(p, rpc_param_id(req->params, "sequence"));
	db_p_text(p, rpc_param_text(req->params, "state"));
	put_phone(req, p);
	db_p_i64(p, rpc_param_id(req->params, "after"));
	db_p_i64(p, rpc_param_int(req->params, "limit"));
	req_query(req, STMT_SEQUENCE_CONTACTS, p, DB_IDEMPOTENT, on_contacts, req);
	arena_free(a);
	return rpc_later(req);
}

static json_t *log_json(struct rpc_req *req, const PGresult *r, int i)
{
	json_t *o = json_pack("{s:o}", "id", json_id(db_i64(r, i, db_col(r, "id"))));

	(void)req;
	json_put_time(o, "at", db_time(r, i, db_col(r, "at")));
	json_put_id(o, "phone", db_i64(r, i, db_col(r, "recipient")));
	json_object_set_new(o, "day", json_integer(db_i64(r, i, db_col(r, "day"))));
	json_object_set_new(o, "part", json_integer(db_i64(r, i, db_col(r, "part"))));
	put_message_state(o, "state", db_i64(r, i, db_col(r, "state")));
	json_put_id(o, "device", db_i64(r, i, db_col(r, "device_id")));
	json_put_text(o, "msg_id", db_text(r, i, db_col(r, "msg_id")));
	json_put_text(o, "error", db_text(r, i, db_col(r, "error")));
	return o;
}

static void on_log(void *ctx, const PGresult *r, const struct err *e)
{
	reply_rows_of_one(ctx, r, e, log_json);
}

struct rpc_done api_sequence_log(struct rpc_req *req)
{
	struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	db_p_i64(p, req->user_id);
	db_p_i64(p, rpc_param_id(req->params, "sequence"));
	put_phone(req, p);
	db_p_i64(p, rpc_param_id(req->params, "after"));
	db_p_i64(p, rpc_param_int(req->params, "limit"));
	req_query(req, STMT_SEQUENCE_LOG, p, DB_IDEMPOTENT, on_log, req);
	arena_free(a);
	return rpc_later(req);
}

/* -- sequence.summary -- */

static void on_summary(void *ctx, const PGresult *r, const struct err *e)
{
	static const char *const states[] = { "total", "active", "paused", "draft" };
	struct rpc_req *req = ctx;
	json_t *o;

	if (e->code) {
		rpc_fail(req, e);
		return;
	}
	o = json_pack("{s:o,s:{s:I,s:I}}", "sequences",
		      counts_json(r, 0, "", states, ARRAY_LEN(states)), "contacts", "total",
		      (json_int_t)db_i64(r, 0, db_col(r, "contacts")), "average_per_sequence",
		      (json_int_t)db_i64(r, 0, db_col(r, "average")));
	put_json(o, "recent", db_text(r, 0, db_col(r, "recent")));
	rpc_reply_take(req, o);
}

struct rpc_done api_sequence_summary(struct rpc_req *req)
{
	struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	db_p_i64(p, req->user_id);
	req_query(req, STMT_SEQUENCE_SUMMARY, p, DB_IDEMPOTENT, on_summary, req);
	arena_free(a);
	return rpc_later(req);
}
