/* Sending and receiving, with a real database between two devices of ours. */
#include "shared/base/text.h"
#include "shared/signal/sender_key.h"

#include "tests/unit/client/message_world.h"

static size_t parts_of(const struct node *m, const char *type)
{
	size_t n = 0;

	NODE_EACH(to, node_child(m, "participants"))
		n += node_attr_is(node_child(to, "enc"), "type", type);
	return n;
}

static void first_message_arrives_and_is_told(void **state)
{
	struct world *w = *state;
	struct sent s;

	send_text(w, w->a, &s, PN_B, "M1", "hello");
	run_until(w, &s.done, 1);
	assert_int_equal(s.result.outcome, SEND_SENT);
	assert_int_equal(s.commits, 1);
	assert_true(s.result.server_time.ms == 1763800001000);
	/* the recipient's phone and our own phone; the device without keys is left out */
	assert_int_equal(parts_of(w->last_message, "pkmsg"), 2);
	assert_int_equal(parts_of(w->last_message, "msg"), 0);
	assert_non_null(node_child(w->last_message, "device-identity"));
	assert_string_equal(node_attr(w->last_message, "to"), "9002@lid");
	assert_string_equal(node_attr(w->last_message, "peer_recipient_pn"),
			    "491000002@s.whatsapp.net");
	run_until(w, &w->receipts_a, 1);
	run_idle(w);
	assert_int_equal(w->shown_b, 1);
	assert_string_equal(w->last_text, "hello");
	assert_int_equal(w->last_receipt_kind, RECEIPT_DELIVERED);
	assert_int_equal(w->usyncs, 1);
	assert_int_equal(sql_int(w, "select status from messages where device_id = 1"),
			 STATUS_DELIVERED);
	assert_int_equal(
		sql_int(w,
			"select count(*) from messages where device_id = 2 and body = 'hello' and "
			"chat = '9001@lid' and not from_me"),
		1);
	assert_int_equal(sql_int(w, "select count(*) from opened where device_id = 2"), 1);
	assert_int_equal(sql_int(w, "select count(*) from prekeys where device_id = 2"), 0);
	assert_int_equal(sql_int(w, "select count(*) from sessions where device_id = 1"), 2);
	assert_int_equal(sql_int(w, "select lid from lid_map where pn = 491000002"), LID_B);
	assert_string_equal(
		pg_fixture_sql(&w->fx,
			       "select devices from peer_devices where peer_user = 491000002"),
		"{0,7}");
}

static void after_an_answer_messages_are_short(void **state)
{
	struct world *w = *state;
	struct sent s;

	send_text(w, w->a, &s, PN_B, "M1", "hello");
	run_until(w, &w->shown_b, 1);
	send_text(w, w->b, &s, PN_A, "M2", "hi");
	run_until(w, &w->shown_a, 1);
	run_idle(w);
	send_text(w, w->a, &s, PN_B, "M3", "how are you");
	run_until(w, &w->shown_b, 2);
	run_idle(w);
	assert_string_equal(w->last_text, "how are you");
	assert_int_equal(parts_of(w->last_message, "msg"), 1); /* our own phone never answered */
	assert_int_equal(parts_of(w->last_message, "pkmsg"), 1);
	assert_int_equal(w->usyncs, 1); /* devices of both are known to the whole shard */
}

static void sessions_survive_the_process(void **state)
{
	struct world *w = *state;
	struct sent s;

	send_text(w, w->a, &s, PN_B, "M1", "one");
	run_until(w, &w->shown_b, 1);
	world_forget(w);
	send_text(w, w->a, &s, PN_B, "M2", "two");
	run_until(w, &w->shown_b, 2);
	run_idle(w);
	assert_string_equal(w->last_text, "two");
	assert_int_equal(w->usyncs, 1);
	assert_int_equal(w->retries, 0);
	/* only the device without keys is asked for again */
	assert_int_equal(sql_int(w, "select count(*) from sessions where device_id = 1"), 2);
}

