#include "shared/signal/session.h"

#include "shared/base/xalloc.h"
#include "shared/signal/envelope.h"
#include "shared/signal/kdf.h"
#include "shared/signal/state.h"
#include "shared/signal/xeddsa.h"

enum { AES_BLOCK = 16, ENVELOPE_ROOM = 512 /* more than all fields but the text take */ };

/* sender and receiver identity, both typed, in front of what the MAC covers */
static void message_mac(const uint8_t key[static 32], const uint8_t sender[static 32],
			const uint8_t receiver[static 32], struct span body, uint8_t out[static 32])
{
	uint8_t head[2 * SIGNAL_KEY_BYTES];
	const struct span parts[] = { SPAN_OF(head), body };

	head[0] = head[SIGNAL_KEY_BYTES] = 5;
	memcpy(head + 1, sender, 32);
	memcpy(head + SIGNAL_KEY_BYTES + 1, receiver, 32);
	hmac_sha256_parts(span_of(key, 32), parts, ARRAY_LEN(parts), out);
}

/* X3DH as the one who starts: fills a fresh state up to its first sending chain */
static enum errc start_agree(struct state *st, const struct signal_self *self,
			     const struct prekey_bundle *b, struct rng *rng, struct err *e)
{
	uint8_t dh[5][32];
	struct keypair base;
	enum errc rc;

	keypair_make(rng, &base);
	keypair_make(rng, &st->ratchet);
	rc = x25519(self->identity.priv, b->signed_pub, dh[0], e);
	if (!rc)
		rc = x25519(base.priv, b->identity, dh[1], e);
	if (!rc)
		rc = x25519(base.priv, b->signed_pub, dh[2], e);
	if (!rc && b->has_one_time)
		rc = x25519(base.priv, b->one_time_pub, dh[3], e);
	if (!rc)
		rc = x25519(st->ratchet.priv, b->signed_pub, dh[4], e);
	if (!rc) {
		kdf_x3dh(&dh[0][0], b->has_one_time ? 4 : 3, st->root);
		kdf_root_step(st->root, dh[4], st->send_key);
		memcpy(st->base_key, base.pub, 32);
	}
	wipe(dh, sizeof dh);
	wipe(&base, sizeof base);
	return rc;
}

enum errc session_process_bundle(struct session *s, const struct signal_self *self,
				 const struct prekey_bundle *b, struct rng *rng, struct err *e)
{
	uint8_t typed[SIGNAL_KEY_BYTES] = { 5 };
	struct state *st;

	memcpy(typed + 1, b->signed_pub, 32);
	if (!xeddsa_verify(b->identity, SPAN_OF(typed), b->signed_sig))
		return err_set(e, ERR_CRYPTO, "prekey bundle: the signature does not match");
	st = state_new();
	if (start_agree(st, self, b, rng, e)) {
		state_free(st);
		return err_set(e, ERR_CRYPTO, "prekey bundle: a key has a small order");
	}
	memcpy(st->remote_identity, b->identity, 32);
	st->remote_registration = b->registration_id;
	st->awaits_reply = true;
	st->signed_id = b->signed_id;
	st->has_one_time = b->has_one_time;
	st->one_time_id = b->has_one_time ? b->one_time_id : 0;
	session_push_take(s, st);
	return ERR_OK;
}

static size_t inner_size(const struct state *st, size_t cipher_len)
{
	return 1 + pb_bytes_size(SIGNAL_KEY_BYTES) + pb_uint_size(st->send_counter) +
	       pb_uint_size(st->previous_counter) + pb_bytes_size(cipher_len) + SIGNAL_MAC_BYTES;
}

static size_t outer_size(const struct state *st, uint32_t registration, size_t inner)
{
	return 1 + (st->has_one_time ? pb_uint_size(st->one_time_id) : 0) +
	       2 * pb_bytes_size(SIGNAL_KEY_BYTES) + pb_bytes_size(inner) +
	       pb_uint_size(registration) + pb_uint_size(st->signed_id);
}

static uint8_t *put_inner(const struct state *st, const struct signal_self *self,
			  const struct message_keys *keys, struct span plaintext, uint8_t *at)
{
	size_t cipher_len = (plaintext.len / AES_BLOCK + 1) * AES_BLOCK, wrote;
	uint8_t *begin = at, mac[32];

	*at++ = SIGNAL_VERSION;
	at = pb_put_key(at, 1, st->ratchet.pub);
	at = pb_put_uint(at, 2, st->send_counter);
	at = pb_put_uint(at, 3, st->previous_counter);
	at = pb_put_head(at, 4, cipher_len);
	aes_cbc_seal(keys->cipher, keys->iv, plaintext, at, &wrote);
	at += cipher_len;
	message_mac(keys->mac, self->identity.pub, st->remote_identity,
		    span_of(begin, (size_t)(at - begin)), mac);
	memcpy(at, mac, SIGNAL_MAC_BYTES);
	return at + SIGNAL_MAC_BYTES;
}

