#include "daemon/client/origin.h"

void attr_copy(struct arena *a, struct node *to, const char *to_key, const struct node *from,
	       const char *from_key)
{
	for (uint32_t i = 0; i < from->attr_len; i++) {
		if (strcmp(from->attrs[i].key, from_key) != 0)
			continue;
		if (from->attrs[i].is_jid)
			node_attr_set_jid(a, to, to_key, &from->attrs[i].jid);
		else
			node_attr_set(a, to, to_key, from->attrs[i].text);
		return;
	}
}

unix_ms attr_time(const struct node *n, unix_ms otherwise)
{
	static const uint64_t year_3000 = 32503680000;
	uint64_t t = 0;

	if (!node_attr_u64(n, "t", &t) || t == 0 || t >= year_3000)
		return otherwise;
	return (unix_ms){ (int64_t)t * 1000 };
}

static void learn(struct origin *o, const struct node *n, struct addr known, const char *pn_key,
		  const char *lid_key)
{
	struct pn_lid p = { 0 };
	struct addr other;

	if (addr_is_lid(known) && node_attr_addr(n, pn_key, &other) && !addr_is_lid(other))
		p = (struct pn_lid){ other.user, known.user };
	else if (!addr_is_lid(known) && node_attr_addr(n, lid_key, &other) && addr_is_lid(other))
		p = (struct pn_lid){ known.user, other.user };
	if (p.pn != 0 && p.lid != 0 && o->pair_len < ARRAY_LEN(o->pairs))
		o->pairs[o->pair_len++] = p;
}

static bool is_own(struct addr a, struct addr own_pn, struct addr own_lid)
{
	return a.user != 0 && a.user == (addr_is_lid(a) ? own_lid.user : own_pn.user);
}

static void find_encs(const struct node *n, struct origin *o)
{
	for (int pass = 0; pass < 2; pass++)
		NODE_EACH(c, n)
			if (node_is(c, "enc") && node_attr_is(c, "type", "skmsg") == (pass == 1) &&
			    o->enc_len < ENCS_MAX)
				o->encs[o->enc_len++] = c;
	o->is_unavailable = node_child(n, "unavailable") != NULL;
}

enum errc origin_read(struct arena *a, const struct node *n, struct addr own_pn,
		      struct addr own_lid, unix_ms now, struct origin *ret, struct err *e)
{
	struct origin o = { .at = now };
	struct addr from, other;

	(void)a;
	o.id = node_attr(n, "id");
	o.push_name = node_attr(n, "notify") == NULL ? "" : node_attr(n, "notify");
	if (o.id == NULL || strlen(o.id) > 255 || !node_attr_jid(n, "from", &o.from))
		return err_set(e, ERR_BAD_INPUT, "message without id or from");
	if (strlen(o.push_name) > 255 || strcmp(o.push_name, "-") == 0)
		o.push_name = "";
	o.at = attr_time(n, now);
	o.offline = node_attr(n, "offline") != NULL;
	o.is_peer = node_attr_is(n, "category", "peer");
	o.is_group = !addr_from_jid(&o.from, &from);
	if (!o.is_group) {
		o.author = from;
		learn(&o, n, from, "sender_pn", "sender_lid");
	} else if (o.from.server != JID_GROUP && o.from.server != JID_BROADCAST) {
		return err_set(e, ERR_UNSUPPORTED, "message from a %s", o.from.server_name);
	} else if (!node_attr_addr(n, "participant", &o.author)) {
		return err_set(e, ERR_BAD_INPUT, "group message without participant");
	} else {
		learn(&o, n, o.author, "participant_pn", "participant_lid");
	}
	o.from_me = is_own(o.author, own_pn, own_lid);
	if (!o.is_group) {
		o.chat_person = addr_bare(from);
		if (o.from_me && node_attr_addr(n, "recipient", &other)) {
			o.chat_person = addr_bare(other);
			learn(&o, n, o.chat_person, "peer_recipient_pn", "peer_recipient_lid");
			learn(&o, n, o.chat_person, "recipient_pn", "recipient_lid");
		}
	}
	find_encs(n, &o);
	*ret = o;
	return ERR_OK;
}

struct node *origin_receipt(struct arena *a, const struct node *stanza, const struct origin *o)
{
	struct node *r = node_new(a, "receipt");

	node_attr_set(a, r, "id", o->id);
	attr_copy(a, r, "to", stanza, "from");
	if (o->is_peer)
		node_attr_set(a, r, "type", "peer_msg");
	else if (o->from_me)
		node_attr_set(a, r, "type", "sender");
	attr_copy(a, r, "participant", stanza, "participant");
	attr_copy(a, r, "recipient", stanza, "recipient");
	return r;
}

struct node *origin_history_receipt(struct arena *a, const struct origin *o, struct addr own_pn)
{
	struct node *r = node_new(a, "receipt");

	node_attr_set(a, r, "id", o->id);
	node_attr_set(a, r, "type", "hist_sync");
	node_attr_set_addr(a, r, "to", addr_bare(own_pn));
	return r;
}
