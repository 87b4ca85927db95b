/* Sender keys against sender-keys.json, then limits, damage and records. */
#include <stdio.h>
#include <string.h>

#include "shared/base/xalloc.h"
#include "shared/signal/sender_key.h"
#include "shared/signal/session.h"

#include "tests/unit/signal/vectors.h"

static struct wr writer(void)
{
	struct wr w;

	wr_init(&w, SIGNAL_RECORD_BYTES_MAX);
	return w;
}

static struct wr saved(const struct sender_keys *s)
{
	struct wr w = writer();

	sender_keys_save(s, &w);
	assert_false(w.bad);
	return w;
}

static void reload(struct sender_keys **s)
{
	struct wr first = saved(*s), again;
	struct err e = ERR_NONE;

	sender_keys_free(*s);
	assert_int_equal(sender_keys_load(wr_span(&first), s, &e), ERR_OK);
	again = saved(*s);
	assert_true(span_eq(wr_span(&first), wr_span(&again)));
	wr_done(&first);
	wr_done(&again);
}

static enum errc open_one(struct sender_keys *s, struct span in, struct span want)
{
	struct wr out = writer();
	struct err e = ERR_NONE;
	enum errc rc = sender_keys_decrypt(s, in, &out, &e);

	if (rc == ERR_OK)
		assert_true(span_eq(wr_span(&out), want));
	else
		assert_int_equal(out.len, 0);
	wr_done(&out);
	return rc;
}

static struct wr sealed(struct sender_keys *s, struct rng *rng, struct span text)
{
	struct wr w = writer();
	struct err e = ERR_NONE;

	assert_int_equal(sender_keys_encrypt(s, rng, text, &w, &e), ERR_OK);
	return w;
}

static struct wr distribution(struct sender_keys *s, struct rng *rng)
{
	struct wr w = writer();

	sender_keys_distribute(s, rng, &w);
	assert_false(w.bad);
	return w;
}

static void vectors_are_received_in_their_order(void **state)
{
	json_t *root = vector_load("tests/vectors/sender-keys.json"), *n;
	json_t *rows = vector_get(root, "messages");
	struct bytes skdm = vector_hex(root, "distribution");
	struct sender_keys *s = sender_keys_new();
	struct err e = ERR_NONE;
	size_t i;

	(void)state;
	assert_int_equal(sender_keys_install(s, bytes_span(&skdm), &e), ERR_OK);
	json_array_foreach(vector_get(root, "receive_order"), i, n) {
		json_t *row = json_array_get(rows, (size_t)json_integer_value(n));
		struct bytes in = vector_hex(row, "ciphertext"),
			     text = vector_hex(row, "plaintext");

		reload(&s);
		assert_int_equal(open_one(s, bytes_span(&in), bytes_span(&text)), ERR_OK);
		assert_int_equal(open_one(s, bytes_span(&in), bytes_span(&text)), ERR_DUPLICATE);
	}
	sender_keys_free(s);
	json_decref(root);
}

/* Signatures carry random bytes the vectors do not tell: all before them must be equal. */
static void our_messages_equal_the_vectors(void **state)
{
	json_t *root = vector_load("tests/vectors/sender-keys.json"), *row;
	struct bytes skdm = vector_hex(root, "distribution");
	struct bytes late = vector_hex(root, "distribution_after_message_5");
	uint32_t id = vector_u32(root, "key_id");
	struct sender_keys *s = sender_keys_new();
	uint8_t script[68];
	struct rng_script scripted;
	struct rng_fixed rng;
	struct wr w;
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++)
		script[i] = (uint8_t)(id >> 8 * i);
	vector_key(root, "chain_key", script + 4);
	vector_key(root, "signing_private", script + 36);
	rng_script_init(&scripted, SPAN_OF(script));
	rng_fixed_init(&rng, 1);
	w = distribution(s, &scripted.base);
	assert_true(span_eq(wr_span(&w), bytes_span(&skdm)));
	wr_done(&w);
	json_array_foreach(vector_get(root, "messages"), i, row) {
		struct bytes want = vector_hex(row, "ciphertext"),
			     text = vector_hex(row, "plaintext");

		if (i) { /* the vectors' sender leaves every other iteration out */
			w = sealed(s, &rng.base, bytes_span(&text));
			wr_done(&w);
		}
		w = sealed(s, &rng.base, bytes_span(&text));
		assert_int_equal(w.len, want.len);
		assert_memory_equal(w.buf, want.at, want.len - 64);
		wr_done(&w);
		if (i == 5) {
			w = distribution(s, &rng.base);
			assert_true(span_eq(wr_span(&w), bytes_span(&late)));
			wr_done(&w);
		}
	}
	sender_keys_free(s);
	json_decref(root);
}

