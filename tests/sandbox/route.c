#include "tests/sandbox/route.h"

#include <inttypes.h>
#include <stdio.h>

#include "shared/base/xalloc.h"
#include "shared/signal/session.h"

#include "tests/sandbox/sandbox.h"
#include "tests/sandbox/token.h"

/* one message on its way */
struct passage {
	struct sandbox *sb;
	struct arena *a;
	struct device *from;
	const struct node *n;
	const char *id, *who;
	struct jid to;
	struct account *peer; /* who `to` names; may be the sender's own account */
	bool has_pkmsg;
};

static const char *const attrs_passed[] = { "type", "edit", "category" };
static const char *const siblings_passed[] = { "meta", "biz", "bot", "reporting", "multicast" };

static void counter_check(struct passage *p, const struct node *enc, struct addr to_pn)
{
	struct addr from = device_addr(p->from, false);
	struct pkmsg_info info;
	struct err e = ERR_NONE;

	if (node_attr_is(enc, "type", "pkmsg")) {
		p->has_pkmsg = true;
		if (pkmsg_parse(node_bytes(enc), &info, &e))
			watch_violation(p->sb->watch, "malformed-key", p->who, "pkmsg %s: %s",
					p->id, err_msg(&e));
		else
			watch_counter(p->sb->watch, p->who, from, to_pn, info.message);
	} else if (node_attr_is(enc, "type", "msg")) {
		watch_counter(p->sb->watch, p->who, from, to_pn, node_bytes(enc));
	}
}

/* own copies name the chat; a resend to one own device says it itself */
static void chat_set(struct passage *p, struct node *m)
{
	struct jid chat = jid_bare(p->to);
	const struct account *peer = p->peer;
	struct jid said;

	if (node_attr_jid(p->n, "recipient", &said)) {
		chat = jid_bare(said);
		peer = account_by_jid(&p->sb->accounts, &said);
	}
	node_attr_set_jid(p->a, m, "recipient", &chat);
	if (peer)
		node_attr_set_addr(p->a, m,
				   chat.server == JID_LID ? "peer_recipient_pn"
							  : "peer_recipient_lid",
				   account_addr(peer, chat.server != JID_LID, 0));
}

/* The address form of a copy follows the jid of its own <to>. */
static struct node *copy_new(struct passage *p, struct device *to, bool lid, const struct node *enc)
{
	struct node *m = node_new(p->a, "message");
	const char *v;
	const struct node *k;
	bool own = to->account == p->from->account,
	     peer_category = node_attr_is(p->n, "category", "peer");
	struct addr from = device_addr(p->from, peer_category ? false : lid);

	if (peer_category && p->from->number == 0)
		from.device = 0;
	node_attr_set_addr(p->a, m, "from", from);
	node_attr_set(p->a, m, "id", p->id);
	node_attr_set_u64(p->a, m, "t", sandbox_now(p->sb));
	if (p->from->account->name[0])
		node_attr_set(p->a, m, "notify", p->from->account->name);
	for (size_t i = 0; i < ARRAY_LEN(attrs_passed); i++)
		if ((v = node_attr(p->n, attrs_passed[i])) != NULL)
			node_attr_set(p->a, m, attrs_passed[i], v);
	if (own && !peer_category) {
		chat_set(p, m);
	} else if (!own) {
		node_attr_set_addr(p->a, m, lid ? "sender_pn" : "sender_lid",
				   device_addr(p->from, !lid));
		if (lid)
			node_attr_set(p->a, m, "addressing_mode", "lid");
	}
	node_append(m, node_clone(p->a, enc));
	if (node_attr_is(enc, "type", "pkmsg") && (k = node_child(p->n, "device-identity")) != NULL)
		node_append(m, node_clone(p->a, k));
	for (size_t i = 0; i < ARRAY_LEN(siblings_passed); i++)
		if ((k = node_child(p->n, siblings_passed[i])) != NULL)
			node_append(m, node_clone(p->a, k));
	return m;
}

static void copy_send(struct passage *p, struct device *to, bool lid, const struct node *enc)
{
	if (to == p->from) {
		watch_violation(p->sb->watch, "self-addressed", p->who,
				"message %s has a copy for the sending device itself", p->id);
		return;
	}
	counter_check(p, enc, device_addr(to, false));
	watch_totals(p->sb->watch)->routed++;
	route_deliver(p->sb, to, copy_new(p, to, lid, enc));
}

static void copies_send(struct passage *p, const struct node *participants)
{
	NODE_EACH(t, participants) {
		const struct node *enc = node_child(t, "enc");
		struct account *owner;
		struct device *d;
		struct addr to;

		if (!node_is(t, "to") || enc == NULL)
			continue;
		if (!node_attr_addr(t, "jid", &to)) {
			watch_violation(p->sb->watch, "addressing", p->who,
					"message %s: a <to> without a person's jid", p->id);
			continue;
		}
		owner = account_by_addr(&p->sb->accounts, to);
		if (owner && owner != p->peer && owner != p->from->account) {
			watch_violation(p->sb->watch, "addressing", p->who,
					"message %s has a copy for somebody outside the chat",
					p->id);
			continue;
		}
		d = owner ? device_by_number(owner, to.device) : NULL;
		if (d) /* a device that was removed meanwhile gets nothing */
			copy_send(p, d, addr_is_lid(to), enc);
	}
}

