/* From an HTTP request to a method's handler and back: parameters out of path, query and body. */
#include <inttypes.h>

#include "shared/base/xalloc.h"
#include "shared/rpc/openapi.h"

#include "daemon/api/httpd_impl.h"

/* -- the answer -- */

/* the same address with after=<next>, or before= where the list goes that way */
static void link_next(struct httpd_req *q, const char *next)
{
	const char *way = "after";
	struct wr w;

	if (cat_param_find(q->method->in, "before"))
		way = "before";
	for (size_t i = 0; i < q->target.query_len; i++)
		if (strcmp(q->target.query[i].name, "after") == 0)
			way = "after";

	wr_init(&w, 4 * HTTP_TARGET_MAX);
	wr_str(&w, "<");
	wr_str(&w, q->target.raw_path);
	wr_str(&w, "?");
	for (size_t i = 0; i < q->target.query_len; i++) {
		if (strcmp(q->target.query[i].name, way) == 0)
			continue;
		httpd_target_escape(&w, q->target.query[i].name);
		wr_str(&w, "=");
		httpd_target_escape(&w, q->target.query[i].value);
		wr_str(&w, "&");
	}
	wr_str(&w, way);
	wr_str(&w, "=");
	httpd_target_escape(&w, next);
	wr_str(&w, ">; rel=\"next\"");
	wr_u8(&w, 0);
	if (!w.bad)
		httpd_header(q, "Link", (const char *)w.buf);
	wr_done(&w);
}

/* an alias makes objects that live at today's address */
static const char *collection(const struct httpd_req *q)
{
	const char *path = q->target.raw_path;
	char verb[8];

	if (q->alias)
		cat_route(q->method, verb, &path);
	return path;
}

static void succeed(struct httpd_req *q, json_t *result)
{
	const struct cat_method *m = q->method;
	const char *next = json_string_value(json_object_get(result, "next"));
	const char *id = json_string_value(json_object_get(result, "id"));
	bool created = cat_route_created(m) != NULL;

	if (m->list && next)
		link_next(q, next);
	if (created && id)
		httpd_header(q, "Location", arena_printf(q->arena, "%s/%s", collection(q), id));
	if (!m->list)
		httpd_match_tag(q, result);
	httpd_answer_json_take(q, created ? 201 : 200, result);
}

struct httpd_req *httpd_call_end(struct rpc_req *req)
{
	struct httpd_req *q = req->asker;

	if (q)
		q->call = NULL;
	httpd_match_free(req->match);
	json_decref(req->params);
	free(req);
	return q;
}

void httpd_call_answer_take(struct rpc_req *req, json_t *result, const struct err *e)
{
	struct rpc_detail detail = req->detail;
	struct httpd_req *q = httpd_call_end(req);

	if (q && result)
		q->then(q, result);
	else if (q)
		httpd_problem(q, e, &detail);
	else
		json_decref(result);
}

static void on_answer(struct rpc_req *req, json_t *result, const struct err *e)
{
	if (req->once)
		httpd_once_answer_take(req, result, e);
	else
		httpd_call_answer_take(req, result, e);
}

void httpd_call_leave(struct httpd_req *q)
{
	if (q->call)
		q->call->asker = NULL; /* the work goes on, its answer is dropped */
	q->call = NULL;
}

/* -- the call -- */

void httpd_call(struct httpd_req *q, const struct cat_method *m, json_t *params,
		void (*then)(struct httpd_req *q, json_t *result))
{
	struct rpc_req *req = xcalloc(1, sizeof *req);
	struct err e = ERR_NONE;

	req->wad = q->server->wad;
	req->answer_take = on_answer;
	req->asker = q;
	req->user_id = req->actor_id = q->who.user_id;
	req->role = req->own_role = q->who.role;
	list_init(&req->link);
	q->call = req;
	q->then = then ? then : succeed;
	if (then == NULL) {
		req->match = q->match;
		q->match = NULL;
	}
	if (rpc_admit(req, m, params, &e))
		rpc_fail(req, &e);
	else if (then == NULL && httpd_once_wanted(q))
		httpd_once_begin(req);
	else
		api_handler(m)(req);
}

/* -- the method of the route -- */

/* a method with a key of its own takes the header's, so that it knows by itself what it has done */
static void hand_on_key(struct httpd_req *q, const struct cat_method *m, json_t *params)
{
	const struct cat_param *key = cat_param_find(m->in, "key");
	const char *given =
		httpd_once_wanted(q) ? httpd_request_header(q, "Idempotency-Key") : NULL;

	if (key && given && !json_object_get(params, "key") && (int64_t)strlen(given) <= key->max)
		json_object_set_new(params, "key", json_string(given));
}

static void call_method(struct httpd_req *q)
{
	const struct cat_method *m = q->method;
	json_t *params =
		httpd_params_in_query(q) ? httpd_params_query(q, m) : httpd_params_body(q, m);
	json_t *names = params ? httpd_params_path(q, m, q->pattern) : NULL;

	if (names && httpd_params_bound(q, m, params)) {
		json_object_update(params, names);
		hand_on_key(q, m, params);
		if (httpd_match_wanted(q))
			httpd_match_begin(q, params);
		else if (httpd_document_wanted(q))
			httpd_document_begin(q, params);
		else
			httpd_call(q, m, params, NULL);
	}
	json_decref(names);
	json_decref(params);
}

/* -- routes that are no methods -- */

static void answer_openapi(struct httpd_req *q)
{
	struct httpd_server *s = q->server;

	if (s->openapi == NULL) {
		json_t *document = openapi_document(WAD_VERSION);

		s->openapi = json_dumps(document, JSON_COMPACT);
		json_decref(document);
	}
	httpd_answer_text(q, 200, "application/json", span_str(s->openapi));
}

static void call_own(struct httpd_req *q)
{
	switch (q->own) {
	case ROUTE_OPENAPI:
		answer_openapi(q);
		break;
	case ROUTE_LIVEZ:
	case ROUTE_READYZ:
	case ROUTE_HEALTHZ:
	case ROUTE_METRICS:
		httpd_health_answer(q);
		break;
	case ROUTE_EVENTS:
		httpd_events_begin(q);
		break;
	case ROUTE_QR:
		httpd_qr_answer(q);
		break;
	case ROUTE_PAGE:
		httpd_page_answer(q);
		break;
	case ROUTE_SETUP:
		httpd_who_setup(q);
		break;
	case ROUTE_LOGIN:
		httpd_who_login(q);
		break;
	case ROUTE_LOGOUT:
		httpd_who_logout(q);
		break;
	case ROUTE_COUNT:
		break;
	}
}

/* an address of the older system for something that wad does not do: never a success that is none */
static void answer_missing(struct httpd_req *q)
{
	struct err e = ERR_NONE;

	err_set(&e, ERR_UNSUPPORTED, "wad does not do this: %s", q->alias->missing);
	httpd_problem(q, &e, NULL);
}

static void on_known(struct httpd_req *q)
{
	if (q->method)
		call_method(q);
	else if (q->own != ROUTE_COUNT)
		call_own(q);
	else
		answer_missing(q);
}

void httpd_call_begin(struct httpd_req *q)
{
	httpd_who_find(q, httpd_role_needed(q), on_known);
}