static void a_stanza_that_comes_again_is_only_confirmed(void **state)
{
	struct world *w = *state;
	struct node *again;
	struct sent s;

	send_text(w, w->a, &s, PN_B, "M1", "once");
	run_until(w, &w->shown_b, 1);
	run_idle(w);
	again = w->last_delivered;
	w->last_receipt = NULL;
	world_deliver(w, w->b, again);
	run_idle(w);
	world_forget(w);
	world_deliver(w, w->b, again);
	run_idle(w);
	assert_int_equal(w->shown_b, 1);
	assert_int_equal(w->retries, 0);
	assert_non_null(w->last_receipt);
	assert_null(node_attr(w->last_receipt, "type"));
	assert_int_equal(sql_int(w, "select count(*) from messages where device_id = 2"), 1);
}

static void a_resend_is_shown_once(void **state)
{
	struct world *w = *state;
	struct sent s, again;

	w->mute_acks = true;
	send_text(w, w->a, &s, PN_B, "M1", "once");
	run_until(w, &w->shown_b, 1);
	world_offline(w, w->a);
	assert_int_equal(s.done, 1);
	assert_int_equal(s.result.outcome, SEND_UNKNOWN);
	run_idle(w);
	w->mute_acks = false;
	w->a->state = DEVICE_ONLINE;
	send_text(w, w->a, &again, PN_B, "M1", "once");
	run_until(w, &again.done, 1);
	run_idle(w);
	assert_int_equal(again.result.outcome, SEND_SENT);
	assert_int_equal(w->messages_out, 2);
	assert_int_equal(w->shown_b, 1);
	assert_int_equal(w->retries, 0);
	assert_int_equal(sql_int(w, "select count(*) from messages where device_id = 1"), 1);
}

static void nothing_left_means_retry(void **state)
{
	struct world *w = *state;
	struct sent s;

	w->cut = true;
	send_text(w, w->a, &s, PN_B, "M1", "x");
	run_until(w, &s.done, 1);
	assert_int_equal(s.result.outcome, SEND_RETRY);
	assert_int_equal(w->messages_out, 0);
	w->cut = false;
	send_text(w, w->a, &s, PN_B, "M1", "x");
	world_offline(w, w->a);
	assert_int_equal(s.done, 1);
	assert_int_equal(s.result.outcome, SEND_RETRY);
	run_idle(w);
	assert_int_equal(s.done, 1);
	assert_int_equal(device_sends(w->a), 0);
}

static void an_ack_that_never_comes_is_unknown(void **state)
{
	struct world *w = *state;
	struct sent s;

	w->mute_acks = true;
	send_text(w, w->a, &s, PN_B, "M1", "x");
	run_until(w, &w->shown_b, 1);
	clock_fake_advance(&w->clock, ACK_TIMEOUT_MS - 1);
	outgoing_tick(w->a, clock_mono(&w->clock.base));
	assert_int_equal(s.done, 0);
	clock_fake_advance(&w->clock, 2);
	outgoing_tick(w->a, clock_mono(&w->clock.base));
	assert_int_equal(s.done, 1);
	assert_int_equal(s.result.outcome, SEND_UNKNOWN);
}

static void refusals_are_told_apart(void **state)
{
	struct world *w = *state;
	struct sent s;

	send_text(w, w->a, &s, PN_NOBODY, "M1", "x");
	run_until(w, &s.done, 1);
	assert_int_equal(s.result.outcome, SEND_FAILED);
	assert_non_null(strstr(s.result.reason, "not on WhatsApp"));
	w->ack_error = 463;
	send_text(w, w->a, &s, PN_B, "M2", "x");
	run_until(w, &s.done, 1);
	assert_int_equal(s.result.outcome, SEND_COLD);
	assert_int_equal(s.result.code, 463);
	w->ack_error = 0;
	w->usync_error = 429;
	send_text(w, w->a, &s, PN_MANY, "M3", "x");
	run_until(w, &s.done, 1);
	assert_int_equal(s.result.outcome, SEND_LIMITED);
	assert_int_equal(s.result.code, 429);
	w->usync_error = 0;
	w->ack_error = 479; /* our view of the devices is dropped */
	send_text(w, w->a, &s, PN_B, "M4", "x");
	run_until(w, &s.done, 1);
	assert_int_equal(s.result.outcome, SEND_RETRY);
	w->ack_error = 0;
	w->usyncs = 0;
	send_text(w, w->a, &s, PN_B, "M4", "x");
	run_until(w, &s.done, 1);
	assert_int_equal(s.result.outcome, SEND_SENT);
	assert_true(w->usyncs > 0);
}

