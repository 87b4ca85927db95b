/* The other side is a socket of this very thread and the clock is fake: what was written can be read
 * at once, so that each step is told, not waited for. */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "shared/base/xalloc.h"
#include "shared/rpc/jsonrpc.h"

#include "tests/unit/testing.h"
#include "tui/rpc_link.h"

struct wad {
	char dir[32], path[64];
	int listener, conn; /* conn -1: nobody */
	struct rpc_lines in;
	struct clock_fake clock;
	struct rpc_link *link;
	/* what the sink was told */
	int ups, downs, losses, events;
	int64_t event_ids[16];
	char event_topic[32], event_text[32];
	/* what callers were told */
	int answers;
	char answered[256]; /* "a=1;b!timeout;" */
};

/* -- the sink -- */

static void on_up(void *ctx)
{
	struct wad *w = ctx;

	w->ups++;
}

static void on_down(void *ctx, const struct err *why)
{
	struct wad *w = ctx;

	assert_int_not_equal(why->code, ERR_OK);
	w->downs++;
}

static void on_event(void *ctx, int64_t id, const char *at, const char *topic, const json_t *data)
{
	struct wad *w = ctx;
	const char *text = json_string_value(json_object_get(data, "text"));

	(void)at;
	w->event_ids[w->events++ % 16] = id;
	snprintf(w->event_topic, sizeof w->event_topic, "%s", topic);
	snprintf(w->event_text, sizeof w->event_text, "%s", text ? text : "");
}

static void on_lost(void *ctx)
{
	struct wad *w = ctx;

	w->losses++;
}

/* -- the life of a world -- */

static void start(struct wad *w, const char *user)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	*w = (struct wad){ .dir = "/tmp/watui-link-XXXXXX", .conn = -1 };
	assert_non_null(mkdtemp(w->dir));
	snprintf(w->path, sizeof w->path, "%s/s", w->dir);
	snprintf(address.sun_path, sizeof address.sun_path, "%s", w->path);
	w->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(w->listener, (const struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(w->listener, 4), 0);
	rpc_lines_init(&w->in, RPC_LINE_MAX);
	clock_fake_init(&w->clock, 1800000000000);
	w->link = rpc_link_new(
		&(struct rpc_link_opts){ .clock = &w->clock.base,
					 .socket_path = w->path,
					 .user = user,
					 .sink = { w, on_up, on_down, on_event, on_lost } });
}

static void hang_up(struct wad *w)
{
	if (w->conn >= 0)
		close(w->conn);
	w->conn = -1;
	rpc_lines_done(&w->in);
	rpc_lines_init(&w->in, RPC_LINE_MAX);
}

static void end(struct wad *w)
{
	rpc_link_free(w->link);
	hang_up(w);
	close(w->listener);
	unlink(w->path);
	rmdir(w->dir);
	rpc_lines_done(&w->in);
}

/* one turn of a loop that never waits */
static void turn(struct wad *w)
{
	struct pollfd p = { .fd = rpc_link_fd(w->link), .events = rpc_link_wants(w->link) };

	poll(&p, 1, 0);
	rpc_link_turn(w->link, p.fd < 0 ? 0 : p.revents);
}

static void pass(struct wad *w, int64_t ms)
{
	clock_fake_advance(&w->clock, ms);
	turn(w);
}

/* -- the side of wad -- */

static void say(struct wad *w, const char *text)
{
	for (size_t at = 0, len = strlen(text); at < len;) {
		ssize_t n = send(w->conn, text + at, len - at, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n > 0)
			at += (size_t)n;
		else
			turn(w); /* the socket is full: the link reads */
		if (rpc_link_fd(w->link) < 0)
			return;
	}
}

/* the next request; the caller's */
static json_t *hear(struct wad *w)
{
	json_t *v = NULL;
	struct span line;

	for (int i = 0; i < 1000000 && !rpc_lines_next(&w->in, &line); i++) {
		static uint8_t chunk[65536];
		ssize_t n = recv(w->conn, chunk, sizeof chunk, MSG_DONTWAIT);

		if (n > 0)
			assert_int_equal(rpc_lines_feed(&w->in, span_of(chunk, (size_t)n), NULL),
					 ERR_OK);
		else
			turn(w);
		line = SPAN_NONE;
	}
	assert_non_null(line.at);
	assert_int_equal(rpc_json_load(line, &v, NULL), ERR_OK);
	return v;
}

