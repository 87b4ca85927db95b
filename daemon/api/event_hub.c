#include "daemon/api/event_hub.h"

#include <inttypes.h>

#include "shared/base/xalloc.h"
#include "shared/rpc/events.h"

#include "daemon/api/rpc_server.h"

/* a place in commit order */
struct place {
	int64_t xid, id;
};

static bool is_before(struct place a, struct place b)
{
	return a.xid < b.xid || (a.xid == b.xid && a.id < b.id);
}

struct subscriber {
	struct list link;
	struct event_hub *hub;
	struct rpc_conn *conn; /* NULL: sink */
	struct rpc_req *req;   /* until it is answered */
	const struct event_sink *sink;
	void *ctx;
	bool placed; /* its place in the order is known */
	int64_t id, user_id, since;
	json_t *topics; /* array of patterns; NULL: all */
	struct place at;
	int64_t lost_from, lost_to; /* dropped because it does not read */
	bool asking;                /* its place, or a page of its own backlog */
	bool gone;
};

struct event_hub {
	struct wad *wad;
	uv_timer_t timer;
	struct list subscribers;
	int64_t next_id;
	struct place at; /* what live subscribers have seen */
	bool asking, closing, timer_closed;
	uint32_t asked;
};

static void free_when_idle(struct event_hub *h)
{
	if (h->closing && h->timer_closed && h->asked == 0)
		free(h);
}

static void subscriber_free(struct subscriber *s)
{
	list_del(&s->link);
	json_decref(s->topics);
	free(s);
}

static void drop(struct subscriber *s)
{
	s->conn = NULL;
	s->sink = NULL;
	s->gone = true;
	if (!s->asking)
		subscriber_free(s);
}

static void on_conn_close(void *ctx, struct rpc_conn *c)
{
	struct event_hub *h = ctx;

	LIST_EACH(l, &h->subscribers) {
		struct subscriber *s = CONTAINER_OF(l, struct subscriber, link);

		if (s->conn == c)
			drop(s);
	}
}

static bool wants(const struct subscriber *s, int64_t user_id, const char *topic)
{
	json_t *pattern;
	size_t i;

	if (s->gone || !s->placed || s->user_id != user_id)
		return false;
	if (s->topics == NULL)
		return true;
	json_array_foreach(s->topics, i, pattern)
		if (event_topic_matches(json_string_value(pattern), topic))
			return true;
	return false;
}

static void tell_lost(struct subscriber *s)
{
	if (s->sink) {
		s->sink->lost(s->ctx, s->lost_from, s->lost_to);
		s->lost_from = s->lost_to = 0;
		return;
	}
	rpc_conn_notify_take(
		s->conn, rpc_notification_take(
				 "event.lost",
				 json_pack("{s:o,s:o,s:o}", "subscription", json_id(s->id), "from",
					   json_id(s->lost_from), "to", json_id(s->lost_to))));
	s->lost_from = s->lost_to = 0;
}

static void hand_over(struct subscriber *s, int64_t id, const char *at, const char *topic,
		      json_t *data)
{
	json_t *params;

	if ((s->sink ? s->sink->waiting(s->ctx) : rpc_conn_waiting(s->conn)) > HUB_BACKLOG_MAX) {
		s->lost_from = s->lost_from ? s->lost_from : id;
		s->lost_to = id;
		return;
	}
	if (s->lost_from)
		tell_lost(s);
	if (s->gone)
		return;
	if (s->sink) {
		s->sink->event(s->ctx, id, at, topic, data);
		return;
	}
	params = json_pack("{s:o,s:s,s:O}", "subscription", json_id(s->id), "topic", topic, "data",
			   data);
	json_put_id(params, "id", id);
	json_put_text(params, "at", at);
	rpc_conn_notify_take(s->conn, rpc_notification_take("event", params));
}

