#include <string.h>

#include "shared/signal/xeddsa.h"
#include "shared/wire/adv_codec.h"

#include "daemon/client/pair_proof.h"
#include "daemon/client/qr.h"
#include "tests/unit/client/line.h"

static struct node *refs(struct line *l, unsigned count)
{
	struct node *iq = line_node(l, "iq",
				    (const char *const[]){ "from", "s.whatsapp.net", "type", "set",
							   "id", "4711", "xmlns", "md", NULL });
	struct node *list = node_add(l->a, iq, "pair-device");

	for (unsigned i = 0; i < count; i++)
		node_set_text(l->a, node_add(l->a, list, "ref"),
			      arena_printf(l->a, "2@ref%u==", i + 1));
	return iq;
}

static void to_pairing(struct line *l)
{
	struct err e;

	assert_int_equal(device_pair(l->d, &e), ERR_OK);
	line_handshake(l);
	assert_int_equal(l->d->state, DEVICE_REGISTERING);
	server_iq_on(l->d, refs(l, 6));
	assert_int_equal(l->d->state, DEVICE_PAIRING);
}

/* -- the text -- */

static void text_is_that_of_the_vectors(void **state)
{
	struct line *l = line_new();
	json_t *v = vectors_load("pairing");
	struct span ref = span_str(vectors_text(v, "qr.ref"));

	(void)state;
	assert_string_equal(
		qr_text(l->a, ref, l->d->noise_key.pub, l->d->self.identity.pub, l->d->adv_secret),
		vectors_text(v, "qr.with_url_prefix"));
	assert_string_equal(qr_text(l->a, ref, l->d->noise_key.pub, l->d->self.identity.pub,
				    vectors_hex(l->a, v, "adv_rotation.new_adv_secret").at),
			    vectors_text(v, "adv_rotation.qr_after"));
	assert_true(qr_ref_good(ref));
	assert_false(qr_ref_good(SPAN_LIT("")));
	assert_false(qr_ref_good(SPAN_LIT("2@a,b")));
	assert_false(qr_ref_good(SPAN_LIT("2@a\nb")));
	assert_false(qr_ref_good(span_of(arena_alloc(l->a, 600), 600)));
	json_decref(v);
	line_free(l);
}

/* -- rotation -- */

static void codes_rotate_and_end(void **state)
{
	struct line *l = line_new();
	static const uint32_t valid[] = { 60000, 20000, 20000, 20000, 20000, 20000 };

	(void)state;
	to_pairing(l);
	assert_true(node_attr_is(line_sent(l, 0), "type", "result"));
	assert_true(node_attr_is(line_sent(l, 0), "id", "4711"));
	for (uint32_t i = 0; i < 6; i++) {
		assert_int_equal(l->qrs, i + 1);
		assert_int_equal(l->last_qr.number, i + 1);
		assert_int_equal(l->last_qr.count, 6);
		assert_int_equal(l->last_qr.valid_ms, valid[i]);
		assert_non_null(strstr(l->qr, arena_printf(l->a, "#2@ref%u==,", i + 1)));
		assert_int_equal(l->d->state, DEVICE_PAIRING);
		line_hear(l); /* pings are answered */
		line_pass(l, valid[i] - 1);
		line_hear(l);
		assert_int_equal(l->qrs, i + 1);
		line_pass(l, 1);
	}
	assert_int_equal(l->d->state, DEVICE_IDLE);
	assert_int_equal(l->d->fault, FAULT_QR_TIMEOUT);
	assert_false(l->up);
	to_pairing(l); /* and it can be tried again, with the same keys */
	line_pass(l, 15000);
	assert_int_equal(l->qrs, 7);
	assert_int_equal(device_pair(l->d, NULL),
			 ERR_OK); /* asked again: the same code once more */
	assert_int_equal(l->qrs, 8);
	assert_int_equal(l->last_qr.number, 1);
	assert_int_equal(l->last_qr.valid_ms, 45000);
	line_free(l);
}

