#pragma once
/* What ws.c, ws_client.c and http_server.c share. */
#include "shared/net/conn.h"
#include "shared/net/ws.h"
#include "shared/net/ws_frame.h"

enum { WS_ACCEPT_BYTES = 29 }; /* base64 of a SHA-1, with its NUL */

struct ws_upgrade; /* the client's, until it is answered */

struct ws {
	struct net *net;
	struct conn *conn;
	struct ws_handler handler;
	void *ctx;
	struct ws_in in;
	struct ws_upgrade *upgrade;
	struct err *why; /* when ended; NULL: clean */
	bool client, open, close_sent, ended;
};

struct ws *ws_new(struct net *n, bool client, const struct ws_handler *h, void *ctx);
void ws_free(struct ws *ws);
/* The handshake is done: frames from here on. */
void ws_begin(struct ws *ws);
void ws_feed(struct ws *ws, struct span bytes);
/* Ends it at once with a reason */
void ws_fail(struct ws *ws, const struct err *why);
/* callbacks of an open connection */
const struct conn_handler *ws_conn_handler(void);
void ws_on_down(void *ctx, const struct err *why);
/* the answer to a Sec-WebSocket-Key */
void ws_accept_text(const char *key, char out[static WS_ACCEPT_BYTES]);

void ws_upgrade_free(struct ws_upgrade *u); /* ws_client.c; NULL is fine */
