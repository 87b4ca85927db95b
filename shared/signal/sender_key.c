#include "shared/signal/sender_key.h"

#include <string.h>

#include "shared/base/xalloc.h"
#include "shared/signal/envelope.h"
#include "shared/signal/kdf.h"
#include "shared/signal/record.h"
#include "shared/signal/skipped.h"
#include "shared/signal/xeddsa.h"

enum {
	STATES_MAX = 5,
	AES_BLOCK = 16,
	ENVELOPE_ROOM = 128, /* more than all fields but the text take */
	FLAG_OWN = 1,
};

struct group_state {
	uint32_t id, iteration; /* of the next message */
	uint8_t chain_key[32];
	bool own; /* priv is set */
	struct keypair signing;
	struct skipped_list skipped;
};

struct sender_keys {
	uint32_t count;
	struct group_state states[STATES_MAX]; /* newest first */
};

struct sender_keys *sender_keys_new(void)
{
	return xcalloc(1, sizeof(struct sender_keys));
}

void sender_keys_free(struct sender_keys *s)
{
	if (s == NULL)
		return;
	for (uint32_t i = 0; i < s->count; i++)
		skipped_done(&s->states[i].skipped);
	wipe(s, sizeof *s);
	free(s);
}

void sender_keys_save(const struct sender_keys *s, struct wr *out)
{
	size_t begin = record_begin(out, RECORD_SENDER_KEYS);

	wr_u8(out, (uint8_t)s->count);
	for (uint32_t i = 0; i < s->count; i++) {
		const struct group_state *g = &s->states[i];

		wr_u8(out, g->own ? FLAG_OWN : 0);
		wr_le(out, g->id, 4);
		wr_le(out, g->iteration, 4);
		wr_put(out, g->chain_key, 32);
		wr_put(out, g->signing.pub, 32);
		if (g->own)
			wr_put(out, g->signing.priv, 32);
		skipped_save(&g->skipped, out);
	}
	record_end(out, begin);
}

static bool group_state_load(struct rd *r, struct group_state *g)
{
	uint8_t flags = rd_u8(r);

	g->own = flags & FLAG_OWN;
	if (flags & ~FLAG_OWN)
		return false;
	g->id = (uint32_t)rd_le(r, 4);
	g->iteration = (uint32_t)rd_le(r, 4);
	rd_copy(r, g->chain_key, 32);
	rd_copy(r, g->signing.pub, 32);
	if (g->own)
		rd_copy(r, g->signing.priv, 32);
	return skipped_load(r, g->iteration, &g->skipped);
}

enum errc sender_keys_load(struct span bytes, struct sender_keys **ret, struct err *e)
{
	struct sender_keys *s;
	struct rd r;
	uint32_t count;
	enum errc rc = record_open(bytes, RECORD_SENDER_KEYS, &r, e);

	if (rc)
		return rc;
	count = rd_u8(&r);
	if (r.bad || count > STATES_MAX)
		return err_set(e, ERR_BAD_INPUT, "sender key record of %u states", count);
	s = sender_keys_new();
	while (s->count < count && !r.bad)
		if (!group_state_load(&r, &s->states[s->count++]))
			r.bad = true;
	if (r.bad || rd_left(&r)) {
		sender_keys_free(s);
		return err_set(e, ERR_BAD_INPUT, "malformed sender key record");
	}
	*ret = s;
	return ERR_OK;
}

/* Frees the place at the front; the states after `last` stay, `last` itself is dropped. */
static struct group_state *front_free(struct sender_keys *s, uint32_t last)
{
	skipped_done(&s->states[last].skipped);
	memmove(s->states + 1, s->states, last * sizeof *s->states);
	s->states[0] = (struct group_state){ 0 };
	return &s->states[0];
}

static struct group_state *state_push(struct sender_keys *s)
{
	if (s->count < STATES_MAX)
		s->states[s->count++] = (struct group_state){ 0 };
	return front_free(s, s->count - 1);
}

void sender_keys_distribute(struct sender_keys *s, struct rng *rng, struct wr *out)
{
	struct group_state *g = &s->states[0];
	uint8_t *at;

	if (s->count == 0) {
		g = state_push(s);
		g->own = true;
		g->id = rng_u32(rng) & INT32_MAX;
		rng_fill(rng, g->chain_key, sizeof g->chain_key);
		keypair_make(rng, &g->signing);
	}
	at = wr_room(out, 1 + pb_uint_size(g->id) + pb_uint_size(g->iteration) + pb_bytes_size(32) +
				  pb_bytes_size(SIGNAL_KEY_BYTES));
	if (at == NULL)
		return;
	*at++ = SIGNAL_VERSION;
	at = pb_put_uint(at, 1, g->id);
	at = pb_put_uint(at, 2, g->iteration);
	at = pb_put_bytes(at, 3, SPAN_OF(g->chain_key));
	pb_put_key(at, 4, g->signing.pub);
}

