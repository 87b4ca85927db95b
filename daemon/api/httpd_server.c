#include "daemon/api/httpd_server.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shared/base/xalloc.h"

#include "daemon/api/httpd_impl.h"

enum { SWEEP_MS = 500 };

/* -- libmicrohttpd on the loop -- */

static void run(struct httpd_server *s)
{
	MHD_UNSIGNED_LONG_LONG ms;

	if (s->closing)
		return;
	MHD_run(s->daemon);
	if (MHD_get_timeout(s->daemon, &ms) == MHD_YES && !uv_is_active((uv_handle_t *)&s->timer))
		uv_timer_start(&s->timer, s->timer.timer_cb, ms, 0);
}

static void on_timer(uv_timer_t *t)
{
	run(CONTAINER_OF(t, struct httpd_server, timer));
}

static void on_poll(uv_poll_t *p, int status, int events)
{
	struct httpd_server *s = CONTAINER_OF(p, struct httpd_server, poll);

	(void)status;
	(void)events;
	uv_timer_stop(&s->timer);
	run(s);
}

void httpd_kick(struct httpd_server *s)
{
	if (!s->closing)
		uv_timer_start(&s->timer, on_timer, 0, 0);
}

void httpd_resume(struct httpd_req *q)
{
	if (!q->suspended)
		return;
	q->suspended = false;
	MHD_resume_connection(q->mhd);
	httpd_kick(q->server);
}

/* -- requests -- */

static struct httpd_conn *conn_of(struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *i =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return i ? i->socket_context : NULL;
}

static void until(struct httpd_conn *c, int64_t ms)
{
	c->until.ms = clock_mono(c->server->wad->clock).ms + ms;
}

static void req_free(struct httpd_req *q)
{
	list_del(&q->link);
	if (q->stream)
		httpd_events_leave(q);
	httpd_call_leave(q);
	httpd_who_leave(q);
	httpd_match_free(q->match);
	httpd_document_free(q->document);
	json_decref(q->page.params);
	if (q->response)
		MHD_destroy_response(q->response);
	q->server->body_bytes -= q->body.len;
	wr_done_secret(&q->body); /* a login's body holds a password */
	arena_free(q->arena);
	free(q->uri);
	free(q);
}

/* the request line is there, the headers are not */
static void *on_uri(void *cls, const char *uri, struct MHD_Connection *mhd)
{
	struct httpd_server *s = cls;
	struct httpd_conn *c = conn_of(mhd);
	struct httpd_req *q;
	mono_ms now = clock_mono(s->wad->clock);

	if (c == NULL)
		return NULL;
	q = xcalloc(1, sizeof *q);
	q->server = s;
	q->conn = c;
	q->mhd = mhd;
	q->arena = arena_new();
	q->uri = xstrndup(uri, HTTP_TARGET_MAX + 1);
	q->own = ROUTE_COUNT;
	q->body_max = HTTP_BODY_MAX;
	q->began = now;
	wr_init(&q->body, 0);
	list_add_tail(&s->reqs, &q->link);
	c->unseen = q;
	if (c->until.ms > now.ms + HTTP_HEADER_MS)
		until(c, HTTP_HEADER_MS);
	return q;
}

static enum MHD_Result give(struct httpd_req *q)
{
	enum MHD_Result rc = MHD_queue_response(q->mhd, q->status, q->response);

	q->conn->until.ms = INT64_MAX; /* libmicrohttpd's own timeout watches the sending */
	return rc;
}

static enum MHD_Result take_body(struct httpd_req *q, const char *bytes, size_t len)
{
	struct httpd_server *s = q->server;

	if (q->body.len + len > q->body_max || s->body_bytes + len > HTTP_BODIES_MAX)
		return MHD_NO; /* no answer is possible in mid-body: only chunked bodies come here */
	wr_put(&q->body, bytes, len);
	s->body_bytes += len;
	return MHD_YES;
}

