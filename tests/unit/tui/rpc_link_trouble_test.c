/* What goes wrong between the console and wad. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/base/xalloc.h"

#include "tests/unit/tui/link_wad.h"

static void tries_ever_more_rarely(void **state)
{
	static const int waits[] = { 200, 400, 800, 1600, 3200, 5000, 5000 };
	struct wad w;

	(void)state;
	link_start(&w, NULL);
	unlink(w.path);
	link_turn(&w);
	for (size_t i = 0; i < ARRAY_LEN(waits); i++) {
		assert_int_equal(rpc_link_timeout_ms(w.link), waits[i]);
		assert_non_null(strstr(err_msg(rpc_link_why(w.link)), "no such socket"));
		link_pass(&w, waits[i] - 1);
		assert_int_equal(rpc_link_timeout_ms(w.link), 1);
		link_pass(&w, 1);
	}
	assert_int_equal(w.downs, 1); /* told once, not at each try */
	link_end(&w);
}

/* a wad that greets and then breaks off is not asked five times a second */
static void a_short_time_of_being_up_does_not_reset_the_wait(void **state)
{
	struct wad w;

	(void)state;
	link_come_up(&w);
	for (int wait = 200; wait <= 1600; wait *= 2) {
		link_hang_up(&w);
		link_turn(&w);
		assert_int_equal(rpc_link_retry_ms(w.link), wait);
		clock_fake_advance(&w.clock, wait);
		json_decref(link_welcome(&w, "0"));
	}
	assert_int_equal(w.downs, 4);
	link_end(&w);
}

static void patience_ends(void **state)
{
	struct wad w;
	struct caller a = { &w, "a" }, b = { &w, "b" };
	int64_t id;

	(void)state;
	link_come_up(&w);
	rpc_link_call(w.link, "queue.stats", NULL, link_on_answer, &a);
	link_turn(&w);
	id = link_hear_method(&w, "queue.stats", NULL);
	clock_fake_advance(&w.clock, 1000);
	rpc_link_call(w.link, "queue.workers", NULL, link_on_answer, &b);
	link_turn(&w);
	assert_int_equal(rpc_link_timeout_ms(w.link), RPC_LINK_ANSWER_MS - 1000);
	link_pass(&w, RPC_LINK_ANSWER_MS - 1000);
	assert_string_equal(w.answered, "a!timeout;");
	link_answer(&w, id, "\"result\":1"); /* late */
	link_answer(&w, link_hear_method(&w, "queue.workers", NULL), "\"result\":2");
	link_turn(&w);
	assert_string_equal(w.answered, "a!timeout;b=2;");
	assert_true(rpc_link_is_up(w.link));
	link_end(&w);
}

static void a_wad_that_does_not_greet_is_left(void **state)
{
	struct wad w;

	(void)state;
	link_start(&w, NULL);
	link_accept_one(&w);
	link_pass(&w, 9999);
	assert_true(rpc_link_fd(w.link) >= 0);
	link_pass(&w, 1);
	assert_int_equal(rpc_link_fd(w.link), -1);
	assert_int_equal(rpc_link_why(w.link)->code, ERR_TIMEOUT);
	assert_int_equal(w.downs, 1);
	link_hang_up(&w);
	link_end(&w);
}

static void a_greeting_that_is_refused_says_why(void **state)
{
	static const struct {
		const char *rest;
		enum errc code;
	} rows[] = {
		{ "\"error\":{\"code\":-32002,\"message\":\"not permitted\",\"data\":{\"name\":\"forbidden\"}}",
		  ERR_FORBIDDEN },
		{ "\"result\":{\"server\":\"wad\",\"version\":\"3\",\"api\":\"2.0\"}",
		  ERR_UNSUPPORTED },
		{ "\"result\":{}", ERR_UNSUPPORTED },
		{ "\"neither\":1", ERR_BAD_INPUT },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct wad w;

		link_start(&w, NULL);
		link_accept_one(&w);
		link_answer(&w, link_hear_method(&w, "system.hello", NULL), rows[i].rest);
		link_turn(&w);
		assert_false(rpc_link_is_up(w.link));
		assert_int_equal(rpc_link_fd(w.link), -1);
		assert_int_equal(rpc_link_why(w.link)->code, rows[i].code);
		assert_int_equal(w.ups, 0);
		link_end(&w);
	}
}