/* <enc> as a direct child: a peer message or a resend, for one device */
static uint32_t single_send(struct passage *p)
{
	const struct node *enc = node_child(p->n, "enc");
	struct addr to;
	struct device *d;

	if (enc == NULL || !addr_from_jid(&p->to, &to))
		return 479;
	d = device_by_number(p->peer, to.device);
	if (d == NULL)
		return 404;
	copy_send(p, d, addr_is_lid(to), enc);
	return 0;
}

static void identity_check(struct passage *p)
{
	if (p->has_pkmsg && p->from->number && node_child(p->n, "device-identity") == NULL)
		watch_violation(p->sb->watch, "missing-device-identity", p->who,
				"message %s has a pkmsg and no device-identity", p->id);
}

uint32_t route_message(struct sandbox *sb, struct arena *a, struct device *from,
		       const struct node *n)
{
	const struct node *participants = node_child(n, "participants");
	char who[64];
	struct passage p = {
		.sb = sb, .a = a, .from = from, .n = n, .id = node_attr(n, "id"), .who = who
	};
	uint32_t error = 0;

	addr_text(device_addr(from, false), who);
	if (p.id == NULL || !node_attr_jid(n, "to", &p.to))
		return 479;
	if (p.to.server == JID_BROADCAST || p.to.server == JID_NEWSLETTER)
		return 0; /* nobody reads it here */
	p.peer = account_by_jid(&sb->accounts, &p.to);
	if (p.peer == NULL)
		return 404;
	if (p.peer != from->account && !node_attr_is(n, "category", "peer") &&
	    !token_lets_pass(p.peer, from->account, n))
		return 463;
	if (p.peer != from->account && !account_knows(from->account, p.peer->pn) &&
	    faults_reach_lock(&sb->faults, from->account->pn, clock_mono(sb->clock).ms))
		return 463;
	account_met(p.peer, from->account->pn);
	account_met(from->account, p.peer->pn);
	account_watch(p.peer, from->account->pn);
	account_watch(from->account, p.peer->pn);
	if (participants)
		copies_send(&p, participants);
	else
		error = single_send(&p);
	identity_check(&p);
	return error;
}

/* -- acks -- */

struct ack_job {
	uint64_t conn;
	size_t len;
	uint8_t bytes[];
};

static void ack_later(void *world, void *job)
{
	struct ack_job *j = job;
	struct conn *c = conn_by_number(world, j->conn);

	if (c)
		conn_send_plain(c, span_of(j->bytes, j->len));
	free(j);
}

/* Late or never by the fault knobs; a late one never blocks what comes after it. */
static void ack_send(struct conn *c, const struct node *ack)
{
	const struct faults *f = &c->sb->faults;
	struct ack_job *j;
	struct wr w;

	if (f->mute_acks && faults_hit(f, conn_pn(c)))
		return;
	if (f->ack_delay_ms == 0 || !faults_hit(f, conn_pn(c))) {
		conn_send(c, ack);
		return;
	}
	wr_init(&w, 1 << 16);
	node_encode(ack, &w);
	j = xmalloc(sizeof *j + w.len);
	j->conn = c->number;
	j->len = w.len;
	memcpy(j->bytes, w.buf, w.len);
	wr_done(&w);
	later_plan(c->sb->later, f->ack_delay_ms, ack_later, j);
}

static struct node *ack_new(struct arena *a, const struct node *n)
{
	struct node *ack = node_new(a, "ack");
	struct jid j;

	node_attr_set(a, ack, "class", n->tag);
	node_attr_set(a, ack, "id", node_attr(n, "id"));
	if (node_attr_jid(n, "to", &j))
		node_attr_set_jid(a, ack, "from", &j);
	if (node_attr_jid(n, "participant", &j))
		node_attr_set_jid(a, ack, "participant", &j);
	return ack;
}

void route_on_message(struct conn *c, struct arena *a, const struct node *n)
{
	uint32_t error = faults_ack_error(&c->sb->faults, conn_pn(c));
	struct device *d = c->device;
	struct node *ack;

	if (error == 0)
		error = route_message(c->sb, a, d, n);
	if (node_attr(n, "id") == NULL) {
		watch_violation(c->sb->watch, "framing", c->who, "message without id");
		return;
	}
	ack = ack_new(a, n);
	node_attr_set_u64(a, ack, "t", sandbox_now(c->sb));
	if (error)
		node_attr_set_u64(a, ack, "error", error);
	if (c->device == d)
		ack_send(c, ack);
}

