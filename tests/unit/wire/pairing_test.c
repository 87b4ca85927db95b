/* ClientPayload and the ADV containers against pairing.json. */
#include <string.h>

#include "shared/base/crypto.h"
#include "shared/signal/xeddsa.h"
#include "shared/wire/adv_codec.h"
#include "shared/wire/node.h"
#include "shared/wire/payload_codec.h"

#include "tests/unit/wire/vectors.h"

static void payloads_of_another_client(void **state)
{
	AUTO_ARENA struct arena *a = arena_new();
	json_t *root = vectors_load("pairing"), *key;
	struct client_payload p;
	struct device_props props;

	(void)state;
	assert_int_equal(client_payload_decode(
				 a, vectors_hex(a, root, "client_payload.registration"), &p, NULL),
			 ERR_OK);
	assert_true(p.registers);
	assert_int_equal(p.version[1], 3000);
	assert_int_equal(p.version[2], 1035194821);
	assert_false(p.passive);
	assert_true(span_eq(p.reg_id, hex_span(a, "00001234")));
	assert_true(span_eq(p.key_type, hex_span(a, "05")));
	assert_true(span_eq(p.identity, vectors_hex(a, root, "device.identity.pub")));
	key = vectors_at(root, "device.signed_prekey");
	assert_true(span_eq(p.signed_id, hex_span(a, "000001")));
	assert_true(span_eq(p.signed_pub, vectors_hex(a, key, "pub")));
	assert_true(span_eq(p.signed_sig, vectors_hex(a, key, "sig_det")));
	assert_true(span_eq(p.build_hash, vectors_hex(a, root, "client_payload.build_hash_md5")));
	assert_true(span_eq(p.device_props, vectors_hex(a, root, "client_payload.device_props")));
	assert_int_equal(device_props_decode(a, p.device_props, &props, NULL), ERR_OK);
	assert_string_equal(props.os, "Ubuntu");
	assert_int_equal(props.version[0], 10);
	assert_int_equal(props.version[2], 7);
	assert_int_equal(props.platform_type, 1);
	assert_true(props.require_full_sync);

	assert_int_equal(
		client_payload_decode(a, vectors_hex(a, root, "client_payload.login"), &p, NULL),
		ERR_OK);
	assert_false(p.registers);
	assert_true(p.username == 15550001111 && p.device == 7);
	assert_true(p.passive && p.pull);
	json_decref(root);
}

static void own_payloads_come_back(void **state)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct client_payload p = { .username = 15550001111,
				    .device = 7,
				    .passive = true,
				    .pull = true,
				    .push_name = "T\xC3\xA9st",
				    .version = { 2, 3000, 1035194821 } },
			      q;
	struct device_props props = { .os = "Ubuntu", .version = { 22, 4, 0 }, .platform_type = 1 },
			    back;
	struct wr w, inner;

	(void)state;
	wr_init(&w, 4096);
	client_payload_encode(&p, &w);
	assert_int_equal(client_payload_decode(a, wr_span(&w), &q, NULL), ERR_OK);
	assert_true(!q.registers && q.username == p.username && q.device == 7 && q.passive &&
		    q.pull);
	assert_string_equal(q.push_name, p.push_name);
	assert_memory_equal(q.version, p.version, sizeof q.version);
	wr_reset(&w);

	wr_init(&inner, 4096);
	device_props_encode(&props, &inner);
	p = (struct client_payload){ .registers = true,
				     .push_name = "",
				     .version = { 2, 3000, 1 },
				     .reg_id = SPAN_LIT("\0\0\x12\x34"),
				     .device_props = wr_span(&inner) };
	client_payload_encode(&p, &w);
	assert_int_equal(client_payload_decode(a, wr_span(&w), &q, NULL), ERR_OK);
	assert_true(q.registers && q.username == 0 && !q.passive && !q.pull);
	assert_true(span_eq(q.reg_id, p.reg_id));
	assert_int_equal(device_props_decode(a, q.device_props, &back, NULL), ERR_OK);
	assert_string_equal(back.os, "Ubuntu");
	assert_int_equal(back.version[0], 22);
	assert_false(back.require_full_sync);
	wr_done(&w);
	wr_done(&inner);
}

