/* The two lanes of a db against a real server: values there and back, order, refusals, bounds, and
 * what happens when the server is killed in the middle. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/store/db.h"
#include "daemon/store/migrate.h"
#include "daemon/store/stmt_rows.h"
#include "tests/unit/store/cm.h"
#include "tests/unit/store/pg_fixture.h"

enum {
	T_PUT,
	T_CLAIM,
	T_TYPES,
	T_COUNT,
	T_BROKEN,
	T_SLEEP,
	T_DEFERRED,
	T_NULLS,
	T_READ,
	T_COLLIDES
};

/* clang-format off */
static const struct sql_text stmts[] = {
	[T_PUT] = { "t_put", "insert into t (k, v) values ($1, $2) on conflict (k) do update set v = excluded.v, "
			     "runs = t.runs + 1 returning k, v" },
	[T_CLAIM] = { "t_claim", "insert into seen (k) values ($1)" },
	[T_TYPES] = { "t_types", "select $1::bigint a, $2::integer b, $3::boolean c, $4::text d, $5::bytea e, "
				 "$6::timestamptz f, $7::bigint[] g, $8::integer[] h, $9::text[] i, $10::bytea[] j, "
				 "$11::bigint k, $12::jsonb l, array_length($9, 1)::bigint m, encode($10[2], 'hex') n, $9[2] o" },
	[T_COUNT] = { "t_count", "select count(*) n from t" },
	[T_BROKEN] = { "t_broken", "select nothing from nowhere" },
	[T_SLEEP] = { "t_sleep", "select pg_sleep($1::integer)::text" },
	[T_DEFERRED] = { "t_deferred", "insert into child (k) values ($1)" },
	[T_NULLS] = { "t_nulls", "insert into nulls (i, s) values ($1, $2)" },
	[T_READ] = { "t_read", "select v from t where k = $1" },
	[T_COLLIDES] = { "t_collides", "insert into seen (k) values (collides())" },
};
/* clang-format on */

static const char SCHEMA[] =
	"set client_min_messages = warning; create table if not exists t (k bigint primary key, v bigint not null, n bigserial, "
	"runs int not null default 1);"
	"create table if not exists seen (k bigint primary key);"
	"create table if not exists nulls (i bigint, s integer);"
	"create table if not exists child (k bigint references seen (k) deferrable initially deferred);"
	"create sequence if not exists collisions;"
	"create or replace function collides() returns bigint language plpgsql as $$ begin"
	" if nextval('collisions') < 3 then raise exception using errcode = '40P01'; end if; return 7; end $$;"
	"truncate t, seen, child, nulls";

struct test {
	struct pg_fixture fx;
	uv_loop_t loop;
	struct db *db;
	struct arena *a;
	int ups, downs;
	bool closed;
};

static void on_state(void *ctx, bool up, const char *why)
{
	struct test *t = ctx;

	(void)why;
	if (up)
		t->ups++;
	else
		t->downs++;
}

static int group_up(void **state)
{
	struct test *t = calloc(1, sizeof *t);

	*state = t;
	uv_loop_init(&t->loop);
	return pg_fixture_start(&t->fx, &t->loop);
}

static int group_down(void **state)
{
	struct test *t = *state;

	pg_fixture_stop(&t->fx);
	uv_run(&t->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&t->loop), 0);
	free(t);
	return 0;
}

static int up(void **state)
{
	struct test *t = *state;
	struct db_cfg cfg = { .loop = &t->loop,
			      .conninfo = t->fx.conninfo,
			      .log = log_root(),
			      .on_state = on_state,
			      .ctx = t,
			      .stmts = stmts,
			      .stmts_len = ARRAY_LEN(stmts) };

	pg_fixture_sql(&t->fx, SCHEMA);
	t->ups = t->downs = 0;
	t->closed = false;
	t->a = arena_new();
	t->db = db_new(&cfg);
	return 0;
}

static void on_closed(void *ctx)
{
	((struct test *)ctx)->closed = true;
}

static int down(void **state)
{
	struct test *t = *state;

	if (t->db)
		db_close(t->db, on_closed, t);
	while (t->db && !t->closed)
		uv_run(&t->loop, UV_RUN_ONCE);
	t->db = NULL;
	arena_free(t->a);
	return 0;
}

