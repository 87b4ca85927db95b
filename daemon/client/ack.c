/* The <ack> of a received stanza, chapter 02 section 7.3. */
#include <string.h>

#include "daemon/client/link.h"

static void ack_copy(struct arena *a, struct node *ack, const struct node *n, const char *from,
		     const char *to)
{
	const char *text = node_attr(n, from);
	struct jid j;

	for (uint32_t i = 0; i < n->attr_len; i++) {
		if (strcmp(n->attrs[i].key, from) != 0 || !n->attrs[i].is_jid)
			continue;
		j = n->attrs[i].jid;
		node_attr_set_jid(a, ack, to, &j);
		return;
	}
	if (text)
		node_attr_set(a, ack, to, text);
}

void device_ack(struct device *d, const struct node *stanza, int error)
{
	struct arena *a;
	struct node *ack;
	struct err e = ERR_NONE;
	bool is_message = node_is(stanza, "message");

	if (!node_attr(stanza, "id") || !node_attr(stanza, "from") || !link_is_up(d))
		return;
	a = arena_new();
	ack = node_new(a, "ack");
	node_attr_set(a, ack, "id", node_attr(stanza, "id"));
	node_attr_set(a, ack, "class", stanza->tag);
	ack_copy(a, ack, stanza, "from", "to");
	ack_copy(a, ack, stanza, "participant", "participant");
	ack_copy(a, ack, stanza, "recipient", "recipient");
	if (is_message)
		node_attr_set_addr(a, ack, "from", d->pn);
	else
		ack_copy(a, ack, stanza, "type", "type");
	if (error)
		node_attr_set_u64(a, ack, "error", (uint64_t)error);
	if (device_send_node(d, ack, &e))
		LOG_DEBUG(d->log, "ack.not_sent", F_ERR(&e));
	arena_free(a);
}
