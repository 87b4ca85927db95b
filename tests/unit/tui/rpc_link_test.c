#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "shared/base/xalloc.h"

#include "tests/unit/tui/link_wad.h"

static void greets_and_knows_who_it_is(void **state)
{
	struct wad w;
	json_t *params = NULL;
	int64_t id;

	(void)state;
	link_start(&w, "second");
	assert_int_equal(rpc_link_timeout_ms(w.link), 0); /* tries at once */
	link_accept_one(&w);
	id = link_hear_method(&w, "system.hello", &params);
	assert_string_equal(json_string_value(json_object_get(params, "client")), "watui");
	json_decref(params);
	assert_string_equal(rpc_link_who(w.link)->user, "");
	link_answer(&w, id, HELLO);
	link_turn(&w);
	assert_string_equal(rpc_link_who(w.link)->user, "boss");
	assert_string_equal(rpc_link_who(w.link)->server, "wad 9.8");
	id = link_hear_method(&w, "system.act_as", &params);
	assert_string_equal(json_string_value(json_object_get(params, "user")), "second");
	json_decref(params);
	link_answer(&w, id, "\"result\":{\"user\":\"7\",\"name\":\"second\",\"role\":\"viewer\"}");
	link_turn(&w);
	assert_string_equal(rpc_link_who(w.link)->user, "second");
	assert_string_equal(rpc_link_who(w.link)->role, "viewer");
	assert_string_equal(rpc_link_who(w.link)->zone, "Asia/Jakarta"); /* not told anew */
	id = link_hear_method(&w, "event.subscribe", &params);
	assert_null(json_object_get(params, "since_id"));
	json_decref(params);
	assert_false(rpc_link_is_up(w.link));
	assert_int_equal(w.ups, 0);
	link_answer(&w, id, "\"result\":{\"subscription\":\"1\",\"last_id\":\"0\"}");
	link_turn(&w);
	assert_true(rpc_link_is_up(w.link));
	assert_int_equal(w.ups, 1);
	assert_int_equal(w.downs, 0);
	assert_int_equal(rpc_link_timeout_ms(w.link), -1);
	link_end(&w);
}

static void answers_find_their_calls_in_any_order(void **state)
{
	struct wad w;
	struct caller a = { &w, "a" }, b = { &w, "b" }, c = { &w, "c" };
	int64_t ids[3];

	(void)state;
	link_come_up(&w);
	rpc_link_call(w.link, "queue.stats", NULL, link_on_answer, &a);
	rpc_link_call(w.link, "device.show", json_pack("{s:s}", "device", "1"), link_on_answer, &b);
	rpc_link_call(w.link, "device.pair", NULL, link_on_answer, &c);
	rpc_link_call(w.link, "device.list", NULL, NULL, NULL);
	assert_true(rpc_link_wants(w.link) & POLLOUT);
	link_turn(&w);
	assert_false(rpc_link_wants(w.link) & POLLOUT);
	ids[0] = link_hear_method(&w, "queue.stats", NULL);
	ids[1] = link_hear_method(&w, "device.show", NULL);
	ids[2] = link_hear_method(&w, "device.pair", NULL);
	assert_true(rpc_link_waits_for(w.link, &b));
	link_answer(&w, ids[2], "\"result\":3");
	link_answer(&w, ids[0],
		    "\"error\":{\"code\":-32004,\"message\":\"no such device\",\"data\":"
		    "{\"name\":\"not_found\",\"field\":\"device\"}}");
	link_answer(&w, link_hear_method(&w, "device.list", NULL), "\"result\":{}");
	link_answer(&w, 999, "\"result\":9");    /* of nobody */
	link_answer(&w, ids[2], "\"result\":9"); /* twice */
	link_answer(&w, ids[1], "\"result\":2");
	link_turn(&w);
	assert_string_equal(w.answered, "c=3;a!not_found@device;b=2;");
	assert_false(rpc_link_waits_for(w.link, &b));
	assert_true(rpc_link_is_up(w.link));
	link_end(&w);
}

