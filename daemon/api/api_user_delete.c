/* user.delete: what would be lost; the user's devices one after the other, when the name is confirmed; then the
 * rows. */
#include <stdlib.h>

#include "shared/base/xalloc.h"

#include "daemon/api/api_device.h"
#include "daemon/api/handlers.h"
#include "daemon/api/rpc_server.h"

struct departure {
	struct rpc_req *req;
	int64_t user_id;
	int64_t devices; /* removed */
	int64_t campaigns, leads, queued;
};

static void departure_fail(struct departure *d, const struct err *e)
{
	rpc_fail(d->req, e);
	free(d);
}

static json_t *departure_json(const struct departure *d, bool dry_run)
{
	json_t *o = json_pack("{s:o,s:I,s:I,s:I,s:I}", "user", json_id(d->user_id), "devices",
			      (json_int_t)d->devices, "campaigns", (json_int_t)d->campaigns,
			      "leads", (json_int_t)d->leads, "queued", (json_int_t)d->queued);

	if (dry_run)
		json_object_set_new(o, "dry_run", json_true());
	return o;
}

static void on_gone(void *ctx, const struct account_reply *r, const struct err *e)
{
	struct departure *d = ctx;

	(void)r;
	if (d->req->wad->rpc)
		rpc_server_users_changed(d->req->wad->rpc);
	if (e->code) {
		departure_fail(d, e);
		return;
	}
	rpc_reply_take(d->req, departure_json(d, false));
	free(d);
}

static void on_rows_gone(void *ctx, const PGresult *r, const struct err *e)
{
	struct departure *d = ctx;

	if (e->code) {
		departure_fail(d, e);
		return;
	}
	if (db_rows(r) == 0) {
		departure_fail(d, &(struct err){ ERR_CONFLICT, "user: has devices" });
		return;
	}
	accounts_reload(d->req->wad->accounts, on_gone, d);
}

static void remove_next(struct departure *d);

static void on_device_gone(void *ctx, int64_t cancelled, const struct err *e)
{
	struct departure *d = ctx;

	(void)cancelled;
	if (e->code && e->code != ERR_NOT_FOUND) { /* another call may have deleted it */
		departure_fail(d, e);
		return;
	}
	d->devices += e->code == ERR_OK;
	remove_next(d);
}

static void remove_next(struct departure *d)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	const struct fleet_device *device;
	struct wad *w = d->req->wad;
	int64_t after = 0;

	device = fleet_next(w->fleet, d->user_id, &after);
	if (device) {
		api_device_remove(w, device, on_device_gone, d);
		return;
	}
	db_p_i64(p, d->user_id);
	db_query(w->db, STMT_USER_DELETE, p, DB_ONCE, on_rows_gone, d);
}

static void on_counted(void *ctx, const PGresult *r, const struct err *e)
{
	struct departure *d = ctx;
	struct rpc_req *req = d->req;
	int64_t devices = e->code ? 0 : db_i64(r, 0, db_col(r, "devices"));

	if (e->code) {
		departure_fail(d, e);
		return;
	}
	d->campaigns = db_i64(r, 0, db_col(r, "campaigns"));
	d->leads = db_i64(r, 0, db_col(r, "leads"));
	d->queued = db_i64(r, 0, db_col(r, "queued"));
	if (rpc_param_bool(req->params, "dry_run")) {
		d->devices = devices;
		rpc_reply_take(req, departure_json(d, true));
		free(d);
	} else if (devices && !rpc_param_has(req->params, "confirm")) {
		snprintf(req->detail.hint, sizeof req->detail.hint,
			 "delete them first, or confirm the user's name: they go, too");
		departure_fail(d, &(struct err){ ERR_CONFLICT, "user: has devices" });
	} else {
		remove_next(d);
	}
}

struct rpc_done api_user_delete(struct rpc_req *req)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	struct err e = ERR_NONE;
	const struct user *u = req_user(req, "id", &e);
	struct departure *d;

	if (u && (u->id == req->user_id || u->id == req->actor_id))
		err_set(&e, ERR_CONFLICT, "user %.64s: is yourself", u->name);
	else if (u && rpc_param_has(req->params, "confirm") &&
		 strcmp(rpc_param_text(req->params, "confirm"), u->name) != 0)
		err_set(&e, ERR_BAD_PARAMS, "confirm: is not the name of the user, %.64s", u->name);
	if (e.code || u == NULL)
		return rpc_fail(req, &e);
	d = xcalloc(1, sizeof *d);
	d->req = req;
	d->user_id = u->id;
	db_p_i64(p, u->id);
	db_query(req->wad->db, STMT_USER_DELETE_TRY, p, DB_IDEMPOTENT, on_counted, d);
	return rpc_later(req);
}
