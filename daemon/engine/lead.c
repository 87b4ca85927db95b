#include "daemon/engine/lead.h"

#include <stdlib.h>

#include "shared/base/map.h"
#include "shared/base/xalloc.h"

#include "daemon/store/crash.h"

enum { ZONES_MAX = 1000 };

struct import {
	struct lead_import job;
	uv_work_t work;
	struct arena *a; /* holds csv and what is looked up */
	struct lead_csv csv;
	struct err err;
	size_t at;
	uint64_t accepted, updated;
	const char **zones; /* each once */
	size_t zone_len;
};

static void end(struct import *i, const struct err *e)
{
	i->job.done(i->job.ctx, &i->csv, i->accepted, i->updated, e);
	arena_free(i->a);
	free(i);
}

/* -- into the table -- */

/* the columns of one batch */
struct batch {
	int64_t *phones, *devices;
	const char **names, **niches, **tags, **statuses, **notes, **vars, **zones, **sources,
		**ats;
};

static const char *or_default(const char *own, const char *dflt)
{
	return own ? own : dflt;
}

static void batch_fill(struct batch *b, const struct import *i, size_t n, struct arena *a)
{
	const char **columns = arena_alloc(a, (n * 9 + 1) * sizeof *columns);

	b->phones = arena_alloc(a, (n + 1) * sizeof *b->phones);
	b->devices = arena_alloc(a, (n + 1) * sizeof *b->devices);
	b->names = columns;
	b->niches = columns + n;
	b->tags = columns + 2 * n;
	b->statuses = columns + 3 * n;
	b->notes = columns + 4 * n;
	b->vars = columns + 5 * n;
	b->zones = columns + 6 * n;
	b->sources = columns + 7 * n;
	b->ats = columns + 8 * n;
	for (size_t k = 0; k < n; k++) {
		const struct lead_row *row = &i->csv.rows[i->at + k];

		b->phones[k] = row->phone;
		b->devices[k] = row->device_id ? row->device_id : i->job.device_id;
		b->names[k] = row->name;
		b->niches[k] = or_default(row->niche, i->job.niche);
		b->tags[k] = row->tags;
		b->statuses[k] = or_default(row->status, i->job.status);
		b->notes[k] = row->note;
		b->vars[k] = row->vars;
		b->zones[k] = row->zone;
		b->sources[k] = row->opt_in_source;
		if (row->opt_in_at.ms != INT64_MIN) {
			char *text = arena_alloc(a, 25);

			unix_ms_text(row->opt_in_at, text);
			b->ats[k] = text;
		}
	}
}

static void next_batch(struct import *i);

static void on_batch(void *ctx, const PGresult *r, const struct err *e)
{
	struct import *i = ctx;

	if (e->code) {
		end(i, e);
		return;
	}
	CRASH_POINT("lead.after_batch");
	i->accepted = (uint64_t)db_i64(r, 0, db_col(r, "accepted"));
	i->updated = (uint64_t)db_i64(r, 0, db_col(r, "updated"));
	if (i->at == i->csv.row_len)
		end(i, &ERR_NONE);
	else
		next_batch(i);
}

/* also once for a file without a good row: the event is written all the same */
static void next_batch(struct import *i)
{
	AUTO_ARENA struct arena *a = arena_new();
	size_t left = i->csv.row_len - i->at, n = left < LEAD_BATCH ? left : LEAD_BATCH;
	bool last = n == left;
	struct db_params *p = db_params_new(a);
	struct batch b = { 0 };

	batch_fill(&b, i, n, a);
	i->at += n;
	db_p_i64(p, i->job.user_id);
	db_p_i64_array(p, b.phones, n);
	db_p_text_array(p, b.names, n);
	db_p_text_array(p, b.niches, n);
	db_p_text_array(p, b.tags, n);
	db_p_text_array(p, b.statuses, n);
	db_p_text_array(p, b.notes, n);
	db_p_text_array(p, b.vars, n);
	db_p_text_array(p, b.zones, n);
	db_p_text_array(p, b.sources, n);
	db_p_text_array(p, b.ats, n);
	db_p_i64_array(p, b.devices, n);
	db_p_bool(p, last);
	db_p_i64(p, (int64_t)i->accepted);
	db_p_i64(p, (int64_t)i->updated);
	db_p_i64(p, (int64_t)i->csv.rejects.len);
	/* the event of the last one is no absolute value */
	db_query_as(i->job.db, i->job.user_id, STMT_LEAD_IMPORT, p, last ? DB_ONCE : DB_IDEMPOTENT,
		    on_batch, i);
}

