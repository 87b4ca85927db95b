#pragma once
/* One campaign's audience on its way into the outbox, slice of leads by slice, each a transaction of its
 * own, so that other calls are answered between them. What was made stays made: after a crash a new
 * expansion goes on behind the last slice. Control loop only. */
#include "daemon/engine/fleet.h"

struct expansion;

struct expansion_cfg {
	struct db *db;
	struct fleet *fleet;
	struct log *log;
	int64_t user_id, campaign_id;
	/* the end, and whether all was made: the campaign was paused, or the database is away; frees it */
	void (*done)(void *ctx, struct expansion *x, bool all_made);
	void *ctx;
};

/* devices that may get rows: the user's that are linked and well, of which `only` (NULL: all); empty when none
 * of them is online. Caller frees. */
int64_t *expansion_devices(const struct fleet *f, int64_t user_id, const int64_t *only,
			   size_t only_len, size_t *ret_len);
struct expansion *expansion_start(const struct expansion_cfg *cfg, const int64_t *devices,
				  size_t len);
bool expansion_is_of(const struct expansion *x, int64_t campaign_id);
void expansion_stop(struct expansion *x); /* done comes after the slice that is under way */
