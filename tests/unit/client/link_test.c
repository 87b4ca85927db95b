/* iq, acks, the login sequence, keep-alive, backoff, prekeys, logout: on a fake clock. */
#include <string.h>

#include "shared/wire/payload_codec.h"

#include "tests/unit/client/line.h"

/* -- requests -- */

struct heard {
	unsigned times;
	bool answered;
	struct err e;
};

static void hear(void *ctx, const struct node *answer, const struct err *e)
{
	struct heard *h = ctx;

	h->times++;
	h->answered = answer != NULL;
	h->e = *e;
}

static const struct node *ask(struct line *l, struct heard *h, uint32_t ms)
{
	device_iq(l->d, l->a, iq_new(l->a, "get", "test"), ms, hear, h);
	return l->up ? line_sent(l, 0) : NULL;
}

static void answers_find_their_request(void **state)
{
	struct line *l = line_new();
	struct heard h[3] = { 0 };
	const struct node *iq[3];
	struct node *error;

	(void)state;
	l->up = true;
	for (int i = 0; i < 3; i++)
		iq[i] = ask(l, &h[i], 1000);
	assert_string_not_equal(node_attr(iq[0], "id"), node_attr(iq[1], "id"));
	assert_true(iq_on_answer(l->d->iqs, line_answer(l, iq[1], "result")));
	assert_false(iq_on_answer(l->d->iqs, line_answer(l, iq[1], "result")));
	error = line_answer(l, iq[0], "error");
	node_append(error, line_node(l, "error",
				     (const char *const[]){ "code", "429", "text", "rate-overlimit",
							    NULL }));
	assert_true(iq_on_answer(l->d->iqs, error));
	assert_true(h[1].times == 1 && h[1].answered && !h[1].e.code);
	assert_true(h[0].times == 1 && !h[0].answered && h[0].e.code == ERR_PEER);
	assert_string_equal(h[0].e.msg, "429 rate-overlimit");
	assert_int_equal(iq_error_code(&h[0].e), 429);
	err_wrap(&h[0].e, "device 17: step 3");
	assert_int_equal(iq_error_code(&h[0].e), 429);
	assert_int_equal(h[2].times, 0);
	line_pass(l, 999);
	assert_int_equal(h[2].times, 0);
	line_pass(l, 1);
	assert_true(h[2].times == 1 && h[2].e.code == ERR_TIMEOUT);
	assert_int_equal(iq_error_code(&h[2].e), 0);
	assert_int_equal(iq_waiting(l->d->iqs), 0);
	line_free(l);
}

static void a_request_that_cannot_leave_fails_later(void **state)
{
	struct line *l = line_new();
	struct heard h = { 0 };

	(void)state;
	ask(l, &h, 1000);
	assert_int_equal(h.times, 0);
	line_pass(l, 0);
	assert_true(h.times == 1 && h.e.code == ERR_DEVICE_OFFLINE);
	line_free(l);
}

static void a_lost_connection_ends_requests(void **state)
{
	struct line *l = line_new();
	struct heard h[2] = { 0 };

	(void)state;
	l->up = true;
	ask(l, &h[0], 1000);
	ask(l, &h[1], 1000);
	link_drop(l->d);
	assert_true(h[0].times == 1 && h[0].e.code == ERR_DEVICE_OFFLINE);
	assert_true(h[1].times == 1);
	line_free(l);
}

/* -- acks -- */

static void acks_follow_the_table(void **state)
{
	struct line *l = line_new();
	static const char *const all[] = { "id",          "1.2",     "from",      "100@lid",
					   "participant", "7:3@lid", "recipient", "8@lid",
					   "type",        "text",    NULL };
	static const char *const nameless[] = { "from", "100@lid", NULL };
	struct jid j;

	(void)state;
	l->up = true;
	line_link(l);
	device_ack(l->d, line_node(l, "message", all), 487);
	assert_true(node_is(line_sent(l, 0), "ack"));
	assert_true(node_attr_is(line_sent(l, 0), "class", "message"));
	assert_true(node_attr_is(line_sent(l, 0), "id", "1.2"));
	assert_true(node_attr_is(line_sent(l, 0), "error", "487"));
	assert_null(node_attr(line_sent(l, 0), "type"));
	assert_true(node_attr_jid(line_sent(l, 0), "to", &j) && strcmp(j.user, "100") == 0);
	assert_true(node_attr_jid(line_sent(l, 0), "from", &j) && j.device == 7);
	assert_true(node_attr_jid(line_sent(l, 0), "participant", &j) && j.device == 3);
	assert_non_null(node_attr(line_sent(l, 0), "recipient"));
	device_ack(l->d, line_node(l, "receipt", all), 0);
	assert_true(node_attr_is(line_sent(l, 0), "type", "text"));
	assert_null(node_attr(line_sent(l, 0), "from"));
	assert_null(node_attr(line_sent(l, 0), "error"));
	device_ack(l->d, line_node(l, "receipt", nameless), 0);
	assert_int_equal(l->sent_len, 2);
	line_free(l);
}