static void lost_connection_brings_new_codes(void **state)
{
	struct line *l = line_new();

	(void)state;
	to_pairing(l);
	line_pass(l, 30000);
	link_lost(l->d, "test");
	assert_int_equal(l->d->state, DEVICE_BACKOFF);
	line_pass(l, 2000);
	line_handshake(l);
	server_iq_on(l->d, refs(l, 2));
	assert_int_equal(l->last_qr.number, 1);
	assert_int_equal(l->last_qr.count, 2);
	line_free(l);
}

static void refs_without_use_are_refused(void **state)
{
	struct line *l = line_new();
	struct err e;

	(void)state;
	assert_int_equal(device_pair(l->d, &e), ERR_OK);
	line_handshake(l);
	server_iq_on(l->d, refs(l, 0));
	assert_int_equal(l->d->state, DEVICE_BACKOFF);
	assert_int_equal(l->qrs, 0);
	line_free(l);
}

/* -- companion_reg_refresh -- */

static struct node *refresh(struct line *l, const char *child)
{
	struct node *n =
		line_node(l, "notification",
			  (const char *const[]){ "from", "s.whatsapp.net", "type",
						 "companion_reg_refresh", "id", "88", NULL });

	if (child)
		node_add(l->a, n, child);
	return n;
}

static void refresh_stores_then_acks_then_redraws(void **state)
{
	struct line *l = line_new();
	uint8_t before[32];
	char code[1024];
	size_t sent;

	(void)state;
	to_pairing(l);
	line_pass(l, 15000);
	memcpy(before, l->d->adv_secret, 32);
	memcpy(code, l->qr, sizeof(code));
	sent = l->sent_len;
	notification_on(l->d, refresh(l, "companion_reg_refresh"));
	assert_int_equal(l->sent_len, sent); /* not before it is stored */
	assert_memory_equal(l->d->adv_secret, before, 32);
	line_db(l);
	assert_int_equal(l->committed[l->committed_len - 1], STMT_DEVICE_SET_SECRETS);
	assert_true(node_is(line_sent(l, 0), "ack"));
	assert_true(node_attr_is(line_sent(l, 0), "type", "companion_reg_refresh"));
	assert_memory_equal(l->d->adv_secret_before, before, 32);
	assert_memory_not_equal(l->d->adv_secret, before, 32);
	assert_string_not_equal(l->qr, code);
	assert_int_equal(l->last_qr.number, 1); /* the same ref, what is left of its time */
	assert_int_equal(l->last_qr.valid_ms, 45000);
	line_free(l);
}

static void refresh_without_a_child_is_acked_only(void **state)
{
	struct line *l = line_new();
	uint8_t before[32];

	(void)state;
	to_pairing(l);
	memcpy(before, l->d->adv_secret, 32);
	notification_on(l->d, refresh(l, NULL));
	line_db(l);
	assert_true(node_is(line_sent(l, 0), "ack"));
	assert_memory_equal(l->d->adv_secret, before, 32);
	assert_int_equal(l->qrs, 1);
	line_free(l);
}

/* -- the proof -- */

static enum pair_verdict prove(struct line *l, struct rng *rng, struct span container,
			       struct pair_proof *ret)
{
	struct pair_question q = { .container = container,
				   .identity = &l->d->self.identity,
				   .adv_secret = l->d->adv_secret };

	return pair_prove(l->a, rng, &q, ret);
}

static void proof_gives_the_bytes_of_the_vectors(void **state)
{
	struct line *l = line_new();
	json_t *v = vectors_load("pairing");
	struct span reply = vectors_hex(l->a, v, "pair_success.client.reply_identity_z");
	struct rng_script z;
	struct pair_proof p;

	(void)state;
	rng_script_init(&z, vectors_hex(l->a, v, "pair_success.client.z"));
	assert_int_equal(prove(l, &z.base, vectors_hex(l->a, v, "pair_success.hmac_container"), &p),
			 PAIR_GOOD);
	assert_int_equal(p.reply.len, reply.len);
	assert_memory_equal(p.reply.at, reply.at, reply.len);
	assert_int_equal(p.key_index, 3);
	assert_memory_equal(
		p.phone_identity,
		vectors_hex(l->a, v, "pair_success.client.store.main_device_identity_key").at, 32);
	json_decref(v);
	line_free(l);
}

