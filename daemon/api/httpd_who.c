/* Who calls: a bearer token or a cookie session, login and logout. Nobody else gets further than the
 * routes for anyone. A cookie travels by itself, so a change by cookie needs proof that the page
 * which asked for it is ours. */
#include <inttypes.h>
#include <strings.h>

#include "shared/base/crypto.h"
#include "shared/base/xalloc.h"

#include "daemon/api/httpd_impl.h"
#include "daemon/engine/account.h"

static const char cookie_name[] = "__Host-wad";

struct httpd_lookup {
	struct httpd_req *q; /* NULL: the client left */
	bool by_cookie;
	enum cat_role needed;
	void (*then)(struct httpd_req *q);
};

static struct httpd_lookup *lookup_new(struct httpd_req *q)
{
	struct httpd_lookup *l = xcalloc(1, sizeof *l);

	l->q = q;
	q->lookup = l;
	return l;
}

/* ends l; NULL: nobody waits for it any more */
static struct httpd_req *lookup_end(struct httpd_lookup *l)
{
	struct httpd_req *q = l->q;

	if (q)
		q->lookup = NULL;
	free(l);
	return q;
}

void httpd_who_leave(struct httpd_req *q)
{
	if (q->lookup)
		q->lookup->q = NULL;
	q->lookup = NULL;
}

static const char *bearer(const struct httpd_req *q)
{
	const char *text = httpd_request_header(q, "Authorization");

	if (text == NULL || strncasecmp(text, "Bearer ", 7) != 0)
		return NULL;
	return text + 7 + strspn(text + 7, " ");
}

static const char *session(const struct httpd_req *q)
{
	return MHD_lookup_connection_value(q->mhd, MHD_COOKIE_KIND, cookie_name);
}

/* a scraper beside the daemon; what a proxy hands on is not from here */
static bool is_local(const struct httpd_req *q)
{
	return (strncmp(q->conn->address, "127.", 4) == 0 ||
		strcmp(q->conn->address, "::1") == 0) &&
	       httpd_request_header(q, "X-Forwarded-For") == NULL &&
	       httpd_request_header(q, "Forwarded") == NULL;
}

static bool is_open(const struct httpd_req *q, enum cat_role needed)
{
	return needed == ROLE_ANYONE ||
	       (q->own == ROUTE_METRICS && bearer(q) == NULL && is_local(q));
}

bool httpd_who_may_try(struct httpd_req *q, enum cat_role needed)
{
	return is_open(q, needed) || bearer(q) || session(q);
}

static bool is_write(const struct httpd_req *q)
{
	return strcmp(q->verb, "GET") != 0 && strcmp(q->verb, "HEAD") != 0;
}

static bool same_site(const struct httpd_req *q)
{
	const char *site = httpd_request_header(q, "Sec-Fetch-Site");
	const char *origin = httpd_request_header(q, "Origin"), *host;

	if (site)
		return strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0;
	host = httpd_request_header(q, "Host");
	origin = origin ? strstr(origin, "://") : NULL;
	return origin && host && strcasecmp(origin + 3, host) == 0;
}

static bool is_forged(const struct httpd_req *q, const struct account_reply *r)
{
	const char *given = httpd_request_header(q, "X-CSRF-Token");
	size_t len = strlen(r->csrf);

	return !same_site(q) || given == NULL || len == 0 || strlen(given) != len ||
	       !bytes_equal_secret(given, r->csrf, len);
}

static void refuse(struct httpd_req *q, const struct account_reply *r, const struct err *e)
{
	struct rpc_detail detail = { .retry_after_ms = r ? r->retry_after_ms : 0 };

	httpd_problem(q, e, &detail);
}

static void put_number(struct httpd_req *q, const char *header, int64_t n)
{
	httpd_header(q, header, arena_printf(q->arena, "%" PRId64, n));
}

/* true: the answer is set */
static bool is_too_often(struct httpd_req *q, const struct account_reply *r)
{
	struct httpd_server *s = q->server;
	struct httpd_rate_answer a = httpd_rate_take(s->rate, r->token_id ? 't' : 's',
						     r->token_id ? r->token_id : r->session_id,
						     clock_mono(s->wad->clock));
	struct rpc_detail detail = { .retry_after_ms = a.wait_ms };

	if (a.limit) {
		put_number(q, "RateLimit-Limit", a.limit);
		put_number(q, "RateLimit-Remaining", a.left);
		put_number(q, "RateLimit-Reset", (a.full_ms + 999) / 1000);
	}
	if (a.admitted)
		return false;
	httpd_problem(q,
		      &(struct err){ ERR_RATE_LIMITED, "too many calls of this token or session" },
		      &detail);
	return true;
}

