#pragma once
/* The HTTP API on libmicrohttpd, driven by the control loop: it accepts, keeps the limits (sizes, counts,
 * deadlines), knows the caller, finds the route and calls the same handlers as the socket. One request
 * is one struct httpd_req, which ends when its answer has gone or the client left. */
#include "daemon/api/request.h"

struct httpd_server;

struct httpd_cfg {
	const char *listen;   /* "127.0.0.1:8080", "[::1]:8080" */
	uint32_t per_address; /* connections of one address */
	uint32_t rate, burst; /* calls of one token or session: a second, at once */
	const char *trusted_proxies, *cors_origins; /* lists, NULL: none; the latter must stay */
};

enum errc httpd_server_new(struct wad *w, const struct httpd_cfg *cfg, struct httpd_server **ret,
			   struct err *e) MUST_USE;
enum errc httpd_cors_check(const char *origins, struct err *e) MUST_USE; /* a clean list? */
void httpd_server_close(struct httpd_server *s); /* answers what waits with 503; frees itself */
