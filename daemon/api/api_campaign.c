#include <inttypes.h>

#include "shared/base/xalloc.h"

#include "daemon/api/content_param.h"
#include "daemon/api/handlers.h"

/* -- results -- */

static void put_ids(json_t *o, const char *text) /* "3 17" */
{
	json_t *list = json_array();
	size_t len;

	for (; *text; text += len + (text[len] == ' ')) {
		len = strcspn(text, " ");
		json_array_append_new(list, json_stringn(text, len));
	}
	json_object_set_new(o, "devices", list);
}

static json_t *campaign_json(struct rpc_req *req, const PGresult *r, int i)
{
	static const char *const counts[] = { "pending", "sending", "sent",   "delivered",
					      "read",    "replied", "failed", "cancelled" };
	json_t *o = json_object(), *by_state = json_object();
	int devices = db_col(r, "devices"), min = db_col(r, "delay_min_ms"),
	    max = db_col(r, "delay_max_ms");

	(void)req;
	json_put_id(o, "id", db_i64(r, i, db_col(r, "id")));
	json_object_set_new(o, "title", json_string(db_text(r, i, db_col(r, "title"))));
	json_object_set_new(o, "state", json_string(db_text(r, i, db_col(r, "state"))));
	json_object_set_new(o, "total", json_integer(db_i64(r, i, db_col(r, "total"))));
	json_object_set_new(o, "left",
			    json_integer(db_i64(r, i, db_col(r, "pending")) +
					 db_i64(r, i, db_col(r, "sending"))));
	for (size_t k = 0; k < ARRAY_LEN(counts); k++)
		json_object_set_new(by_state, counts[k],
				    json_integer(db_i64(r, i, db_col(r, counts[k]))));
	json_object_set_new(o, "counts", by_state);
	json_put_text(o, "niche", db_text(r, i, db_col(r, "niche")));
	json_put_text(o, "status", db_text(r, i, db_col(r, "lead_status")));
	json_put_text(o, "text", db_text(r, i, db_col(r, "body")));
	json_object_set_new(o, "has_image", json_boolean(!db_is_null(r, i, db_col(r, "media_id"))));
	if (!db_is_null(r, i, devices))
		put_ids(o, db_text(r, i, devices));
	if (!db_is_null(r, i, min))
		json_object_set_new(o, "delay_min_ms", json_integer(db_i64(r, i, min)));
	if (!db_is_null(r, i, max))
		json_object_set_new(o, "delay_max_ms", json_integer(db_i64(r, i, max)));
	json_put_time(o, "start_at", db_time(r, i, db_col(r, "start_at")));
	json_put_time(o, "created_at", db_time(r, i, db_col(r, "created_at")));
	json_put_time(o, "finished_at", db_time(r, i, db_col(r, "finished_at")));
	return o;
}

static void on_show(void *ctx, const PGresult *r, const struct err *e)
{
	struct rpc_req *req = ctx;

	if (e->code)
		rpc_fail(req, e);
	else if (db_rows(r) == 0)
		rpc_fail(req, &(struct err){ ERR_NOT_FOUND, "campaign: no such campaign" });
	else
		rpc_reply_take(req, campaign_json(req, r, 0));
}

static void reply_campaign(struct rpc_req *req, int64_t id)
{
	struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	db_p_i64(p, req->user_id);
	db_p_i64(p, id);
	req_query(req, STMT_CAMPAIGN_SHOW, p, DB_IDEMPOTENT, on_show, req);
	arena_free(a);
}

/* -- campaign.create -- */

static void on_added(void *ctx, const PGresult *r, const struct err *e)
{
	struct rpc_req *req = ctx;

	if (e->code) {
		rpc_fail(req, e);
		return;
	}
	campaigns_look(req->wad->campaigns);
	reply_campaign(req, db_i64(r, 0, db_col(r, "id")));
}

