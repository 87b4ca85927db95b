#include "shared/net/http_server.h"

#include <inttypes.h>
#include <stdio.h>

#include "shared/base/text.h"
#include "shared/base/xalloc.h"
#include "shared/net/http_parse.h"
#include "shared/net/net_impl.h"
#include "shared/net/ws_impl.h"

enum { HEADERS_TIMEOUT_MS = 10000, IDLE_TIMEOUT_MS = 60000, BACKLOG_DEFAULT = 1024 };

struct http_server {
	struct net *net;
	struct http_server_cfg cfg;
	uv_tcp_t listener;
	uint16_t port;
	struct list conns; /* of struct http_conn */
	bool closing, listener_closed;
};

struct http_conn {
	struct http_server *server;
	struct conn *conn;
	struct list link;
	struct wr in; /* head bytes, and what came after the current request */
	size_t seen;
	struct http_req *req; /* being read or with the user */
	uint64_t body_left;
	bool busy; /* the user has the request: nothing is read */
	bool in_process, upgraded;
};

struct http_req {
	struct http_conn *hc; /* NULL: the connection is gone */
	struct arena *arena;
	struct http_head head;
	const char *path, *query; /* query NULL: none */
	struct wr body;
	bool keep_alive, leftover;
};

static void hc_process(struct http_conn *hc);

/* ---- answers ---- */

static const char *status_text(int status)
{
	static const struct {
		int status;
		const char *text;
	} texts[] = {
		{ 200, "OK" },
		{ 201, "Created" },
		{ 202, "Accepted" },
		{ 204, "No Content" },
		{ 206, "Partial Content" },
		{ 304, "Not Modified" },
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 408, "Request Timeout" },
		{ 409, "Conflict" },
		{ 411, "Length Required" },
		{ 413, "Content Too Large" },
		{ 426, "Upgrade Required" },
		{ 429, "Too Many Requests" },
		{ 431, "Request Header Fields Too Large" },
		{ 500, "Internal Server Error" },
		{ 501, "Not Implemented" },
		{ 502, "Bad Gateway" },
		{ 503, "Service Unavailable" },
		{ 504, "Gateway Timeout" },
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		if (texts[i].status == status)
			return texts[i].text;
	}
	return "Status";
}

static void answer_put(struct conn *c, int status, const char *type, const char *extra,
		       struct span body, bool keep_alive, bool with_body)
{
	struct wr *w = conn_out(c);
	char line[160];

	snprintf(line, sizeof line, "HTTP/1.1 %d %s\r\n", status, status_text(status));
	wr_str(w, line);
	if (type) {
		wr_str(w, "Content-Type: ");
		wr_str(w, type);
		wr_str(w, "\r\n");
	}
	if (status != 204 && status != 304) {
		snprintf(line, sizeof line, "Content-Length: %zu\r\n", body.len);
		wr_str(w, line);
	}
	if (extra)
		wr_str(w, extra);
	wr_str(w, keep_alive ? "\r\n" : "Connection: close\r\n\r\n");
	if (with_body && status != 204 && status != 304)
		wr_span_put(w, body);
	conn_wrote(c);
}

/* our own answer to a request that cannot be served; the connection ends with it */
static void hc_refuse(struct http_conn *hc, int status, const struct err *e)
{
	char text[256];

	snprintf(text, sizeof text, "%s\n", err_msg(e));
	answer_put(hc->conn, status, "text/plain", NULL, span_str(text), false, true);
	conn_finish(hc->conn);
}

static void req_free(struct http_req *r)
{
	if (!r)
		return;
	wr_done(&r->body);
	arena_free(r->arena);
	free(r);
}

/* ---- reading requests ---- */

static void hc_consume(struct http_conn *hc, size_t n)
{
	memmove(hc->in.buf, hc->in.buf + n, hc->in.len - n);
	hc->in.len -= n;
	hc->seen = 0;
	if (hc->in.len == 0)
		wr_done(&hc->in);
}

