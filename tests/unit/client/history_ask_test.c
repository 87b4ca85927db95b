/* Asking the account's phone for older messages: what leaves, what becomes of it, which answer is whose. */
#include "shared/wire/sync_codec.h"

#include "daemon/client/history.h"
#include "daemon/client/history_ask.h"
#include "tests/unit/client/message_world.h"

struct asked {
	int done;
	struct err e;
};

static int up(void **state)
{
	struct world *w = *state;

	(void)pg_fixture_sql(&w->fx, "truncate history_requests, history_syncs, chats, devices");
	(void)pg_fixture_sql(&w->fx,
			     "insert into devices (user_id, id, name) overriding system value "
			     "values (1, 1, 'a'), (1, 2, 'b')");
	(void)pg_fixture_sql(&w->fx, "truncate events"); /* of these, too */
	return world_up(state);
}

static void on_asked(void *ctx, const struct err *e)
{
	struct asked *s = ctx;

	s->done++;
	s->e = *e;
}

/* as chat.sync leaves it: a row, then the request; late after `seconds` */
static void ask(struct world *w, struct asked *s, const char *id, int seconds)
{
	char sql[256];

	snprintf(sql, sizeof(sql),
		 "insert into history_requests (user_id, device_id, msg_id, chat, until) values "
		 "(1, 1, '%s', '9002@lid', now() + interval '%d seconds')",
		 id, seconds);
	(void)pg_fixture_sql(&w->fx, sql);
	*s = (struct asked){ 0 };
	device_ask_history(w->a,
			   &(struct history_ask){ .msg_id = id,
						  .chat = "9002@lid",
						  .oldest_id = "OLD1",
						  .oldest_from_me = true,
						  .oldest_at_s = 1763800000,
						  .count = 50 },
			   on_asked, s);
}

static int64_t rows(struct world *w)
{
	return sql_int(w, "select count(*) from history_requests");
}

/* what the phone reads of the request that left last */
static void open_request(struct world *w, struct arena *a, struct history_request *ret)
{
	const struct signal_self phone = { w->other_identity, 5 };
	struct span in = node_bytes(node_child(w->last_message, "enc")), padded, plain;
	struct session *s = session_new();
	struct pkmsg_info info;
	struct err e = ERR_NONE;
	bool used;
	struct wr out;

	wr_init(&out, 1 << 16);
	assert_int_equal(pkmsg_parse(in, &info, &e), ERR_OK);
	assert_int_equal(session_decrypt_pkmsg(s, &phone, &info, &w->other_prekey.key, NULL,
					       rng_real(), &out, &used, &e),
			 ERR_OK);
	padded = arena_span_dup(a, wr_span(&out));
	assert_int_equal(message_unpad(padded, &plain, &e), ERR_OK);
	assert_int_equal(history_request_decode(a, plain, ret, &e), ERR_OK);
	wr_done(&out);
	session_free(s);
}

static void the_request_goes_to_the_phone_alone(void **state)
{
	struct world *w = *state;
	AUTO_ARENA struct arena *a = arena_new();
	const struct node *m;
	struct history_request r;
	struct asked s;

	ask(w, &s, "ASK1", 100);
	run_until(w, &s.done, 1);
	assert_int_equal(s.e.code, ERR_OK);
	m = w->last_message;
	assert_true(node_attr_is(m, "id", "ASK1") && node_attr_is(m, "category", "peer"));
	assert_true(node_attr_is(m, "to", "491000001@s.whatsapp.net"));
	assert_true(node_attr_is(node_child(m, "meta"), "appdata", "default"));
	assert_null(node_child(m, "participants"));
	assert_non_null(node_child(m, "device-identity"));
	open_request(w, a, &r);
	assert_string_equal(r.chat, "9002@lid");
	assert_string_equal(r.oldest_id, "OLD1");
	assert_true(r.oldest_from_me && r.oldest_at_s == 1763800000 && r.count == 50);
	assert_int_equal(rows(w), 1); /* until the answer */
	assert_int_equal(sql_int(w, "select count(*) from sessions where device_id = 1"), 1);
	/* not a message of anybody */
	assert_int_equal(sql_int(w, "select count(*) from messages"), 0);
	assert_int_equal(w->bundles, 1);
	ask(w, &s, "ASK2", 100);
	run_until(w, &s.done, 1);
	assert_int_equal(w->bundles, 1); /* the session is kept */
}

