#include "daemon/api/rpc_server.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "shared/base/xalloc.h"

#include "daemon/api/peer_role.h"

struct rpc_server {
	uv_pipe_t listener;
	struct wad *wad;
	struct list conns;
	size_t count;
	char *path;
	struct admin_group admins;
	bool closing;
};

/* answers of one batch, gathered until the last is there */
struct rpc_batch {
	json_t *answers;
	size_t left;
};

struct rpc_conn {
	struct list link;
	uv_pipe_t pipe;
	struct rpc_server *server;
	struct rpc_lines lines;
	struct list calls; /* in flight */
	size_t call_len, waiting;
	bool is_host;    /* who runs the machine: an admin */
	int64_t own_id;  /* the user it came as; 0: nobody */
	int64_t acts_as; /* 0: as itself */
	unsigned garbage;
	bool reading, closing;
	bool eof; /* it will say no more, but may wait for answers */
	bool end_after_write;
	void (*on_close)(void *ctx, struct rpc_conn *c);
	void *on_close_ctx;
};

/* -- writing -- */

struct write {
	uv_write_t req;
	struct rpc_conn *conn;
	uint8_t *bytes;
	size_t len;
};

static void conn_close(struct rpc_conn *c);
static void conn_read_on(struct rpc_conn *c);

/* a client that closed its half gets its answers, then the connection ends */
static void close_when_said(struct rpc_conn *c)
{
	if (c->eof && c->call_len == 0 && c->waiting == 0)
		conn_close(c);
}

static void on_written(uv_write_t *req, int status)
{
	struct write *w = CONTAINER_OF(req, struct write, req);
	struct rpc_conn *c = w->conn;

	c->waiting -= w->len;
	free(w->bytes);
	free(w);
	if (status < 0 || (c->end_after_write && c->waiting == 0))
		conn_close(c);
	else
		conn_read_on(c);
	close_when_said(c);
}

static void conn_put(struct rpc_conn *c, const json_t *v)
{
	struct write *w;
	struct wr out;
	uv_buf_t buf;

	if (c->closing)
		return;
	wr_init(&out, RPC_OUT_MAX);
	rpc_line_put(&out, v);
	if (out.bad || c->waiting + out.len > RPC_OUT_MAX) {
		wr_done(&out);
		conn_close(c); /* a client that does not read what it asked for */
		return;
	}
	w = xcalloc(1, sizeof *w);
	w->conn = c;
	w->bytes = wr_take(&out, &w->len);
	c->waiting += w->len;
	buf = uv_buf_init((char *)w->bytes, (unsigned)w->len);
	if (uv_write(&w->req, (uv_stream_t *)&c->pipe, &buf, 1, on_written)) {
		c->waiting -= w->len;
		free(w->bytes);
		free(w);
		conn_close(c);
	}
}

void rpc_conn_notify_take(struct rpc_conn *c, json_t *notification)
{
	conn_put(c, notification);
	json_decref(notification);
}

size_t rpc_conn_waiting(const struct rpc_conn *c)
{
	return c->waiting;
}

void rpc_conn_on_close(struct rpc_conn *c, void (*fn)(void *ctx, struct rpc_conn *c), void *ctx)
{
	c->on_close = fn;
	c->on_close_ctx = ctx;
}

/* -- answers -- */

static void batch_take(struct rpc_conn *c, struct rpc_batch *b, json_t *answer)
{
	if (answer)
		json_array_append_new(b->answers, answer);
	if (--b->left)
		return;
	if (c && json_array_size(b->answers))
		conn_put(c, b->answers);
	json_decref(b->answers);
	free(b);
}

static void answer_take(struct rpc_conn *c, struct rpc_batch *b, json_t *answer)
{
	if (b) {
		batch_take(c, b, answer);
	} else {
		if (c && answer)
			conn_put(c, answer);
		json_decref(answer);
	}
}

static void on_answer(struct rpc_req *req, json_t *result, const struct err *e)
{
	struct rpc_conn *c = req->conn;
	json_t *answer = NULL; /* a notification gets none */

	if (req->id && result)
		answer = rpc_result_take(req->id, result);
	else if (req->id)
		answer = rpc_error(req->id, e, &req->detail);
	else
		json_decref(result);
	answer_take(c, req->batch, answer);
	list_del(&req->link);
	if (c) {
		c->call_len--;
		conn_read_on(c);
		close_when_said(c);
	}
	json_decref(req->params);
	json_decref(req->id);
	free(req);
}

/* -- who calls: asked each time, as users change -- */

static const struct user *own_user(const struct rpc_conn *c)
{
	const struct accounts *a = c->server->wad->accounts;
	const struct user *u = c->is_host ? accounts_admin(a) : accounts_find(a, c->own_id);

	return u && u->active ? u : NULL;
}

