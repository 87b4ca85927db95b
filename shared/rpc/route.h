#pragma once
/* The HTTP side of the catalogue: which method a verb and a path mean, where its parameters travel (path;
 * query for GET and DELETE; JSON body for the rest), and the routes that are no methods. Pure: no I/O. */
#include <stdbool.h>
#include <stddef.h>

#include "shared/rpc/catalogue.h"

enum { ROUTE_SEGMENTS_MAX = 16, ROUTE_PAGE_MAX = 500 /* of a list, over HTTP */ };

/* constant, verb, path, role, media type of the answer, its parameters, doc */
/* clang-format off */
#define ROUTE_TABLE(X) \
	X(OPENAPI, "GET", "/openapi.json", ROLE_ANYONE, "application/json", none, "This document.") \
	X(LIVEZ, "GET", "/livez", ROLE_ANYONE, "text/plain", none, "The control loop turns.") \
	X(READYZ, "GET", "/readyz", ROLE_ANYONE, "text/plain", readyz, "The daemon can do its work: 200, else 503.") \
	X(HEALTHZ, "GET", "/healthz", ROLE_ANYONE, "text/plain", none, "The same as /livez.") \
	X(METRICS, "GET", "/metrics", ROLE_ADMIN, "text/plain", none, "Figures for Prometheus; without a token from this host only.") \
	X(EVENTS, "GET", "/api/events", ROLE_VIEWER, "text/event-stream", events, "Events as they happen, as server-sent events.") \
	X(QR, "GET", "/app/qr", ROLE_VIEWER, "image/svg+xml", qr, "The QR code of a pairing: SVG, PNG or JSON, by Accept.") \
	X(PAGE, "GET", "/device/{device}/whatsapp", ROLE_VIEWER, "text/html", page, "A page that shows the chats of a device, for reading.") \
	X(SETUP, "POST", "/api/setup", ROLE_ANYONE, "application/json", setup, "Give the first admin a name and a password, by the code that the first start printed.") \
	X(LOGIN, "POST", "/api/login", ROLE_ANYONE, "application/json", login, "Start a cookie session.") \
	X(LOGOUT, "POST", "/api/logout", ROLE_VIEWER, "application/json", none, "End the cookie session.")
/* clang-format on */

enum route {
#define X(constant, verb, path, role, type, in, doc) ROUTE_##constant,
	ROUTE_TABLE(X)
#undef X
		ROUTE_COUNT
};

/* a route that is no method */
struct route_row {
	const char *verb, *path;
	enum cat_role role;
	const char *type, *doc;
	const struct cat_param *in;
};
const struct route_row *route_row(enum route r);

/* verb (NUL-terminated, into out) and path of a method; false when it has no route */
bool cat_route(const struct cat_method *m, char verb[static 8], const char **ret_path);
bool cat_route_in_path(const struct cat_method *m, const char *param);
bool route_in_path(const char *pattern, const char *param);
bool cat_route_by_query(const struct cat_method *m); /* its other parameters are a query */
/* POST to a collection whose members have an address: 201, and where the new one is */
const struct cat_method *cat_route_created(const struct cat_method *m); /* NULL: 200 */

/* a path cut at its slashes and decoded */
struct route_path {
	const char *segments[ROUTE_SEGMENTS_MAX];
	size_t count;
};
bool route_path_fits(const char *pattern, const struct route_path *p);
/* A path that some address spells out is that address's for every verb: what stands there is no name of an
 * object, and /openapi.json says the same. */
bool route_is_spelled_out(const struct route_path *p);
/* the method of verb and path; literal segments win over parameters. NULL: none */
const struct cat_method *route_find_method(const char *verb, const struct route_path *p);
/* ROUTE_COUNT: none */
enum route route_find(const char *verb, const struct route_path *p);
/* verbs that fit the path as an Allow header's value; empty: no such path */
void route_allow(const struct route_path *p, char *out, size_t out_bytes);
/* value of {param} in the path of m; NULL: it has none */
const char *route_value(const char *pattern, const struct route_path *p, const char *param);