static void new_members_cannot_read_the_past(void **state)
{
	struct sender_keys *from = sender_keys_new(), *to = sender_keys_new();
	struct span text = SPAN_LIT("before you came");
	struct rng_fixed rng;
	struct err e = ERR_NONE;
	struct wr skdm, old, fresh;

	(void)state;
	rng_fixed_init(&rng, 2);
	skdm = distribution(from, &rng.base);
	old = sealed(from, &rng.base, text);
	wr_done(&skdm);
	skdm = distribution(from, &rng.base);
	fresh = sealed(from, &rng.base, text);
	assert_int_equal(open_one(to, wr_span(&fresh), text), ERR_NO_SESSION);
	assert_int_equal(sender_keys_install(to, wr_span(&skdm), &e), ERR_OK);
	assert_int_equal(open_one(to, wr_span(&old), text), ERR_DUPLICATE);
	assert_int_equal(open_one(to, wr_span(&fresh), text), ERR_OK);
	wr_done(&old);
	old = writer();
	assert_int_equal(sender_keys_encrypt(to, &rng.base, text, &old, &e), ERR_NO_KEY);
	wr_done(&skdm);
	wr_done(&old);
	wr_done(&fresh);
	sender_keys_free(from);
	sender_keys_free(to);
}

static void told_again_keeps_late_messages_open(void **state)
{
	struct sender_keys *from = sender_keys_new(), *to = sender_keys_new();
	struct span text = SPAN_LIT("x");
	struct rng_fixed rng;
	struct err e = ERR_NONE;
	struct wr skdm, late, fresh;

	(void)state;
	rng_fixed_init(&rng, 3);
	skdm = distribution(from, &rng.base);
	assert_int_equal(sender_keys_install(to, wr_span(&skdm), &e), ERR_OK);
	wr_done(&skdm);
	late = sealed(from, &rng.base, text);
	skdm = distribution(from, &rng.base);
	fresh = sealed(from, &rng.base, text);
	assert_int_equal(sender_keys_install(to, wr_span(&skdm), &e), ERR_OK);
	assert_int_equal(open_one(to, wr_span(&fresh), text), ERR_OK);
	assert_int_equal(open_one(to, wr_span(&late), text), ERR_OK);
	assert_int_equal(sender_keys_install(to, wr_span(&skdm), &e), ERR_OK);
	assert_int_equal(open_one(to, wr_span(&fresh), text), ERR_DUPLICATE);
	wr_done(&skdm);
	wr_done(&late);
	wr_done(&fresh);
	sender_keys_free(from);
	sender_keys_free(to);
}

static void five_keys_of_a_sender_are_kept(void **state)
{
	struct sender_keys *to = sender_keys_new();
	struct span text = SPAN_LIT("y");
	struct wr first[7];
	struct rng_fixed rng;
	struct err e = ERR_NONE;

	(void)state;
	rng_fixed_init(&rng, 4);
	for (size_t i = 0; i < ARRAY_LEN(first); i++) {
		struct sender_keys *from = sender_keys_new();
		struct wr skdm = distribution(from, &rng.base);

		first[i] = sealed(from, &rng.base, text);
		assert_int_equal(sender_keys_install(to, wr_span(&skdm), &e), ERR_OK);
		reload(&to);
		wr_done(&skdm);
		sender_keys_free(from);
	}
	for (size_t i = 0; i < ARRAY_LEN(first); i++) {
		assert_int_equal(open_one(to, wr_span(&first[i]), text),
				 i < 2 ? ERR_NO_SESSION : ERR_OK);
		wr_done(&first[i]);
	}
	sender_keys_free(to);
}