/* one answer */
struct got {
	int calls;
	enum errc code;
	char msg[200];
	int64_t i64;
	int order;
};

static void note(struct got *g, const struct err *e)
{
	g->calls++;
	g->code = e->code;
	snprintf(g->msg, sizeof g->msg, "%s", err_msg(e));
}

static void on_query(void *ctx, const PGresult *res, const struct err *e)
{
	struct got *g = ctx;

	note(g, e);
	if (res && db_rows(res) == 1 && PQftype(res, 0) != 25)
		g->i64 = db_i64(res, 0, 0);
}

static void on_done(void *ctx, const struct err *e)
{
	note(ctx, e);
}

static void until(struct test *t, const struct got *g)
{
	while (g->calls == 0)
		uv_run(&t->loop, UV_RUN_ONCE);
	assert_int_equal(g->calls, 1);
}

static struct db_params *params1(struct test *t, int64_t k)
{
	struct db_params *p = db_params_new(t->a);

	db_p_i64(p, k);
	return p;
}

static struct db_params *params2(struct test *t, int64_t k, int64_t v)
{
	struct db_params *p = params1(t, k);

	db_p_i64(p, v);
	return p;
}

static void on_types(void *ctx, const PGresult *r, const struct err *e)
{
	struct got *g = ctx;
	const int64_t *v = NULL;
	struct arena *a = arena_new();

	note(g, e);
	assert_int_equal(e->code, ERR_OK);
	assert_int_equal(db_i64(r, 0, db_col(r, "a")), INT64_MIN + 1);
	assert_int_equal(db_i64(r, 0, db_col(r, "b")), -7);
	assert_true(db_bool(r, 0, db_col(r, "c")));
	assert_string_equal(db_text(r, 0, db_col(r, "d")), "it's \xc3\xa4 \\ \"text\"");
	assert_true(span_eq(db_bytes(r, 0, db_col(r, "e")), SPAN_LIT("\0\1\2")));
	assert_int_equal(db_time(r, 0, db_col(r, "f")).ms, 1700000000123);
	assert_int_equal(db_i64_array(r, 0, db_col(r, "g"), a, &v), 3);
	assert_int_equal(v[2], -3);
	assert_int_equal(db_i64_array(r, 0, db_col(r, "h"), a, &v), 2);
	assert_int_equal(v[0], INT32_MIN);
	assert_int_equal(v[1], 6);
	assert_int_equal(db_i64(r, 0, db_col(r, "m")), 3);
	assert_string_equal(db_text(r, 0, db_col(r, "n")), "00ff");
	assert_true(db_is_null(r, 0, db_col(r, "o")));
	assert_string_equal(db_text(r, 0, db_col(r, "o")), "");
	assert_true(db_is_null(r, 0, db_col(r, "k")));
	assert_int_equal(db_i64(r, 0, db_col(r, "k")), 0);
	assert_string_equal(db_text(r, 0, db_col(r, "l")), "{\"a\": 1}");
	assert_int_equal(db_affected(r), 1);
	arena_free(a);
}

static void values_come_back(void **state)
{
	struct test *t = *state;
	struct db_params *p = db_params_new(t->a);
	const int64_t longs[] = { 1, 2, -3 };
	const int32_t ints[] = { INT32_MIN, 6 };
	const char *texts[] = { "", NULL, "c" };
	const struct span bytes[] = { { NULL, 0 }, SPAN_LIT("\x00\xff") };
	struct got g = { 0 };

	db_p_i64(p, INT64_MIN + 1);
	db_p_i32(p, -7);
	db_p_bool(p, true);
	db_p_text(p, "it's \xc3\xa4 \\ \"text\"");
	db_p_bytes(p, SPAN_LIT("\0\1\2"));
	db_p_time(p, (unix_ms){ 1700000000123 });
	db_p_i64_array(p, longs, 3);
	db_p_i32_array(p, ints, 2);
	db_p_text_array(p, texts, 3);
	db_p_bytes_array(p, bytes, 2);
	db_p_null(p);
	db_p_text(p, "{\"a\":1}");
	db_query(t->db, (enum stmt)T_TYPES, p, DB_ONCE, on_types, &g);
	until(t, &g);
	while (t->ups == 0)
		uv_run(&t->loop, UV_RUN_ONCE);
}

