#include "daemon/api/api_device.h"

#include <inttypes.h>

#include "shared/base/xalloc.h"

#include "daemon/api/handlers.h"

/* a call that waits for something to happen to a device */
struct device_wait {
	struct list link;
	int64_t device_id;
	enum fleet_change what;
	struct rpc_req *req;
	void (*then)(struct rpc_req *req, int64_t device_id);
};

static void wait_for(struct rpc_req *req, int64_t device_id, enum fleet_change what,
		     void (*then)(struct rpc_req *req, int64_t device_id))
{
	struct device_wait *wait = xcalloc(1, sizeof *wait);

	wait->device_id = device_id;
	wait->what = what;
	wait->req = req;
	wait->then = then;
	list_add_tail(&req->wad->device_waits, &wait->link);
}

void api_device_changed(struct wad *w, const struct fleet_device *d, enum fleet_change what)
{
	LIST_EACH(l, &w->device_waits) {
		struct device_wait *wait = CONTAINER_OF(l, struct device_wait, link);

		if (wait->device_id != d->id || wait->what != what)
			continue;
		list_del(l);
		wait->then(wait->req, d->id);
		free(wait);
	}
}

/* -- results -- */

static const char *state_text(const struct fleet_device *d)
{
	if (d->fault != FAULT_NONE)
		return device_fault_name(d->fault);
	return d->pn.user ? "paired" : "unpaired";
}

static json_t *device_json(const struct fleet_device *d)
{
	json_t *o = json_pack("{s:o,s:s,s:s,s:b}", "id", json_id(d->id), "name", d->name, "state",
			      state_text(d), "online", d->state == DEVICE_ONLINE);
	char lid[64];

	if (d->pn.user)
		json_object_set_new(o, "phone", json_sprintf("%" PRIu64, d->pn.user));
	if (d->lid.user && addr_text(addr_bare(d->lid), lid))
		json_object_set_new(o, "lid", json_string(lid));
	json_put_text(o, "reason", d->fault_reason);
	return o;
}

static json_t *row_json(const struct fleet_device *d, const PGresult *r, int i)
{
	json_t *o = device_json(d);

	json_put_text(o, "push_name", db_text(r, i, db_col(r, "push_name")));
	json_object_set_new(o, "queued", json_integer(db_i64(r, i, db_col(r, "queued"))));
	json_object_set_new(o, "delay_min_ms",
			    json_integer(db_i64(r, i, db_col(r, "delay_min_ms"))));
	json_object_set_new(o, "delay_max_ms",
			    json_integer(db_i64(r, i, db_col(r, "delay_max_ms"))));
	json_put_time(o, "created_at", db_time(r, i, db_col(r, "created_at")));
	json_put_time(o, "linked_at", db_time(r, i, db_col(r, "linked_at")));
	return o;
}

static const char *pairing_state(const struct fleet_device *d)
{
	if (d->pn.user)
		return "paired";
	if (d->qr)
		return "waiting";
	return d->fault != FAULT_NONE ? "failed" : "connecting";
}

json_t *api_device_pairing(struct wad *w, const struct fleet_device *d)
{
	json_t *o = json_pack("{s:o,s:s,s:s}", "device", json_id(d->id), "name", d->name, "state",
			      pairing_state(d));
	int64_t left;

	if (d->qr) {
		left = d->qr_until.ms - clock_mono(w->clock).ms;
		json_object_set_new(o, "qr", json_string(d->qr));
		json_object_set_new(o, "qr_no", json_integer(d->qr_number));
		json_object_set_new(o, "qr_count", json_integer(d->qr_count));
		json_object_set_new(o, "expires_ms", json_integer(left > 0 ? left : 0));
	}
	if (!d->pn.user)
		json_put_text(o, "reason", d->fault_reason);
	return o;
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
	rpc_reply_take(req, device_json(fleet_find(req->wad->fleet, req->user_id, id)));
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

struct rpc_done api_device_create(struct rpc_req *req)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	bool has_min = rpc_param_has(req->params, "delay_min_ms"),
	     has_max = rpc_param_has(req->params, "delay_max_ms");
	struct err e = ERR_NONE;

	if (has_max && rpc_param_int(req->params, "delay_max_ms") <
			       (has_min ? rpc_param_int(req->params, "delay_min_ms") : 8000)) {
		err_set(&e, ERR_BAD_PARAMS, "delay_max_ms: less than delay_min_ms");
		return rpc_fail(req, &e);
	}
	if (check_name(rpc_param_text(req->params, "name"), &e))
		return rpc_fail(req, &e);
	db_p_i64(p, req->user_id);
	db_p_text(p, rpc_param_text(req->params, "name"));
	if (has_min)
		db_p_i32(p, (int32_t)rpc_param_int(req->params, "delay_min_ms"));
	else
		db_p_null(p);
	if (has_max)
		db_p_i32(p, (int32_t)rpc_param_int(req->params, "delay_max_ms"));
	else
		db_p_null(p);
	req_query(req, STMT_DEVICE_ADD, p, DB_ONCE, on_added, req);
	return rpc_later(req);
}

/* -- device.list, device.show -- */

static void ask_rows(struct rpc_req *req, int64_t id, int64_t after, int64_t limit,
		     db_result_fn done)
{
	struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	db_p_i64(p, req->user_id);
	if (id)
		db_p_i64(p, id);
	else
		db_p_null(p);
	db_p_i64(p, after);
	db_p_i64(p, limit);
	req_query(req, STMT_DEVICE_SHOW, p, DB_IDEMPOTENT, done, req);
	arena_free(a);
}

