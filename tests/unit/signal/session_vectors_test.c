/* Every step of tests/vectors/signal.json. Each record is saved and loaded again between steps. */
#include <stdio.h>
#include <string.h>

#include "shared/signal/session.h"

#include "tests/unit/signal/vectors.h"

enum { RECORD_MAX = SIGNAL_RECORD_BYTES_MAX };

struct side {
	const char *name;
	struct signal_self self;
	const json_t *data;
	struct session *session;
};

struct play {
	struct side sides[2];
	const json_t *steps;
	unsigned encrypted, differing, opened, refused;
};

static struct side *side_of(struct play *p, const char *name)
{
	return &p->sides[strcmp(name, p->sides[1].name) == 0];
}

static void side_init(struct side *s, const json_t *scenario, const char *name)
{
	*s = (struct side){ .name = name, .data = vector_get(scenario, name) };
	s->self.identity = vector_keypair(vector_get(s->data, "identity"), "private", "public");
	s->self.registration_id = vector_u32(s->data, "registration_id");
	s->session = session_new();
}

static void side_reload(struct side *s)
{
	struct wr saved;
	struct err e = ERR_NONE;

	wr_init(&saved, RECORD_MAX);
	session_save(s->session, &saved);
	assert_false(saved.bad);
	session_free(s->session);
	assert_int_equal(session_load(wr_span(&saved), &s->session, &e), ERR_OK);
	wr_done_secret(&saved);
}

/* the random bytes of a step, in the order they are drawn */
static struct rng *step_rng(const json_t *step, struct rng_script *rng, uint8_t keys[static 64])
{
	size_t n = 0;

	if (json_object_get(step, "base_key_private")) {
		vector_key(step, "base_key_private", keys);
		vector_key(step, "ratchet_private", keys + 32);
		n = 64;
	} else if (json_object_get(step, "new_ratchet_private")) {
		vector_key(step, "new_ratchet_private", keys);
		n = 32;
	}
	rng_script_init(rng, span_of(keys, n));
	return &rng->base;
}

static const json_t *one_time_of(const struct side *s, uint32_t id)
{
	json_t *rows = vector_get(s->data, "one_time_prekeys"), *row;
	size_t i;

	json_array_foreach(rows, i, row)
		if (vector_u32(row, "id") == id)
			return row;
	fail_msg("%s has no one-time prekey %u", s->name, id);
	return NULL;
}

static void step_bundle(struct play *p, const json_t *step)
{
	struct side *me = side_of(p, vector_text(step, "by"));
	const struct side *of = side_of(p, vector_text(step, "of"));
	const json_t *pre = vector_get(of->data, "signed_prekey"),
		     *one = vector_get(step, "prekey_id");
	struct prekey_bundle b = { .registration_id = of->self.registration_id };
	struct bytes sig = vector_hex(pre, "signature");
	struct rng_script rng;
	uint8_t keys[64];
	struct err e = ERR_NONE;

	memcpy(b.identity, of->self.identity.pub, 32);
	b.signed_id = vector_u32(pre, "id");
	vector_key(pre, "public", b.signed_pub);
	memcpy(b.signed_sig, sig.at, 64);
	if (!json_is_null(one)) {
		b.has_one_time = true;
		b.one_time_id = (uint32_t)json_integer_value(one);
		vector_key(one_time_of(of, b.one_time_id), "public", b.one_time_pub);
	}
	assert_int_equal(
		session_process_bundle(me->session, &me->self, &b, step_rng(step, &rng, keys), &e),
		ERR_OK);
	assert_int_equal(rng.left.len, 0);
	assert_true(session_awaits_reply(me->session));
}

static void step_encrypt(struct play *p, const json_t *step)
{
	struct side *me = side_of(p, vector_text(step, "by"));
	struct bytes text = vector_hex(step, "plaintext"), want = vector_hex(step, "ciphertext");
	enum signal_kind kind;
	struct err e = ERR_NONE;
	struct wr out;

	wr_init(&out, SIGNAL_MESSAGE_BYTES_MAX);
	assert_int_equal(
		session_encrypt(me->session, &me->self, bytes_span(&text), &out, &kind, &e),
		ERR_OK);
	p->encrypted++;
	if (!span_eq(wr_span(&out), bytes_span(&want)))
		p->differing++;
	else
		assert_int_equal(kind == SIGNAL_PKMSG,
				 strcmp(vector_text(step, "type"), "pkmsg") == 0);
	wr_done(&out);
}

static const json_t *message_of(const struct play *p, const char *id)
{
	json_t *step;
	size_t i;

	json_array_foreach(p->steps, i, step)
		if (strcmp(vector_text(step, "op"), "encrypt") == 0 &&
		    strcmp(vector_text(step, "id"), id) == 0)
			return step;
	fail_msg("no message %s", id);
	return NULL;
}