static const struct user *acting_user(const struct rpc_conn *c)
{
	const struct user *u = own_user(c);

	if (c->acts_as == 0)
		return u;
	if (u == NULL || u->role != ROLE_ADMIN)
		return NULL;
	u = accounts_find(c->server->wad->accounts, c->acts_as);
	return u && u->active ? u : NULL;
}

static enum cat_role role_of(const struct user *u)
{
	return u ? u->role : ROLE_ANYONE;
}

void rpc_conn_act_as(struct rpc_conn *c, int64_t user_id)
{
	c->acts_as = user_id;
}

/* -- calls -- */

static enum errc admit(const struct rpc_call *call, struct rpc_req *req, struct err *e)
{
	const struct cat_method *m = catalogue_find(call->method);

	if (m == NULL) {
		const struct cat_method *near = catalogue_nearest(call->method);

		if (near)
			snprintf(req->detail.hint, sizeof req->detail.hint, "did you mean '%s'?",
				 near->name);
		return err_set(e, ERR_NO_METHOD, "no method '%.80s'", call->method);
	}
	return rpc_admit(req, m, call->params, e);
}

static void start_call(struct rpc_conn *c, const struct rpc_call *call, struct rpc_batch *batch)
{
	struct rpc_req *req = xcalloc(1, sizeof *req);
	struct err e = call->err;
	const struct user *own = own_user(c), *u = acting_user(c);

	req->wad = c->server->wad;
	req->answer_take = on_answer;
	req->id = json_incref(call->id);
	req->user_id = u ? u->id : 0;
	req->actor_id = own ? own->id : 0;
	req->role = role_of(u);
	req->own_role = role_of(own);
	req->conn = c;
	req->batch = batch;
	list_add_tail(&c->calls, &req->link);
	c->call_len++;
	if (e.code || admit(call, req, &e))
		rpc_fail(req, &e);
	else
		api_handler(req->method)(req);
}

static void on_line(struct rpc_conn *c, struct span line)
{
	struct rpc_batch *batch = NULL;
	struct rpc_message m;

	rpc_message_parse(line, &m);
	c->garbage = rpc_message_is_garbage(&m) ? c->garbage + 1 : 0;
	if (m.is_batch) {
		batch = xcalloc(1, sizeof *batch);
		batch->answers = json_array();
		batch->left = m.count + 1; /* one of ours, so that it lives through the walk */
	}
	for (size_t i = 0; i < m.count; i++)
		start_call(c, &m.calls[i], batch);
	if (batch)
		batch_take(c->closing ? NULL : c, batch, NULL);
	rpc_message_done(&m);
	if (c->garbage >= RPC_BAD_LINES_MAX) {
		c->end_after_write = true;
		c->reading = false;
		uv_read_stop((uv_stream_t *)&c->pipe);
	}
}

static void handle_lines(struct rpc_conn *c)
{
	struct span line;

	while (!c->closing && !c->end_after_write && c->call_len < RPC_CALLS_MAX &&
	       rpc_lines_next(&c->lines, &line))
		on_line(c, line);
}

/* -- reading -- */

static void on_alloc(uv_handle_t *h, size_t hint, uv_buf_t *buf)
{
	(void)h;
	(void)hint;
	*buf = uv_buf_init(xmalloc(65536), 65536);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct rpc_conn *c = CONTAINER_OF(stream, struct rpc_conn, pipe);
	struct err e = ERR_NONE;

	if (n == UV_EOF) {
		c->eof = true;
		c->reading = false;
		uv_read_stop(stream);
		close_when_said(c);
	} else if (n < 0) {
		conn_close(c);
	} else if (n > 0 && rpc_lines_feed(&c->lines, span_of(buf->base, (size_t)n), &e)) {
		json_t *answer = rpc_error_too_large();

		c->end_after_write = true;
		uv_read_stop(stream);
		conn_put(c, answer);
		json_decref(answer);
	} else {
		handle_lines(c);
		if (!c->closing && (c->call_len >= RPC_CALLS_MAX || c->waiting > RPC_OUT_MAX / 2)) {
			uv_read_stop(stream); /* the kernel's buffer pushes back */
			c->reading = false;
		}
	}
	free(buf->base);
}

static void conn_read_on(struct rpc_conn *c)
{
	if (c->reading || c->closing || c->end_after_write || c->call_len >= RPC_CALLS_MAX ||
	    c->waiting > RPC_OUT_MAX / 2)
		return;
	c->reading = true; /* before the lines: a handler that answers at once comes here again */
	handle_lines(c);
	if (!c->closing && !c->eof && !c->end_after_write && c->call_len < RPC_CALLS_MAX)
		uv_read_start((uv_stream_t *)&c->pipe, on_alloc, on_read);
	else
		c->reading = false;
}

/* -- connections -- */

static void on_conn_closed(uv_handle_t *h)
{
	struct rpc_conn *c = CONTAINER_OF(h, struct rpc_conn, pipe);

	rpc_lines_done(&c->lines);
	free(c);
}