static void what_cannot_be_opened_is_asked_for(void **state)
{
	struct world *w = *state;
	struct sent s;

	send_text(w, w->a, &s, PN_B, "M1", "first");
	run_until(w, &w->shown_b, 1);
	run_idle(w);
	w->spoil = 1;
	send_text(w, w->a, &s, PN_B, "M2", "second");
	run_until(w, &w->shown_b, 2);
	run_idle(w);
	assert_string_equal(w->last_text, "second");
	assert_int_equal(w->retries, 1);
	/* the answer goes to that one device, alone */
	assert_null(node_child(w->last_message, "participants"));
	assert_string_equal(node_attr(w->last_message, "id"), "M2");
	assert_string_equal(node_attr(node_child(w->last_message, "enc"), "count"), "1");
	assert_int_equal(
		sql_int(w, "select status from messages where device_id = 1 and msg_id = 'M2'"),
		STATUS_DELIVERED);
}

static void asking_again_brings_keys_and_ends(void **state)
{
	struct world *w = *state;
	struct sent s;

	w->spoil = 3;
	send_text(w, w->a, &s, PN_B, "M1", "stubborn");
	run_until(w, &w->shown_b, 1);
	run_idle(w);
	assert_int_equal(w->retries, 3);
	w->spoil = 100;
	send_text(w, w->a, &s, PN_B, "M2", "hopeless");
	run_until(w, &w->retries, 3 + 4);
	run_idle(w);
	assert_int_equal(w->retries, 3 + 4);
	assert_int_equal(w->last_ack_error, 500); /* given up: the server keeps it no longer */
	assert_int_equal(w->shown_b, 1);
	w->spoil = 0;
	send_text(w, w->a, &s, PN_B, "M3", "fine again");
	run_until(w, &w->shown_b, 2);
	run_idle(w);
	assert_string_equal(w->last_text, "fine again");
	assert_int_equal(sql_int(w, "select count(*) from prekeys where not uploaded"), 0);
}

static void a_lost_session_heals(void **state)
{
	struct world *w = *state;
	struct sent s;

	send_text(w, w->a, &s, PN_B, "M1", "one");
	run_until(w, &w->shown_b, 1);
	send_text(w, w->b, &s, PN_A, "M2", "two");
	run_until(w, &w->shown_a, 1);
	run_idle(w);
	(void)pg_fixture_sql(&w->fx, "delete from sessions where device_id = 2");
	world_forget(w);
	send_text(w, w->a, &s, PN_B, "M3", "three");
	run_until(w, &w->shown_b, 2);
	run_idle(w);
	assert_string_equal(w->last_text, "three");
	assert_int_equal(w->retries, 1);
	assert_int_equal(w->last_ack_error, 0);
}

static void a_counter_used_twice_loses_nothing(void **state)
{
	struct world *w = *state;
	struct sent s;

	send_text(w, w->a, &s, PN_B, "M1", "one");
	run_until(w, &w->shown_b, 1);
	run_idle(w);
	/* A forgets that it sent M2 and encrypts M3 with the same keys */
	(void)pg_fixture_sql(&w->fx,
			     "create table kept as select * from sessions where device_id = 1");
	send_text(w, w->a, &s, PN_B, "M2", "two");
	run_until(w, &w->shown_b, 2);
	run_idle(w);
	(void)pg_fixture_sql(
		&w->fx, "update sessions s set record = k.record from kept k where s.device_id = 1 "
			"and s.peer_user = k.peer_user and s.peer_device = k.peer_device");
	(void)pg_fixture_sql(&w->fx, "drop table kept");
	world_forget(w);
	send_text(w, w->a, &s, PN_B, "M3", "three");
	run_until(w, &w->shown_b, 3);
	run_idle(w);
	assert_string_equal(w->last_text, "three");
	assert_int_equal(w->retries, 1);
	assert_int_equal(sql_int(w, "select count(*) from messages where device_id = 2"), 3);
}

