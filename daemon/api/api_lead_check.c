#include <stdlib.h>

#include "shared/base/phone.h"
#include "shared/base/xalloc.h"

#include "daemon/api/handlers.h"

/* one call; phones NULL: it is about leads */
struct check {
	struct rpc_req *req;
	int64_t *phones;
	size_t len;
	json_int_t numbers, waiting;
};

static void end(struct check *c, const struct err *e, json_t *known)
{
	json_t *o;

	if (e->code) {
		rpc_fail(c->req, e);
	} else {
		o = json_pack("{s:I,s:I}", "numbers", c->numbers, "waiting", c->waiting);
		if (known)
			json_object_set_new(o, "known", known);
		rpc_reply_take(c->req, o);
	}
	free(c->phones);
	free(c);
}

static void on_known(void *ctx, const PGresult *r, const struct err *e)
{
	struct check *c = ctx;
	json_t *list = e->code ? NULL : json_array();

	for (int i = 0; list && i < db_rows(r); i++) {
		json_t *o =
			json_pack("{s:o,s:b}", "phone", json_id(db_i64(r, i, db_col(r, "phone"))),
				  "on_whatsapp", db_bool(r, i, db_col(r, "is_on_whatsapp")));

		json_put_time(o, "checked_at", db_time(r, i, db_col(r, "checked_at")));
		json_array_append_new(list, o);
	}
	end(c, e, list);
}

static void on_wanted(void *ctx, const PGresult *r, const struct err *e)
{
	struct check *c = ctx;
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	if (e->code) {
		end(c, e, NULL);
		return;
	}
	c->numbers = (json_int_t)db_i64(r, 0, db_col(r, "numbers"));
	c->waiting = (json_int_t)db_i64(r, 0, db_col(r, "waiting"));
	if (c->waiting)
		number_checks_wake(c->req->wad->checks);
	if (c->phones == NULL) {
		end(c, e, NULL);
		return;
	}
	db_p_i64(p, c->req->user_id);
	db_p_i64_array(p, c->phones, c->len);
	req_query(c->req, STMT_NUMBER_CHECK_SHOW, p, DB_IDEMPOTENT, on_known, c);
}

static enum errc read_phones(struct check *c, const json_t *list, struct err *e)
{
	c->phones = xcalloc(json_array_size(list) + 1, sizeof *c->phones);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *text = json_string_value(json_array_get(list, i));
		const char *problem =
			phone_parse(text, c->req->detail.country, &c->phones[c->len++]);

		if (problem)
			return err_set(e, ERR_BAD_PARAMS, "phones: '%.40s': %s", text, problem);
	}
	return ERR_OK;
}

struct rpc_done api_lead_check(struct rpc_req *req)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	const json_t *list = json_object_get(req->params, "phones");
	struct check *c = xcalloc(1, sizeof *c);
	struct err e = ERR_NONE;

	c->req = req;
	if (list && rpc_param_has(req->params, "niche"))
		err_set(&e, ERR_BAD_PARAMS, "niche: cannot be given with phones");
	if (e.code || (list && read_phones(c, list, &e))) {
		end(c, &e, NULL);
		return rpc_later(req);
	}
	db_p_i64(p, req->user_id);
	if (list)
		db_p_i64_array(p, c->phones, c->len);
	else
		db_p_null(p);
	db_p_text(p, rpc_param_text(req->params, "niche"));
	db_p_bool(p, rpc_param_bool(req->params, "again"));
	req_query(req, STMT_NUMBER_CHECK_WANT, p, DB_IDEMPOTENT, on_wanted, c);
	return rpc_later(req);
}
