#include "daemon/engine/lead.h"

#include "shared/base/xalloc.h"

enum { LEAD_BATCH = 5000 };

struct import {
	struct db *db;
	struct lead_import job;
	size_t at;
	uint64_t accepted, updated;
};

static void next_batch(struct import *i);

static void on_result(void *ctx, const PGresult *r, const struct err *e)
{
	struct import *i = ctx;

	if (e->code)
		return;
	for (int row = 0; row < db_rows(r); row++) {
		if (db_bool(r, row, 0))
			i->accepted++;
		else
			i->updated++;
	}
}

static void end(struct import *i, const struct err *e)
{
	i->job.done(i->job.ctx, i->accepted, i->updated, e);
	free(i);
}

static void on_batch(void *ctx, const struct err *e)
{
	struct import *i = ctx;

	if (e->code)
		end(i, e);
	else
		next_batch(i);
}

static const char *or_default(const char *own, const char *dflt)
{
	return own ? own : dflt;
}

static void next_batch(struct import *i)
{
	const struct lead_csv *csv = i->job.csv;
	size_t n = csv->row_len - i->at < LEAD_BATCH ? csv->row_len - i->at : LEAD_BATCH;
	struct arena *a;
	struct db_params *p;
	struct db_unit *unit;
	int64_t *phones;
	const char **names, **niches, **statuses;

	if (n == 0) {
		end(i, &ERR_NONE);
		return;
	}
	a = arena_new();
	p = db_params_new(a);
	phones = arena_alloc(a, n * sizeof *phones);
	names = arena_alloc(a, n * sizeof *names);
	niches = arena_alloc(a, n * sizeof *niches);
	statuses = arena_alloc(a, n * sizeof *statuses);
	for (size_t k = 0; k < n; k++) {
		const struct lead_row *row = &csv->rows[i->at + k];

		phones[k] = row->phone;
		names[k] = row->name;
		niches[k] = or_default(row->niche, i->job.niche);
		statuses[k] = or_default(row->status, i->job.status);
	}
	i->at += n;
	db_p_i64(p, i->job.user_id);
	db_p_i64_array(p, phones, n);
	db_p_text_array(p, names, n);
	db_p_text_array(p, niches, n);
	db_p_text_array(p, statuses, n);
	unit = db_unit_new();
	db_unit_add_result(unit, STMT_LEAD_IMPORT, p, on_result);
	db_commit_take(i->db, unit, on_batch, i);
	arena_free(a);
}

void lead_import_start(struct db *db, const struct lead_import *job)
{
	struct import *i = xcalloc(1, sizeof *i);

	i->db = db;
	i->job = *job;
	next_batch(i);
}
