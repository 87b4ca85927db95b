#include <stdlib.h>

#include "shared/base/xalloc.h"

#include "daemon/api/handlers.h"
#include "daemon/api/rpc_server.h"
#include "daemon/engine/account.h"

/* -- results -- */

static void put_limit(json_t *o, const char *key, int64_t n)
{
	if (n >= 0)
		json_object_set_new(o, key, json_integer(n));
}

static json_t *user_json(struct rpc_req *req, const PGresult *r, int i)
{
	json_t *o = json_pack(
		"{s:o,s:s,s:s,s:b,s:s,s:b,s:I}", "id", json_id(db_i64(r, i, db_col(r, "id"))),
		"name", db_text(r, i, db_col(r, "name")), "role", db_text(r, i, db_col(r, "role")),
		"active", db_bool(r, i, db_col(r, "active")), "zone",
		db_text(r, i, db_col(r, "zone")), "has_password",
		db_bool(r, i, db_col(r, "has_password")), "devices",
		(json_int_t)db_i64(r, i, db_col(r, "devices")));

	(void)req;
	json_object_set_new(o, "queue_paused",
			    json_boolean(db_bool(r, i, db_col(r, "queue_paused"))));
	json_put_text(o, "email", db_text(r, i, db_col(r, "email")));
	json_put_text(o, "full_name", db_text(r, i, db_col(r, "full_name")));
	put_limit(o, "os_uid", db_i64(r, i, db_col(r, "os_uid")));
	put_limit(o, "max_devices", db_i64(r, i, db_col(r, "max_devices")));
	put_limit(o, "max_messages_day", db_i64(r, i, db_col(r, "max_messages_day")));
	put_limit(o, "default_country", db_i64(r, i, db_col(r, "default_country")));
	json_put_time(o, "created_at", db_time(r, i, db_col(r, "created_at")));
	json_put_time(o, "last_login_at", db_time(r, i, db_col(r, "last_login_at")));
	return o;
}

static void ask_users(struct rpc_req *req, int64_t id, int64_t after, int64_t limit,
		      db_result_fn done)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	if (id)
		db_p_i64(p, id);
	else
		db_p_null(p);
	db_p_i64(p, after);
	db_p_i64(p, limit);
	db_query(req->wad->db, STMT_USER_SHOW, p, DB_IDEMPOTENT, done, req);
}

static void on_show(void *ctx, const PGresult *r, const struct err *e)
{
	rpc_reply_row(ctx, r, e, user_json, "user: no such user");
}

static void on_list(void *ctx, const PGresult *r, const struct err *e)
{
	rpc_reply_rows(ctx, r, e, user_json);
}

struct rpc_done api_user_list(struct rpc_req *req)
{
	ask_users(req, 0, rpc_param_id(req->params, "after"), rpc_param_int(req->params, "limit"),
		  on_list);
	return rpc_later(req);
}

struct rpc_done api_user_show(struct rpc_req *req)
{
	struct err e = ERR_NONE;
	const struct user *u = req_user(req, "id", &e);

	if (u == NULL)
		return rpc_fail(req, &e);
	ask_users(req, u->id, 0, 1, on_show);
	return rpc_later(req);
}

/* -- user.create, user.update: checked against the users in memory, written, read again -- */

struct change {
	struct rpc_req *req;
	int64_t user_id;
};

static void on_reloaded(void *ctx, const struct account_reply *r, const struct err *e)
{
	struct change *c = ctx;

	(void)r;
	if (c->req->wad->rpc)
		rpc_server_users_changed(c->req->wad->rpc);
	if (e->code)
		rpc_fail(c->req, e);
	else
		ask_users(c->req, c->user_id, 0, 1, on_show);
	free(c);
}

static void on_written(void *ctx, const PGresult *r, const struct err *e)
{
	struct rpc_req *req = ctx;
	struct change *c;

	if (e->code) {
		rpc_fail(req, e);
		return;
	}
	if (db_rows(r) == 0) { /* what else can be wrong was looked at before */
		rpc_fail(req, &(struct err){ ERR_BAD_PARAMS, "zone: no such time zone" });
		return;
	}
	c = xcalloc(1, sizeof *c);
	c->req = req;
	c->user_id = db_i64(r, 0, 0);
	accounts_reload(req->wad->accounts, on_reloaded, c);
}

static bool is_free(struct rpc_req *req, int64_t except, struct err *e)
{
	const char *taken = accounts_taken(
		req->wad->accounts, except, except ? NULL : rpc_param_text(req->params, "name"),
		rpc_param_text(req->params, "email"),
		rpc_param_has(req->params, "os_uid") ? rpc_param_int(req->params, "os_uid") : -1);

	if (taken)
		err_set(e, ERR_CONFLICT, "user: the %s is another user's", taken);
	return taken == NULL;
}

static void put_number(struct rpc_req *req, struct db_params *p, const char *name)
{
	if (rpc_param_has(req->params, name))
		db_p_i64(p, rpc_param_int(req->params, name));
	else
		db_p_null(p);
}

static void put_country(struct rpc_req *req, struct db_params *p)
{
	int64_t code = rpc_param_int(req->params, "default_country");

	if (rpc_param_has(req->params, "default_country"))
		db_p_i64(p, code > 0 ? code : -1);
	else
		db_p_null(p);
}

