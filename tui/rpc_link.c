#include "tui/rpc_link.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shared/base/list.h"
#include "shared/base/text.h"
#include "shared/base/xalloc.h"
#include "shared/rpc/catalogue.h"
#include "shared/rpc/client.h"
#include "shared/rpc/jsonrpc.h"

enum {
	RETRY_MIN_MS = 200,
	RETRY_MAX_MS = 5000, /* also: up that long, and the next loss is a new one */
	GREETING_MS = 10000, /* for each step until it is up */
	CHUNK_BYTES = 64 << 10,
	CHUNKS_A_TURN = 16, /* so that keys are answered while much comes in */
};

/* the order of getting up */
enum link_state { LINK_DOWN, LINK_HELLO, LINK_ACT_AS, LINK_SUBSCRIBE, LINK_UP };

struct call {
	struct list link;
	int64_t id;
	mono_ms since;
	char *method;
	rpc_link_answer *fn;
	void *ctx;
	bool greeting; /* one of ours, a step of getting up */
	bool forgotten;
	struct err refused; /* why it is answered without wad */
};

struct rpc_link {
	const struct clock *clock;
	char *given_path, *user; /* NULL: to be found; oneself */
	struct rpc_link_sink sink;

	enum link_state state;
	int fd;
	struct rpc_lines lines;
	struct wr out;
	size_t out_at;
	struct list calls;   /* sent; the oldest first */
	struct list refused; /* answered at the next turn */
	size_t calls_len;
	int64_t last_call;

	mono_ms next_try, down_since, up_since;
	int64_t retry_ms;
	struct err why;
	bool told_down; /* once for each time of being down */

	bool has_event; /* last_event is known */
	int64_t last_event;
	char who_user[72], who_role[16], who_zone[72], who_server[80];
	struct rpc_link_who who;
};

static mono_ms now_of(const struct rpc_link *l)
{
	return clock_mono(l->clock);
}

struct rpc_link *rpc_link_new(const struct rpc_link_opts *opts)
{
	struct rpc_link *l = xcalloc(1, sizeof *l);

	l->clock = opts->clock;
	l->given_path = opts->socket_path ? xstrdup(opts->socket_path) : NULL;
	l->user = opts->user ? xstrdup(opts->user) : NULL;
	l->sink = opts->sink;
	l->fd = -1;
	l->retry_ms = RETRY_MIN_MS;
	l->next_try = l->down_since = now_of(l);
	err_set(&l->why, ERR_UNREACHABLE, "connecting");
	list_init(&l->calls);
	list_init(&l->refused);
	rpc_lines_init(&l->lines, RPC_LINE_MAX);
	wr_init(&l->out, RPC_LINK_OUT_MAX);
	l->who = (struct rpc_link_who){ l->who_user, l->who_role, l->who_zone, l->who_server };
	return l;
}

static void call_free(struct call *c)
{
	list_del(&c->link);
	free(c->method);
	free(c);
}

static void free_all(struct list *calls)
{
	LIST_EACH(at, calls)
		call_free(CONTAINER_OF(at, struct call, link));
}

void rpc_link_free(struct rpc_link *l)
{
	if (l == NULL)
		return;
	if (l->fd >= 0)
		close(l->fd);
	free_all(&l->calls);
	free_all(&l->refused);
	rpc_lines_done(&l->lines);
	wr_done_secret(&l->out); /* passwords may wait in it */
	free(l->given_path);
	free(l->user);
	free(l);
}

/* -- answers -- */

static void call_answer(struct call *c, const json_t *result, const struct err *e,
			const json_t *data)
{
	rpc_link_answer *fn = c->forgotten ? NULL : c->fn;
	void *ctx = c->ctx;

	call_free(c); /* before: fn may call and forget */
	if (fn)
		fn(ctx, result, e, data);
}

/* it will be answered with l's error at the next turn, or later in this one */
static void refuse(struct rpc_link *l, struct call *c, const struct err *why)
{
	c->refused = *why;
	list_del(&c->link);
	list_add_tail(&l->refused, &c->link);
}

