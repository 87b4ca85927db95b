/* Other sites' pages: they may call only when their origin is listed in the settings. A page brings a bearer token
 * then; cookies are never shared with another origin. */
#include "daemon/api/httpd_impl.h"

static const char exposed[] = "Location, Link, ETag, Retry-After, Idempotent-Replayed, "
			      "RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset";

static bool is_listed(const char *list, const char *origin)
{
	size_t len = strlen(origin);

	while (list && *(list += strspn(list, " \t,"))) {
		size_t own = strcspn(list, " \t,");

		if (own == len && strncmp(list, origin, len) == 0)
			return true;
		list += own;
	}
	return false;
}

static const char *listed_origin(const struct httpd_req *q)
{
	const char *origin = httpd_request_header(q, "Origin");

	return origin && is_listed(q->server->cors_origins, origin) ? origin : NULL;
}

void httpd_cors_headers(const struct httpd_req *q, struct MHD_Response *r)
{
	const char *origin = q->server->cors_origins ? listed_origin(q) : NULL;

	if (q->server->cors_origins)
		MHD_add_response_header(r, "Vary", "Origin");
	if (origin == NULL)
		return;
	MHD_add_response_header(r, "Access-Control-Allow-Origin", origin);
	MHD_add_response_header(r, "Access-Control-Expose-Headers", exposed);
}

bool httpd_cors_preflight(struct httpd_req *q)
{
	char allow[64];

	if (strcmp(q->verb, "OPTIONS") != 0 || listed_origin(q) == NULL ||
	    httpd_request_header(q, "Access-Control-Request-Method") == NULL)
		return false;
	route_allow(&q->target.path, allow, sizeof allow);
	if (allow[0] == '\0')
		return false;
	httpd_header(q, "Access-Control-Allow-Methods", allow);
	httpd_header(q, "Access-Control-Allow-Headers",
		     "Authorization, Content-Type, Idempotency-Key, If-Match, Last-Event-ID");
	httpd_header(q, "Access-Control-Max-Age", "600");
	httpd_answer_text(q, 204, NULL, SPAN_NONE);
	return true;
}

enum errc httpd_cors_check(const char *list, struct err *e)
{
	while (list && *(list += strspn(list, " \t,"))) {
		size_t len = strcspn(list, " \t,"), scheme = 0;

		if (strncmp(list, "https://", 8) == 0)
			scheme = 8;
		else if (strncmp(list, "http://", 7) == 0)
			scheme = 7;
		if (scheme == 0 || len == scheme ||
		    scheme + strcspn(list + scheme, " \t,/?#@*") != len)
			return err_set(e, ERR_CONFIG, "'%.*s' is no origin like https://host:port",
				       (int)(len < 80 ? len : 80), list);
		list += len;
	}
	return ERR_OK;
}
