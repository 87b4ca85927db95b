#include "daemon/api/request.h"

#include <inttypes.h>
#include <stdlib.h>

enum { AUDIT_TEXT_MAX = 200, AUDIT_LIST_MAX = 50 };

/* no secrets, no files, no long texts and lists */
static json_t *audit_params(const struct rpc_req *req)
{
	json_t *o = json_object();

	for (const struct cat_param *p = req->method->in; p->name; p++) {
		json_t *v = json_object_get(req->params, p->name);

		if (v == NULL || p->type == CAT_SECRET || p->type == CAT_BYTES ||
		    p->type == CAT_DOC || p->type == CAT_OBJECTS ||
		    (json_is_string(v) && json_string_length(v) > AUDIT_TEXT_MAX) ||
		    (json_is_array(v) && json_array_size(v) > AUDIT_LIST_MAX))
			continue;
		json_object_set(o, p->name, v);
	}
	return o;
}

/* what was made, else what the call names first */
static const char *audit_object(const struct rpc_req *req, const json_t *result)
{
	const json_t *id = json_object_get(result, "id");

	if (json_is_string(id))
		return json_string_value(id);
	for (const struct cat_param *p = req->method->in; p->name; p++)
		if (json_is_string(json_object_get(req->params, p->name)) &&
		    (p->type == CAT_REF || p->type == CAT_ID))
			return json_string_value(json_object_get(req->params, p->name));
	return "";
}

/* the one place: every writing method that succeeded passes here */
static void audit(const struct rpc_req *req, const json_t *result)
{
	json_t *params;
	char *text;

	if (!req->method->writes || req->wad->accounts == NULL ||
	    rpc_param_bool(req->params, "dry_run"))
		return;
	params = audit_params(req);
	text = json_dumps(params, JSON_COMPACT);
	accounts_audit(req->wad->accounts,
		       &(struct account_act){ .user_id = req->user_id,
					      .actor_id = req->actor_id,
					      .method = req->method->name,
					      .object = audit_object(req, result),
					      .params = text });
	free(text);
	json_decref(params);
}

struct rpc_done rpc_reply_take(struct rpc_req *req, json_t *result)
{
	if (result == NULL)
		return rpc_fail(req,
				&(struct err){ ERR_INTERNAL, "the answer could not be built" });
	audit(req, result);
	req->wad->calls_done++;
	req->answer_take(req, result, NULL);
	return (struct rpc_done){ 1 };
}

struct rpc_done rpc_fail(struct rpc_req *req, const struct err *e)
{
	req->wad->calls_failed++;
	req->answer_take(req, NULL, e);
	return (struct rpc_done){ 1 };
}

void rpc_reply_row(struct rpc_req *req, const PGresult *r, const struct err *e,
		   json_t *(*row_json)(struct rpc_req *req, const PGresult *r, int i),
		   const char *missing)
{
	struct err none = ERR_NONE;

	if (e->code) {
		rpc_fail(req, e);
	} else if (db_rows(r) == 0) {
		err_set(&none, ERR_NOT_FOUND, "%s", missing);
		rpc_fail(req, &none);
	} else {
		rpc_reply_take(req, row_json(req, r, 0));
	}
}

void rpc_reply_rows(struct rpc_req *req, const PGresult *r, const struct err *e,
		    json_t *(*row_json)(struct rpc_req *req, const PGresult *r, int i))
{
	int rows = e->code ? 0 : db_rows(r);
	json_t *list, *result;

	if (e->code) {
		rpc_fail(req, e);
		return;
	}
	list = json_array();
	result = json_pack("{s:o}", req->method->list, list);
	for (int i = 0; i < rows; i++) {
		json_t *o = row_json(req, r, i);

		if (o)
			json_array_append_new(list, o);
	}
	if (rows && rows == rpc_param_int(req->params, "limit"))
		json_object_set_new(result, "next", json_id(db_i64(r, rows - 1, db_col(r, "id"))));
	rpc_reply_take(req, result);
}

struct rpc_done rpc_later(struct rpc_req *req)
{
	(void)req;
	return (struct rpc_done){ 0 };
}

enum errc rpc_admit(struct rpc_req *req, const struct cat_method *m, json_t *params, struct err *e)
{
	const struct user *u = accounts_find(req->wad->accounts, req->user_id);

	/* who acts as another may go back */
	if (m->role > (m == &cat_system_act_as ? req->own_role : req->role))
		return err_set(e, req->role ? ERR_FORBIDDEN : ERR_UNAUTHENTICATED,
			       "%s: not permitted to this caller", m->name);
	if (req->wad->stopping && m->writes)
		return err_set(e, ERR_SHUTTING_DOWN, "%s: the daemon is stopping", m->name);
	req->method = m;
	req->detail.country = u ? u->default_country : 0;
	if (rpc_validate(m, params, &req->params, &req->detail, e))
		return err_wrap(e, "%s", m->name);
	return ERR_OK;
}

const struct fleet_device *req_device(struct rpc_req *req, const char *param, struct err *e)
{
	const char *ref = rpc_param_text(req->params, param);
	const struct fleet_device *d = fleet_find_name(req->wad->fleet, req->user_id, ref);

	if (d == NULL && ref[0] && strspn(ref, "0123456789") == strlen(ref) && strlen(ref) < 19)
		d = fleet_find(req->wad->fleet, req->user_id, strtoll(ref, NULL, 10));
	if (d == NULL)
		err_set(e, ERR_NOT_FOUND, "device %.80s: no such device", ref);
	return d;
}

const struct user *req_user(struct rpc_req *req, const char *param, struct err *e)
{
	const char *ref = rpc_param_text(req->params, param);
	const struct user *u = accounts_find_name(req->wad->accounts, ref);

	if (u == NULL && ref[0] && strspn(ref, "0123456789") == strlen(ref) && strlen(ref) < 19)
		u = accounts_find(req->wad->accounts, strtoll(ref, NULL, 10));
	if (u == NULL)
		err_set(e, ERR_NOT_FOUND, "user %.64s: no such user", ref);
	return u;
}

void req_query(struct rpc_req *req, enum stmt stmt, const struct db_params *p,
	       enum db_query_flags flags, db_result_fn done, void *ctx)
{
	db_query_as(req->wad->db, req->user_id, stmt, p, flags, done, ctx);
}

json_t *req_dry_run(const struct rpc_req *req)
{
	return rpc_param_bool(req->params, "dry_run") ? json_true() : NULL;
}

json_t *json_id(int64_t id)
{
	return json_sprintf("%" PRId64, id);
}

void json_put_id(json_t *o, const char *key, int64_t id)
{
	if (id)
		json_object_set_new(o, key, json_id(id));
}

void json_put_text(json_t *o, const char *key, const char *text)
{
	if (text && text[0])
		json_object_set_new(o, key, json_string(text));
}

void json_put_time(json_t *o, const char *key, unix_ms t)
{
	char text[25];

	if (t.ms == INT64_MIN)
		return;
	unix_ms_text(t, text);
	json_object_set_new(o, key, json_string(text));
}
