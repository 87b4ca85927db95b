/* The pure parts: what an ack means, when a session is made anew, what stanzas look like. */
#include <stdlib.h>

#include "daemon/client/bundle.h"
#include "daemon/client/origin.h"
#include "daemon/client/peer.h"
#include "daemon/client/retry.h"
#include "daemon/client/stanza.h"
#include "daemon/client/usync.h"
#include "tests/unit/store/cm.h"

static void acks_mean_what_the_table_says(void **state)
{
	static const struct {
		int error;
		enum send_outcome first, resend;
		bool drops;
	} rows[] = {
		{ 0, SEND_SENT, SEND_SENT, false },
		{ 400, SEND_RETRY, SEND_FAILED, false },
		{ 405, SEND_RETRY, SEND_FAILED, false },
		{ 401, SEND_FAILED, SEND_FAILED, false },
		{ 403, SEND_FAILED, SEND_FAILED, false },
		{ 404, SEND_FAILED, SEND_FAILED, false },
		{ 420, SEND_LIMITED, SEND_LIMITED, false },
		{ 429, SEND_LIMITED, SEND_LIMITED, false },
		{ 463, SEND_COLD, SEND_COLD, false },
		{ 421, SEND_RETRY, SEND_RETRY, true },
		{ 479, SEND_RETRY, SEND_RETRY, true },
		{ 475, SEND_RETRY, SEND_RETRY, false },
		{ 500, SEND_RETRY, SEND_RETRY, false },
		{ 503, SEND_RETRY, SEND_RETRY, false },
		{ 777, SEND_RETRY, SEND_RETRY, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(ack_rule_of(rows[i].error, false).outcome, rows[i].first);
		assert_int_equal(ack_rule_of(rows[i].error, true).outcome, rows[i].resend);
		assert_int_equal(ack_rule_of(rows[i].error, false).drop_devices, rows[i].drops);
		assert_true(strlen(ack_rule_of(rows[i].error, false).reason) > 0);
	}
}

static void errors_before_sending_are_told_apart(void **state)
{
	struct err e = ERR_NONE;

	(void)state;
	err_set(&e, ERR_NOT_FOUND, "nobody");
	assert_int_equal(send_result_of(&e).outcome, SEND_FAILED);
	err_set(&e, ERR_RATE_LIMITED, "slow");
	assert_int_equal(send_result_of(&e).outcome, SEND_LIMITED);
	assert_int_equal(send_result_of(&e).code, 429);
	err_set(&e, ERR_DATABASE, "gone");
	assert_int_equal(send_result_of(&e).outcome, SEND_RETRY);
	err_set(&e, ERR_DEVICE_OFFLINE, "gone");
	assert_int_equal(send_result_of(&e).outcome, SEND_RETRY);
}

static void retries_follow_the_table(void **state)
{
	static const struct {
		struct retry_facts f;
		enum retry_action want;
	} rows[] = {
		{ { .count = 5, .has_keys = true }, RETRY_REFUSE },
		{ { .count = 1, .has_keys = true }, RETRY_USE_KEYS },
		{ { .count = 1 }, RETRY_FETCH },
		{ { .count = 1, .has_session = true }, RETRY_KEEP },
		{ { .count = 1,
		    .has_session = true,
		    .their_registration = 1,
		    .session_registration = 2 },
		  RETRY_FETCH },
		{ { .count = 1,
		    .has_session = true,
		    .their_registration = 2,
		    .session_registration = 2 },
		  RETRY_KEEP },
		{ { .count = 2, .has_session = true }, RETRY_FETCH },
		{ { .count = 2, .has_session = true, .recreated_lately = true }, RETRY_KEEP },
		{ { .count = 3, .has_session = true, .recreated_lately = true }, RETRY_KEEP },
		{ { .count = 3,
		    .has_session = true,
		    .recreated_lately = true,
		    .same_base_key = true },
		  RETRY_FETCH },
		{ { .count = 4, .has_session = true, .has_keys = true }, RETRY_USE_KEYS },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(retry_decide(&rows[i].f), rows[i].want);
	assert_int_equal(retry_error_code(ERR_CRYPTO), 7);
	assert_int_equal(retry_error_code(ERR_NO_SESSION), 1);
	assert_int_equal(retry_error_code(ERR_NO_KEY), 3);
	assert_int_equal(retry_error_code(ERR_INTERNAL), 0);
	assert_false(retry_sends_keys(1, ERR_CRYPTO));
	assert_true(retry_sends_keys(2, ERR_CRYPTO));
	assert_true(retry_sends_keys(1, ERR_NO_SESSION));
}

/* chapter 03 section 4.4 */
static void message_stanza_is_the_chapters(void **state)
{
	AUTO_ARENA struct arena *a = arena_new();
	const struct stanza_part parts[] = {
		{ addr_make(JID_LID, 111, 0), SIGNAL_PKMSG, SPAN_LIT("one") },
		{ addr_make(JID_LID, 111, 12), SIGNAL_MSG, SPAN_LIT("two") },
		{ addr_make(JID_LID, 222, 0), SIGNAL_MSG, SPAN_LIT("three") },
	};
	struct stanza_out s = { .id = "3EB0",
				.to = addr_make(JID_LID, 111, 0),
				.to_pn = 49170,
				.kind = MESSAGE_IMAGE,
				.parts = parts,
				.part_len = 3,
				.account = SPAN_LIT("adv") };
	struct node *m = stanza_message(a, &s);
	const struct node *to = node_child(node_child(m, "participants"), "to");

	(void)state;
	assert_string_equal(node_attr(m, "to"), "111@lid");
	assert_string_equal(node_attr(m, "peer_recipient_pn"), "49170@s.whatsapp.net");
	assert_string_equal(node_attr(m, "type"), "media");
	assert_string_equal(node_attr(to, "jid"), "111@lid");
	assert_string_equal(node_attr(node_child(to, "enc"), "type"), "pkmsg");
	assert_string_equal(node_attr(node_child(to, "enc"), "mediatype"), "image");
	assert_string_equal(node_attr(node_child(to, "enc"), "v"), "2");
	assert_string_equal(node_attr(to->next, "jid"), "111:12@lid");
	assert_string_equal(node_attr(to->next->next, "jid"), "222@lid");
	assert_null(to->next->next->next);
	assert_true(span_eq(node_bytes(node_child(m, "device-identity")), SPAN_LIT("adv")));
	s.parts = parts + 1;
	s.part_len = 2;
	s.kind = MESSAGE_TEXT;
	s.to = addr_make(JID_PN, 49170, 0);
	m = stanza_message(a, &s);
	assert_null(node_child(m, "device-identity"));
	assert_null(node_attr(m, "peer_recipient_pn"));
	assert_string_equal(node_attr(m, "type"), "text");
	assert_null(node_attr(node_child(node_child(node_child(m, "participants"), "to"), "enc"),
			      "mediatype"));
}

static struct node *user_add(struct arena *a, struct node *list, const char *jid)
{
	struct node *u = node_add(a, list, "user");

	node_attr_set(a, u, "jid", jid);
	return u;
}

static void device_add(struct arena *a, struct node *list, const char *id, const char *index)
{
	struct node *dev = node_add(a, list, "device");

	node_attr_set(a, dev, "id", id);
	if (index != NULL)
		node_attr_set(a, dev, "key-index", index);
}

static void usync_answers_are_read(void **state)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct node *iq = node_new(a, "iq"), *usync = node_add(a, iq, "usync"), *list, *u, *devices;
	struct usync_user *users;
	int whole = -1;

	(void)state;
	(void)node_add(a, node_add(a, usync, "result"), "devices");
	list = node_add(a, usync, "list");
	u = user_add(a, list, "49170@s.whatsapp.net");
	devices = node_add(a, node_add(a, u, "devices"), "device-list");
	device_add(a, devices, "0", NULL);
	device_add(a, devices, "12", "3");
	device_add(a, devices, "13", NULL); /* not vouched for */
	device_add(a, devices, "99", "4");
	node_attr_set(a, devices->last, "is_hosted", "true");
	device_add(a, devices, "70000", "3"); /* no such number */
	device_add(a, devices, "-1", "3");
	node_attr_set(a, node_add(a, u, "lid"), "val", "777@lid");
	u = user_add(a, list, "49171@s.whatsapp.net");
	node_attr_set(a, node_add(a, node_add(a, u, "devices"), "error"), "code", "429");
	(void)user_add(a, list, "no address");
	assert_int_equal(usync_parse(a, iq, &users, &whole), 2);
	assert_int_equal(whole, 0);
	assert_int_equal(users[0].lid, 777);
	assert_int_equal(users[0].device_len, 3);
	assert_int_equal(users[0].devices[1], 12);
	assert_int_equal(users[0].devices[2], 99 | PEER_HOSTED);
	assert_int_equal(users[1].error, 429);
	assert_int_equal(users[1].device_len, 0);
	assert_int_equal(usync_parse(a, node_new(a, "iq"), &users, &whole), 0);
}

static void bytes_add(struct arena *a, struct node *n, const char *tag, size_t len)
{
	uint8_t b[64] = { 1, 2, 3 };

	node_set_bytes(a, node_add(a, n, tag), span_of(b, len));
}

static void bundles_are_read_exactly(void **state)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct prekey_bundle b = { 0 };
	struct err e = ERR_NONE;

	(void)state;
	for (int broken = 0; broken <= 7; broken++) {
		struct node *user = node_new(a, "user"), *skey, *key;

		memset(&b, 0, sizeof(b));
		bytes_add(a, user, "registration", 4);
		node_set_bytes(a, node_add(a, user, "type"),
			       broken == 1 ? SPAN_LIT("\x06") : SPAN_LIT("\x05"));
		bytes_add(a, user, "identity", broken == 2 ? 33 : 32);
		skey = node_add(a, user, broken == 3 ? "other" : "skey");
		bytes_add(a, skey, "id", broken == 4 ? 4 : 3);
		bytes_add(a, skey, "value", 32);
		bytes_add(a, skey, "signature", broken == 5 ? 63 : 64);
		key = node_add(a, user, "key");
		bytes_add(a, key, "id", 3);
		bytes_add(a, key, "value", broken == 6 ? 31 : 32);
		if (broken == 7)
			node_attr_set(a, node_add(a, user, "error"), "code", "404");
		assert_int_equal(bundle_parse(user, &b, &e), broken == 0   ? ERR_OK
							     : broken == 7 ? ERR_PEER
									   : ERR_BAD_INPUT);
		assert_int_equal(b.registration_id, broken == 0 ? 0x01020300 : 0);
		assert_int_equal(b.one_time_id, broken == 0 ? 0x010203 : 0);
	}
}

