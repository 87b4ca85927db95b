#include "daemon/client/join.h"

#include <stdlib.h>

#include "shared/base/xalloc.h"

struct join *join_new(size_t waits_max, join_fn done, void *ctx)
{
	struct join *j = xcalloc(1, sizeof(*j) + waits_max * sizeof(j->waits[0]));

	j->left = 1; /* until join_go */
	j->done = done;
	j->ctx = ctx;
	return j;
}

void join_add(struct join *j, struct list *thing)
{
	struct join_wait *w = &j->waits[j->used++];

	w->join = j;
	list_add_tail(thing, &w->link);
	j->left++;
}

static void join_one(struct join *j)
{
	if (--j->left > 0)
		return;
	j->done(j->ctx, &j->e);
	free(j);
}

void join_go(struct join *j)
{
	join_one(j);
}

void join_settle(struct list *thing, const struct err *e)
{
	struct list mine;

	/* whoever is called may wait for the same thing again */
	list_init(&mine);
	while (!list_empty(thing)) {
		struct list *at = thing->next;

		list_del(at);
		list_add_tail(&mine, at);
	}
	while (!list_empty(&mine)) {
		struct join_wait *w = CONTAINER_OF(mine.next, struct join_wait, link);

		list_del(&w->link);
		if (e != NULL && e->code != ERR_OK && w->join->e.code == ERR_OK)
			w->join->e = *e;
		join_one(w->join);
	}
}
