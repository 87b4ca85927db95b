#include "daemon/api/api_device.h"

#include <inttypes.h>

#include "shared/base/xalloc.h"

#include "daemon/api/handlers.h"
#include "daemon/client/route.h"

/* one who waits for something to happen to a device */
struct device_wait {
	struct list link;
	int64_t device_id;
	enum fleet_change what;
	void (*then)(void *ctx, int64_t device_id);
	void *ctx;
};

static void wait_for(struct wad *w, int64_t device_id, enum fleet_change what,
		     void (*then)(void *ctx, int64_t device_id), void *ctx)
{
	struct device_wait *wait = xcalloc(1, sizeof *wait);

	wait->device_id = device_id;
	wait->what = what;
	wait->then = then;
	wait->ctx = ctx;
	list_add_tail(&w->device_waits, &wait->link);
}

void api_device_changed(struct wad *w, const struct fleet_device *d, enum fleet_change what)
{
	LIST_EACH(l, &w->device_waits) {
		struct device_wait *wait = CONTAINER_OF(l, struct device_wait, link);

		if (wait->device_id != d->id || wait->what != what)
			continue;
		list_del(l);
		wait->then(wait->ctx, d->id);
		free(wait);
	}
}

/* -- results -- */

static json_t *device_json(const struct fleet_device *d)
{
	json_t *o =
		json_pack("{s:o,s:s,s:s,s:b}", "id", json_id(d->id), "name", d->name, "state",
			  standing_name(fleet_standing(d)), "online", d->state == DEVICE_ONLINE);
	char lid[64];

	if (d->pn.user)
		json_object_set_new(o, "phone", json_sprintf("%" PRIu64, d->pn.user));
	if (d->lid.user && addr_text(addr_bare(d->lid), lid))
		json_object_set_new(o, "lid", json_string(lid));
	if (d->fault != FAULT_NONE)
		json_object_set_new(o, "fault", json_string(device_fault_name(d->fault)));
	/* paused is more than a backoff */
	if (d->fault_reason[0] == '\0' || (d->paused && d->fault == FAULT_NONE))
		json_put_text(o, "reason", d->pause_reason);
	else
		json_put_text(o, "reason", d->fault_reason);
	return o;
}

static void put_int(json_t *o, const char *key, const PGresult *r, int i)
{
	json_object_set_new(o, key, json_integer(db_i64(r, i, db_col(r, key))));
}

/* its own, or what stands for it */
static void put_cap(json_t *o, const char *key, const PGresult *r, int i, uint32_t otherwise)
{
	if (db_is_null(r, i, db_col(r, key)))
		json_object_set_new(o, key, json_integer(otherwise));
	else
		put_int(o, key, r, i);
}

/* without user and password */
static void put_proxy(json_t *o, const struct rpc_req *req, const PGresult *r, int i)
{
	struct span sealed = db_bytes(r, i, db_col(r, "proxy"));
	struct err e = ERR_NONE;
	struct proxy proxy;
	char shown[PROXY_SHOWN_MAX];

	if (sealed.len == 0)
		return;
	if (route_open(req->wad->sealer, req->user_id, db_i64(r, i, db_col(r, "id")), sealed,
		       &proxy, &e)) {
		json_object_set_new(o, "proxy", json_string("unreadable"));
		return;
	}
	proxy_shown(&proxy, shown);
	proxy_wipe(&proxy);
	json_object_set_new(o, "proxy", json_string(shown));
}

