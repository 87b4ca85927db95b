#pragma once
/* Leads into the table from CSV: read on a worker thread, what only the daemon knows (devices, zones) looked
 * up, then upsert on phone by batches of LEAD_BATCH rows, each behind the wall of its user and each a
 * transaction. A file that was cut off by a failure is taken again from its beginning without harm: what a
 * row says is set, not added. The last batch writes the event. Control loop. */
#include <uv.h>

#include "daemon/engine/fleet.h"
#include "daemon/engine/lead_csv.h"
#include "daemon/store/db.h"

enum { LEAD_BATCH = 5000 };

struct lead_import {
	uv_loop_t *loop;
	struct db *db;
	struct fleet *fleet;
	int64_t user_id;
	uint32_t country;
	/* borrowed until done */
	const char *csv;
	const char *niche, *status; /* for rows that name none; NULL: none */
	int64_t device_id;          /* the same; 0: none */
	bool dry_run;               /* only count */
	/* e->code other than ERR_OK: the first batches may have been taken, the counts tell */
	void (*done)(void *ctx, const struct lead_csv *csv, uint64_t accepted, uint64_t updated,
		     const struct err *e);
	void *ctx;
};

void lead_import_start(const struct lead_import *job);
