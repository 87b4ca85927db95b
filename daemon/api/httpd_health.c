/* How the daemon is: for supervisors (livez, readyz) and for Prometheus (metrics). No request here waits
 * for the database: the queue's figures are the last ones known, asked for again after 5 s. */
#include <inttypes.h>

#include "shared/base/xalloc.h"

#include "daemon/api/httpd_impl.h"

enum { QUEUE_AGE_MS = 5000, METRICS_MAX = 1 << 18 };

static const double buckets_s[HTTP_BUCKETS] = { 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5 };

struct httpd_queue_figures {
	int64_t pending, claimed, sending;
	mono_ms at; /* 0: never */
	bool asking, closing;
};

struct httpd_queue_figures *httpd_queue_figures_new(void)
{
	return xcalloc(1, sizeof(struct httpd_queue_figures));
}

void httpd_queue_figures_close(struct httpd_queue_figures *f)
{
	f->closing = true;
	if (!f->asking)
		free(f);
}

static void on_queue(void *ctx, const PGresult *r, const struct err *e)
{
	struct httpd_queue_figures *f = ctx;

	f->asking = false;
	if (e->code == ERR_OK && db_rows(r) == 1) {
		f->pending = db_i64(r, 0, db_col(r, "pending"));
		f->claimed = db_i64(r, 0, db_col(r, "claimed"));
		f->sending = db_i64(r, 0, db_col(r, "sending"));
	}
	if (f->closing)
		free(f);
}

static void refresh(struct httpd_server *s)
{
	struct httpd_queue_figures *f = s->queue;
	mono_ms now = clock_mono(s->wad->clock);
	struct arena *a;

	if (f->asking || (f->at.ms && now.ms - f->at.ms < QUEUE_AGE_MS) || !db_is_up(s->wad->db))
		return;
	f->asking = true;
	f->at = now;
	a = arena_new();
	db_query(s->wad->db, STMT_OUTBOX_OPEN, db_params_new(a), DB_ONCE, on_queue, f);
	arena_free(a);
}

void httpd_figures_note(struct httpd_req *q)
{
	struct httpd_figures *f = &q->server->figures;
	int64_t ms = clock_mono(q->server->wad->clock).ms - q->began.ms;
	size_t i = 0;

	if (!q->seen || q->stream)
		return;
	f->count++;
	f->sum_ms += ms;
	f->by_class[q->status / 100 < ARRAY_LEN(f->by_class) ? q->status / 100 : 0]++;
	while (i < HTTP_BUCKETS && (double)ms > buckets_s[i] * 1000)
		i++;
	f->buckets[i]++;
}

/* -- metrics -- */

