/* device.create, update, pause, resume: what is set for a device. */
#include "daemon/api/api_device.h"
#include "daemon/api/handlers.h"
#include "daemon/client/route.h"
#include "daemon/engine/reply_when.h"

/* -- what both create and update take -- */

struct quiet {
	bool given;
	char from[6], to[6]; /* both empty: none */
};

static enum errc read_quiet(const struct rpc_req *req, struct quiet *q, struct err *e)
{
	const char *text = rpc_param_text(req->params, "quiet_hours");

	*q = (struct quiet){ .given = text != NULL };
	if (text == NULL || strcmp(text, "never") == 0)
		return ERR_OK;
	if (strcmp(text, "always") == 0 || !reply_hours_parse(text, q->from, q->to) ||
	    strcmp(q->from, q->to) == 0)
		return err_set(e, ERR_BAD_PARAMS,
			       "quiet_hours: must be like 22:00-07:00, or never");
	return ERR_OK;
}

static void put_quiet(struct db_params *p, const struct quiet *q)
{
	db_p_text(p, q->from[0] ? q->from : NULL);
	db_p_text(p, q->to[0] ? q->to : NULL);
}

static void put_int(const struct rpc_req *req, struct db_params *p, const char *name)
{
	if (rpc_param_has(req->params, name))
		db_p_i32(p, (int32_t)rpc_param_int(req->params, name));
	else
		db_p_null(p);
}

static void put_bool(const struct rpc_req *req, struct db_params *p, const char *name)
{
	if (rpc_param_has(req->params, name))
		db_p_bool(p, rpc_param_bool(req->params, name));
	else
		db_p_null(p);
}

static void put_pace(const struct rpc_req *req, struct db_params *p)
{
	put_int(req, p, "delay_min_ms");
	put_int(req, p, "delay_max_ms");
	put_int(req, p, "per_minute_max");
	put_int(req, p, "per_hour_max");
	put_int(req, p, "per_day_max");
	put_bool(req, p, "warm_up");
}

/* NULL: not given; empty: none. The text itself is never told. */
static enum errc read_proxy(const struct rpc_req *req, const char **ret, struct err *e)
{
	const char *text = rpc_param_text(req->params, "proxy");
	struct err why = ERR_NONE;
	struct proxy proxy;

	*ret = text;
	if (text == NULL || text[0] == '\0')
		return ERR_OK;
	if (proxy_parse(text, &proxy, &why))
		return err_set(e, ERR_BAD_PARAMS, "%s", why.msg);
	proxy_wipe(&proxy);
	return ERR_OK;
}

static void put_proxy(const struct rpc_req *req, struct arena *a, struct db_params *p, int64_t id,
		      const char *text)
{
	if (text && text[0])
		db_p_bytes(p, route_seal(req->wad->sealer, a, req->user_id, id, text));
	else
		db_p_null(p);
}

static enum errc max_below_min(struct err *e)
{
	return err_set(e, ERR_BAD_PARAMS, "delay_max_ms: less than delay_min_ms");
}

/* -- device.create -- */

static void on_added(void *ctx, const PGresult *r, const struct err *e)
{
	struct rpc_req *req = ctx;
	const char *name = rpc_param_text(req->params, "name");
	struct err err = ERR_NONE;
	int64_t id;

	if (e->code) {
		rpc_fail(req, e);
		return;
	}
	if (db_rows(r) == 0) {
		if (fleet_find_name(req->wad->fleet, req->user_id, name))
			err_set(&err, ERR_CONFLICT, "device %.80s: the name is taken", name);
		else
			err_set(&err, ERR_CONFLICT,
				"device %.80s: you have as many devices as you may", name);
		rpc_fail(req, &err);
		return;
	}
	id = db_i64(r, 0, db_col(r, "id"));
	fleet_add(req->wad->fleet, req->user_id, id, name);
	api_device_answer(req, id);
}

/* a name is typed where an id may stand, and printed on terminals */
static enum errc check_name(const char *name, struct err *e)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < len; i++)
		if ((unsigned char)name[i] < ' ' || name[i] == 0x7f)
			return err_set(e, ERR_BAD_PARAMS, "name: holds a control character");
	if (name[0] == ' ' || name[len - 1] == ' ')
		return err_set(e, ERR_BAD_PARAMS, "name: begins or ends with a blank");
	if (len < 7 && strspn(name, "0123456789") == len)
		return err_set(e, ERR_BAD_PARAMS, "name: '%s' would be taken for an id", name);
	return ERR_OK;
}