static void order_to_one_person_is_kept(void **state)
{
	struct world *w = *state;
	struct sent s[20];
	char ids[20][16], texts[20][16];

	for (int i = 0; i < 20; i++) {
		snprintf(ids[i], sizeof(ids[i]), "M%d", i);
		snprintf(texts[i], sizeof(texts[i]), "t%d", i);
		send_text(w, w->a, &s[i], PN_B, ids[i], texts[i]);
	}
	run_until(w, &w->shown_b, 20);
	run_idle(w);
	assert_string_equal(w->last_text, "t19");
	assert_int_equal(w->retries, 0);
	for (int i = 0; i < 20; i++)
		assert_int_equal(s[i].result.outcome, SEND_SENT);
}

static void many_people_cost_few_requests(void **state)
{
	struct world *w = *state;
	struct sent s[DEVICE_SENDS_MAX];
	char ids[DEVICE_SENDS_MAX][16];
	uint64_t pns[DEVICE_SENDS_MAX];
	int done = 0;

	for (int i = 0; i < DEVICE_SENDS_MAX; i++)
		pns[i] = (uint64_t)PN_MANY + (uint64_t)i;
	device_prefetch(w->a, pns, 30, true);
	run_idle(w);
	assert_int_equal(w->usyncs, 1);
	assert_int_equal(w->bundles, 1);
	assert_int_equal(sql_int(w, "select count(*) from sessions"), 0);
	for (int i = 0; i < DEVICE_SENDS_MAX; i++) {
		snprintf(ids[i], sizeof(ids[i]), "M%d", i);
		send_text(w, w->a, &s[i], pns[i], ids[i], "offer");
	}
	for (int i = 0; i < DEVICE_SENDS_MAX; i++) {
		run_until(w, &s[i].done, 1);
		done += s[i].result.outcome == SEND_SENT;
	}
	assert_int_equal(done, DEVICE_SENDS_MAX);
	assert_in_range(w->usyncs, 2, 3);
	assert_in_range(w->bundles, 2, 3);
	assert_int_equal(sql_int(w, "select count(*) from sessions where device_id = 1"),
			 DEVICE_SENDS_MAX + 1);
}

static void too_many_sends_are_refused(void **state)
{
	struct world *w = *state;
	struct sent s[DEVICE_SENDS_MAX], extra;
	struct err e = ERR_NONE;

	for (int i = 0; i < DEVICE_SENDS_MAX; i++)
		send_text(w, w->a, &s[i], PN_B, "M", "x");
	extra = s[0];
	assert_int_equal(device_send(w->a, &extra.job, &e), ERR_BUSY);
	world_offline(w, w->a);
	for (int i = 0; i < DEVICE_SENDS_MAX; i++)
		assert_int_equal(s[i].done, 1);
	assert_int_equal(device_send(w->a, &extra.job, &e), ERR_DEVICE_OFFLINE);
}

static void a_new_identity_starts_anew(void **state)
{
	struct world *w = *state;
	AUTO_ARENA struct arena *a = arena_new();
	struct node *n = node_new(a, "notification");
	struct sent s;

	send_text(w, w->a, &s, PN_B, "M1", "one");
	run_until(w, &w->shown_b, 1);
	run_idle(w);
	/* B is set up again with other keys */
	keypair_make(rng_real(), &w->b->self.identity);
	signed_prekey_make(rng_real(), &w->b->self.identity, 2, &w->b->signed_prekey);
	(void)pg_fixture_sql(&w->fx,
			     "delete from sessions where device_id = 2; delete from opened");
	ratchet_drop_device(w->b);
	node_attr_set(a, n, "type", "encrypt");
	node_attr_set(a, n, "id", "N1");
	node_attr_set_addr(a, n, "from", addr_make(JID_PN, PN_B, 0));
	(void)node_add(a, n, "identity");
	w->acks = 0;
	world_deliver(w, w->a, n);
	run_until(w, &w->acks, 1);
	assert_int_equal(
		sql_int(w,
			"select count(*) from sessions where device_id = 1 and peer_user = 9002"),
		0);
	send_text(w, w->a, &s, PN_B, "M2", "two");
	run_until(w, &w->shown_b, 2);
	run_idle(w);
	assert_string_equal(w->last_text, "two");
	assert_int_equal(w->retries, 0);
}