static void put_outer(const struct state *st, const struct signal_self *self,
		      const struct message_keys *keys, struct span plaintext, size_t inner,
		      uint8_t *at)
{
	*at++ = SIGNAL_VERSION;
	if (st->has_one_time)
		at = pb_put_uint(at, 1, st->one_time_id);
	at = pb_put_key(at, 2, st->base_key);
	at = pb_put_key(at, 3, self->identity.pub);
	at = pb_put_head(at, 4, inner);
	at = put_inner(st, self, keys, plaintext, at);
	at = pb_put_uint(at, 5, self->registration_id);
	pb_put_uint(at, 6, st->signed_id);
}

enum errc session_encrypt(struct session *s, const struct signal_self *self, struct span plaintext,
			  struct wr *out, enum signal_kind *ret_kind, struct err *e)
{
	struct state *st = s->count ? s->states[0] : NULL;
	struct message_keys keys;
	uint8_t seed[32], *at;
	size_t inner;

	if (st == NULL)
		return err_set(e, ERR_NO_SESSION, "no session to encrypt with");
	if (plaintext.len > SIGNAL_MESSAGE_BYTES_MAX - ENVELOPE_ROOM)
		return err_set(e, ERR_LIMIT, "plaintext of %zu bytes", plaintext.len);
	if (st->send_counter == UINT32_MAX)
		return err_set(e, ERR_LIMIT, "sending chain is used up");
	inner = inner_size(st, (plaintext.len / AES_BLOCK + 1) * AES_BLOCK);
	at = wr_room(out, st->awaits_reply ? outer_size(st, self->registration_id, inner) : inner);
	if (at == NULL)
		return err_set(e, ERR_LIMIT, "no room for the message");
	kdf_chain_step(st->send_key, seed);
	kdf_message_keys(seed, &keys);
	if (st->awaits_reply)
		put_outer(st, self, &keys, plaintext, inner, at);
	else
		put_inner(st, self, &keys, plaintext, at);
	st->send_counter++;
	*ret_kind = st->awaits_reply ? SIGNAL_PKMSG : SIGNAL_MSG;
	wipe(seed, sizeof seed);
	wipe(&keys, sizeof keys);
	return ERR_OK;
}

/* What opening a message would do to a state. The state itself is not touched before trial_take. */
struct trial {
	struct chain *chain; /* NULL: a new one */
	uint8_t root[32];    /* after the receiving half of a ratchet step */
	struct chain_walk walk;
};

static enum errc open_with(const struct message_keys *keys, const struct state *st,
			   const struct signal_self *self, const struct signal_msg *m,
			   struct wr *out, struct err *e)
{
	size_t before = out->len, len;
	uint8_t mac[32], *room;

	message_mac(keys->mac, st->remote_identity, self->identity.pub, m->body, mac);
	if (!bytes_equal_secret(mac, m->mac, SIGNAL_MAC_BYTES))
		return err_set(e, ERR_CRYPTO, "the MAC does not match");
	room = wr_room(out, m->ciphertext.len);
	if (room == NULL)
		return err_set(e, ERR_LIMIT, "no room for the plaintext");
	if (aes_cbc_open(keys->cipher, keys->iv, m->ciphertext, room, &len, e)) {
		out->len = before;
		return ERR_CRYPTO;
	}
	out->len = before + len;
	return ERR_OK;
}

static enum errc trial_open(struct trial *t, struct state *st, const struct signal_self *self,
			    const struct signal_msg *m, struct wr *out, struct err *e)
{
	static const struct skipped_list none;
	uint8_t dh[32], fresh[32];
	struct message_keys keys;
	enum errc rc;

	t->chain = state_chain(st, m->ratchet);
	if (t->chain) {
		rc = chain_walk_to(t->chain->key, t->chain->counter, &t->chain->skipped, m->counter,
				   &t->walk, e);
	} else {
		rc = x25519(st->ratchet.priv, m->ratchet, dh, e);
		if (rc)
			return rc;
		memcpy(t->root, st->root, sizeof t->root);
		kdf_root_step(t->root, dh, fresh);
		rc = chain_walk_to(fresh, 0, &none, m->counter, &t->walk, e);
		wipe(dh, sizeof dh);
		wipe(fresh, sizeof fresh);
	}
	if (rc)
		return rc;
	kdf_message_keys(t->walk.seed, &keys);
	rc = open_with(&keys, st, self, m, out, e);
	wipe(&keys, sizeof keys);
	if (rc)
		chain_walk_done(&t->walk);
	return rc;
}

/* The sending half of a ratchet step. */
static enum errc step_sending(struct trial *t, struct state *st, const uint8_t theirs[static 32],
			      struct rng *rng, struct err *e)
{
	struct keypair fresh;
	uint8_t dh[32];
	enum errc rc;

	keypair_make(rng, &fresh);
	rc = x25519(fresh.priv, theirs, dh, e);
	if (!rc) {
		st->previous_counter = st->send_counter ? st->send_counter - 1 : 0;
		st->send_counter = 0;
		st->ratchet = fresh;
		memcpy(st->root, t->root, sizeof st->root);
		kdf_root_step(st->root, dh, st->send_key);
		t->chain = state_chain_add(st, theirs);
	}
	wipe(dh, sizeof dh);
	wipe(&fresh, sizeof fresh);
	return rc;
}