static void conn_close(struct rpc_conn *c)
{
	if (c->closing)
		return;
	c->closing = true;
	LIST_EACH(l, &c->calls) {
		struct rpc_req *req = CONTAINER_OF(l, struct rpc_req, link);

		req->conn = NULL; /* the answer will be dropped; the work goes on */
		list_del(l);
	}
	if (c->on_close)
		c->on_close(c->on_close_ctx, c);
	list_del(&c->link);
	c->server->count--;
	uv_close((uv_handle_t *)&c->pipe, on_conn_closed);
}

static void identify(struct rpc_conn *c)
{
	const struct user *u;
	uv_os_fd_t fd;
	uid_t uid;

	if (uv_fileno((uv_handle_t *)&c->pipe, &fd) || !peer_uid(fd, &uid))
		return;
	c->is_host = peer_role(fd, &c->server->admins) == ROLE_ADMIN;
	u = accounts_find_uid(c->server->wad->accounts, uid);
	c->own_id = u ? u->id : 0;
}

void rpc_server_users_changed(struct rpc_server *s)
{
	LIST_EACH(l, &s->conns) {
		struct rpc_conn *c = CONTAINER_OF(l, struct rpc_conn, link);

		if ((c->own_id || c->acts_as) && acting_user(c) == NULL)
			conn_close(c);
	}
}

static void on_connection(uv_stream_t *listener, int status)
{
	struct rpc_server *s = CONTAINER_OF(listener, struct rpc_server, listener);
	struct rpc_conn *c;

	if (status < 0)
		return;
	c = xcalloc(1, sizeof *c);
	c->server = s;
	list_init(&c->calls);
	rpc_lines_init(&c->lines, RPC_LINE_MAX);
	uv_pipe_init(listener->loop, &c->pipe, 0);
	list_add_tail(&s->conns, &c->link);
	s->count++;
	if (uv_accept(listener, (uv_stream_t *)&c->pipe) || s->count > RPC_CONNS_MAX) {
		conn_close(c);
		return;
	}
	identify(c);
	conn_read_on(c);
}

/* -- the listener -- */

/* what a socket that nobody listens on left behind goes; anything else stays */
static enum errc clear_path(const char *path, struct err *e)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct stat st;
	bool alive;
	pid_t pid;
	int fd;

	if (lstat(path, &st))
		return ERR_OK;
	if (!S_ISSOCK(st.st_mode))
		return err_set(e, ERR_CONFIG,
			       "rpc socket %.120s: there is a file that is no socket", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
	alive = fd >= 0 && connect(fd, (const struct sockaddr *)&a, sizeof a) == 0;
	pid = alive ? peer_pid(fd) : 0;
	if (fd >= 0)
		close(fd);
	if (alive)
		return err_set(e, ERR_CONFLICT,
			       "rpc socket %.120s: a daemon answers there already, pid %d", path,
			       (int)pid);
	unlink(path);
	return ERR_OK;
}

enum errc rpc_server_new(struct wad *w, const char *path, struct rpc_server **ret, struct err *e)
{
	struct rpc_server *s;
	mode_t old;
	int rc;

	if (strlen(path) >= sizeof((struct sockaddr_un *)0)->sun_path)
		return err_set(e, ERR_CONFIG, "rpc socket %.80s: the path is longer than 107 bytes",
			       path);
	if (clear_path(path, e))
		return e->code;
	s = xcalloc(1, sizeof *s);
	s->wad = w;
	s->path = xstrdup(path);
	list_init(&s->conns);
	uv_pipe_init(w->loop, &s->listener, 0);
	old = umask(0117); /* 0660 from the first moment */
	rc = uv_pipe_bind(&s->listener, path);
	umask(old);
	if (rc == 0)
		rc = uv_listen((uv_stream_t *)&s->listener, 1024, on_connection);
	if (rc)
		return err_set(e, ERR_SYSTEM, "rpc socket %.120s: %s", path,
			       uv_strerror(rc)); /* the process ends */
	s->admins = admin_group_find(w->admin_group);
	if (s->admins.exists && chown(path, (uid_t)-1, s->admins.gid))
		LOG_WARN(w->log, "rpc.group", F_STR("socket", path), F_STR("why", strerror(errno)));
	*ret = s;
	return ERR_OK;
}

static void on_listener_closed(uv_handle_t *h)
{
	struct rpc_server *s = CONTAINER_OF(h, struct rpc_server, listener);

	free(s->path);
	free(s);
}

void rpc_server_close(struct rpc_server *s)
{
	s->closing = true;
	unlink(s->path);
	LIST_EACH(l, &s->conns)
		conn_close(CONTAINER_OF(l, struct rpc_conn, link));
	uv_close((uv_handle_t *)&s->listener, on_listener_closed);
}
