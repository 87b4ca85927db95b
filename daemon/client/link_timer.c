#include "daemon/client/iq.h"
#include "daemon/client/link.h"

static void iq_tick(struct device *d)
{
	mono_ms next;

	iq_expire(d->iqs, clock_mono(d->env->clock));
	next = iq_next_deadline(d->iqs);
	if (next.ms != INT64_MAX)
		link_timer_at_most(d, TIMER_IQ, next);
}

static void (*const on_timer[LINK_TIMERS])(struct device *d) = {
	[TIMER_DIAL] = link_on_dial,
	[TIMER_LIMIT] = link_on_limit,
	[TIMER_KEEPALIVE] = keepalive_tick,
	[TIMER_IQ] = iq_tick,
	[TIMER_QR] = pair_tick,
	[TIMER_BATCH] = login_batch_tick,
	[TIMER_PREKEYS] = prekeys_tick,
	[TIMER_LOGOUT] = logout_tick,
};

static void link_timer_fired(uv_timer_t *h);

/* one handle for all: it wakes at the earliest */
static void link_timer_arm(struct device *d)
{
	struct link *l = d->link;
	int64_t first = INT64_MAX, now = clock_mono(d->env->clock).ms;

	if (uv_is_closing((uv_handle_t *)&l->timer))
		return;
	for (int i = 0; i < LINK_TIMERS; i++)
		if (l->due[i].ms < first)
			first = l->due[i].ms;
	if (first == INT64_MAX) {
		uv_timer_stop(&l->timer);
		return;
	}
	uv_update_time(d->env->loop);
	uv_timer_start(&l->timer, link_timer_fired, first > now ? (uint64_t)(first - now) : 0, 0);
}

void link_timers_run(struct device *d)
{
	struct link *l = d->link;
	int64_t now = clock_mono(d->env->clock).ms;

	device_hold(d);
	for (int i = 0; i < LINK_TIMERS; i++) {
		if (l->due[i].ms > now)
			continue;
		l->due[i].ms = INT64_MAX;
		on_timer[i](d);
	}
	link_timer_arm(d);
	device_release(d);
}

static void link_timer_fired(uv_timer_t *h)
{
	link_timers_run(h->data);
}

void link_timers_init(struct device *d)
{
	uv_timer_init(d->env->loop, &d->link->timer);
	d->link->timer.data = d;
	for (int i = 0; i < LINK_TIMERS; i++)
		d->link->due[i].ms = INT64_MAX;
}

void link_timer_set(struct device *d, enum link_timer t, uint32_t ms)
{
	d->link->due[t].ms = clock_mono(d->env->clock).ms + ms;
	link_timer_arm(d);
}

void link_timer_at_most(struct device *d, enum link_timer t, mono_ms when)
{
	if (when.ms < d->link->due[t].ms) {
		d->link->due[t] = when;
		link_timer_arm(d);
	}
}

void link_timer_off(struct device *d, enum link_timer t)
{
	d->link->due[t].ms = INT64_MAX; /* a wake-up for nothing does no harm */
}

bool link_timer_is_on(const struct device *d, enum link_timer t)
{
	return d->link->due[t].ms != INT64_MAX;
}

void link_timers_off(struct device *d)
{
	for (int i = 0; i < LINK_TIMERS; i++)
		if (i != TIMER_LOGOUT && i != TIMER_IQ)
			link_timer_off(d, (enum link_timer)i);
}