static void unknown_notifications_are_acked(void **state)
{
	struct line *l = line_new();

	(void)state;
	l->up = true;
	notification_on(l->d, line_node(l, "notification",
					(const char *const[]){ "id", "5", "from", "s.whatsapp.net",
							       "type", "of the future", NULL }));
	assert_int_equal(l->sent_len, 1);
	l->d->link->logged_in = true;
	notification_on(l->d, line_node(l, "notification",
					(const char *const[]){ "id", "6", "from", "s.whatsapp.net",
							       "type", "devices", NULL }));
	assert_int_equal(l->sent_len, 1); /* the message side takes it, and acks after its commit */
	line_free(l);
}

static void requests_of_the_server_are_answered(void **state)
{
	struct line *l = line_new();

	(void)state;
	l->up = true;
	server_iq_on(l->d,
		     line_node(l, "iq",
			       (const char *const[]){ "id", "5", "from", "s.whatsapp.net", "type",
						      "get", "xmlns", "urn:xmpp:ping", NULL }));
	assert_true(node_attr_is(line_sent(l, 0), "type", "result"));
	server_iq_on(l->d,
		     line_node(l, "iq",
			       (const char *const[]){ "id", "6", "from", "s.whatsapp.net", "type",
						      "set", "xmlns", "what", NULL }));
	assert_true(node_attr_is(node_child(line_sent(l, 0), "error"), "code", "501"));
	server_iq_on(l->d,
		     line_node(l, "iq",
			       (const char *const[]){ "id", "1.2-77", "from", "s.whatsapp.net",
						      "type", "result", NULL }));
	assert_int_equal(l->sent_len, 2);
	line_free(l);
}

/* -- payload -- */

static void payloads_are_those_of_the_vectors(void **state)
{
	struct line *l = line_new();
	json_t *v = vectors_load("pairing"), *c;
	struct client_payload own, want;
	size_t i;
	struct wr w;

	(void)state;
	wr_init(&w, 4096);
	payload_write(l->d, &w);
	assert_int_equal(client_payload_decode(l->a, wr_span(&w), &own, NULL), ERR_OK);
	assert_int_equal(client_payload_decode(l->a,
					       vectors_hex(l->a, v, "client_payload.registration"),
					       &want, NULL),
			 ERR_OK);
	assert_true(own.registers && want.registers && !own.passive && !own.pull);
	assert_memory_equal(own.version, want.version, sizeof(own.version));
	assert_true(span_eq(own.reg_id, want.reg_id) && span_eq(own.key_type, want.key_type));
	assert_true(span_eq(own.identity, want.identity) && span_eq(own.signed_id, want.signed_id));
	assert_true(span_eq(own.signed_pub, want.signed_pub));
	assert_true(span_eq(own.build_hash, want.build_hash));
	assert_true(own.signed_sig.len == 64 && own.device_props.len > 10);
	line_link(l);
	wr_reset(&w);
	payload_write(l->d, &w);
	assert_int_equal(client_payload_decode(l->a, wr_span(&w), &own, NULL), ERR_OK);
	assert_int_equal(client_payload_decode(l->a, vectors_hex(l->a, v, "client_payload.login"),
					       &want, NULL),
			 ERR_OK);
	assert_true(!own.registers && own.passive && own.pull);
	assert_true(own.username == want.username && own.device == want.device);
	json_array_foreach(vectors_at(v, "unified_session"), i, c) {
		int64_t ms = json_integer_value(json_object_get(c, "server_time_ms"));

		assert_int_equal(unified_session_id(ms), strtoull(vectors_text(c, "id"), NULL, 10));
	}
	wr_done(&w);
	json_decref(v);
	line_free(l);
}

