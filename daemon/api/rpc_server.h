#pragma once
/* JSON-RPC 2.0 on a Unix socket: accepts, knows the caller by SO_PEERCRED (root, the
 * daemon's own user and group wad-admin are admins, others are the user with that os_uid), cuts lines, validates against
 * the catalogue, calls handlers, writes answers. Bounds: connections, calls in flight a connection (then
 * it stops reading), bytes waiting to be read by a slow client. */
#include "daemon/api/request.h"

enum { RPC_CONNS_MAX = 20000, RPC_CALLS_MAX = 64, RPC_OUT_MAX = 32 << 20 };

struct rpc_server;

/* Binds with a restrictive mode. A live server on the path: ERR_CONFLICT; a stale socket is replaced. */
enum errc rpc_server_new(struct wad *w, const char *path, struct rpc_server **ret,
			 struct err *e) MUST_USE;
void rpc_server_close(
	struct rpc_server *s); /* unlinks the socket, closes all; frees itself later */

/* all that follows on c is done as this user; 0: as the one who connected */
void rpc_conn_act_as(struct rpc_conn *c, int64_t user_id);
/* after users were changed: ends the connections of those who may no longer call */
void rpc_server_users_changed(struct rpc_server *s);

/* event subscriptions: notifications on a connection. on_close tells when it goes away. */
size_t rpc_conn_waiting(const struct rpc_conn *c); /* bytes not yet read by the client */
void rpc_conn_notify_take(struct rpc_conn *c, json_t *notification);
void rpc_conn_on_close(struct rpc_conn *c, void (*fn)(void *ctx, struct rpc_conn *c), void *ctx);
