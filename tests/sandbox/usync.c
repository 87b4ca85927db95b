/* xmlns "usync": who is on WhatsApp, with which devices, under which LID. */
#include <inttypes.h>
#include <stdlib.h>

#include "tests/sandbox/iq.h"
#include "tests/sandbox/pair.h"
#include "tests/sandbox/sandbox.h"

enum { SIGNED_LIST_MAX = 4096 };

static void devices_add(struct sandbox *sb, struct arena *a, struct node *u, struct account *acc)
{
	struct node *dv = node_add(a, u, "devices"), *list, *k;
	struct wr w;

	node_attr_set(a, dv, "version", "2");
	list = node_add(a, dv, "device-list");
	for (size_t i = 0; i < acc->devices_len; i++) {
		const struct device *d = acc->devices[i];

		if (d->number && d->adv == NULL)
			continue; /* its pairing is not through */
		k = node_add(a, list, "device");
		node_attr_set_u64(a, k, "id", d->number);
		if (d->number)
			node_attr_set_u64(a, k, "key-index", d->key_index);
	}
	if (acc->devices_len == 1)
		return;
	wr_init(&w, SIGNED_LIST_MAX);
	pair_key_index_list(sb, acc, &w);
	k = node_add(a, dv, "key-index-list");
	node_attr_set_u64(a, k, "ts", acc->devices_at);
	node_set_bytes(a, k, wr_span(&w));
	wr_done(&w);
}

static uint64_t digits_of(struct span s)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (s.at[i] == '@')
			break;
		if (s.at[i] >= '0' && s.at[i] <= '9' && n < UINT64_MAX / 20)
			n = n * 10 + (uint64_t)(s.at[i] - '0');
	}
	return n;
}

/* the form a user is named in: by jid, or by the number in <contact> */
struct asked {
	struct account *acc;
	struct span contact; /* empty: asked by jid */
	struct jid jid;
	bool by_lid;
};

static struct asked asked_of(struct sandbox *sb, const struct node *user)
{
	struct asked q = { .contact = node_bytes(node_child(user, "contact")) };

	if (node_attr_jid(user, "jid", &q.jid)) {
		q.acc = account_by_jid(&sb->accounts, &q.jid);
		q.by_lid = q.jid.server == JID_LID || q.jid.server == JID_HOSTED_LID;
		q.jid = jid_bare(q.jid);
	} else if (q.contact.len) {
		q.acc = account_by_pn(&sb->accounts, digits_of(q.contact));
	}
	return q;
}

static void contact_add(struct arena *a, struct node *u, const struct asked *q)
{
	struct node *k = node_add(a, u, "contact");

	node_attr_set(a, k, "type", q->acc ? "in" : "out");
	if (q->contact.len)
		node_set_bytes(a, k, q->contact);
}

static void user_add(struct conn *c, struct arena *a, struct node *list, const struct asked *q,
		     const struct node *query)
{
	struct sandbox *sb = c->sb;
	struct node *u;
	bool contact_lid = node_attr_is(node_child(query, "contact"), "addressing_mode", "lid");

	if (q->acc == NULL && node_child(query, "contact") == NULL)
		return;
	u = node_add(a, list, "user");
	if (q->jid.server != JID_NONE) {
		node_attr_set_jid(a, u, "jid", &q->jid);
	} else if (q->acc) {
		node_attr_set_addr(a, u, "jid", account_addr(q->acc, contact_lid, 0));
		if (contact_lid)
			node_attr_set_addr(a, u, "pn_jid", account_addr(q->acc, false, 0));
	} else {
		node_attr_set_addr(a, u, "jid", addr_make(JID_PN, digits_of(q->contact), 0));
	}
	NODE_EACH(p, query) {
		if (node_is(p, "contact")) {
			contact_add(a, u, q);
		} else if (q->acc == NULL) {
			continue;
		} else if (node_is(p, "devices")) {
			account_watch(q->acc, conn_pn(c));
			devices_add(sb, a, u, q->acc);
		} else if (node_is(p, "lid") && !q->by_lid) {
			node_attr_set_addr(a, node_add(a, u, "lid"), "val",
					   account_addr(q->acc, true, 0));
		} else if (node_is(p, "status")) {
			struct node *s = node_add(a, u, "status");

			node_attr_set_u64(a, s, "t", q->acc->devices_at);
			node_set_text(a, s, "sandbox");
		}
	}
}

void iq_usync(struct conn *c, struct arena *a, const struct node *n, const struct node *child)
{
	static const char *const echoed[] = { "sid", "mode", "context" };
	const struct node *query = node_child(child, "query"), *in = node_child(child, "list");
	struct node *iq = iq_result_new(a, n), *us = node_add(a, iq, "usync"), *result, *list;

	for (size_t i = 0; i < ARRAY_LEN(echoed); i++)
		if (node_attr(child, echoed[i]))
			node_attr_set(a, us, echoed[i], node_attr(child, echoed[i]));
	node_attr_set(a, us, "index", "0");
	node_attr_set(a, us, "last", "true");
	result = node_add(a, us, "result");
	list = node_add(a, us, "list");
	if (query == NULL || in == NULL) {
		iq_error(c, a, n, 400, "bad-request");
		return;
	}
	NODE_EACH(p, query)
		node_add(a, result, p->tag);
	NODE_EACH(u, in) {
		struct asked q = asked_of(c->sb, u);

		user_add(c, a, list, &q, query);
	}
	conn_send(c, iq);
}
