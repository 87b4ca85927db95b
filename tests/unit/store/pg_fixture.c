#include "tests/unit/store/pg_fixture.h"

#include <fcntl.h>
#include <ftw.h>
#include <libpq-fe.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shared/base/xalloc.h"

#include "daemon/store/cluster_proc.h"
#include "daemon/store/migrate.h"

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	remove(path);
	return 0;
}

static void remove_tree(const char *dir)
{
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static int copy_tree(const char *from, const char *to)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		execlp("cp", "cp", "-a", "--", from, to, (char *)NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

static int start(struct pg_fixture *fx, uv_loop_t *loop)
{
	struct cluster_cfg cfg = { .state_dir = fx->dir, .loop = loop, .log = log_root() };
	struct err e = ERR_NONE;

	if (cluster_start(&cfg, &fx->cluster, &e) == ERR_OK)
		return 0;
	fprintf(stderr, "fixture: %s\n", e.msg);
	return -1;
}

/* Keeps what initdb made. Several programs may do so at once: the first rename wins. */
static void template_keep(const struct pg_fixture *fx, const char *template)
{
	AUTO_FREE char *fresh = xasprintf("%s.%ld", template, (long)getpid());
	AUTO_FREE char *from = xasprintf("%s/postgres", fx->dir);

	if (copy_tree(from, fresh) || rename(fresh, template))
		remove_tree(fresh);
}

/* waits until the program is gone, however that went */
static void guard(int fd, const char *dir)
{
	AUTO_FREE char *data = xasprintf("%s/postgres/data", dir);
	char c;

	setsid();
	while (read(fd, &c, 1) > 0)
		;
	for (int i = 0; i < 100 && proc_left_in(data, i < 50 ? SIGQUIT : SIGKILL); i++)
		proc_sleep_ms(20);
	remove_tree(dir);
	_exit(0);
}

static int guard_start(struct pg_fixture *fx)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC))
		return -1;
	fx->guard_pid = fork();
	if (fx->guard_pid == 0) {
		/* the standard streams go, or a reader of the program's output would wait for us */
		for (int fd = 0; fd < 1024; fd++) {
			if (fd != fds[0])
				close(fd);
		}
		guard(fds[0], fx->dir);
	}
	close(fds[0]);
	fx->guard_fd = fds[1];
	return fx->guard_pid > 0 ? 0 : -1;
}

int pg_fixture_start(struct pg_fixture *fx, uv_loop_t *loop)
{
	AUTO_FREE char *template =
		xasprintf("%s/pg-template-%u", WAD_TEST_CACHE, (unsigned)geteuid());
	AUTO_FREE char *to = NULL;
	struct err e = ERR_NONE;

	*fx = (struct pg_fixture){ .guard_fd = -1 };
	snprintf(fx->dir, sizeof fx->dir, "/tmp/wad-test-pg-XXXXXX");
	if (mkdtemp(fx->dir) == NULL || guard_start(fx))
		return -1;
	to = xasprintf("%s/postgres", fx->dir);
	if (access(template, F_OK) == 0) {
		if (copy_tree(template, to) || start(fx, loop))
			return -1;
	} else {
		if (start(fx, NULL))
			return -1;
		cluster_stop(fx->cluster);
		template_keep(fx, template);
		if (start(fx, loop))
			return -1;
	}
	fx->conninfo = cluster_conninfo(fx->cluster);
	if (migrate(fx->conninfo, NULL, log_root(), &e)) {
		fprintf(stderr, "fixture: %s\n", e.msg);
		return -1;
	}
	return 0;
}

void pg_fixture_stop(struct pg_fixture *fx)
{
	cluster_stop(fx->cluster);
	close(fx->guard_fd);
	if (fx->guard_pid > 0)
		waitpid(fx->guard_pid, NULL, 0);
}

const char *pg_fixture_sql(struct pg_fixture *fx, const char *sql)
{
	static char value[4096]; /* one test program, one thread */
	PGconn *pg = PQconnectdb(fx->conninfo);
	PGresult *res = PQexec(pg, sql);

	if (PQresultStatus(res) != PGRES_TUPLES_OK && PQresultStatus(res) != PGRES_COMMAND_OK) {
		fprintf(stderr, "fixture: %s: %s\n", sql, PQerrorMessage(pg));
		abort();
	}
	value[0] = '\0';
	if (PQntuples(res) > 0)
		snprintf(value, sizeof value, "%s", PQgetvalue(res, 0, 0));
	PQclear(res);
	PQfinish(pg);
	return value;
}

int pg_fixture_run(PGconn *pg, enum stmt stmt, const char *const *values, int n,
		   char ret_first[static 32])
{
	PGresult *res = PQexecParams(pg, stmt_sql(stmt), n, NULL, values, NULL, NULL, 0);
	int rows;

	if (PQresultStatus(res) != PGRES_TUPLES_OK && PQresultStatus(res) != PGRES_COMMAND_OK) {
		fprintf(stderr, "fixture: %s: %s\n", stmt_name(stmt), PQerrorMessage(pg));
		abort();
	}
	rows = PQntuples(res);
	snprintf(ret_first, 32, "%s", rows ? PQgetvalue(res, 0, 0) : "");
	PQclear(res);
	return rows;
}
