#include "shared/base/xalloc.h"

#include "daemon/api/handlers.h"

/* -- what is asked for -- */

enum { DAYS_MAX = 366, DAYS_DEFAULT = 7 };
enum scope { SCOPE_ALL, SCOPE_DEVICE, SCOPE_CAMPAIGN, SCOPE_SEQUENCE };

static bool read_day(const char *text, unix_ms *ret)
{
	char whole[24];

	snprintf(whole, sizeof whole, "%.10sT00:00:00Z", text);
	return strlen(text) == 10 && unix_ms_parse(whole, ret);
}

/* the parameters $2 to $4 of the statements */
static enum errc put_window(const struct rpc_req *req, struct db_params *p, struct err *e)
{
	const char *days = rpc_param_text(req->params, "days");
	const char *start = rpc_param_text(req->params, "start"),
		   *end = rpc_param_text(req->params, "end");
	unix_ms first, last;

	if ((start == NULL) != (end == NULL) || (start && days))
		return err_set(e, ERR_BAD_PARAMS, "start, end: give both, or days alone");
	if (start && !read_day(start, &first))
		return err_set(e, ERR_BAD_PARAMS, "start: is no day like 2026-11-01");
	if (end && !read_day(end, &last))
		return err_set(e, ERR_BAD_PARAMS, "end: is no day like 2026-11-01");
	if (start && last.ms < first.ms)
		return err_set(e, ERR_BAD_PARAMS, "end: is before start");
	if (start && (last.ms - first.ms) / 86400000 >= DAYS_MAX)
		return err_set(e, ERR_BAD_PARAMS, "end: more than %d days from start", DAYS_MAX);
	if (days == NULL)
		db_p_i32(p, DAYS_DEFAULT);
	else
		db_p_i32(p, strcmp(days, "today") == 0 ? 1 : (int32_t)strtol(days, NULL, 10));
	db_p_text(p, start);
	db_p_text(p, end);
	return ERR_OK;
}

/* "all" is every device, unless one is called so */
static bool names_all(const struct rpc_req *req)
{
	return strcmp(rpc_param_text(req->params, "device"), "all") == 0 &&
	       fleet_find_name(req->wad->fleet, req->user_id, "all") == NULL;
}

static enum errc put_scope(struct rpc_req *req, struct db_params *p, struct err *e)
{
	static const char *const names[] = { "", "device", "campaign", "sequence" };
	enum scope scope = SCOPE_ALL;
	const struct fleet_device *d;
	int64_t id = 0;

	for (enum scope s = SCOPE_DEVICE; s <= SCOPE_SEQUENCE; s++) {
		if (!rpc_param_has(req->params, names[s]) || (s == SCOPE_DEVICE && names_all(req)))
			continue;
		if (scope != SCOPE_ALL)
			return err_set(e, ERR_BAD_PARAMS, "%s: not together with %s", names[s],
				       names[scope]);
		scope = s;
	}
	if (scope == SCOPE_DEVICE) {
		d = req_device(req, "device", e);
		if (d == NULL)
			return e->code;
		id = d->id;
	} else if (scope != SCOPE_ALL) {
		id = rpc_param_id(req->params, names[scope]);
	}
	db_p_i32(p, (int32_t)scope);
	db_p_i64(p, id);
	return ERR_OK;
}

/* -- a call: once the counters are right, its one statement -- */

struct reading {
	struct rpc_req *req;
	struct arena *a;
	struct db_params *params;
	enum stmt stmt;
	unix_ms until;
	void (*answer)(struct reading *r, const PGresult *rows);
	json_t *(*row_json)(struct rpc_req *req, const PGresult *r, int i); /* a list's */
};

static void on_read(void *ctx, const PGresult *rows, const struct err *e)
{
	struct reading *r = ctx;

	if (r->row_json)
		rpc_reply_rows(r->req, rows, e, r->row_json);
	else if (e->code)
		rpc_fail(r->req, e);
	else
		r->answer(r, rows);
	arena_free(r->a);
	free(r);
}

static void on_settled(void *ctx, unix_ms until)
{
	struct reading *r = ctx;

	r->until = until;
	req_query(r->req, r->stmt, r->params, DB_IDEMPOTENT, on_read, r);
}

static struct reading *reading_new(struct rpc_req *req, enum stmt stmt)
{
	struct reading *r = xcalloc(1, sizeof *r);

	r->req = req;
	r->stmt = stmt;
	r->a = arena_new();
	r->params = db_params_new(r->a);
	db_p_i64(r->params, req->user_id);
	return r;
}

static struct rpc_done begin(struct reading *r, enum errc code, const struct err *e)
{
	struct rpc_req *req = r->req;

