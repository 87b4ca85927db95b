#include "tests/sandbox/presence.h"

#include <stdio.h>

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

static void chatstate_send(struct conn *c, struct arena *a, struct addr from, const char *state)
{
	struct node *n = node_new(a, "chatstate");

	node_attr_set_addr(a, n, "from", from);
	node_add(a, n, state);
	conn_send(c, n);
}

void presence_chatstate(struct sandbox *sb, struct arena *a, struct device *from, struct addr to,
			const char *state)
{
	struct account *acc = account_by_addr(&sb->accounts, to);
	struct addr who = account_addr(from->account, addr_is_lid(to), 0);

	for (size_t i = 0; acc && i < acc->devices_len; i++) {
		struct device *d = acc->devices[i];

		if (d->conn && d->conn->state == CONN_ACTIVE) {
			chatstate_send(d->conn, a, who, state);
		} else if (d->number) {
			d->typing_from = who;
			d->typing_ms = clock_mono(sb->clock).ms;
			snprintf(d->typing, sizeof d->typing, "%s", state);
		}
	}
}

void presence_catch_up(struct conn *c)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct device *d = c->device;

	if (d->typing[0] &&
	    clock_mono(c->sb->clock).ms - d->typing_ms <= (int64_t)c->sb->cfg.chatstate_ttl_ms)
		chatstate_send(c, a, d->typing_from, d->typing);
	d->typing[0] = '\0';
}

void presence_on_chatstate(struct conn *c, struct arena *a, const struct node *n)
{
	struct addr to;

	if (n->first && node_attr_addr(n, "to", &to))
		presence_chatstate(c->sb, a, c->device, to, n->first->tag);
}