enum errc sender_keys_encrypt(struct sender_keys *s, struct rng *rng, struct span plaintext,
			      struct wr *out, struct err *e)
{
	struct group_state *g = &s->states[0];
	size_t cipher_len = (plaintext.len / AES_BLOCK + 1) * AES_BLOCK, wrote;
	struct message_keys keys;
	uint8_t seed[32], *begin, *at;

	if (s->count == 0)
		return err_set(e, ERR_NO_SESSION, "no sender key yet");
	if (!g->own)
		return err_set(e, ERR_NO_KEY, "this sender key belongs to another device");
	if (plaintext.len > SIGNAL_MESSAGE_BYTES_MAX - ENVELOPE_ROOM || g->iteration == UINT32_MAX)
		return err_set(e, ERR_LIMIT, "plaintext of %zu bytes", plaintext.len);
	begin = at = wr_room(out, 1 + pb_uint_size(g->id) + pb_uint_size(g->iteration) +
					  pb_bytes_size(cipher_len) + SIGNAL_SIG_BYTES);
	if (at == NULL)
		return err_set(e, ERR_LIMIT, "no room for the message");
	*at++ = SIGNAL_VERSION;
	at = pb_put_uint(at, 1, g->id);
	at = pb_put_uint(at, 2, g->iteration);
	at = pb_put_head(at, 3, cipher_len);
	kdf_chain_step(g->chain_key, seed);
	g->iteration++;
	kdf_group_keys(seed, &keys);
	aes_cbc_seal(keys.cipher, keys.iv, plaintext, at, &wrote);
	at += cipher_len;
	xeddsa_sign(rng, g->signing.priv, span_of(begin, (size_t)(at - begin)), at);
	wipe(seed, sizeof seed);
	wipe(&keys, sizeof keys);
	return ERR_OK;
}

static struct group_state *state_of(struct sender_keys *s, uint32_t id)
{
	for (uint32_t i = 0; i < s->count; i++)
		if (s->states[i].id == id)
			return &s->states[i];
	return NULL;
}

enum errc sender_keys_install(struct sender_keys *s, struct span skdm, struct err *e)
{
	struct group_key_msg m;
	struct group_state *g;
	enum errc rc = group_key_msg_parse(skdm, &m, e);

	if (rc)
		return rc;
	g = state_of(s, m.id);
	/* The same key told again, as some senders do with every message: what is kept can open all
	 * that the new copy can, and late messages besides. */
	if (g && !g->own && memcmp(g->signing.pub, m.signing, 32) == 0 &&
	    (m.iteration <= g->iteration || m.iteration - g->iteration <= SIGNAL_JUMP_MAX))
		return ERR_OK;
	g = g ? front_free(s, (uint32_t)(g - s->states)) : state_push(s);
	g->id = m.id;
	g->iteration = m.iteration;
	memcpy(g->chain_key, m.chain_key, 32);
	memcpy(g->signing.pub, m.signing, 32);
	return ERR_OK;
}

enum errc sender_keys_decrypt(struct sender_keys *s, struct span skmsg, struct wr *out,
			      struct err *e)
{
	struct message_keys keys;
	struct group_state *g;
	struct chain_walk walk;
	struct group_msg m;
	size_t before = out->len, len;
	uint8_t *room;
	enum errc rc = group_msg_parse(skmsg, &m, e);

	if (rc)
		return rc;
	g = state_of(s, m.id);
	if (g == NULL)
		return err_set(e, ERR_NO_SESSION, "no sender key %u", m.id);
	if (!xeddsa_verify(g->signing.pub, m.body, m.sig))
		return err_set(e, ERR_CRYPTO, "group message: the signature does not match");
	rc = chain_walk_to(g->chain_key, g->iteration, &g->skipped, m.iteration, &walk, e);
	if (rc)
		return rc;
	room = wr_room(out, m.ciphertext.len);
	if (room) {
		kdf_group_keys(walk.seed, &keys);
		rc = aes_cbc_open(keys.cipher, keys.iv, m.ciphertext, room, &len, e);
		wipe(&keys, sizeof keys);
	} else {
		rc = err_set(e, ERR_LIMIT, "no room for the plaintext");
	}
	if (rc == ERR_OK) {
		out->len = before + len;
		chain_walk_take(&walk, g->chain_key, &g->iteration, &g->skipped);
	} else {
		out->len = before;
	}
	chain_walk_done(&walk);
	return rc;
}
