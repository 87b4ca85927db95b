#include "tui/rpc_link.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shared/base/xalloc.h"
#include "shared/rpc/client.h"

#include "tui/rpc_link_impl.h"

enum {
	RETRY_MIN_MS = 200,
	RETRY_MAX_MS = 5000, /* also: up that long, and the next loss is a new one */
	GREETING_MS = 10000, /* for each step until it is up */
	CHUNK_BYTES = 64 << 10,
	CHUNKS_A_TURN = 16, /* so that keys are answered while much comes in */
};

mono_ms rpc_link_now(const struct rpc_link *l)
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
	l->next_try = l->down_since = rpc_link_now(l);
	err_set(&l->why, ERR_UNREACHABLE, "connecting");
	list_init(&l->calls);
	list_init(&l->refused);
	rpc_lines_init(&l->lines, RPC_LINE_MAX);
	wr_init(&l->out, RPC_LINK_OUT_MAX);
	l->who = (struct rpc_link_who){ l->who_user, l->who_role, l->who_zone, l->who_server };
	return l;
}

void link_call_free(struct call *c)
{
	list_del(&c->link);
	free(c->method);
	free(c);
}

static void free_all(struct list *calls)
{
	LIST_EACH(at, calls)
		link_call_free(CONTAINER_OF(at, struct call, link));
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

void link_call_answer(struct call *c, const json_t *result, const struct err *e, const json_t *data)
{
	rpc_link_answer *fn = c->forgotten ? NULL : c->fn;
	void *ctx = c->ctx;

	link_call_free(c); /* before: fn may call and forget */
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
		link_call_answer(c, NULL, &e, NULL);
	}
}

/* -- the end of a connection -- */

void rpc_link_drop(struct rpc_link *l, const struct err *why)
{
	bool was_up = l->state == LINK_UP;
	struct err lost = ERR_NONE;
	mono_ms now = rpc_link_now(l);

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
			link_call_free(c);
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

void rpc_link_drop_because(struct rpc_link *l, enum errc code, const char *why)
{
	struct err e = ERR_NONE;

	err_set(&e, code, "%s", why);
	rpc_link_drop(l, &e);
}

/* -- calls -- */

struct call *link_call_new(struct rpc_link *l, const char *method)
{
	struct call *c = xcalloc(1, sizeof *c);

	c->id = ++l->last_call;
	c->since = rpc_link_now(l);
	c->method = xstrdup(method);
	list_init(&c->link);
	return c;
}

enum errc link_call_put(struct rpc_link *l, const struct call *c, json_t *params, struct err *e)
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
	struct call *c = link_call_new(l, method);
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
	} else if (link_call_put(l, c, params, &e)) {
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

/* -- a turn -- */

static void connect_now(struct rpc_link *l)
{
	struct err e = ERR_NONE;
	char path[256];

	if (l->given_path)
		snprintf(path, sizeof path, "%s", l->given_path);
	else
		rpc_socket_path(path, sizeof path);
	if (rpc_socket_connect(path, &l->fd, &e))
		rpc_link_drop(l, &e);
	else
		rpc_link_greet(l, LINK_HELLO);
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
		rpc_link_drop(l, &e);
		return false;
	}
	if (rpc_lines_feed(&l->lines, span_of(chunk, (size_t)n), &e)) {
		err_wrap(&e, "a line of the daemon");
		rpc_link_drop(l, &e);
		return false;
	}
	while (l->fd >= 0 && rpc_lines_next(&l->lines, &line))
		rpc_link_take_line(l, line);
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
			rpc_link_drop(l, &e);
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
	mono_ms now = rpc_link_now(l);
	struct err e = ERR_NONE;

	LIST_EACH(at, &l->calls) {
		struct call *c = CONTAINER_OF(at, struct call, link);

		if (now.ms - c->since.ms < patience_ms(c))
			break; /* those behind are younger */
		err_set(&e, ERR_TIMEOUT, "wad did not answer within %" PRId64 " s",
			patience_ms(c) / 1000);
		if (c->greeting) {
			rpc_link_drop(l, &e);
			break;
		}
		l->calls_len--;
		refuse(l, c, &e);
	}
}

void rpc_link_turn(struct rpc_link *l, short revents)
{
	if (l->fd < 0 && rpc_link_now(l).ms >= l->next_try.ms)
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
	int64_t left = at_ms - rpc_link_now(l).ms;

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
	return l->state == LINK_UP ? 0 : rpc_link_now(l).ms - l->down_since.ms;
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

	return oldest ? rpc_link_now(l).ms - oldest->since.ms : 0;
}

bool rpc_link_waits_for(const struct rpc_link *l, const void *ctx)
{
	return first_awaited(&l->calls, ctx) || first_awaited(&l->refused, ctx);
}
