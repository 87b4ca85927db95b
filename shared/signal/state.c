#include "shared/signal/state.h"

#include "shared/base/xalloc.h"
#include "shared/signal/record.h"

enum {
	RECORD_SKIPPED_MAX = SIGNAL_CHAINS_MAX * SIGNAL_SKIPPED_MAX, /* what one state may have */
	FLAG_AWAITS_REPLY = 1,
	FLAG_ONE_TIME = 2,
};

struct state *state_new(void)
{
	return xcalloc(1, sizeof(struct state));
}

void state_free(struct state *st)
{
	if (st == NULL)
		return;
	for (uint32_t i = 0; i < st->chain_count; i++)
		skipped_done(&st->chains[i].skipped);
	wipe(st, sizeof *st);
	free(st);
}

struct chain *state_chain(struct state *st, const uint8_t ratchet[static 32])
{
	for (uint32_t i = st->chain_count; i-- > 0;)
		if (memcmp(st->chains[i].ratchet, ratchet, 32) == 0)
			return &st->chains[i];
	return NULL;
}

struct chain *state_chain_add(struct state *st, const uint8_t ratchet[static 32])
{
	struct chain *c;

	if (st->chain_count == SIGNAL_CHAINS_MAX) {
		skipped_done(&st->chains[0].skipped);
		st->chain_count--;
		memmove(st->chains, st->chains + 1, st->chain_count * sizeof *st->chains);
	}
	c = &st->chains[st->chain_count++];
	*c = (struct chain){ 0 };
	memcpy(c->ratchet, ratchet, sizeof c->ratchet);
	return c;
}

struct session *session_new(void)
{
	return xcalloc(1, sizeof(struct session));
}

void session_free(struct session *s)
{
	if (s == NULL)
		return;
	for (uint32_t i = 0; i < s->count; i++)
		state_free(s->states[i]);
	free(s);
}

struct session *session_clone(const struct session *s)
{
	struct session *copy = session_new();

	copy->count = s->count;
	for (uint32_t i = 0; i < s->count; i++) {
		const struct state *from = s->states[i];
		struct state *to = xmemdup(from, sizeof *from);

		for (uint32_t c = 0; c < from->chain_count; c++)
			skipped_copy(&from->chains[c].skipped, &to->chains[c].skipped);
		copy->states[i] = to;
	}
	return copy;
}

void session_push_take(struct session *s, struct state *st)
{
	if (s->count == ARRAY_LEN(s->states))
		state_free(s->states[--s->count]);
	memmove(s->states + 1, s->states, s->count * sizeof *s->states);
	s->states[0] = st;
	s->count++;
}

void session_promote(struct session *s, uint32_t place)
{
	struct state *st = s->states[place];

	memmove(s->states + 1, s->states, place * sizeof *s->states);
	s->states[0] = st;
}

void session_trim(struct session *s)
{
	uint32_t total = 0;

	for (uint32_t i = 0; i < s->count; i++)
		for (uint32_t c = 0; c < s->states[i]->chain_count; c++)
			total += s->states[i]->chains[c].skipped.count;
	for (uint32_t i = s->count; i-- > 1 && total > RECORD_SKIPPED_MAX;) {
		for (uint32_t c = 0; c < s->states[i]->chain_count; c++) {
			total -= s->states[i]->chains[c].skipped.count;
			skipped_done(&s->states[i]->chains[c].skipped);
		}
	}
}

bool session_has_state(const struct session *s)
{
	return s->count > 0;
}

bool session_awaits_reply(const struct session *s)
{
	return s->count > 0 && s->states[0]->awaits_reply;
}

uint32_t session_remote_registration(const struct session *s)
{
	return s->count ? s->states[0]->remote_registration : 0;
}

const uint8_t *session_remote_identity(const struct session *s)
{
	return s->count ? s->states[0]->remote_identity : NULL;
}

const uint8_t *session_base_key(const struct session *s)
{
	return s->count ? s->states[0]->base_key : NULL;
}