static enum MHD_Result on_access(void *cls, struct MHD_Connection *mhd, const char *url,
				 const char *verb, const char *version, const char *bytes,
				 size_t *len, void **slot)
{
	struct httpd_req *q = *slot;

	(void)cls;
	(void)mhd;
	(void)url;
	if (q == NULL)
		return MHD_NO;
	if (!q->seen) {
		q->seen = true;
		q->conn->unseen = NULL;
		snprintf(q->verb, sizeof q->verb, "%s", verb);
		until(q->conn, HTTP_HEADER_MS);
		if (httpd_check_refuse(q, verb, version)) {
			/* given before the body, it ends the connection */
			q->begun = !q->has_body;
			return q->has_body ? give(q) : MHD_YES;
		}
		wr_init(&q->body, q->body_max);
		until(q->conn, HTTP_HEADER_MS + (int64_t)q->body_max / HTTP_BODY_BYTES_PER_MS);
		return MHD_YES;
	}
	if (*len > 0) {
		enum MHD_Result rc = take_body(q, bytes, *len);

		*len = 0;
		return rc;
	}
	if (!q->begun) {
		q->begun = true;
		until(q->conn, HTTP_CALL_MS);
		httpd_call_begin(q);
	}
	if (q->response)
		return give(q);
	q->suspended = true;
	MHD_suspend_connection(q->mhd);
	return MHD_YES;
}

static void on_completed(void *cls, struct MHD_Connection *mhd, void **slot,
			 enum MHD_RequestTerminationCode why)
{
	struct httpd_req *q = *slot;

	(void)cls;
	(void)mhd;
	(void)why;
	if (q == NULL)
		return;
	*slot = NULL;
	httpd_figures_note(q);
	until(q->conn, HTTP_IDLE_MS);
	q->conn->unseen = NULL;
	req_free(q);
}

/* -- connections -- */

static void conn_open(struct httpd_server *s, struct MHD_Connection *mhd, void **slot)
{
	struct httpd_conn *c = xcalloc(1, sizeof *c);
	const union MHD_ConnectionInfo *fd =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
	const union MHD_ConnectionInfo *addr =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	c->server = s;
	c->fd = fd ? fd->connect_fd : -1;
	if (addr)
		getnameinfo(addr->client_addr,
			    addr->client_addr->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
								     : sizeof(struct sockaddr_in),
			    c->address, sizeof c->address, NULL, 0, NI_NUMERICHOST);
	until(c, HTTP_HEADER_MS);
	list_add_tail(&s->conns, &c->link);
	s->figures.connections++;
	*slot = c;
}

static void on_connection(void *cls, struct MHD_Connection *mhd, void **slot,
			  enum MHD_ConnectionNotificationCode what)
{
	struct httpd_server *s = cls;
	struct httpd_conn *c = *slot;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		conn_open(s, mhd, slot);
	} else if (c) {
		if (c->unseen)
			req_free(c->unseen);
		list_del(&c->link);
		s->figures.connections--;
		free(c);
		*slot = NULL;
	}
}

/* libmicrohttpd can be told to answer only when a whole request is there; who is too slow for that
 * gets its answer past it, and then sees the end of the stream */
static void refuse_slow(struct httpd_conn *c)
{
	static const char answer[] =
		"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n"
		"Content-Type: application/problem+json\r\nContent-Length: 94\r\n\r\n"
		"{\"type\":\"about:blank\",\"title\":\"Request Timeout\",\"status\":408,\"code\":\"timeout\",\"detail\":\"late\"}";

	c->until.ms = INT64_MAX;
	if (send(c->fd, answer, sizeof answer - 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		LOG_DEBUG(c->server->wad->log, "http.unanswered", F_STR("address", c->address));
	shutdown(c->fd, SHUT_RDWR);
}

static void on_sweep(uv_timer_t *t)
{
	struct httpd_server *s = CONTAINER_OF(t, struct httpd_server, sweep);
	mono_ms now = clock_mono(s->wad->clock);

	httpd_rate_sweep(s->rate, now);
	httpd_once_sweep(s, now);

	LIST_EACH(l, &s->reqs) {
		struct httpd_req *q = CONTAINER_OF(l, struct httpd_req, link);

		if (q->stream)
			httpd_events_beat(q, now);
		else if (q->suspended && q->conn->until.ms <= now.ms)
			httpd_problem(q,
				      &(struct err){ ERR_TIMEOUT, "the answer took too long; it is "
								  "not known what was done" },
				      NULL);
	}
	LIST_EACH(l, &s->conns) {
		struct httpd_conn *c = CONTAINER_OF(l, struct httpd_conn, link);

		if (c->until.ms <= now.ms)
			refuse_slow(c);
	}
}

/* -- the listener -- */

static enum errc listen_on(const char *where, int *ret_fd, struct err *e)
{
	AUTO_FREE char *host = xstrdup(where);
	char *colon = strrchr(host, ':'), *name = host;
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
				  .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	int fd, on = 1;

	if (colon == NULL)
		return err_set(e, ERR_CONFIG,
			       "setting http.listen: address:port is wanted, not %.80s", where);
	*colon = '\0';
	if (name[0] == '[' && colon[-1] == ']') {
		name++;
		colon[-1] = '\0';
	}
	if (getaddrinfo(name, colon + 1, &hints, &found))
		return err_set(e, ERR_CONFIG, "setting http.listen: %.80s is not address:port",
			       where);
	fd = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) ||
	    bind(fd, found->ai_addr, found->ai_addrlen) || listen(fd, 511)) {
		err_set(e, ERR_SYSTEM, "http %.80s: %s", where, strerror(errno));
		freeaddrinfo(found);
		if (fd >= 0)
			close(fd);
		return e->code;
	}
	freeaddrinfo(found);
	*ret_fd = fd;
	return ERR_OK;
}

