/* Requests the server sends, chapter 02 section 7.2. */
#include <string.h>

#include "daemon/client/link.h"

static void server_iq_answer(struct device *d, const struct node *iq, const char *type,
			     struct node *content, struct arena *a)
{
	struct node *answer = node_new(a, "iq");
	struct err e = ERR_NONE;
	struct jid from;

	if (node_attr_jid(iq, "from", &from))
		node_attr_set_jid(a, answer, "to", &from);
	else
		node_attr_set_server(a, answer, "to");
	node_attr_set(a, answer, "type", type);
	if (node_attr(iq, "id"))
		node_attr_set(a, answer, "id", node_attr(iq, "id"));
	if (content)
		node_append(answer, content);
	if (device_send_node(d, answer, &e))
		LOG_WARN(d->log, "iq.not_answered", F_ERR(&e));
}

void server_iq_result(struct device *d, const struct node *iq, struct node *content,
		      struct arena *a)
{
	server_iq_answer(d, iq, "result", content, a);
}

void server_iq_error(struct device *d, const struct node *iq, const char *code, const char *text)
{
	struct arena *a = arena_new();
	struct node *error = node_new(a, "error");

	node_attr_set(a, error, "code", code);
	node_attr_set(a, error, "text", text);
	server_iq_answer(d, iq, "error", error, a);
	arena_free(a);
}

static void server_ping(struct device *d, const struct node *iq)
{
	struct arena *a = arena_new();

	server_iq_result(d, iq, NULL, a);
	arena_free(a);
}

static const struct {
	const char *type, *xmlns, *child; /* child NULL: any */
	void (*on)(struct device *d, const struct node *iq);
} requests[] = {
	/* clang-format off */
	{ "set", "md",            "pair-device",  pair_on_refs    },
	{ "set", "md",            "pair-success", pair_on_success },
	{ "get", "urn:xmpp:ping", NULL,           server_ping     },
	/* clang-format on */
};

void server_iq_on(struct device *d, const struct node *iq)
{
	if (!node_attr_is(iq, "type", "get") && !node_attr_is(iq, "type", "set"))
		return; /* an answer that came too late */
	for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
		if (node_attr_is(iq, "type", requests[i].type) &&
		    node_attr_is(iq, "xmlns", requests[i].xmlns) &&
		    (!requests[i].child || node_child(iq, requests[i].child))) {
			requests[i].on(d, iq);
			return;
		}
	}
	if (node_child(iq, "ping"))
		server_ping(d, iq);
	else if (node_attr(iq, "id"))
		server_iq_error(d, iq, "501", "feature-not-implemented");
}