static void what_is_refused_leaves_no_row(void **state)
{
	static const struct {
		int ack;
		enum errc code;
	} acks[] = { { 429, ERR_RATE_LIMITED }, { 420, ERR_RATE_LIMITED }, { 479, ERR_PEER } };
	struct world *w = *state;
	struct asked s, many[20];
	int busy = 0;

	for (size_t i = 0; i < ARRAY_LEN(acks); i++) {
		w->ack_error = acks[i].ack;
		ask(w, &s, "ASK1", 100);
		run_until(w, &s.done, 1);
		assert_int_equal(s.e.code, acks[i].code);
		assert_int_equal(rows(w), 0);
	}
	w->ack_error = 0;
	w->cut = true; /* it does not get out */
	ask(w, &s, "ASK2", 100);
	run_until(w, &s.done, 1);
	assert_int_equal(s.e.code, ERR_DEVICE_OFFLINE);
	assert_int_equal(rows(w), 0);
	w->cut = false;
	for (size_t i = 0; i < ARRAY_LEN(many); i++) {
		char id[16];

		snprintf(id, sizeof(id), "MANY%zu", i);
		ask(w, &many[i], id, 100);
	}
	run_idle(w);
	for (size_t i = 0; i < ARRAY_LEN(many); i++) {
		assert_int_equal(many[i].done, 1);
		busy += many[i].e.code == ERR_BUSY;
	}
	assert_int_equal(busy, 4);
	assert_int_equal(rows(w), 16);
	world_offline(w, w->a);
	ask(w, &s, "ASK3", 100);
	run_until(w, &s.done, 1);
	assert_int_equal(s.e.code, ERR_DEVICE_OFFLINE);
	assert_int_equal(rows(w), 16);
}

/* it may have reached the phone: its row waits for an answer */
static void what_is_not_acknowledged_may_be_answered(void **state)
{
	struct world *w = *state;
	struct asked s;

	w->mute_acks = true;
	ask(w, &s, "ASK1", 100);
	run_until(w, &w->messages_out, 1);
	history_ask_tick(w->a, clock_mono(w->env.clock));
	assert_int_equal(s.done, 0);
	clock_fake_advance(&w->clock, 20001);
	history_ask_tick(w->a, clock_mono(w->env.clock));
	assert_int_equal(s.done, 1);
	assert_int_equal(s.e.code, ERR_TIMEOUT);
	ask(w, &s, "ASK2", 100);
	run_until(w, &w->messages_out, 2);
	world_offline(w, w->a);
	assert_int_equal(s.done, 1);
	assert_int_equal(s.e.code, ERR_DEVICE_OFFLINE);
	assert_int_equal(rows(w), 2);
}

static void a_late_answer_is_told_of_once(void **state)
{
	struct world *w = *state;
	struct asked s;

	ask(w, &s, "ASK1", 0);
	run_until(w, &s.done, 1);
	ask(w, &s, "ASK2", 1000);
	run_until(w, &s.done, 1);
	clock_fake_advance(&w->clock, HISTORY_ANSWER_S * 1000);
	history_ask_tick(w->a, clock_mono(w->env.clock));
	assert_false(w->a->outgoing->late_busy); /* not yet */
	clock_fake_advance(&w->clock, 1000);
	for (int i = 0; i < 2; i++) {
		history_ask_tick(w->a, clock_mono(w->env.clock));
		assert_int_equal(w->a->outgoing->late_busy, i == 0);
		run_idle(w);
	}
	assert_string_equal(
		pg_fixture_sql(&w->fx,
			       "select string_agg(topic || ' ' || (data->>'request') || ' ' || "
			       "(data->>'chat') || ' ' || (data->>'device'), ',') from events"),
		"chat.sync_failed ASK1 9002@lid 1");
	/* the other is looked for again when its time has come, here after some 1000 s */
	assert_true(w->a->outgoing->late_at.ms > clock_mono(w->env.clock).ms + 900000);
	history_ask_look(w->a);
	run_idle(w);
	assert_int_equal(sql_int(w, "select count(*) from events"), 1);
}

/* -- answers -- */

/* a notice of ON_DEMAND history, as the own phone sends it */
static void phone_answers(struct world *w, const char *id, const char *request, struct span packed)
{
	AUTO_ARENA struct arena *a = arena_new();
	const struct signal_self phone = { w->other_identity, 5 };
	struct history_notice notice = { .type = HISTORY_ON_DEMAND,
					 .inline_payload = packed,
					 .direct_path = "",
					 .request_id = request };
	struct prekey_bundle b = { .registration_id = w->a->self.registration_id,
				   .signed_id = w->a->signed_prekey.id };
	struct node *n = node_new(a, "message"), *enc = node_add(a, n, "enc");
	struct session *s = session_new();
	enum signal_kind kind;
	struct err e = ERR_NONE;
	struct wr plain, out;

	memcpy(b.identity, w->a->self.identity.pub, 32);
	memcpy(b.signed_pub, w->a->signed_prekey.key.pub, 32);
	memcpy(b.signed_sig, w->a->signed_prekey.sig, 64);
	assert_int_equal(session_process_bundle(s, &phone, &b, rng_real(), &e), ERR_OK);
	wr_init(&plain, 1 << 16);
	wr_init(&out, 1 << 16);
	history_notice_encode(&notice, &plain);
	message_pad(rng_real(), &plain);
	assert_int_equal(session_encrypt(s, &phone, wr_span(&plain), &out, &kind, &e), ERR_OK);
	node_attr_set(a, n, "id", id);
	node_attr_set_addr(a, n, "from", addr_make(JID_LID, LID_A, 0));
	node_attr_set(a, n, "t", "1763800000");
	node_attr_set(a, n, "category", "peer");
	node_attr_set(a, enc, "v", "2");
	node_attr_set(a, enc, "type", "pkmsg");
	node_set_bytes(a, enc, wr_span(&out));
	world_deliver(w, w->a, n);
	run_idle(w);
	session_free(s);
	wr_done(&plain);
	wr_done(&out);
}