static void bytes_may_come_one_at_a_time(void **state)
{
	static const char *const text =
		"{\"jsonrpc\":\"2.0\",\"method\":\"event\",\"params\":{\"subscription\":\"1\",\"id\":"
		"\"41\",\"at\":\"2026-11-22T10:00:00.000Z\",\"topic\":\"message.received\",\"data\":"
		"{\"text\":\"\xc3\xa9\xe2\x82\xac\"}}}\r\n\n{\"jsonrpc\":\"2.0\",\"id\":";
	struct wad w;
	struct caller a = { &w, "a" };
	char tail[40];
	int64_t id;

	(void)state;
	link_come_up(&w);
	rpc_link_call(w.link, "queue.stats", NULL, link_on_answer, &a);
	link_turn(&w);
	id = link_hear_method(&w, "queue.stats", NULL);
	for (const char *c = text; *c; c++) {
		link_say(&w, (char[]){ *c, '\0' });
		link_turn(&w);
	}
	assert_int_equal(w.events, 1);
	assert_int_equal(w.event_ids[0], 41);
	assert_string_equal(w.event_text, "\xc3\xa9\xe2\x82\xac");
	snprintf(tail, sizeof tail, "%" PRId64 ",\"result\":5}\n", id);
	for (const char *c = tail; *c; c++) {
		assert_int_equal(w.answers, 0);
		link_say(&w, (char[]){ *c, '\0' });
		link_turn(&w);
	}
	assert_string_equal(w.answered, "a=5;");
	link_end(&w);
}

static void comes_back_and_goes_on_where_it_was(void **state)
{
	struct wad w;
	struct caller a = { &w, "a" };
	json_t *params;

	(void)state;
	link_start(&w, NULL);
	json_decref(link_welcome(&w, "17"));
	link_say(
		&w,
		"{\"jsonrpc\":\"2.0\",\"method\":\"event\",\"params\":{\"id\":\"19\",\"topic\":\"x.y\"}}\n"
		"{\"jsonrpc\":\"2.0\",\"method\":\"event\",\"params\":{\"id\":\"18\",\"topic\":\"x.y\"}}\n"
		"{\"jsonrpc\":\"2.0\",\"method\":\"event\",\"params\":{\"topic\":\"database.lost\"}}\n");
	link_turn(&w);
	assert_int_equal(w.events, 3); /* 18 was committed behind 19 */
	assert_int_equal(w.event_ids[2], 0);
	rpc_link_call(w.link, "queue.stats", NULL, link_on_answer, &a);
	link_turn(&w);
	link_hear_method(&w, "queue.stats", NULL);
	clock_fake_advance(&w.clock, 60000);
	link_hang_up(&w);
	link_turn(&w);
	assert_string_equal(w.answered, "a!unreachable;");
	assert_int_equal(w.downs, 1);
	assert_false(rpc_link_is_up(w.link));
	assert_int_equal(rpc_link_fd(w.link), -1);
	assert_int_equal(rpc_link_retry_ms(w.link), 200);
	assert_int_equal(rpc_link_timeout_ms(w.link), 200);
	clock_fake_advance(&w.clock, 200);
	assert_int_equal(rpc_link_down_ms(w.link), 200);
	params = link_welcome(&w, "18");
	assert_string_equal(json_string_value(json_object_get(params, "since_id")), "18");
	json_decref(params);
	link_say(
		&w,
		"{\"jsonrpc\":\"2.0\",\"method\":\"event\",\"params\":{\"id\":\"18\",\"topic\":\"x.y\"}}\n"
		"{\"jsonrpc\":\"2.0\",\"method\":\"event\",\"params\":{\"id\":\"20\",\"topic\":\"x.z\"}}\n");
	link_turn(&w);
	assert_int_equal(w.events, 4); /* 18 is not told twice */
	assert_string_equal(w.event_topic, "x.z");
	assert_int_equal(w.ups, 2);
	assert_int_equal(w.losses, 0);
	link_end(&w);
}