/* what is sealed is bound to the id, so that comes first; the parameters were checked */
static void add_device(struct rpc_req *req, int64_t id)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	struct err e = ERR_NONE;
	struct quiet quiet;
	const char *proxy;

	if (read_quiet(req, &quiet, &e) || read_proxy(req, &proxy, &e)) {
		rpc_fail(req, &e);
		return;
	}
	db_p_i64(p, req->user_id);
	db_p_text(p, rpc_param_text(req->params, "name"));
	put_pace(req, p);
	put_quiet(p, &quiet);
	put_int(req, p, "keep_days");
	put_bool(req, p, "store_chats");
	db_p_text(p, fleet_node(req->wad->fleet));
	db_p_i64(p, id);
	put_proxy(req, a, p, id, proxy);
	req_query(req, STMT_DEVICE_ADD, p, DB_ONCE, on_added, req);
}

static void on_id(void *ctx, const PGresult *r, const struct err *e)
{
	struct rpc_req *req = ctx;

	if (e->code)
		rpc_fail(req, e);
	else
		add_device(req, db_i64(r, 0, db_col(r, "id")));
}

struct rpc_done api_device_create(struct rpc_req *req)
{
	AUTO_ARENA struct arena *a = arena_new();
	bool has_min = rpc_param_has(req->params, "delay_min_ms"),
	     has_max = rpc_param_has(req->params, "delay_max_ms");
	struct err e = ERR_NONE;
	struct quiet quiet;
	const char *proxy;

	if (has_max && rpc_param_int(req->params, "delay_max_ms") <
			       (has_min ? rpc_param_int(req->params, "delay_min_ms") : 8000)) {
		max_below_min(&e);
		return rpc_fail(req, &e);
	}
	if (check_name(rpc_param_text(req->params, "name"), &e) || read_quiet(req, &quiet, &e) ||
	    read_proxy(req, &proxy, &e))
		return rpc_fail(req, &e);
	/* no tenant's row: the sequence is everybody's */
	db_query(req->wad->db, STMT_DEVICE_ID, db_params_new(a), DB_IDEMPOTENT, on_id, req);
	return rpc_later(req);
}

/* -- device.update -- */

static void on_updated(void *ctx, const PGresult *r, const struct err *e)
{
	struct rpc_req *req = ctx;
	struct err err = *e;
	const struct fleet_device *d = err.code ? NULL : req_device(req, "device", &err);

	if (err.code == ERR_OK && db_rows(r) == 0)
		max_below_min(&err);
	if (err.code) {
		rpc_fail(req, &err);
		return;
	}
	fleet_settings(req->wad->fleet, req->user_id, d->id);
	api_device_answer(req, d->id);
}

struct rpc_done api_device_update(struct rpc_req *req)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	struct err e = ERR_NONE;
	const struct fleet_device *d = req_device(req, "device", &e);
	struct quiet quiet;
	const char *proxy;

	if (d == NULL || read_quiet(req, &quiet, &e) || read_proxy(req, &proxy, &e))
		return rpc_fail(req, &e);
	db_p_i64(p, req->user_id);
	db_p_i64(p, d->id);
	put_pace(req, p);
	db_p_bool(p, quiet.given);
	put_quiet(p, &quiet);
	put_int(req, p, "keep_days");
	put_bool(req, p, "store_chats");
	db_p_bool(p, proxy != NULL);
	put_proxy(req, a, p, d->id, proxy);
	req_query(req, STMT_DEVICE_UPDATE, p, DB_IDEMPOTENT, on_updated, req);
	return rpc_later(req);
}

/* -- device.pause, device.resume -- */

static void on_switched(struct rpc_req *req, const struct err *e, bool paused)
{
	struct err err = *e;
	const struct fleet_device *d = err.code ? NULL : req_device(req, "device", &err);

	if (d == NULL) {
		rpc_fail(req, &err);
		return;
	}
	fleet_set_paused(req->wad->fleet, d, paused,
			 paused ? rpc_param_text(req->params, "reason") : NULL);
	api_device_answer(req, d->id);
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

struct rpc_done api_device_pause(struct rpc_req *req)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	struct err e = ERR_NONE;
	const struct fleet_device *d = req_device(req, "device", &e);

	if (d == NULL)
		return rpc_fail(req, &e);
	db_p_i64(p, req->user_id);
	db_p_i64(p, d->id);
	db_p_text(p, rpc_param_text(req->params, "reason"));
	db_p_bool(p, false);
	req_query(req, STMT_DEVICE_PAUSE, p, DB_IDEMPOTENT, on_paused, req);
	return rpc_later(req);
}

struct rpc_done api_device_resume(struct rpc_req *req)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	struct err e = ERR_NONE;
	const struct fleet_device *d = req_device(req, "device", &e);

	if (d == NULL)
		return rpc_fail(req, &e);
	if (d->pn.user && d->fault != FAULT_NONE)
		fleet_pair(req->wad->fleet, d); /* stopped: the operator's word to try again */
	db_p_i64(p, req->user_id);
	db_p_i64(p, d->id);
	req_query(req, STMT_DEVICE_RESUME, p, DB_IDEMPOTENT, on_resumed, req);
	return rpc_later(req);
}
