/* Sending and receiving, with a real database between two devices of ours. */
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
	assert_int_equal(s.result.outcome, SEND_LIMITED);
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
		T(order_to_one_person_is_kept),
		T(many_people_cost_few_requests),
		T(too_many_sends_are_refused),
		T(a_new_identity_starts_anew),
		T(what_is_not_for_us_is_refused),
	};

	return cmocka_run_group_tests(tests, world_group_up, world_group_down);
}