/* gives the rows of a page to one subscriber, or to all live ones */
static struct place give_rows(struct event_hub *h, struct subscriber *only, const PGresult *r,
			      struct place at)
{
	for (int i = 0; i < db_rows(r); i++) {
		struct place here = { db_i64(r, i, db_col(r, "xid")),
				      db_i64(r, i, db_col(r, "id")) };
		const char *topic = db_text(r, i, db_col(r, "topic"));
		json_t *data = json_loads(db_text(r, i, db_col(r, "data")), JSON_DECODE_ANY, NULL);
		int64_t user = db_i64(r, i, db_col(r, "user_id"));
		char when[25];

		unix_ms_text(db_time(r, i, db_col(r, "at")), when);
		if (only) {
			if (wants(only, user, topic))
				hand_over(only, here.id, when, topic, data);
		} else {
			LIST_EACH(l, &h->subscribers) {
				struct subscriber *s = CONTAINER_OF(l, struct subscriber, link);

				if (s->asking || !is_before(s->at, here))
					continue;
				s->at = here;
				if (wants(s, user, topic))
					hand_over(s, here.id, when, topic, data);
			}
		}
		json_decref(data);
		at = here;
	}
	return at;
}

static void ask_page(struct event_hub *h, struct place at, db_result_fn done, void *ctx)
{
	struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	db_p_i64(p, at.xid);
	db_p_i64(p, at.id);
	h->asked++;
	db_query(h->wad->db, STMT_EVENT_SINCE, p, DB_IDEMPOTENT, done, ctx);
	arena_free(a);
}

/* -- those who are up to date -- */

static void on_live_page(void *ctx, const PGresult *r, const struct err *e)
{
	struct event_hub *h = ctx;

	h->asked--;
	h->asking = false;
	if (e->code == ERR_OK && !h->closing)
		h->at = give_rows(h, NULL, r, h->at);
	free_when_idle(h);
}

static bool someone_listens(const struct event_hub *h)
{
	LIST_EACH(l, &h->subscribers) {
		const struct subscriber *s = CONTAINER_OF(l, struct subscriber, link);

		if (!s->asking && !s->gone)
			return true;
	}
	return false;
}

static void on_timer(uv_timer_t *t)
{
	struct event_hub *h = CONTAINER_OF(t, struct event_hub, timer);

	if (h->asking || !someone_listens(h))
		return;
	h->asking = true;
	ask_page(h, h->at, on_live_page, h);
}

/* -- catching up: pages of its own until it stands where the live ones stand -- */

static void catch_up(struct subscriber *s);

static void on_own_page(void *ctx, const PGresult *r, const struct err *e)
{
	struct subscriber *s = ctx;
	struct event_hub *h = s->hub;
	struct place before = s->at;

	h->asked--;
	if (!s->gone && !h->closing && e->code == ERR_OK)
		s->at = give_rows(h, s, r, s->at);
	if (s->gone || h->closing) {
		subscriber_free(s);
		free_when_idle(h);
		return;
	}
	if (e->code || is_before(before, s->at)) {
		catch_up(s);
		return;
	}
	/* nothing newer: it joins the others; what they see again of its past is passed over */
	if (!someone_listens(h))
		h->at = s->at;
	if (is_before(s->at, h->at)) {
		catch_up(s);
		return;
	}
	s->asking = false;
}

static void catch_up(struct subscriber *s)
{
	ask_page(s->hub, s->at, on_own_page, s);
}

/* false: it is to end */
static bool answer_place(struct subscriber *s, const struct err *e)
{
	struct rpc_req *req = s->req;

	s->req = NULL;
	if (req == NULL)
		return e->code == ERR_OK && !s->gone;
	if (e->code || s->gone || s->hub->closing) {
		rpc_fail(req, e->code ? e
				      : &(struct err){ ERR_SHUTTING_DOWN,
						       "event.subscribe: the daemon is stopping" });
		return false;
	}
	rpc_reply_take(req, json_pack("{s:o,s:o}", "subscription", json_id(s->id), "last_id",
				      json_id(s->at.id)));
	return !s->gone;
}

