#pragma once
/* How long messages stay: makes the months of their table ahead, forgets what devices keep no longer, drops
 * months that nobody keeps. Looks once an hour, and works in small steps. Control loop only. */
#include <uv.h>

#include "shared/base/log.h"

#include "daemon/store/db.h"

struct retention;

struct retention *retention_new(uv_loop_t *loop, struct db *db, struct log *log);
void retention_close(struct retention *r); /* frees itself when nothing is under way */
