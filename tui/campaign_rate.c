#include "tui/campaign_rate.h"

#include <string.h>

static void drop_first(struct rate *r, size_t n)
{
	r->len -= n;
	memmove(r->seen, r->seen + n, r->len * sizeof r->seen[0]);
}

void rate_see(struct rate *r, int64_t mono_ms, int64_t done)
{
	size_t old = 0;

	if (r->len && done < r->seen[r->len - 1].done)
		r->len = 0;
	/* the newest takes the place of one that is close to the one before it */
	if (r->len > 1 && mono_ms - r->seen[r->len - 2].ms < RATE_SPACING_MS)
		r->len--;
	/* one older than the window stays: from there the window is counted */
	while (old + 1 < r->len && mono_ms - r->seen[old + 1].ms >= RATE_WINDOW_MS)
		old++;
	if (r->len - old == RATE_SEEN_MAX)
		old++;
	drop_first(r, old);
	r->seen[r->len].ms = mono_ms;
	r->seen[r->len++].done = done;
}

int64_t rate_tenths(const struct rate *r, int64_t mono_ms)
{
	int64_t ms = r->len ? mono_ms - r->seen[0].ms : 0;

	if (ms < RATE_LEAST_MS)
		return -1;
	return (r->seen[r->len - 1].done - r->seen[0].done) * 600000 / ms;
}

size_t rate_steps(const struct rate *r, int64_t out[static RATE_SEEN_MAX])
{
	size_t n = 0;

	for (size_t i = 1; i < r->len; i++) {
		int64_t ms = r->seen[i].ms - r->seen[i - 1].ms;

		if (ms > 0)
			out[n++] = (r->seen[i].done - r->seen[i - 1].done) * 60000 / ms;
	}
	return n;
}

int64_t rate_left_s(int64_t tenths, int64_t left)
{
	return tenths > 0 && left >= 0 && left < INT64_MAX / 600
		       ? (left * 600 + tenths - 1) / tenths
		       : -1;
}