static void what_is_not_for_us_is_refused(void **state)
{
	struct world *w = *state;
	AUTO_ARENA struct arena *a = arena_new();
	struct node *n = node_new(a, "message");

	node_attr_set(a, n, "id", "X1");
	node_attr_set_addr(a, n, "from", addr_make(JID_LID, 55, 0));
	world_deliver(w, w->b, n);
	run_until(w, &w->acks, 1);
	assert_int_equal(w->last_ack_error, 488);
	/* a ciphertext out of nowhere: no session, so keys go along at once */
	node_attr_set(a, node_add(a, n, "enc"), "type", "msg");
	node_set_text(a, n->first, "garbage");
	world_deliver(w, w->b, n);
	run_until(w, &w->retries, 1);
	run_idle(w);
	assert_int_equal(w->shown_b, 0);
	assert_int_equal(sql_int(w, "select count(*) from opened"), 0);
}

/* -- what others send: made by hand with a session of ours -- */

static void nothing(void *ctx, const struct err *e)
{
	(void)ctx;
	assert_int_equal(e->code, ERR_OK);
}

/* <enc> of these Message bytes, from a session with d */
static void enc_add(struct world *w, struct arena *a, struct node *n, struct session *s,
		    const struct signal_self *self, struct span bytes)
{
	struct node *enc = node_add(a, n, "enc");
	enum signal_kind kind;
	struct err e = ERR_NONE;
	struct wr plain, out;

	(void)w;
	wr_init(&plain, 1 << 16);
	wr_init(&out, 1 << 16);
	wr_span_put(&plain, bytes);
	message_pad(rng_real(), &plain);
	assert_int_equal(session_encrypt(s, self, wr_span(&plain), &out, &kind, &e), ERR_OK);
	node_attr_set(a, enc, "v", "2");
	node_attr_set(a, enc, "type", kind == SIGNAL_PKMSG ? "pkmsg" : "msg");
	node_set_bytes(a, enc, wr_span(&out));
	wr_done(&plain);
	wr_done(&out);
}

static struct node *message_node(struct arena *a, const char *id, struct addr from)
{
	struct node *n = node_new(a, "message");

	node_attr_set(a, n, "id", id);
	node_attr_set_addr(a, n, "from", from);
	node_attr_set(a, n, "t", "1763800000");
	return n;
}

/* A's phone, or a stranger, opens a session with d */
static struct session *session_with(struct device *d, const struct signal_self *self)
{
	struct prekey_bundle b = { .registration_id = d->self.registration_id,
				   .signed_id = d->signed_prekey.id };
	struct session *s = session_new();
	struct err e = ERR_NONE;

	memcpy(b.identity, d->self.identity.pub, 32);
	memcpy(b.signed_pub, d->signed_prekey.key.pub, 32);
	memcpy(b.signed_sig, d->signed_prekey.sig, 64);
	assert_int_equal(session_process_bundle(s, self, &b, rng_real(), &e), ERR_OK);
	return s;
}

static struct span text_bytes(struct arena *a, const char *text)
{
	struct message m = { .kind = MESSAGE_TEXT,
			     .text = text,
			     .quoted_id = "",
			     .quoted_participant = "",
			     .target_id = "",
			     .destination = "",
			     .skdm_group = "" };
	struct err e = ERR_NONE;
	struct wr w;
	struct span s;

	wr_init(&w, 1 << 16);
	assert_int_equal(message_encode(&m, &w, &e), ERR_OK);
	s = arena_span_dup(a, wr_span(&w));
	wr_done(&w);
	return s;
}