static void answer_refused(struct rpc_link *l)
{
	size_t due = 0;

	LIST_EACH(at, &l->refused)
		due++;
	/* what the answered ask while we are at it comes at the next turn */
	for (; due > 0; due--) {
		struct call *c = CONTAINER_OF(l->refused.next, struct call, link);
		struct err e = c->refused;

		err_wrap(&e, "%s", c->method);
		call_answer(c, NULL, &e, NULL);
	}
}

/* -- the end of a connection -- */

static void drop(struct rpc_link *l, const struct err *why)
{
	bool was_up = l->state == LINK_UP;
	struct err lost = ERR_NONE;
	mono_ms now = now_of(l);

	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
	l->state = LINK_DOWN;
	l->why = *why;
	rpc_lines_done(&l->lines);
	rpc_lines_init(&l->lines, RPC_LINE_MAX);
	wr_done_secret(&l->out);
	l->out_at = 0;
	if (was_up) {
		l->down_since = now;
		l->told_down = false;
		if (now.ms - l->up_since.ms >= RETRY_MAX_MS)
			l->retry_ms = RETRY_MIN_MS;
	}
	l->next_try = (mono_ms){ now.ms + l->retry_ms };
	l->retry_ms = l->retry_ms * 2 > RETRY_MAX_MS ? RETRY_MAX_MS : l->retry_ms * 2;
	err_set(&lost, ERR_UNREACHABLE, "the connection was lost before the answer came");
	LIST_EACH(at, &l->calls) {
		struct call *c = CONTAINER_OF(at, struct call, link);

		if (c->greeting)
			call_free(c);
		else
			refuse(l, c, &lost);
	}
	l->calls_len = 0;
	if (!l->told_down) {
		l->told_down = true;
		if (l->sink.down)
			l->sink.down(l->sink.ctx, &l->why);
	}
}

static void drop_because(struct rpc_link *l, enum errc code, const char *why)
{
	struct err e = ERR_NONE;

	err_set(&e, code, "%s", why);
	drop(l, &e);
}

/* -- calls -- */

static struct call *call_new(struct rpc_link *l, const char *method)
{
	struct call *c = xcalloc(1, sizeof *c);

	c->id = ++l->last_call;
	c->since = now_of(l);
	c->method = xstrdup(method);
	list_init(&c->link);
	return c;
}

/* Puts the request where it waits to be written. params: taken. */
static enum errc put_call(struct rpc_link *l, const struct call *c, json_t *params, struct err *e)
{
	json_t *request = rpc_request_take(c->id, c->method, params);
	size_t waiting = l->out.len - l->out_at;
	enum errc code = ERR_OK;
	struct wr line;

	wr_init(&line, RPC_LINE_MAX);
	if (request)
		rpc_line_put(&line, request);
	if (request == NULL || line.bad)
		code = err_set(e, ERR_TOO_LARGE, "the request is larger than %d bytes",
			       RPC_LINE_MAX);
	else if (line.len > RPC_LINK_OUT_MAX - waiting)
		code = err_set(e, ERR_BUSY, "too much waits to be sent already");
	if (code == ERR_OK && l->out_at > 0) {
		memmove(l->out.buf, l->out.buf + l->out_at, waiting);
		l->out.len = waiting;
		l->out_at = 0;
	}
	if (code == ERR_OK)
		wr_span_put(&l->out, wr_span(&line));
	json_decref(request);
	wr_done_secret(&line);
	return code;
}

void rpc_link_call(struct rpc_link *l, const char *method, json_t *params, rpc_link_answer *fn,
		   void *ctx)
{
	struct call *c = call_new(l, method);
	struct err e = ERR_NONE;

	c->fn = fn;
	c->ctx = ctx;
	if (l->state != LINK_UP)
		err_set(&e, ERR_UNREACHABLE, "not connected: %s", err_msg(&l->why));
	else if (l->calls_len >= RPC_LINK_CALLS_MAX)
		err_set(&e, ERR_BUSY, "%d calls wait for wad already", RPC_LINK_CALLS_MAX);
	if (e.code) {
		json_decref(params);
		refuse(l, c, &e);
	} else if (put_call(l, c, params, &e)) {
		refuse(l, c, &e);
	} else {
		list_add_tail(&l->calls, &c->link);
		l->calls_len++;
	}
}

