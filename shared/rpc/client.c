#include "shared/rpc/client.h"

#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "shared/base/clock.h"
#include "shared/base/xalloc.h"
#include "shared/rpc/jsonrpc.h"

struct rpc_client {
	int fd;
	int64_t last_id;
	struct rpc_lines lines;
	json_t *kept;  /* notifications that wait for rpc_client_next */
	json_t *error; /* of the last refused call */
};

/* a moment on the monotonic clock; negative: never */
struct deadline {
	int64_t at_ms;
};

static struct deadline deadline_in(int timeout_ms)
{
	return (struct deadline){ timeout_ms < 0 ? -1 : clock_mono(clock_real()).ms + timeout_ms };
}

static int left_ms(struct deadline d)
{
	int64_t left;

	if (d.at_ms < 0)
		return -1;
	left = d.at_ms - clock_mono(clock_real()).ms;
	return left < 0 ? 0 : (int)left;
}

static enum errc wait_for(int fd, short events, struct deadline d, struct err *e)
{
	struct pollfd p = { .fd = fd, .events = events };
	int n = poll(&p, 1, left_ms(d));

	if (n > 0)
		return ERR_OK;
	if (n == 0)
		return err_set(e, ERR_TIMEOUT, "no answer in time");
	if (errno == EINTR)
		return err_set(e, ERR_CANCELLED, "interrupted");
	return err_set(e, ERR_SYSTEM, "poll: %s", strerror(errno));
}

static enum errc forbidden(const char *path, struct err *e)
{
	const struct group *g;
	struct stat st;

	if (stat(path, &st))
		return err_set(e, ERR_FORBIDDEN, "%.120s: its directory is closed to you", path);
	g = getgrgid(st.st_gid);
	return err_set(e, ERR_FORBIDDEN, "%.120s: not allowed; are you in its group, %.32s?", path,
		       g ? g->gr_name : "which has no name");
}

static enum errc explain_connect(const char *path, int error, struct err *e)
{
	switch (error) {
	case ENOENT:
		return err_set(e, ERR_UNREACHABLE, "%.120s: no such socket; is wad running?", path);
	case ECONNREFUSED:
		return err_set(e, ERR_UNREACHABLE,
			       "%.120s: nobody listens there (left over); is wad running?", path);
	case EACCES:
	case EPERM:
		return forbidden(path, e);
	default:
		return err_set(e, ERR_UNREACHABLE, "%.120s: %s", path, strerror(error));
	}
}

enum errc rpc_socket_connect(const char *socket_path, int *ret_fd, struct err *e)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(socket_path) >= sizeof address.sun_path)
		return err_set(e, ERR_UNREACHABLE, "%.100s...: a socket path has at most %d bytes",
			       socket_path, RPC_SOCKET_PATH_MAX);
	memcpy(address.sun_path, socket_path, strlen(socket_path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_set(e, ERR_SYSTEM, "socket: %s", strerror(errno));
	if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
		int error = errno;

		close(fd);
		return explain_connect(socket_path, error, e);
	}
	*ret_fd = fd;
	return ERR_OK;
}

enum errc rpc_client_open(const char *socket_path, int timeout_ms, struct rpc_client **ret,
			  struct err *e)
{
	struct rpc_client *c;
	enum errc code;
	int fd = -1;

	(void)timeout_ms; /* a Unix socket connects at once or not at all, unless its backlog is full */
	code = rpc_socket_connect(socket_path, &fd, e);
	if (code)
		return code;
	c = xcalloc(1, sizeof *c);
	c->fd = fd;
	c->kept = json_array();
	rpc_lines_init(&c->lines, RPC_LINE_MAX);
	*ret = c;
	return ERR_OK;
}

void rpc_client_free(struct rpc_client *c)
{
	if (c == NULL)
		return;
	close(c->fd);
	rpc_lines_done(&c->lines);
	json_decref(c->kept);
	json_decref(c->error);
	free(c);
}

const json_t *rpc_client_error(const struct rpc_client *c)
{
	return c->error;
}

int rpc_client_fd(const struct rpc_client *c)
{
	return c->fd;
}

/* The daemon may stop reading while it has much to say: so reading goes on while sending. */
static enum errc fill(struct rpc_client *c, struct err *e)
{
	uint8_t chunk[65536];
	ssize_t n = read(c->fd, chunk, sizeof chunk);

	if (n > 0)
		return rpc_lines_feed(&c->lines, span_of(chunk, (size_t)n), e);
	if (n == 0)
		return err_set(e, ERR_UNREACHABLE, "the daemon closed the connection");
	if (errno == EAGAIN || errno == EINTR)
		return ERR_OK;
	return err_set(e, ERR_UNREACHABLE, "reading from the daemon: %s", strerror(errno));
}

static enum errc send_all(struct rpc_client *c, struct span bytes, struct deadline d, struct err *e)
{
	while (bytes.len > 0) {
		ssize_t n = send(c->fd, bytes.at, bytes.len, MSG_NOSIGNAL);

		if (n >= 0) {
			bytes = span_of(bytes.at + n, bytes.len - (size_t)n);
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return err_set(e, ERR_UNREACHABLE, "writing to the daemon: %s",
				       strerror(errno));
		if (wait_for(c->fd, POLLOUT, d, e))
			return e ? e->code : ERR_TIMEOUT;
	}
	return ERR_OK;
}

static void keep(struct rpc_client *c, json_t *v)
{
	if (json_array_size(c->kept) >= RPC_KEPT_MAX)
		json_array_remove(c->kept, 0); /* the oldest; a reader sees the gap by the ids */
	json_array_append(c->kept, v);
}

/* One line from the daemon: a notification is kept, an answer is given back. */
static enum errc take_line(struct rpc_client *c, struct span line, json_t **ret_answer,
			   struct err *e)
{
	json_t *v = NULL;

