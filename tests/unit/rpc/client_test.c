#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "shared/base/macros.h"
#include "shared/rpc/client.h"
#include "shared/rpc/jsonrpc.h"

#include "tests/unit/testing.h"

/* A server that follows a script: waits for a line, then writes what stands for it. */
struct script {
	char dir[32], path[64];
	int listener;
	const char *const *replies; /* NULL ends: closes the connection */
	pthread_t thread;
};

static void *play(void *at)
{
	struct script *s = at;
	int fd = accept(s->listener, NULL, NULL);
	FILE *in = fdopen(fd, "r");
	char *line = NULL;
	size_t room = 0;

	for (size_t i = 0; s->replies[i]; i++) {
		if (getline(&line, &room, in) < 0)
			break;
		/* byte by byte: the client must put lines together */
		for (const char *c = s->replies[i]; *c; c++)
			if (send(fd, c, 1, MSG_NOSIGNAL) != 1)
				break;
	}
	free(line);
	fclose(in);
	return NULL;
}

static void script_start(struct script *s, const char *const *replies)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	*s = (struct script){ .dir = "/tmp/wad-rpc-test-XXXXXX", .replies = replies };
	assert_non_null(mkdtemp(s->dir));
	snprintf(s->path, sizeof s->path, "%s/s", s->dir);
	snprintf(address.sun_path, sizeof address.sun_path, "%s", s->path);
	s->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(s->listener, (const struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(s->listener, 4), 0);
	assert_int_equal(pthread_create(&s->thread, NULL, play, s), 0);
}

static void script_end(struct script *s)
{
	pthread_join(s->thread, NULL);
	close(s->listener);
	unlink(s->path);
	rmdir(s->dir);
}

static void answers_notifications_and_refusals_are_told_apart(void **state)
{
	static const char *const replies[] = {
		"{\"jsonrpc\":\"2.0\",\"method\":\"event\",\"params\":{\"id\":\"1\"}}\n"
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"a\":1}}\n",
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"late\"}\n"
		"{\"jsonrpc\":\"2.0\",\"id\":2,\"error\":{\"code\":-32004,\"message\":\"no device 'x'\","
		"\"data\":{\"name\":\"not_found\",\"field\":\"device\"}}}\n"
		"{\"jsonrpc\":\"2.0\",\"method\":\"event\",\"params\":{\"id\":\"2\"}}\n",
		NULL,
	};
	struct rpc_client *c = NULL;
	struct script s;
	struct err e = ERR_NONE;
	json_t *v = NULL;

	(void)state;
	script_start(&s, replies);
	assert_int_equal(rpc_client_open(s.path, 1000, &c, &e), ERR_OK);
	assert_int_equal(rpc_client_call(c, "x.y", json_pack("{s:i}", "p", 1), 10000, &v, &e),
			 ERR_OK);
	assert_int_equal(json_integer_value(json_object_get(v, "a")), 1);
	json_decref(v);
	assert_int_equal(rpc_client_call(c, "x.z", NULL, 10000, &v, &e), ERR_NOT_FOUND);
	assert_string_equal(err_msg(&e), "no device 'x'");
	assert_string_equal(json_string_value(json_object_get(
				    json_object_get(rpc_client_error(c), "data"), "field")),
			    "device");
	for (int i = 1; i <= 2; i++) {
		const char *id;

		assert_int_equal(rpc_client_next(c, 10000, &v, &e), ERR_OK);
		id = json_string_value(json_object_get(json_object_get(v, "params"), "id"));
		assert_int_equal(id[0], '0' + i);
		json_decref(v);
	}
	assert_int_equal(rpc_client_next(c, 10000, &v, &e), ERR_UNREACHABLE); /* closed */
	rpc_client_free(c);
	script_end(&s);
}

