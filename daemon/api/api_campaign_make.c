#include <inttypes.h>

#include "shared/base/xalloc.h"

#include "daemon/api/api_campaign.h"
#include "daemon/api/content_param.h"
#include "daemon/api/handlers.h"
#include "daemon/engine/expansion.h"

/* -- what several of them take -- */

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

static int number_at(const char *text, size_t at, size_t len)
{
	int n = 0;

	for (size_t i = at; i < at + len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		n = n * 10 + (text[i] - '0');
	}
	return n;
}

/* "2026-12-24 09:30" with a blank or T, seconds allowed: a day that the calendar has */
static bool is_local_time(const char *text)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	size_t len = strlen(text);
	int y, m, d, last;

	if ((len != 16 && len != 19) || text[4] != '-' || text[7] != '-' ||
	    (text[10] != ' ' && text[10] != 'T') || text[13] != ':' ||
	    (len == 19 &&
	     (text[16] != ':' || number_at(text, 17, 2) < 0 || number_at(text, 17, 2) > 59)))
		return false;
	y = number_at(text, 0, 4);
	m = number_at(text, 5, 2);
	d = number_at(text, 8, 2);
	if (y < 1970 || m < 1 || m > 12 || number_at(text, 11, 2) < 0 ||
	    number_at(text, 11, 2) > 23 || number_at(text, 14, 2) < 0 ||
	    number_at(text, 14, 2) > 59)
		return false;
	last = days[m - 1] + (m == 2 && y % 4 == 0 && (y % 100 != 0 || y % 400 == 0));
	return d >= 1 && d <= last;
}

static enum errc check_when(const json_t *params, struct err *e)
{
	const char *at = rpc_param_text(params, "at");

	if (at && rpc_param_has(params, "start_at"))
		return err_set(e, ERR_BAD_PARAMS, "start_at and at: give one");
	if (at && !is_local_time(at))
		return err_set(e, ERR_BAD_PARAMS, "at: a date and a time, as in 2026-12-24 09:30");
	return ERR_OK;
}

static enum errc check_manner(const json_t *params, struct err *e)
{
	bool has_min = rpc_param_has(params, "delay_min_ms"),
	     has_max = rpc_param_has(params, "delay_max_ms");

	if (has_min != has_max)
		return err_set(e, ERR_BAD_PARAMS,
			       "delay_min_ms and delay_max_ms: give both or none");
	if (has_min &&
	    rpc_param_int(params, "delay_max_ms") < rpc_param_int(params, "delay_min_ms"))
		return err_set(e, ERR_BAD_PARAMS, "delay_max_ms: less than delay_min_ms");
	if (rpc_param_has(params, "niche") && rpc_param_bool(params, "everyone"))
		return err_set(e, ERR_BAD_PARAMS, "niche and everyone: give one");
	return check_when(params, e);
}

static void put_optional_int(struct rpc_req *req, struct db_params *p, const char *name)
{
	if (rpc_param_has(req->params, name))
		db_p_i32(p, (int32_t)rpc_param_int(req->params, name));
	else
		db_p_null(p);
}

static void put_ids(struct db_params *p, const int64_t *ids, size_t n)
{
	if (n)
		db_p_i64_array(p, ids, n);
	else
		db_p_null(p);
}

static void put_medium(struct db_params *p, const struct content_param *c)
{
	if (c && c->media_id)
		db_p_i64(p, c->media_id);
	else
		db_p_null(p);
}

static void put_start_at(struct rpc_req *req, struct db_params *p)
{
	db_p_time(p, rpc_param_has(req->params, "start_at")
			     ? rpc_param_time(req->params, "start_at")
			     : (unix_ms){ INT64_MIN });
}

/* -- campaign.create -- */

static void on_added(void *ctx, const PGresult *r, const struct err *e)
{
	struct rpc_req *req = ctx;

	if (e->code) {
		rpc_fail(req, e);
	} else if (db_rows(r) == 0) {
		rpc_fail(req, &(struct err){ ERR_BAD_PARAMS, "zone: no such time zone" });
	} else {
		campaigns_look(req->wad->campaigns);
		campaign_reply(req, db_i64(r, 0, db_col(r, "id")));
	}
}