static void forgotten_callers_hear_nothing(void **state)
{
	struct wad w;
	struct caller a = { &w, "a" }, b = { &w, "b" };
	int64_t ids[2];

	(void)state;
	link_come_up(&w);
	rpc_link_call(w.link, "queue.stats", NULL, link_on_answer, &a);
	rpc_link_call(w.link, "queue.workers", NULL, link_on_answer, &b);
	link_turn(&w);
	ids[0] = link_hear_method(&w, "queue.stats", NULL);
	ids[1] = link_hear_method(&w, "queue.workers", NULL);
	clock_fake_advance(&w.clock, 3000);
	assert_int_equal(rpc_link_waiting_ms(w.link), 3000);
	rpc_link_forget(w.link, &a);
	assert_false(rpc_link_waits_for(w.link, &a));
	rpc_link_forget(w.link, &b);
	assert_int_equal(rpc_link_waiting_ms(w.link), 0);
	rpc_link_call(w.link, "queue.stats", NULL, link_on_answer, &b);
	link_answer(&w, ids[0], "\"result\":1");
	link_answer(&w, ids[1], "\"result\":2");
	link_turn(&w);
	assert_int_equal(w.answers, 0);
	link_answer(&w, link_hear_method(&w, "queue.stats", NULL),
		    "\"result\":3"); /* asked after that */
	link_turn(&w);
	assert_string_equal(w.answered, "b=3;");
	rpc_link_call(w.link, "queue.stats", NULL, link_on_answer, &b);
	link_hang_up(&w);
	rpc_link_forget(w.link, &b);
	link_turn(&w);
	assert_int_equal(w.answers, 1);
	link_end(&w);
}

static void losses_are_told(void **state)
{
	struct wad w;

	(void)state;
	link_start(&w, NULL);
	json_decref(link_welcome(&w, "50"));
	link_say(
		&w,
		"{\"jsonrpc\":\"2.0\",\"method\":\"event.lost\",\"params\":{\"from\":\"51\",\"to\":\"60\"}}\n");
	link_turn(&w);
	assert_int_equal(w.losses, 1);
	link_hang_up(&w);
	link_turn(&w);
	clock_fake_advance(&w.clock, 200);
	json_decref(link_welcome(&w, "7")); /* a younger database stands there */
	assert_int_equal(w.losses, 2);
	assert_int_equal(w.ups, 2);
	link_end(&w);
}

static void calls_while_down_are_answered_by_a_turn(void **state)
{
	struct wad w;
	struct caller a = { &w, "a" };

	(void)state;
	link_start(&w, NULL);
	unlink(w.path);
	link_turn(&w);
	rpc_link_call(w.link, "queue.stats", json_object(), link_on_answer, &a);
	assert_int_equal(w.answers, 0);
	assert_true(rpc_link_waits_for(w.link, &a));
	assert_int_equal(rpc_link_timeout_ms(w.link), 0);
	link_turn(&w);
	assert_string_equal(w.answered, "a!unreachable;");
	assert_true(rpc_link_timeout_ms(w.link) > 0);
	link_end(&w);
}

static void call_again(void *ctx, const json_t *result, const struct err *e, const json_t *data)
{
	struct caller *c = ctx;

	(void)result;
	(void)e;
	(void)data;
	c->w->answers++;
	rpc_link_call(c->w->link, "queue.stats", NULL, call_again, c);
}

static void who_asks_again_from_an_answer_does_not_hold_up_the_loop(void **state)
{
	struct wad w;
	struct caller a = { &w, "a" };

	(void)state;
	link_start(&w, NULL);
	unlink(w.path);
	rpc_link_call(w.link, "queue.stats", NULL, call_again, &a);
	for (int i = 1; i <= 5; i++) {
		link_turn(&w);
		assert_int_equal(w.answers, i);
	}
	link_end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(greets_and_knows_who_it_is),
		cmocka_unit_test(answers_find_their_calls_in_any_order),
		cmocka_unit_test(bytes_may_come_one_at_a_time),
		cmocka_unit_test(comes_back_and_goes_on_where_it_was),
		cmocka_unit_test(forgotten_callers_hear_nothing),
		cmocka_unit_test(losses_are_told),
		cmocka_unit_test(calls_while_down_are_answered_by_a_turn),
		cmocka_unit_test(who_asks_again_from_an_answer_does_not_hold_up_the_loop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