/* a bare NULL first says nothing about the type: the next call does */
static void null_before_value(void **state)
{
	struct test *t = *state;

	for (int i = 0; i < 4; i++) {
		struct db_params *p = db_params_new(t->a);
		struct got g = { 0 };

		if (i % 2)
			db_p_i64(p, i);
		else
			db_p_null(p);
		if (i == 2) /* bigger than the integer column it goes to, but typed bigint */
			db_p_i64(p, 7);
		else
			db_p_null(p);
		db_query(t->db, (enum stmt)T_NULLS, p, DB_ONCE, on_query, &g);
		until(t, &g);
		assert_int_equal(g.code, ERR_OK);
	}
	assert_string_equal(pg_fixture_sql(&t->fx, "select count(i)*10 + count(s) from nulls"),
			    "21");
}

static void broken_statement_fails_alone(void **state)
{
	struct test *t = *state;
	struct got bad = { 0 }, good = { 0 };

	db_query(t->db, (enum stmt)T_BROKEN, NULL, DB_IDEMPOTENT, on_query, &bad);
	db_query(t->db, (enum stmt)T_COUNT, NULL, DB_ONCE, on_query, &good);
	until(t, &bad);
	until(t, &good);
	assert_int_equal(bad.code, ERR_DATABASE);
	assert_non_null(strstr(bad.msg, "nowhere"));
	assert_int_equal(good.code, ERR_OK);
	assert_int_equal(t->downs, 0);
}

static void who_loses_a_deadlock_is_run_again(void **state)
{
	struct test *t = *state;
	struct got g = { 0 };

	db_query(t->db, (enum stmt)T_COLLIDES, NULL, DB_ONCE, on_query, &g);
	until(t, &g);
	assert_int_equal(g.code, ERR_OK);
	assert_string_equal(pg_fixture_sql(&t->fx, "select count(*) from seen"), "1");
}

struct many {
	struct test *t;
	int next, done, refused, rows, kill_at;
	bool ordered;
};
struct one {
	struct many *m;
	int i;
};

static void on_many_row(void *ctx, const PGresult *res, const struct err *e)
{
	struct one *o = ctx;

	assert_int_equal(e->code, ERR_OK);
	assert_int_equal(db_i64(res, 0, db_col(res, "k")), o->i);
	o->m->rows++;
}

static void on_many(void *ctx, const struct err *e)
{
	struct one *o = ctx;

	if (e->code)
		o->m->refused++;
	if (o->i != o->m->next)
		o->m->ordered = false;
	o->m->next++;
	o->m->done++;
	if (o->m->done == o->m->kill_at)
		kill(cluster_pid(o->m->t->fx.cluster), SIGKILL);
}

static struct db_unit *put_unit(struct test *t, int64_t k)
{
	struct db_unit *u = db_unit_new();

	db_unit_add_result(u, (enum stmt)T_PUT, params2(t, k, k * 2), on_many_row);
	return u;
}

static void units_keep_order(void **state)
{
	struct test *t = *state;
	enum { N = 1000 };
	struct many m = { .t = t, .ordered = true };
	struct one *ones = calloc(N, sizeof *ones);

	for (int i = 0; i < N; i++) {
		ones[i] = (struct one){ &m, i };
		db_commit_take(t->db, put_unit(t, i), on_many, &ones[i]);
	}
	while (m.done < N)
		uv_run(&t->loop, UV_RUN_ONCE);
	assert_true(m.ordered);
	assert_int_equal(m.rows, N);
	assert_int_equal(m.refused, 0);
	/* the serial number tells the order in which the server saw them */
	assert_string_equal(
		pg_fixture_sql(&t->fx, "select count(*) from (select k, lag(k) over (order by n) "
				       "before from t) x where before > k"),
		"0");
	free(ones);
}

