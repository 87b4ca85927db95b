#pragma once
/* Carries events to subscribers: stored ones in commit order from the table, looked for while somebody
 * listens, and passing ones (a QR code) as they happen. A subscriber that does not read is told what
 * it lost and can ask again with since_id. */
#include "daemon/api/request.h"

enum { HUB_POLL_MS = 100, HUB_BACKLOG_MAX = 1 << 20 };

struct event_hub;

struct event_hub *event_hub_new(struct wad *w);
void event_hub_close(struct event_hub *h); /* frees itself when nothing is under way */

/* One who listens otherwise than on the socket. A subscriber ends with event_hub_leave, or by itself
 * when the hub closes. */
struct event_sink {
	size_t (*waiting)(void *ctx); /* bytes not yet read */
	/* id 0 and at NULL: an event that is not stored; data is borrowed */
	void (*event)(void *ctx, int64_t id, const char *at, const char *topic, json_t *data);
	void (*lost)(void *ctx, int64_t from, int64_t to);
	void (*closed)(void *ctx); /* by the hub; not after event_hub_leave */
};
/* topics: array of patterns, borrowed, NULL: all; since: -1: from now on */
void event_hub_listen(struct event_hub *h, int64_t user_id, json_t *topics, int64_t since,
		      const struct event_sink *sink, void *ctx);
void event_hub_leave(struct event_hub *h, const void *ctx);

/* answers req (result of event.subscribe) */
void event_hub_subscribe(struct event_hub *h, struct rpc_req *req);
bool event_hub_unsubscribe(struct event_hub *h, struct rpc_conn *c, int64_t subscription);
/* not stored: only those who listen now see it; data is taken */
void event_hub_pass_take(struct event_hub *h, int64_t user_id, const char *topic, json_t *data);