static void every_case_has_its_verdict(void **state)
{
	struct line *l = line_new();
	json_t *v = vectors_load("pairing"), *c;
	size_t i;

	(void)state;
	json_array_foreach(vectors_at(v, "pair_success_cases"), i, c) {
		const char *expect = vectors_text(c, "expect"), *name = vectors_text(c, "name");
		struct pair_proof p;
		enum pair_verdict got =
			prove(l, &l->rng.base, vectors_hex(l->a, c, "hmac_container"), &p);
		enum pair_verdict want = strstr(expect, "hmac")        ? PAIR_HMAC_WRONG
					 : strstr(expect, "signature") ? PAIR_SIGNATURE_WRONG
								       : PAIR_GOOD;

		if (got != want)
			fail_msg("%s: expected %s, verdict %d", name, expect, (int)got);
	}
	json_decref(v);
	line_free(l);
}

static void either_secret_is_taken(void **state)
{
	struct line *l = line_new();
	json_t *v = vectors_load("pairing");
	struct pair_proof p;
	struct pair_question q = {
		.container = vectors_hex(l->a, v, "adv_rotation.hmac_container_after"),
		.identity = &l->d->self.identity,
		.adv_secret = vectors_hex(l->a, v, "adv_rotation.new_adv_secret").at,
		.adv_secret_before = l->d->adv_secret,
	};

	(void)state;
	assert_int_equal(pair_prove(l->a, &l->rng.base, &q, &p), PAIR_GOOD);
	q.container = vectors_hex(l->a, v, "pair_success.hmac_container");
	assert_int_equal(pair_prove(l->a, &l->rng.base, &q, &p), PAIR_GOOD);
	q.adv_secret_before = NULL;
	assert_int_equal(pair_prove(l->a, &l->rng.base, &q, &p), PAIR_HMAC_WRONG);
	json_decref(v);
	line_free(l);
}

static void damage_is_never_taken(void **state)
{
	struct line *l = line_new();
	json_t *v = vectors_load("pairing");
	struct span good = vectors_hex(l->a, v, "pair_success.hmac_container");
	struct pair_proof p;

	(void)state;
	for (size_t i = 0; i < good.len; i++) {
		uint8_t *bad = arena_alloc(l->a, good.len);

		memcpy(bad, good.at, good.len);
		bad[i] ^= 0x11;
		assert_int_not_equal(prove(l, &l->rng.base, span_of(bad, good.len), &p), PAIR_GOOD);
		assert_int_not_equal(prove(l, &l->rng.base, span_of(good.at, i), &p), PAIR_GOOD);
	}
	json_decref(v);
	line_free(l);
}

/* -- pair-success on the wire -- */

static struct node *success(struct line *l, struct span container, const char *jid)
{
	struct node *iq =
		line_node(l, "iq",
			  (const char *const[]){ "from", "s.whatsapp.net", "type", "set", "id",
						 "4712", "xmlns", "md", "t", "1700000001", NULL });
	struct node *s = node_add(l->a, iq, "pair-success"), *device;

	node_set_bytes(l->a, node_add(l->a, s, "device-identity"), container);
	device = line_node(
		l, "device",
		(const char *const[]){ "jid", jid, "lid", "100000000000001:7@lid", NULL });
	node_append(s, device);
	node_append(s, line_node(l, "platform", (const char *const[]){ "name", "android", NULL }));
	return iq;
}

