/* Random conversations with libsignal-protocol-c: both directions, bursts, losses, late and repeated
 * and damaged messages, new bundles from either side. Our record is saved and loaded at every step.
 * A failure tells the seed: `test_signal_oracle SEED` plays one seed alone. */
#include <inttypes.h>
#include <signal/signal_protocol.h>
#include <stdio.h>
#include <stdlib.h>

#include "shared/base/xalloc.h"
#include "shared/signal/sender_key.h"

#include "tests/unit/signal/oracle.h"
#include "tests/unit/signal/vectors.h"

enum {
	SEEDS = 20,
	STEPS = 160,
	FLYING_MAX = 10,
	ONE_TIME_MAX = 64,
	SIGNED_ID = 8,
	SURE_TURNS = 3, /* chains a message may be late and must still open */
};

struct flying {
	enum signal_kind kind;
	struct wr bytes, text;
	uint32_t turn;
};

/* messages under way in one direction */
struct lane {
	struct flying items[FLYING_MAX];
	uint32_t count, turn, newest;
	uint8_t ratchet[32]; /* of the last one sent */
};

struct talk {
	uint64_t seed;
	unsigned step, opened, late, refused;
	struct rng_fixed rng;
	struct oracle *theirs;
	struct session *ours;
	struct signal_self self;
	struct signed_prekey signed_pre;
	struct keypair one_time[ONE_TIME_MAX];
	bool one_time_there[ONE_TIME_MAX];
	uint32_t one_time_count;
	struct lane to_them, to_us;
};

#define must(t, ok) must_at(t, ok, #ok, __LINE__)

static void must_at(const struct talk *t, bool ok, const char *what, int line)
{
	if (!ok)
		fail_msg("seed %" PRIu64 " step %u line %d: %s", t->seed, t->step, line, what);
}

static uint32_t below(struct talk *t, uint32_t bound)
{
	return rng_below(&t->rng.base, bound);
}

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
	return w;
}

static void reload(struct talk *t)
{
	struct session *copy = session_clone(t->ours);
	struct wr first = saved(t->ours), second = saved(copy), third;
	struct err e = ERR_NONE;

	session_free(copy);
	session_free(t->ours);
	t->ours = NULL;
	must(t, session_load(wr_span(&first), &t->ours, &e) == ERR_OK);
	third = saved(t->ours);
	must(t, span_eq(wr_span(&first), wr_span(&second)));
	must(t, span_eq(wr_span(&first), wr_span(&third)));
	wr_done(&first);
	wr_done(&second);
	wr_done(&third);
}

static void our_bundle(struct talk *t, bool with_one_time, struct prekey_bundle *b)
{
	*b = (struct prekey_bundle){ .registration_id = t->self.registration_id,
				     .signed_id = SIGNED_ID };
	memcpy(b->identity, t->self.identity.pub, 32);
	memcpy(b->signed_pub, t->signed_pre.key.pub, 32);
	memcpy(b->signed_sig, t->signed_pre.sig, 64);
	if (with_one_time) {
		struct keypair *key = &t->one_time[t->one_time_count];

		must(t, t->one_time_count < ONE_TIME_MAX);
		keypair_make(&t->rng.base, key);
		t->one_time_there[t->one_time_count] = true;
		b->has_one_time = true;
		b->one_time_id = ++t->one_time_count;
		memcpy(b->one_time_pub, key->pub, 32);
	}
}

static void start(struct talk *t, bool us, bool with_one_time)
{
	struct prekey_bundle b;
	struct err e = ERR_NONE;

	if (us) {
		oracle_publish(t->theirs, with_one_time, &b);
		must(t, session_process_bundle(t->ours, &t->self, &b, &t->rng.base, &e) == ERR_OK);
		must(t, session_awaits_reply(t->ours));
		must(t, session_remote_registration(t->ours) == b.registration_id);
	} else {
		our_bundle(t, with_one_time, &b);
		must(t, oracle_process_bundle(t->theirs, &b) == 0);
	}
}

static void flying_done(struct flying *f)
{
	wr_done(&f->bytes);
	wr_done(&f->text);
}

static void lane_drop(struct lane *l, uint32_t place)
{
	flying_done(&l->items[place]);
	l->items[place] = l->items[--l->count];
}

static void lane_done(struct lane *l)
{
	while (l->count)
		lane_drop(l, 0);
}

static struct span inner_of(struct talk *t, const struct flying *f)
{
	struct pkmsg_info info;
	struct err e = ERR_NONE;

	if (f->kind == SIGNAL_MSG)
		return wr_span(&f->bytes);
	must(t, pkmsg_parse(wr_span(&f->bytes), &info, &e) == ERR_OK);
	return info.message;
}