static void on_place(void *ctx, const PGresult *r, const struct err *e)
{
	struct subscriber *s = ctx;
	struct event_hub *h = s->hub;
	int64_t kept_from = 0;

	h->asked--;
	if (e->code == ERR_OK) {
		s->at = (struct place){ db_i64(r, 0, db_col(r, "xid")),
					db_i64(r, 0, db_col(r, "id")) };
		kept_from = db_i64(r, 0, db_col(r, "kept_from"));
	}
	s->placed = e->code == ERR_OK;
	if (answer_place(s, e)) {
		if (kept_from) { /* what it asked for is no longer kept */
			s->lost_from = s->since + 1;
			s->lost_to = kept_from - 1;
			tell_lost(s);
		}
		catch_up(s);
		return;
	}
	if (s->sink)
		s->sink->closed(s->ctx);
	subscriber_free(s);
	free_when_idle(h);
}

static struct subscriber *subscriber_new(struct event_hub *h, int64_t user_id, json_t *topics)
{
	struct subscriber *s = xcalloc(1, sizeof *s);

	s->hub = h;
	s->id = ++h->next_id;
	s->user_id = user_id;
	s->topics = json_incref(topics);
	s->asking = true;
	list_add_tail(&h->subscribers, &s->link);
	return s;
}

/* s may be gone afterwards */
static void find_place(struct subscriber *s, int64_t since)
{
	struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	s->since = since;
	db_p_i64(p, since);
	s->hub->asked++;
	db_query(s->hub->wad->db, STMT_EVENT_PLACE, p, DB_IDEMPOTENT, on_place, s);
	arena_free(a);
}

void event_hub_subscribe(struct event_hub *h, struct rpc_req *req)
{
	bool has_since = rpc_param_has(req->params, "since_id");
	struct subscriber *s =
		subscriber_new(h, req->user_id, json_object_get(req->params, "topics"));

	s->conn = req->conn;
	s->req = req;
	rpc_conn_on_close(req->conn, on_conn_close, h);
	find_place(s, has_since ? rpc_param_id(req->params, "since_id") : -1);
}

void event_hub_listen(struct event_hub *h, int64_t user_id, json_t *topics, int64_t since,
		      const struct event_sink *sink, void *ctx)
{
	struct subscriber *s = subscriber_new(h, user_id, topics);

	s->sink = sink;
	s->ctx = ctx;
	find_place(s, since);
}

void event_hub_leave(struct event_hub *h, const void *ctx)
{
	LIST_EACH(l, &h->subscribers) {
		struct subscriber *s = CONTAINER_OF(l, struct subscriber, link);

		if (s->sink && s->ctx == ctx)
			drop(s);
	}
}

bool event_hub_unsubscribe(struct event_hub *h, struct rpc_conn *c, int64_t subscription)
{
	LIST_EACH(l, &h->subscribers) {
		struct subscriber *s = CONTAINER_OF(l, struct subscriber, link);

		if (s->conn == c && s->id == subscription) {
			drop(s);
			return true;
		}
	}
	return false;
}

void event_hub_pass_take(struct event_hub *h, int64_t user_id, const char *topic, json_t *data)
{
	char when[25];

	unix_ms_text(clock_unix(h->wad->clock), when);
	LIST_EACH(l, &h->subscribers) {
		struct subscriber *s = CONTAINER_OF(l, struct subscriber, link);

		if (wants(s, user_id, topic))
			hand_over(s, 0, when, topic, data);
	}
	json_decref(data);
}

struct event_hub *event_hub_new(struct wad *w)
{
	struct event_hub *h = xcalloc(1, sizeof *h);

	h->wad = w;
	list_init(&h->subscribers);
	uv_timer_init(w->loop, &h->timer);
	uv_timer_start(&h->timer, on_timer, HUB_POLL_MS, HUB_POLL_MS);
	return h;
}

static void on_closed(uv_handle_t *t)
{
	struct event_hub *h = CONTAINER_OF(t, struct event_hub, timer);

	h->timer_closed = true;
	free_when_idle(h);
}

void event_hub_close(struct event_hub *h)
{
	h->closing = true;
	LIST_EACH(l, &h->subscribers) {
		struct subscriber *s = CONTAINER_OF(l, struct subscriber, link);

		if (s->sink)
			s->sink->closed(s->ctx);
		drop(s);
	}
	uv_close((uv_handle_t *)&h->timer, on_closed);
}