static int64_t number_or(struct rpc_req *req, const char *name, int64_t other)
{
	return rpc_param_has(req->params, name) ? rpc_param_int(req->params, name) : other;
}

/* the same, without a change: who would send, to how many */
static void rehearse(struct rpc_req *req, const struct content_param *c, const int64_t *ids,
		     size_t n)
{
	static const char *const same[] = { "title", "niche", "delay_min_ms", "delay_max_ms",
					    "zone" };
	json_t *devices = json_array(), *plan;
	const char *status = rpc_param_text(req->params, "status");
	unix_ms start = rpc_param_has(req->params, "start_at")
				? rpc_param_time(req->params, "start_at")
				: clock_unix(req->wad->clock);

	plan = json_pack("{s:s,s:i,s:{},s:b,s:b}", "state",
			 rpc_param_bool(req->params, "draft") ? "draft" : "scheduled", "left", 0,
			 "counts", "has_image", c->has_image, "dry_run", 1);
	for (size_t i = 0; i < ARRAY_LEN(same); i++)
		if (rpc_param_has(req->params, same[i]))
			json_object_set(plan, same[i], json_object_get(req->params, same[i]));
	if (status && strcmp(status, "all") != 0)
		json_put_text(plan, "status", status);
	json_put_text(plan, "media", c->medium);
	json_put_text(plan, "text", c->body);
	json_put_text(plan, "follow_up", c->split);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(devices, json_id(ids[i]));
	json_object_set_new(plan, "devices", devices);
	if (rpc_param_has(req->params, "start_at") ||
	    (!rpc_param_has(req->params, "at") && !rpc_param_bool(req->params, "draft")))
		json_put_time(plan, "start_at", start);
	campaign_plan_take(
		req,
		&(struct campaign_plan){ .niche = rpc_param_text(req->params, "niche"),
					 .status = status,
					 .body = c->body,
					 .follow_up = c->split,
					 .devices = ids,
					 .device_len = n,
					 .delay_min_ms = number_or(req, "delay_min_ms", -1),
					 .delay_max_ms = number_or(req, "delay_max_ms", -1),
					 .expire_s = number_or(req, "expire_s", 86400),
					 .start_at = start },
		plan);
}

static void add_it(struct rpc_req *req, const struct content_param *c)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	struct err e = ERR_NONE;
	size_t n = 0;
	int64_t *ids = device_ids(req, a, &n, &e);

	if (e.code) {
		rpc_fail(req, &e);
		return;
	}
	if (rpc_param_bool(req->params, "dry_run")) {
		AUTO_FREE int64_t *all =
			expansion_devices(req->wad->fleet, req->user_id, n ? ids : NULL, n, &n);

		rehearse(req, c, all, n);
		return;
	}
	db_p_i64(p, req->user_id);
	db_p_text(p, rpc_param_text(req->params, "title"));
	db_p_text(p, rpc_param_text(req->params, "niche"));
	db_p_text(p, rpc_param_text(req->params, "status"));
	db_p_text(p, c->body);
	put_medium(p, c);
	put_ids(p, ids, n);
	put_optional_int(req, p, "delay_min_ms");
	put_optional_int(req, p, "delay_max_ms");
	put_start_at(req, p);
	db_p_text(p, rpc_param_text(req->params, "at"));
	db_p_text(p, rpc_param_text(req->params, "zone"));
	db_p_bool(p, rpc_param_bool(req->params, "draft"));
	put_optional_int(req, p, "grace_s");
	put_optional_int(req, p, "expire_s");
	db_p_text(p, rpc_param_text(req->params, "device_choice"));
	db_p_text(p, c->split);
	req_query(req, STMT_CAMPAIGN_ADD, p, DB_ONCE, on_added, req);
}

struct rpc_done api_campaign_create(struct rpc_req *req)
{
	struct err e = ERR_NONE;

