#include "daemon/engine/estimate.h"

enum { MINUTE_MS = 60 * 1000, HOUR_MS = 3600 * 1000 };
static const int64_t DAY_MS = 24 * (int64_t)HOUR_MS;

/* of the hour that begins at t; behind the quiet hours that are listed, the last day repeats */
static int64_t quiet_ms(const struct pacing_rules *r, int64_t t)
{
	int64_t closed = 0, last;

	if (r->quiet_len == 0)
		return 0;
	last = r->quiet[r->quiet_len - 1].to.ms;
	if (t >= last)
		t -= ((t - last) / DAY_MS + 1) * DAY_MS;
	for (size_t i = 0; i < r->quiet_len; i++) {
		int64_t from = r->quiet[i].from.ms > t ? r->quiet[i].from.ms : t;
		int64_t to = r->quiet[i].to.ms < t + HOUR_MS ? r->quiet[i].to.ms : t + HOUR_MS;

		closed += to > from ? to - from : 0;
	}
	return closed < HOUR_MS ? closed : HOUR_MS;
}

static int64_t gap_of(const struct pacing_rules *r, const struct pacing_cfg *over)
{
	int64_t min = r->gap.gap_min_ms, max = r->gap.gap_max_ms, mean;

	if (over && over->gap_min_ms > min)
		min = over->gap_min_ms;
	if (over && over->gap_max_ms > max)
		max = over->gap_max_ms;
	mean = (min + (max > min ? max : min)) / 2;
	return mean > ESTIMATE_SEND_MS ? mean : ESTIMATE_SEND_MS;
}

/* a cap as it is at t; 0: none */
static int64_t cap_at(const struct pacing_rules *r, uint32_t cap, int64_t t)
{
	int64_t warm;

	if (cap == 0 || !r->warm_up || r->linked_at.ms == INT64_MIN)
		return cap;
	warm = (int64_t)cap * pacing_warm_percent(t - r->linked_at.ms) / 100;
	return warm ? warm : 1;
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int64_t estimate_ms(const struct pacing_rules *r, const struct pacing_cfg *over, int64_t rows,
		    unix_ms now)
{
	int64_t gap = gap_of(r, over), of_day = 0;

	if (rows <= 0)
		return 0;
	for (int64_t hour = 0; hour < ESTIMATE_DAYS_MAX * 24; hour++) {
		int64_t t = now.ms + hour * HOUR_MS, closed = quiet_ms(r, t),
			open = HOUR_MS - closed;
		int64_t most = open / gap, cap;

		if (hour % 24 == 0)
			of_day = 0;
		if ((cap = cap_at(r, r->per_minute_max, t)))
			most = least(most, cap * open / MINUTE_MS);
		if ((cap = cap_at(r, r->per_hour_max, t)))
			most = least(most, cap);
		if ((cap = cap_at(r, r->per_day_max, t)))
			most = least(most, cap - of_day > 0 ? cap - of_day : 0);
		if (most >= rows)
			return hour * HOUR_MS + closed + open * rows / most;
		rows -= most;
		of_day += most;
	}
	return -1;
}

void estimate_fill(int64_t *loads, size_t len, int64_t rows)
{
	int64_t level = 0, room, left;
	size_t below;

	if (len == 0)
		return;
	/* the lowest level that has room for all; each round leaves out those above it */
	for (;;) {
		int64_t next = INT64_MAX;

		room = 0;
		below = 0;
		for (size_t i = 0; i < len; i++) {
			if (loads[i] <= level) {
				room += level - loads[i];
				below++;
			} else if (loads[i] < next) {
				next = loads[i];
			}
		}
		left = rows - room;
		if (below && (next == INT64_MAX || left <= (next - level) * (int64_t)below))
			break;
		level = next;
	}
	for (size_t i = 0; i < len; i++)
		if (loads[i] <= level)
			loads[i] = level;
	for (size_t i = 0; i < len && left > 0; i++)
		if (loads[i] == level) {
			int64_t share = (left + (int64_t)below - 1) / (int64_t)below;

			loads[i] += share;
			left -= share;
			below--;
		}
}