static void containers_both_ways(void **state)
{
	AUTO_ARENA struct arena *a = arena_new();
	json_t *root = vectors_load("pairing"), *pair;
	struct adv_hmac_identity outer;
	struct adv_signed_identity inner;
	struct adv_identity d;
	struct span in;
	struct wr w;

	(void)state;
	pair = vectors_at(root, "pair_success");
	in = vectors_hex(a, pair, "hmac_container");
	assert_int_equal(adv_hmac_decode(a, in, &outer, NULL), ERR_OK);
	assert_true(span_eq(outer.details, vectors_hex(a, pair, "signed_device_identity")));
	assert_true(span_eq(outer.hmac, vectors_hex(a, pair, "hmac")));
	assert_false(outer.hosted);
	wr_init(&w, 4096);
	adv_hmac_encode(&outer, &w);
	assert_true(span_eq(wr_span(&w), in));
	wr_reset(&w);

	assert_int_equal(adv_signed_decode(a, outer.details, &inner, NULL), ERR_OK);
	assert_true(span_eq(inner.details, vectors_hex(a, pair, "device_identity_details")));
	assert_true(span_eq(inner.account_sig, vectors_hex(a, pair, "account_signature")));
	assert_int_equal(inner.account_key.len, 32);
	assert_int_equal(inner.device_sig.len, 0);
	adv_signed_encode(&inner, &w);
	assert_true(span_eq(wr_span(&w), outer.details));
	wr_reset(&w);

	/* what the device keeps, and what it answers: the same without the account's key */
	inner.device_sig = vectors_hex(a, pair, "client.device_signature_det");
	adv_signed_encode(&inner, &w);
	assert_true(span_eq(wr_span(&w), vectors_hex(a, pair, "client.stored_account_det")));
	wr_reset(&w);
	inner.account_key = SPAN_NONE;
	adv_signed_encode(&inner, &w);
	assert_true(span_eq(wr_span(&w), vectors_hex(a, pair, "client.reply_identity_det")));
	wr_reset(&w);

	assert_int_equal(adv_identity_decode(inner.details, &d, NULL), ERR_OK);
	assert_int_equal(d.key_index, 3);
	assert_false(d.account_hosted || d.device_hosted);
	adv_identity_encode(&d, &w);
	assert_true(span_eq(wr_span(&w), inner.details));
	wr_done(&w);
	json_decref(root);
}

/* every case of the vectors: the fields are those that lead to the expected verdict */
static void cases(void **state)
{
	AUTO_ARENA struct arena *a = arena_new();
	json_t *root = vectors_load("pairing"), *v;
	struct span identity = vectors_hex(a, root, "device.identity.pub");
	size_t i;

	(void)state;
	json_array_foreach(vectors_at(root, "pair_success_cases"), i, v) {
		const char *name = vectors_text(v, "name");
		struct adv_hmac_identity outer;
		struct adv_signed_identity inner;
		struct adv_identity d;
		struct wr msg;
		bool is_signed;

		assert_int_equal(
			adv_hmac_decode(a, vectors_hex(a, v, "hmac_container"), &outer, NULL),
			ERR_OK);
		assert_int_equal(adv_signed_decode(a, outer.details, &inner, NULL), ERR_OK);
		assert_true(span_eq(inner.details, vectors_hex(a, v, "device_identity_details")));
		assert_int_equal(adv_identity_decode(inner.details, &d, NULL), ERR_OK);
		assert_int_equal(outer.hosted, strncmp(name, "hosted", 6) == 0);
		assert_int_equal(d.device_hosted, strcmp(name, "hosted_account_and_device") == 0);
		assert_int_equal(inner.account_key.len, 32);
		assert_int_equal(inner.account_sig.len, 64);
		wr_init(&msg, 4096);
		wr_put(&msg, d.device_hosted ? "\x06\x05" : "\x06\x00", 2);
		wr_span_put(&msg, inner.details);
		wr_span_put(&msg, identity);
		is_signed =
			xeddsa_verify(inner.account_key.at, wr_span(&msg), inner.account_sig.at);
		assert_int_equal(is_signed, strcmp(name, "bad_account_signature") != 0);
		wr_done(&msg);
	}
	assert_int_equal(i, 6);
	json_decref(root);
}

