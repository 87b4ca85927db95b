#pragma once
/* Media: what is uploaded once a device and then sent to many, and what comes in and is fetched when
 * somebody wants it. The pure part is in media_crypt.h. */
#include "shared/base/map.h"

#include "daemon/client/device.h"
#include "daemon/client/join.h"

enum {
	MEDIA_BYTES_MAX = 100 << 20,
	MEDIA_UPLOAD_MS = 120000,
	MEDIA_ITEMS_MAX = 64,
	MEDIA_REUSE_MS = 7 * 24 * 3600 * 1000
};

/* one row of media as this device has uploaded it */
struct media_item {
	struct list lru;
	int64_t id;
	bool ready, busy;
	struct arena *a; /* owns what content points at */
	enum message_kind kind;
	struct message_media content;
	unix_ms uploaded_at;
	struct list waits;
	struct fetch *fetch;
	struct span sealed; /* what is to be uploaded; owned, freed after */
	uint8_t media_key[32];
	int tries;
};

struct media_desk {
	struct map *by_id; /* media id -> struct media_item */
	struct list lru;
	bool conn_busy;
	struct list conn_waits;
	char *host, *auth; /* NULL: not asked yet */
	mono_ms conn_until;
};

void media_desk_init(struct media_desk *m);
void media_desk_done(struct media_desk *m);
/* Makes sure row `id` is uploaded. Errors: ERR_NOT_FOUND no such row, ERR_PEER, ERR_NETWORK, ... */
void media_need(struct device *d, int64_t id, join_fn done, void *ctx);
/* after that, until the next turn of the loop: NULL when it is not ready */
const struct media_item *media_get(struct device *d, int64_t id);
void media_conn_need(struct device *d, join_fn done, void *ctx); /* host and auth are fresh */
/* what messages.media shows of a message; NULL for kinds without a file */
const char *media_json(struct arena *a, const struct message *m);