/* -- receipts -- */

static bool one_device_only(const char *type)
{
	static const char *const types[] = { "retry", "sender", "peer_msg", "hist_sync",
					     "server-error" };

	for (size_t i = 0; type && i < ARRAY_LEN(types); i++)
		if (strcmp(types[i], type) == 0)
			return true;
	return false;
}

static struct node *receipt_copy(struct sandbox *sb, struct arena *a, struct device *from, bool lid,
				 const struct node *n)
{
	struct node *r = node_new(a, "receipt");
	const char *type = node_attr(n, "type"), *category = node_attr(n, "category");
	uint64_t t;
	struct jid j;

	node_attr_set_addr(a, r, "from", device_addr(from, lid));
	node_attr_set(a, r, "id", node_attr(n, "id"));
	if (type)
		node_attr_set(a, r, "type", type);
	if (category)
		node_attr_set(a, r, "category", category);
	node_attr_set_u64(a, r, "t", node_attr_u64(n, "t", &t) ? t : sandbox_now(sb));
	if (node_attr_jid(n, "recipient", &j))
		node_attr_set_jid(a, r, "recipient", &j);
	if (node_attr_jid(n, "participant", &j))
		node_attr_set_jid(a, r, "participant", &j);
	NODE_EACH(k, n)
		node_append(r, node_clone(a, k));
	return r;
}

/* the reader's other devices learn what was read */
static void read_self(struct sandbox *sb, struct arena *a, struct device *from, bool lid,
		      const struct node *n, const struct jid *chat)
{
	struct jid bare = jid_bare(*chat);

	for (size_t i = 0; i < from->account->devices_len; i++) {
		struct device *d = from->account->devices[i];
		struct node *r;

		if (d == from || d->number == 0)
			continue;
		r = receipt_copy(sb, a, from, lid, n);
		node_attr_set(a, r, "type", "read-self");
		node_attr_set_jid(a, r, "recipient", &bare);
		route_deliver(sb, d, r);
	}
}

void route_receipt(struct sandbox *sb, struct arena *a, struct device *from, const struct node *n)
{
	const char *type = node_attr(n, "type");
	struct account *acc;
	struct addr to;
	struct jid chat;
	bool lid;

	if (node_attr(n, "id") == NULL || !node_attr_jid(n, "to", &chat) ||
	    !addr_from_jid(&chat, &to))
		return;
	acc = account_by_addr(&sb->accounts, to);
	lid = addr_is_lid(to);
	if (acc == NULL)
		return;
	if (to.device || one_device_only(type)) {
		struct device *d = device_by_number(acc, to.device);

		if (d && d != from)
			route_deliver(sb, d, receipt_copy(sb, a, from, lid, n));
	} else {
		for (size_t i = 0; i < acc->devices_len; i++)
			if (acc->devices[i] != from)
				route_deliver(sb, acc->devices[i],
					      receipt_copy(sb, a, from, lid, n));
	}
	if (type && strcmp(type, "read") == 0 && acc != from->account)
		read_self(sb, a, from, lid, n, &chat);
}

void route_on_receipt(struct conn *c, struct arena *a, const struct node *n)
{
	struct device *d = c->device;
	const char *id = node_attr(n, "id"), *type = node_attr(n, "type");
	struct node *ack;

	if (id == NULL) {
		watch_violation(c->sb->watch, "framing", c->who, "receipt without id");
		return;
	}
	if ((type == NULL || strcmp(type, "inactive") == 0 || strcmp(type, "retry") == 0) &&
	    !watch_was_delivered(c->sb->watch, device_addr(d, false), id))
		watch_violation(c->sb->watch, "answer-to-nothing", c->who,
				"receipt for a message it was never sent: %s", id);
	route_settle(d, "message", id);
	NODE_EACH(list, n)
		NODE_EACH(item, list)
			if (node_is(item, "item") && node_attr(item, "id"))
				route_settle(d, "message", node_attr(item, "id"));
	ack = ack_new(a, n);
	if (type)
		node_attr_set(a, ack, "type", type);
	ack_send(c, ack);
	route_receipt(c->sb, a, d, n);
}

void route_on_ack(struct conn *c, struct arena *a, const struct node *n)
{
	const char *class = node_attr(n, "class"), *id = node_attr(n, "id"),
		   *type = node_attr(n, "type");

	if (c->device == NULL || class == NULL || id == NULL)
		return;
	if (!watch_was_delivered(c->sb->watch, device_addr(c->device, false), id))
		watch_violation(c->sb->watch, "answer-to-nothing", c->who,
				"ack %s for unknown id '%s'", class, id);
	if (strcmp(class, "message") == 0)
		route_settle(c->device, class, id);
	else if (type)
		route_settle(c->device, arena_printf(a, "%s/%s", class, type), id);
	else
		route_settle(c->device, class, id);
}
