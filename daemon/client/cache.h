#pragma once
/* What the devices of a shard share: known people, session records, status changes on their way to
 * the messages table. Its tick gathers the wishes of one loop turn into few statements and requests. */
#include "daemon/client/device.h"
#include "daemon/client/peer.h"
#include "daemon/client/ratchet.h"
#include "daemon/client/status.h"

struct device_cache {
	struct client_env *env;
	uv_timer_t tick, second;
	bool ticking, closing;
	unsigned open_handles;
	struct peers peers;
	struct records records;
	struct statuses statuses;
	struct list flush; /* outgoing.flush of devices with requests to send */
	mono_ms trim_at;
	struct list outgoings; /* all devices, for deadlines */
};

enum { CACHE_TICK_MS = 1 };
void cache_tick_soon(struct device_cache *c);
