#pragma once
/* A small HTTP/1.1 server on the same loop, for wasandbox: requests with a bounded body, plain or TLS,
 * and the upgrade to WebSocket (server role). Strict: one Content-Length or chunked refused with 411,
 * header block 16 KiB, deadline 10 s for headers, idle 60 s. Keep-alive. */
#include <stdbool.h>

#include "shared/base/arena.h"
#include "shared/net/ws.h"

struct http_server;
struct http_req; /* lives until http_respond or http_upgrade_ws; then it is gone */

enum { HTTP_HEADER_MAX = 16 << 10 };

struct http_server_cfg {
	const char *host; /* "127.0.0.1" */
	uint16_t port;    /* 0: any free */
	bool tls;
	size_t body_max;
	int backlog;
	void (*on_request)(void *ctx, struct http_req *req); /* may answer later */
	/* false: the connection is dropped at accept (fault knob); NULL: all accepted */
	bool (*may_accept)(void *ctx);
	void *ctx;
};

enum errc http_server_new(struct net *n, const struct http_server_cfg *cfg,
			  struct http_server **ret, struct err *e) MUST_USE;
uint16_t http_server_port(const struct http_server *s);
/* Closes listener and connections; frees itself later. Connections that became a ws are their owner's and
 * stay; requests not answered yet still want http_respond. */
void http_server_close(struct http_server *s);

const char *http_method(const struct http_req *r);
const char *http_path(const struct http_req *r); /* without the query, percent-decoded */
const char *http_query(const struct http_req *r, const char *key);   /* decoded value or NULL */
const char *http_header(const struct http_req *r, const char *name); /* without case; or NULL */
struct span http_body(const struct http_req *r);
struct arena *http_arena(struct http_req *r);   /* ends with the request */
bool http_is_upgrade(const struct http_req *r); /* a well-formed WebSocket upgrade */

/* extra: "Name: value\r\n" lines or NULL; body is copied */
void http_respond(struct http_req *r, int status, const char *content_type, const char *extra,
		  struct span body);
/* Answers 101; the connection becomes the ws. The request is gone in any case. NULL: the connection is
 * gone, or the request is no upgrade (answered with 400). */
struct ws *http_upgrade_ws(struct http_req *r, const struct ws_handler *h, void *ctx);
