#include <string.h>

#include "shared/rpc/discover.h"

#include "daemon/api/handlers.h"
#include "daemon/api/rpc_server.h"

/* who a connection is, as hello and act_as tell it; u NULL: nobody */
static json_t *put_who(json_t *o, const struct user *u)
{
	if (u == NULL)
		return o;
	json_object_set_new(o, "user", json_id(u->id));
	json_put_text(o, "name", u->name);
	json_put_text(o, "role", cat_role_name(u->role));
	json_put_text(o, "zone", u->zone);
	return o;
}

struct rpc_done api_system_hello(struct rpc_req *req)
{
	json_t *o = json_pack("{s:s,s:s,s:s,s:[s]}", "server", "wad", "version", WAD_VERSION, "api",
			      RPC_API_VERSION, "features", "events");

	return rpc_reply_take(req, put_who(o, accounts_find(req->wad->accounts, req->user_id)));
}

struct rpc_done api_system_ping(struct rpc_req *req)
{
	char now[25];

	unix_ms_text(clock_unix(req->wad->clock), now);
	return rpc_reply_take(req, json_pack("{s:s}", "at", now));
}

enum { NAMES_MAX = 5000 };

static void put_name(json_t *names, const char *name, const char *prefix)
{
	if (json_array_size(names) < NAMES_MAX && strncmp(name, prefix, strlen(prefix)) == 0)
		json_array_append_new(names, json_string(name));
}

struct rpc_done api_system_names(struct rpc_req *req)
{
	const char *prefix = rpc_param_text(req->params, "prefix");
	bool of_users = strcmp(rpc_param_text(req->params, "noun"), "user") == 0;
	const struct fleet_device *d;
	const struct user *u;
	json_t *names = json_array();
	int64_t after = 0;

	prefix = prefix ? prefix : "";
	if (!of_users)
		while ((d = fleet_next(req->wad->fleet, req->user_id, &after)) != NULL)
			put_name(names, d->name, prefix);
	else if (req->role >= ROLE_ADMIN) /* nobody else's business */
		while ((u = accounts_next(req->wad->accounts, &after)) != NULL)
			put_name(names, u->name, prefix);
	return rpc_reply_take(req, json_pack("{s:o}", "names", names));
}

struct rpc_done api_system_act_as(struct rpc_req *req)
{
	struct err e = ERR_NONE;
	const struct user *u = NULL;

	if (req->conn == NULL)
		return rpc_fail(req, &(struct err){ ERR_UNSUPPORTED, "only on a connection" });
	if (rpc_param_has(req->params, "user"))
		u = req_user(req, "user", &e);
	if (u && !u->active)
		err_set(&e, ERR_CONFLICT, "user %.64s: is not active", u->name);
	if (e.code)
		return rpc_fail(req, &e);
	rpc_conn_act_as(req->conn, u ? u->id : 0);
	u = u ? u : accounts_find(req->wad->accounts, req->actor_id);
	return rpc_reply_take(req, put_who(json_object(), u));
}

struct rpc_done api_rpc_discover(struct rpc_req *req)
{
	struct wad *w = req->wad;

	if (w->discover == NULL)
		w->discover = rpc_discover_document(WAD_VERSION);
	return rpc_reply_take(req, json_incref(w->discover));
}
