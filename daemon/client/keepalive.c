/* The application's ping, chapter 02 section 6.7: 20-30 s after the last frame, 15 s for the answer,
 * dead after two missed answers or 60 s without any frame. */
#include "daemon/client/link.h"

enum {
	PING_MIN_MS = 20000,
	PING_MAX_MS = 30000,
	PING_ANSWER_MS = 15000,
	PINGS_MISSED_MAX = 2,
	SILENCE_MAX_MS = 60000,
};

static void keepalive_answered(void *ctx, const struct node *answer, const struct err *e)
{
	struct device *d = ctx;
	struct link *l = d->link;
	uint64_t t;

	l->ping_waits = false;
	if (e->code == ERR_DEVICE_OFFLINE || e->code == ERR_SHUTTING_DOWN)
		return;
	if (e->code == ERR_TIMEOUT) {
		l->pings_missed++;
		keepalive_tick(d);
		return;
	}
	l->pings_missed = 0; /* an error answer is a sign of life, too */
	if (answer && node_attr_u64(answer, "t", &t) && t < INT32_MAX * 4ULL)
		d->server_offset_ms = (int64_t)t * 1000 - clock_unix(d->env->clock).ms;
}

static void keepalive_ping(struct device *d)
{
	struct arena *a = arena_new();

	d->link->ping_waits = true;
	device_iq(d, a, iq_new(a, "get", "w:p"), PING_ANSWER_MS, keepalive_answered, d);
	arena_free(a);
}

void keepalive_start(struct device *d)
{
	d->link->last_frame = clock_mono(d->env->clock);
	d->link->pings_missed = 0;
	d->link->ping_waits = false;
	link_timer_set(d, TIMER_KEEPALIVE,
		       (uint32_t)rng_between(d->env->rng, PING_MIN_MS, PING_MAX_MS));
}

/* frames only note their time; the timer finds out here how long ago the last one was */
void keepalive_tick(struct device *d)
{
	struct link *l = d->link;
	int64_t silent = clock_mono(d->env->clock).ms - l->last_frame.ms;

	if (!link_is_up(d))
		return;
	if (silent >= SILENCE_MAX_MS || l->pings_missed >= PINGS_MISSED_MAX) {
		l->dead = true;
		link_lost(d, "nothing came from the server any more");
		return;
	}
	if (silent < PING_MIN_MS) {
		int64_t rest = rng_between(d->env->rng, PING_MIN_MS, PING_MAX_MS) - silent;

		link_timer_set(d, TIMER_KEEPALIVE, (uint32_t)rest);
		return;
	}
	if (!l->ping_waits)
		keepalive_ping(d);
	link_timer_set(d, TIMER_KEEPALIVE, PING_ANSWER_MS + 1000);
}
