#include "daemon/api/request.h"

#include <inttypes.h>
#include <stdlib.h>

struct rpc_done rpc_reply_take(struct rpc_req *req, json_t *result)
{
	if (result == NULL)
		return rpc_fail(req,
				&(struct err){ ERR_INTERNAL, "the answer could not be built" });
	req->answer_take(req, result, NULL);
	return (struct rpc_done){ 1 };
}

struct rpc_done rpc_fail(struct rpc_req *req, const struct err *e)
{
	req->answer_take(req, NULL, e);
	return (struct rpc_done){ 1 };
}

struct rpc_done rpc_reply_page_take(struct rpc_req *req, json_t *result, const PGresult *r)
{
	int rows = db_rows(r);

	if (rows && rows == rpc_param_int(req->params, "limit"))
		json_object_set_new(result, "next", json_id(db_i64(r, rows - 1, db_col(r, "id"))));
	return rpc_reply_take(req, result);
}

struct rpc_done rpc_later(struct rpc_req *req)
{
	(void)req;
	return (struct rpc_done){ 0 };
}

enum errc rpc_admit(struct rpc_req *req, const struct cat_method *m, json_t *params, struct err *e)
{
	if (m->role > req->role)
		return err_set(e, ERR_FORBIDDEN, "%s: not permitted to this caller", m->name);
	if (req->wad->stopping && m->writes)
		return err_set(e, ERR_SHUTTING_DOWN, "%s: the daemon is stopping", m->name);
	req->method = m;
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