static void silence_ends_in_a_timeout(void **state)
{
	static const char *const replies[] = { "", "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":5}\n",
					       NULL };
	struct rpc_client *c = NULL;
	struct script s;
	struct err e = ERR_NONE;
	json_t *v = NULL;

	(void)state;
	script_start(&s, replies);
	assert_int_equal(rpc_client_open(s.path, 1000, &c, &e), ERR_OK);
	assert_int_equal(rpc_client_call(c, "x.y", NULL, 20, &v, &e), ERR_TIMEOUT);
	assert_int_equal(rpc_client_next(c, 0, &v, &e), ERR_TIMEOUT);
	assert_int_equal(rpc_client_call(c, "x.y", NULL, 10000, &v, &e), ERR_OK); /* still usable */
	assert_int_equal(json_integer_value(v), 5);
	json_decref(v);
	rpc_client_free(c);
	script_end(&s);
}

static void nonsense_from_the_daemon_is_an_error(void **state)
{
	static const char *const nonsense[] = {
		"hello\n",
		"{\"jsonrpc\":\"2.0\",\"id\":1}\n",
		"",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(nonsense); i++) {
		const char *const replies[] = { nonsense[i], NULL };
		struct rpc_client *c = NULL;
		struct script s;
		struct err e = ERR_NONE;
		json_t *v = NULL;

		script_start(&s, replies);
		assert_int_equal(rpc_client_open(s.path, 1000, &c, &e), ERR_OK);
		assert_int_not_equal(rpc_client_call(c, "x.y", NULL, 10000, &v, &e), ERR_OK);
		assert_null(v);
		rpc_client_free(c);
		script_end(&s);
	}
	rpc_client_free(NULL);
}

static void an_absent_or_stale_socket_says_so(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX,
				       .sun_path = "/tmp/wad-rpc-stale-XXXXXX" };
	struct rpc_client *c = NULL;
	struct err e = ERR_NONE;
	char longer[200];
	int fd;

	(void)state;
	assert_int_equal(rpc_client_open("/nonexistent/wad.sock", 100, &c, &e), ERR_UNREACHABLE);
	assert_string_equal(err_msg(&e), "/nonexistent/wad.sock: no such socket; is wad running?");
	fd = mkstemp(address.sun_path);
	close(fd);
	unlink(address.sun_path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
	close(fd);
	assert_int_equal(rpc_client_open(address.sun_path, 100, &c, &e), ERR_UNREACHABLE);
	assert_non_null(strstr(err_msg(&e), "nobody listens there"));
	unlink(address.sun_path);
	memset(longer, 'x', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	assert_int_equal(rpc_client_open(longer, 100, &c, &e), ERR_UNREACHABLE);
	assert_non_null(strstr(err_msg(&e), "at most 107 bytes"));
}

static void the_socket_is_looked_for_in_order(void **state)
{
	char dir[] = "/tmp/wad-rpc-path-XXXXXX", path[256], want[256];

	(void)state;
	assert_non_null(mkdtemp(dir));
	unsetenv("WAD_SOCKET");
	unsetenv("WAD_RPC_SOCKET");
	setenv("XDG_RUNTIME_DIR", "/nonexistent", 1);
	setenv("XDG_STATE_HOME", dir, 1);
	snprintf(want, sizeof want, "%s/wad", dir);
	assert_int_equal(mkdir(want, 0700), 0);
	snprintf(want, sizeof want, "%s/wad/wad.sock", dir);
	fclose(fopen(want, "w"));
	rpc_socket_path(path, sizeof path);
	assert_string_equal(path, want);
	setenv("WAD_RPC_SOCKET", "/b", 1);
	rpc_socket_path(path, sizeof path);
	assert_string_equal(path, "/b");
	setenv("WAD_SOCKET", "/a", 1);
	rpc_socket_path(path, sizeof path);
	assert_string_equal(path, "/a");
	unlink(want);
	snprintf(want, sizeof want, "%s/wad", dir);
	rmdir(want);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_notifications_and_refusals_are_told_apart),
		cmocka_unit_test(silence_ends_in_a_timeout),
		cmocka_unit_test(nonsense_from_the_daemon_is_an_error),
		cmocka_unit_test(an_absent_or_stale_socket_says_so),
		cmocka_unit_test(the_socket_is_looked_for_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