static void refused_unit_fails_alone(void **state)
{
	struct test *t = *state;
	struct got got[6] = { 0 };
	struct db_unit *u;

	for (int i = 0; i < 4; i++) {
		u = db_unit_new();
		db_unit_add(u, (enum stmt)T_PUT, params2(t, i, i));
		/* 0 and 2 claim the same: the second is refused; 3 breaks in SQL */
		db_unit_add(u, (enum stmt)(i == 3 ? T_BROKEN : T_CLAIM),
			    i == 3 ? NULL : params1(t, i == 2 ? 0 : i));
		db_commit_take(t->db, u, on_done, &got[i]);
	}
	u = db_unit_new(); /* speaks up at the commit only */
	db_unit_add(u, (enum stmt)T_DEFERRED, params1(t, 77));
	db_commit_take(t->db, u, on_done, &got[4]);
	u = db_unit_new();
	db_unit_add(u, (enum stmt)T_PUT, params2(t, 5, 5));
	db_commit_take(t->db, u, on_done, &got[5]);
	until(t, &got[5]);
	assert_int_equal(got[0].code, ERR_OK);
	assert_int_equal(got[1].code, ERR_OK);
	assert_int_equal(got[2].code, ERR_CONFLICT);
	assert_non_null(strstr(got[2].msg, "t_claim"));
	assert_int_equal(got[3].code, ERR_DATABASE);
	assert_int_equal(got[4].code, ERR_CONFLICT);
	assert_int_equal(got[5].code, ERR_OK);
	assert_string_equal(
		pg_fixture_sql(&t->fx, "select string_agg(k::text, ',' order by k) from t"),
		"0,1,5");
	assert_int_equal(t->downs, 0);
}

static void read_after_commit(void **state)
{
	struct test *t = *state;

	for (int i = 0; i < 50; i++) {
		struct got done = { 0 }, read = { 0 };
		struct db_unit *u = db_unit_new();

		db_unit_add(u, (enum stmt)T_PUT, params2(t, 1, i));
		db_commit_take(t->db, u, on_done, &done);
		until(t, &done);
		db_query(t->db, (enum stmt)T_READ, params1(t, 1), DB_ONCE, on_query, &read);
		until(t, &read);
		assert_int_equal(read.i64, i);
	}
}

static void bound_gives_busy(void **state)
{
	struct test *t = *state;
	struct got first = { 0 }, last = { 0 }, query = { 0 };

	/* nothing was connected yet: all wait */
	for (int i = 0; i < DB_UNITS_MAX; i++)
		db_commit_take(t->db, db_unit_new(), i ? NULL : on_done, &first);
	db_commit_take(t->db, db_unit_new(), on_done, &last);
	assert_int_equal(last.calls, 0); /* never from inside the call */
	for (int i = 0; i < DB_QUERIES_MAX; i++)
		db_query(t->db, (enum stmt)T_COUNT, NULL, DB_IDEMPOTENT, NULL, NULL);
	db_query(t->db, (enum stmt)T_COUNT, NULL, DB_IDEMPOTENT, on_query, &query);
	until(t, &last);
	until(t, &query);
	assert_int_equal(last.code, ERR_BUSY);
	assert_int_equal(query.code, ERR_BUSY);
	until(t, &first);
	assert_int_equal(first.code, ERR_OK);
}

/* kill -9 in the middle: every unit is committed, in order, and told once; queries under way fail
 * unless they may run twice */
static void survives_a_killed_server(void **state)
{
	struct test *t = *state;
	enum { N = 2000 };
	struct many m = { .t = t, .ordered = true, .kill_at = 700 };
	struct one *ones = calloc(N, sizeof *ones);
	struct got once = { 0 }, again = { 0 };
	struct db_params *p = db_params_new(t->a);

	while (!db_is_up(t->db))
		uv_run(&t->loop, UV_RUN_ONCE);
	db_p_i32(p, 3);
	db_query(t->db, (enum stmt)T_SLEEP, p, DB_ONCE, on_query, &once);
	db_query(t->db, (enum stmt)T_COUNT, NULL, DB_IDEMPOTENT, on_query, &again);
	for (int i = 0; i < N; i++) {
		ones[i] = (struct one){ &m, i };
		db_commit_take(t->db, put_unit(t, i), on_many, &ones[i]);
	}
	while (m.done < N || again.calls == 0)
		uv_run(&t->loop, UV_RUN_ONCE);
	assert_true(m.ordered);
	assert_int_equal(m.refused, 0);
	assert_int_equal(m.rows, N);
	assert_int_equal(once.calls, 1);
	assert_int_equal(once.code, ERR_DATABASE);
	assert_int_equal(again.code, ERR_OK);
	assert_int_equal(t->downs, 1);
	assert_int_equal(t->ups, 2);
	assert_string_equal(
		pg_fixture_sql(&t->fx, "select count(*) || ' ' || sum(v) from t where v = k * 2"),
		"2000 3998000");
	free(ones);
}