static void copies_of_our_own_messages_are_kept(void **state)
{
	struct world *w = *state;
	AUTO_ARENA struct arena *a = arena_new();
	struct signal_self phone = { w->other_identity, 5 };
	struct session *s = session_with(w->a, &phone);
	struct node *n = message_node(a, "OWN1", addr_make(JID_LID, LID_A, 0));
	struct err e = ERR_NONE;
	struct wr wrapped;

	node_attr_set_addr(a, n, "recipient", addr_make(JID_LID, LID_B, 0));
	node_attr_set_addr(a, n, "peer_recipient_pn", addr_make(JID_PN, PN_B, 0));
	wr_init(&wrapped, 1 << 16);
	assert_int_equal(
		message_wrap_device_sent("9002@lid", text_bytes(a, "from my phone"), &wrapped, &e),
		ERR_OK);
	enc_add(w, a, n, s, &phone, wr_span(&wrapped));
	world_deliver(w, w->a, n);
	run_until(w, &w->shown_a, 1);
	run_idle(w);
	assert_true(w->last_from_me);
	assert_string_equal(w->last_text, "from my phone");
	assert_string_equal(w->last_chat, "9002@lid");
	assert_string_equal(node_attr(w->last_receipt, "type"), "sender");
	assert_string_equal(node_attr(w->last_receipt, "recipient"), "9002@lid");
	assert_int_equal(
		sql_int(w,
			"select count(*) from messages where from_me and chat = '9002@lid' and sender = "
			"'9001@lid' and status = 1"),
		1);
	assert_int_equal(sql_int(w, "select lid from lid_map where pn = 491000002"), LID_B);

	/* a stranger must not speak for us */
	n = message_node(a, "OWN2", addr_make(JID_LID, 4711, 0));
	session_free(s);
	s = session_with(w->a, &phone);
	enc_add(w, a, n, s, &phone, wr_span(&wrapped));
	w->acks = 0;
	world_deliver(w, w->a, n);
	run_until(w, &w->acks, 1);
	run_idle(w);
	assert_int_equal(w->last_ack_error, 488);
	assert_int_equal(w->shown_a, 1);
	session_free(s);
	wr_done(&wrapped);
}

static void what_the_phone_tells_its_devices_is_not_stored(void **state)
{
	/* protocolMessage of type 6, a share of keys, and of type 5, a notice of history */
	static const uint8_t share[] = { 0x62, 0x04, 0x10, 0x06, 0x3a, 0x00 };
	static const uint8_t history[] = { 0x62, 0x04, 0x10, 0x05, 0x32, 0x00 };
	struct world *w = *state;
	AUTO_ARENA struct arena *a = arena_new();
	struct signal_self phone = { w->other_identity, 5 };
	struct session *s = session_with(w->a, &phone);
	struct node *n = message_node(a, "PEER1", addr_make(JID_LID, LID_A, 0));

	node_attr_set(a, n, "category", "peer");
	enc_add(w, a, n, s, &phone, SPAN_OF(share));
	world_deliver(w, w->a, n);
	run_idle(w);
	assert_string_equal(node_attr(w->last_receipt, "type"), "peer_msg");
	n = message_node(a, "PEER2", addr_make(JID_LID, LID_A, 0));
	node_attr_set(a, n, "category", "peer");
	enc_add(w, a, n, s, &phone, SPAN_OF(history));
	world_deliver(w, w->a, n);
	run_idle(w);
	assert_string_equal(node_attr(w->last_receipt, "type"), "hist_sync");
	assert_int_equal(sql_int(w, "select count(*) from messages"), 0);
	assert_int_equal(sql_int(w, "select count(*) from opened"), 2);
	assert_int_equal(w->shown_a, 0);
	session_free(s);
}

static void skmsg_add(struct arena *a, struct node *n, struct sender_keys *keys, struct span bytes)
{
	struct node *enc = node_add(a, n, "enc");
	struct err e = ERR_NONE;
	struct wr plain, out;

	wr_init(&plain, 1 << 16);
	wr_init(&out, 1 << 16);
	wr_span_put(&plain, bytes);
	message_pad(rng_real(), &plain);
	assert_int_equal(sender_keys_encrypt(keys, rng_real(), wr_span(&plain), &out, &e), ERR_OK);
	node_attr_set(a, enc, "type", "skmsg");
	node_set_bytes(a, enc, wr_span(&out));
	wr_done(&plain);
	wr_done(&out);
}