void rpc_link_forget(struct rpc_link *l, const void *ctx)
{
	struct list *all[] = { &l->calls, &l->refused };

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		LIST_EACH(at, all[i]) {
			struct call *c = CONTAINER_OF(at, struct call, link);

			if (!c->greeting && c->ctx == ctx)
				c->forgotten = true;
		}
}

/* -- getting up: hello, act as, subscribe -- */

static void greet(struct rpc_link *l, enum link_state state)
{
	static const char *const methods[] = { [LINK_HELLO] = "system.hello",
					       [LINK_ACT_AS] = "system.act_as",
					       [LINK_SUBSCRIBE] = "event.subscribe" };
	json_t *params = json_object();
	struct err e = ERR_NONE;
	struct call *c;
	char id[24];

	l->state = state;
	if (state == LINK_HELLO) {
		json_object_set_new(params, "client", json_string("watui"));
		json_object_set_new(params, "version", json_string(WAD_VERSION));
		json_object_set_new(params, "api", json_string(RPC_API_VERSION));
	} else if (state == LINK_ACT_AS) {
		json_object_set_new(params, "user", json_string(l->user));
	} else if (l->has_event) {
		snprintf(id, sizeof id, "%" PRId64, l->last_event);
		json_object_set_new(params, "since_id", json_string(id));
	}
	c = call_new(l, methods[state]);
	c->greeting = true;
	list_add_tail(&l->calls, &c->link);
	l->calls_len++;
	if (put_call(l, c, params, &e))
		drop(l, &e);
}

static void connect_now(struct rpc_link *l)
{
	struct err e = ERR_NONE;
	char path[256];

	if (l->given_path)
		snprintf(path, sizeof path, "%s", l->given_path);
	else
		rpc_socket_path(path, sizeof path);
	if (rpc_socket_connect(path, &l->fd, &e))
		drop(l, &e);
	else
		greet(l, LINK_HELLO);
}

static void keep_text(char *out, size_t out_bytes, const json_t *from, const char *key)
{
	const char *text = json_string_value(json_object_get(from, key));

	if (text == NULL)
		return; /* an older wad: what is known stays */
	snprintf(out, out_bytes, "%s", text);
	utf8_mend(out);
}

static void keep_who(struct rpc_link *l, const json_t *from)
{
	keep_text(l->who_user, sizeof l->who_user, from, "name");
	keep_text(l->who_role, sizeof l->who_role, from, "role");
	keep_text(l->who_zone, sizeof l->who_zone, from, "zone");
}

static int64_t id_of(const json_t *v)
{
	const char *text = json_string_value(v);

	return text ? strtoll(text, NULL, 10) : json_integer_value(v);
}

static bool api_fits(const json_t *hello)
{
	const char *api = json_string_value(json_object_get(hello, "api"));

	return api && strtol(api, NULL, 10) == strtol(RPC_API_VERSION, NULL, 10);
}

static void on_hello(struct rpc_link *l, const json_t *result)
{
	const char *version = json_string_value(json_object_get(result, "version"));

	if (!api_fits(result)) {
		drop_because(l, ERR_UNSUPPORTED,
			     "that wad speaks another version of the API than " RPC_API_VERSION);
		return;
	}
	snprintf(l->who_server, sizeof l->who_server, "wad %.60s", version ? version : "");
	utf8_mend(l->who_server);
	keep_who(l, result);
	greet(l, l->user ? LINK_ACT_AS : LINK_SUBSCRIBE);
}

static void on_subscribed(struct rpc_link *l, const json_t *result)
{
	int64_t last = id_of(json_object_get(result, "last_id"));
	/* not where we asked for: another database, or one that was put back */
	bool elsewhere = l->has_event && last != l->last_event;

	l->has_event = true;
	l->last_event = last;
	l->state = LINK_UP;
	l->up_since = now_of(l);
	l->why = ERR_NONE;
	if (l->sink.up)
		l->sink.up(l->sink.ctx);
	if (elsewhere && l->sink.lost)
		l->sink.lost(l->sink.ctx);
}

