#pragma once
/* How fast something goes, from how far it was seen to be: over the last three minutes. Owns nothing,
 * knows no clock. */
#include <stddef.h>
#include <stdint.h>

enum { RATE_SEEN_MAX = 64, RATE_SPACING_MS = 3000, RATE_WINDOW_MS = 180000, RATE_LEAST_MS = 10000 };

struct rate {
	struct {
		int64_t ms, done;
	} seen[RATE_SEEN_MAX]; /* oldest first */
	size_t len;
};

/* Fewer done than before (what failed goes again) begins anew. */
void rate_see(struct rate *r, int64_t mono_ms, int64_t done);
/* tenths a minute; -1 while too little was seen */
int64_t rate_tenths(const struct rate *r, int64_t mono_ms);
/* how much was done between each two looks, a minute, oldest first; returns how many */
size_t rate_steps(const struct rate *r, int64_t out[static RATE_SEEN_MAX]);
/* how long the rest takes at that pace, in seconds; -1: not known, or it stands still */
int64_t rate_left_s(int64_t tenths, int64_t left);
