#pragma once
/* Waiting for several things at once, each of which many may wait for. A thing keeps a list of
 * waits and settles it; a join counts what is left and then calls back, once. It owns itself. */
#include "shared/base/err.h"
#include "shared/base/list.h"

typedef void (*join_fn)(void *ctx, const struct err *e); /* e: the worst of the things' errors */

struct join_wait {
	struct list link;
	struct join *join;
};
struct join {
	size_t left, used;
	struct err e;
	join_fn done;
	void *ctx;
	struct join_wait waits[];
};

struct join *join_new(size_t waits_max, join_fn done, void *ctx);
void join_add(struct join *j, struct list *thing);
void join_go(struct join *j); /* all added: calls done at once when nothing is left */
void join_settle(struct list *thing, const struct err *e); /* e NULL: fine */