/* the path and the query are decoded by httpd_target.c alone */
static size_t leave_escaped(void *cls, struct MHD_Connection *c, char *text)
{
	(void)cls;
	(void)c;
	return strlen(text);
}

static struct MHD_Daemon *start_daemon(struct httpd_server *s, int fd, uint32_t per_address)
{
	return MHD_start_daemon(
		MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_access, s,
		MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)HTTP_CONNS_MAX,
		MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)per_address,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTP_CONN_MEMORY,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)(HTTP_IDLE_MS / 1000 + 5),
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, s, MHD_OPTION_NOTIFY_CONNECTION,
		on_connection, s, MHD_OPTION_URI_LOG_CALLBACK, on_uri, s,
		MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL, MHD_OPTION_STRICT_FOR_CLIENT, 1,
		MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END);
}

enum errc httpd_server_new(struct wad *w, const struct httpd_cfg *cfg, struct httpd_server **ret,
			   struct err *e)
{
	const union MHD_DaemonInfo *info;
	struct httpd_server *s;
	int fd;

	struct forwarded_nets trusted;

	if (forwarded_nets_parse(cfg->trusted_proxies, &trusted, e) ||
	    listen_on(cfg->listen, &fd, e))
		return e->code;
	s = xcalloc(1, sizeof *s);
	s->wad = w;
	s->trusted = trusted;
	s->cors_origins = cfg->cors_origins;
	s->rate = httpd_rate_new(&(struct httpd_rate_cfg){ cfg->rate, cfg->burst });
	list_init(&s->conns);
	list_init(&s->reqs);
	s->daemon = start_daemon(s, fd, cfg->per_address);
	info = s->daemon ? MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
	if (info == NULL)
		return err_set(e, ERR_SYSTEM, "http: libmicrohttpd does not start"); /* the end */
	s->queue = httpd_queue_figures_new();
	s->handles = 3;
	uv_timer_init(w->loop, &s->timer);
	uv_timer_init(w->loop, &s->sweep);
	uv_poll_init(w->loop, &s->poll, info->epoll_fd);
	uv_poll_start(&s->poll, UV_READABLE, on_poll);
	uv_timer_start(&s->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
	LOG_INFO(w->log, "http.listening", F_STR("on", cfg->listen));
	*ret = s;
	httpd_kick(s);
	return ERR_OK;
}

static void server_free(struct httpd_server *s)
{
	httpd_queue_figures_close(s->queue);
	httpd_rate_free(s->rate);
	free(s->openapi);
	free(s);
}

static void on_closed(uv_handle_t *h)
{
	struct httpd_server *s = h->data;

	if (--s->handles == 0)
		server_free(s);
}

void httpd_server_close(struct httpd_server *s)
{
	uv_handle_t *handles[] = { (uv_handle_t *)&s->poll, (uv_handle_t *)&s->timer,
				   (uv_handle_t *)&s->sweep };

	LIST_EACH(l, &s->reqs) {
		struct httpd_req *q = CONTAINER_OF(l, struct httpd_req, link);

		if (q->stream)
			httpd_events_end(q);
		else if (q->suspended)
			httpd_problem(q,
				      &(struct err){ ERR_SHUTTING_DOWN, "the daemon is stopping" },
				      NULL);
	}
	MHD_run(s->daemon); /* the last answers */
	s->closing = true;
	for (size_t i = 0; i < ARRAY_LEN(handles); i++) {
		handles[i]->data = s;
		uv_close(handles[i], on_closed);
	}
	MHD_stop_daemon(s->daemon);
}