/* -- login -- */

static void log_in(struct line *l)
{
	line_link(l);
	device_start(l->d);
	line_handshake(l);
	login_on_success(l->d, line_node(l, "success",
					 (const char *const[]){ "t", "1700000100", "lid",
								"100000000000001:7@lid", NULL }));
}

static void give_count(struct line *l, const char *value)
{
	const struct node *iq = line_sent(l, 0);
	struct node *answer = line_answer(l, iq, "result");

	assert_non_null(node_child(iq, "count"));
	node_append(answer, line_node(l, "count", (const char *const[]){ "value", value, NULL }));
	assert_true(iq_on_answer(l->d->iqs, answer));
}

static void give_ib(struct line *l, const char *child, const char *count)
{
	struct node *ib =
		line_node(l, "ib", (const char *const[]){ "from", "s.whatsapp.net", NULL });

	node_append(ib, line_node(l, child, (const char *const[]){ "count", count, NULL }));
	login_on_ib(l->d, ib);
}

static void to_online(struct line *l)
{
	log_in(l);
	give_count(l, "700");
	assert_non_null(node_child(line_sent(l, 0), "active"));
	assert_true(iq_on_answer(l->d->iqs, line_answer(l, line_sent(l, 0), "result")));
	give_ib(l, "offline", "0");
	assert_int_equal(l->d->state, DEVICE_ONLINE);
}

static void login_runs_to_online(void **state)
{
	struct line *l = line_new();
	struct device_info info;

	(void)state;
	free(l->d->push_name);
	l->d->push_name = strdup("Ann");
	to_online(l);
	assert_int_equal(l->onlines, 1);
	assert_true(node_is(line_sent(l, 0), "presence"));
	assert_true(node_attr_is(line_sent(l, 0), "type", "available"));
	assert_int_equal(l->d->server_offset_ms, 100000);
	assert_true(device_server_now(l->d).ms == 1700000100000);
	device_get(l->d, &info);
	assert_true(info.online_since.ms == 1700000000000);
	assert_true(line_was_state(l, DEVICE_SYNCING) && line_was_state(l, DEVICE_LOGGING_IN));
	line_free(l);
}

static void a_new_lid_is_learned(void **state)
{
	struct line *l = line_new();

	(void)state;
	line_link(l);
	l->d->lid = (struct addr){ 0 };
	device_start(l->d);
	line_handshake(l);
	login_on_success(l->d, line_node(l, "success",
					 (const char *const[]){ "t", "1700000100", "lid",
								"100000000000001:7@lid", NULL }));
	line_db(l);
	assert_int_equal(l->d->lid.user, 100000000000001);
	assert_int_equal(l->committed[0], STMT_DEVICE_SET_LID);
	assert_int_equal(l->committed[1], STMT_DEVICE_MAP_LID);
	line_free(l);
}

static void backlog_is_asked_for_in_batches(void **state)
{
	struct line *l = line_new();
	struct node *n =
		line_node(l, "message", (const char *const[]){ "id", "1", "offline", "1", NULL });
	unsigned batches = 0;

	(void)state;
	log_in(l);
	give_count(l, "700");
	give_ib(l, "offline_preview", "450");
	assert_non_null(node_child(line_sent(l, 0), "offline_batch"));
	for (int i = 0; i < 450; i++) {
		line_hear(l);
		login_note_stanza(l->d, n);
		line_pass(l, 100);
	}
	for (size_t i = 0; i < l->sent_len; i++)
		batches += node_is(l->sent[i], "ib") && node_child(l->sent[i], "offline_batch");
	assert_int_equal(batches, 4); /* the first, and after stanzas 1, 201, 401 */
	assert_int_equal(l->d->state, DEVICE_SYNCING);
	for (int i = 0; i < 61; i++) { /* the end marker is lost */
		line_hear(l);
		line_pass(l, 1000);
	}
	assert_int_equal(l->d->state, DEVICE_ONLINE);
	line_free(l);
}

