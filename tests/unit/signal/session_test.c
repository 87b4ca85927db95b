/* Limits, damage and records of sessions: what a hostile peer or a broken disk may try. */
#include <stdio.h>
#include <string.h>

#include "shared/base/xalloc.h"
#include "shared/signal/prekeys.h"
#include "shared/signal/session.h"

#include "tests/unit/signal/vectors.h"

struct pair {
	struct rng_fixed rng;
	struct signal_self a, b;
	struct signed_prekey pre; /* of b */
	struct keypair one;       /* of b */
	struct session *at_a, *at_b;
};

static struct wr writer(void)
{
	struct wr w;

	wr_init(&w, SIGNAL_RECORD_BYTES_MAX);
	return w;
}

static struct wr saved(const struct session *s)
{
	struct wr w = writer();

	session_save(s, &w);
	assert_false(w.bad);
	return w;
}

static void same_record(const struct session *s, struct wr *before)
{
	struct wr now = saved(s);

	assert_true(span_eq(wr_span(before), wr_span(&now)));
	wr_done(&now);
	wr_done(before);
}

static void reload(struct session **s)
{
	struct wr first = saved(*s);
	struct err e = ERR_NONE;

	session_free(*s);
	assert_int_equal(session_load(wr_span(&first), s, &e), ERR_OK);
	same_record(*s, &first);
}

static struct prekey_bundle bundle_of(const struct pair *p, bool with_one_time)
{
	struct prekey_bundle b = { .registration_id = p->b.registration_id,
				   .signed_id = p->pre.id,
				   .has_one_time = with_one_time,
				   .one_time_id = with_one_time ? 77 : 0 };

	memcpy(b.identity, p->b.identity.pub, 32);
	memcpy(b.signed_pub, p->pre.key.pub, 32);
	memcpy(b.signed_sig, p->pre.sig, 64);
	if (with_one_time)
		memcpy(b.one_time_pub, p->one.pub, 32);
	return b;
}

static void pair_start(struct pair *p, bool with_one_time)
{
	struct prekey_bundle b = bundle_of(p, with_one_time);
	struct err e = ERR_NONE;

	assert_int_equal(session_process_bundle(p->at_a, &p->a, &b, &p->rng.base, &e), ERR_OK);
}

static struct pair *pair_new(uint64_t seed)
{
	struct pair *p = xcalloc(1, sizeof *p);

	rng_fixed_init(&p->rng, seed);
	keypair_make(&p->rng.base, &p->a.identity);
	keypair_make(&p->rng.base, &p->b.identity);
	p->a.registration_id = 1;
	p->b.registration_id = 16380;
	signed_prekey_make(&p->rng.base, &p->b.identity, 4, &p->pre);
	keypair_make(&p->rng.base, &p->one);
	p->at_a = session_new();
	p->at_b = session_new();
	return p;
}

static void pair_free(struct pair *p)
{
	session_free(p->at_a);
	session_free(p->at_b);
	free(p);
}

static struct wr sent(struct pair *p, bool from_a, struct span text)
{
	struct wr w = writer();
	struct err e = ERR_NONE;
	enum signal_kind kind;

	assert_int_equal(session_encrypt(from_a ? p->at_a : p->at_b, from_a ? &p->a : &p->b, text,
					 &w, &kind, &e),
			 ERR_OK);
	return w;
}

static enum errc open_at(struct pair *p, bool at_a, struct span in, struct wr *out)
{
	struct err e = ERR_NONE;

	return session_decrypt_msg(at_a ? p->at_a : p->at_b, at_a ? &p->a : &p->b, in, &p->rng.base,
				   out, &e);
}

static enum errc open_first(struct pair *p, struct span in, struct wr *out)
{
	struct pkmsg_info info;
	struct err e = ERR_NONE;
	bool used;
	enum errc rc = pkmsg_parse(in, &info, &e);

	if (rc)
		return rc;
	return session_decrypt_pkmsg(p->at_b, &p->b, &info, &p->pre.key,
				     info.has_one_time ? &p->one : NULL, &p->rng.base, out, &used,
				     &e);
}

static enum errc opens(struct pair *p, bool at_a, const struct wr *msg)
{
	struct wr out = writer();
	enum errc rc = open_at(p, at_a, wr_span(msg), &out);

	wr_done(&out);
	return rc;
}