bool session_knows_base_key(const struct session *s, const uint8_t base_key[static 32])
{
	for (uint32_t i = 0; i < s->count; i++)
		if (memcmp(s->states[i]->base_key, base_key, 32) == 0)
			return true;
	return false;
}

static void state_save(const struct state *st, struct wr *out)
{
	wr_u8(out, (uint8_t)((st->awaits_reply ? FLAG_AWAITS_REPLY : 0) |
			     (st->has_one_time ? FLAG_ONE_TIME : 0)));
	wr_put(out, st->base_key, 32);
	wr_put(out, st->remote_identity, 32);
	wr_put(out, st->root, 32);
	wr_put(out, st->ratchet.priv, 32);
	wr_put(out, st->ratchet.pub, 32);
	wr_put(out, st->send_key, 32);
	wr_le(out, st->send_counter, 4);
	wr_le(out, st->previous_counter, 4);
	wr_le(out, st->remote_registration, 4);
	if (st->awaits_reply)
		wr_le(out, st->signed_id, 4);
	if (st->has_one_time)
		wr_le(out, st->one_time_id, 4);
	wr_u8(out, (uint8_t)st->chain_count);
	for (uint32_t i = 0; i < st->chain_count; i++) {
		const struct chain *c = &st->chains[i];

		wr_put(out, c->ratchet, 32);
		wr_put(out, c->key, 32);
		wr_le(out, c->counter, 4);
		skipped_save(&c->skipped, out);
	}
}

static bool state_load(struct rd *r, struct state *st)
{
	uint8_t flags = rd_u8(r);
	uint32_t chains;

	st->awaits_reply = flags & FLAG_AWAITS_REPLY;
	st->has_one_time = flags & FLAG_ONE_TIME;
	if (flags & ~(FLAG_AWAITS_REPLY | FLAG_ONE_TIME) || (st->has_one_time && !st->awaits_reply))
		return false;
	rd_copy(r, st->base_key, 32);
	rd_copy(r, st->remote_identity, 32);
	rd_copy(r, st->root, 32);
	rd_copy(r, st->ratchet.priv, 32);
	rd_copy(r, st->ratchet.pub, 32);
	rd_copy(r, st->send_key, 32);
	st->send_counter = (uint32_t)rd_le(r, 4);
	st->previous_counter = (uint32_t)rd_le(r, 4);
	st->remote_registration = (uint32_t)rd_le(r, 4);
	if (st->awaits_reply)
		st->signed_id = (uint32_t)rd_le(r, 4);
	if (st->has_one_time)
		st->one_time_id = (uint32_t)rd_le(r, 4);
	chains = rd_u8(r);
	if (r->bad || chains > SIGNAL_CHAINS_MAX)
		return false;
	while (st->chain_count < chains) {
		struct chain *c = &st->chains[st->chain_count++];

		rd_copy(r, c->ratchet, 32);
		rd_copy(r, c->key, 32);
		c->counter = (uint32_t)rd_le(r, 4);
		if (!skipped_load(r, c->counter, &c->skipped))
			return false;
	}
	return true;
}

void session_save(const struct session *s, struct wr *out)
{
	size_t begin = record_begin(out, RECORD_SESSION);

	wr_u8(out, (uint8_t)s->count);
	for (uint32_t i = 0; i < s->count; i++)
		state_save(s->states[i], out);
	record_end(out, begin);
}

enum errc session_load(struct span bytes, struct session **ret, struct err *e)
{
	struct session *s;
	struct rd r;
	uint32_t count;
	enum errc rc = record_open(bytes, RECORD_SESSION, &r, e);

	if (rc)
		return rc;
	count = rd_u8(&r);
	if (r.bad || count > ARRAY_LEN(s->states))
		return err_set(e, ERR_BAD_INPUT, "session record of %u states", count);
	s = session_new();
	while (s->count < count) {
		struct state *st = s->states[s->count++] = state_new();

		if (!state_load(&r, st))
			r.bad = true;
		if (r.bad)
			break;
	}
	if (r.bad || rd_left(&r)) {
		session_free(s);
		return err_set(e, ERR_BAD_INPUT, "malformed session record");
	}
	*ret = s;
	return ERR_OK;
}