static void jumps_and_skipped_seeds_are_limited(void **state)
{
	struct sender_keys *from = sender_keys_new(), *to = sender_keys_new();
	struct wr *all = xcalloc(4005, sizeof *all), record, before;
	struct span text = SPAN_LIT("z");
	struct rng_fixed rng;
	struct err e = ERR_NONE;
	struct wr skdm;

	(void)state;
	rng_fixed_init(&rng, 5);
	skdm = distribution(from, &rng.base);
	assert_int_equal(sender_keys_install(to, wr_span(&skdm), &e), ERR_OK);
	for (size_t i = 0; i < 4005; i++)
		all[i] = sealed(from, &rng.base, text);
	before = saved(to);
	assert_int_equal(open_one(to, wr_span(&all[2001]), text), ERR_LIMIT);
	record = saved(to);
	assert_true(span_eq(wr_span(&before), wr_span(&record)));
	wr_done(&record);
	wr_done(&before);
	assert_int_equal(open_one(to, wr_span(&all[2000]), text), ERR_OK); /* 0..1999 kept */
	assert_int_equal(open_one(to, wr_span(&all[2011]), text),
			 ERR_OK); /* 10 more: 0..9 dropped */
	assert_int_equal(open_one(to, wr_span(&all[9]), text), ERR_DUPLICATE);
	assert_int_equal(open_one(to, wr_span(&all[10]), text), ERR_OK);
	assert_int_equal(open_one(to, wr_span(&all[4004]), text), ERR_OK);
	reload(&to);
	record = saved(to);
	assert_true(record.len < 2000 * 36 + 200);
	assert_int_equal(open_one(to, wr_span(&all[4003]), text), ERR_OK);
	wr_done(&record);
	wr_done(&skdm);
	for (size_t i = 0; i < 4005; i++)
		wr_done(&all[i]);
	free(all);
	sender_keys_free(from);
	sender_keys_free(to);
}

static void damage_never_opens_nor_changes_anything(void **state)
{
	struct sender_keys *from = sender_keys_new(), *to = sender_keys_new();
	struct span text = SPAN_LIT("hello group");
	struct rng_fixed rng;
	struct err e = ERR_NONE;
	struct wr skdm, msg, before, after, out = writer();

	(void)state;
	rng_fixed_init(&rng, 6);
	skdm = distribution(from, &rng.base);
	assert_int_equal(sender_keys_install(to, wr_span(&skdm), &e), ERR_OK);
	msg = sealed(from, &rng.base, text);
	before = saved(to);
	for (size_t len = 0; len < msg.len; len++)
		assert_int_not_equal(open_one(to, span_of(msg.buf, len), text), ERR_OK);
	for (size_t bit = 0; bit < 8 * msg.len; bit++) {
		msg.buf[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_not_equal(open_one(to, wr_span(&msg), text), ERR_OK);
		msg.buf[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t len = 0; len < skdm.len; len++)
		assert_int_not_equal(sender_keys_install(to, span_of(skdm.buf, len), &e), ERR_OK);
	after = saved(to);
	assert_true(span_eq(wr_span(&before), wr_span(&after)));
	wr_done(&out);
	wr_init(&out, 4); /* no room for the plaintext: nothing may move on either */
	assert_int_equal(sender_keys_decrypt(to, wr_span(&msg), &out, &e), ERR_LIMIT);
	assert_int_equal(open_one(to, wr_span(&msg), text), ERR_OK);
	wr_done(&out);
	wr_done(&skdm);
	wr_done(&msg);
	wr_done(&before);
	wr_done(&after);
	sender_keys_free(from);
	sender_keys_free(to);
}

static void damaged_records_do_not_load(void **state)
{
	struct sender_keys *s = sender_keys_new(), *back;
	struct rng_fixed rng;
	struct err e = ERR_NONE;
	struct wr skdm, record;

	(void)state;
	rng_fixed_init(&rng, 7);
	skdm = distribution(s, &rng.base);
	record = saved(s);
	for (size_t len = 0; len < record.len; len++)
		assert_int_not_equal(sender_keys_load(span_of(record.buf, len), &back, &e), ERR_OK);
	for (size_t bit = 0; bit < 8 * record.len; bit++) {
		record.buf[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_not_equal(sender_keys_load(wr_span(&record), &back, &e), ERR_OK);
		record.buf[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	wr_done(&skdm);
	wr_done(&record);
	sender_keys_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_are_received_in_their_order),
		cmocka_unit_test(our_messages_equal_the_vectors),
		cmocka_unit_test(new_members_cannot_read_the_past),
		cmocka_unit_test(told_again_keeps_late_messages_open),
		cmocka_unit_test(five_keys_of_a_sender_are_kept),
		cmocka_unit_test(jumps_and_skipped_seeds_are_limited),
		cmocka_unit_test(damage_never_opens_nor_changes_anything),
		cmocka_unit_test(damaged_records_do_not_load),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
