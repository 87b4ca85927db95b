#include "daemon/store/cluster.h"

#include <errno.h>
#include <libpq-fe.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "shared/base/clock.h"
#include "shared/base/xalloc.h"

#include "daemon/store/cluster_files.h"

enum {
	POLL_MS = 20,
	START_MAX_MS = 60000,         /* silence of a server that lives */
	RECOVERY_MAX_MS = 30 * 60000, /* it answers: "starting up" */
	COLLIDE_MAX_MS = 10000,       /* a predecessor's lock or shared memory is still held */
	STOP_QUIT_MS = 2000,          /* the last of the time it has to stop */
	STOP_KILL_MS = 2000,
	WATCH_MS = 200,
	BACKOFF_MAX_MS = 10000,
	STEADY_MS = 60000 /* alive so long: the backoff starts again */
};

/* on the heap by itself: its handle closes after the cluster is freed */
struct watch {
	uv_timer_t timer;
	struct cluster *cluster;
};

struct cluster {
	struct log *log;
	struct cluster_files files;
	char *conninfo;
	pid_t pid;      /* 0: not running */
	bool our_child; /* else it was found running */
	struct watch *watch;
	int64_t started_ms, restart_ms; /* monotonic */
	int64_t backoff_ms;
};

static int64_t now_ms(void)
{
	return clock_mono(clock_real()).ms;
}

static void set_conninfo(struct cluster *c, const char *sockets)
{
	free(c->conninfo);
	c->conninfo = xasprintf("host='%s' port=5432 user=wad dbname=wad", sockets);
}

/* notices the end of the server, and forgets it */
static bool has_ended(struct cluster *c)
{
	int status;

	if (c->our_child ? waitpid(c->pid, &status, WNOHANG) == 0
			 : proc_lives_in(c->pid, c->files.data))
		return false;
	c->pid = 0;
	return true;
}

static enum errc spawn(struct cluster *c, struct err *e)
{
	AUTO_FREE char *postgres = xasprintf("%s/postgres", c->files.bin);
	char dir[] = "-D";
	char *argv[] = { postgres, dir, c->files.data, NULL };

	c->our_child = true;
	c->started_ms = now_ms();
	return proc_spawn(&c->files.user, &c->files.log, argv, &c->pid, e);
}

/* Connects to the maintenance database, which is always there. */
static PGPing ask(const struct cluster *c, PGconn **ret)
{
	const char *keys[] = { "dbname", "dbname", "connect_timeout", NULL };
	const char *values[] = { c->conninfo, "postgres", "3", NULL };
	PGPing state;

	*ret = PQconnectdbParams(keys, values, 1);
	if (PQstatus(*ret) == CONNECTION_OK)
		return PQPING_OK;
	PQfinish(*ret);
	*ret = NULL;
	state = PQpingParams(keys, values, 1);
	return state == PQPING_OK ? PQPING_REJECT : state;
}

static enum errc ensure_database(PGconn *pg, struct err *e)
{
	PGresult *res = PQexec(pg, "select 1 from pg_database where datname = 'wad'");
	enum errc code = ERR_OK;

	if (PQresultStatus(res) == PGRES_TUPLES_OK && PQntuples(res) == 0) {
		PQclear(res);
		res = PQexec(pg, "create database wad");
	}
	if (PQresultStatus(res) != PGRES_TUPLES_OK && PQresultStatus(res) != PGRES_COMMAND_OK)
		code = err_set(e, ERR_DATABASE, "making the database: %s", PQerrorMessage(pg));
	PQclear(res);
	return code;
}

enum wait_end { WAIT_READY, WAIT_ENDED, WAIT_SILENT };

/* until the server takes connections, ends, or keeps silent for too long */
static enum wait_end wait_ready(struct cluster *c, int silent_max_ms, PGconn **ret)
{
	int64_t began = now_ms(), heard = began;