	if (check_manner(req->params, &e))
		return rpc_fail(req, &e);
	if (!rpc_param_has(req->params, "niche") && !rpc_param_bool(req->params, "everyone")) {
		snprintf(req->detail.hint, sizeof req->detail.hint, "--everyone for all leads");
		return rpc_fail(req,
				&(struct err){ ERR_BAD_PARAMS,
					       "niche or everyone: whom it is for is needed" });
	}
	if (rpc_param_has(req->params, "devices") &&
	    json_array_size(json_object_get(req->params, "devices")) == 0)
		return rpc_fail(req, &(struct err){ ERR_BAD_PARAMS,
						    "devices: is empty; leave it out for all" });
	content_param_take(req, CONTENT_TEMPLATE, add_it);
	return rpc_later(req);
}

/* -- campaign.update -- */

static void update_it(struct rpc_req *req, const struct content_param *c)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	bool has_devices = rpc_param_has(req->params, "devices");
	struct err e = ERR_NONE;
	size_t n = 0;
	int64_t *ids = device_ids(req, a, &n, &e);

	if (e.code) {
		rpc_fail(req, &e);
		return;
	}
	db_p_i64(p, req->user_id);
	db_p_i64(p, rpc_param_id(req->params, "campaign"));
	db_p_text(p, rpc_param_text(req->params, "title"));
	db_p_text(p, rpc_param_text(req->params, "niche"));
	db_p_bool(p, rpc_param_bool(req->params, "everyone"));
	db_p_text(p, rpc_param_text(req->params, "status"));
	put_ids(p, ids, n);
	db_p_bool(p, has_devices && n == 0);
	db_p_bool(p, rpc_param_has(req->params, "delay_min_ms"));
	put_optional_int(req, p, "delay_min_ms");
	put_optional_int(req, p, "delay_max_ms");
	db_p_bool(p, c != NULL);
	db_p_text(p, c ? c->body : NULL);
	put_medium(p, c);
	db_p_text(p, c ? c->split : NULL);
	put_start_at(req, p);
	db_p_text(p, rpc_param_text(req->params, "at"));
	db_p_text(p, rpc_param_text(req->params, "zone"));
	put_optional_int(req, p, "grace_s");
	put_optional_int(req, p, "expire_s");
	db_p_text(p, rpc_param_text(req->params, "device_choice"));
	campaign_change(req, STMT_CAMPAIGN_UPDATE, p, CAMPAIGN_LOOK,
			rpc_param_has(req->params, "zone")
				? "not there, or has begun, or there is no such time zone"
				: "not there, or has begun");
}

struct rpc_done api_campaign_update(struct rpc_req *req)
{
	static const char *const of_content[] = { "text",      "image",   "video", "document",
						  "media_url", "caption", "split" };
	struct err e = ERR_NONE;

	if (check_manner(req->params, &e))
		return rpc_fail(req, &e);
	for (size_t i = 0; i < ARRAY_LEN(of_content); i++)
		if (rpc_param_has(req->params, of_content[i])) {
			content_param_take(req, CONTENT_TEMPLATE, update_it);
			return rpc_later(req);
		}
	update_it(req, NULL);
	return rpc_later(req);
}

/* -- campaign.start -- */

struct rpc_done api_campaign_start(struct rpc_req *req)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	struct err e = ERR_NONE;

	if (check_when(req->params, &e))
		return rpc_fail(req, &e);
	db_p_i64(p, req->user_id);
	db_p_i64(p, rpc_param_id(req->params, "campaign"));
	put_start_at(req, p);
	db_p_text(p, rpc_param_text(req->params, "at"));
	db_p_text(p, rpc_param_text(req->params, "zone"));
	campaign_change(req, STMT_CAMPAIGN_START, p, CAMPAIGN_LOOK,
			rpc_param_has(req->params, "zone")
				? "not there, or has begun, or there is no such time zone"
				: "not there, or has begun");
	return rpc_later(req);
}