/* names and ids to ids; NULL and *e set when one does not exist */
static int64_t *device_ids(struct rpc_req *req, struct arena *a, size_t *ret_len, struct err *e)
{
	json_t *list = json_object_get(req->params, "devices"), *item;
	int64_t *ids = arena_alloc(a, (json_array_size(list) + 1) * sizeof *ids);
	size_t i;

	json_array_foreach(list, i, item) {
		const char *ref = json_string_value(item);
		const struct fleet_device *d = fleet_find_name(req->wad->fleet, req->user_id, ref);

		if (d == NULL && ref[0] && strspn(ref, "0123456789") == strlen(ref) &&
		    strlen(ref) < 19)
			d = fleet_find(req->wad->fleet, req->user_id, strtoll(ref, NULL, 10));
		if (d == NULL) {
			err_set(e, ERR_NOT_FOUND, "devices: '%.80s': no such device", ref);
			return NULL;
		}
		ids[i] = d->id;
	}
	*ret_len = i;
	return ids;
}

/* -- the same, without a change: who would send, to how many -- */

struct rehearsal {
	struct rpc_req *req;
	json_t *plan; /* the answer so far */
};

static void on_audience(void *ctx, const PGresult *r, const struct err *e)
{
	struct rehearsal *h = ctx;
	json_t *total;

	if (e->code) {
		json_decref(h->plan);
		rpc_fail(h->req, e);
	} else {
		total = json_integer(db_i64(r, 0, db_col(r, "total")));
		json_object_set(h->plan, "total", total);
		json_object_set_new(h->plan, "left", total);
		rpc_reply_take(h->req, h->plan);
	}
	free(h);
}

static void rehearse(struct rpc_req *req, struct arena *a, const struct content_param *c,
		     const int64_t *ids, size_t n)
{
	static const char *const same[] = { "title", "niche", "status", "delay_min_ms",
					    "delay_max_ms" };
	struct db_params *p = db_params_new(a);
	struct rehearsal *h = xcalloc(1, sizeof *h);
	json_t *devices = json_array();
	unix_ms start = rpc_param_has(req->params, "start_at")
				? rpc_param_time(req->params, "start_at")
				: clock_unix(req->wad->clock);

	h->req = req;
	h->plan = json_pack("{s:s,s:{},s:b,s:b}", "state", "scheduled", "counts", "has_image",
			    c->has_image, "dry_run", 1);
	for (size_t i = 0; i < ARRAY_LEN(same); i++)
		if (rpc_param_has(req->params, same[i]))
			json_object_set(h->plan, same[i], json_object_get(req->params, same[i]));
	json_put_text(h->plan, "text", c->body);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(devices, json_id(ids[i]));
	json_object_set_new(h->plan, "devices", devices);
	json_put_time(h->plan, "start_at", start);
	db_p_i64(p, req->user_id);
	db_p_text(p, rpc_param_text(req->params, "niche"));
	db_p_text(p, rpc_param_text(req->params, "status"));
	req_query(req, STMT_CAMPAIGN_AUDIENCE, p, DB_IDEMPOTENT, on_audience, h);
}

static void put_optional_int(struct rpc_req *req, struct db_params *p, const char *name)
{
	if (rpc_param_has(req->params, name))
		db_p_i32(p, (int32_t)rpc_param_int(req->params, name));
	else
		db_p_null(p);
}

static void add_it(struct rpc_req *req, const struct content_param *c)
{
	struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	struct err e = ERR_NONE;
	size_t n = 0;
	int64_t *ids = rpc_param_has(req->params, "devices") ? device_ids(req, a, &n, &e) : NULL;

	if (e.code) {
		arena_free(a);
		rpc_fail(req, &e);
		return;
	}
	if (rpc_param_bool(req->params, "dry_run")) {
		AUTO_FREE int64_t *all =
			ids ? NULL : fleet_senders(req->wad->fleet, req->user_id, &n);

		rehearse(req, a, c, ids ? ids : all, n);
		arena_free(a);
		return;
	}
	db_p_i64(p, req->user_id);
	db_p_text(p, rpc_param_text(req->params, "title"));
	db_p_text(p, rpc_param_text(req->params, "niche"));
	db_p_text(p, rpc_param_text(req->params, "status"));
	db_p_text(p, c->body);
	if (c->media_id)
		db_p_i64(p, c->media_id);
	else
		db_p_null(p);
	if (n)
		db_p_i64_array(p, ids, n);
	else
		db_p_null(p);
	put_optional_int(req, p, "delay_min_ms");
	put_optional_int(req, p, "delay_max_ms");
	db_p_time(p, rpc_param_has(req->params, "start_at")
			     ? rpc_param_time(req->params, "start_at")
			     : (unix_ms){ INT64_MIN });
	req_query(req, STMT_CAMPAIGN_ADD, p, DB_ONCE, on_added, req);
	arena_free(a);
}