/* one message "old" of the chat, or none */
static struct span history_of(struct arena *a, bool empty, enum history_end end)
{
	const struct history_message m = { .id = "OLD0",
					   .participant = "",
					   .push_name = "",
					   .at_s = 1760000000,
					   .message = SPAN_LIT("\x0a\x03old") };
	struct history_chat c = {
		.id = "9002@lid", .name = "", .pn_jid = "", .lid_jid = "", .end = end
	};
	struct history h = { .type = HISTORY_ON_DEMAND, .conversations_len = 1 };
	struct span message, chat, packed;
	struct wr w;

	wr_init(&w, 4096);
	history_message_encode(&m, c.id, &w);
	message = arena_span_dup(a, wr_span(&w));
	c.messages = &message;
	c.messages_len = empty ? 0 : 1;
	wr_reset(&w);
	history_chat_encode(&c, &w);
	chat = arena_span_dup(a, wr_span(&w));
	h.conversations = &chat;
	wr_reset(&w);
	history_encode(&h, &w);
	packed = arena_span_dup(a, wr_span(&w));
	wr_done(&w);
	return packed;
}

static void told_is(struct world *w, const char *wanted)
{
	assert_string_equal(
		pg_fixture_sql(
			&w->fx,
			"select coalesce(string_agg(concat_ws(' ', topic, data->>'request', "
			"data->>'messages', data->>'end'), ',' order by id), '') from events"),
		wanted);
	(void)pg_fixture_sql(&w->fx, "truncate events");
}

static void answers_find_their_requests(void **state)
{
	struct world *w = *state;
	AUTO_ARENA struct arena *a = arena_new();
	struct asked s;

	(void)pg_fixture_sql(&w->fx, "insert into chats (user_id, chat, device_id, last_at) values "
				     "(1, '9002@lid', 1, now())");
	ask(w, &s, "ASK1", 100);
	run_until(w, &s.done, 1);
	/* one that nobody asked for is stored, and answers nothing */
	phone_answers(w, "P1", "OTHER", history_of(a, false, HISTORY_HAS_MORE));
	told_is(w, "");
	assert_int_equal(sql_int(w, "select count(*) from messages where body = 'old' and seq < 0"),
			 1);
	assert_int_equal(rows(w), 1);
	phone_answers(w, "P2", "ASK1", history_of(a, false, HISTORY_HAS_MORE));
	told_is(w, "chat.synced ASK1 0 false"); /* it was here already */
	assert_int_equal(rows(w), 0);
	phone_answers(w, "P3", "ASK1", history_of(a, false, HISTORY_HAS_MORE));
	told_is(w, ""); /* each request once */
	(void)pg_fixture_sql(&w->fx, "truncate messages");
	ask(w, &s, "ASK2", 100);
	run_until(w, &s.done, 1);
	phone_answers(w, "P4", "", history_of(a, false, HISTORY_IS_ALL)); /* by its chat */
	told_is(w, "chat.synced ASK2 1 true");
	assert_int_equal(sql_int(w, "select history_end::int from chats"), 1);
	ask(w, &s, "ASK3", 100);
	run_until(w, &s.done, 1);
	phone_answers(w, "P5", "ASK3", SPAN_LIT("nonsense"));
	told_is(w, "chat.sync_failed ASK3");
	assert_int_equal(rows(w), 0);
	/* nothing is as good as an end */
	(void)pg_fixture_sql(&w->fx, "update chats set history_end = null");
	ask(w, &s, "ASK4", 100);
	run_until(w, &s.done, 1);
	phone_answers(w, "P6", "ASK4", history_of(a, true, HISTORY_END_UNKNOWN));
	told_is(w, "chat.synced ASK4 0 true");
	assert_int_equal(sql_int(w, "select history_end::int from chats"), 1);
	assert_int_equal(sql_int(w, "select count(*) from history_syncs"), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, up, world_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_request_goes_to_the_phone_alone),
		T(what_is_refused_leaves_no_row),
		T(what_is_not_acknowledged_may_be_answered),
		T(a_late_answer_is_told_of_once),
		T(answers_find_their_requests),
	};

	return cmocka_run_group_tests(tests, world_group_up, world_group_down);
}