static void on_who(void *ctx, const struct account_reply *r, const struct err *e)
{
	struct httpd_lookup l = *(struct httpd_lookup *)ctx;
	struct httpd_req *q = lookup_end(ctx);

	if (q == NULL)
		return;
	if (e->code) {
		refuse(q, r, e);
		return;
	}
	q->who = (struct httpd_who){ r->user->id, r->role, l.by_cookie };
	if (is_too_often(q, r))
		return;
	if (l.by_cookie && is_write(q) && is_forged(q, r))
		httpd_problem(q,
			      &(struct err){ ERR_FORBIDDEN,
					     "a change by cookie needs X-CSRF-Token and "
					     "a page of this site" },
			      NULL);
	else if (r->role < l.needed)
		httpd_problem(q, &(struct err){ ERR_FORBIDDEN, "not permitted to this caller" },
			      NULL);
	else
		l.then(q);
}

void httpd_who_find(struct httpd_req *q, enum cat_role needed, void (*then)(struct httpd_req *q))
{
	const char *token = bearer(q);
	struct httpd_lookup *l;

	if (is_open(q, needed)) {
		q->who = (struct httpd_who){ 0, ROLE_ANYONE, false };
		then(q);
		return;
	}
	l = lookup_new(q);
	l->by_cookie = token == NULL;
	l->needed = needed;
	l->then = then;
	if (token)
		accounts_by_token(q->server->wad->accounts, token, on_who, l);
	else
		accounts_by_session(q->server->wad->accounts, session(q), on_who, l);
}

/* -- login -- */

static json_t *user_json(const struct user *u)
{
	return json_pack("{s:o,s:s,s:s}", "id", json_id(u->id), "name", u->name, "role",
			 cat_role_name(u->role));
}

static void on_login(void *ctx, const struct account_reply *r, const struct err *e)
{
	struct httpd_req *q = lookup_end(ctx);
	const char *cookie;

	if (q == NULL)
		return;
	if (e->code) {
		refuse(q, r, e);
		return;
	}
	cookie = arena_printf(q->arena, "%s=%s; Path=/; Secure; HttpOnly; SameSite=Lax",
			      cookie_name, r->secret);
	httpd_header(q, "Set-Cookie", cookie);
	httpd_answer_json_take(
		q, 200,
		json_pack("{s:s,s:s,s:s,s:s,s:o}", "status", "success", "message",
			  "logged in; the cookie comes back over HTTPS or to localhost", "token",
			  r->secret, "csrf_token", r->csrf, "user", user_json(r->user)));
}

/* the body, checked; NULL: refused */
static json_t *params_of(struct httpd_req *q, const char *name)
{
	const struct cat_method as_method = { .name = name, .in = route_row(q->own)->in };
	json_t *given = httpd_params_body(q, &as_method), *params = NULL;
	struct rpc_detail detail = { 0 };
	struct err e = ERR_NONE;

	if (given && rpc_validate(&as_method, given, &params, &detail, &e))
		httpd_problem(q, &e, &detail);
	json_decref(given);
	return params;
}

void httpd_who_login(struct httpd_req *q)
{
	json_t *params = params_of(q, "login");

	if (params)
		accounts_login(q->server->wad->accounts, rpc_param_text(params, "email"),
			       rpc_param_text(params, "password"), httpd_client(q), on_login,
			       lookup_new(q));
	json_decref(params);
}

static void on_setup(void *ctx, const struct account_reply *r, const struct err *e)
{
	struct httpd_req *q = lookup_end(ctx);

	if (q == NULL)
		return;
	if (e->code)
		refuse(q, r, e);
	else
		httpd_answer_json_take(
			q, 200,
			json_pack("{s:s,s:o}", "status", "success", "user", user_json(r->user)));
}

void httpd_who_setup(struct httpd_req *q)
{
	json_t *params = params_of(q, "setup");

	if (params)
		accounts_setup(q->server->wad->accounts, rpc_param_text(params, "code"),
			       rpc_param_text(params, "name"), rpc_param_text(params, "password"),
			       httpd_client(q), on_setup, lookup_new(q));
	json_decref(params);
}

static void on_logout(void *ctx, const struct account_reply *r, const struct err *e)
{
	struct httpd_req *q = lookup_end(ctx);

	if (q == NULL)
		return;
	if (e->code) {
		refuse(q, r, e);
		return;
	}
	httpd_header(q, "Set-Cookie",
		     arena_printf(q->arena,
				  "%s=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0",
				  cookie_name));
	httpd_answer_json_take(q, 200, json_pack("{s:s}", "status", "success"));
}

void httpd_who_logout(struct httpd_req *q)
{
	if (!q->who.by_cookie)
		httpd_problem(q,
			      &(struct err){ ERR_BAD_REQUEST, "logout ends a cookie session; a "
							      "token is revoked" },
			      NULL);
	else
		accounts_logout(q->server->wad->accounts, session(q), on_logout, lookup_new(q));
}
