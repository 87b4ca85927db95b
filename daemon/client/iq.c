#include "daemon/client/iq.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "shared/base/xalloc.h"

#include "daemon/client/link.h"

struct iq_wait {
	struct list link;
	uint64_t number; /* the n of its id */
	mono_ms deadline;
	struct err refused; /* code ERR_OK: on its way; else it never left, told at the next turn */
	iq_done_fn done;
	void *ctx;
};

struct iq_table {
	struct device *d;
	uint8_t prefix[2];
	uint64_t last;
	struct list waiting;
	size_t len;
};

enum { IQ_ID_MAX = 32 };

struct iq_table *iq_table_new(struct device *d)
{
	struct iq_table *t = xcalloc(1, sizeof(*t));

	t->d = d;
	list_init(&t->waiting);
	iq_new_connection(t);
	return t;
}

void iq_table_free(struct iq_table *t)
{
	LIST_EACH(at, &t->waiting)
		free(CONTAINER_OF(at, struct iq_wait, link));
	free(t);
}

void iq_new_connection(struct iq_table *t)
{
	rng_fill(t->d->env->rng, t->prefix, sizeof(t->prefix));
}

static void iq_id(const struct iq_table *t, uint64_t number, char out[static IQ_ID_MAX])
{
	snprintf(out, IQ_ID_MAX, "%u.%u-%" PRIu64, t->prefix[0], t->prefix[1], number);
}

struct node *iq_new(struct arena *a, const char *type, const char *xmlns)
{
	struct node *iq = node_new(a, "iq");

	node_attr_set_server(a, iq, "to");
	node_attr_set(a, iq, "type", type);
	node_attr_set(a, iq, "xmlns", xmlns);
	return iq;
}

void device_iq(struct device *d, struct arena *a, struct node *iq, uint32_t timeout_ms,
	       iq_done_fn done, void *ctx)
{
	struct iq_table *t = d->iqs;
	struct iq_wait *w = xcalloc(1, sizeof(*w));
	mono_ms now = clock_mono(d->env->clock);
	char id[IQ_ID_MAX];

	w->number = ++t->last;
	w->done = done;
	w->ctx = ctx;
	iq_id(t, w->number, id);
	node_attr_set(a, iq, "id", id);
	w->deadline.ms = now.ms + timeout_ms;
	if (device_send_node(d, iq, &w->refused))
		w->deadline = now; /* the callback comes from the timer, never from here */
	list_add_tail(&t->waiting, &w->link);
	t->len++;
	link_timer_at_most(d, TIMER_IQ, w->deadline);
}

static void iq_end(struct iq_table *t, struct iq_wait *w, const struct node *answer,
		   const struct err *e)
{
	list_del(&w->link);
	t->len--;
	w->done(w->ctx, answer, e);
	free(w);
}

static void iq_error_text(const struct node *n, struct err *e)
{
	const struct node *error = node_child(n, "error");
	const char *code = error ? node_attr(error, "code") : NULL;
	const char *text = error ? node_attr(error, "text") : NULL;

	err_set(e, ERR_PEER, "%.20s %.80s", code ? code : "0",
		text ? text : "error without a text");
}

bool iq_on_answer(struct iq_table *t, const struct node *n)
{
	const char *id = node_attr(n, "id");
	bool good = node_attr_is(n, "type", "result");
	char own[IQ_ID_MAX];

	if (!id || (!good && !node_attr_is(n, "type", "error")))
		return false;
	LIST_EACH(at, &t->waiting) {
		struct iq_wait *w = CONTAINER_OF(at, struct iq_wait, link);
		struct err e = ERR_NONE;

		iq_id(t, w->number, own);
		if (strcmp(own, id) != 0)
			continue;
		if (!good)
			iq_error_text(n, &e);
		iq_end(t, w, good ? n : NULL, &e);
		return true;
	}
	return false;
}

void iq_fail_all(struct iq_table *t, enum errc code, const char *why)
{
	uint64_t last = t->last; /* what a callback asks anew waits for its own turn */

	for (;;) {
		struct iq_wait *w = list_empty(&t->waiting)
					    ? NULL
					    : CONTAINER_OF(t->waiting.next, struct iq_wait, link);
		struct err e = ERR_NONE;

		if (!w || w->number > last)
			return;
		err_set(&e, code, "%s", why);
		iq_end(t, w, NULL, &e);
	}
}

mono_ms iq_next_deadline(const struct iq_table *t)
{
	mono_ms first = { INT64_MAX };

	LIST_EACH(at, &t->waiting) {
		const struct iq_wait *w = CONTAINER_OF(at, struct iq_wait, link);

		if (w->deadline.ms < first.ms)
			first = w->deadline;
	}
	return first;
}

void iq_expire(struct iq_table *t, mono_ms now)
{
	uint64_t last = t->last;
	bool found;

	do { /* a callback may change the list, so each round starts from its head */
		found = false;
		LIST_EACH(at, &t->waiting) {
			struct iq_wait *w = CONTAINER_OF(at, struct iq_wait, link);
			struct err e = w->refused;

			if (w->deadline.ms > now.ms || w->number > last)
				continue;
			if (!e.code)
				err_set(&e, ERR_TIMEOUT, "the server did not answer in time");
			iq_end(t, w, NULL, &e);
			found = true;
			break;
		}
	} while (found);
}

size_t iq_waiting(const struct iq_table *t)
{
	return t->len;
}

int iq_error_code(const struct err *e)
{
	const char *text = e->msg;
	char *end;
	long code;

	if (e->code != ERR_PEER)
		return 0;
	while (*text < '0' || *text > '9') { /* context may stand in front */
		text = strstr(text, ": ");
		if (!text)
			return 0;
		text += 2;
	}
	code = strtol(text, &end, 10);
	return end != text && code > 0 && code < 10000 ? (int)code : 0;
}