static json_t *row_json(struct rpc_req *req, const struct fleet_device *d, const PGresult *r, int i)
{
	const struct pacing_defaults *defaults = req->wad->pacing;
	const char *from = db_text(r, i, db_col(r, "quiet_from"));
	json_t *o = device_json(d);

	json_put_text(o, "push_name", db_text(r, i, db_col(r, "push_name")));
	put_int(o, "queued", r, i);
	put_int(o, "delay_min_ms", r, i);
	put_int(o, "delay_max_ms", r, i);
	put_cap(o, "per_minute_max", r, i, defaults->per_minute_max);
	put_cap(o, "per_hour_max", r, i, defaults->per_hour_max);
	put_cap(o, "per_day_max", r, i, defaults->per_day_max);
	json_object_set_new(o, "warm_up",
			    json_boolean(defaults->warm_up && db_bool(r, i, db_col(r, "warm_up"))));
	json_object_set_new(
		o, "quiet_hours",
		from[0] ? json_sprintf("%s-%s", from, db_text(r, i, db_col(r, "quiet_to")))
			: json_string("never"));
	put_int(o, "keep_days", r, i);
	json_object_set_new(o, "store_chats",
			    json_boolean(db_bool(r, i, db_col(r, "store_chats"))));
	put_proxy(o, req, r, i);
	json_put_time(o, "reach_locked_until", db_time(r, i, db_col(r, "reach_locked_until")));
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
	if (d->pairing_open)
		return "connecting";
	return d->fault_reason[0] ? "failed" : "none";
}

json_t *api_device_pairing(struct wad *w, const struct fleet_device *d)
{
	json_t *o = json_pack("{s:o,s:s,s:s}", "device", json_id(d->id), "name", d->name, "state",
			      pairing_state(d));
	int64_t left;

	json_put_id(o, "pairing", d->pairing);
	if (d->qr) {
		left = d->qr_until.ms - clock_mono(w->clock).ms;
		json_object_set_new(o, "qr", json_string(d->qr));
		json_object_set_new(o, "qr_no", json_integer(d->qr_number));
		json_object_set_new(o, "qr_count", json_integer(d->qr_count));
		json_object_set_new(o, "expires_ms", json_integer(left > 0 ? left : 0));
	}
	if (!d->pn.user && !d->pairing_open)
		json_put_text(o, "reason", d->fault_reason);
	return o;
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

	return d ? row_json(req, d, r, i) : NULL;
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
	json_t *o = e->code || db_rows(r) == 0 ? NULL : listed_json(req, r, 0);

	if (e->code)
		rpc_fail(req, e);
	else if (o == NULL)
		rpc_fail(req, &(struct err){ ERR_NOT_FOUND, "device: no such device" });
	else
		rpc_reply_take(req, o);
}

void api_device_answer(struct rpc_req *req, int64_t device_id)
{
	ask_rows(req, device_id, 0, 1, on_show);
}

struct rpc_done api_device_show(struct rpc_req *req)
{
	struct err e = ERR_NONE;
	const struct fleet_device *d = req_device(req, "device", &e);

	if (d == NULL)
		return rpc_fail(req, &e);
	api_device_answer(req, d->id);
	return rpc_later(req);
}

/* -- device.pair, device.qr, device.cancel -- */

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

struct rpc_done api_device_cancel(struct rpc_req *req)
{
	struct err e = ERR_NONE;
	const struct fleet_device *d = req_device(req, "device", &e);

	if (d == NULL)
		return rpc_fail(req, &e);
	if (!d->pairing_open) {
		err_set(&e, ERR_CONFLICT, "device %.80s: is not being linked", d->name);
		return rpc_fail(req, &e);
	}
	fleet_cancel_pairing(req->wad->fleet, d);
	return rpc_reply_take(req, api_device_pairing(req->wad, d));
}

struct rpc_done api_device_reconnect(struct rpc_req *req)
{
	struct err e = ERR_NONE;
	const struct fleet_device *d = req_device(req, "device", &e);

	if (d == NULL)
		return rpc_fail(req, &e);
	if (d->pn.user == 0) {
		err_set(&e, ERR_CONFLICT, "device %.80s: is not linked", d->name);
		snprintf(req->detail.hint, sizeof req->detail.hint, "pair it first");
		return rpc_fail(req, &e);
	}
	fleet_reconnect(req->wad->fleet, d);
	api_device_answer(req, d->id);
	return rpc_later(req);
}