/* NULL: its removal is under way */
static json_t *listed_json(struct rpc_req *req, const PGresult *r, int i)
{
	const struct fleet_device *d =
		fleet_find(req->wad->fleet, req->user_id, db_i64(r, i, db_col(r, "id")));

	return d ? row_json(d, r, i) : NULL;
}

static void on_list(void *ctx, const PGresult *r, const struct err *e)
{
	rpc_reply_rows(ctx, r, e, listed_json);
}

struct rpc_done api_device_list(struct rpc_req *req)
{
	ask_rows(req, 0, rpc_param_id(req->params, "after"), rpc_param_int(req->params, "limit"),
		 on_list);
	return rpc_later(req);
}

static void on_show(void *ctx, const PGresult *r, const struct err *e)
{
	struct rpc_req *req = ctx;
	struct err err = *e;
	const struct fleet_device *d = err.code ? NULL : req_device(req, "device", &err);

	if (d == NULL || db_rows(r) == 0)
		rpc_fail(req, err.code ? &err
				       : &(struct err){ ERR_NOT_FOUND, "device: no such device" });
	else
		rpc_reply_take(req, row_json(d, r, 0));
}

struct rpc_done api_device_show(struct rpc_req *req)
{
	struct err e = ERR_NONE;
	const struct fleet_device *d = req_device(req, "device", &e);

	if (d == NULL)
		return rpc_fail(req, &e);
	ask_rows(req, d->id, 0, 1, on_show);
	return rpc_later(req);
}

/* -- device.pair, device.qr -- */

struct rpc_done api_device_pair(struct rpc_req *req)
{
	struct err e = ERR_NONE;
	const struct fleet_device *d = req_device(req, "device", &e);

	if (d == NULL)
		return rpc_fail(req, &e);
	if (d->pn.user && d->fault == FAULT_NONE) {
		err_set(&e, ERR_CONFLICT, "device %.80s: is linked already", d->name);
		snprintf(req->detail.hint, sizeof req->detail.hint, "log it out first");
		return rpc_fail(req, &e);
	}
	fleet_pair(req->wad->fleet, d);
	return rpc_reply_take(req, api_device_pairing(req->wad, d));
}

struct rpc_done api_device_qr(struct rpc_req *req)
{
	struct err e = ERR_NONE;
	const struct fleet_device *d = req_device(req, "device", &e);

	return d ? rpc_reply_take(req, api_device_pairing(req->wad, d)) : rpc_fail(req, &e);
}

/* -- device.logout, device.delete -- */

static void reply_device(struct rpc_req *req, int64_t device_id)
{
	const struct fleet_device *d = fleet_find(req->wad->fleet, req->user_id, device_id);

	if (d)
		rpc_reply_take(req, device_json(d));
	else
		rpc_fail(req, &(struct err){ ERR_NOT_FOUND, "device: it was deleted meanwhile" });
}

struct rpc_done api_device_logout(struct rpc_req *req)
{
	struct err e = ERR_NONE;
	const struct fleet_device *d = req_device(req, "device", &e);

	if (d == NULL)
		return rpc_fail(req, &e);
	if (d->pn.user == 0)
		return rpc_fail(req, &(struct err){ ERR_CONFLICT, "device: is not linked" });
	wait_for(req, d->id, FLEET_LOGGED_OUT, reply_device);
	fleet_logout(req->wad->fleet, d);
	return rpc_later(req);
}

struct deletion {
	struct rpc_req *req;
	int64_t device_id;
};

static void on_deleted(void *ctx, const PGresult *r, const struct err *e)
{
	struct deletion *del = ctx;

	if (e->code)
		rpc_fail(del->req, e);
	else
		rpc_reply_take(del->req, json_pack("{s:o,s:I}", "device", json_id(del->device_id),
						   "cancelled", (json_int_t)db_i64(r, 0, 0)));
	free(del);
}

static void delete_rows(struct rpc_req *req, int64_t device_id)
{
	struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	struct deletion *del = xcalloc(1, sizeof *del);

	del->req = req;
	del->device_id = device_id;
	db_p_i64(p, req->user_id);
	db_p_i64(p, device_id);
	req_query(req, STMT_DEVICE_DELETE, p, DB_IDEMPOTENT, on_deleted, del);
	arena_free(a);
}

static void remove_device(struct rpc_req *req, int64_t device_id)
{
	const struct fleet_device *d = fleet_find(req->wad->fleet, req->user_id, device_id);

	if (d == NULL) {
		rpc_fail(req, &(struct err){ ERR_NOT_FOUND, "device: it was deleted meanwhile" });
		return;
	}
	wait_for(req, device_id, FLEET_REMOVED, delete_rows);
	fleet_remove(req->wad->fleet, d);
}

struct rpc_done api_device_delete(struct rpc_req *req)
{
	struct err e = ERR_NONE;
	const struct fleet_device *d = req_device(req, "device", &e);

	if (d == NULL)
		return rpc_fail(req, &e);
	if (d->pn.user && d->fault == FAULT_NONE) {
		wait_for(req, d->id, FLEET_LOGGED_OUT, remove_device);
		fleet_logout(req->wad->fleet, d);
	} else {
		remove_device(req, d->id);
	}
	return rpc_later(req);
}