static int64_t hear_method(struct wad *w, const char *method, json_t **ret_params)
{
	json_t *v = hear(w);
	int64_t id = json_integer_value(json_object_get(v, "id"));

	assert_string_equal(json_string_value(json_object_get(v, "method")), method);
	if (ret_params)
		*ret_params = json_incref(json_object_get(v, "params"));
	json_decref(v);
	return id;
}

static void answer(struct wad *w, int64_t id, const char *rest)
{
	AUTO_FREE char *line = xasprintf("{\"jsonrpc\":\"2.0\",\"id\":%" PRId64 ",%s}\n", id, rest);

	say(w, line);
}

static void accept_one(struct wad *w)
{
	turn(w); /* connects */
	w->conn = accept4(w->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	assert_true(w->conn >= 0);
	turn(w); /* writes */
}

#define HELLO                                                                                \
	"\"result\":{\"server\":\"wad\",\"version\":\"9.8\",\"api\":\"1.7\",\"user\":\"3\"," \
	"\"name\":\"boss\",\"role\":\"admin\",\"zone\":\"Asia/Jakarta\"}"

/* up to the subscription; the caller's params of it */
static json_t *welcome(struct wad *w, const char *last_id)
{
	AUTO_FREE char *subscribed =
		xasprintf("\"result\":{\"subscription\":\"1\",\"last_id\":\"%s\"}", last_id);
	json_t *params = NULL;

	accept_one(w);
	answer(w, hear_method(w, "system.hello", NULL), HELLO);
	turn(w);
	answer(w, hear_method(w, "event.subscribe", &params), subscribed);
	turn(w);
	assert_true(rpc_link_is_up(w->link));
	return params;
}

static void come_up(struct wad *w)
{
	start(w, NULL);
	json_decref(welcome(w, "0"));
}

/* -- callers -- */

struct caller {
	struct wad *w;
	const char *name;
};

static void on_answer(void *ctx, const json_t *result, const struct err *e, const json_t *data)
{
	const struct caller *c = ctx;
	const char *field = json_string_value(json_object_get(data, "field"));
	size_t used = strlen(c->w->answered);

	c->w->answers++;
	if (e)
		snprintf(c->w->answered + used, sizeof c->w->answered - used, "%s!%s%s%s;", c->name,
			 err_name(e->code), field ? "@" : "", field ? field : "");
	else
		snprintf(c->w->answered + used, sizeof c->w->answered - used,
			 "%s=%" JSON_INTEGER_FORMAT ";", c->name, json_integer_value(result));
}

/* -- tests -- */

static void greets_and_knows_who_it_is(void **state)
{
	struct wad w;
	json_t *params = NULL;
	int64_t id;

	(void)state;
	start(&w, "second");
	assert_int_equal(rpc_link_timeout_ms(w.link), 0); /* tries at once */
	accept_one(&w);
	id = hear_method(&w, "system.hello", &params);
	assert_string_equal(json_string_value(json_object_get(params, "client")), "watui");
	json_decref(params);
	assert_string_equal(rpc_link_who(w.link)->user, "");
	answer(&w, id, HELLO);
	turn(&w);
	assert_string_equal(rpc_link_who(w.link)->user, "boss");
	assert_string_equal(rpc_link_who(w.link)->server, "wad 9.8");
	id = hear_method(&w, "system.act_as", &params);
	assert_string_equal(json_string_value(json_object_get(params, "user")), "second");
	json_decref(params);
	answer(&w, id, "\"result\":{\"user\":\"7\",\"name\":\"second\",\"role\":\"viewer\"}");
	turn(&w);
	assert_string_equal(rpc_link_who(w.link)->user, "second");
	assert_string_equal(rpc_link_who(w.link)->role, "viewer");
	assert_string_equal(rpc_link_who(w.link)->zone, "Asia/Jakarta"); /* not told anew */
	id = hear_method(&w, "event.subscribe", &params);
	assert_null(json_object_get(params, "since_id"));
	json_decref(params);
	assert_false(rpc_link_is_up(w.link));
	assert_int_equal(w.ups, 0);
	answer(&w, id, "\"result\":{\"subscription\":\"1\",\"last_id\":\"0\"}");
	turn(&w);
	assert_true(rpc_link_is_up(w.link));
	assert_int_equal(w.ups, 1);
	assert_int_equal(w.downs, 0);
	assert_int_equal(rpc_link_timeout_ms(w.link), -1);
	end(&w);
}

static void answers_find_their_calls_in_any_order(void **state)
{
	struct wad w;
	struct caller a = { &w, "a" }, b = { &w, "b" }, c = { &w, "c" };
	int64_t ids[3];

	(void)state;
	come_up(&w);
	rpc_link_call(w.link, "queue.stats", NULL, on_answer, &a);
	rpc_link_call(w.link, "device.show", json_pack("{s:s}", "device", "1"), on_answer, &b);
	rpc_link_call(w.link, "device.pair", NULL, on_answer, &c);
	rpc_link_call(w.link, "device.list", NULL, NULL, NULL);
	assert_true(rpc_link_wants(w.link) & POLLOUT);
	turn(&w);
	assert_false(rpc_link_wants(w.link) & POLLOUT);
	ids[0] = hear_method(&w, "queue.stats", NULL);
	ids[1] = hear_method(&w, "device.show", NULL);
	ids[2] = hear_method(&w, "device.pair", NULL);
	assert_true(rpc_link_waits_for(w.link, &b));
	answer(&w, ids[2], "\"result\":3");
	answer(&w, ids[0],
	       "\"error\":{\"code\":-32004,\"message\":\"no such device\",\"data\":"
	       "{\"name\":\"not_found\",\"field\":\"device\"}}");
	answer(&w, hear_method(&w, "device.list", NULL), "\"result\":{}");
	answer(&w, 999, "\"result\":9");    /* of nobody */
	answer(&w, ids[2], "\"result\":9"); /* twice */
	answer(&w, ids[1], "\"result\":2");
	turn(&w);
	assert_string_equal(w.answered, "c=3;a!not_found@device;b=2;");
	assert_false(rpc_link_waits_for(w.link, &b));
	assert_true(rpc_link_is_up(w.link));
	end(&w);
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
	come_up(&w);
	rpc_link_call(w.link, "queue.stats", NULL, on_answer, &a);
	turn(&w);
	id = hear_method(&w, "queue.stats", NULL);
	for (const char *c = text; *c; c++) {
		say(&w, (char[]){ *c, '\0' });
		turn(&w);
	}
	assert_int_equal(w.events, 1);
	assert_int_equal(w.event_ids[0], 41);
	assert_string_equal(w.event_text, "\xc3\xa9\xe2\x82\xac");
	snprintf(tail, sizeof tail, "%" PRId64 ",\"result\":5}\n", id);
	for (const char *c = tail; *c; c++) {
		assert_int_equal(w.answers, 0);
		say(&w, (char[]){ *c, '\0' });
		turn(&w);
	}
	assert_string_equal(w.answered, "a=5;");
	end(&w);
}

static void comes_back_and_goes_on_where_it_was(void **state)
{
	struct wad w;
	struct caller a = { &w, "a" };
	json_t *params;

	(void)state;
	start(&w, NULL);
	json_decref(welcome(&w, "17"));
	say(&w,
	    "{\"jsonrpc\":\"2.0\",\"method\":\"event\",\"params\":{\"id\":\"19\",\"topic\":\"x.y\"}}\n"
	    "{\"jsonrpc\":\"2.0\",\"method\":\"event\",\"params\":{\"id\":\"18\",\"topic\":\"x.y\"}}\n"
	    "{\"jsonrpc\":\"2.0\",\"method\":\"event\",\"params\":{\"topic\":\"database.lost\"}}\n");
	turn(&w);
	assert_int_equal(w.events, 3); /* 18 was committed behind 19 */
	assert_int_equal(w.event_ids[2], 0);
	rpc_link_call(w.link, "queue.stats", NULL, on_answer, &a);
	turn(&w);
	hear_method(&w, "queue.stats", NULL);
	clock_fake_advance(&w.clock, 60000);
	hang_up(&w);
	turn(&w);
	assert_string_equal(w.answered, "a!unreachable;");
	assert_int_equal(w.downs, 1);
	assert_false(rpc_link_is_up(w.link));
	assert_int_equal(rpc_link_fd(w.link), -1);
	assert_int_equal(rpc_link_retry_ms(w.link), 200);
	assert_int_equal(rpc_link_timeout_ms(w.link), 200);
	clock_fake_advance(&w.clock, 200);
	assert_int_equal(rpc_link_down_ms(w.link), 200);
	params = welcome(&w, "18");
	assert_string_equal(json_string_value(json_object_get(params, "since_id")), "18");
	json_decref(params);
	say(&w,
	    "{\"jsonrpc\":\"2.0\",\"method\":\"event\",\"params\":{\"id\":\"18\",\"topic\":\"x.y\"}}\n"
	    "{\"jsonrpc\":\"2.0\",\"method\":\"event\",\"params\":{\"id\":\"20\",\"topic\":\"x.z\"}}\n");
	turn(&w);
	assert_int_equal(w.events, 4); /* 18 is not told twice */
	assert_string_equal(w.event_topic, "x.z");
	assert_int_equal(w.ups, 2);
	assert_int_equal(w.losses, 0);
	end(&w);
}

static void tries_ever_more_rarely(void **state)
{
	static const int waits[] = { 200, 400, 800, 1600, 3200, 5000, 5000 };
	struct wad w;

	(void)state;
	start(&w, NULL);
	unlink(w.path);
	turn(&w);
	for (size_t i = 0; i < ARRAY_LEN(waits); i++) {
		assert_int_equal(rpc_link_timeout_ms(w.link), waits[i]);
		assert_non_null(strstr(err_msg(rpc_link_why(w.link)), "no such socket"));
		pass(&w, waits[i] - 1);
		assert_int_equal(rpc_link_timeout_ms(w.link), 1);
		pass(&w, 1);
	}
	assert_int_equal(w.downs, 1); /* told once, not at each try */
	end(&w);
}

/* a wad that greets and then breaks off is not asked five times a second */
static void a_short_time_of_being_up_does_not_reset_the_wait(void **state)
{
	struct wad w;

	(void)state;
	come_up(&w);
	for (int wait = 200; wait <= 1600; wait *= 2) {
		hang_up(&w);
		turn(&w);
		assert_int_equal(rpc_link_retry_ms(w.link), wait);
		clock_fake_advance(&w.clock, wait);
		json_decref(welcome(&w, "0"));
	}
	assert_int_equal(w.downs, 4);
	end(&w);
}

static void forgotten_callers_hear_nothing(void **state)
{
	struct wad w;
	struct caller a = { &w, "a" }, b = { &w, "b" };
	int64_t ids[2];

	(void)state;
	come_up(&w);
	rpc_link_call(w.link, "queue.stats", NULL, on_answer, &a);
	rpc_link_call(w.link, "queue.workers", NULL, on_answer, &b);
	turn(&w);
	ids[0] = hear_method(&w, "queue.stats", NULL);
	ids[1] = hear_method(&w, "queue.workers", NULL);
	clock_fake_advance(&w.clock, 3000);
	assert_int_equal(rpc_link_waiting_ms(w.link), 3000);
	rpc_link_forget(w.link, &a);
	assert_false(rpc_link_waits_for(w.link, &a));
	rpc_link_forget(w.link, &b);
	assert_int_equal(rpc_link_waiting_ms(w.link), 0);
	rpc_link_call(w.link, "queue.stats", NULL, on_answer, &b);
	answer(&w, ids[0], "\"result\":1");
	answer(&w, ids[1], "\"result\":2");
	turn(&w);
	assert_int_equal(w.answers, 0);
	answer(&w, hear_method(&w, "queue.stats", NULL), "\"result\":3"); /* asked after that */
	turn(&w);
	assert_string_equal(w.answered, "b=3;");
	rpc_link_call(w.link, "queue.stats", NULL, on_answer, &b);
	hang_up(&w);
	rpc_link_forget(w.link, &b);
	turn(&w);
	assert_int_equal(w.answers, 1);
	end(&w);
}

static void patience_ends(void **state)
{
	struct wad w;
	struct caller a = { &w, "a" }, b = { &w, "b" };
	int64_t id;

	(void)state;
	come_up(&w);
	rpc_link_call(w.link, "queue.stats", NULL, on_answer, &a);
	turn(&w);
	id = hear_method(&w, "queue.stats", NULL);
	clock_fake_advance(&w.clock, 1000);
	rpc_link_call(w.link, "queue.workers", NULL, on_answer, &b);
	turn(&w);
	assert_int_equal(rpc_link_timeout_ms(w.link), RPC_LINK_ANSWER_MS - 1000);
	pass(&w, RPC_LINK_ANSWER_MS - 1000);
	assert_string_equal(w.answered, "a!timeout;");
	answer(&w, id, "\"result\":1"); /* late */
	answer(&w, hear_method(&w, "queue.workers", NULL), "\"result\":2");
	turn(&w);
	assert_string_equal(w.answered, "a!timeout;b=2;");
	assert_true(rpc_link_is_up(w.link));
	end(&w);
}

static void a_wad_that_does_not_greet_is_left(void **state)
{
	struct wad w;

	(void)state;
	start(&w, NULL);
	accept_one(&w);
	pass(&w, 9999);
	assert_true(rpc_link_fd(w.link) >= 0);
	pass(&w, 1);
	assert_int_equal(rpc_link_fd(w.link), -1);
	assert_int_equal(rpc_link_why(w.link)->code, ERR_TIMEOUT);
	assert_int_equal(w.downs, 1);
	hang_up(&w);
	end(&w);
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

		start(&w, NULL);
		accept_one(&w);
		answer(&w, hear_method(&w, "system.hello", NULL), rows[i].rest);
		turn(&w);
		assert_false(rpc_link_is_up(w.link));
		assert_int_equal(rpc_link_fd(w.link), -1);
		assert_int_equal(rpc_link_why(w.link)->code, rows[i].code);
		assert_int_equal(w.ups, 0);
		end(&w);
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

		come_up(&w);
		for (size_t o = 0; o < ARRAY_LEN(odd); o++)
			say(&w, odd[o]);
		turn(&w);
		assert_true(rpc_link_is_up(w.link));
		assert_int_equal(w.events, 0);
		rpc_link_call(w.link, "queue.stats", NULL, on_answer, &a);
		say(&w, nonsense[i]);
		say(&w,
		    "{\"jsonrpc\":\"2.0\",\"method\":\"event\",\"params\":{\"topic\":\"x\"}}\n");
		turn(&w);
		assert_false(rpc_link_is_up(w.link));
		assert_int_equal(w.events, 0); /* nothing behind it counts */
		assert_string_equal(w.answered, "a!unreachable;");
		hang_up(&w);
		clock_fake_advance(&w.clock, 200);
		json_decref(welcome(&w, "0"));
		end(&w);
	}
}

