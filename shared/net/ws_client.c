#include <stdio.h>

#include "shared/base/arena.h"
#include "shared/base/rng.h"
#include "shared/base/text.h"
#include "shared/base/xalloc.h"
#include "shared/net/http_parse.h"
#include "shared/net/http_server.h"
#include "shared/net/net_impl.h"
#include "shared/net/ws_impl.h"

struct ws_upgrade {
	char *request;
	char accept[WS_ACCEPT_BYTES];
	struct wr answer;
	size_t seen;
};

void ws_upgrade_free(struct ws_upgrade *u)
{
	if (!u)
		return;
	free(u->request);
	wr_done(&u->answer);
	free(u);
}

static bool header_value_ok(const char *text)
{
	for (; text && *text; text++) {
		if (((unsigned char)*text < 0x20 && *text != '\t') || *text == 0x7f)
			return false;
	}
	return true;
}

static void header_put(struct wr *w, const char *name, const char *value)
{
	if (!value)
		return;
	wr_str(w, name);
	wr_str(w, ": ");
	wr_str(w, value);
	wr_str(w, "\r\n");
}

static void host_put(struct wr *w, const struct net_url *u)
{
	bool v6 = strchr(u->host, ':') != NULL;
	char text[300];

	if (u->port == (u->tls ? 443 : 80))
		snprintf(text, sizeof text, v6 ? "[%s]" : "%s", u->host);
	else
		snprintf(text, sizeof text, v6 ? "[%s]:%u" : "%s:%u", u->host, u->port);
	header_put(w, "Host", text);
}

static struct ws_upgrade *upgrade_new(const struct net_url *u, const struct ws_connect_cfg *cfg)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct ws_upgrade *up = xcalloc(1, sizeof *up);
	uint8_t nonce[16];
	const char *key;
	struct wr w;
	size_t len;

	rng_fill(rng_real(), nonce, sizeof nonce);
	key = base64_text(a, SPAN_OF(nonce));
	ws_accept_text(key, up->accept);
	wr_init(&w, HTTP_HEADER_MAX);
	wr_str(&w, "GET ");
	wr_str(&w, u->path);
	wr_str(&w, " HTTP/1.1\r\n");
	host_put(&w, u);
	header_put(&w, "Upgrade", "websocket");
	header_put(&w, "Connection", "Upgrade");
	header_put(&w, "Sec-WebSocket-Key", key);
	header_put(&w, "Sec-WebSocket-Version", "13");
	header_put(&w, "Origin", cfg->origin);
	header_put(&w, "User-Agent", cfg->user_agent);
	header_put(&w, "Cache-Control", "no-cache");
	header_put(&w, "Pragma", "no-cache");
	wr_put(&w, "\r\n", 3); /* with the NUL */
	up->request = (char *)wr_take(&w, &len);
	wr_init(&up->answer, HTTP_HEADER_MAX + NET_READ_BYTES);
	return up;
}

static enum errc answer_check(const struct http_head *h, const char *accept, struct err *e)
{
	const char *got = http_head_get(h, "Sec-WebSocket-Accept");

	if (h->status == 408 || h->status == 429 || h->status >= 500)
		return err_set(e, ERR_NETWORK, "upgrade: the server answered %d", h->status);
	if (h->status != 101)
		return err_set(e, ERR_PEER, "upgrade: the server answered %d", h->status);
	if (!http_head_has_token(h, "Upgrade", "websocket") ||
	    !http_head_has_token(h, "Connection", "upgrade"))
		return err_set(e, ERR_BAD_INPUT, "upgrade: the answer lacks its headers");
	if (!got || strcmp(got, accept) != 0)
		return err_set(e, ERR_BAD_INPUT, "upgrade: wrong Sec-WebSocket-Accept");
	if (http_head_get(h, "Sec-WebSocket-Extensions") ||
	    http_head_get(h, "Sec-WebSocket-Protocol"))
		return err_set(e, ERR_BAD_INPUT, "upgrade: the answer names what was not offered");
	return ERR_OK;
}

/* ERR_OK with *ret_len == 0: not all there yet */
static enum errc answer_read(struct ws_upgrade *up, size_t *ret_len, struct err *e)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct span all = wr_span(&up->answer);
	struct http_head head;

	if (http_head_end(all, up->seen, HTTP_HEADER_MAX, ret_len, e))
		return err_wrap(e, "upgrade");
	up->seen = all.len;
	if (*ret_len == 0)
		return ERR_OK;
	if (http_answer_parse(a, span_of(all.at, *ret_len), &head, e))
		return err_wrap(e, "upgrade");
	return answer_check(&head, up->accept, e);
}

static void client_open(struct ws *ws, size_t head_len)
{
	struct ws_upgrade *up = ws->upgrade;

	ws->upgrade = NULL;
	conn_set_handler(ws->conn, ws_conn_handler(), ws);
	ws_begin(ws);
	if (ws->handler.on_open)
		ws->handler.on_open(ws->ctx, ws);
	if (up->answer.len > head_len && conn_is_open(ws->conn))
		ws_feed(ws, span_of(up->answer.buf + head_len, up->answer.len - head_len));
	ws_upgrade_free(up);
}

static void client_on_up(void *ctx)
{
	struct ws *ws = ctx;

	ws->conn->waiting_for = "answer to the upgrade";
	conn_write(ws->conn, span_str(ws->upgrade->request));
	free(ws->upgrade->request);
	ws->upgrade->request = NULL;
}

static void client_on_data(void *ctx, uint8_t *at, size_t len)
{
	struct ws *ws = ctx;
	struct ws_upgrade *up = ws->upgrade;
	struct err e = ERR_NONE;
	size_t head_len = 0;

	wr_put(&up->answer, at, len);
	if (answer_read(up, &head_len, &e))
		ws_fail(ws, &e);
	else if (head_len > 0)
		client_open(ws, head_len);
}

static const struct conn_handler client_handler = { client_on_up, client_on_data, ws_on_down };

enum errc ws_connect(struct net *n, const struct ws_connect_cfg *cfg, const struct ws_handler *h,
		     void *ctx, struct ws **ret, struct err *e)
{
	uint32_t timeout = cfg->timeout_ms ? cfg->timeout_ms : WS_CONNECT_TIMEOUT_MS;
	struct net_url url;
	struct ws *ws;
	enum errc rc;

	rc = net_url_parse(cfg->url, &url, e);
	if (rc)
		return rc;
	if (!header_value_ok(cfg->origin) || !header_value_ok(cfg->user_agent))
		return err_set(e, ERR_BAD_INPUT, "control character in origin or user agent");
	ws = ws_new(n, true, h, ctx);
	ws->upgrade = upgrade_new(&url, cfg);
	rc = conn_dial(n, &url, cfg->proxy, timeout, &client_handler, ws, &ws->conn, e);
	if (rc) {
		ws_free(ws);
		return rc;
	}
	*ret = ws;
	return ERR_OK;
}