static void nonsense_ends_the_connection_not_the_console(void **state)
{
	static const char *const nonsense[] = {
		"hello\n",
		"{\"jsonrpc\":\"2.0\",\"id\":1\n",
		"\xff\xfe\n",
		"{\"id\":null,\"error\":{\"code\":-32700,\"message\":\"not JSON\",\"data\":{\"name\":\"parse\"}}}\n",
	};
	/* not for us, but harmless */
	static const char *const odd[] = { "[]\n",
					   "5\n",
					   "{}\n",
					   "{\"method\":7}\n",
					   "{\"method\":\"event\"}\n",
					   "{\"method\":\"x\",\"params\":[]}\n",
					   "{\"id\":\"1\",\"result\":2}\n" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(nonsense); i++) {
		struct wad w;
		struct caller a = { &w, "a" };

		link_come_up(&w);
		for (size_t o = 0; o < ARRAY_LEN(odd); o++)
			link_say(&w, odd[o]);
		link_turn(&w);
		assert_true(rpc_link_is_up(w.link));
		assert_int_equal(w.events, 0);
		rpc_link_call(w.link, "queue.stats", NULL, link_on_answer, &a);
		link_say(&w, nonsense[i]);
		link_say(
			&w,
			"{\"jsonrpc\":\"2.0\",\"method\":\"event\",\"params\":{\"topic\":\"x\"}}\n");
		link_turn(&w);
		assert_false(rpc_link_is_up(w.link));
		assert_int_equal(w.events, 0); /* nothing behind it counts */
		assert_string_equal(w.answered, "a!unreachable;");
		link_hang_up(&w);
		clock_fake_advance(&w.clock, 200);
		json_decref(link_welcome(&w, "0"));
		link_end(&w);
	}
}

/* lines with bytes knocked out of place: it stays up, or is down for a reason and comes back */
static void damaged_lines_do_no_harm(void **state)
{
	static const char *const lines[] = {
		"{\"jsonrpc\":\"2.0\",\"method\":\"event\",\"params\":{\"id\":\"5\",\"at\":\"x\",\"topic\":\"a.b\",\"data\":{\"text\":\"t\"}}}\n",
		"{\"jsonrpc\":\"2.0\",\"id\":4,\"result\":{\"a\":[1,2,{\"b\":null}]}}\n",
		"{\"jsonrpc\":\"2.0\",\"id\":4,\"error\":{\"code\":-32004,\"message\":\"m\",\"data\":{\"name\":\"not_found\",\"field\":\"f\"}}}\n",
		"{\"jsonrpc\":\"2.0\",\"method\":\"event.lost\",\"params\":{\"from\":\"1\",\"to\":\"2\"}}\n",
	};
	static const char bytes[] = "\"{}[]:,\\0-9ne\n \xff\x01.";
	uint32_t seed = 20261122;
	struct wad w;
	struct caller a = { &w, "a" };
	int falls = 0;

	(void)state;
	link_come_up(&w);
	for (int round = 0; round < 4000; round++) {
		AUTO_FREE char *line = xstrdup(lines[round % 4]);
		size_t len = strlen(line);

		for (int i = 0; i <= round % 3; i++) {
			seed = seed * 1664525 + 1013904223;
			line[(seed >> 8) % len] = bytes[(seed >> 24) % (sizeof bytes - 1)];
		}
		w.answered[0] = '\0';
		rpc_link_call(w.link, "queue.stats", NULL, link_on_answer, &a);
		link_say(&w, line);
		link_say(&w, "\n");
		link_turn(&w);
		if (rpc_link_is_up(w.link)) {
			assert_int_equal(rpc_link_why(w.link)->code, ERR_OK);
			rpc_link_forget(w.link, &a);
			link_pass(&w, RPC_LINK_ANSWER_MS);
			continue;
		}
		falls++;
		assert_int_not_equal(rpc_link_why(w.link)->code, ERR_OK);
		assert_false(rpc_link_waits_for(w.link, &a));
		link_hang_up(&w);
		clock_fake_advance(&w.clock, 5000);
		json_decref(link_welcome(&w, "5"));
	}
	assert_in_range(falls, 100, 3900); /* both happen */
	link_end(&w);
}

