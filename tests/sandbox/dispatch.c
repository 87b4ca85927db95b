#include "tests/sandbox/dispatch.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/iq.h"
#include "tests/sandbox/login.h"
#include "tests/sandbox/pair.h"
#include "tests/sandbox/presence.h"
#include "tests/sandbox/route.h"
#include "tests/sandbox/sandbox.h"

/* the client answers one of our own requests */
static void on_answer(struct conn *c, struct arena *a, const struct node *n)
{
	const char *id = node_attr(n, "id");

	for (size_t i = 0; id && i < IQ_PENDING_MAX; i++) {
		if (strcmp(c->iq_pending[i], id) != 0)
			continue;
		c->iq_pending[i][0] = '\0';
		c->ping_answered = strtoull(id, NULL, 10);
		if (c->state == CONN_REGISTERING)
			pair_on_answer(c, a, n);
		return;
	}
	watch_violation(c->sb->watch, "answer-to-nothing", c->who, "iq answer with unknown id '%s'",
			id ? id : "");
}

static void on_iq(struct conn *c, struct arena *a, const struct node *n)
{
	if (node_attr_is(n, "type", "result") || node_attr_is(n, "type", "error"))
		on_answer(c, a, n);
	else
		iq_on(c, a, n);
}

static void on_ib(struct conn *c, struct arena *a, const struct node *n)
{
	/* unified_session is telemetry; offline_batch asks for what is pushed anyway */
	(void)c;
	(void)a;
	(void)n;
}

static const struct {
	const char *tag;
	bool logged_in_only;
	void (*fn)(struct conn *c, struct arena *a, const struct node *n);
} table[] = {
	/* clang-format off */
	{ "iq",        false, on_iq },
	{ "ib",        false, on_ib },
	{ "ack",       false, route_on_ack },
	{ "message",   true,  route_on_message },
	{ "receipt",   true,  route_on_receipt },
	{ "presence",  false, presence_on },
	{ "chatstate", true,  presence_on_chatstate },
	/* clang-format on */
};

void dispatch(struct conn *c, struct arena *a, const struct node *n)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		if (strcmp(table[i].tag, n->tag) != 0)
			continue;
		if (table[i].logged_in_only && c->device == NULL)
			break;
		table[i].fn(c, a, n);
		return;
	}
	if (strcmp(n->tag, "xmlstreamend") == 0) {
		conn_close(c);
		return;
	}
	c->unhandled++;
	watch_unhandled(c->sb->watch, c->who, n);
}