static void head(struct wr *w, const char *name, const char *type, const char *help)
{
	char line[240];

	snprintf(line, sizeof line, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
	wr_str(w, line);
}

/* label: without braces; empty: none */
static void value(struct wr *w, const char *name, const char *label, double v)
{
	char line[240];

	snprintf(line, sizeof line, "%s%s%s%s %.15g\n", name, label[0] ? "{" : "", label,
		 label[0] ? "}" : "", v);
	wr_str(w, line);
}

static void put_devices(struct wr *w, const struct fleet *f)
{
	uint64_t count[STANDINGS] = { 0 }, sent = 0, failed = 0;
	const struct fleet_device *d;
	int64_t after = 0;

	while ((d = fleet_next(f, 0, &after)) != NULL) {
		count[fleet_standing(d)]++;
		sent += d->stats.sent;
		failed += d->stats.failed;
	}
	head(w, "wad_devices", "gauge", "Devices by state.");
	for (size_t i = 0; i < STANDINGS; i++) {
		char label[40];

		snprintf(label, sizeof label, "state=\"%s\"", standing_name((enum standing)i));
		value(w, "wad_devices", label, (double)count[i]);
	}
	head(w, "wad_messages_sent_total", "counter",
	     "Messages that the server took since the start, of the devices there are.");
	value(w, "wad_messages_sent_total", "", (double)sent);
	head(w, "wad_messages_failed_total", "counter",
	     "Messages that failed for good since the start, of the devices there are.");
	value(w, "wad_messages_failed_total", "", (double)failed);
}

static void put_outbox(struct wr *w, const struct httpd_queue_figures *q)
{
	head(w, "wad_outbox_rows", "gauge", "Messages that are not final, as of some seconds ago.");
	value(w, "wad_outbox_rows", "state=\"pending\"", (double)q->pending);
	value(w, "wad_outbox_rows", "state=\"claimed\"", (double)q->claimed);
	value(w, "wad_outbox_rows", "state=\"sending\"", (double)q->sending);
}

static void put_http(struct wr *w, const struct httpd_figures *f)
{
	uint64_t sum = 0;
	char label[32];

	head(w, "wad_http_requests_total", "counter", "HTTP requests by class of the answer.");
	for (int i = 1; i < 6; i++) {
		snprintf(label, sizeof label, "code=\"%dxx\"", i);
		value(w, "wad_http_requests_total", label, (double)f->by_class[i]);
	}
	head(w, "wad_http_request_duration_seconds", "histogram",
	     "From the request line to the end of the answer.");
	for (size_t i = 0; i < HTTP_BUCKETS; i++) {
		sum += f->buckets[i];
		snprintf(label, sizeof label, "le=\"%g\"", buckets_s[i]);
		value(w, "wad_http_request_duration_seconds_bucket", label, (double)sum);
	}
	value(w, "wad_http_request_duration_seconds_bucket", "le=\"+Inf\"", (double)f->count);
	value(w, "wad_http_request_duration_seconds_sum", "", (double)f->sum_ms / 1000);
	value(w, "wad_http_request_duration_seconds_count", "", (double)f->count);
	head(w, "wad_http_connections", "gauge", "Open HTTP connections.");
	value(w, "wad_http_connections", "", (double)f->connections);
	head(w, "wad_http_streams", "gauge", "Listeners of /api/events.");
	value(w, "wad_http_streams", "", (double)f->streams);
}

static void put_webhooks(struct wr *w, const struct webhook_figures *f)
{
	head(w, "wad_webhook_attempts_total", "counter",
	     "Attempts to deliver events to webhooks since the start, by what became of them.");
	value(w, "wad_webhook_attempts_total", "outcome=\"delivered\"", (double)f->delivered);
	value(w, "wad_webhook_attempts_total", "outcome=\"retry\"", (double)f->retried);
	value(w, "wad_webhook_attempts_total", "outcome=\"failed\"", (double)f->failed);
	head(w, "wad_webhooks", "gauge", "Webhooks that are switched on.");
	value(w, "wad_webhooks", "", (double)f->webhooks);
	head(w, "wad_webhook_requests", "gauge", "Requests to webhooks under way.");
	value(w, "wad_webhook_requests", "", (double)f->under_way);
	head(w, "wad_webhook_deliveries", "gauge",
	     "Deliveries that are not made yet, as of some seconds ago.");
	value(w, "wad_webhook_deliveries", "", (double)f->waiting);
}

static void answer_metrics(struct httpd_req *q)
{
	struct wad *wad = q->server->wad;
	struct wr w;

	refresh(q->server);
	fleet_peek(wad->fleet, 0); /* for the next time */
	wr_init(&w, METRICS_MAX);
	head(&w, "wad_build_info", "gauge", "The version that runs.");
	value(&w, "wad_build_info", "version=\"" WAD_VERSION "\"", 1);
	head(&w, "wad_start_time_seconds", "gauge", "When the daemon started, since 1970.");
	value(&w, "wad_start_time_seconds", "", (double)wad->started_at.ms / 1000);
	head(&w, "wad_database_up", "gauge", "1: the control connection is there.");
	value(&w, "wad_database_up", "", db_is_up(wad->db) ? 1 : 0);
	put_devices(&w, wad->fleet);
	put_outbox(&w, q->server->queue);
	if (wad->webhooks)
		put_webhooks(&w, webhooks_figures(wad->webhooks));
	head(&w, "wad_calls_total", "counter", "Calls of methods, over the socket and HTTP.");
	value(&w, "wad_calls_total", "outcome=\"done\"", (double)wad->calls_done);
	value(&w, "wad_calls_total", "outcome=\"failed\"", (double)wad->calls_failed);
	put_http(&w, &q->server->figures);
	httpd_answer_text(q, 200, "text/plain; version=0.0.4; charset=utf-8", wr_span(&w));
	wr_done(&w);
}

/* -- livez, readyz -- */

static void answer_readyz(struct httpd_req *q)
{
	struct wad *wad = q->server->wad;
	struct fleet_totals totals;
	bool database = db_is_up(wad->db), shards, ready;
	const char *text;

	fleet_totals(wad->fleet, &totals);
	shards = totals.db_up;
	ready = database && shards && !wad->stopping;
	text = arena_printf(q->arena, "[%c]database\n[%c]shards' database\n[%c]not stopping\n",
			    database ? '+' : '-', shards ? '+' : '-', wad->stopping ? '-' : '+');
	if (!ready) {
		httpd_header(q, "Retry-After", "1");
		httpd_problem_status(q, 503, "not_ready", NULL, text);
		return;
	}
	httpd_answer_text(q, 200, "text/plain; charset=utf-8",
			  span_str(q->target.query_len ? text : "ok\n"));
}

void httpd_health_answer(struct httpd_req *q)
{
	const struct route_row *row = route_row(q->own);
	const struct cat_method as_method = { .name = row->path, .in = row->in };
	json_t *params = httpd_params_query(q, &as_method);

	if (params == NULL)
		return;
	json_decref(params);
	if (q->own == ROUTE_METRICS)
		answer_metrics(q);
	else if (q->own == ROUTE_READYZ)
		answer_readyz(q);
	else
		httpd_answer_text(q, 200, "text/plain; charset=utf-8", span_str("ok\n"));
}
