#include <inttypes.h>

#include "daemon/api/content_param.h"
#include "daemon/api/handlers.h"
#include "daemon/engine/phrase.h"
#include "daemon/engine/reply.h"
#include "daemon/engine/reply_when.h"

/* -- results -- */

static json_t *rule_json(struct rpc_req *req, const PGresult *r, int i)
{
	json_t *o = json_pack("{s:o,s:b,s:s}", "id", json_id(db_i64(r, i, db_col(r, "id"))),
			      "enabled", db_bool(r, i, db_col(r, "enabled")), "match",
			      db_text(r, i, db_col(r, "match")));
	const char *from = db_text(r, i, db_col(r, "from_time"));
	char days[REPLY_DAYS_TEXT];

	(void)req;
	reply_days_text((int32_t)db_i64(r, i, db_col(r, "days")), days);
	json_put_text(o, "pattern", db_text(r, i, db_col(r, "pattern")));
	json_object_set_new(o, "text", json_string(db_text(r, i, db_col(r, "body"))));
	json_put_id(o, "device", db_i64(r, i, db_col(r, "device_id")));
	json_object_set_new(
		o, "hours",
		from[0] ? json_sprintf("%s-%s", from, db_text(r, i, db_col(r, "to_time")))
			: json_string("always"));
	json_object_set_new(o, "days", json_string(days));
	json_object_set_new(o, "cooldown_s", json_integer(db_i64(r, i, db_col(r, "cooldown_s"))));
	json_object_set_new(o, "daily_max", json_integer(db_i64(r, i, db_col(r, "daily_max"))));
	json_object_set_new(o, "today", json_integer(db_i64(r, i, db_col(r, "today"))));
	json_put_time(o, "created_at", db_time(r, i, db_col(r, "created_at")));
	return o;
}

#define NO_RULE "rule: no such rule"

static void fail_no_rule(struct rpc_req *req)
{
	rpc_fail(req, &(struct err){ ERR_NOT_FOUND, NO_RULE });
}

static void ask_rules(struct rpc_req *req, int64_t id, int64_t limit, db_result_fn done)
{
	struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	db_p_i64(p, req->user_id);
	if (id)
		db_p_i64(p, id);
	else
		db_p_null(p);
	db_p_i64(p, rpc_param_id(req->params, "after"));
	db_p_i64(p, limit);
	req_query(req, STMT_REPLY_SHOW, p, DB_IDEMPOTENT, done, req);
	arena_free(a);
}

static void on_shown(void *ctx, const PGresult *r, const struct err *e)
{
	rpc_reply_row(ctx, r, e, rule_json, NO_RULE);
}

struct rpc_done api_reply_show(struct rpc_req *req)
{
	ask_rules(req, rpc_param_id(req->params, "rule"), 1, on_shown);
	return rpc_later(req);
}

static void on_list(void *ctx, const PGresult *r, const struct err *e)
{
	rpc_reply_rows(ctx, r, e, rule_json);
}

struct rpc_done api_reply_list(struct rpc_req *req)
{
	ask_rules(req, 0, rpc_param_int(req->params, "limit"), on_list);
	return rpc_later(req);
}

/* -- changes -- */

struct when {
	bool has_hours, has_days;
	char from[6], to[6];
	int32_t days;
};

static enum errc read_when(const struct rpc_req *req, struct when *w, struct err *e)
{
	const char *hours = rpc_param_text(req->params, "hours");
	const char *days = rpc_param_text(req->params, "days");

	*w = (struct when){ .has_hours = hours != NULL,
			    .has_days = days != NULL,
			    .days = REPLY_DAYS_ALL };
	if (hours && !reply_hours_parse(hours, w->from, w->to))
		return err_set(e, ERR_BAD_PARAMS, "hours: must be like 09:00-18:00, or always");
	if (days && !reply_days_parse(days, &w->days))
		return err_set(e, ERR_BAD_PARAMS, "days: must be like mon-fri or sat,sun, or all");
	return ERR_OK;
}

static void put_hours(struct db_params *p, const struct when *w)
{
	db_p_text(p, w->from[0] ? w->from : NULL);
	db_p_text(p, w->to[0] ? w->to : NULL);
}

/* the rule is written: devices read it again, the caller sees it */
static void on_changed(void *ctx, const PGresult *r, const struct err *e)
{
	struct rpc_req *req = ctx;

	if (e->code) {
		rpc_fail(req, e);
		return;
	}
	if (db_rows(r) == 0) {
		if (rpc_param_has(req->params, "rule"))
			fail_no_rule(req);
		else
			rpc_fail(req, &(struct err){ ERR_CONFLICT,
						     "reply: there are 100 rules already" });
		return;
	}
	fleet_rules(req->wad->fleet, req->user_id);
	ask_rules(req, db_i64(r, 0, db_col(r, "id")), 1, on_shown);
}

/* the pattern in the form in which it is compared; *ret NULL for "any" */
static enum errc read_pattern(const struct rpc_req *req, char folded[static PHRASE_MAX],
			      const char **ret, struct err *e)
{
	const char *match = rpc_param_text(req->params, "match");
	const char *pattern = rpc_param_text(req->params, "pattern");

	*ret = pattern;
	if ((strcmp(match, "any") == 0) != (pattern == NULL))
		return err_set(e, ERR_BAD_PARAMS, "pattern: %s",
			       pattern ? "match any takes none; name match keyword or regex"
				       : "is required for keyword and regex");
	if (strcmp(match, "regex") == 0)
		return reply_pattern_check(pattern, e);
	if (pattern == NULL)
		return ERR_OK;
	if (!phrase_fold(pattern, folded, PHRASE_MAX) || folded[0] == '\0')
		return err_set(e, ERR_BAD_PARAMS, "pattern: holds no letters or digits");
	*ret = folded;
	return ERR_OK;
}

