#pragma once
/* The way of a client connection to its TCP socket: name lookup, then the addresses one by one,
 * then, when there is a proxy, the talk with it (proxy.h). */
#include "shared/net/conn.h"

void dial_cancel(struct conn_dial *d); /* NULL is fine; the lookup may still be running */
void dial_free(struct conn_dial *d);   /* when the handles are closed */

/* tcp.c, for dial.c */
struct conn *conn_new(struct net *n, const struct conn_handler *h, void *ctx);
void conn_on_handle_closed(uv_handle_t *h);