static void low_stock_is_filled_before_the_backlog(void **state)
{
	struct line *l = line_new();
	const struct node *iq;
	unsigned keys = 0;

	(void)state;
	log_in(l);
	give_count(l, "0");
	line_db(l);
	iq = line_sent(l, 0);
	assert_int_equal(l->committed[0], STMT_PREKEY_ADD); /* stored before they are sent */
	NODE_EACH(key, node_child(iq, "list"))
		keys++;
	assert_int_equal(keys, 812);
	assert_int_equal(l->d->next_prekey_id, 813);
	assert_int_equal(node_bytes(node_child(iq, "registration")).len, 4);
	assert_int_equal(node_bytes(node_child(node_child(iq, "skey"), "signature")).len, 64);
	iq_on_answer(l->d->iqs, line_answer(l, iq, "result"));
	line_db(l);
	assert_int_equal(l->committed[1], STMT_PREKEY_UPLOADED);
	assert_non_null(node_child(line_sent(l, 0), "active"));
	line_free(l);
}

static void a_failed_upload_does_not_end_the_login(void **state)
{
	struct line *l = line_new();

	(void)state;
	log_in(l);
	give_count(l, "3");
	line_db(l);
	iq_on_answer(l->d->iqs, line_answer(l, line_sent(l, 0), "error"));
	assert_non_null(node_child(line_sent(l, 0), "active"));
	line_pass(l, 2000);
	assert_non_null(node_child(line_sent(l, 0), "count")); /* tried again by itself */
	line_free(l);
}

static void the_servers_count_causes_a_refill(void **state)
{
	struct line *l = line_new();
	struct node *n = line_node(l, "notification",
				   (const char *const[]){ "id", "5", "from", "s.whatsapp.net",
							  "type", "encrypt", NULL });
	unsigned keys = 0;

	(void)state;
	to_online(l);
	node_append(n, line_node(l, "count", (const char *const[]){ "value", "4", NULL }));
	notification_on(l->d, n);
	notification_on(l->d, n); /* one at a time */
	line_db(l);
	NODE_EACH(key, node_child(line_sent(l, 0), "list"))
		keys++;
	assert_int_equal(keys, 50);
	assert_true(node_is(line_sent(l, 1), "ack") && node_is(line_sent(l, 2), "ack"));
	line_free(l);
}

/* -- keep-alive, loss -- */

static void silence_is_noticed(void **state)
{
	struct line *l = line_new();
	size_t sent;

	(void)state;
	to_online(l);
	sent = l->sent_len;
	for (int i = 0; i < 30; i++) { /* frames come: no ping */
		line_pass(l, 1000);
		line_hear(l);
	}
	assert_int_equal(l->sent_len, sent);
	for (int i = 0; i < 31; i++)
		line_pass(l, 1000);
	assert_true(node_attr_is(line_sent(l, 0), "xmlns", "w:p"));
	for (int i = 0; i < 30; i++)
		line_pass(l, 1000);
	assert_int_equal(l->d->state, DEVICE_BACKOFF);
	assert_int_equal(l->offlines, 1);
	line_free(l);
}

static void loss_backs_off_and_comes_back(void **state)
{
	struct line *l = line_new();

	(void)state;
	to_online(l);
	for (unsigned i = 0; i < 4; i++) {
		link_lost(l->d, "test");
		assert_int_equal(l->d->state, DEVICE_BACKOFF);
		assert_int_equal(l->d->link->failures, i + 1);
		line_pass(l, 4000);
		line_handshake(l);
	}
	login_on_success(l->d,
			 line_node(l, "success", (const char *const[]){ "t", "1700000100", NULL }));
	line_pass(l, LINK_STABLE_MS - 1000);
	line_hear(l);
	line_pass(l, 1000);
	link_lost(l->d, "test");
	assert_int_equal(l->d->link->failures, 1); /* it had lasted */
	device_stop(l->d);
	assert_int_equal(l->d->state, DEVICE_IDLE);
	line_pass(l, 3600 * 1000);
	assert_int_equal(l->d->state, DEVICE_IDLE);
	line_free(l);
}

