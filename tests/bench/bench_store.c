/* Group commit and reads of the store on a private server with synchronous commits: a table for
 * people, then one JSON line a row for programs. Units are 5 upserts of sealed 600-byte records, as a
 * message to one person costs; `devices` is how many units wait at a time.
 * Usage: bench_store [SECONDS-PER-ROW] */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "shared/base/crypto.h"
#include "shared/base/rng.h"
#include "shared/base/xalloc.h"

#include "daemon/store/db.h"
#include "daemon/store/stmt_rows.h"
#include "tests/unit/store/pg_fixture.h"

enum { ROWS_PER_UNIT = 5, RECORD_BYTES = 600, PEERS = 20, DEVICES_MAX = 3000 };
enum { PUT, GET };

static const struct sql_text stmts[] = {
	[PUT] = { "put",
		  "insert into sessions (user_id, device_id, peer_server, peer_user, peer_device, "
		  "record) values (1, $1, 0, $2, 0, $3) on conflict (user_id, device_id, "
		  "peer_server, peer_user, peer_device) do update set record = excluded.record" },
	[GET] = { "get", "select record from sessions where user_id = 1 and device_id = $1 and "
			 "peer_server = 0 and peer_user = $2 and peer_device = 0" },
};

struct bench {
	uv_loop_t loop;
	struct pg_fixture fx;
	struct db *db;
	struct arena *a;
	struct rng *rng;
	uint64_t until_ns, done, failed, late_ns;
	unsigned open;
};

/* one that asks again as soon as it is answered */
struct asker {
	struct bench *b;
	int64_t device;
	uint64_t asked_ns;
};

static void unit_ask(struct asker *k);
static void read_ask(struct asker *k);

static bool answered(struct asker *k, const struct err *e)
{
	struct bench *b = k->b;
	uint64_t now = uv_hrtime();

	b->done++;
	b->failed += e->code != ERR_OK;
	if (now - k->asked_ns > b->late_ns)
		b->late_ns = now - k->asked_ns;
	if (now < b->until_ns)
		return true;
	b->open--;
	return false;
}

static void on_unit(void *ctx, const struct err *e)
{
	if (answered(ctx, e))
		unit_ask(ctx);
}

static void on_read(void *ctx, const PGresult *res, const struct err *e)
{
	(void)res;
	if (answered(ctx, e))
		read_ask(ctx);
}

static void unit_ask(struct asker *k)
{
	struct db_unit *u = db_unit_new();
	uint8_t record[RECORD_BYTES];

	k->asked_ns = uv_hrtime();
	rng_fill(k->b->rng, record, sizeof record);
	for (int i = 0; i < ROWS_PER_UNIT; i++) {
		struct db_params *p = db_params_new(k->b->a);

		db_p_i64(p, k->device);
		db_p_i64(p, rng_below(k->b->rng, PEERS));
		db_p_bytes(p, SPAN_OF(record));
		db_unit_add(u, (enum stmt)PUT, p);
	}
	arena_reset(k->b->a);
	db_commit_take(k->b->db, u, on_unit, k);
}

static void read_ask(struct asker *k)
{
	struct db_params *p = db_params_new(k->b->a);

	k->asked_ns = uv_hrtime();
	db_p_i64(p, k->device);
	db_p_i64(p, rng_below(k->b->rng, PEERS));
	db_query(k->b->db, (enum stmt)GET, p, DB_IDEMPOTENT, on_read, k);
	arena_reset(k->b->a);
}

static void row(struct bench *b, const char *what, unsigned devices, double seconds, char *json,
		size_t max)
{
	struct asker *askers = xcalloc(devices, sizeof *askers);
	uint64_t began = uv_hrtime();
	double took;
	size_t at = strlen(json);

	b->done = b->failed = b->late_ns = 0;
	b->open = devices;
	b->until_ns = began + (uint64_t)(seconds * 1e9);
	for (unsigned i = 0; i < devices; i++) {
		askers[i] = (struct asker){ .b = b, .device = i };
		if (what[0] == 'u')
			unit_ask(&askers[i]);
		else
			read_ask(&askers[i]);
	}
	while (b->open > 0)
		uv_run(&b->loop, UV_RUN_ONCE);
	took = (double)(uv_hrtime() - began) / 1e9;
	printf("%-6s %8u %12.0f %12.1f %8" PRIu64 "\n", what, devices, (double)b->done / took,
	       (double)b->late_ns / 1e6, b->failed);
	snprintf(json + at, max - at,
		 "{\"bench\":\"store\",\"what\":\"%s\",\"waiting\":%u,\"per_second\":%.0f,"
		 "\"worst_ms\":%.1f,\"failed\":%" PRIu64 "}\n",
		 what, devices, (double)b->done / took, (double)b->late_ns / 1e6, b->failed);
	free(askers);
}

static void on_closed(void *ctx)
{
	*(bool *)ctx = true;
}

int main(int argc, char **argv)
{
	double seconds = argc > 1 ? strtod(argv[1], NULL) : 3;
	struct bench b = { .a = arena_new() };
	struct rng_fixed rng;
	char json[2048] = "";
	bool closed = false;

	rng_fixed_init(&rng, 1);
	b.rng = &rng.base;
	log_level_set(LOG_WARN);
	uv_loop_init(&b.loop);
	if (pg_fixture_start(&b.fx, &b.loop))
		return 1;
	b.db = db_new(&(struct db_cfg){ .loop = &b.loop,
					.conninfo = b.fx.conninfo,
					.log = log_root(),
					.stmts = stmts,
					.stmts_len = ARRAY_LEN(stmts) });
	while (!db_is_up(b.db))
		uv_run(&b.loop, UV_RUN_ONCE);
	printf("%-6s %8s %12s %12s %8s\n", "what", "waiting", "a second", "worst ms", "failed");
	row(&b, "units", 1, seconds, json, sizeof json);
	row(&b, "units", 50, seconds, json, sizeof json);
	row(&b, "units", 200, seconds, json, sizeof json);
	row(&b, "units", 1000, seconds, json, sizeof json);
	row(&b, "units", DEVICES_MAX, seconds, json, sizeof json);
	row(&b, "reads", 1, seconds, json, sizeof json);
	row(&b, "reads", 50, seconds, json, sizeof json);
	row(&b, "reads", 1000, seconds, json, sizeof json);
	fputs(json, stdout);
	db_close(b.db, on_closed, &closed);
	while (!closed)
		uv_run(&b.loop, UV_RUN_ONCE);
	pg_fixture_stop(&b.fx);
	uv_run(&b.loop, UV_RUN_DEFAULT);
	uv_loop_close(&b.loop);
	arena_free(b.a);
	return 0;
}
