/* Decryption of one stanza's parts, on what was read before. Records change only when a MAC matched. */
#include "shared/wire/sync_codec.h"

#include "daemon/client/opening.h"
#include "daemon/client/peer.h"

enum { NACK_STANZA = 488, NACK_PROTOBUF = 491 };

/* a copy of what another own device sent names its chat inside when the stanza does not */
static void take_destination(struct opening *op, const struct message *m)
{
	struct addr to;

	if (node_attr(op->stanza, "recipient") != NULL || !addr_parse(m->destination, &to))
		return;
	op->o.chat_person = addr_bare(to);
	(void)addr_text(addr_bare(peer_to_lid(op->d, to)), op->chat);
}

static void take_content(struct opening *op, const struct message *m)
{
	if (m->device_sent && !op->o.from_me) {
		op->refused = NACK_STANZA; /* only our own devices may speak for us */
		return;
	}
	if (m->skdm.len > 0 && op->group_keys != NULL && strcmp(m->skdm_group, op->chat) == 0) {
		struct err e = ERR_NONE;

		if (sender_keys_install(op->group_keys, m->skdm, &e) == ERR_OK)
			op->group_changed = true;
		else
			LOG_WARN(op->d->log, "receive.group_key_refused", F_ERR(&e));
	}
	if (m->kind == MESSAGE_EMPTY || op->is_new)
		return;
	if (m->kind == MESSAGE_PROTOCOL && protocol_is_peer_only(m->protocol_type)) {
		op->is_history = op->o.from_me && op->o.author.device == 0 &&
				 m->protocol_type == PROTOCOL_HISTORY;
		op->notice = m->raw;
		return; /* holds keys: never stored as a message */
	}
	if (m->device_sent && !op->o.is_group)
		take_destination(op, m);
	op->content = *m;
	op->is_new = !op->stored;
}

static void take_plain(struct opening *op, struct span padded)
{
	struct span kept = arena_span_dup(op->a, padded), bytes;
	struct message m;
	struct err e = ERR_NONE;

	if (message_unpad(kept, &bytes, &e) || message_decode(op->a, bytes, &m, &e)) {
		LOG_WARN(op->d->log, "receive.not_a_message", F_ERR(&e));
		op->refused = NACK_PROTOBUF;
		return;
	}
	take_content(op, &m);
}

static enum errc open_pkmsg(struct opening *op, struct span body, struct wr *out, struct err *e)
{
	struct device *d = op->d;
	struct record *r = op->rec;
	struct pkmsg_info info;
	struct session *fresh = NULL, *s = r->s;
	const uint8_t *known = session_remote_identity(r->s);
	bool used = false, knows;
	enum errc rc;

	if (pkmsg_parse(body, &info, e))
		return e->code;
	knows = session_knows_base_key(s, info.base_key);
	if (!knows && info.signed_id != d->signed_prekey.id)
		return err_set(e, ERR_NO_KEY, "signed prekey %u is not ours", info.signed_id);
	if (!knows && info.has_one_time &&
	    (!op->has_one_time || op->one_time_id != info.one_time_id))
		return err_set(e, ERR_NO_KEY, "one-time prekey %u is gone", info.one_time_id);
	if (!knows && known != NULL && memcmp(known, info.identity, 32) != 0)
		s = fresh = session_new();
	rc = session_decrypt_pkmsg(s, &d->self, &info, &d->signed_prekey.key,
				   !knows && info.has_one_time ? &op->one_time : NULL, d->env->rng,
				   out, &used, e);
	if (rc != ERR_OK) {
		session_free(fresh);
		return rc;
	}
	if (fresh != NULL) {
		LOG_INFO(d->log, "identity.changed", F_JID("jid", op->sender));
		session_free(r->s);
		r->s = fresh;
		op->identity_changed = true;
	}
	op->used_one_time = op->used_one_time || used;
	return ERR_OK;
}

/* one <enc>; ERR_OK also for a kind that is not for us */
static enum errc open_enc(struct opening *op, const struct node *enc, struct wr *out, struct err *e)
{
	struct span body = node_bytes(enc);
	enum errc rc;

	if (node_attr_is(enc, "type", "skmsg")) {
		if (op->group_keys == NULL)
			return err_set(e, ERR_BAD_INPUT, "a group's ciphertext outside of a group");
		rc = sender_keys_decrypt(op->group_keys, body, out, e);
		op->group_changed = op->group_changed || rc == ERR_OK;
		op->only_group_key_missing = rc == ERR_NO_SESSION || rc == ERR_NO_KEY;
		return rc;
	}
	if (node_attr_is(enc, "type", "pkmsg"))
		rc = open_pkmsg(op, body, out, e);
	else if (node_attr_is(enc, "type", "msg"))
		rc = session_decrypt_msg(op->rec->s, &op->d->self, body, op->d->env->rng, out, e);
	else
		return err_set(e, ERR_UNSUPPORTED, "unknown kind of ciphertext");
	op->rec_changed = op->rec_changed || rc == ERR_OK;
	return rc;
}

void open_all(struct opening *op)
{
	struct err spent = ERR_NONE;
	struct wr w;

	wr_init(&w, SIGNAL_MESSAGE_BYTES_MAX);
	for (size_t i = 0; i < op->o.enc_len; i++) {
		struct err e = ERR_NONE;

		wr_reset(&w);
		if (open_enc(op, op->o.encs[i], &w, &e) == ERR_OK) {
			op->opened++;
			take_plain(op, wr_span(&w));
			continue;
		}
		if (e.code == ERR_DUPLICATE) {
			spent = e;
			continue;
		}
		if (e.code == ERR_UNSUPPORTED)
			op->refused = NACK_STANZA;
		else
			op->failed = e;
		break;
	}
	/* a counter whose text was never here: some clients use one twice when they send while they receive */
	if (spent.code != ERR_OK && op->opened == 0 && !op->stored && op->failed.code == ERR_OK &&
	    op->refused == 0)
		op->failed = spent;
	wr_done_secret(&w);
}