/* -- device.logout, device.delete -- */

static void reply_device(void *ctx, int64_t device_id)
{
	struct rpc_req *req = ctx;
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
	wait_for(req->wad, d->id, FLEET_LOGGED_OUT, reply_device, req);
	fleet_logout(req->wad->fleet, d);
	return rpc_later(req);
}

/* -- the end of a device: unlinked, closed, its rows taken away -- */

struct removal {
	struct wad *wad;
	int64_t user_id;
	device_removed_fn done;
	void *ctx;
};

static void removal_end(struct removal *rm, int64_t cancelled, const struct err *e)
{
	rm->done(rm->ctx, cancelled, e);
	free(rm);
}

static void on_deleted(void *ctx, const PGresult *r, const struct err *e)
{
	removal_end(ctx, e->code ? 0 : db_i64(r, 0, 0), e);
}

static void delete_rows(void *ctx, int64_t device_id)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	struct removal *rm = ctx;

	db_p_i64(p, rm->user_id);
	db_p_i64(p, device_id);
	db_query_as(rm->wad->db, rm->user_id, STMT_DEVICE_DELETE, p, DB_IDEMPOTENT, on_deleted, rm);
}

static void close_device(void *ctx, int64_t device_id)
{
	struct removal *rm = ctx;
	const struct fleet_device *d = fleet_find(rm->wad->fleet, rm->user_id, device_id);

	if (d == NULL) {
		removal_end(rm, 0,
			    &(struct err){ ERR_NOT_FOUND, "device: it was deleted meanwhile" });
		return;
	}
	wait_for(rm->wad, device_id, FLEET_REMOVED, delete_rows, rm);
	fleet_remove(rm->wad->fleet, d);
}

void api_device_remove(struct wad *w, const struct fleet_device *d, device_removed_fn done,
		       void *ctx)
{
	struct removal *rm = xcalloc(1, sizeof *rm);

	*rm = (struct removal){ .wad = w, .user_id = d->user_id, .done = done, .ctx = ctx };
	if (d->pn.user && d->fault == FAULT_NONE) {
		wait_for(w, d->id, FLEET_LOGGED_OUT, close_device, rm);
		fleet_logout(w->fleet, d);
	} else {
		close_device(rm, d->id);
	}
}

/* -- device.delete -- */

struct deletion {
	struct rpc_req *req;
	int64_t device_id;
};

static void on_removed(void *ctx, int64_t cancelled, const struct err *e)
{
	struct deletion *del = ctx;

	if (e->code)
		rpc_fail(del->req, e);
	else
		rpc_reply_take(del->req, json_pack("{s:o,s:I}", "device", json_id(del->device_id),
						   "cancelled", (json_int_t)cancelled));
	free(del);
}

static void on_tried(void *ctx, const PGresult *r, const struct err *e)
{
	struct deletion *del = ctx;

	if (e->code)
		rpc_fail(del->req, e);
	else
		rpc_reply_take(del->req,
			       json_pack("{s:o,s:I,s:b}", "device", json_id(del->device_id),
					 "cancelled", (json_int_t)db_i64(r, 0, 0), "dry_run", 1));
	free(del);
}

struct rpc_done api_device_delete(struct rpc_req *req)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	struct err e = ERR_NONE;
	const struct fleet_device *d = req_device(req, "device", &e);
	struct deletion *del;

	if (d == NULL)
		return rpc_fail(req, &e);
	del = xcalloc(1, sizeof *del);
	del->req = req;
	del->device_id = d->id;
	if (!rpc_param_bool(req->params, "dry_run")) {
		api_device_remove(req->wad, d, on_removed, del);
		return rpc_later(req);
	}
	db_p_i64(p, req->user_id);
	db_p_i64(p, d->id);
	req_query(req, STMT_DEVICE_DELETE_TRY, p, DB_IDEMPOTENT, on_tried, del);
	return rpc_later(req);
}
