#pragma once
/* Leads into the table: what was read from CSV goes in by batches, upsert on phone. */
#include "daemon/engine/lead_csv.h"
#include "daemon/store/db.h"

struct lead_import {
	int64_t user_id;
	const struct lead_csv *csv; /* borrowed until done */
	const char *niche, *status; /* for rows that name none; NULL: none */
	/* e->code other than ERR_OK: the first batches may have been taken, the counts tell */
	void (*done)(void *ctx, uint64_t accepted, uint64_t updated, const struct err *e);
	void *ctx;
};

void lead_import_start(struct db *db, const struct lead_import *job);
