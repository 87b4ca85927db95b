#include "tests/sandbox/presence.h"

#include "tests/sandbox/sandbox.h"

void presence_on(struct conn *c, struct arena *a, const struct node *n)
{
	const char *name = node_attr(n, "name");
	struct node *p;
	struct account *about;
	struct jid to;

	if (c->device == NULL)
		return;
	if (node_attr_is(n, "type", "subscribe")) {
		if (!node_attr_jid(n, "to", &to))
			return;
		about = account_by_jid(&c->sb->accounts, &to);
		if (about == NULL || about->phone.cfg.restricted)
			return;
		p = node_new(a, "presence");
		node_attr_set_jid(a, p, "from", &to);
		if (!about->phone.cfg.online)
			node_attr_set(a, p, "type", "unavailable");
		conn_send(c, p);
		return;
	}
	if (node_attr_is(n, "type", "unavailable"))
		c->device->available = false;
	else if (node_attr_is(n, "type", "available"))
		c->device->available = true;
	if (name && strcmp(name, c->device->account->name) != 0) {
		account_rename(c->device->account, name);
		c->sb->dirty = true;
	}
}

void presence_chatstate(struct sandbox *sb, struct arena *a, struct device *from, struct addr to,
			const char *state)
{
	struct account *acc = account_by_addr(&sb->accounts, to);
	struct node *n = node_new(a, "chatstate");

	node_attr_set_addr(a, n, "from", account_addr(from->account, addr_is_lid(to), 0));
	node_add(a, n, state);
	for (size_t i = 0; acc && i < acc->devices_len; i++)
		if (acc->devices[i]->conn && acc->devices[i]->conn->state == CONN_ACTIVE)
			conn_send(acc->devices[i]->conn, n);
}

void presence_on_chatstate(struct conn *c, struct arena *a, const struct node *n)
{
	struct addr to;

	if (n->first && node_attr_addr(n, "to", &to))
		presence_chatstate(c->sb, a, c->device, to, n->first->tag);
}
