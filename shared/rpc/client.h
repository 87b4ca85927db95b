#pragma once
/* A small blocking client on the daemon's Unix socket, for wactl and tests: one call at a time, with
 * deadlines; notifications that arrive meanwhile are kept (bounded) and read with rpc_client_next.
 * Owns its socket. Decides nothing about methods. A signal that interrupts a wait ends it with
 * ERR_CANCELLED. */
#include <jansson.h>

#include "shared/base/err.h"

enum { RPC_WAIT_FOREVER = -1, RPC_KEPT_MAX = 10000, RPC_SOCKET_PATH_MAX = 107 };

struct rpc_client;

/* ERR_UNREACHABLE says whether the socket is absent, stale or forbidden */
enum errc rpc_client_open(const char *socket_path, int timeout_ms, struct rpc_client **ret,
			  struct err *e) MUST_USE;
void rpc_client_free(struct rpc_client *c); /* NULL is fine */

/* params: taken, may be NULL. The daemon's refusal comes back as its code and message, and whole in
 * rpc_client_error. ERR_TIMEOUT leaves the client usable: the late answer is dropped. */
enum errc rpc_client_call(struct rpc_client *c, const char *method, json_t *params, int timeout_ms,
			  json_t **ret_result, struct err *e) MUST_USE;
/* the error object of the last refused call: code, message, data; borrowed, NULL when there is none */
const json_t *rpc_client_error(const struct rpc_client *c);
/* the next notification {method, params}, the caller's; ERR_TIMEOUT when none came */
enum errc rpc_client_next(struct rpc_client *c, int timeout_ms, json_t **ret,
			  struct err *e) MUST_USE;
int rpc_client_fd(const struct rpc_client *c);

/* For clients with a loop of their own: a connected, non-blocking, close-on-exec socket, with the same
 * explanations; never waits. */
enum errc rpc_socket_connect(const char *socket_path, int *ret_fd, struct err *e) MUST_USE;
/* an error object of the daemon {code, message, data} as code and message; returns the code */
enum errc rpc_error_read(const json_t *error, struct err *e);

/* Where the daemon's socket is: WAD_SOCKET, WAD_RPC_SOCKET, else the first that exists below
 * $XDG_RUNTIME_DIR, the user's state directory and /run; when none exists, where it would be. */
void rpc_socket_path(char *out, size_t out_bytes);
