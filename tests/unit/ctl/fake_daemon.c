#include "tests/unit/ctl/fake_daemon.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "shared/base/xalloc.h"
#include "shared/rpc/jsonrpc.h"
#include "shared/rpc/validate.h"

struct fake_daemon {
	char dir[32], path[64];
	int listener, client;
	fake_answer_fn answer;
	void *ctx;
	pthread_t thread;
	json_t *after; /* notifications that go out behind the answer */
	bool hang_up;
};

static void send_line(const struct fake_daemon *d, const json_t *v)
{
	struct wr w;

	wr_init(&w, RPC_LINE_MAX);
	rpc_line_put(&w, v);
	for (size_t at = 0; at < w.len;) {
		ssize_t n = send(d->client, w.buf + at, w.len - at, MSG_NOSIGNAL);

		if (n <= 0)
			break;
		at += (size_t)n;
	}
	wr_done(&w);
}

void fake_daemon_notify_take(struct fake_daemon *d, const char *method, json_t *params, bool after)
{
	json_t *v = rpc_notification_take(method, params);

	if (after)
		json_array_append(d->after, v);
	else
		send_line(d, v);
	json_decref(v);
}

void fake_daemon_hang_up(struct fake_daemon *d)
{
	d->hang_up = true;
}

static void serve_call(struct fake_daemon *d, struct rpc_call *call)
{
	const struct cat_method *m = call->err.code ? NULL : catalogue_find(call->method);
	json_t *params = NULL, *result = NULL, *answer;
	struct rpc_detail detail = { .field = "" };
	struct err e = call->err;

	if (m == NULL && e.code == ERR_OK)
		err_set(&e, ERR_NO_METHOD, "no method %s", call->method);
	if (m && rpc_validate(m, call->params, &params, &detail, &e) == ERR_OK)
		result = d->answer(d->ctx, d, m, params, &e);
	answer = e.code ? rpc_error(call->id, &e, &detail)
			: rpc_result_take(call->id, json_incref(result));
	send_line(d, answer);
	json_decref(answer);
	json_decref(result);
	json_decref(params);
	for (size_t i = 0; i < json_array_size(d->after); i++)
		send_line(d, json_array_get(d->after, i));
	json_array_clear(d->after);
}

static void serve_client(struct fake_daemon *d)
{
	struct rpc_lines lines;
	struct span line;
	uint8_t chunk[4096];
	ssize_t n;

	rpc_lines_init(&lines, RPC_LINE_MAX);
	d->hang_up = false;
	while (!d->hang_up && (n = read(d->client, chunk, sizeof chunk)) > 0) {
		if (rpc_lines_feed(&lines, span_of(chunk, (size_t)n), NULL))
			break;
		while (!d->hang_up && rpc_lines_next(&lines, &line)) {
			struct rpc_message m;

			rpc_message_parse(line, &m);
			serve_call(d, &m.calls[0]);
			rpc_message_done(&m);
		}
	}
	rpc_lines_done(&lines);
	close(d->client);
}

static void *serve(void *at)
{
	struct fake_daemon *d = at;

	while ((d->client = accept(d->listener, NULL, NULL)) >= 0)
		serve_client(d);
	return NULL;
}

struct fake_daemon *fake_daemon_new(fake_answer_fn answer, void *ctx)
{
	struct fake_daemon *d = xcalloc(1, sizeof *d);
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	d->answer = answer;
	d->ctx = ctx;
	d->after = json_array();
	snprintf(d->dir, sizeof d->dir, "/tmp/wactl-test-XXXXXX");
	if (mkdtemp(d->dir) == NULL)
		abort();
	snprintf(d->path, sizeof d->path, "%s/s", d->dir);
	snprintf(address.sun_path, sizeof address.sun_path, "%s", d->path);
	d->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(d->listener, (const struct sockaddr *)&address, sizeof address) ||
	    listen(d->listener, 16) || pthread_create(&d->thread, NULL, serve, d))
		abort();
	return d;
}

void fake_daemon_free(struct fake_daemon *d)
{
	shutdown(d->listener, SHUT_RDWR); /* ends the accept of the thread */
	pthread_join(d->thread, NULL);
	close(d->listener);
	unlink(d->path);
	rmdir(d->dir);
	json_decref(d->after);
	free(d);
}

const char *fake_daemon_path(const struct fake_daemon *d)
{
	return d->path;
}