/* Opens m with one state and moves that state on; on failure neither state nor out changed. */
static enum errc state_open(struct state *st, const struct signal_self *self,
			    const struct signal_msg *m, struct rng *rng, struct wr *out,
			    struct err *e)
{
	size_t before = out->len;
	struct trial t;
	enum errc rc = trial_open(&t, st, self, m, out, e);

	if (rc)
		return rc;
	if (t.chain == NULL)
		rc = step_sending(&t, st, m->ratchet, rng, e);
	if (rc) {
		out->len = before;
	} else {
		chain_walk_take(&t.walk, t.chain->key, &t.chain->counter, &t.chain->skipped);
		st->awaits_reply = st->has_one_time = false;
		st->signed_id = st->one_time_id = 0;
	}
	chain_walk_done(&t.walk);
	wipe(t.root, sizeof t.root);
	return rc;
}

static enum errc place_open(struct session *s, uint32_t place, const struct signal_self *self,
			    const struct signal_msg *m, struct rng *rng, struct wr *out,
			    struct err *e)
{
	enum errc rc = state_open(s->states[place], self, m, rng, out, e);

	if (rc)
		return rc;
	session_promote(s, place);
	session_trim(s);
	return ERR_OK;
}

enum errc session_decrypt_msg(struct session *s, const struct signal_self *self, struct span in,
			      struct rng *rng, struct wr *out, struct err *e)
{
	struct signal_msg m;
	enum errc rc = signal_msg_parse(in, &m, e);

	if (rc)
		return rc;
	if (s->count == 0)
		return err_set(e, ERR_NO_SESSION, "no session to decrypt with");
	/* a ratchet key belongs to one state: when it is known, no other needs a trial */
	for (uint32_t i = 0; i < s->count; i++)
		if (state_chain(s->states[i], m.ratchet))
			return place_open(s, i, self, &m, rng, out, e);
	if (m.counter > SIGNAL_JUMP_MAX)
		return err_set(e, ERR_LIMIT, "new chain begins with counter %u", m.counter);
	for (uint32_t i = 0; i < s->count; i++) {
		rc = place_open(s, i, self, &m, rng, out, e);
		if (rc != ERR_CRYPTO)
			return rc;
	}
	return err_set(e, ERR_CRYPTO, "none of %u states opens the message", s->count);
}

/* X3DH as the one who was written to: the state then steps on the message itself */
static enum errc answer_agree(struct state *st, const struct signal_self *self,
			      const struct pkmsg_info *info, const struct keypair *signed_pre,
			      const struct keypair *one_time, struct err *e)
{
	uint8_t dh[4][32];
	enum errc rc = x25519(signed_pre->priv, info->identity, dh[0], e);

	if (!rc)
		rc = x25519(self->identity.priv, info->base_key, dh[1], e);
	if (!rc)
		rc = x25519(signed_pre->priv, info->base_key, dh[2], e);
	if (!rc && info->has_one_time)
		rc = x25519(one_time->priv, info->base_key, dh[3], e);
	if (!rc) {
		kdf_x3dh(&dh[0][0], info->has_one_time ? 4 : 3, st->root);
		st->ratchet = *signed_pre;
		memcpy(st->base_key, info->base_key, 32);
		memcpy(st->remote_identity, info->identity, 32);
		st->remote_registration = info->registration_id;
	}
	wipe(dh, sizeof dh);
	return rc;
}

enum errc session_decrypt_pkmsg(struct session *s, const struct signal_self *self,
				const struct pkmsg_info *info, const struct keypair *signed_pre,
				const struct keypair *one_time, struct rng *rng, struct wr *out,
				bool *ret_used_one_time, struct err *e)
{
	struct signal_msg m;
	struct state *st;
	enum errc rc = signal_msg_parse(info->message, &m, e);

	if (rc)
		return rc;
	for (uint32_t i = 0; i < s->count; i++) {
		if (memcmp(s->states[i]->base_key, info->base_key, 32) != 0)
			continue;
		if (memcmp(s->states[i]->remote_identity, info->identity, 32) != 0)
			return err_set(e, ERR_UNTRUSTED, "identity differs from the session's");
		*ret_used_one_time = false;
		return place_open(s, i, self, &m, rng, out, e);
	}
	if (signed_pre == NULL || (info->has_one_time && one_time == NULL))
		return err_set(e, ERR_NO_KEY, "the prekey of this message is gone");
	st = state_new();
	rc = answer_agree(st, self, info, signed_pre, one_time, e);
	if (!rc)
		rc = state_open(st, self, &m, rng, out, e);
	if (rc) {
		state_free(st);
		return rc;
	}
	session_push_take(s, st);
	session_trim(s);
	*ret_used_one_time = info->has_one_time;
	return ERR_OK;
}