/* -- only counted -- */

static void on_known(void *ctx, const PGresult *r, const struct err *e)
{
	struct import *i = ctx;

	if (e->code == ERR_OK) {
		i->updated = (uint64_t)db_i64(r, 0, db_col(r, "known"));
		i->accepted = i->csv.row_len - i->updated;
	}
	end(i, e);
}

static void rehearse(struct import *i)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	int64_t *phones = arena_alloc(a, (i->csv.row_len + 1) * sizeof *phones);

	for (size_t k = 0; k < i->csv.row_len; k++)
		phones[k] = i->csv.rows[k].phone;
	db_p_i64(p, i->job.user_id);
	db_p_i64_array(p, phones, i->csv.row_len);
	db_query_as(i->job.db, i->job.user_id, STMT_LEAD_KNOWN, p, DB_IDEMPOTENT, on_known, i);
}

static void take_rows(struct import *i)
{
	if (i->job.dry_run)
		rehearse(i);
	else
		next_batch(i);
}

/* -- what only the daemon knows -- */

static void find_devices(struct import *i)
{
	for (size_t k = i->csv.row_len; k-- > 0;) {
		struct lead_row *row = &i->csv.rows[k];
		const struct fleet_device *d;

		if (row->device == NULL)
			continue;
		d = fleet_find_name(i->job.fleet, i->job.user_id, row->device);
		if (d == NULL && strspn(row->device, "0123456789") == strlen(row->device) &&
		    strlen(row->device) < 19)
			d = fleet_find(i->job.fleet, i->job.user_id,
				       strtoll(row->device, NULL, 10));
		if (d)
			row->device_id = d->id;
		else
			lead_csv_reject(i->a, &i->csv, k, "device_id", "no such device");
	}
}

static void on_zones(void *ctx, const PGresult *r, const struct err *e)
{
	struct import *i = ctx;
	struct map *names;

	if (e->code) {
		end(i, e);
		return;
	}
	names = map_new();
	for (int row = 0; row < db_rows(r); row++)
		if (!db_is_null(r, row, db_col(r, "name")))
			map_put(names, span_str(db_text(r, row, db_col(r, "given"))),
				arena_strdup(i->a, db_text(r, row, db_col(r, "name"))));
	for (size_t k = i->csv.row_len; k-- > 0;) {
		struct lead_row *row = &i->csv.rows[k];

		if (row->zone == NULL)
			continue;
		row->zone = map_get(names, span_str(row->zone));
		if (row->zone == NULL)
			lead_csv_reject(i->a, &i->csv, k, "timezone", "no such time zone");
	}
	map_free(names);
	take_rows(i);
}

/* each zone that the file names is asked for once; more than there are in the world are not asked for */
static void find_zones(struct import *i)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	struct map *seen = map_new();

	i->zones = arena_alloc(i->a, ZONES_MAX * sizeof *i->zones);
	for (size_t k = 0; k < i->csv.row_len && i->zone_len < ZONES_MAX; k++) {
		const char *zone = i->csv.rows[k].zone;

		if (zone && map_put(seen, span_str(zone), i) == NULL)
			i->zones[i->zone_len++] = zone;
	}
	map_free(seen);
	if (i->zone_len == 0) {
		take_rows(i);
		return;
	}
	db_p_text_array(p, i->zones, i->zone_len);
	db_query_as(i->job.db, i->job.user_id, STMT_ZONE_NAMES, p, DB_IDEMPOTENT, on_zones, i);
}

/* -- reading -- */

static void read_csv(uv_work_t *work)
{
	struct import *i = CONTAINER_OF(work, struct import, work);

	if (lead_csv_parse(i->a, span_str(i->job.csv), i->job.country, &i->csv, &i->err))
		i->csv = (struct lead_csv){ 0 };
}

static void on_read(uv_work_t *work, int status)
{
	struct import *i = CONTAINER_OF(work, struct import, work);

	if (status)
		err_set(&i->err, ERR_SHUTTING_DOWN, "the daemon is stopping");
	if (i->err.code) {
		end(i, &i->err);
		return;
	}
	find_devices(i);
	find_zones(i);
}

void lead_import_start(const struct lead_import *job)
{
	struct import *i = xcalloc(1, sizeof *i);

	i->job = *job;
	i->a = arena_new();
	uv_queue_work(job->loop, &i->work, read_csv, on_read);
}