	for (;;) {
		PGPing state = ask(c, ret);

		if (state == PQPING_OK)
			return WAIT_READY;
		if (has_ended(c))
			return WAIT_ENDED;
		if (state == PQPING_REJECT && now_ms() - began < RECOVERY_MAX_MS)
			heard = now_ms();
		if (now_ms() - heard > silent_max_ms)
			return WAIT_SILENT;
		proc_sleep_ms(POLL_MS);
	}
}

/* what a dead server left: processes that hold its memory, a file that names a stranger's process */
static void clear_remains(struct cluster *c)
{
	for (int i = 0; i < 250 && proc_left_in(c->files.data, i < 200 ? SIGQUIT : SIGKILL); i++)
		proc_sleep_ms(POLL_MS);
	cluster_pidfile_remove(&c->files);
}

static void kill_hung(struct cluster *c)
{
	LOG_WARN(c->log, "database.hung", F_I64("pid", c->pid));
	kill(c->pid, SIGKILL);
	while (!has_ended(c))
		proc_sleep_ms(POLL_MS);
}

/* true when a running server of this data folder was taken over */
static bool reuse(struct cluster *c, PGconn **ret)
{
	struct cluster_pidfile found;

	cluster_pidfile_read(&c->files, &found);
	if (!proc_lives_in(found.pid, c->files.data))
		return false;
	c->pid = found.pid;
	c->our_child = false;
	c->started_ms = now_ms();
	set_conninfo(c, found.sockets[0] ? found.sockets : c->files.sockets);
	switch (wait_ready(c, START_MAX_MS, ret)) {
	case WAIT_READY:
		LOG_INFO(c->log, "database.reused", F_I64("pid", c->pid));
		return true;
	case WAIT_SILENT:
		kill_hung(c);
		break;
	case WAIT_ENDED:
		break;
	}
	return false;
}

static enum errc start_new(struct cluster *c, PGconn **ret, struct err *e)
{
	int64_t began = now_ms();
	char why[120];

	if (cluster_files_empty(&c->files)) {
		if (cluster_files_create(&c->files, e))
			return e->code;
		LOG_INFO(c->log, "database.created", F_STR("dir", c->files.data));
	}
	clear_remains(c);
	if (cluster_files_configure(&c->files, e))
		return e->code;
	set_conninfo(c, c->files.sockets);
	for (;;) {
		if (spawn(c, e))
			return e->code;
		switch (wait_ready(c, START_MAX_MS, ret)) {
		case WAIT_READY:
			LOG_INFO(c->log, "database.started", F_I64("pid", c->pid));
			return ERR_OK;
		case WAIT_SILENT:
			kill_hung(c);
			return err_set(e, ERR_DATABASE,
				       "PostgreSQL did not answer within %d s; see %s",
				       START_MAX_MS / 1000, c->files.log_path);
		case WAIT_ENDED:
			break;
		}
		proc_log_why(&c->files.log, why, sizeof why);
		if (now_ms() - began > COLLIDE_MAX_MS ||
		    (!strstr(why, "lock file") && !strstr(why, "shared memory block")))
			return err_set(e, ERR_DATABASE, "PostgreSQL does not start: %s", why);
		proc_sleep_ms(200);
		clear_remains(c);
	}
}

static void restart(struct cluster *c)
{
	struct err e = ERR_NONE;

	proc_left_in(c->files.data, SIGQUIT);
	if (spawn(c, &e)) {
		c->pid = 0;
		LOG_ERROR(c->log, "database.not_started", F_ERR(&e));
	} else {
		LOG_WARN(c->log, "database.restarted", F_I64("pid", c->pid));
	}
}