static void linking_stores_answers_and_restarts(void **state)
{
	struct line *l = line_new();
	json_t *v = vectors_load("pairing");
	struct span container = vectors_hex(l->a, v, "pair_success.hmac_container");
	const struct node *answer, *identity;
	struct adv_signed_identity account;
	size_t sent;

	(void)state;
	to_pairing(l);
	sent = l->sent_len;
	server_iq_on(l->d, success(l, container, "15550001111:7@s.whatsapp.net"));
	server_iq_on(l->d, success(l, container, "15550001111:7@s.whatsapp.net"));
	assert_int_equal(l->sent_len, sent); /* stored before it is answered, once */
	line_db(l);
	assert_int_equal(l->committed[0], STMT_DEVICE_SET_LINKED);
	assert_int_equal(l->committed[1], STMT_DEVICE_MAP_LID);
	assert_int_equal(l->committed_len, 2);
	answer = l->sent[sent];
	assert_true(node_attr_is(answer, "type", "result") && node_attr_is(answer, "id", "4712"));
	identity = node_child(node_child(answer, "pair-device-sign"), "device-identity");
	assert_true(node_attr_is(identity, "key-index", "3"));
	assert_int_equal(adv_signed_decode(l->a, node_bytes(identity), &account, NULL), ERR_OK);
	assert_int_equal(account.account_key.len, 0);
	assert_int_equal(adv_signed_decode(l->a, l->d->account, &account, NULL), ERR_OK);
	assert_memory_equal(account.account_key.at, l->phone_identity, 32);
	assert_int_equal(l->paired, 1);
	assert_int_equal(l->d->pn.user, 15550001111);
	assert_int_equal(l->d->lid.user, 100000000000001);
	assert_int_equal(l->d->state, DEVICE_RESTARTING);
	link_event(l->d, EV_RESTART);
	line_pass(l, 0);
	assert_int_equal(l->dials, 2); /* at once */
	json_decref(v);
	line_free(l);
}

enum trouble { NO_TROUBLE, DB_FAILS, PHONE_TAKEN };

static void refused(const char *vector, const char *jid, enum trouble trouble, const char *code,
		    const char *text)
{
	struct line *l = line_new();
	json_t *v = vectors_load("pairing"), *c;
	struct span container = vectors_hex(l->a, v, "pair_success.hmac_container");
	const struct node *error;
	size_t i;

	json_array_foreach(vectors_at(v, "pair_success_cases"), i, c)
		if (vector && strstr(vectors_text(c, "expect"), vector))
			container = vectors_hex(l->a, c, "hmac_container");
	to_pairing(l);
	l->db_fails = trouble == DB_FAILS;
	l->phone_taken = trouble == PHONE_TAKEN;
	server_iq_on(l->d, success(l, container, jid));
	line_db(l);
	error = node_child(line_sent(l, 0), "error");
	assert_true(node_attr_is(line_sent(l, 0), "id", "4712"));
	assert_true(node_attr_is(error, "code", code));
	assert_true(node_attr_is(error, "text", text));
	assert_int_equal(l->d->state, DEVICE_IDLE);
	assert_int_equal(l->d->fault, FAULT_PAIR_REFUSED);
	assert_int_equal(l->d->pn.user, 0);
	assert_int_equal(l->paired, 0);
	json_decref(v);
	line_free(l);
}

static void refusals_tell_the_server_why(void **state)
{
	(void)state;
	refused("hmac", "15550001111:7@s.whatsapp.net", NO_TROUBLE, "401", "hmac-mismatch");
	refused("signature", "15550001111:7@s.whatsapp.net", NO_TROUBLE, "401",
		"signature-mismatch");
	refused(NULL, "15550001111:7@s.whatsapp.net", DB_FAILS, "500", "internal-error");
	refused(NULL, "15550001111:7@s.whatsapp.net", PHONE_TAKEN, "409",
		"another device of yours is linked to this phone");
	refused(NULL, "group@g.us", NO_TROUBLE, "500", "internal-error");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_that_of_the_vectors),
		cmocka_unit_test(codes_rotate_and_end),
		cmocka_unit_test(lost_connection_brings_new_codes),
		cmocka_unit_test(refs_without_use_are_refused),
		cmocka_unit_test(refresh_stores_then_acks_then_redraws),
		cmocka_unit_test(refresh_without_a_child_is_acked_only),
		cmocka_unit_test(proof_gives_the_bytes_of_the_vectors),
		cmocka_unit_test(every_case_has_its_verdict),
		cmocka_unit_test(either_secret_is_taken),
		cmocka_unit_test(damage_is_never_taken),
		cmocka_unit_test(linking_stores_answers_and_restarts),
		cmocka_unit_test(refusals_tell_the_server_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