static void slow_answers_are_given_up(void **state)
{
	struct line *l = line_new();

	(void)state;
	line_link(l);
	device_start(l->d);
	line_handshake(l);
	assert_int_equal(l->d->state, DEVICE_LOGGING_IN);
	line_pass(l, LINK_LOGIN_MS);
	assert_int_equal(l->d->state, DEVICE_BACKOFF);
	line_free(l);
}

static void no_state_takes_what_is_not_for_it(void **state)
{
	enum device_state to;

	(void)state;
	for (int s = DEVICE_IDLE; s <= DEVICE_STOPPED; s++) {
		enum device_state from = (enum device_state)s;

		assert_true(link_next_state(from, EV_STOP, &to) && to == DEVICE_IDLE);
		assert_true(link_next_state(from, EV_HALT, &to) && to == DEVICE_STOPPED);
		assert_int_equal(link_next_state(from, EV_SUCCESS, &to), from == DEVICE_LOGGING_IN);
		assert_int_equal(link_next_state(from, EV_CAUGHT_UP, &to), from == DEVICE_SYNCING);
		for (int ev = 0; ev < LINK_EVENTS; ev++) {
			if (!link_next_state(from, (enum link_event)ev, &to))
				continue;
			print_message("%-12s %-10s %s\n", device_state_name(from),
				      link_event_name((enum link_event)ev), device_state_name(to));
		}
	}
	assert_false(link_next_state(DEVICE_ONLINE, EV_CONNECT, &to));
	assert_false(link_next_state(DEVICE_IDLE, EV_LOST, &to));
}

/* -- logout -- */

static void count_done(void *ctx)
{
	++*(unsigned *)ctx;
}

static void logout_tells_wipes_and_ends(void **state)
{
	struct line *l = line_new();
	unsigned done = 0;
	const struct node *remove;

	(void)state;
	to_online(l);
	device_logout(l->d, count_done, &done);
	remove = node_child(line_sent(l, 0), "remove-companion-device");
	assert_true(node_attr_is(remove, "reason", "user_initiated"));
	assert_true(iq_on_answer(l->d->iqs, line_answer(l, line_sent(l, 0), "result")));
	line_pass(l, 0);
	assert_int_equal(done, 0); /* not before the database has it */
	line_db(l);
	assert_int_equal(done, 1);
	assert_int_equal(l->d->state, DEVICE_STOPPED);
	assert_int_equal(l->d->fault, FAULT_LOGGED_OUT);
	assert_int_equal(l->committed[l->committed_len - 1], STMT_DEVICE_WIPE);
	line_pass(l, 10000);
	assert_int_equal(done, 1);
	line_free(l);
}

static void logout_ends_without_network_and_database(void **state)
{
	struct line *l = line_new();
	unsigned done = 0;

	(void)state;
	to_online(l);
	device_logout(l->d, count_done, &done);
	line_pass(l, 3000);
	assert_int_equal(l->d->state, DEVICE_STOPPED);
	assert_int_equal(done, 0);
	line_pass(l, 1999);
	assert_int_equal(done, 1);
	line_db(l);
	assert_int_equal(done, 1);
	line_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_find_their_request),
		cmocka_unit_test(a_request_that_cannot_leave_fails_later),
		cmocka_unit_test(a_lost_connection_ends_requests),
		cmocka_unit_test(acks_follow_the_table),
		cmocka_unit_test(unknown_notifications_are_acked),
		cmocka_unit_test(requests_of_the_server_are_answered),
		cmocka_unit_test(payloads_are_those_of_the_vectors),
		cmocka_unit_test(login_runs_to_online),
		cmocka_unit_test(a_new_lid_is_learned),
		cmocka_unit_test(backlog_is_asked_for_in_batches),
		cmocka_unit_test(low_stock_is_filled_before_the_backlog),
		cmocka_unit_test(a_failed_upload_does_not_end_the_login),
		cmocka_unit_test(the_servers_count_causes_a_refill),
		cmocka_unit_test(silence_is_noticed),
		cmocka_unit_test(loss_backs_off_and_comes_back),
		cmocka_unit_test(slow_answers_are_given_up),
		cmocka_unit_test(no_state_takes_what_is_not_for_it),
		cmocka_unit_test(logout_tells_wipes_and_ends),
		cmocka_unit_test(logout_ends_without_network_and_database),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
