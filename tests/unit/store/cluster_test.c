/* The private server: made, found again, recovered, stopped; as root and as a plain user. */
#include <fcntl.h>
#include <libpq-fe.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shared/base/xalloc.h"

#include "daemon/store/cluster.h"
#include "daemon/store/cluster_files.h"
#include "daemon/store/migrate.h"
#include "tests/unit/store/cm.h"
#include "tests/unit/store/pg_fixture.h"

struct test {
	struct pg_fixture fx;
};

static int up(void **state)
{
	struct test *t = calloc(1, sizeof *t);

	*state = t;
	return pg_fixture_start(&t->fx, NULL);
}

static int down(void **state)
{
	struct test *t = *state;

	pg_fixture_stop(&t->fx);
	free(t);
	return 0;
}

static enum errc start(const char *dir, struct cluster **ret, struct err *e)
{
	*e = ERR_NONE;
	return cluster_start(&(struct cluster_cfg){ .state_dir = dir, .log = log_root() }, ret, e);
}

static void stop(struct test *t)
{
	cluster_stop(t->fx.cluster);
	t->fx.cluster = NULL;
}

static void start_again(struct test *t)
{
	struct err e;

	if (start(t->fx.dir, &t->fx.cluster, &e))
		fail_msg("%s", e.msg);
	t->fx.conninfo = cluster_conninfo(t->fx.cluster);
}

/* a zombie that nobody reaps does not count */
static bool runs(const struct test *t, pid_t pid)
{
	AUTO_FREE char *data = xasprintf("%s/postgres/data", t->fx.dir);

	return proc_lives_in(pid, data);
}

/* a copy of /proc/<pid>/<name> */
static size_t proc_file(pid_t pid, const char *name, char *out, size_t max)
{
	char path[64];
	size_t n;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
	f = fopen(path, "r");
	assert_non_null(f);
	n = fread(out, 1, max - 1, f);
	out[n] = '\0';
	fclose(f);
	return n;
}

static void runs_unprivileged_and_clean(void **state)
{
	struct test *t = *state;
	pid_t pid = cluster_pid(t->fx.cluster);
	char text[4096], path[128];
	struct stat st;
	size_t n;

	snprintf(path, sizeof path, "/proc/%d", (int)pid);
	assert_int_equal(stat(path, &st), 0);
	assert_int_not_equal(st.st_uid, 0);
	if (geteuid() != 0)
		assert_int_equal(st.st_uid, geteuid());
	snprintf(path, sizeof path, "%s/postgres/data", t->fx.dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_not_equal(st.st_uid, 0);
	assert_int_equal(st.st_mode & 07777, 0700);

	n = proc_file(pid, "environ", text, sizeof text);
	for (size_t i = 0; i < n; i += strlen(text + i) + 1)
		assert_true(strncmp(text + i, "PATH=", 5) == 0 ||
			    strncmp(text + i, "LANG=", 5) == 0 ||
			    strncmp(text + i, "TZ=", 3) == 0 || strncmp(text + i, "PG_", 3) == 0);
	assert_int_equal(getpgid(pid), pid); /* a process group of its own */
	assert_string_equal(pg_fixture_sql(&t->fx, "show listen_addresses"), "");
	assert_string_equal(pg_fixture_sql(&t->fx, "show synchronous_commit"), "on");
	assert_string_equal(pg_fixture_sql(&t->fx, "show data_checksums"), "on");
	assert_string_equal(pg_fixture_sql(&t->fx, "show server_encoding"), "UTF8");
}

/* a file of ours, left open without FD_CLOEXEC, is not seen in the server */
static void gives_no_files_away(void **state)
{
	struct test *t = *state;
	int fd = open("/etc/hostname", O_RDONLY);
	char path[64], target[256];
	pid_t pid;

	assert_true(fd >= 0);
	stop(t);
	start_again(t);
	pid = cluster_pid(t->fx.cluster);
	for (int i = 0; i < 256; i++) {
		ssize_t n;

		snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, i);
		n = readlink(path, target, sizeof target - 1);
		if (n < 0)
			continue;
		target[n] = '\0';
		assert_string_not_equal(target, "/etc/hostname");
	}
	close(fd);
}

