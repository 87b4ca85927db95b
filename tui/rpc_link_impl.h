#pragma once
/* The inside of a link, for rpc_link.c (connecting, calls, turns) and rpc_link_in.c (what wad says). */
#include "shared/base/list.h"
#include "shared/rpc/jsonrpc.h"

#include "tui/rpc_link.h"

/* the order of getting up */
enum link_state { LINK_DOWN, LINK_HELLO, LINK_ACT_AS, LINK_SUBSCRIBE, LINK_UP };

struct call {
	struct list link;
	int64_t id;
	mono_ms since;
	char *method;
	rpc_link_answer *fn;
	void *ctx;
	bool greeting; /* one of ours, a step of getting up */
	bool forgotten;
	struct err refused; /* why it is answered without wad */
};

struct rpc_link {
	const struct clock *clock;
	char *given_path, *user; /* NULL: to be found; oneself */
	struct rpc_link_sink sink;

	enum link_state state;
	int fd;
	struct rpc_lines lines;
	struct wr out;
	size_t out_at;
	struct list calls;   /* sent; the oldest first */
	struct list refused; /* answered at the next turn */
	size_t calls_len;
	int64_t last_call;

	mono_ms next_try, down_since, up_since;
	int64_t retry_ms;
	struct err why;
	bool told_down; /* once for each time of being down */

	bool has_event; /* last_event is known */
	int64_t last_event;
	char who_user[72], who_role[16], who_zone[72], who_server[80];
	struct rpc_link_who who;
};

mono_ms rpc_link_now(const struct rpc_link *l);
/* the connection ends, whoever waits hears of it, the next try is planned */
void rpc_link_drop(struct rpc_link *l, const struct err *why);
void rpc_link_drop_because(struct rpc_link *l, enum errc code, const char *why);

struct call *link_call_new(struct rpc_link *l, const char *method);
void link_call_free(struct call *c);
/* Puts the request where it waits to be written. params: taken. */
enum errc link_call_put(struct rpc_link *l, const struct call *c, json_t *params, struct err *e);
void link_call_answer(struct call *c, const json_t *result, const struct err *e,
		      const json_t *data); /* and frees it */

void rpc_link_greet(struct rpc_link *l, enum link_state state); /* begins that step of getting up */
/* may drop the connection */
void rpc_link_take_line(struct rpc_link *l, struct span line);