static void add_user(void *ctx, const char *hash, const struct err *e)
{
	struct rpc_req *req = ctx;
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	if (e->code) {
		rpc_fail(req, e);
		return;
	}
	db_p_text(p, rpc_param_text(req->params, "name"));
	db_p_text(p, rpc_param_text(req->params, "role"));
	db_p_text(p, rpc_param_text(req->params, "email"));
	db_p_text(p, rpc_param_text(req->params, "full_name"));
	db_p_text(p, rpc_param_text(req->params, "zone"));
	put_number(req, p, "os_uid");
	put_number(req, p, "max_devices");
	put_number(req, p, "max_messages_day");
	db_p_text(p, hash);
	put_country(req, p);
	db_query(req->wad->db, STMT_USER_ADD, p, DB_ONCE, on_written, req);
}

struct rpc_done api_user_create(struct rpc_req *req)
{
	const char *password = rpc_param_text(req->params, "password");
	struct err e = ERR_NONE;

	if (!is_free(req, 0, &e))
		return rpc_fail(req, &e);
	if (password)
		accounts_hash_password(req->wad->accounts, password, add_user, req);
	else
		add_user(req, NULL, &e);
	return rpc_later(req);
}

/* an installation without an admin could not be managed any more */
static bool keeps_an_admin(struct rpc_req *req, const struct user *u, struct err *e)
{
	const char *role = rpc_param_text(req->params, "role");
	bool stays = role == NULL || account_role(role) == ROLE_ADMIN;

	if (rpc_param_has(req->params, "active"))
		stays = stays && rpc_param_bool(req->params, "active");
	if (!stays && u->role == ROLE_ADMIN && u->active && accounts_admins(req->wad->accounts) < 2)
		err_set(e, ERR_CONFLICT, "user %.64s: is the only admin", u->name);
	return e->code == ERR_OK;
}

struct rpc_done api_user_update(struct rpc_req *req)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	struct err e = ERR_NONE;
	const struct user *u = req_user(req, "id", &e);

	if (u == NULL || !is_free(req, u->id, &e) || !keeps_an_admin(req, u, &e))
		return rpc_fail(req, &e);
	db_p_i64(p, u->id);
	db_p_text(p, rpc_param_text(req->params, "role"));
	if (rpc_param_has(req->params, "active"))
		db_p_bool(p, rpc_param_bool(req->params, "active"));
	else
		db_p_null(p);
	db_p_text(p, rpc_param_text(req->params, "email"));
	db_p_text(p, rpc_param_text(req->params, "full_name"));
	db_p_text(p, rpc_param_text(req->params, "zone"));
	put_number(req, p, "os_uid");
	put_number(req, p, "max_devices");
	put_number(req, p, "max_messages_day");
	put_country(req, p);
	db_query(req->wad->db, STMT_USER_UPDATE, p, DB_IDEMPOTENT, on_written, req);
	return rpc_later(req);
}

/* -- user.passwd -- */

static void on_passwd(void *ctx, const struct account_reply *r, const struct err *e)
{
	struct rpc_req *req = ctx;

	if (e->code) {
		req->detail.retry_after_ms = r->retry_after_ms;
		rpc_fail(req, e);
	} else {
		rpc_reply_take(req, json_pack("{s:o}", "user", json_id(r->user->id)));
	}
}

/* everybody may name himself, as the route of HTTP does */
struct rpc_done api_user_passwd(struct rpc_req *req)
{
	struct err e = ERR_NONE;
	const struct user *own = accounts_find(req->wad->accounts, req->user_id), *u = own;

	if (rpc_param_has(req->params, "id"))
		u = req_user(req, "id", &e);
	if (u != own && req->role < ROLE_ADMIN) {
		e = ERR_NONE;
		err_set(&e, ERR_FORBIDDEN, "id: only an admin names another user");
	}
	if (e.code || u == NULL)
		return rpc_fail(req, &e);
	accounts_set_password(req->wad->accounts, u->id, rpc_param_text(req->params, "password"),
			      on_passwd, req);
	return rpc_later(req);
}

/* -- user.pause, user.resume: the user's own queue.pause, by an admin -- */

static void on_switched(void *ctx, const PGresult *r, const struct err *e)
{
	struct change *c = ctx;

	(void)r;
	if (e->code) {
		rpc_fail(c->req, e);
	} else {
		fleet_settings(c->req->wad->fleet, c->user_id, 0);
		ask_users(c->req, c->user_id, 0, 1, on_show);
	}
	free(c);
}

static struct rpc_done switch_user(struct rpc_req *req, enum stmt stmt)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	struct err e = ERR_NONE;
	const struct user *u = req_user(req, "id", &e);
	struct change *c;

	if (u == NULL)
		return rpc_fail(req, &e);
	c = xcalloc(1, sizeof *c);
	c->req = req;
	c->user_id = u->id;
	db_p_i64(p, u->id);
	if (stmt == STMT_QUEUE_PAUSE)
		db_p_text(p, rpc_param_text(req->params, "reason"));
	db_query_as(req->wad->db, u->id, stmt, p, DB_IDEMPOTENT, on_switched, c);
	return rpc_later(req);
}

struct rpc_done api_user_pause(struct rpc_req *req)
{
	return switch_user(req, STMT_QUEUE_PAUSE);
}

struct rpc_done api_user_resume(struct rpc_req *req)
{
	return switch_user(req, STMT_QUEUE_RESUME);
}