/* who may connect: we and the server's own user, nobody else, and only as the role of the map */
static void peers_are_mapped(void **state)
{
	struct test *t = *state;
	AUTO_FREE char *other = xasprintf("%s user=postgres", t->fx.conninfo);
	PGconn *pg = PQconnectdb(t->fx.conninfo);

	assert_int_equal(PQstatus(pg), CONNECTION_OK);
	PQfinish(pg);
	pg = PQconnectdb(other);
	assert_int_equal(PQstatus(pg), CONNECTION_BAD);
	PQfinish(pg);
	if (geteuid() == 0) {
		int status;
		pid_t pid = fork();

		if (pid == 0) {
			if (setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534))
				_exit(2);
			pg = PQconnectdb(t->fx.conninfo);
			_exit(PQstatus(pg) == CONNECTION_OK);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(WEXITSTATUS(status), 0);
	}
}

static void found_again_after_our_death(void **state)
{
	struct test *t = *state;
	int status, fds[2];
	pid_t child, server = 0;

	stop(t);
	assert_int_equal(pipe(fds), 0);
	child = fork();
	if (child == 0) {
		struct cluster *c = NULL;
		struct err e;

		if (start(t->fx.dir, &c, &e))
			_exit(1);
		server = cluster_pid(c);
		_exit(write(fds[1], &server, sizeof server) != (ssize_t)sizeof server);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(read(fds[0], &server, sizeof server), sizeof server);
	close(fds[0]);
	close(fds[1]);
	assert_true(runs(t, server));
	start_again(t);
	assert_int_equal(cluster_pid(t->fx.cluster), server);
	assert_string_equal(pg_fixture_sql(&t->fx, "select name from users"), "admin");
	stop(t); /* also one that is not our child */
	assert_false(runs(t, server));
	start_again(t);
}

/* no signal but the last one ends a frozen server; it recovers */
static void frozen_one_is_stopped(void **state)
{
	struct test *t = *state;
	pid_t server = cluster_pid(t->fx.cluster);

	pg_fixture_sql(&t->fx, "create table frozen as select 1 as a");
	assert_int_equal(kill(server, SIGSTOP), 0);
	cluster_stop_within(t->fx.cluster, 0);
	t->fx.cluster = NULL;
	assert_false(runs(t, server));
	start_again(t);
	assert_int_not_equal(cluster_pid(t->fx.cluster), server);
	assert_string_equal(pg_fixture_sql(&t->fx, "select count(*) from frozen"), "1");
}

static void recovers_from_kill_9(void **state)
{
	struct test *t = *state;

	for (int i = 0; i < 3; i++) {
		pid_t pid = cluster_pid(t->fx.cluster);
		AUTO_FREE char *sql =
			xasprintf("insert into users (name, role) values ('u%d', 'viewer')", i);
		PGconn *pg = PQconnectdb(t->fx.conninfo);

		/* a process of the dead server still works on something */
		assert_true(PQsendQuery(pg, "select count(*) from generate_series(1, 1000000000)"));
		pg_fixture_sql(&t->fx, sql);
		kill(pid, SIGKILL);
		stop(t); /* finds it dead, or about to */
		start_again(t);
		assert_int_not_equal(cluster_pid(t->fx.cluster), pid);
		PQfinish(pg);
	}
	assert_string_equal(pg_fixture_sql(&t->fx, "select count(*) from users"), "4");
}

/* a process number is used again by a stranger, e.g. after the machine was restarted */
static void stale_pid_file(void **state)
{
	struct test *t = *state;
	char path[128];
	FILE *f;

	stop(t);
	snprintf(path, sizeof path, "%s/postgres/data/postmaster.pid", t->fx.dir);
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "%d\n%s/postgres/data\n1\n5432\n%s/postgres/run\n\n0 0\nready\n", (int)getppid(),
		t->fx.dir, t->fx.dir);
	fclose(f);
	start_again(t);
	assert_int_not_equal(cluster_pid(t->fx.cluster), getppid());
}