static void a_line_without_end_ends_the_connection(void **state)
{
	AUTO_FREE char *much = xmalloc(1 << 20);
	struct wad w;

	(void)state;
	memset(much, 'x', (1 << 20) - 1);
	much[(1 << 20) - 1] = '\0';
	come_up(&w);
	for (int i = 0; i < 64 && rpc_link_fd(w.link) >= 0; i++) {
		say(&w, much);
		turn(&w);
	}
	assert_int_equal(rpc_link_fd(w.link), -1);
	assert_int_equal(rpc_link_why(w.link)->code, ERR_TOO_LARGE);
	end(&w);
}

static void losses_are_told(void **state)
{
	struct wad w;

	(void)state;
	start(&w, NULL);
	json_decref(welcome(&w, "50"));
	say(&w,
	    "{\"jsonrpc\":\"2.0\",\"method\":\"event.lost\",\"params\":{\"from\":\"51\",\"to\":\"60\"}}\n");
	turn(&w);
	assert_int_equal(w.losses, 1);
	hang_up(&w);
	turn(&w);
	clock_fake_advance(&w.clock, 200);
	json_decref(welcome(&w, "7")); /* a younger database stands there */
	assert_int_equal(w.losses, 2);
	assert_int_equal(w.ups, 2);
	end(&w);
}

