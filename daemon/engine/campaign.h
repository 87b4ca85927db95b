#pragma once
/* Decides when campaigns start, become outbox rows, and are done. Looks once a second and at once on
 * change. Control loop only. */
#include "daemon/engine/fleet.h"

struct campaigns;

struct campaigns *campaigns_new(uv_loop_t *loop, struct db *db, struct fleet *fleet,
				struct log *log);
void campaigns_every(struct campaigns *c, uint32_t ms); /* looks at these intervals from now on */
void campaigns_look(struct campaigns *c);               /* something changed: look now */
void campaigns_close(struct campaigns *c);              /* frees itself when nothing is under way */
/* ids in decimal, separated by one space; caller frees */
int64_t *campaign_ids(const char *text, size_t *ret_len);