static void origins_are_read_in_both_worlds(void **state)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct addr pn = addr_make(JID_PN, 100, 5), lid = addr_make(JID_LID, 200, 5);
	unix_ms now = { 5000 };
	struct origin o;
	struct err e = ERR_NONE;
	struct node *n = node_new(a, "message"), *r;

	(void)state;
	node_attr_set(a, n, "id", "X");
	assert_int_equal(origin_read(a, n, pn, lid, now, &o, &e), ERR_BAD_INPUT);
	node_attr_set(a, n, "from", "900:3@lid");
	node_attr_set(a, n, "sender_pn", "800:3@s.whatsapp.net");
	node_attr_set(a, n, "notify", "Ann");
	node_attr_set(a, node_add(a, n, "enc"), "type", "skmsg");
	node_attr_set(a, node_add(a, n, "enc"), "type", "pkmsg");
	assert_int_equal(origin_read(a, n, pn, lid, now, &o, &e), ERR_OK);
	assert_int_equal(o.author.user, 900);
	assert_int_equal(o.author.device, 3);
	assert_int_equal(o.pair_len, 1);
	assert_int_equal(o.pairs[0].pn, 800);
	assert_int_equal(o.pairs[0].lid, 900);
	assert_false(o.from_me);
	assert_int_equal(o.at.ms, 5000);
	assert_string_equal(node_attr(o.encs[0], "type"),
			    "pkmsg"); /* before what needs its group key */
	r = origin_receipt(a, n, &o);
	assert_string_equal(node_attr(r, "to"), "900:3@lid");
	assert_null(node_attr(r, "type"));

	/* what our phone sent to somebody */
	n = node_new(a, "message");
	node_attr_set(a, n, "id", "Y");
	node_attr_set(a, n, "from", "200@lid");
	node_attr_set(a, n, "recipient", "900@lid");
	node_attr_set(a, n, "peer_recipient_pn", "800@s.whatsapp.net");
	assert_int_equal(origin_read(a, n, pn, lid, now, &o, &e), ERR_OK);
	assert_true(o.from_me);
	assert_int_equal(o.chat_person.user, 900);
	assert_int_equal(o.pairs[0].pn, 800);
	r = origin_receipt(a, n, &o);
	assert_string_equal(node_attr(r, "type"), "sender");
	assert_string_equal(node_attr(r, "recipient"), "900@lid");

	/* a group */
	n = node_new(a, "message");
	node_attr_set(a, n, "id", "Z");
	node_attr_set(a, n, "from", "123-456@g.us");
	assert_int_equal(origin_read(a, n, pn, lid, now, &o, &e), ERR_BAD_INPUT);
	node_attr_set(a, n, "participant", "900:3@lid");
	assert_int_equal(origin_read(a, n, pn, lid, now, &o, &e), ERR_OK);
	assert_true(o.is_group);
	assert_int_equal(o.author.user, 900);
	assert_string_equal(node_attr(origin_receipt(a, n, &o), "participant"), "900:3@lid");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(acks_mean_what_the_table_says),
		cmocka_unit_test(errors_before_sending_are_told_apart),
		cmocka_unit_test(retries_follow_the_table),
		cmocka_unit_test(message_stanza_is_the_chapters),
		cmocka_unit_test(usync_answers_are_read),
		cmocka_unit_test(bundles_are_read_exactly),
		cmocka_unit_test(origins_are_read_in_both_worlds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