static struct node *group_node(struct arena *a, const char *id)
{
	struct node *n = node_new(a, "message");

	node_attr_set(a, n, "id", id);
	node_attr_set(a, n, "from", "123-456@g.us");
	node_attr_set_addr(a, n, "participant", addr_make(JID_LID, LID_A, NO_A));
	node_attr_set_addr(a, n, "participant_pn", addr_make(JID_PN, PN_A, NO_A));
	return n;
}

static void group_messages_open_with_their_key(void **state)
{
	struct world *w = *state;
	AUTO_ARENA struct arena *a = arena_new();
	struct addr at = addr_make(JID_LID, LID_B, 0);
	struct sender_keys *keys = sender_keys_new();
	struct node *n = group_node(a, "G1");
	struct record *r;
	struct wr skdm, carrier;
	struct sent s;

	send_text(w, w->a, &s, PN_B, "M1", "makes a session");
	run_until(w, &w->shown_b, 1);
	run_idle(w);
	ratchet_load(w->a, &at, NULL, 1, &r, nothing, NULL);
	wr_init(&skdm, 1 << 16);
	wr_init(&carrier, 1 << 16);
	sender_keys_distribute(keys, rng_real(), &skdm);
	message_encode_skdm("123-456@g.us", wr_span(&skdm), &carrier);
	/* the server puts the group's ciphertext first: the key must be taken out before */
	skmsg_add(a, n, keys, text_bytes(a, "hello group"));
	enc_add(w, a, n, r->s, &w->a->self, wr_span(&carrier));
	world_deliver(w, w->b, n);
	run_until(w, &w->shown_b, 2);
	run_idle(w);
	assert_string_equal(w->last_text, "hello group");
	assert_string_equal(w->last_chat, "123-456@g.us");
	assert_int_equal(w->retries, 0);
	ratchet_unpin(w->env.cache, r);
	world_forget(w);
	n = group_node(a, "G2");
	skmsg_add(a, n, keys, text_bytes(a, "again"));
	world_deliver(w, w->b, n);
	run_until(w, &w->shown_b, 3);
	run_idle(w);
	assert_string_equal(w->last_text, "again");
	/* without the key it is asked for, with our keys */
	(void)pg_fixture_sql(&w->fx, "delete from sender_keys");
	n = group_node(a, "G3");
	skmsg_add(a, n, keys, text_bytes(a, "lost"));
	world_deliver(w, w->b, n);
	run_until(w, &w->retries, 1);
	assert_non_null(node_child(w->last_receipt, "keys"));
	assert_int_equal(w->shown_b, 3);
	sender_keys_free(keys);
	wr_done(&skdm);
	wr_done(&carrier);
}

static void send_image(struct world *w, struct sent *s, int64_t media_id, uint64_t to,
		       const char *id)
{
	struct err e = ERR_NONE;

	send_text_prepare(s, to, id, "a caption");
	s->content.kind = MESSAGE_IMAGE;
	s->job.media_id = media_id;
	assert_int_equal(device_send(w->a, &s->job, &e), ERR_OK);
}

struct got_file {
	int calls;
	enum errc code;
	char text[32];
};

static void on_file(void *ctx, struct span bytes, const struct err *e)
{
	struct got_file *got = ctx;

	got->calls++;
	got->code = e->code;
	snprintf(got->text, sizeof(got->text), "%.*s", (int)bytes.len, (const char *)bytes.at);
}