static void check_info(const struct pkmsg_info *info, const json_t *want)
{
	uint8_t key[32];

	assert_int_equal(info->registration_id, vector_u32(want, "registration_id"));
	assert_int_equal(info->signed_id, vector_u32(want, "signed_prekey_id"));
	assert_int_equal(info->has_one_time, !json_is_null(vector_get(want, "prekey_id")));
	assert_int_equal(info->one_time_id, vector_u32(want, "prekey_id"));
	vector_key(want, "base_key", key);
	assert_memory_equal(info->base_key, key, 32);
	vector_key(want, "identity_key", key);
	assert_memory_equal(info->identity, key, 32);
}

static void check_peek(struct span msg, const json_t *want)
{
	uint8_t key[32], ratchet[32];
	uint32_t counter;
	struct err e = ERR_NONE;

	assert_int_equal(signal_msg_peek(msg, ratchet, &counter, &e), ERR_OK);
	vector_key(want, "ratchet_key", key);
	assert_memory_equal(ratchet, key, 32);
	assert_int_equal(counter, vector_u32(want, "counter"));
}

static enum errc open_message(struct side *me, const json_t *message, struct rng *rng,
			      struct wr *out, struct err *e)
{
	struct bytes in = vector_hex(message, "ciphertext");
	const json_t *pre = vector_get(me->data, "signed_prekey");
	struct keypair signed_pre = vector_keypair(pre, "private", "public"), one_time;
	struct pkmsg_info info;
	bool known, used;
	enum errc rc;

	if (strcmp(vector_text(message, "type"), "pkmsg") != 0) {
		check_peek(bytes_span(&in), vector_get(message, "msg"));
		return session_decrypt_msg(me->session, &me->self, bytes_span(&in), rng, out, e);
	}
	assert_int_equal(pkmsg_parse(bytes_span(&in), &info, e), ERR_OK);
	check_info(&info, vector_get(message, "pkmsg"));
	check_peek(info.message, vector_get(message, "msg"));
	if (info.has_one_time)
		one_time = vector_keypair(one_time_of(me, info.one_time_id), "private", "public");
	known = session_knows_base_key(me->session, info.base_key);
	rc = session_decrypt_pkmsg(me->session, &me->self, &info, &signed_pre,
				   info.has_one_time && !known ? &one_time : NULL, rng, out, &used,
				   e);
	if (rc == ERR_OK)
		assert_int_equal(used, info.has_one_time && !known);
	return rc;
}

static void step_decrypt(struct play *p, const json_t *step, bool must_fail)
{
	struct side *me = side_of(p, vector_text(step, "by"));
	struct rng_script rng;
	uint8_t keys[64];
	struct err e = ERR_NONE;
	struct wr out;
	enum errc rc;

	wr_init(&out, SIGNAL_MESSAGE_BYTES_MAX);
	rc = open_message(me, message_of(p, vector_text(step, "id")), step_rng(step, &rng, keys),
			  &out, &e);
	assert_int_equal(rng.left.len, 0);
	if (must_fail) {
		assert_int_equal(rc, ERR_DUPLICATE);
		assert_int_equal(out.len, 0);
		p->refused++;
	} else {
		struct bytes want = vector_hex(step, "plaintext");

		if (rc)
			fail_msg("%s: %s", vector_text(step, "id"), e.msg);
		assert_true(span_eq(wr_span(&out), bytes_span(&want)));
		assert_false(session_awaits_reply(me->session));
		p->opened++;
	}
	wr_done(&out);
}

static void play_scenario(const json_t *scenario, struct play *p)
{
	json_t *step;
	size_t i;

	side_init(&p->sides[0], scenario, "alice");
	side_init(&p->sides[1], scenario, "bob");
	p->steps = vector_get(scenario, "steps");
	json_array_foreach(p->steps, i, step) {
		const char *op = vector_text(step, "op");

		if (strcmp(op, "process_bundle") == 0)
			step_bundle(p, step);
		else if (strcmp(op, "encrypt") == 0)
			step_encrypt(p, step);
		else if (strcmp(op, "decrypt") == 0)
			step_decrypt(p, step, false);
		else if (strcmp(op, "decrypt_must_fail") == 0)
			step_decrypt(p, step, true);
		else
			fail_msg("unknown step %s", op);
		side_reload(&p->sides[0]);
		side_reload(&p->sides[1]);
	}
	session_free(p->sides[0].session);
	session_free(p->sides[1].session);
}

static void all_scenarios_play(void **state)
{
	/* The vectors' maker keeps sending on its newest state; we, like libsignal, send on the one
	 * that decrypted last: 3 messages after an archived state decrypted differ, no others. */
	static const unsigned differing[] = { 0, 0, 1, 2 };
	json_t *root = vector_load("tests/vectors/signal.json"), *scenario;
	unsigned encrypted = 0, opened = 0, refused = 0;
	size_t i;

	(void)state;
	assert_int_equal(json_array_size(vector_get(root, "scenarios")), ARRAY_LEN(differing));
	json_array_foreach(vector_get(root, "scenarios"), i, scenario) {
		struct play p = { 0 };

		play_scenario(scenario, &p);
		assert_int_equal(p.differing, differing[i]);
		encrypted += p.encrypted;
		opened += p.opened;
		refused += p.refused;
	}
	assert_int_equal(encrypted, 34);
	assert_int_equal(opened, 32);
	assert_int_equal(refused, 3);
	json_decref(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_scenarios_play),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