/* the text is good */
static void create(void *ctx, const struct err *checked)
{
	struct rpc_req *req = ctx;
	struct err e = *checked;
	const struct fleet_device *d = NULL;
	char folded[PHRASE_MAX];
	const char *pattern;
	struct arena *a;
	struct db_params *p;
	struct when w;

	if (e.code == ERR_OK && rpc_param_has(req->params, "device"))
		d = req_device(req, "device", &e);
	if (e.code || read_pattern(req, folded, &pattern, &e) || read_when(req, &w, &e)) {
		rpc_fail(req, &e);
		return;
	}
	a = arena_new();
	p = db_params_new(a);
	db_p_i64(p, req->user_id);
	if (d)
		db_p_i64(p, d->id);
	else
		db_p_null(p);
	db_p_text(p, rpc_param_text(req->params, "match"));
	db_p_text(p, pattern);
	db_p_text(p, rpc_param_text(req->params, "text"));
	db_p_i32(p, (int32_t)rpc_param_int(req->params, "cooldown_s"));
	db_p_i32(p, (int32_t)rpc_param_int(req->params, "daily_max"));
	put_hours(p, &w);
	db_p_i32(p, w.days);
	req_query(req, STMT_REPLY_CREATE, p, DB_ONCE, on_changed, req);
	arena_free(a);
}

static struct rpc_done check_text(struct rpc_req *req, void (*then)(void *ctx, const struct err *e))
{
	const char *text = rpc_param_text(req->params, "text");

	content_texts_check(req, "text", &text, 1, then, req);
	return rpc_later(req);
}

struct rpc_done api_reply_create(struct rpc_req *req)
{
	return check_text(req, create);
}

static void put_int_if(struct db_params *p, const struct rpc_req *req, const char *name)
{
	if (rpc_param_has(req->params, name))
		db_p_i32(p, (int32_t)rpc_param_int(req->params, name));
	else
		db_p_null(p);
}

static void update(void *ctx, const struct err *checked)
{
	struct rpc_req *req = ctx;
	struct err e = *checked;
	struct arena *a;
	struct db_params *p;
	struct when w;

	if (e.code || read_when(req, &w, &e)) {
		rpc_fail(req, &e);
		return;
	}
	a = arena_new();
	p = db_params_new(a);
	db_p_i64(p, req->user_id);
	db_p_i64(p, rpc_param_id(req->params, "rule"));
	if (rpc_param_has(req->params, "enabled"))
		db_p_bool(p, rpc_param_bool(req->params, "enabled"));
	else
		db_p_null(p);
	db_p_text(p, rpc_param_text(req->params, "text"));
	put_int_if(p, req, "cooldown_s");
	put_int_if(p, req, "daily_max");
	db_p_bool(p, w.has_hours);
	put_hours(p, &w);
	if (w.has_days)
		db_p_i32(p, w.days);
	else
		db_p_null(p);
	req_query(req, STMT_REPLY_UPDATE, p, DB_IDEMPOTENT, on_changed, req);
	arena_free(a);
}

struct rpc_done api_reply_update(struct rpc_req *req)
{
	return check_text(req, update);
}

static void on_deleted(void *ctx, const PGresult *r, const struct err *e)
{
	struct rpc_req *req = ctx;

	if (e->code) {
		rpc_fail(req, e);
	} else if (db_rows(r) == 0) {
		fail_no_rule(req);
	} else {
		fleet_rules(req->wad->fleet, req->user_id);
		rpc_reply_take(req, json_pack("{s:o}", "rule", json_id(db_i64(r, 0, 0))));
	}
}

struct rpc_done api_reply_delete(struct rpc_req *req)
{
	struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	db_p_i64(p, req->user_id);
	db_p_i64(p, rpc_param_id(req->params, "rule"));
	req_query(req, STMT_REPLY_DELETE, p, DB_ONCE, on_deleted, req);
	arena_free(a);
	return rpc_later(req);
}

/* -- reply.log -- */

static json_t *log_json(struct rpc_req *req, const PGresult *r, int i)
{
	json_t *o = json_pack("{s:o}", "id", json_id(db_i64(r, i, db_col(r, "id"))));

	(void)req;
	json_put_time(o, "at", db_time(r, i, db_col(r, "at")));
	json_put_id(o, "device", db_i64(r, i, db_col(r, "device_id")));
	json_put_id(o, "to", db_i64(r, i, db_col(r, "phone")));
	json_object_set_new(o, "kind", json_string(db_text(r, i, db_col(r, "kind"))));
	json_put_id(o, "rule", db_i64(r, i, db_col(r, "rule_id")));
	json_object_set_new(o, "text", json_string(db_text(r, i, db_col(r, "body"))));
	return o;
}

static void on_log(void *ctx, const PGresult *r, const struct err *e)
{
	rpc_reply_rows(ctx, r, e, log_json);
}

struct rpc_done api_reply_log(struct rpc_req *req)
{
	struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	db_p_i64(p, req->user_id);
	if (rpc_param_has(req->params, "rule"))
		db_p_i64(p, rpc_param_id(req->params, "rule"));
	else
		db_p_null(p);
	db_p_i64(p, rpc_param_id(req->params, "after"));
	db_p_i64(p, rpc_param_int(req->params, "limit"));
	req_query(req, STMT_REPLY_LOG, p, DB_IDEMPOTENT, on_log, req);
	arena_free(a);
	return rpc_later(req);
}
