#pragma once
/* What a supervisor is told (sd_notify's datagrams to $NOTIFY_SOCKET), without its library: that wad is
 * ready, stops, reads its settings again, how many devices are online, and, for its watchdog, that every
 * loop turns. Without a supervisor nothing happens. */
#include <uv.h>

#include "daemon/engine/fleet.h"

/* One datagram, lines of NAME=value; a leading @ of the address means the abstract namespace. */
void notify_send(const char *text);
/* "RELOADING=1" with the time that goes with it; followed by READY=1 when it is over */
void notify_reloading(void);
/* standard error is the journal: lines carry a priority in place of a time */
void notify_look_for_journal(void);

/* Tells STATUS= when it changes, and WATCHDOG=1 twice in $WATCHDOG_USEC as long as the control loop and
 * all shard loops turn. */
struct heart;
struct heart *heart_new(uv_loop_t *loop, struct fleet *fleet);
void heart_close(struct heart *h); /* before the fleet drains; frees later; NULL is fine */