static void calls_while_down_are_answered_by_a_turn(void **state)
{
	struct wad w;
	struct caller a = { &w, "a" };

	(void)state;
	start(&w, NULL);
	unlink(w.path);
	turn(&w);
	rpc_link_call(w.link, "queue.stats", json_object(), on_answer, &a);
	assert_int_equal(w.answers, 0);
	assert_true(rpc_link_waits_for(w.link, &a));
	assert_int_equal(rpc_link_timeout_ms(w.link), 0);
	turn(&w);
	assert_string_equal(w.answered, "a!unreachable;");
	assert_true(rpc_link_timeout_ms(w.link) > 0);
	end(&w);
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
	start(&w, NULL);
	unlink(w.path);
	rpc_link_call(w.link, "queue.stats", NULL, call_again, &a);
	for (int i = 1; i <= 5; i++) {
		turn(&w);
		assert_int_equal(w.answers, i);
	}
	end(&w);
}

static void calls_have_bounds(void **state)
{
	AUTO_FREE char *much = xmalloc(RPC_LINE_MAX + 1);
	struct wad w;
	struct caller a = { &w, "a" }, b = { &w, "b" };

	(void)state;
	come_up(&w);
	memset(much, 'x', RPC_LINE_MAX);
	much[RPC_LINE_MAX] = '\0';
	rpc_link_call(w.link, "message.send", json_pack("{s:s}", "text", much), on_answer, &a);
	for (int i = 0; i < RPC_LINK_CALLS_MAX; i++)
		rpc_link_call(w.link, "queue.stats", NULL, on_answer, &b);
	rpc_link_call(w.link, "queue.stats", NULL, on_answer, &a);
	turn(&w);
	assert_string_equal(w.answered, "a!too_large;a!busy;");
	end(&w);
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
	come_up(&w);
	rpc_link_call(w.link, "message.send", json_pack("{s:s}", "text", much), on_answer, &a);
	turn(&w);
	assert_true(rpc_link_wants(w.link) & POLLOUT); /* more than the socket takes */
	rpc_link_call(w.link, "queue.stats", NULL, on_answer, &b);
	id = hear_method(&w, "message.send", &params);
	assert_int_equal(json_string_length(json_object_get(params, "text")), (3 << 20) - 1);
	json_decref(params);
	answer(&w, id, "\"result\":1");
	answer(&w, hear_method(&w, "queue.stats", NULL), "\"result\":2");
	turn(&w);
	assert_string_equal(w.answered, "a=1;b=2;");
	end(&w);
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
		cmocka_unit_test(greets_and_knows_who_it_is),
		cmocka_unit_test(answers_find_their_calls_in_any_order),
		cmocka_unit_test(bytes_may_come_one_at_a_time),
		cmocka_unit_test(comes_back_and_goes_on_where_it_was),
		cmocka_unit_test(tries_ever_more_rarely),
		cmocka_unit_test(a_short_time_of_being_up_does_not_reset_the_wait),
		cmocka_unit_test(forgotten_callers_hear_nothing),
		cmocka_unit_test(patience_ends),
		cmocka_unit_test(a_wad_that_does_not_greet_is_left),
		cmocka_unit_test(a_greeting_that_is_refused_says_why),
		cmocka_unit_test(nonsense_ends_the_connection_not_the_console),
		cmocka_unit_test(a_line_without_end_ends_the_connection),
		cmocka_unit_test(losses_are_told),
		cmocka_unit_test(calls_while_down_are_answered_by_a_turn),
		cmocka_unit_test(who_asks_again_from_an_answer_does_not_hold_up_the_loop),
		cmocka_unit_test(calls_have_bounds),
		cmocka_unit_test(large_requests_wait_for_the_socket),
		cmocka_unit_test(the_socket_is_found_when_none_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
