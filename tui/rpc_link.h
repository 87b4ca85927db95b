#pragma once
/* The console's connection to wad: JSON-RPC over the Unix socket, never blocking. Owns the socket,
 * the calls in flight (bounded) and the subscription to events; connects again by itself (0.2 s to
 * 5 s apart) and then takes up the events where it left off. Says hello, acts as a user when told so,
 * subscribes, and only then is up. Knows no method beyond these. */
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "shared/base/clock.h"
#include "shared/base/err.h"

enum { RPC_LINK_CALLS_MAX = 256, RPC_LINK_OUT_MAX = 32 << 20, RPC_LINK_ANSWER_MS = 120000 };

struct rpc_link;

/* result is NULL when e is set; data: the error's data member, or NULL. All borrowed. */
typedef void rpc_link_answer(void *ctx, const json_t *result, const struct err *e,
			     const json_t *data);

/* Who we are to wad, from its answers to hello and act_as; borrowed from the link. Stays while down,
 * is told anew before each up. */
struct rpc_link_who {
	const char *user, *role, *zone,
		*server; /* name, "operator", "Asia/Jakarta", "wad 1.0"; "" when not told */
};

struct rpc_link_sink {
	void *ctx;
	void (*up)(void *ctx); /* connected, subscribed */
	/* once for each time of being down, the first try included; further tries change rpc_link_why */
	void (*down)(void *ctx, const struct err *why);
	/* at: RFC 3339; id is 0 for passing events */
	void (*event)(void *ctx, int64_t id, const char *at, const char *topic, const json_t *data);
	void (*lost)(void *ctx); /* events are missing: ask for everything anew */
};

struct rpc_link_opts {
	const struct clock *clock;
	const char *socket_path; /* copied; NULL: looked for at each try, by rpc_socket_path */
	const char *user;        /* act as this user; NULL: oneself. Copied */
	struct rpc_link_sink sink;
};

struct rpc_link *rpc_link_new(const struct rpc_link_opts *opts);
void rpc_link_free(struct rpc_link *l); /* answers of what is in flight do not come; NULL is fine */

/* for poll: fd is -1 while there is none; then rpc_link_turn at the latest after timeout_ms (-1: no need) */
int rpc_link_fd(const struct rpc_link *l);
short rpc_link_wants(const struct rpc_link *l); /* POLLIN, POLLOUT */
int rpc_link_timeout_ms(const struct rpc_link *l);
void rpc_link_turn(struct rpc_link *l, short revents);

bool rpc_link_is_up(const struct rpc_link *l);
/* while down: ms until the next try, and why; since when it is down */
int64_t rpc_link_retry_ms(const struct rpc_link *l);
int64_t rpc_link_down_ms(const struct rpc_link *l);
const struct err *rpc_link_why(const struct rpc_link *l);
const struct rpc_link_who *rpc_link_who(const struct rpc_link *l);
/* how long the oldest call has waited, 0 when none waits */
int64_t rpc_link_waiting_ms(const struct rpc_link *l);
bool rpc_link_waits_for(const struct rpc_link *l, const void *ctx);

/* None of these may free the link from within an answer or the sink.
 * params: taken, may be NULL. The answer comes from rpc_link_turn, never from here; while down it is
 * ERR_UNREACHABLE, past the bounds ERR_BUSY. fn may be NULL. */
void rpc_link_call(struct rpc_link *l, const char *method, json_t *params, rpc_link_answer *fn,
		   void *ctx);
void rpc_link_forget(struct rpc_link *l, const void *ctx); /* no more answers to this ctx */