static void an_image_is_uploaded_once_and_fetched(void **state)
{
	struct world *w = *state;
	AUTO_ARENA struct arena *a = arena_new();
	struct got_file got = { 0 };
	struct message_media m = { .url = "https://elsewhere.test/evil",
				   .direct_path = "/f/1?x=2",
				   .mimetype = "",
				   .file_name = "" };
	struct message in;
	struct sent s[3];
	struct err e = ERR_NONE;
	uint8_t raw[4096];
	size_t raw_len;
	const char *hex;
	int64_t id;

	id = sql_int(
		w,
		"insert into media (user_id, kind, mimetype, sha256, width, height, bytes) values "
		"((select id from users limit 1), 'image', 'image/png', sha256('picture bytes'), 3, 4, "
		"'picture bytes') returning id");
	w->refuse_uploads = 1; /* the pass ran out: a new one is asked for */
	send_image(w, &s[0], id, PN_B, "I1");
	send_image(w, &s[1], id, PN_MANY, "I2");
	run_until(w, &s[0].done, 1);
	run_until(w, &s[1].done, 1);
	run_until(w, &w->shown_b, 1);
	run_idle(w);
	assert_int_equal(s[0].result.outcome, SEND_SENT);
	assert_int_equal(w->uploads, 2);
	assert_int_equal(w->conns, 2);
	assert_string_equal(w->last_text, "a caption");
	assert_int_equal(sql_int(w, "select count(*) from media_uploads"), 1);
	world_forget(w); /* another run of the program uses the upload again */
	send_image(w, &s[2], id, PN_B, "I3");
	run_until(w, &w->shown_b, 2);
	run_idle(w);
	assert_int_equal(w->uploads, 2);

	/* what the recipient got leads back to the file, by way of the media host alone */
	hex = pg_fixture_sql(
		&w->fx,
		"select encode(raw, 'hex') from messages where device_id = 2 and msg_id = 'I3'");
	assert_true(hex_decode(hex, strlen(hex), raw, sizeof(raw), &raw_len));
	assert_int_equal(message_decode(a, span_of(raw, raw_len), &in, &e), ERR_OK);
	assert_int_equal(in.media.file_length, 13);
	assert_int_equal(in.media.width, 3);
	assert_string_equal(in.media.mimetype, "image/png");
	m.media_key = in.media.media_key;
	m.file_sha256 = in.media.file_sha256;
	m.file_enc_sha256 = in.media.file_enc_sha256;
	m.file_length = in.media.file_length;
	device_media_fetch(w->b, MESSAGE_IMAGE, &m, on_file, &got);
	run_until(w, &got.calls, 1);
	assert_int_equal(got.code, ERR_OK);
	assert_string_equal(got.text, "picture bytes");
	assert_string_equal(w->last_url, "https://media.test:443/f/1?x=2");
	m.file_sha256 = m.file_enc_sha256;
	device_media_fetch(w->b, MESSAGE_IMAGE, &m, on_file, &got);
	run_until(w, &got.calls, 2);
	assert_int_equal(got.code, ERR_CRYPTO);
	m.file_length = (uint64_t)1 << 40;
	device_media_fetch(w->b, MESSAGE_IMAGE, &m, on_file, &got);
	run_until(w, &got.calls, 3);
	assert_int_equal(got.code, ERR_TOO_LARGE);

	send_image(w, &s[0], id + 1000, PN_B, "I4");
	run_until(w, &s[0].done, 1);
	assert_int_equal(s[0].result.outcome, SEND_FAILED);
}

#define T(f) cmocka_unit_test_setup_teardown(f, world_up, world_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(first_message_arrives_and_is_told),
		T(after_an_answer_messages_are_short),
		T(sessions_survive_the_process),
		T(a_stanza_that_comes_again_is_only_confirmed),
		T(a_resend_is_shown_once),
		T(nothing_left_means_retry),
		T(an_ack_that_never_comes_is_unknown),
		T(refusals_are_told_apart),
		T(what_cannot_be_opened_is_asked_for),
		T(asking_again_brings_keys_and_ends),
		T(a_lost_session_heals),
		T(a_counter_used_twice_loses_nothing),
		T(order_to_one_person_is_kept),
		T(many_people_cost_few_requests),
		T(too_many_sends_are_refused),
		T(a_new_identity_starts_anew),
		T(what_is_not_for_us_is_refused),
		T(copies_of_our_own_messages_are_kept),
		T(what_the_phone_tells_its_devices_is_not_stored),
		T(group_messages_open_with_their_key),
		T(an_image_is_uploaded_once_and_fetched),
	};

	return cmocka_run_group_tests(tests, world_group_up, world_group_down);
}
