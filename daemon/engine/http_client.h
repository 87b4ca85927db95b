#pragma once
/* Requests to addresses that users give: webhooks, pictures by URL. One for the control loop. Decides how
 * long they may take and how many there may be; url_guard decides where they may go. */
#include "shared/net/fetch.h"

#include "daemon/engine/url_guard.h"

enum {
	HTTP_CLIENT_MAX = 256, /* at once; above: ERR_BUSY */
	HTTP_CLIENT_CONNECT_MS = 5000,
	HTTP_CLIENT_TIMEOUT_MS = 10000, /* of a whole transfer, when the caller names none */
};

struct http_client;

struct http_client_cfg {
	uv_loop_t *loop;
	struct url_guard_cfg guard;
	const char *tls_ca_file; /* to trust beside the system's; NULL: none */
};

enum errc http_client_new(const struct http_client_cfg *cfg, struct http_client **ret,
			  struct err *e) MUST_USE;
/* cancels what is under way: done is called with ERR_CANCELLED */
void http_client_free(struct http_client *c);

/* the rules of a URL, to refuse it when it is given (ERR_BAD_PARAMS) */
enum errc http_client_check(const struct http_client *c, const char *url, struct err *e) MUST_USE;
bool http_client_is_full(const struct http_client *c);
/* As fetch_start, with the rules of URL and address, and time limits where cfg has none. No handle: a
 * transfer ends by itself in time. ERR_FORBIDDEN: the name led to an address that is not allowed. */
enum errc http_client_start(struct http_client *c, const struct fetch_cfg *cfg, fetch_done_fn done,
			    void *ctx, struct err *e) MUST_USE;