static enum errc req_parse_target(struct http_req *r, struct err *e)
{
	const char *target = r->head.target, *mark = strchr(target, '?');
	size_t path_len = mark ? (size_t)(mark - target) : strlen(target);

	r->path = http_decode(r->arena, span_of(target, path_len), false);
	r->query = mark ? mark + 1 : NULL;
	if (!r->path)
		return err_set(e, ERR_BAD_INPUT, "malformed escape in the path");
	return ERR_OK;
}

/* The status of a refusal, or 0 */
static int req_begin(struct http_conn *hc, struct http_req *r, struct span head, struct err *e)
{
	uint64_t length = 0;

	if (http_request_parse(r->arena, head, &r->head, e) || req_parse_target(r, e) ||
	    http_content_length(&r->head, &length, e))
		return 400;
	if (http_head_count(&r->head, "Transfer-Encoding") > 0) {
		err_set(e, ERR_UNSUPPORTED, "a body needs a Content-Length");
		return 411;
	}
	if (length > hc->server->cfg.body_max) {
		err_set(e, ERR_TOO_LARGE, "body of %" PRIu64 " bytes, at most %zu", length,
			hc->server->cfg.body_max);
		return 413;
	}
	r->keep_alive = r->head.minor == 1 && !http_head_has_token(&r->head, "Connection", "close");
	hc->body_left = length;
	if (length > 0 && http_head_has_token(&r->head, "Expect", "100-continue"))
		conn_write(hc->conn, SPAN_LIT("HTTP/1.1 100 Continue\r\n\r\n"));
	return 0;
}

/* true: a request was begun */
static bool hc_read_head(struct http_conn *hc)
{
	struct span all = wr_span(&hc->in);
	struct err e = ERR_NONE;
	struct http_req *r;
	size_t head_len;
	int refusal;

	if (http_head_end(all, hc->seen, HTTP_HEADER_MAX, &head_len, &e)) {
		hc_refuse(hc, e.code == ERR_LIMIT ? 431 : 400, &e);
		return false;
	}
	hc->seen = all.len;
	if (head_len == 0)
		return false;
	r = xcalloc(1, sizeof *r);
	r->hc = hc;
	r->arena = arena_new();
	wr_init(&r->body, hc->server->cfg.body_max);
	hc->req = r;
	refusal = req_begin(hc, r, span_of(all.at, head_len), &e);
	if (refusal) {
		hc_refuse(hc, refusal, &e);
		return false;
	}
	hc_consume(hc, head_len);
	return true;
}

static void hc_read_body(struct http_conn *hc)
{
	size_t n = hc->in.len < hc->body_left ? hc->in.len : (size_t)hc->body_left;

	if (n == 0)
		return;
	wr_put(&hc->req->body, hc->in.buf, n);
	hc->body_left -= n;
	hc_consume(hc, n);
}

static void hc_free(struct http_conn *hc)
{
	struct http_server *s = hc->server;

	list_del(&hc->link);
	wr_done(&hc->in);
	free(hc);
	if (s->closing && s->listener_closed && list_empty(&s->conns))
		free(s);
}

/* As many requests as are there; returns when bytes or an answer are missing. */
static void hc_process(struct http_conn *hc)
{
	hc->in_process = true;
	while (conn_is_open(hc->conn) && !hc->busy) {
		if (!hc->req && !hc_read_head(hc))
			break;
		hc_read_body(hc);
		if (hc->body_left > 0) {
			conn_deadline(hc->conn, IDLE_TIMEOUT_MS, "rest of the request");
			break;
		}
		hc->req->leftover = hc->in.len > 0;
		hc->busy = true;
		conn_deadline(hc->conn, 0, NULL);
		conn_pause(hc->conn, true);
		hc->server->cfg.on_request(hc->server->cfg.ctx, hc->req);
		if (hc->upgraded) {
			hc_free(hc);
			return;
		}
	}
	hc->in_process = false;
}

static void hc_on_up(void *ctx)
{
	(void)ctx; /* the deadline runs since accept */
}

