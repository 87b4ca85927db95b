#include "tests/sim/sim.h"

#include <inttypes.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/map.h"
#include "shared/base/xalloc.h"

#include "daemon/engine/progress.h"
#include "tests/sim/sim_time.h"
#include "tests/unit/store/pg_fixture.h"

enum { PG_WAIT_MS = 30000, TELL_MS = 3 * 3600 * 1000 };

struct send {
	int64_t outbox_id, device_id, at_ms;
	uint64_t phone;
};

static struct {
	struct pg_fixture pg;
	PGconn *side; /* tells the time, runs the test's own statements */
	PGresult *last;
	char *conninfo;
	uv_loop_t loop;
	struct db *db, *shard_db;
	struct rng_fixed rng;
	struct client_env client;
	struct queue_env queue;
	struct worker_env worker;
	int64_t told_ms; /* the database's time */
	struct send *sends;
	size_t send_len, send_cap;
	int64_t flushed;
} s;

static bool is_idle(void)
{
	return db_is_idle(s.db) && db_is_idle(s.shard_db);
}

/* -- statements of the test -- */

static void run_side(const char *sql)
{
	ExecStatusType status;

	PQclear(s.last);
	s.last = PQexec(s.side, sql);
	status = PQresultStatus(s.last);
	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_COPY_IN) {
		fprintf(stderr, "sim: %s\n%s\n", PQerrorMessage(s.side), sql);
		abort();
	}
}

static void tell_time(bool always)
{
	char sql[128];
	int64_t now = sim_time_wall_ms();

	if (!always && now - s.told_ms < SIM_STEP_MS)
		return;
	s.told_ms = now;
	snprintf(sql, sizeof sql, "update sim.clock set at = to_timestamp(%" PRId64 " / 1000.0)",
		 now);
	run_side(sql);
}

const char *sim_sql(const char *fmt, ...)
{
	char *sql = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&sql, fmt, ap) < 0)
		abort();
	va_end(ap);
	tell_time(true);
	run_side(sql);
	free(sql);
	return PQntuples(s.last) && !PQgetisnull(s.last, 0, 0) ? PQgetvalue(s.last, 0, 0) : "";
}

int64_t sim_i64(const char *fmt, ...)
{
	char *sql = NULL;
	int64_t v;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&sql, fmt, ap) < 0)
		abort();
	va_end(ap);
	v = strtoll(sim_sql("%s", sql), NULL, 10);
	free(sql);
	return v;
}

/* -- time -- */

/* Nothing to do: on to the next timer, or wait for PostgreSQL, which takes no simulated time beyond the
 * milliseconds that units are gathered for. */
static void idle(void)
{
	int next = uv_backend_timeout(&s.loop);
	struct pollfd fd = { .fd = uv_backend_fd(&s.loop), .events = POLLIN };

	if (next == 0)
		return;
	if (!is_idle() && (next < 0 || next > GROUP_DELAY_MS)) {
		if (poll(&fd, 1, PG_WAIT_MS) == 1)
			return;
		fprintf(stderr, "sim: PostgreSQL does not answer\n");
		abort();
	}
	if (next < 0) {
		fprintf(stderr, "sim: nothing will ever happen\n");
		abort();
	}
	sim_time_advance(next);
	if (is_idle())
		tell_time(false);
}

void sim_run(bool (*done)(void *ctx), void *ctx, double days)
{
	int64_t end = sim_time_wall_ms() + (int64_t)(days * 86400000), told = sim_time_wall_ms();

	while (!done(ctx)) {
		if (sim_time_wall_ms() >= told + TELL_MS) {
			told = sim_time_wall_ms();
			printf("sim: %s, %" PRId64 " messages have left\n", sim_sql("select now()"),
			       sim_sends());
			fflush(stdout);
		}
		uv_run(&s.loop, UV_RUN_NOWAIT);
		idle();
		if (sim_time_wall_ms() > end) {
			fprintf(stderr, "sim: not within %g days\n", days);
			abort();
		}
	}
}

static bool is_past(void *ctx)
{
	return sim_time_wall_ms() >= *(int64_t *)ctx && is_idle();
}

void sim_run_for(int64_t ms)
{
	int64_t until = sim_time_wall_ms() + ms;

	sim_run(is_past, &until, (double)ms / 86400000 + 1);
}

unix_ms sim_now(void)
{
	return (unix_ms){ sim_time_wall_ms() };
}

/* -- what has left -- */

void sim_note_send(int64_t outbox_id, int64_t device_id, uint64_t phone)
{
	if (s.send_len == s.send_cap) {
		s.send_cap = s.send_cap ? s.send_cap * 2 : 1024;
		s.sends = xrealloc(s.sends, s.send_cap * sizeof *s.sends);
	}
	s.sends[s.send_len++] = (struct send){ outbox_id, device_id, sim_time_wall_ms(), phone };
}