static void loose_mode_is_tightened(void **state)
{
	struct test *t = *state;
	struct stat st;
	char path[128];

	stop(t);
	snprintf(path, sizeof path, "%s/postgres/data", t->fx.dir);
	assert_int_equal(chmod(path, 0755), 0);
	start_again(t);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
}

static void stops_with_clients(void **state)
{
	struct test *t = *state;
	PGconn *pg = PQconnectdb(t->fx.conninfo);
	pid_t pid = cluster_pid(t->fx.cluster);

	assert_true(PQsendQuery(pg, "select pg_sleep(1000)"));
	stop(t);
	assert_false(runs(t, pid));
	while (PQconsumeInput(pg))
		proc_sleep_ms(10);
	PQfinish(pg);
	start_again(t);
}

static void half_made_data_is_made_again(void **state)
{
	struct test *t = *state;
	AUTO_FREE char *move = xasprintf("mv %s/postgres/data %s/postgres/data.new && rm "
					 "%s/postgres/data.new/PG_VERSION",
					 t->fx.dir, t->fx.dir, t->fx.dir);

	stop(t);
	assert_int_equal(system(move), 0);
	start_again(t);
	assert_string_equal(
		pg_fixture_sql(&t->fx, "select count(*) from pg_tables where tablename = 'users'"),
		"0");
}

static void other_version_is_refused(void **state)
{
	struct test *t = *state;
	AUTO_FREE char *set = xasprintf("echo 11 > %s/postgres/data/PG_VERSION", t->fx.dir);
	AUTO_FREE char *reset = xasprintf("echo 15 > %s/postgres/data/PG_VERSION", t->fx.dir);
	struct cluster *c = NULL;
	struct err e;
	int newest = PQlibVersion() / 10000;

	stop(t);
	assert_int_equal(system(set), 0);
	assert_int_equal(start(t->fx.dir, &c, &e), ERR_CONFIG);
	assert_non_null(strstr(e.msg, "pg_upgrade"));
	if (newest != 15) {
		free(reset);
		reset = xasprintf("echo %d > %s/postgres/data/PG_VERSION", newest, t->fx.dir);
	}
	assert_int_equal(system(reset), 0);
	start_again(t);
}

static void broken_settings_are_told(void **state)
{
	struct test *t = *state;
	AUTO_FREE char *set =
		xasprintf("echo 'work_mem = much' > %s/postgres/data/user.conf", t->fx.dir);
	AUTO_FREE char *reset = xasprintf("rm %s/postgres/data/user.conf", t->fx.dir);
	struct cluster *c = NULL;
	struct err e;

	stop(t);
	assert_int_equal(system(set), 0);
	assert_int_equal(start(t->fx.dir, &c, &e), ERR_DATABASE);
	assert_non_null(strstr(e.msg, "user.conf"));
	assert_int_equal(system(reset), 0);
	start_again(t);
}

/* a state directory whose socket path would be cut off */
static void long_path(void **state)
{
	struct test *t = *state;
	AUTO_FREE char *dir = xasprintf("%s/%0100d", t->fx.dir, 7);
	AUTO_FREE char *copy = xasprintf("cp -a %s/postgres %s/", t->fx.dir, dir);
	struct cluster *c = NULL;
	char sockets[128];
	struct err e;
	PGconn *pg;

	stop(t);
	assert_int_equal(mkdir(dir, 0700), 0);
	assert_int_equal(system(copy), 0);
	if (start(dir, &c, &e))
		fail_msg("%s", e.msg);
	assert_null(strstr(cluster_conninfo(c), t->fx.dir));
	pg = PQconnectdb(cluster_conninfo(c));
	assert_int_equal(PQstatus(pg), CONNECTION_OK);
	snprintf(sockets, sizeof sockets, "%s", PQhost(pg));
	PQfinish(pg);
	cluster_stop(c);
	assert_int_not_equal(access(sockets, F_OK),
			     0); /* nothing stays outside the state directory */
	start_again(t);
}