static void send_one(struct talk *t, bool us)
{
	struct lane *l = us ? &t->to_them : &t->to_us;
	struct flying f = { .bytes = writer(), .text = writer() };
	uint32_t len = below(t, 5) ? below(t, 40) : below(t, 3000), counter;
	uint8_t ratchet[32];
	struct err e = ERR_NONE;

	rng_fill(&t->rng.base, wr_room(&f.text, len + 1), len + 1);
	if (us)
		must(t, session_encrypt(t->ours, &t->self, wr_span(&f.text), &f.bytes, &f.kind,
					&e) == ERR_OK);
	else
		must(t, oracle_encrypt(t->theirs, wr_span(&f.text), &f.bytes, &f.kind) == 0);
	must(t, signal_msg_peek(inner_of(t, &f), ratchet, &counter, &e) == ERR_OK);
	if (memcmp(ratchet, l->ratchet, 32) != 0)
		l->turn++;
	memcpy(l->ratchet, ratchet, 32);
	f.turn = l->turn;
	if (l->count == FLYING_MAX)
		lane_drop(l, below(t, FLYING_MAX));
	l->items[l->count++] = f;
}

static void send_some(struct talk *t, bool us)
{
	uint32_t count = below(t, 12) ? 1 + below(t, 3) : 1 + below(t, 300);

	if (us ? !session_has_state(t->ours) : oracle_record_bytes(t->theirs) == 0)
		start(t, us, below(t, 2));
	while (count--)
		send_one(t, us);
}

static enum errc open_here(struct talk *t, enum signal_kind kind, struct span in, struct wr *out)
{
	struct pkmsg_info info;
	struct keypair *one = NULL;
	struct err e = ERR_NONE;
	bool used = false, known;
	enum errc rc;

	if (kind == SIGNAL_MSG)
		return session_decrypt_msg(t->ours, &t->self, in, &t->rng.base, out, &e);
	rc = pkmsg_parse(in, &info, &e);
	if (rc)
		return rc;
	known = session_knows_base_key(t->ours, info.base_key);
	if (info.has_one_time && !known) {
		must(t, info.one_time_id <= t->one_time_count);
		must(t, t->one_time_there[info.one_time_id - 1]);
		one = &t->one_time[info.one_time_id - 1];
	}
	rc = session_decrypt_pkmsg(t->ours, &t->self, &info, &t->signed_pre.key, one, &t->rng.base,
				   out, &used, &e);
	must(t, rc || used == (info.has_one_time && !known));
	if (used)
		t->one_time_there[info.one_time_id - 1] = false;
	return rc;
}

static void damaged_copy_is_refused(struct talk *t, const struct flying *f)
{
	struct wr before = saved(t->ours), after, out = writer();
	struct span inner = inner_of(t, f);
	size_t bit = (size_t)(inner.at - f->bytes.buf) * 8 + below(t, (uint32_t)inner.len * 8);

	f->bytes.buf[bit / 8] ^= (uint8_t)(1 << bit % 8);
	must(t, open_here(t, f->kind, wr_span(&f->bytes), &out) != ERR_OK);
	f->bytes.buf[bit / 8] ^= (uint8_t)(1 << bit % 8);
	after = saved(t->ours);
	must(t, out.len == 0);
	must(t, span_eq(wr_span(&before), wr_span(&after)));
	wr_done(&before);
	wr_done(&after);
	wr_done(&out);
}

/* true when it opened; the second delivery of the same message must be told as such */
static bool deliver(struct talk *t, bool to_us, const struct flying *f)
{
	struct wr out = writer();
	bool again;
	int rc;

	if (to_us)
		rc = open_here(t, f->kind, wr_span(&f->bytes), &out) ? -1 : 0;
	else
		rc = oracle_decrypt(t->theirs, f->kind, wr_span(&f->bytes), &out);
	must(t, rc != 0 || span_eq(wr_span(&out), wr_span(&f->text)));
	must(t, rc == 0 || out.len == 0);
	again = rc == 0 && below(t, 4) == 0;
	if (again && to_us)
		must(t, open_here(t, f->kind, wr_span(&f->bytes), &out) == ERR_DUPLICATE);
	if (again && !to_us)
		must(t, oracle_decrypt(t->theirs, f->kind, wr_span(&f->bytes), &out) ==
				SG_ERR_DUPLICATE_MESSAGE);
	t->refused += again;
	wr_done(&out);
	return rc == 0;
}