/* a pkmsg to b and an answer: from then on both send msg */
static void pair_settle(struct pair *p)
{
	struct wr m = sent(p, true, SPAN_LIT("hi")), out = writer();

	assert_int_equal(open_first(p, wr_span(&m), &out), ERR_OK);
	wr_done(&m);
	m = sent(p, false, SPAN_LIT("ho"));
	assert_int_equal(open_at(p, true, wr_span(&m), &out), ERR_OK);
	assert_true(span_eq(wr_span(&out), SPAN_LIT("hiho"))); /* appended */
	assert_false(session_awaits_reply(p->at_a));
	wr_done(&m);
	wr_done(&out);
}

static void first_message_and_queries(void **state)
{
	struct pair *p = pair_new(1);
	struct pkmsg_info info;
	struct wr m, out = writer();
	struct err e = ERR_NONE;
	enum signal_kind kind;

	(void)state;
	assert_false(session_has_state(p->at_a));
	assert_null(session_remote_identity(p->at_a));
	assert_null(session_base_key(p->at_a));
	assert_int_equal(session_remote_registration(p->at_a), 0);
	assert_int_equal(session_encrypt(p->at_a, &p->a, SPAN_LIT("x"), &out, &kind, &e),
			 ERR_NO_SESSION);
	pair_start(p, true);
	m = sent(p, true, SPAN_NONE);
	assert_int_equal(open_at(p, false, wr_span(&m), &out), ERR_BAD_INPUT);
	assert_int_equal(pkmsg_parse(wr_span(&m), &info, &e), ERR_OK);
	assert_int_equal(open_at(p, false, info.message, &out), ERR_NO_SESSION);
	assert_false(session_knows_base_key(p->at_b, info.base_key));
	assert_int_equal(open_first(p, wr_span(&m), &out), ERR_OK);
	assert_int_equal(out.len, 0); /* an empty text is a text */
	assert_true(session_knows_base_key(p->at_b, info.base_key));
	assert_int_equal(open_first(p, wr_span(&m), &out), ERR_DUPLICATE);
	assert_memory_equal(session_base_key(p->at_a), session_base_key(p->at_b), 32);
	assert_memory_equal(session_remote_identity(p->at_b), p->a.identity.pub, 32);
	assert_int_equal(session_remote_registration(p->at_a), 16380);
	assert_int_equal(session_remote_registration(p->at_b), 1);
	wr_done(&m);
	wr_done(&out);
	pair_free(p);
}

static void forged_bundles_are_refused(void **state)
{
	struct pair *p = pair_new(2);
	struct prekey_bundle b = bundle_of(p, true);
	struct err e = ERR_NONE;

	(void)state;
	b.signed_sig[5] ^= 1;
	assert_int_equal(session_process_bundle(p->at_a, &p->a, &b, &p->rng.base, &e), ERR_CRYPTO);
	b = bundle_of(p, true);
	b.identity[0] ^= 8;
	assert_int_equal(session_process_bundle(p->at_a, &p->a, &b, &p->rng.base, &e), ERR_CRYPTO);
	b = bundle_of(p, true);
	memset(b.one_time_pub, 0, 32); /* a point of small order */
	assert_int_equal(session_process_bundle(p->at_a, &p->a, &b, &p->rng.base, &e), ERR_CRYPTO);
	assert_false(session_has_state(p->at_a));
	pair_free(p);
}

static void missing_keys_and_other_identities(void **state)
{
	struct pair *p = pair_new(3);
	struct pkmsg_info info, other;
	struct wr m, out = writer(), before;
	struct err e = ERR_NONE;
	bool used = true;

	(void)state;
	pair_start(p, true);
	m = sent(p, true, SPAN_LIT("x"));
	assert_int_equal(pkmsg_parse(wr_span(&m), &info, &e), ERR_OK);
	assert_int_equal(session_decrypt_pkmsg(p->at_b, &p->b, &info, &p->pre.key, NULL,
					       &p->rng.base, &out, &used, &e),
			 ERR_NO_KEY);
	other = info;
	other.identity[1] ^= 1;
	assert_int_equal(session_decrypt_pkmsg(p->at_b, &p->b, &other, &p->pre.key, &p->one,
					       &p->rng.base, &out, &used, &e),
			 ERR_CRYPTO);
	assert_false(session_has_state(p->at_b));
	assert_int_equal(session_decrypt_pkmsg(p->at_b, &p->b, &info, &p->pre.key, &p->one,
					       &p->rng.base, &out, &used, &e),
			 ERR_OK);
	assert_true(used);
	wr_done(&m);
	m = sent(p, true, SPAN_LIT("y"));
	assert_int_equal(pkmsg_parse(wr_span(&m), &info, &e), ERR_OK);
	other = info;
	other.identity[1] ^= 1;
	before = saved(p->at_b);
	assert_int_equal(session_decrypt_pkmsg(p->at_b, &p->b, &other, NULL, NULL, &p->rng.base,
					       &out, &used, &e),
			 ERR_UNTRUSTED);
	same_record(p->at_b, &before);
	assert_int_equal(session_decrypt_pkmsg(p->at_b, &p->b, &info, NULL, NULL, &p->rng.base,
					       &out, &used, &e),
			 ERR_OK);
	assert_false(used);
	wr_done(&m);
	wr_done(&out);
	pair_free(p);
}

