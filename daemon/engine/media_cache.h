#pragma once
/* Files that messages point to, on demand: from the folder `media` below the state directory, else through
 * the device that has the message. Files there are named by the SHA-256 of their content and checked against
 * it when they are read; the folder is bounded, what was not asked for longest goes first. One file is fetched
 * once, however many ask for it at a time. Control loop; reading and writing happen on worker threads. */
#include "daemon/engine/fleet.h"

enum {
	MEDIA_FILE_MAX = 64 << 20,          /* larger ones are refused */
	MEDIA_FLIGHTS_MAX = 32,             /* fetches at a time */
	MEDIA_FETCH_MAX_MS = 5 * 60 * 1000, /* then whoever waits is told */
};

struct media_cache;

struct media_cache_cfg {
	uv_loop_t *loop;
	const char *state_dir;
	uint64_t bytes_max; /* of the folder */
	struct fleet *fleet;
	const struct clock *clock;
	struct log *log;
};
struct media_cache *media_cache_new(const struct media_cache_cfg *cfg);
/* waits are told ERR_SHUTTING_DOWN; frees itself */
void media_cache_close(struct media_cache *c);

/* part: len bytes from offset at most, of total; borrowed for the call */
typedef void (*media_part_fn)(void *ctx, struct span part, uint64_t total, const struct err *e);
struct media_wish {
	const struct fleet_device *device;
	struct span raw;    /* the Message */
	struct span sha256; /* of the content: 32 bytes */
	uint64_t offset, len;
};
void media_cache_get(struct media_cache *c, const struct media_wish *w, media_part_fn done,
		     void *ctx);
/* what a device brought, for the fleet to pass on */
void media_cache_fetched(struct media_cache *c, int64_t token, struct span bytes,
			 const struct err *e);