/* cuts every connection again and again while units flow: the unknown outcome of a commit included */
static void survives_cut_connections(void **state)
{
	struct test *t = *state;
	enum { N = 3000, CUTS = 10 };
	struct many m = { .t = t, .ordered = true };
	struct one *ones = calloc(N, sizeof *ones);
	int cuts = 0;

	for (int i = 0; i < N; i++) {
		ones[i] = (struct one){ &m, i };
		db_commit_take(t->db, put_unit(t, i), on_many, &ones[i]);
	}
	while (m.done < N) {
		uv_run(&t->loop, UV_RUN_ONCE);
		if (cuts < CUTS && m.done > cuts * N / CUTS) {
			pg_fixture_sql(&t->fx,
				       "select pg_terminate_backend(pid) from pg_stat_activity "
				       "where application_name like 'wad:%'");
			cuts++;
		}
	}
	assert_true(m.ordered);
	assert_int_equal(m.refused, 0);
	assert_int_equal(m.rows, N);
	assert_int_equal(cuts, CUTS);
	assert_string_equal(pg_fixture_sql(&t->fx, "select count(*) from t where v = k * 2"),
			    "3000");
	free(ones);
}

/* a wad that starts ends what a killed one may still have running; its own units are not lost by it */
static void a_start_ends_former_connections(void **state)
{
	struct test *t = *state;
	struct got done = { 0 };
	struct err e = ERR_NONE;
	struct db_unit *u = db_unit_new();

	while (t->ups == 0)
		uv_run(&t->loop, UV_RUN_ONCE);
	/* another node lets it work on */
	assert_int_equal(migrate(t->fx.conninfo, "0123abcd", log_root(), &e), ERR_OK);
	assert_string_equal(pg_fixture_sql(&t->fx, "select count(*) from pg_stat_activity where "
						   "application_name like 'wad::%'"),
			    "2");
	assert_int_equal(migrate(t->fx.conninfo, NULL, log_root(), &e), ERR_OK);
	assert_string_equal(pg_fixture_sql(&t->fx, "select count(*) from pg_stat_activity where "
						   "application_name like 'wad:%'"),
			    "0");
	db_unit_add(u, (enum stmt)T_PUT, params2(t, 1, 1));
	db_commit_take(t->db, u, on_done, &done);
	until(t, &done);
	assert_int_equal(done.code, ERR_OK);
	while (t->ups < 2)
		uv_run(&t->loop, UV_RUN_ONCE);
	assert_int_equal(t->downs, 1);
}

/* what the server works at, and what is asked later, fails in the next turn; then it may be closed */
static void gives_up(void **state)
{
	struct test *t = *state;
	struct got unit = { 0 }, behind = { 0 }, query = { 0 }, late = { 0 }, late_unit = { 0 };
	struct db_unit *slow = db_unit_new();
	struct db_params *p = db_params_new(t->a);

	while (!db_is_up(t->db))
		uv_run(&t->loop, UV_RUN_ONCE);
	db_p_i32(p, 600);
	db_unit_add(slow, (enum stmt)T_SLEEP, p);
	db_commit_take(t->db, slow, on_done, &unit);
	db_query(t->db, (enum stmt)T_SLEEP, p, DB_IDEMPOTENT, on_query, &query);
	while (strcmp(pg_fixture_sql(&t->fx, "select count(*) from pg_stat_activity where "
					     "application_name like 'wad:%' and query ~ 'pg_sleep' "
					     "and state = 'active'"),
		      "2") != 0)
		uv_run(&t->loop, UV_RUN_NOWAIT);
	db_commit_take(t->db, put_unit(t, 1), on_done, &behind);
	db_give_up(t->db);
	assert_false(db_is_up(t->db));
	assert_int_equal(unit.calls + behind.calls + query.calls, 0);
	db_query(t->db, (enum stmt)T_COUNT, NULL, DB_IDEMPOTENT, on_query, &late);
	db_commit_take(t->db, put_unit(t, 2), on_done, &late_unit);
	assert_int_equal(late.calls + late_unit.calls, 0);
	until(t, &late_unit);
	until(t, &unit);
	until(t, &behind);
	until(t, &query);
	until(t, &late);
	assert_int_equal(unit.code, ERR_SHUTTING_DOWN);
	assert_int_equal(behind.code, ERR_SHUTTING_DOWN);
	assert_int_equal(query.code, ERR_SHUTTING_DOWN);
	assert_int_equal(late.code, ERR_SHUTTING_DOWN);
	assert_int_equal(late_unit.code, ERR_SHUTTING_DOWN);
	assert_true(db_is_idle(t->db));
	assert_false(t->closed);
	assert_int_equal(t->ups, 1); /* and no new connection */
	pg_fixture_sql(&t->fx, "select pg_terminate_backend(pid, 8000) from pg_stat_activity where "
			       "application_name like 'wad:%'");
}