static void on_watch(uv_timer_t *t)
{
	struct cluster *c = CONTAINER_OF(t, struct watch, timer)->cluster;
	char why[120];

	if (c->pid) {
		if (!has_ended(c))
			return;
		if (now_ms() - c->started_ms > STEADY_MS)
			c->backoff_ms = 0;
		proc_log_why(&c->files.log, why, sizeof why);
		LOG_ERROR(c->log, "database.died", F_STR("why", why),
			  F_I64("again_ms", c->backoff_ms));
		c->restart_ms = now_ms() + c->backoff_ms;
		c->backoff_ms = c->backoff_ms ? c->backoff_ms * 2 : 2 * WATCH_MS;
		if (c->backoff_ms > BACKOFF_MAX_MS)
			c->backoff_ms = BACKOFF_MAX_MS;
	}
	if (now_ms() >= c->restart_ms)
		restart(c);
}

static void cluster_free(struct cluster *c)
{
	cluster_files_done(&c->files);
	free(c->conninfo);
	free(c);
}

enum errc cluster_start(const struct cluster_cfg *cfg, struct cluster **ret, struct err *e)
{
	struct cluster *c = xcalloc(1, sizeof *c);
	struct err why = ERR_NONE;
	PGconn *pg = NULL;

	c->log = cfg->log;
	if (cluster_files_init(&c->files, cfg->state_dir, &why) == ERR_OK &&
	    (reuse(c, &pg) || start_new(c, &pg, &why) == ERR_OK))
		ensure_database(pg, &why);
	PQfinish(pg);
	if (why.code) {
		if (c->pid) /* it runs, but is of no use */
			cluster_stop(c);
		else
			cluster_free(c);
		return err_set(e, why.code, "private PostgreSQL: %s", why.msg);
	}
	if (cfg->loop) {
		c->watch = xcalloc(1, sizeof *c->watch);
		c->watch->cluster = c;
		uv_timer_init(cfg->loop, &c->watch->timer);
		uv_timer_start(&c->watch->timer, on_watch, WATCH_MS, WATCH_MS);
		uv_unref((uv_handle_t *)&c->watch->timer);
	}
	*ret = c;
	return ERR_OK;
}

const char *cluster_conninfo(const struct cluster *c)
{
	return c->conninfo;
}

int cluster_pid(const struct cluster *c)
{
	return (int)c->pid;
}

static void on_watch_closed(uv_handle_t *h)
{
	free(CONTAINER_OF(h, struct watch, timer));
}

static bool end_within(struct cluster *c, int sig, int64_t ms)
{
	int64_t until = now_ms() + ms;

	kill(c->pid, sig);
	while (!has_ended(c)) {
		if (now_ms() >= until)
			return false;
		proc_sleep_ms(POLL_MS);
	}
	return true;
}

/* the server and what it has started */
static bool kill_all(struct cluster *c)
{
	LOG_WARN(c->log, "database.killed", F_I64("pid", c->pid),
		 F_STR("why", "it did not stop in time"));
	if (!end_within(c, SIGKILL, STOP_KILL_MS / 2))
		return false;
	for (int left = STOP_KILL_MS / 2; proc_left_in(c->files.data, SIGKILL); left -= POLL_MS) {
		if (left <= 0)
			return false;
		proc_sleep_ms(POLL_MS);
	}
	return true;
}

void cluster_stop_within(struct cluster *c, int64_t ms)
{
	if (c == NULL)
		return;
	if (c->watch)
		uv_close((uv_handle_t *)&c->watch->timer, on_watch_closed);
	if (ms < CLUSTER_STOP_MIN_MS)
		ms = CLUSTER_STOP_MIN_MS;
	if (c->pid && !end_within(c, SIGINT, ms - STOP_QUIT_MS - STOP_KILL_MS) &&
	    !end_within(c, SIGQUIT, STOP_QUIT_MS) && !kill_all(c))
		LOG_ERROR(c->log, "database.not_stopped", F_I64("pid", c->pid));
	else
		LOG_INFO(c->log, "database.stopped");
	if (c->files.sockets)
		cluster_files_remove_sockets(&c->files);
	cluster_free(c);
}

void cluster_stop(struct cluster *c)
{
	cluster_stop_within(c, CLUSTER_STOP_MS);
}