static void a_line_without_end_ends_the_connection(void **state)
{
	AUTO_FREE char *much = xmalloc(1 << 20);
	struct wad w;

	(void)state;
	memset(much, 'x', (1 << 20) - 1);
	much[(1 << 20) - 1] = '\0';
	link_come_up(&w);
	for (int i = 0; i < 64 && rpc_link_fd(w.link) >= 0; i++) {
		link_say(&w, much);
		link_turn(&w);
	}
	assert_int_equal(rpc_link_fd(w.link), -1);
	assert_int_equal(rpc_link_why(w.link)->code, ERR_TOO_LARGE);
	link_end(&w);
}

static void calls_have_bounds(void **state)
{
	AUTO_FREE char *much = xmalloc(RPC_LINE_MAX + 1);
	struct wad w;
	struct caller a = { &w, "a" }, b = { &w, "b" };

	(void)state;
	link_come_up(&w);
	memset(much, 'x', RPC_LINE_MAX);
	much[RPC_LINE_MAX] = '\0';
	rpc_link_call(w.link, "message.send", json_pack("{s:s}", "text", much), link_on_answer, &a);
	for (int i = 0; i < RPC_LINK_CALLS_MAX; i++)
		rpc_link_call(w.link, "queue.stats", NULL, link_on_answer, &b);
	rpc_link_call(w.link, "queue.stats", NULL, link_on_answer, &a);
	link_turn(&w);
	assert_string_equal(w.answered, "a!too_large;a!busy;");
	link_end(&w);
}

static void large_requests_wait_for_the_socket(void **state)
{
	AUTO_FREE char *much = xmalloc(3 << 20);
	struct wad w;
	struct caller a = { &w, "a" }, b = { &w, "b" };
	json_t *params = NULL;
	int64_t id;

	(void)state;
	memset(much, 'y', (3 << 20) - 1);
	much[(3 << 20) - 1] = '\0';
	link_come_up(&w);
	rpc_link_call(w.link, "message.send", json_pack("{s:s}", "text", much), link_on_answer, &a);
	link_turn(&w);
	assert_true(rpc_link_wants(w.link) & POLLOUT); /* more than the socket takes */
	rpc_link_call(w.link, "queue.stats", NULL, link_on_answer, &b);
	id = link_hear_method(&w, "message.send", &params);
	assert_int_equal(json_string_length(json_object_get(params, "text")), (3 << 20) - 1);
	json_decref(params);
	link_answer(&w, id, "\"result\":1");
	link_answer(&w, link_hear_method(&w, "queue.stats", NULL), "\"result\":2");
	link_turn(&w);
	assert_string_equal(w.answered, "a=1;b=2;");
	link_end(&w);
}

static void the_socket_is_found_when_none_is_named(void **state)
{
	struct clock_fake clock;
	struct rpc_link *l;
	char longer[200];

	(void)state;
	clock_fake_init(&clock, 1800000000000);
	setenv("WAD_SOCKET", "/nonexistent/by-name", 1);
	l = rpc_link_new(&(struct rpc_link_opts){ .clock = &clock.base });
	rpc_link_turn(l, 0);
	assert_string_equal(err_msg(rpc_link_why(l)),
			    "/nonexistent/by-name: no such socket; is wad running?");
	rpc_link_free(l);
	unsetenv("WAD_SOCKET");
	memset(longer, 'x', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	l = rpc_link_new(&(struct rpc_link_opts){ .clock = &clock.base, .socket_path = longer });
	rpc_link_turn(l, 0);
	assert_non_null(strstr(err_msg(rpc_link_why(l)), "at most 107 bytes"));
	rpc_link_free(l);
	rpc_link_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tries_ever_more_rarely),
		cmocka_unit_test(a_short_time_of_being_up_does_not_reset_the_wait),
		cmocka_unit_test(patience_ends),
		cmocka_unit_test(a_wad_that_does_not_greet_is_left),
		cmocka_unit_test(a_greeting_that_is_refused_says_why),
		cmocka_unit_test(nonsense_ends_the_connection_not_the_console),
		cmocka_unit_test(damaged_lines_do_no_harm),
		cmocka_unit_test(a_line_without_end_ends_the_connection),
		cmocka_unit_test(calls_have_bounds),
		cmocka_unit_test(large_requests_wait_for_the_socket),
		cmocka_unit_test(the_socket_is_found_when_none_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
