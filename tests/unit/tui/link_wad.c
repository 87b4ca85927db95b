#include "tests/unit/tui/link_wad.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "shared/base/xalloc.h"

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

void link_start(struct wad *w, const char *user)
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

void link_hang_up(struct wad *w)
{
	if (w->conn >= 0)
		close(w->conn);
	w->conn = -1;
	rpc_lines_done(&w->in);
	rpc_lines_init(&w->in, RPC_LINE_MAX);
}

void link_end(struct wad *w)
{
	rpc_link_free(w->link);
	link_hang_up(w);
	close(w->listener);
	unlink(w->path);
	rmdir(w->dir);
	rpc_lines_done(&w->in);
}

/* one turn of a loop that never waits */
void link_turn(struct wad *w)
{
	struct pollfd p = { .fd = rpc_link_fd(w->link), .events = rpc_link_wants(w->link) };

	poll(&p, 1, 0);
	rpc_link_turn(w->link, p.fd < 0 ? 0 : p.revents);
}

void link_pass(struct wad *w, int64_t ms)
{
	clock_fake_advance(&w->clock, ms);
	link_turn(w);
}

/* -- the side of wad -- */

void link_say(struct wad *w, const char *text)
{
	for (size_t at = 0, len = strlen(text); at < len;) {
		ssize_t n = send(w->conn, text + at, len - at, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n > 0)
			at += (size_t)n;
		else
			link_turn(w); /* the socket is full: the link reads */
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
			link_turn(w);
		line = SPAN_NONE;
	}
	assert_non_null(line.at);
	assert_int_equal(rpc_json_load(line, &v, NULL), ERR_OK);
	return v;
}

int64_t link_hear_method(struct wad *w, const char *method, json_t **ret_params)
{
	json_t *v = hear(w);
	int64_t id = json_integer_value(json_object_get(v, "id"));

	assert_string_equal(json_string_value(json_object_get(v, "method")), method);
	if (ret_params)
		*ret_params = json_incref(json_object_get(v, "params"));
	json_decref(v);
	return id;
}

void link_answer(struct wad *w, int64_t id, const char *rest)
{
	AUTO_FREE char *line = xasprintf("{\"jsonrpc\":\"2.0\",\"id\":%" PRId64 ",%s}\n", id, rest);

	link_say(w, line);
}

void link_accept_one(struct wad *w)
{
	link_turn(w); /* connects */
	w->conn = accept4(w->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	assert_true(w->conn >= 0);
	link_turn(w); /* writes */
}

/* up to the subscription; the caller's params of it */
json_t *link_welcome(struct wad *w, const char *last_id)
{
	AUTO_FREE char *subscribed =
		xasprintf("\"result\":{\"subscription\":\"1\",\"last_id\":\"%s\"}", last_id);
	json_t *params = NULL;

	link_accept_one(w);
	link_answer(w, link_hear_method(w, "system.hello", NULL), HELLO);
	link_turn(w);
	link_answer(w, link_hear_method(w, "event.subscribe", &params), subscribed);
	link_turn(w);
	assert_true(rpc_link_is_up(w->link));
	return params;
}

void link_come_up(struct wad *w)
{
	link_start(w, NULL);
	json_decref(link_welcome(w, "0"));
}

/* -- callers -- */

void link_on_answer(void *ctx, const json_t *result, const struct err *e, const json_t *data)
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