int64_t sim_sends(void)
{
	return s.flushed + (int64_t)s.send_len;
}

void sim_flush_sends(void)
{
	char line[120];

	run_side("copy sim.sends (outbox_id, device_id, phone, at_ms) from stdin");
	PQclear(s.last);
	for (size_t i = 0; i < s.send_len; i++) {
		int n = snprintf(line, sizeof line,
				 "%" PRId64 "\t%" PRId64 "\t%" PRIu64 "\t%" PRId64 "\n",
				 s.sends[i].outbox_id, s.sends[i].device_id, s.sends[i].phone,
				 s.sends[i].at_ms);

		PQputCopyData(s.side, line, n);
	}
	PQputCopyEnd(s.side, NULL);
	while ((s.last = PQgetResult(s.side)) != NULL)
		PQclear(s.last);
	s.flushed += (int64_t)s.send_len;
	s.send_len = 0;
	run_side("update sim.sends set at = to_timestamp(at_ms / 1000.0) where at is null");
	run_side("analyze sim.sends");
}

/* -- begin and end -- */

static void make_time(const char *wall)
{
	run_side("create schema sim");
	run_side("create table sim.clock (at timestamptz not null)");
	sim_sql("insert into sim.clock values ('%s')", wall);
	/* one row, updated in place: no garbage worth a word */
	run_side("alter table sim.clock set (fillfactor = 10, autovacuum_vacuum_threshold = 1000)");
	run_side("create function sim.now() returns timestamptz language sql stable parallel safe "
		 "as 'select at from sim.clock'");
	run_side(
		"create table sim.sends (outbox_id bigint, device_id bigint, phone bigint, at_ms bigint, at timestamptz)");
	/* defaults were bound to the real now() when the tables were made */
	run_side(
		"do $$ declare c record; begin for c in select table_name, column_name from "
		"information_schema.columns where table_schema = 'public' and column_default like '%now()' loop "
		"execute format('alter table %I alter column %I set default sim.now()', c.table_name, "
		"c.column_name); end loop; end $$");
}

static int64_t begin_time(const char *wall)
{
	char sql[160];

	snprintf(sql, sizeof sql, "select (extract(epoch from '%s'::timestamptz) * 1000)::bigint",
		 wall);
	run_side(sql);
	return strtoll(PQgetvalue(s.last, 0, 0), NULL, 10);
}

static void post(void *ctx, struct fleet_mail *m)
{
	(void)ctx;
	fleet_mail_free(m); /* nobody listens: nothing here falls over to another device */
}

static void build(void)
{
	static const struct pacing_defaults no_caps; /* the devices have their own */
	struct db_cfg cfg = { .loop = &s.loop, .conninfo = s.conninfo, .log = log_root() };

	s.db = db_new(&cfg);
	cfg.by_index = true;
	s.shard_db = db_new(&cfg);
	rng_fixed_init(&s.rng, 1);
	s.client = (struct client_env){ .loop = &s.loop,
					.db = s.shard_db,
					.clock = clock_real(),
					.rng = &s.rng.base,
					.log = log_root() };
	s.queue = (struct queue_env){ .loop = &s.loop,
				      .db = s.shard_db,
				      .clock = clock_real(),
				      .rng = &s.rng.base,
				      .log = log_root(),
				      .progress = progress_new(&s.loop, s.shard_db, log_root()),
				      .contents = map_new(),
				      .lease_until = { INT64_MAX } };
	s.worker = (struct worker_env){
		.client = &s.client, .queue = &s.queue, .pacing = &no_caps, .post = post
	};
}

void sim_begin(const char *wall)
{
	log_level_set(LOG_WARN);
	if (pg_fixture_start(&s.pg, NULL))
		abort();
	s.conninfo = xasprintf(
		"%s options='-c search_path=public,sim,pg_catalog -c synchronous_commit=off'",
		s.pg.conninfo);
	s.side = PQconnectdb(s.conninfo);
	/* nothing here is meant to survive */
	run_side("alter system set fsync = off");
	run_side("alter system set full_page_writes = off");
	run_side("select pg_reload_conf()");
	make_time(wall);
	uv_loop_init(&s.loop);
	build();
	while (!db_is_up(s.db) || !db_is_up(s.shard_db))
		uv_run(&s.loop, UV_RUN_ONCE);
	sim_time_begin(begin_time(wall));
	tell_time(true);
}

/* what the process holds ends with it */
void sim_end(void)
{
	sim_time_end();
	PQclear(s.last);
	PQfinish(s.side);
	pg_fixture_stop(&s.pg);
}

uv_loop_t *sim_loop(void)
{
	return &s.loop;
}

struct db *sim_db(void)
{
	return s.db;
}

struct worker_env *sim_worker_env(void)
{
	return &s.worker;
}