static void hc_on_data(void *ctx, uint8_t *at, size_t len)
{
	struct http_conn *hc = ctx;
	struct err e = ERR_NONE;

	if (!hc->busy && !hc->req && hc->in.len == 0)
		conn_deadline(hc->conn, HEADERS_TIMEOUT_MS, "request headers");
	wr_put(&hc->in, at, len);
	if (hc->in.bad) {
		err_set(&e, ERR_LIMIT, "too much sent ahead");
		conn_drop(hc->conn, &e);
	} else if (!hc->busy) {
		hc_process(hc);
	}
}

static void hc_on_down(void *ctx, const struct err *why)
{
	struct http_conn *hc = ctx;

	(void)why;
	if (hc->req && hc->busy)
		hc->req->hc = NULL; /* the user still has it, and answers into nothing */
	else
		req_free(hc->req);
	hc_free(hc);
}

static const struct conn_handler hc_handler = { hc_on_up, hc_on_data, hc_on_down };

/* ---- the user's side of a request ---- */

const char *http_method(const struct http_req *r)
{
	return r->head.method;
}

const char *http_path(const struct http_req *r)
{
	return r->path;
}

const char *http_query(const struct http_req *r, const char *key)
{
	size_t key_len = strlen(key);

	for (const char *at = r->query; at && *at;) {
		size_t len = strcspn(at, "&"), name = strcspn(at, "=&");

		if (name == key_len && strncmp(at, key, name) == 0) {
			size_t skip = name < len ? name + 1 : name;

			return http_decode(r->arena, span_of(at + skip, len - skip), true);
		}
		at += len + (at[len] == '&');
	}
	return NULL;
}

const char *http_header(const struct http_req *r, const char *name)
{
	return http_head_get(&r->head, name);
}

struct span http_body(const struct http_req *r)
{
	return wr_span(&r->body);
}

struct arena *http_arena(struct http_req *r)
{
	return r->arena;
}

void http_respond(struct http_req *r, int status, const char *content_type, const char *extra,
		  struct span body)
{
	struct http_conn *hc = r->hc;
	bool keep_alive = r->keep_alive, head_only = strcmp(r->head.method, "HEAD") == 0;

	if (!hc || !conn_is_open(hc->conn)) {
		if (hc)
			hc->req = NULL;
		req_free(r);
		return;
	}
	answer_put(hc->conn, status, content_type, extra, body, keep_alive, !head_only);
	req_free(r); /* after answer_put: body may lie in its arena */
	hc->req = NULL;
	hc->busy = false;
	if (!keep_alive) {
		conn_finish(hc->conn);
		return;
	}
	conn_deadline(hc->conn, IDLE_TIMEOUT_MS, "next request");
	conn_pause(hc->conn, false);
	if (!hc->in_process)
		hc_process(hc);
}

bool http_is_upgrade(const struct http_req *r)
{
	const char *key = http_head_get(&r->head, "Sec-WebSocket-Key");
	const char *version = http_head_get(&r->head, "Sec-WebSocket-Version");
	struct span nonce;

	/* bytes behind the request: a client waits for the answer before it sends frames */
	return strcmp(r->head.method, "GET") == 0 && r->head.minor == 1 && r->body.len == 0 &&
	       !r->leftover && http_head_has_token(&r->head, "Upgrade", "websocket") &&
	       http_head_has_token(&r->head, "Connection", "upgrade") && version &&
	       strcmp(version, "13") == 0 && key && strlen(key) == 24 &&
	       http_head_count(&r->head, "Sec-WebSocket-Key") == 1 &&
	       base64_decode(r->arena, key, 24, &nonce) && nonce.len == 16;
}

struct ws *http_upgrade_ws(struct http_req *r, const struct ws_handler *h, void *ctx)
{
	struct http_conn *hc = r->hc;
	char accept[WS_ACCEPT_BYTES], text[200];
	struct conn *c = hc ? hc->conn : NULL;
	struct ws *ws;