struct rpc_done api_campaign_create(struct rpc_req *req)
{
	bool has_min = rpc_param_has(req->params, "delay_min_ms"),
	     has_max = rpc_param_has(req->params, "delay_max_ms");

	if (has_min != has_max)
		return rpc_fail(
			req, &(struct err){ ERR_BAD_PARAMS,
					    "delay_min_ms and delay_max_ms: give both or none" });
	if (has_min &&
	    rpc_param_int(req->params, "delay_max_ms") < rpc_param_int(req->params, "delay_min_ms"))
		return rpc_fail(req, &(struct err){ ERR_BAD_PARAMS,
						    "delay_max_ms: less than delay_min_ms" });
	if (rpc_param_has(req->params, "devices") &&
	    json_array_size(json_object_get(req->params, "devices")) == 0)
		return rpc_fail(req, &(struct err){ ERR_BAD_PARAMS,
						    "devices: is empty; leave it out for all" });
	content_param_take(req, CONTENT_TEMPLATE, add_it);
	return rpc_later(req);
}

/* -- campaign.list, campaign.show -- */

static void on_list(void *ctx, const PGresult *r, const struct err *e)
{
	rpc_reply_rows(ctx, r, e, campaign_json);
}

struct rpc_done api_campaign_list(struct rpc_req *req)
{
	struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	db_p_i64(p, req->user_id);
	db_p_text(p, rpc_param_text(req->params, "state"));
	db_p_i64(p, rpc_param_id(req->params, "after"));
	db_p_i64(p, rpc_param_int(req->params, "limit"));
	req_query(req, STMT_CAMPAIGN_LIST, p, DB_IDEMPOTENT, on_list, req);
	arena_free(a);
	return rpc_later(req);
}

struct rpc_done api_campaign_show(struct rpc_req *req)
{
	reply_campaign(req, rpc_param_id(req->params, "campaign"));
	return rpc_later(req);
}

/* -- pause, resume, cancel: one statement each, then the shards are told -- */

struct change {
	struct rpc_req *req;
	int64_t id;
	const char *refusal;
	bool wakes; /* resumed: there are rows to send; else the windows give them back */
};

static void on_changed(void *ctx, const PGresult *r, const struct err *e)
{
	struct change *c = ctx;
	struct rpc_req *req = c->req;
	struct err err = *e;

	if (err.code == ERR_OK && db_rows(r) == 0)
		err_set(&err, ERR_CONFLICT, "campaign %" PRId64 ": %s", c->id, c->refusal);
	if (err.code) {
		rpc_fail(req, &err);
	} else {
		if (c->wakes) {
			campaigns_look(req->wad->campaigns);
			fleet_wake(req->wad->fleet, req->user_id, 0);
		} else {
			fleet_forget(req->wad->fleet, req->user_id, c->id);
		}
		reply_campaign(req, c->id);
	}
	free(c);
}

static struct rpc_done change(struct rpc_req *req, enum stmt stmt, bool wakes, const char *refusal)
{
	struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	struct change *c = xcalloc(1, sizeof *c);

	c->req = req;
	c->id = rpc_param_id(req->params, "campaign");
	c->refusal = refusal;
	c->wakes = wakes;
	db_p_i64(p, req->user_id);
	db_p_i64(p, c->id);
	req_query(req, stmt, p, DB_ONCE, on_changed, c);
	arena_free(a);
	return rpc_later(req);
}

struct rpc_done api_campaign_pause(struct rpc_req *req)
{
	return change(req, STMT_CAMPAIGN_PAUSE, false,
		      "not there, or neither scheduled nor running");
}

struct rpc_done api_campaign_resume(struct rpc_req *req)
{
	return change(req, STMT_CAMPAIGN_RESUME, true, "not there, or not paused");
}

struct rpc_done api_campaign_cancel(struct rpc_req *req)
{
	return change(req, STMT_CAMPAIGN_CANCEL, false, "not there, or ended already");
}