	if (code) {
		arena_free(r->a);
		free(r);
		return rpc_fail(req, e);
	}
	analytics_settle(req->wad->analytics, on_settled, r);
	return rpc_later(req);
}

/* -- analytics.summary -- */

static int64_t number(const PGresult *r, int row, const char *name)
{
	return db_i64(r, row, db_col(r, name));
}

static void put(json_t *o, const char *key, int64_t n)
{
	json_object_set_new(o, key, json_integer(n));
}

static json_t *failures_json(const PGresult *r, int i)
{
	json_t *o = json_loads(db_text(r, i, db_col(r, "failures")), 0, NULL);

	return o ? o : json_object();
}

/* people; old: by the names that the metrics have always had */
static void put_leads(json_t *o, const PGresult *r, int i, bool old)
{
	int64_t sent = number(r, i, "total_sent"), got = number(r, i, "total_delivered"),
		seen = number(r, i, "total_read");

	put(o, old ? "leadsSent" : "leads_sent", sent);
	put(o, old ? "leadsReceived" : "leads_received", got);
	put(o, old ? "leadsNotReceived" : "leads_not_received", sent - got);
	put(o, old ? "leadsRead" : "leads_read", seen);
	put(o, old ? "leadsNotRead" : "leads_not_read", got - seen);
	put(o, old ? "leadsReplied" : "leads_replied", number(r, i, "total_replied"));
}

static void put_devices(json_t *o, struct rpc_req *req, const PGresult *r)
{
	int64_t all = number(r, 0, "devices"), active = number(r, 0, "active_devices");
	int64_t after = 0, online = 0;
	const struct fleet_device *d;

	while ((d = fleet_next(req->wad->fleet, req->user_id, &after)) != NULL)
		online += d->state == DEVICE_ONLINE;
	put(o, "activeDevices", active);
	put(o, "inactiveDevices", all - active);
	put(o, "onlineDevices", online);
	put(o, "offlineDevices", all - online);
}

static json_t *metrics_json(struct rpc_req *req, const PGresult *r)
{
	static const struct {
		const char *key, *column;
	} sums[] = { { "messagesSent", "all_sent" },     { "messagesDelivered", "all_delivered" },
		     { "messagesRead", "all_read" },     { "messagesReplied", "all_replied" },
		     { "messagesFailed", "all_failed" }, { "optOuts", "all_opt_outs" },
		     { "messagesDirect", "all_direct" }, { "messagesReceived", "all_received" } };
	json_t *o = json_object();

	put_leads(o, r, 0, true);
	for (size_t i = 0; i < ARRAY_LEN(sums); i++)
		put(o, sums[i].key, number(r, 0, sums[i].column));
	put_devices(o, req, r);
	return o;
}

/* columns of a day, in the order of the CSV */
static const char *const day_columns[] = { "sent",     "delivered", "read",     "replied",
					   "messages", "failed",    "opt_outs", "received" };

static void answer_summary(struct reading *reading, const PGresult *r)
{
	struct rpc_req *req = reading->req;
	json_t *o, *daily = json_array();

	if (db_rows(r) == 0) {
		json_decref(daily);
		rpc_fail(req,
			 &(struct err){ ERR_NOT_FOUND, "analytics: no such campaign or sequence" });
		return;
	}
	for (int i = 0; i < db_rows(r); i++) {
		json_t *day = json_pack("{s:s}", "date", db_text(r, i, db_col(r, "day")));

		for (size_t k = 0; k < ARRAY_LEN(day_columns); k++)
			put(day, day_columns[k], number(r, i, day_columns[k]));
		json_array_append_new(daily, day);
	}
	o = json_pack("{s:s,s:s,s:s,s:o,s:o,s:o}", "start", db_text(r, 0, db_col(r, "first_day")),
		      "end", db_text(r, 0, db_col(r, "last_day")), "zone",
		      db_text(r, 0, db_col(r, "zone")), "metrics", metrics_json(req, r), "failures",
		      failures_json(r, 0), "daily", daily);
	json_put_time(o, "counted_until", reading->until);
	rpc_reply_take(req, o);
}

static struct rpc_done summarise(struct rpc_req *req,
				 void (*answer)(struct reading *r, const PGresult *rows))
{
	struct reading *r = reading_new(req, STMT_ANALYTICS_SUMMARY);
	struct err e = ERR_NONE;
	enum errc code = put_window(req, r->params, &e);

	r->answer = answer;
	if (code == ERR_OK)
		code = put_scope(req, r->params, &e);
	return begin(r, code, &e);
}

struct rpc_done api_analytics_summary(struct rpc_req *req)
{
	return summarise(req, answer_summary);
}

