/* Events as a stream of server-sent events: what the hub hands over waits here until libmicrohttpd takes
 * it. A comment goes out when nothing else did, so that both sides notice a dead connection. */
#include <inttypes.h>

#include "shared/base/xalloc.h"
#include "shared/rpc/events.h"

#include "daemon/api/event_hub.h"
#include "daemon/api/httpd_impl.h"

enum { BEAT_MS = 15000, BUFFER_MAX = 4 << 20, BLOCK = 16384 };

struct httpd_stream {
	struct httpd_req *q;
	struct wr out;
	size_t at;
	mono_ms beat_at;
	bool closed;
};

static void wake(struct httpd_stream *st)
{
	httpd_resume(st->q);
}

static size_t waiting(void *ctx)
{
	struct httpd_stream *st = ctx;

	return st->out.len - st->at;
}

static void put(struct httpd_stream *st, const char *text)
{
	wr_str(&st->out, text);
}

static void put_event(struct httpd_stream *st, int64_t id, const char *topic, json_t *data_taken)
{
	char *text = json_dumps(data_taken, JSON_COMPACT);
	char line[48];

	if (id) {
		snprintf(line, sizeof line, "id: %" PRId64 "\n", id);
		put(st, line);
	}
	put(st, "event: ");
	put(st, topic);
	put(st, "\ndata: ");
	put(st, text);
	put(st, "\n\n");
	free(text);
	json_decref(data_taken);
	wake(st);
}

static void on_event(void *ctx, int64_t id, const char *at, const char *topic, json_t *data)
{
	json_t *o = json_pack("{s:s,s:O}", "topic", topic, "data", data);

	json_put_id(o, "id", id);
	json_put_text(o, "at", at);
	put_event(ctx, id, topic, o);
}

static void on_lost(void *ctx, int64_t from, int64_t to)
{
	put_event(ctx, 0, "event.lost",
		  json_pack("{s:o,s:o}", "from", json_id(from), "to", json_id(to)));
}

static void on_closed(void *ctx)
{
	struct httpd_stream *st = ctx;

	st->closed = true;
	wake(st);
}

static const struct event_sink sink = { waiting, on_event, on_lost, on_closed };

/* libmicrohttpd wants more */
static ssize_t on_read(void *cls, uint64_t pos, char *to, size_t max)
{
	struct httpd_stream *st = cls;
	size_t left = st->out.len - st->at, n = left < max ? left : max;

	(void)pos;
	if (n == 0 && st->closed)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (n == 0) {
		st->q->suspended = true;
		MHD_suspend_connection(st->q->mhd);
		return 0;
	}
	memcpy(to, st->out.buf + st->at, n);
	st->at += n;
	if (st->at == st->out.len) {
		wr_reset(&st->out);
		st->at = 0;
	}
	return (ssize_t)n;
}

void httpd_events_beat(struct httpd_req *q, mono_ms now)
{
	struct httpd_stream *st = q->stream;

	if (now.ms < st->beat_at.ms)
		return;
	st->beat_at.ms = now.ms + BEAT_MS;
	if (waiting(st) == 0)
		put(st, ":\n\n");
	wake(st);
}

void httpd_events_end(struct httpd_req *q)
{
	struct httpd_stream *st = q->stream;

	if (!st->closed)
		event_hub_leave(q->server->wad->events, st);
	st->closed = true;
	wake(st);
}

void httpd_events_leave(struct httpd_req *q)
{
	struct httpd_stream *st = q->stream;

	if (!st->closed)
		event_hub_leave(q->server->wad->events, st);
	q->stream = NULL;
	q->server->figures.streams--;
	wr_done(&st->out);
	free(st);
}

static bool topics_known(struct httpd_req *q, const json_t *topics)
{
	json_t *pattern;
	struct err e = ERR_NONE;
	size_t i;

	json_array_foreach(topics, i, pattern) {
		if (event_pattern_known(json_string_value(pattern)))
			continue;
		err_set(&e, ERR_BAD_PARAMS, "topics: '%.60s' matches no event",
			json_string_value(pattern));
		httpd_problem(q, &e, NULL);
		return false;
	}
	return true;
}

/* -1: from now on; -2: refused */
static int64_t since(struct httpd_req *q, const json_t *params)
{
	const char *last = httpd_request_header(q, "Last-Event-ID");

	if (last == NULL)
		return rpc_param_has(params, "since") ? rpc_param_id(params, "since") : -1;
	if (last[0] && strlen(last) < 19 && last[strspn(last, "0123456789")] == '\0')
		return strtoll(last, NULL, 10);
	httpd_problem(q, &(struct err){ ERR_BAD_REQUEST, "Last-Event-ID: an id is digits" }, NULL);
	return -2;
}

static void begin(struct httpd_req *q, json_t *topics, int64_t from)
{
	struct httpd_stream *st = xcalloc(1, sizeof *st);
	struct MHD_Response *r;

	st->q = q;
	st->beat_at.ms = clock_mono(q->server->wad->clock).ms + BEAT_MS;
	wr_init(&st->out, BUFFER_MAX);
	put(st, "retry: 3000\n\n");
	q->stream = st;
	q->server->figures.streams++;
	r = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, on_read, st, NULL);
	MHD_add_response_header(r, "Content-Type", "text/event-stream");
	MHD_add_response_header(r, "X-Accel-Buffering", "no");
	httpd_answer_set(q, 200, r);
	event_hub_listen(q->server->wad->events, q->who.user_id, topics, from, &sink, st);
}

void httpd_events_begin(struct httpd_req *q)
{
	const struct cat_method as_method = { .name = "events", .in = route_row(q->own)->in };
	json_t *params;
	int64_t from;

	if (strcmp(q->verb, "HEAD") == 0) {
		httpd_answer_text(q, 200, "text/event-stream", SPAN_NONE);
		return;
	}
	params = httpd_params_query(q, &as_method);
	if (params == NULL)
		return;
	from = since(q, params);
	if (from != -2 && topics_known(q, json_object_get(params, "topics")))
		begin(q, json_object_get(params, "topics"), from);
	json_decref(params);
}