	if (!c || !conn_is_open(c) || !http_is_upgrade(r)) {
		http_respond(r, 400, "text/plain", NULL, SPAN_LIT("not a WebSocket upgrade\n"));
		return NULL;
	}
	ws_accept_text(http_head_get(&r->head, "Sec-WebSocket-Key"), accept);
	snprintf(text, sizeof text,
		 "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
		 "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
		 accept);
	conn_write(c, span_str(text));
	ws = ws_new(hc->server->net, false, h, ctx);
	ws->conn = c;
	conn_set_handler(c, ws_conn_handler(), ws);
	ws_begin(ws);
	conn_pause(c, false);
	req_free(r);
	hc->req = NULL;
	hc->upgraded = true;
	if (!hc->in_process)
		hc_free(hc);
	return ws;
}

/* ---- the listener ---- */

static void server_on_connection(uv_stream_t *listener, int status)
{
	struct http_server *s = CONTAINER_OF(listener, struct http_server, listener);
	struct http_conn *hc;

	if (status)
		return;
	hc = xcalloc(1, sizeof *hc);
	hc->server = s;
	wr_init(&hc->in, HTTP_HEADER_MAX + 2 * NET_READ_BYTES);
	list_add_tail(&s->conns, &hc->link);
	hc->conn = conn_accept(s->net, listener, s->cfg.tls, &hc_handler, hc);
	if (s->cfg.may_accept && !s->cfg.may_accept(s->cfg.ctx)) {
		conn_drop(hc->conn, NULL);
		return;
	}
	conn_deadline(hc->conn, HEADERS_TIMEOUT_MS, "request headers");
	conn_start(hc->conn);
}

static void server_on_listener_closed(uv_handle_t *h)
{
	struct http_server *s = CONTAINER_OF(h, struct http_server, listener);

	s->listener_closed = true;
	if (list_empty(&s->conns))
		free(s);
}

static int server_listen(struct http_server *s)
{
	struct sockaddr_storage at = { 0 };
	int at_len = sizeof at, rc;

	rc = uv_ip4_addr(s->cfg.host, s->cfg.port, (struct sockaddr_in *)&at);
	if (rc)
		rc = uv_ip6_addr(s->cfg.host, s->cfg.port, (struct sockaddr_in6 *)&at);
	if (!rc)
		rc = uv_tcp_bind(&s->listener, (struct sockaddr *)&at, 0);
	if (!rc)
		rc = uv_listen((uv_stream_t *)&s->listener,
			       s->cfg.backlog > 0 ? s->cfg.backlog : BACKLOG_DEFAULT,
			       server_on_connection);
	if (!rc)
		rc = uv_tcp_getsockname(&s->listener, (struct sockaddr *)&at, &at_len);
	if (!rc) /* the port lies at the same place in both kinds of address */
		s->port = ntohs(((struct sockaddr_in *)&at)->sin_port);
	return rc;
}

enum errc http_server_new(struct net *n, const struct http_server_cfg *cfg,
			  struct http_server **ret, struct err *e)
{
	struct http_server *s;
	int rc;

	if (cfg->tls && !n->tls_server)
		return err_set(e, ERR_CONFIG, "a TLS listener needs a certificate and a key");
	s = xcalloc(1, sizeof *s);
	s->net = n;
	s->cfg = *cfg;
	list_init(&s->conns);
	uv_tcp_init(n->loop, &s->listener);
	rc = server_listen(s);
	s->cfg.host = NULL; /* borrowed for this call */
	if (rc) {
		err_set(e, ERR_SYSTEM, "listening on %s port %u: %s", cfg->host, cfg->port,
			uv_strerror(rc));
		http_server_close(s);
		return ERR_SYSTEM;
	}
	*ret = s;
	return ERR_OK;
}

uint16_t http_server_port(const struct http_server *s)
{
	return s->port;
}

void http_server_close(struct http_server *s)
{
	if (s->closing)
		return;
	s->closing = true;
	LIST_EACH(pos, &s->conns)
		conn_drop(CONTAINER_OF(pos, struct http_conn, link)->conn, NULL);
	uv_close((uv_handle_t *)&s->listener, server_on_listener_closed);
}