/* whole stanzas made elsewhere read as what they say */
static void stanzas(void **state)
{
	AUTO_ARENA struct arena *a = arena_new();
	json_t *root = vectors_load("pairing");
	const struct node *success, *sign;
	struct node *n;
	struct addr p;

	(void)state;
	assert_int_equal(node_decode(a, vectors_hex(a, root, "pair_success.stanza_wire"), &n, NULL),
			 ERR_OK);
	success = node_child(n, "pair-success");
	assert_true(node_is(n, "iq") && node_attr_is(n, "id", "1234567890"));
	assert_true(span_eq(node_bytes(node_child(success, "device-identity")),
			    vectors_hex(a, root, "pair_success.hmac_container")));
	assert_true(node_attr_addr(node_child(success, "device"), "jid", &p));
	assert_true(addr_eq(p, addr_make(JID_PN, 15550001111, 7)));
	assert_true(node_attr_addr(node_child(success, "device"), "lid", &p));
	assert_true(addr_eq(p, addr_make(JID_LID, 100000000000001, 7)));
	assert_true(node_attr_is(node_child(success, "platform"), "name", "android"));

	assert_int_equal(
		node_decode(a, vectors_hex(a, root, "pair_success.client.reply_stanza_wire_det"),
			    &n, NULL),
		ERR_OK);
	sign = node_child(node_child(n, "pair-device-sign"), "device-identity");
	assert_true(node_attr_is(sign, "key-index", "3"));
	assert_true(span_eq(node_bytes(sign),
			    vectors_hex(a, root, "pair_success.client.reply_identity_det")));
	json_decref(root);
}

static void key_index_list(void **state)
{
	static const uint32_t valid[] = { 0, 3, 300 };
	struct adv_key_index_list list = { .raw_id = 5,
					   .current_index = 300,
					   .timestamp = 1700000000,
					   .valid = valid,
					   .valid_len = 3 };
	AUTO_ARENA struct arena *a = arena_new();
	struct wr w;

	(void)state;
	wr_init(&w, 256);
	adv_key_index_list_encode(&list, &w);
	assert_true(span_eq(wr_span(&w), hex_span(a, "08051080e2cfaa0618ac022204"
						     "0003ac02")));
	wr_reset(&w);
	adv_signed_key_index_list_encode(SPAN_LIT("\x01"), SPAN_LIT("\x02"), &w);
	assert_true(span_eq(wr_span(&w), hex_span(a, "0a0101120102")));
	wr_done(&w);
}

static void hostile(void **state)
{
	static const char *const rows[] = { "0a", "0a05ff", "0affffffff0f",
					    "08ffffffffffffffffffff01", "0f00" };
	AUTO_ARENA struct arena *a = arena_new();
	struct adv_hmac_identity outer;
	struct adv_signed_identity inner;
	struct client_payload p;
	struct adv_identity d;
	struct err e = ERR_NONE;
	struct span large;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct span in = hex_span(a, rows[i]);

		assert_int_not_equal(adv_hmac_decode(a, in, &outer, &e), ERR_OK);
		assert_int_not_equal(adv_signed_decode(a, in, &inner, &e), ERR_OK);
		assert_int_not_equal(adv_identity_decode(in, &d, &e), ERR_OK);
		assert_int_not_equal(client_payload_decode(a, in, &p, &e), ERR_OK);
	}
	large = span_of(arena_alloc(a, 20000), 20000);
	assert_int_not_equal(client_payload_decode(a, large, &p, &e), ERR_OK);
	/* a name that is not UTF-8 is shown with marks instead of breaking what shows it */
	assert_int_equal(client_payload_decode(a, hex_span(a, "3a0361ff00"), &p, &e), ERR_OK);
	assert_string_equal(p.push_name, "a??");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(payloads_of_another_client),
		cmocka_unit_test(own_payloads_come_back),
		cmocka_unit_test(containers_both_ways),
		cmocka_unit_test(cases),
		cmocka_unit_test(stanzas),
		cmocka_unit_test(key_index_list),
		cmocka_unit_test(hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