/* what root may pass and the server's user may not; a user without a name */
static void closed_folder(const struct test *t)
{
	AUTO_FREE char *closed = xasprintf("%s/closed", t->fx.dir);
	AUTO_FREE char *dir = xasprintf("%s/state", closed);
	struct cluster *c = NULL;
	struct err e;
	int status;
	pid_t pid;

	assert_int_equal(mkdir(closed, 0700), 0);
	assert_int_equal(mkdir(dir, 0755), 0);
	assert_int_equal(start(dir, &c, &e), ERR_CONFIG);
	assert_non_null(strstr(e.msg, closed));
	pid = fork();
	if (pid == 0) {
		struct proc_user u;
		enum errc code = ERR_OK;

		if (setresuid(54321, 54321, 54321) == 0)
			code = proc_user_find(dir, &u, &e);
		if (code == ERR_CONFIG) /* belongs to root */
			code = proc_user_find("/nonexistent", &u, &e);
		_exit(code == ERR_SYSTEM && strstr(e.msg, "54321") ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void closed_folder_is_named(void **state)
{
	if (geteuid() != 0)
		skip();
	closed_folder(*state);
}

static void changed_migration_is_refused(void **state)
{
	struct test *t = *state;
	struct err e = ERR_NONE;

	assert_int_equal(migrate(t->fx.conninfo, NULL, log_root(), &e), ERR_OK); /* nothing to do */
	pg_fixture_sql(&t->fx, "update schema_migrations set checksum = 'x' where number = 1");
	assert_int_equal(migrate(t->fx.conninfo, NULL, log_root(), &e), ERR_UNSUPPORTED);
	assert_non_null(strstr(e.msg, "0001_base"));
	pg_fixture_sql(&t->fx, "delete from schema_migrations where number = 1");
	assert_int_equal(migrate(t->fx.conninfo, NULL, log_root(), &e),
			 ERR_DATABASE); /* tables exist */
	assert_non_null(strstr(e.msg, "0001_base"));
	assert_string_equal(
		pg_fixture_sql(&t->fx, "select count(*) from schema_migrations where number = 1"),
		"0");
	pg_fixture_sql(&t->fx, "insert into schema_migrations values (9999, 'later', 'x')");
	assert_int_equal(migrate(t->fx.conninfo, NULL, log_root(), &e), ERR_UNSUPPORTED);
	assert_non_null(strstr(e.msg, "newer"));
	assert_int_equal(migrate("host=/nonexistent", NULL, log_root(), &e), ERR_DATABASE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs_unprivileged_and_clean),
		cmocka_unit_test(gives_no_files_away),
		cmocka_unit_test(peers_are_mapped),
		cmocka_unit_test(found_again_after_our_death),
		cmocka_unit_test(stale_pid_file),
		cmocka_unit_test(loose_mode_is_tightened),
		cmocka_unit_test(stops_with_clients),
		cmocka_unit_test(other_version_is_refused),
		cmocka_unit_test(broken_settings_are_told),
		cmocka_unit_test(long_path),
		cmocka_unit_test(closed_folder_is_named),
		cmocka_unit_test(frozen_one_is_stopped),
		cmocka_unit_test(recovers_from_kill_9),
		cmocka_unit_test(changed_migration_is_refused),
		cmocka_unit_test(half_made_data_is_made_again),
	};

	return cmocka_run_group_tests(tests, up, down);
}