/* -- analytics.export -- */

static void answer_csv(struct reading *reading, const PGresult *r)
{
	AUTO_FREE char *csv = NULL;
	size_t len;
	FILE *f;

	if (db_rows(r) == 0) {
		rpc_fail(reading->req,
			 &(struct err){ ERR_NOT_FOUND, "analytics: no such campaign or sequence" });
		return;
	}
	f = open_memstream(&csv, &len);
	fputs("date", f);
	for (size_t k = 0; k < ARRAY_LEN(day_columns); k++)
		fprintf(f, ",%s", day_columns[k]);
	for (int i = 0; i < db_rows(r); i++) {
		fprintf(f, "\r\n%s", db_text(r, i, db_col(r, "day")));
		for (size_t k = 0; k < ARRAY_LEN(day_columns); k++)
			fprintf(f, ",%lld", (long long)number(r, i, day_columns[k]));
	}
	fputs("\r\n", f);
	fclose(f);
	rpc_reply_take(reading->req, json_pack("{s:s}", "csv", csv));
}

struct rpc_done api_analytics_export(struct rpc_req *req)
{
	return summarise(req, answer_csv);
}

/* -- lists -- */

static json_t *device_json(struct rpc_req *req, const PGresult *r, int i)
{
	static const struct {
		const char *key, *column;
	} counts[] = { { "messages_received", "all_received" },
		       { "unique_contacts", "total_sent" },
		       { "messages_delivered", "all_delivered" },
		       { "messages_read", "all_read" },
		       { "messages_replied", "all_replied" },
		       { "messages_failed", "all_failed" },
		       { "opt_outs", "all_opt_outs" } };
	int64_t id = number(r, i, "id");
	const struct fleet_device *d = fleet_find(req->wad->fleet, req->user_id, id);
	json_t *o = json_pack("{s:o}", "device", json_id(id));

	json_put_text(o, "name", db_text(r, i, db_col(r, "name")));
	json_object_set_new(o, "online", json_boolean(d && d->state == DEVICE_ONLINE));
	put(o, "messages_sent", number(r, i, "all_sent") + number(r, i, "all_direct"));
	for (size_t k = 0; k < ARRAY_LEN(counts); k++)
		put(o, counts[k].key, number(r, i, counts[k].column));
	json_object_set_new(o, "failures", failures_json(r, i));
	return o;
}

/* of campaigns and sequences; key: what the id is called */
static json_t *reach_json(const char *key, const PGresult *r, int i)
{
	int64_t sent = number(r, i, "all_sent"), failed = number(r, i, "all_failed"),
		pending = number(r, i, "pending"),
		all = sent + failed + pending + number(r, i, "expired");
	json_t *o = json_pack("{s:o,s:s,s:s}", key, json_id(number(r, i, "id")), "name",
			      db_text(r, i, db_col(r, "name")), "state",
			      db_text(r, i, db_col(r, "state")));

	put_leads(o, r, i, false);
	put(o, "messages_sent", sent);
	put(o, "messages_failed", failed);
	put(o, "messages_pending", pending);
	if (all)
		json_object_set_new(o, "success_rate",
				    json_sprintf("%.1f", (double)sent * 100 / (double)all));
	put(o, "opt_outs", number(r, i, "all_opt_outs"));
	json_object_set_new(o, "failures", failures_json(r, i));
	return o;
}

static json_t *campaign_json(struct rpc_req *req, const PGresult *r, int i)
{
	(void)req;
	return reach_json("campaign", r, i);
}

static json_t *sequence_json(struct rpc_req *req, const PGresult *r, int i)
{
	(void)req;
	return reach_json("sequence", r, i);
}

static struct rpc_done list(struct rpc_req *req, enum stmt stmt,
			    json_t *(*row_json)(struct rpc_req *req, const PGresult *r, int i))
{
	struct reading *r = reading_new(req, stmt);
	struct err e = ERR_NONE;
	enum errc code = put_window(req, r->params, &e);

	r->row_json = row_json;
	db_p_i64(r->params, rpc_param_id(req->params, "after"));
	db_p_i64(r->params, rpc_param_int(req->params, "limit"));
	return begin(r, code, &e);
}

struct rpc_done api_analytics_devices(struct rpc_req *req)
{
	return list(req, STMT_ANALYTICS_DEVICES, device_json);
}

struct rpc_done api_analytics_campaigns(struct rpc_req *req)
{
	return list(req, STMT_ANALYTICS_CAMPAIGNS, campaign_json);
}

struct rpc_done api_analytics_sequences(struct rpc_req *req)
{
	return list(req, STMT_ANALYTICS_SEQUENCES, sequence_json);
}
