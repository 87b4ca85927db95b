#include "daemon/client/gate.h"

#include <pthread.h>

#include "shared/base/xalloc.h"

struct connect_gate {
	pthread_mutex_t lock;
	const struct clock *clock;
	uint32_t gap_us, in_flight, in_flight_max;
	int64_t next_us; /* the first free slot, monotonic */
};

struct connect_gate *connect_gate_new(const struct clock *clock, uint32_t per_second,
				      uint32_t in_flight_max)
{
	struct connect_gate *g = xcalloc(1, sizeof(*g));

	pthread_mutex_init(&g->lock, NULL);
	g->clock = clock;
	g->gap_us = 1000000 / (per_second ? per_second : GATE_PER_SECOND);
	g->in_flight_max = in_flight_max ? in_flight_max : GATE_IN_FLIGHT;
	g->next_us = INT64_MIN;
	return g;
}

void connect_gate_free(struct connect_gate *g)
{
	if (!g)
		return;
	pthread_mutex_destroy(&g->lock);
	free(g);
}

void connect_gate_rate(struct connect_gate *g, uint32_t per_second)
{
	pthread_mutex_lock(&g->lock);
	g->gap_us = 1000000 / per_second;
	pthread_mutex_unlock(&g->lock);
}

uint32_t connect_gate_reserve(struct connect_gate *g)
{
	int64_t now, slot;

	if (!g)
		return 0;
	pthread_mutex_lock(&g->lock);
	now = clock_mono(g->clock).ms * 1000;
	slot = g->next_us > now ? g->next_us : now;
	g->next_us = slot + g->gap_us;
	pthread_mutex_unlock(&g->lock);
	return (uint32_t)((slot - now + 999) / 1000);
}

bool connect_gate_enter(struct connect_gate *g)
{
	bool free_place;

	if (!g)
		return true;
	pthread_mutex_lock(&g->lock);
	free_place = g->in_flight < g->in_flight_max;
	g->in_flight += free_place;
	pthread_mutex_unlock(&g->lock);
	return free_place;
}

void connect_gate_leave(struct connect_gate *g)
{
	if (!g)
		return;
	pthread_mutex_lock(&g->lock);
	g->in_flight--;
	pthread_mutex_unlock(&g->lock);
}

uint32_t connect_gate_in_flight(struct connect_gate *g)
{
	uint32_t n;

	pthread_mutex_lock(&g->lock);
	n = g->in_flight;
	pthread_mutex_unlock(&g->lock);
	return n;
}

uint32_t backoff_ms(uint32_t failures, struct rng *rng)
{
	uint64_t before = 0, now = 1000;

	for (uint32_t i = 1; i < failures && now < BACKOFF_MAX_MS; i++) {
		uint64_t sum = before + now;

		before = now;
		now = sum;
	}
	now = now * (75 + rng_below(rng, 51)) / 100;
	return now < BACKOFF_MAX_MS ? (uint32_t)now : BACKOFF_MAX_MS;
}