static void on_greeted(struct rpc_link *l, const json_t *result, const json_t *error)
{
	struct err e = ERR_NONE;

	if (error) {
		rpc_error_read(error, &e);
		drop(l, &e);
		return;
	}
	switch (l->state) {
	case LINK_HELLO:
		on_hello(l, result);
		break;
	case LINK_ACT_AS:
		keep_who(l, result);
		greet(l, LINK_SUBSCRIBE);
		break;
	case LINK_SUBSCRIBE:
		on_subscribed(l, result);
		break;
	case LINK_DOWN:
	case LINK_UP:
		break;
	}
}

/* -- what comes in -- */

static struct call *call_of(struct rpc_link *l, int64_t id)
{
	LIST_EACH(at, &l->calls) {
		struct call *c = CONTAINER_OF(at, struct call, link);

		if (c->id == id)
			return c;
	}
	return NULL;
}

static void on_answer(struct rpc_link *l, const json_t *line, const json_t *id)
{
	const json_t *error = json_object_get(line, "error"),
		     *result = json_object_get(line, "result");
	struct err e = ERR_NONE;
	struct call *c;

	if (json_is_null(id) && error) { /* about a line of ours: which one is unknown */
		rpc_error_read(error, &e);
		drop(l, &e);
		return;
	}
	c = json_is_integer(id) ? call_of(l, json_integer_value(id)) : NULL;
	if (c == NULL)
		return; /* late: it has timed out */
	if (error == NULL && result == NULL) {
		drop_because(l, ERR_BAD_INPUT,
			     "an answer of the daemon has neither result nor error");
		return;
	}
	l->calls_len--;
	if (c->greeting) {
		call_free(c);
		on_greeted(l, result, error);
		return;
	}
	if (error)
		rpc_error_read(error, &e);
	call_answer(c, error ? NULL : result, error ? &e : NULL, json_object_get(error, "data"));
}

static void on_event(struct rpc_link *l, const json_t *params)
{
	const char *topic = json_string_value(json_object_get(params, "topic")),
		   *at = json_string_value(json_object_get(params, "at"));
	int64_t id = id_of(json_object_get(params, "id"));

	if (topic == NULL || (id > 0 && id == l->last_event))
		return; /* ids need not rise: events come in the order of their commits */
	if (id > 0)
		l->last_event = id;
	if (l->sink.event)
		l->sink.event(l->sink.ctx, id, at ? at : "", topic,
			      json_object_get(params, "data"));
}

static void on_line(struct rpc_link *l, struct span line)
{
	const json_t *params, *id;
	struct err e = ERR_NONE;
	const char *method;
	json_t *v = NULL;

	if (rpc_json_load(line, &v, &e)) {
		err_wrap(&e, "a line of the daemon");
		drop(l, &e);
		return;
	}
	method = json_string_value(json_object_get(v, "method"));
	params = json_object_get(v, "params");
	id = json_object_get(v, "id");
	if (method && l->state == LINK_UP && strcmp(method, "event") == 0)
		on_event(l, params);
	else if (method && l->state == LINK_UP && strcmp(method, "event.lost") == 0 && l->sink.lost)
		l->sink.lost(l->sink.ctx);
	else if (method == NULL && id)
		on_answer(l, v, id);
	json_decref(v);
}

/* false: nothing more is there now, or the connection is gone */
static bool read_chunk(struct rpc_link *l)
{
	uint8_t chunk[CHUNK_BYTES];
	ssize_t n = recv(l->fd, chunk, sizeof chunk, MSG_DONTWAIT);
	struct err e = ERR_NONE;
	struct span line;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		if (n == 0)
			err_set(&e, ERR_UNREACHABLE, "the daemon closed the connection");
		else
			err_set(&e, ERR_UNREACHABLE, "reading from the daemon: %s",
				strerror(errno));
		drop(l, &e);
		return false;
	}
	if (rpc_lines_feed(&l->lines, span_of(chunk, (size_t)n), &e)) {
		err_wrap(&e, "a line of the daemon");
		drop(l, &e);
		return false;
	}
	while (l->fd >= 0 && rpc_lines_next(&l->lines, &line))
		on_line(l, line);
	return l->fd >= 0 && (size_t)n == sizeof chunk;
}