static void close_finishes_work(void **state)
{
	struct test *t = *state;
	struct got done = { 0 }, late = { 0 };
	struct db_unit *u = db_unit_new();

	while (!db_is_up(t->db))
		uv_run(&t->loop, UV_RUN_ONCE);
	db_unit_add(u, (enum stmt)T_PUT, params2(t, 9, 9));
	db_commit_take(t->db, u, on_done, &done);
	db_close(t->db, on_closed, t);
	db_query(t->db, (enum stmt)T_COUNT, NULL, DB_ONCE, on_query, &late);
	while (!t->closed)
		uv_run(&t->loop, UV_RUN_ONCE);
	t->db = NULL;
	assert_int_equal(done.calls, 1);
	assert_int_equal(done.code, ERR_OK);
	assert_int_equal(late.calls, 1);
	assert_int_equal(late.code, ERR_SHUTTING_DOWN);
	assert_string_equal(pg_fixture_sql(&t->fx, "select v from t where k = 9"), "9");
}

static void close_without_server(void **state)
{
	struct test *t = *state;
	struct got done = { 0 }, query = { 0 }, once = { 0 };
	struct db_cfg cfg = { .loop = &t->loop,
			      .conninfo = "host=/nonexistent user=x dbname=x",
			      .log = log_root(),
			      .on_state = on_state,
			      .ctx = t };
	bool *was = &t->closed;

	down(state);
	t->closed = false;
	t->a = arena_new();
	t->ups = t->downs = 0;
	t->db = db_new(&cfg);
	db_commit_take(t->db, db_unit_new(), on_done, &done);
	db_query(t->db, STMT_DB_PING, NULL, DB_IDEMPOTENT, on_query, &query);
	db_query(t->db, STMT_DB_PING, NULL, DB_ONCE, on_query, &once);
	until(t, &once); /* does not wait for ever, what may run twice does */
	assert_int_equal(once.code, ERR_DATABASE);
	assert_int_equal(query.calls, 0);
	assert_int_equal(t->downs, 1);
	db_close(t->db, on_closed, t);
	while (!*was)
		uv_run(&t->loop, UV_RUN_ONCE);
	t->db = NULL;
	assert_int_equal(done.code, ERR_SHUTTING_DOWN);
	assert_int_equal(query.code, ERR_SHUTTING_DOWN);
	assert_int_equal(t->ups, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(values_come_back, up, down),
		cmocka_unit_test_setup_teardown(null_before_value, up, down),
		cmocka_unit_test_setup_teardown(broken_statement_fails_alone, up, down),
		cmocka_unit_test_setup_teardown(who_loses_a_deadlock_is_run_again, up, down),
		cmocka_unit_test_setup_teardown(units_keep_order, up, down),
		cmocka_unit_test_setup_teardown(refused_unit_fails_alone, up, down),
		cmocka_unit_test_setup_teardown(read_after_commit, up, down),
		cmocka_unit_test_setup_teardown(bound_gives_busy, up, down),
		cmocka_unit_test_setup_teardown(survives_a_killed_server, up, down),
		cmocka_unit_test_setup_teardown(survives_cut_connections, up, down),
		cmocka_unit_test_setup_teardown(a_start_ends_former_connections, up, down),
		cmocka_unit_test_setup_teardown(gives_up, up, down),
		cmocka_unit_test_setup_teardown(close_finishes_work, up, down),
		cmocka_unit_test_setup_teardown(close_without_server, up, down),
	};

	return cmocka_run_group_tests(tests, group_up, group_down);
}
