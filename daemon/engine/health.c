#include "daemon/engine/health.h"

#include <string.h>

enum {
	HOUR_MS = 3600 * 1000,
	LIMITED_COSTS = 15,
	LIMITED_MOST = 45,
	COLD_COSTS = 8,
	COLD_MOST = 65,
	ONE_TICK_FREE = 10, /* percent: phones are off, people go away */
	ONE_TICK_MOST = 70,
};

static void advance(struct health *h, mono_ms now)
{
	int64_t hour = now.ms / HOUR_MS;

	if (hour - h->hour >= HEALTH_HOURS)
		*h = (struct health){ .hour = hour };
	while (h->hour < hour) {
		size_t i = (size_t)(++h->hour % HEALTH_HOURS);

		h->limited[i] = h->cold[i] = 0;
	}
}

static void note(uint16_t *n)
{
	if (*n < UINT16_MAX)
		++*n;
}

void health_note_limited(struct health *h, mono_ms now)
{
	advance(h, now);
	note(&h->limited[h->hour % HEALTH_HOURS]);
}

void health_note_cold(struct health *h, mono_ms now)
{
	advance(h, now);
	note(&h->cold[h->hour % HEALTH_HOURS]);
}

void health_count(struct health *h, mono_ms now, struct health_facts *ret)
{
	advance(h, now);
	ret->limited = ret->cold = 0;
	for (size_t i = 0; i < HEALTH_HOURS; i++) {
		ret->limited += h->limited[i];
		ret->cold += h->cold[i];
	}
}

static int at_most(uint64_t n, int most)
{
	return n > (uint64_t)most ? most : (int)n;
}

int health_score(const struct health_facts *f, const char **ret_why)
{
	int limited = at_most((uint64_t)f->limited * LIMITED_COSTS, LIMITED_MOST);
	int cold = at_most((uint64_t)f->cold * COLD_COSTS, COLD_MOST), one_tick = 0, score;
	uint32_t share;

	if (f->old >= HEALTH_SAMPLE) {
		share = (uint32_t)((uint64_t)f->one_tick * 100 / f->old);
		if (share > ONE_TICK_FREE)
			one_tick = at_most(share - ONE_TICK_FREE, ONE_TICK_MOST);
	}
	score = HEALTH_GOOD - limited - cold - one_tick;
	*ret_why =
		score == HEALTH_GOOD ? ""
		: one_tick >= limited && one_tick >= cold
			? "too many messages are never delivered: the number may be blocked or restricted"
		: cold >= limited ? "too many new chats were refused (463)"
				  : "told to slow down too often (429)";
	return score > 0 ? score : 0;
}