static void receive_one(struct talk *t, bool to_us)
{
	struct lane *l = to_us ? &t->to_us : &t->to_them;
	uint32_t place;
	struct flying *f;

	if (l->count == 0)
		return;
	place = below(t, l->count);
	f = &l->items[place];
	if (to_us && below(t, 3) == 0)
		damaged_copy_is_refused(t, f);
	if (deliver(t, to_us, f)) {
		t->opened++;
	} else {
		must(t, f->turn + SURE_TURNS < l->newest);
		t->late++;
	}
	if (f->turn > l->newest)
		l->newest = f->turn;
	lane_drop(l, place);
}

static void talk_step(struct talk *t)
{
	uint32_t what = below(t, 100);
	bool us = below(t, 2);

	if (what < 45)
		send_some(t, us);
	else if (what < 92)
		receive_one(t, us);
	else if (what < 96)
		start(t, us, below(t, 2));
	else if ((us ? &t->to_them : &t->to_us)->count)
		lane_drop(us ? &t->to_them : &t->to_us, 0);
	reload(t);
}

static void talk_play(uint64_t seed, struct talk *sum)
{
	struct talk *t = xcalloc(1, sizeof *t);

	t->seed = seed;
	rng_fixed_init(&t->rng, seed);
	t->theirs = oracle_new(&t->rng.base);
	t->ours = session_new();
	keypair_make(&t->rng.base, &t->self.identity);
	t->self.registration_id = registration_id_make(&t->rng.base);
	signed_prekey_make(&t->rng.base, &t->self.identity, SIGNED_ID, &t->signed_pre);
	if (seed % 3 == 0) { /* both at once, before anything arrives */
		start(t, true, seed % 2);
		start(t, false, seed % 2);
	}
	for (t->step = 0; t->step < STEPS; t->step++)
		talk_step(t);
	while (t->to_us.count)
		receive_one(t, true);
	while (t->to_them.count)
		receive_one(t, false);
	sum->opened += t->opened;
	sum->late += t->late;
	sum->refused += t->refused;
	lane_done(&t->to_us);
	lane_done(&t->to_them);
	oracle_free(t->theirs);
	session_free(t->ours);
	free(t);
}

static void random_conversations(void **state)
{
	struct talk sum = { 0 };

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++)
		talk_play(seed, &sum);
	print_message("%u opened, %u too late, %u repeats refused\n", sum.opened, sum.late,
		      sum.refused);
	assert_true(sum.opened > SEEDS * 40);
	assert_true(sum.late < sum.opened / 10);
	assert_true(sum.refused > SEEDS * 5);
}

static void groups_in_both_directions(void **state)
{
	struct sender_keys *own = sender_keys_new(), *remote = sender_keys_new();
	struct rng_fixed rng;
	struct oracle *theirs;
	struct err e = ERR_NONE;
	struct wr skdm = writer(), msgs[2][40], out = writer();

	(void)state;
	rng_fixed_init(&rng, 99);
	theirs = oracle_new(&rng.base);
	sender_keys_distribute(own, &rng.base, &skdm);
	assert_int_equal(oracle_group_install(theirs, wr_span(&skdm)), 0);
	wr_reset(&skdm);
	assert_int_equal(oracle_group_distribute(theirs, &skdm), 0);
	assert_int_equal(sender_keys_install(remote, wr_span(&skdm), &e), ERR_OK);
	for (uint8_t i = 0; i < 40; i++) {
		msgs[0][i] = writer();
		msgs[1][i] = writer();
		assert_int_equal(
			sender_keys_encrypt(own, &rng.base, span_of(&i, 1), &msgs[0][i], &e),
			ERR_OK);
		assert_int_equal(oracle_group_encrypt(theirs, span_of(&i, 1), &msgs[1][i]), 0);
	}
	for (uint8_t i = 0; i < 40; i++) {
		uint8_t at = (uint8_t)(i * 27 % 40); /* every one once, out of order */

		wr_reset(&out);
		assert_int_equal(oracle_group_decrypt(theirs, wr_span(&msgs[0][at]), &out), 0);
		assert_int_equal(sender_keys_decrypt(remote, wr_span(&msgs[1][at]), &out, &e),
				 ERR_OK);
		assert_int_equal(out.len, 2);
		assert_int_equal(out.buf[0], at);
		assert_int_equal(out.buf[1], at);
		wr_done(&msgs[0][at]);
		wr_done(&msgs[1][at]);
	}
	wr_done(&skdm);
	wr_done(&out);
	oracle_free(theirs);
	sender_keys_free(own);
	sender_keys_free(remote);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_conversations),
		cmocka_unit_test(groups_in_both_directions),
	};

	if (argc == 2) {
		struct talk sum = { 0 };

		talk_play(strtoull(argv[1], NULL, 10), &sum);
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