static void write_some(struct rpc_link *l)
{
	while (l->fd >= 0 && l->out_at < l->out.len) {
		ssize_t n = send(l->fd, l->out.buf + l->out_at, l->out.len - l->out_at,
				 MSG_NOSIGNAL | MSG_DONTWAIT);
		struct err e = ERR_NONE;

		if (n >= 0) {
			l->out_at += (size_t)n;
		} else if (errno == EAGAIN) {
			return;
		} else if (errno != EINTR) {
			err_set(&e, ERR_UNREACHABLE, "writing to the daemon: %s", strerror(errno));
			drop(l, &e);
		}
	}
	if (l->out.len > 0 && l->out_at == l->out.len) {
		wr_done_secret(&l->out);
		l->out_at = 0;
	}
}

static int64_t patience_ms(const struct call *c)
{
	return c->greeting ? GREETING_MS : RPC_LINK_ANSWER_MS;
}

static void give_up_late(struct rpc_link *l)
{
	mono_ms now = now_of(l);
	struct err e = ERR_NONE;

	LIST_EACH(at, &l->calls) {
		struct call *c = CONTAINER_OF(at, struct call, link);

		if (now.ms - c->since.ms < patience_ms(c))
			break; /* those behind are younger */
		err_set(&e, ERR_TIMEOUT, "wad did not answer within %" PRId64 " s",
			patience_ms(c) / 1000);
		if (c->greeting) {
			drop(l, &e);
			break;
		}
		l->calls_len--;
		refuse(l, c, &e);
	}
}

void rpc_link_turn(struct rpc_link *l, short revents)
{
	if (l->fd < 0 && now_of(l).ms >= l->next_try.ms)
		connect_now(l);
	if (l->fd >= 0 && revents & (POLLIN | POLLHUP | POLLERR))
		for (int i = 0; i < CHUNKS_A_TURN && read_chunk(l); i++)
			;
	give_up_late(l);
	write_some(l);
	answer_refused(l);
}

/* -- for poll -- */

int rpc_link_fd(const struct rpc_link *l)
{
	return l->fd;
}

short rpc_link_wants(const struct rpc_link *l)
{
	return (short)(POLLIN | (l->out_at < l->out.len ? POLLOUT : 0));
}

static int until(const struct rpc_link *l, int64_t at_ms)
{
	int64_t left = at_ms - now_of(l).ms;

	return left < 0 ? 0 : (int)left;
}

int rpc_link_timeout_ms(const struct rpc_link *l)
{
	const struct call *oldest;

	if (!list_empty(&l->refused))
		return 0;
	if (l->fd < 0)
		return until(l, l->next_try.ms);
	if (list_empty(&l->calls))
		return -1;
	oldest = CONTAINER_OF(l->calls.next, struct call, link);
	return until(l, oldest->since.ms + patience_ms(oldest));
}

/* -- how it is -- */

bool rpc_link_is_up(const struct rpc_link *l)
{
	return l->state == LINK_UP;
}

int64_t rpc_link_retry_ms(const struct rpc_link *l)
{
	return l->fd < 0 ? until(l, l->next_try.ms) : 0;
}

int64_t rpc_link_down_ms(const struct rpc_link *l)
{
	return l->state == LINK_UP ? 0 : now_of(l).ms - l->down_since.ms;
}

const struct err *rpc_link_why(const struct rpc_link *l)
{
	return &l->why;
}

const struct rpc_link_who *rpc_link_who(const struct rpc_link *l)
{
	return &l->who;
}

/* the first of them that somebody still waits for; ctx NULL: whoever */
static const struct call *first_awaited(const struct list *calls, const void *ctx)
{
	for (const struct list *at = calls->next; at != calls; at = at->next) {
		const struct call *c = (const void *)at; /* link is its first member */

		if (!c->forgotten && !c->greeting && (ctx == NULL || c->ctx == ctx))
			return c;
	}
	return NULL;
}

int64_t rpc_link_waiting_ms(const struct rpc_link *l)
{
	const struct call *oldest = first_awaited(&l->calls, NULL);

	return oldest ? now_of(l).ms - oldest->since.ms : 0;
}

bool rpc_link_waits_for(const struct rpc_link *l, const void *ctx)
{
	return first_awaited(&l->calls, ctx) || first_awaited(&l->refused, ctx);
}
