#include "shared/net/ws.h"

#include "shared/base/arena.h"
#include "shared/base/crypto.h"
#include "shared/base/text.h"
#include "shared/base/xalloc.h"
#include "shared/net/net_impl.h"
#include "shared/net/ws_impl.h"

static const struct ws_in_handler ws_in_callbacks;

struct ws *ws_new(struct net *n, bool client, const struct ws_handler *h, void *ctx)
{
	struct ws *ws = xcalloc(1, sizeof *ws);

	ws->net = n;
	ws->client = client;
	ws->handler = *h;
	ws->ctx = ctx;
	ws_in_init(&ws->in, !client, &ws_in_callbacks, ws);
	return ws;
}

void ws_free(struct ws *ws)
{
	ws_in_done(&ws->in);
	ws_upgrade_free(ws->upgrade);
	free(ws->why);
	free(ws);
}

void ws_set_handler(struct ws *ws, const struct ws_handler *h, void *ctx)
{
	ws->handler = *h;
	ws->ctx = ctx;
}

void ws_begin(struct ws *ws)
{
	ws->open = true;
	conn_deadline(ws->conn, 0, NULL);
}

/* The first reason stays; messages stop here. */
static void ws_end(struct ws *ws, const struct err *why)
{
	if (ws->ended)
		return;
	ws->ended = true;
	if (why && why->code != ERR_OK)
		ws->why = xmemdup(why, sizeof *why);
}

void ws_fail(struct ws *ws, const struct err *why)
{
	ws_end(ws, why);
	ws_in_stop(&ws->in);
	conn_drop(ws->conn, NULL);
}

static void ws_frame_out(struct ws *ws, uint8_t opcode, struct span payload)
{
	ws_out_frame(ws->net, conn_out(ws->conn), opcode, ws->client, payload);
	conn_wrote(ws->conn);
}

static void ws_send_close(struct ws *ws, uint16_t code)
{
	uint8_t payload[2] = { (uint8_t)(code >> 8), (uint8_t)code };

	if (ws->close_sent || !conn_is_open(ws->conn))
		return;
	ws->close_sent = true;
	ws_frame_out(ws, WSLAY_CONNECTION_CLOSE,
		     code == WSLAY_CODE_NO_STATUS_RCVD ? SPAN_NONE : SPAN_OF(payload));
}

/* ---- what comes in ---- */

static void ws_on_message(void *ctx, uint8_t *at, size_t len)
{
	struct ws *ws = ctx;

	if (!ws->ended && ws->handler.on_message)
		ws->handler.on_message(ws->ctx, ws, at, len);
}

static void ws_on_ping(void *ctx, struct span payload)
{
	struct ws *ws = ctx;

	/* a peer that pings without reading gets no pongs piled up for it */
	if (!ws->close_sent && conn_is_open(ws->conn) && conn_queued(ws->conn) < WS_QUEUE_MAX)
		ws_frame_out(ws, WSLAY_PONG, payload);
}

static void ws_on_close_frame(void *ctx, uint16_t code)
{
	struct ws *ws = ctx;
	struct err e = ERR_NONE;

	if (code != WSLAY_CODE_NORMAL_CLOSURE && code != WSLAY_CODE_GOING_AWAY &&
	    code != WSLAY_CODE_NO_STATUS_RCVD)
		err_set(&e, ERR_PEER, "closed by the peer with code %u", code);
	ws_end(ws, &e);
	ws_send_close(ws, code);
	conn_finish(ws->conn);
}

static const struct ws_in_handler ws_in_callbacks = {
	.on_message = ws_on_message,
	.on_ping = ws_on_ping,
	.on_close = ws_on_close_frame,
};

void ws_feed(struct ws *ws, struct span bytes)
{
	struct err e = ERR_NONE;

	if (ws_in_feed(&ws->in, bytes, &e) == ERR_OK)
		return;
	ws_end(ws, &e);
	ws_send_close(ws,
		      e.code == ERR_LIMIT ? WSLAY_CODE_MESSAGE_TOO_BIG : WSLAY_CODE_PROTOCOL_ERROR);
	conn_finish(ws->conn);
}

static void ws_on_data(void *ctx, uint8_t *at, size_t len)
{
	ws_feed(ctx, span_of(at, len));
}

static void ws_on_up(void *ctx)
{
	(void)ctx; /* server role: up before it became a ws */
}

void ws_on_down(void *ctx, const struct err *why)
{
	struct ws *ws = ctx;
	struct err clean = ERR_NONE;

	ws_end(ws, why);
	if (ws->handler.on_close)
		ws->handler.on_close(ws->ctx, ws, ws->why ? ws->why : &clean);
	ws_free(ws);
}

const struct conn_handler *ws_conn_handler(void)
{
	static const struct conn_handler handler = { ws_on_up, ws_on_data, ws_on_down };

	return &handler;
}

/* ---- what the user asks for ---- */

enum errc ws_send(struct ws *ws, struct span message, struct err *e)
{
	if (ws->ended || !ws->open || !conn_is_open(ws->conn))
		return err_set(e, ERR_NETWORK, "connection is not open");
	if (message.len > WS_MESSAGE_MAX)
		return err_set(e, ERR_LIMIT, "message over %d bytes", WS_MESSAGE_MAX);
	if (conn_queued(ws->conn) > WS_QUEUE_MAX)
		return err_set(e, ERR_LIMIT, "more than %d bytes wait to be sent", WS_QUEUE_MAX);
	ws_frame_out(ws, WSLAY_BINARY_FRAME, message);
	return ERR_OK;
}

size_t ws_queued(const struct ws *ws)
{
	return conn_queued(ws->conn);
}

void ws_close(struct ws *ws)
{
	if (ws->ended)
		return;
	ws_end(ws, NULL);
	if (!ws->open) {
		conn_drop(ws->conn, NULL);
		return;
	}
	ws_send_close(ws, WSLAY_CODE_NORMAL_CLOSURE);
	conn_begin_close(ws->conn); /* conn_finish follows the peer's close frame */
}

void ws_abort(struct ws *ws)
{
	struct err e = ERR_NONE;

	err_set(&e, ERR_CANCELLED, "connection dropped by this side");
	ws_fail(ws, &e);
}

void ws_pause(struct ws *ws, bool paused)
{
	if (!ws->ended)
		conn_pause(ws->conn, paused);
}

void ws_accept_text(const char *key, char out[static WS_ACCEPT_BYTES])
{
	AUTO_ARENA struct arena *a = arena_new();
	const char *text = arena_printf(a, "%s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
	uint8_t digest[20];

	sha1(span_str(text), digest);
	memcpy(out, base64_text(a, SPAN_OF(digest)), WS_ACCEPT_BYTES);
}