/* every prefix and every flipped bit of a message; refused, with nothing written or moved */
static void damage_one(struct pair *p, struct wr *m, bool at_a)
{
	struct wr out = writer(), before = saved(at_a ? p->at_a : p->at_b);

	for (size_t len = 0; len < m->len; len++) {
		uint8_t *exact = xmemdup(len ? m->buf : (const uint8_t *)"", len ? len : 1);
		struct span in = span_of(exact, len);

		assert_int_not_equal(open_at(p, at_a, in, &out), ERR_OK);
		free(exact);
	}
	for (size_t bit = 0; bit < 8 * m->len; bit++) {
		m->buf[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_not_equal(open_at(p, at_a, wr_span(m), &out), ERR_OK);
		m->buf[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_int_equal(out.len, 0);
	wr_done(&out);
	same_record(at_a ? p->at_a : p->at_b, &before);
}

static void damaged_messages_change_nothing(void **state)
{
	struct pair *p = pair_new(4);
	struct pkmsg_info info;
	struct wr m, out = writer();
	struct err e = ERR_NONE;

	(void)state;
	pair_start(p, true);
	m = sent(p, true, SPAN_LIT("first"));
	assert_int_equal(pkmsg_parse(wr_span(&m), &info, &e), ERR_OK);
	/* bits before the inner message: ids are not authenticated, keys are by what they derive */
	for (size_t i = 3; i < (size_t)(info.message.at - m.buf); i++) {
		m.buf[i] ^= 4;
		assert_int_not_equal(open_first(p, wr_span(&m), &out), ERR_OK);
		m.buf[i] ^= 4;
	}
	for (size_t len = 0; len < m.len; len++) {
		enum errc rc = open_first(p, span_of(m.buf, len), &out);

		assert_int_not_equal(rc, ERR_OK);
	}
	assert_false(session_has_state(p->at_b));
	pair_settle(p);
	wr_done(&m);
	m = sent(p, true, SPAN_LIT("in a new chain"));
	damage_one(p, &m, false);
	assert_int_equal(opens(p, false, &m), ERR_OK);
	wr_done(&m);
	m = sent(p, true, SPAN_LIT("in a known chain"));
	damage_one(p, &m, false);
	assert_int_equal(opens(p, false, &m), ERR_OK);
	wr_done(&m);
	wr_done(&out);
	pair_free(p);
}

static void damaged_records_do_not_load(void **state)
{
	struct pair *p = pair_new(5);
	struct session *back = NULL;
	struct err e = ERR_NONE;
	struct wr record;

	(void)state;
	pair_start(p, true);
	pair_settle(p);
	pair_start(p, true);
	record = saved(p->at_a);
	for (size_t len = 0; len < record.len; len++)
		assert_int_not_equal(session_load(span_of(record.buf, len), &back, &e), ERR_OK);
	for (size_t bit = 0; bit < 8 * record.len; bit++) {
		record.buf[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_not_equal(session_load(wr_span(&record), &back, &e), ERR_OK);
		record.buf[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_null(back);
	wr_done(&record);
	pair_free(p);
}

static void jumps_are_limited(void **state)
{
	struct pair *p = pair_new(6);
	struct wr m, before;

	(void)state;
	pair_start(p, false);
	pair_settle(p);
	for (uint32_t i = 0; i < SIGNAL_JUMP_MAX + 1; i++) {
		m = sent(p, true, SPAN_LIT("lost"));
		wr_done(&m);
	}
	m = sent(p, true, SPAN_LIT("counter 2001 in a chain unknown so far"));
	before = saved(p->at_b);
	assert_int_equal(opens(p, false, &m), ERR_LIMIT);
	same_record(p->at_b, &before);
	wr_done(&m);
	pair_free(p);
	p = pair_new(7);
	pair_start(p, false);
	pair_settle(p);
	for (uint32_t i = 0; i < SIGNAL_JUMP_MAX; i++) {
		m = sent(p, true, SPAN_LIT("lost"));
		wr_done(&m);
	}
	m = sent(p, true, SPAN_LIT("counter 2000"));
	assert_int_equal(opens(p, false, &m), ERR_OK);
	assert_int_equal(opens(p, false, &m), ERR_DUPLICATE);
	wr_done(&m);
	pair_free(p);
}

static void skipped_seeds_are_limited(void **state)
{
	enum { SENT = 2 * SIGNAL_SKIPPED_MAX + 2 };
	struct pair *p = pair_new(8);
	struct wr *all = xcalloc(SENT, sizeof *all), record;

	(void)state;
	pair_start(p, false);
	pair_settle(p);
	for (size_t i = 0; i < SENT; i++)
		all[i] = sent(p, true, SPAN_LIT("m"));
	assert_int_equal(opens(p, false, &all[2000]), ERR_OK); /* 0..1999 are kept */
	assert_int_equal(opens(p, false, &all[1999]), ERR_OK);
	assert_int_equal(opens(p, false, &all[1999]), ERR_DUPLICATE);
	assert_int_equal(opens(p, false, &all[2004]), ERR_OK); /* 2001..2003 push 0 and 1 out */
	assert_int_equal(opens(p, false, &all[1]), ERR_DUPLICATE);
	assert_int_equal(opens(p, false, &all[2]), ERR_OK);
	assert_int_equal(opens(p, false, &all[SENT - 1]), ERR_OK);
	reload(&p->at_b);
	record = saved(p->at_b);
	assert_true(record.len < SIGNAL_SKIPPED_MAX * 36 + 1000);
	assert_int_equal(opens(p, false, &all[2003]), ERR_OK);
	assert_int_equal(opens(p, false, &all[SENT - 2]), ERR_OK);
	assert_int_equal(opens(p, false, &all[3]), ERR_DUPLICATE);
	wr_done(&record);
	for (size_t i = 0; i < SENT; i++)
		wr_done(&all[i]);
	free(all);
	pair_free(p);
}

static void five_receiving_chains_are_kept(void **state)
{
	struct pair *p = pair_new(9);
	struct wr late[8], m;

	(void)state;
	pair_start(p, false);
	pair_settle(p);
	for (size_t i = 0; i < ARRAY_LEN(late); i++) { /* each turn begins a chain at b */
		late[i] = sent(p, true, SPAN_LIT("late"));
		m = sent(p, true, SPAN_LIT("in time"));
		assert_int_equal(opens(p, false, &m), ERR_OK);
		wr_done(&m);
		m = sent(p, false, SPAN_LIT("turn"));
		assert_int_equal(opens(p, true, &m), ERR_OK);
		wr_done(&m);
		reload(&p->at_b);
	}
	m = saved(p->at_b);
	assert_true(m.len < 1000); /* five chains, one skipped seed each: a normal busy record */
	wr_done(&m);
	for (size_t i = 0; i < ARRAY_LEN(late); i++) {
		assert_int_equal(opens(p, false, &late[i]), i < 3 ? ERR_CRYPTO : ERR_OK);
		wr_done(&late[i]);
	}
	pair_free(p);
}

static void forty_archived_states_are_kept(void **state)
{
	enum { STARTS = SIGNAL_STATES_MAX + 4 };
	struct pair *p = pair_new(10);
	struct wr held[STARTS], m, out = writer();

	(void)state;
	for (size_t i = 0; i < STARTS; i++) {
		pair_start(p, false);
		m = sent(p, true, SPAN_LIT("first"));
		held[i] = sent(p, true, SPAN_LIT("held back"));
		assert_int_equal(open_first(p, wr_span(&m), &out), ERR_OK);
		wr_done(&m);
		reload(&p->at_b);
	}
	m = saved(p->at_b);
	assert_true(m.len < 41 * 320);
	wr_done(&m);
	for (size_t i = STARTS; i-- > 0;) { /* newest first: none is dropped on the way */
		struct pkmsg_info info;
		struct err e = ERR_NONE;

		assert_int_equal(pkmsg_parse(wr_span(&held[i]), &info, &e), ERR_OK);
		assert_int_equal(session_knows_base_key(p->at_b, info.base_key), i >= 3);
		assert_int_equal(open_at(p, false, info.message, &out),
				 i < 3 ? ERR_CRYPTO : ERR_OK);
		wr_done(&held[i]);
	}
	wr_done(&out);
	pair_free(p);
}

/* A peer that opens states and jumps in each of them cannot make the record grow without end. */
static void skipped_seeds_of_a_record_are_limited(void **state)
{
	struct pair *p = pair_new(11);
	struct wr m, out = writer(), record;

	(void)state;
	for (size_t i = 0; i < 12; i++) {
		pair_start(p, false);
		for (uint32_t k = 0; k < SIGNAL_JUMP_MAX; k++) {
			m = sent(p, true, SPAN_LIT("lost"));
			wr_done(&m);
		}
		m = sent(p, true, SPAN_LIT("jump"));
		assert_int_equal(open_first(p, wr_span(&m), &out), ERR_OK);
		wr_done(&m);
	}
	record = saved(p->at_b);
	assert_true(record.len > 9 * 2000 * 36 / 2);
	assert_true(record.len < 5 * 2000 * 36 + 41 * 600);
	wr_done(&record);
	reload(&p->at_b);
	wr_done(&out);
	pair_free(p);
}

static void full_writers_move_nothing(void **state)
{
	struct pair *p = pair_new(12);
	struct wr small, m, before;
	struct err e = ERR_NONE;
	enum signal_kind kind;

	(void)state;
	pair_start(p, false);
	pair_settle(p);
	wr_init(&small, 20);
	before = saved(p->at_a);
	assert_int_equal(session_encrypt(p->at_a, &p->a, SPAN_LIT("x"), &small, &kind, &e),
			 ERR_LIMIT);
	same_record(p->at_a, &before);
	wr_done(&small);
	m = sent(p, true, SPAN_LIT("no room for this text"));
	before = saved(p->at_b);
	wr_init(&small, 20);
	assert_int_equal(open_at(p, false, wr_span(&m), &small), ERR_LIMIT);
	same_record(p->at_b, &before);
	assert_int_equal(opens(p, false, &m), ERR_OK);
	wr_done(&small);
	wr_done(&m);
	pair_free(p);
}

static void oversized_and_malformed_input(void **state)
{
	static const uint8_t bad[][8] = {
		{ 0x33 },          /* nothing in it */
		{ 0x23, 0x10, 0 }, /* old version */
		{ 0x34, 0x10, 0 }, /* sender knows a newer one */
		{ 0x43, 0x10, 0 },
		{ 0x33, 0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f, 1 },    /* length beyond the end */
		{ 0x33, 0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, /* endless number */
		{ 0x33, 0x0b, 0x0c, 0x10, 0 },                      /* a group */
		{ 0x33, 0x00, 0x00, 0x10, 0 },                      /* field 0 */
	};
	struct pair *p = pair_new(13);
	struct pkmsg_info info;
	uint8_t *big = xcalloc(1, SIGNAL_MESSAGE_BYTES_MAX + 1), ratchet[32];
	uint32_t counter;
	struct err e = ERR_NONE;
	struct wr out = writer();
	enum signal_kind kind;

	(void)state;
	pair_start(p, false);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_not_equal(signal_msg_peek(SPAN_OF(bad[i]), ratchet, &counter, &e),
				     ERR_OK);
		assert_int_not_equal(pkmsg_parse(SPAN_OF(bad[i]), &info, &e), ERR_OK);
	}
	big[0] = 0x33;
	assert_int_equal(
		signal_msg_peek(span_of(big, SIGNAL_MESSAGE_BYTES_MAX + 1), ratchet, &counter, &e),
		ERR_LIMIT);
	assert_int_equal(session_encrypt(p->at_a, &p->a, span_of(big, SIGNAL_MESSAGE_BYTES_MAX),
					 &out, &kind, &e),
			 ERR_LIMIT);
	assert_int_equal(out.len, 0);
	free(big);
	wr_done(&out);
	pair_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_message_and_queries),
		cmocka_unit_test(forged_bundles_are_refused),
		cmocka_unit_test(missing_keys_and_other_identities),
		cmocka_unit_test(damaged_messages_change_nothing),
		cmocka_unit_test(damaged_records_do_not_load),
		cmocka_unit_test(jumps_are_limited),
		cmocka_unit_test(skipped_seeds_are_limited),
		cmocka_unit_test(five_receiving_chains_are_kept),
		cmocka_unit_test(forty_archived_states_are_kept),
		cmocka_unit_test(skipped_seeds_of_a_record_are_limited),
		cmocka_unit_test(full_writers_move_nothing),
		cmocka_unit_test(oversized_and_malformed_input),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