	*ret_answer = NULL;
	if (rpc_json_load(line, &v, e))
		return err_wrap(e, "the daemon's answer");
	if (json_object_get(v, "method"))
		keep(c, v);
	else if (json_object_get(v, "id"))
		*ret_answer = json_incref(v);
	json_decref(v);
	return ERR_OK;
}

enum errc rpc_error_read(const json_t *error, struct err *e)
{
	const char *name =
		json_string_value(json_object_get(json_object_get(error, "data"), "name"));
	const char *message = json_string_value(json_object_get(error, "message"));

	return err_set(e, name ? err_from_name(name) : ERR_INTERNAL, "%s",
		       message ? message : "the daemon gives no reason");
}

static enum errc read_answer(struct rpc_client *c, json_t *answer, json_t **ret_result,
			     struct err *e)
{
	json_t *error = json_object_get(answer, "error"),
	       *result = json_object_get(answer, "result");

	if (error) {
		c->error = json_incref(error);
		return rpc_error_read(error, e);
	}
	if (result == NULL)
		return err_set(e, ERR_BAD_INPUT,
			       "the daemon's answer has neither result nor error");
	*ret_result = json_incref(result);
	return ERR_OK;
}

static bool is_answer_to(const json_t *answer, int64_t id)
{
	const json_t *got = json_object_get(answer, "id");

	/* an error with id null is about the line we sent: there is only one in flight */
	return json_is_null(got) || (json_is_integer(got) && json_integer_value(got) == id);
}

enum errc rpc_client_call(struct rpc_client *c, const char *method, json_t *params, int timeout_ms,
			  json_t **ret_result, struct err *e)
{
	json_t *request = rpc_request_take(++c->last_id, method, params);
	struct deadline d = deadline_in(timeout_ms);
	struct err own = ERR_NONE;
	enum errc code;
	struct wr w;

	e = e ? e : &own;
	json_decref(c->error);
	c->error = NULL;
	wr_init(&w, RPC_LINE_MAX);
	if (request)
		rpc_line_put(&w, request);
	json_decref(request);
	code = w.bad ? err_set(e, ERR_TOO_LARGE, "the request is larger than %d bytes",
			       RPC_LINE_MAX)
		     : send_all(c, wr_span(&w), d, e);
	wr_done(&w);
	while (code == ERR_OK) {
		json_t *answer = NULL;
		struct span line;

		if (!rpc_lines_next(&c->lines, &line)) {
			code = wait_for(c->fd, POLLIN, d, e);
			code = code ? code : fill(c, e);
			continue;
		}
		code = take_line(c, line, &answer, e);
		if (answer && is_answer_to(answer, c->last_id)) {
			code = read_answer(c, answer, ret_result, e);
			json_decref(answer);
			return code;
		}
		json_decref(answer); /* late, of a call that timed out */
	}
	return err_wrap(e, "%s", method);
}

enum errc rpc_client_next(struct rpc_client *c, int timeout_ms, json_t **ret, struct err *e)
{
	struct deadline d = deadline_in(timeout_ms);

	for (;;) {
		json_t *answer = NULL;
		struct span line;
		enum errc code;

		if (json_array_size(c->kept) > 0) {
			*ret = json_incref(json_array_get(c->kept, 0));
			json_array_remove(c->kept, 0);
			return ERR_OK;
		}
		if (rpc_lines_next(&c->lines, &line)) {
			code = take_line(c, line, &answer, e);
			json_decref(answer);
		} else {
			code = wait_for(c->fd, POLLIN, d, e);
			code = code ? code : fill(c, e);
		}
		if (code)
			return code;
	}
}

static bool take_if_there(char *out, size_t out_bytes, const char *dir, const char *rest)
{
	if (dir == NULL || dir[0] != '/')
		return false;
	snprintf(out, out_bytes, "%s%s", dir, rest);
	return access(out, F_OK) == 0;
}

void rpc_socket_path(char *out, size_t out_bytes)
{
	static const struct {
		const char *env, *rest;
	} places[] = {
		{ "XDG_RUNTIME_DIR", "/wad/wad.sock" },
		{ "XDG_STATE_HOME", "/wad/wad.sock" },
		{ "HOME", "/.local/state/wad/wad.sock" },
	};
	const char *given = getenv("WAD_SOCKET"), *runtime = getenv("XDG_RUNTIME_DIR");

	if (given == NULL || given[0] == '\0')
		given = getenv("WAD_RPC_SOCKET");
	if (given && given[0]) {
		snprintf(out, out_bytes, "%s", given);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(places); i++)
		if (take_if_there(out, out_bytes, getenv(places[i].env), places[i].rest))
			return;
	if (take_if_there(out, out_bytes, "/run", "/wad/wad.sock") || geteuid() == 0)
		return;
	/* nobody is there: name the place where the user's own daemon would be */
	if (runtime && runtime[0] == '/')
		snprintf(out, out_bytes, "%s/wad/wad.sock", runtime);
	else if (!take_if_there(out, out_bytes, getenv("HOME"), "/.local/state/wad/wad.sock") &&
		 getenv("HOME") == NULL)
		snprintf(out, out_bytes, "/run/wad/wad.sock");
}
