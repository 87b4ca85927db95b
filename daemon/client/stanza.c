#include "daemon/client/stanza.h"

#include "daemon/client/media_crypt.h"

const char *stanza_type(enum message_kind kind)
{
	if (media_key_info(kind) != NULL || kind == MESSAGE_CONTACT || kind == MESSAGE_LOCATION)
		return "media";
	if (kind == MESSAGE_REACTION)
		return "reaction";
	return kind == MESSAGE_POLL || kind == MESSAGE_POLL_VOTE ? "poll" : "text";
}

static struct node *enc_node(struct arena *a, struct node *parent, enum message_kind kind,
			     const struct stanza_part *part)
{
	struct node *enc = node_add(a, parent, "enc");

	node_attr_set(a, enc, "v", "2");
	node_attr_set(a, enc, "type", part->kind == SIGNAL_PKMSG ? "pkmsg" : "msg");
	if (media_enc_type(kind) != NULL)
		node_attr_set(a, enc, "mediatype", media_enc_type(kind));
	if (kind == MESSAGE_REACTION || kind == MESSAGE_REVOKE || kind == MESSAGE_EDIT)
		node_attr_set(a, enc, "decrypt-fail", "hide");
	node_set_bytes(a, enc, part->body);
	return enc;
}

static void identity_node(struct arena *a, struct node *m, struct span account)
{
	node_set_bytes(a, node_add(a, m, "device-identity"), account);
}

struct node *stanza_message(struct arena *a, const struct stanza_out *s)
{
	struct node *m = node_new(a, "message"), *parts;
	bool any_pkmsg = false;

	node_attr_set(a, m, "id", s->id);
	node_attr_set_addr(a, m, "to", s->to);
	node_attr_set(a, m, "type", stanza_type(s->kind));
	if (s->kind == MESSAGE_REVOKE)
		node_attr_set(a, m, "edit", "7");
	if (addr_is_lid(s->to) && s->to_pn != 0)
		node_attr_set_addr(a, m, "peer_recipient_pn", addr_make(JID_PN, s->to_pn, 0));
	parts = node_add(a, m, "participants");
	for (size_t i = 0; i < s->part_len; i++) {
		struct node *to = node_add(a, parts, "to");

		node_attr_set_addr(a, to, "jid", s->parts[i].at);
		(void)enc_node(a, to, s->kind, &s->parts[i]);
		any_pkmsg = any_pkmsg || s->parts[i].kind == SIGNAL_PKMSG;
	}
	if (any_pkmsg)
		identity_node(a, m, s->account);
	return m;
}

struct node *stanza_peer(struct arena *a, const char *id, struct addr own_phone,
			 const struct stanza_part *part, struct span account)
{
	struct node *m = node_new(a, "message");

	node_attr_set(a, m, "id", id);
	node_attr_set_addr(a, m, "to", own_phone);
	node_attr_set(a, m, "type", "text");
	node_attr_set(a, m, "category", "peer");
	node_attr_set(a, m, "push_priority", "high_force"); /* it shall wake the phone */
	node_attr_set(a, node_add(a, m, "meta"), "appdata", "default");
	(void)enc_node(a, m, MESSAGE_PROTOCOL, part);
	if (part->kind == SIGNAL_PKMSG)
		identity_node(a, m, account);
	return m;
}

struct node *stanza_retry_answer(struct arena *a, const struct stanza_again *s)
{
	struct node *m = node_new(a, "message"), *enc;

	node_attr_set_jid(a, m, "to", &s->to);
	node_attr_set(a, m, "id", s->id);
	node_attr_set(a, m, "type", stanza_type(s->kind));
	if (s->t != NULL)
		node_attr_set(a, m, "t", s->t);
	if (s->participant != NULL)
		node_attr_set(a, m, "participant", s->participant);
	if (s->recipient != NULL)
		node_attr_set(a, m, "recipient", s->recipient);
	if (!s->is_group)
		node_attr_set(a, m, "device_fanout", "false");
	enc = enc_node(a, m, s->kind, &s->part);
	node_attr_set_u64(a, enc, "count", s->count);
	if (s->part.kind == SIGNAL_PKMSG)
		identity_node(a, m, s->account);
	return m;
}

/* clang-format off */
static const struct {
	int error;
	struct ack_rule rule;
} ack_rules[] = {
	{ 0,   { SEND_SENT,    false, "sent" } },
	{ 400, { SEND_RETRY,   false, "the server calls the message malformed" } },
	{ 401, { SEND_FAILED,  false, "not authorised to write to this person" } },
	{ 403, { SEND_FAILED,  false, "forbidden by the server" } },
	{ 404, { SEND_FAILED,  false, "the server does not know the recipient" } },
	{ 405, { SEND_RETRY,   false, "the server does not allow the message" } },
	{ 420, { SEND_LIMITED, false, "the server asks to slow down" } },
	{ 421, { SEND_RETRY,   true,  "wrong addressing" } },
	{ 429, { SEND_LIMITED, false, "too many messages" } },
	{ 463, { SEND_COLD,    false, "no new chat with this person" } },
	{ 475, { SEND_RETRY,   false, "trouble at the server" } },
	{ 479, { SEND_RETRY,   true,  "the server refuses the addresses" } },
	{ 500, { SEND_RETRY,   false, "trouble at the server" } },
	{ 503, { SEND_RETRY,   false, "the server is not available" } },
};
/* clang-format on */

struct ack_rule ack_rule_of(int error, bool resend)
{
	for (size_t i = 0; i < ARRAY_LEN(ack_rules); i++) {
		struct ack_rule rule = ack_rules[i].rule;

		if (ack_rules[i].error != error)
			continue;
		if (resend && (error == 400 || error == 405))
			rule.outcome = SEND_FAILED;
		return rule;
	}
	return (struct ack_rule){ SEND_RETRY, false, "the server refused the message" };
}

struct send_result send_result_of(const struct err *e)
{
	struct send_result r = { .outcome = SEND_RETRY,
				 .reason = err_msg(e),
				 .server_time = { INT64_MIN } };

	if (e->code == ERR_NOT_FOUND || e->code == ERR_BAD_PARAMS || e->code == ERR_TOO_LARGE ||
	    e->code == ERR_UNSUPPORTED)
		r.outcome = SEND_FAILED;
	if (e->code == ERR_RATE_LIMITED) {
		r.outcome = SEND_LIMITED;
		r.code = 429;
	}
	return r;
}
