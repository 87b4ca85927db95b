#include "daemon/engine/pacing.h"

#include <string.h>

#include "shared/base/macros.h"
#include "shared/base/rd.h"

enum { SAVED_VERSION = 1, MINUTE_MS = 60 * 1000, HOUR_MS = 60 * MINUTE_MS, DAY_MS = 24 * HOUR_MS };

/* the windows that caps hold in */
static const struct window_kind {
	int64_t slot_ms;
	size_t first, slots; /* in counts */
	enum pacing_why why;
} kinds[PACING_WINDOWS] = {
	/* clang-format off */
	{ 5 * 1000,       0,                                       PACING_MINUTE_SLOTS, PACING_MINUTE_CAP },
	{ MINUTE_MS,      PACING_MINUTE_SLOTS,                     PACING_HOUR_SLOTS,   PACING_HOUR_CAP },
	{ 10 * MINUTE_MS, PACING_MINUTE_SLOTS + PACING_HOUR_SLOTS, PACING_DAY_SLOTS,    PACING_DAY_CAP },
	/* clang-format on */
};
_Static_assert((PACING_MINUTE_SLOTS - 1) * 5 * 1000 == MINUTE_MS, "one slot more than a minute");
_Static_assert((PACING_HOUR_SLOTS - 1) * MINUTE_MS == HOUR_MS, "one slot more than an hour");
_Static_assert((PACING_DAY_SLOTS - 1) * 10 * MINUTE_MS == DAY_MS, "one slot more than a day");

static const char *const why_names[] = {
	[PACING_FREE] = "",
	[PACING_GAP] = "gap",
	[PACING_COOL_DOWN] = "cool-down",
	[PACING_MINUTE_CAP] = "minute cap",
	[PACING_HOUR_CAP] = "hour cap",
	[PACING_DAY_CAP] = "day cap",
	[PACING_WARM_UP] = "warm-up",
	[PACING_QUIET] = "quiet hours",
};

const char *pacing_why_name(enum pacing_why w)
{
	return why_names[w];
}

/* -- warm-up -- */

static const struct {
	int64_t days;
	uint32_t percent;
} warm_steps[] = { { 1, 10 }, { 3, 20 }, { 7, 40 }, { 14, 70 } };

uint32_t pacing_warm_percent(int64_t link_age_ms)
{
	for (size_t i = 0; i < ARRAY_LEN(warm_steps); i++)
		if (link_age_ms < warm_steps[i].days * DAY_MS)
			return warm_steps[i].percent;
	return 100;
}

static uint32_t cap_of(const struct pacing *p, size_t window)
{
	const uint32_t caps[PACING_WINDOWS] = { p->rules.per_minute_max, p->rules.per_hour_max,
						p->rules.per_day_max };

	return caps[window];
}

/* 0: no cap */
static uint32_t cap_now(const struct pacing *p, size_t window, mono_ms now)
{
	uint32_t cap = cap_of(p, window), warm;

	if (cap == 0 || !p->rules.warm_up || p->linked.ms == INT64_MIN)
		return cap;
	warm = (uint32_t)((uint64_t)cap * pacing_warm_percent(now.ms - p->linked.ms) / 100);
	return warm ? warm : 1;
}

/* -- counting -- */

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static uint16_t *slot_of(struct pacing *p, const struct window_kind *k, int64_t slot)
{
	int64_t n = (int64_t)k->slots;

	return &p->counts[k->first + (size_t)((slot % n + n) % n)];
}

/* slots that are too old leave */
static void advance(struct pacing *p, size_t window, mono_ms now)
{
	const struct window_kind *k = &kinds[window];
	struct pacing_window *w = &p->windows[window];
	int64_t slot = floor_div(now.ms, k->slot_ms);

	if (slot - w->slot >= (int64_t)k->slots) {
		memset(&p->counts[k->first], 0, k->slots * sizeof p->counts[0]);
		w->slot = slot;
		w->sum = 0;
	}
	while (w->slot < slot) {
		uint16_t *n = slot_of(p, k, ++w->slot);

		w->sum -= *n;
		*n = 0;
	}
}

static void count(struct pacing *p, size_t window, int64_t slot, uint32_t n)
{
	uint16_t *at = slot_of(p, &kinds[window], slot);
	uint32_t room = UINT16_MAX - *at;

	n = n < room ? n : room;
	*at = (uint16_t)(*at + n);
	p->windows[window].sum += n;
}

/* when the window has room for one more; INT64_MIN: it has */
static int64_t room_at(struct pacing *p, size_t window, mono_ms now)
{
	const struct window_kind *k = &kinds[window];
	struct pacing_window *w = &p->windows[window];
	uint32_t cap = cap_now(p, window, now), left;
	int64_t oldest;

	advance(p, window, now);
	if (cap == 0 || w->sum < cap)
		return INT64_MIN;
	left = w->sum;
	for (oldest = w->slot - (int64_t)k->slots + 1; oldest < w->slot; oldest++) {
		left -= *slot_of(p, k, oldest);
		if (left < cap)
			break;
	}
	return (oldest + (int64_t)k->slots) * k->slot_ms;
}

uint32_t pacing_sent_between(struct pacing *p, mono_ms now, int64_t age_min_ms, int64_t age_max_ms)
{
	const struct window_kind *k = &kinds[PACING_WINDOWS - 1];
	int64_t newest, first, last;
	uint32_t n = 0;

	advance(p, PACING_WINDOWS - 1, now);
	newest = p->windows[PACING_WINDOWS - 1].slot;
	first = floor_div(now.ms - age_max_ms, k->slot_ms);
	last = floor_div(now.ms - age_min_ms, k->slot_ms);
	if (first <= newest - (int64_t)k->slots)
		first = newest - (int64_t)k->slots + 1;
	for (int64_t slot = first; slot <= last && slot <= newest; slot++)
		n += *slot_of(p, k, slot);
	return n;
}

uint32_t pacing_sent_today(struct pacing *p, mono_ms now)
{
	advance(p, PACING_WINDOWS - 1, now);
	return p->windows[PACING_WINDOWS - 1].sum;
}

/* -- rules -- */

void pacing_set_rules(struct pacing *p, const struct pacing_rules *rules, mono_ms now, unix_ms wall)
{
	p->rules = *rules;
	p->linked.ms = INT64_MIN;
	if (rules->linked_at.ms != INT64_MIN)
		p->linked.ms = rules->linked_at.ms < wall.ms
				       ? now.ms - (wall.ms - rules->linked_at.ms)
				       : now.ms;
}

void pacing_init(struct pacing *p, const struct pacing_rules *rules, mono_ms now, unix_ms wall)
{
	*p = (struct pacing){ .next = { INT64_MIN }, .cool_until = { INT64_MIN } };
	pacing_set_rules(p, rules, now, wall);
	for (size_t i = 0; i < PACING_WINDOWS; i++)
		p->windows[i].slot = floor_div(now.ms, kinds[i].slot_ms);
}

/* -- storage -- */

void pacing_save(struct pacing *p, mono_ms now, unix_ms wall,
		 uint8_t out[static PACING_SAVED_BYTES])
{
	uint8_t *at = out;

	*at++ = SAVED_VERSION;
	for (int i = 0; i < 8; i++)
		*at++ = (uint8_t)((uint64_t)wall.ms >> (56 - 8 * i));
	for (size_t i = 0; i < PACING_WINDOWS; i++) {
		const struct window_kind *k = &kinds[i];
		int64_t into;

		advance(p, i, now);
		into = now.ms - p->windows[i].slot * k->slot_ms;
		for (int b = 0; b < 4; b++)
			*at++ = (uint8_t)((uint64_t)into >> (24 - 8 * b));
		for (int64_t back = 0; back < (int64_t)k->slots; back++) {
			uint16_t n = *slot_of(p, k, p->windows[i].slot - back);

			*at++ = (uint8_t)(n >> 8);
			*at++ = (uint8_t)n;
		}
	}
}

/* each slot goes to where its youngest send may have been */
static void restore_window(struct pacing *p, size_t window, mono_ms now, int64_t elapsed,
			   struct rd *r)
{
	const struct window_kind *k = &kinds[window];
	int64_t into = (int64_t)rd_be(r, 4), newest = p->windows[window].slot;

	for (int64_t back = 0; back < (int64_t)k->slots; back++) {
		int64_t age = elapsed + (back ? into + (back - 1) * k->slot_ms : 0);
		int64_t slot = floor_div(now.ms - age, k->slot_ms);
		uint32_t n = (uint32_t)rd_be(r, 2);

		if (n && slot > newest - (int64_t)k->slots)
			count(p, window, slot, n);
	}
}

void pacing_restore(struct pacing *p, mono_ms now, unix_ms wall, unix_ms next_at, struct span saved)
{
	struct rd r = rd_of(saved);
	int64_t wait, most = PACING_COOL_MAX_MS, saved_at;

	if (saved.len == PACING_SAVED_BYTES && rd_u8(&r) == SAVED_VERSION) {
		saved_at = (int64_t)rd_be(&r, 8);
		for (size_t i = 0; i < PACING_WINDOWS; i++)
			restore_window(p, i, now, wall.ms > saved_at ? wall.ms - saved_at : 0, &r);
		if (next_at.ms != INT64_MIN && next_at.ms - saved_at > most)
			most = next_at.ms - saved_at; /* a gap that long was meant */
	}
	if (next_at.ms == INT64_MIN || next_at.ms <= wall.ms)
		return;
	wait = next_at.ms - wall.ms;
	if (wait > most)
		wait = p->rules.gap.gap_max_ms; /* the wall clock was set back */
	p->next.ms = now.ms + wait;
}

unix_ms pacing_next_at(const struct pacing *p, mono_ms now, unix_ms wall)
{
	int64_t at = p->next.ms > p->cool_until.ms ? p->next.ms : p->cool_until.ms;

	return (unix_ms){ at > now.ms ? wall.ms + (at - now.ms) : wall.ms };
}

/* -- the answer -- */

static void later(struct pacing_answer *a, int64_t at, enum pacing_why why)
{
	if (at > a->at.ms)
		*a = (struct pacing_answer){ { at }, why };
}

struct pacing_answer pacing_next_send(struct pacing *p, mono_ms now, unix_ms wall)
{
	struct pacing_answer a = { now, PACING_FREE };

	later(&a, p->next.ms, PACING_GAP);
	later(&a, p->cool_until.ms, PACING_COOL_DOWN);
	for (size_t i = 0; i < PACING_WINDOWS; i++)
		later(&a, room_at(p, i, now),
		      cap_now(p, i, now) < cap_of(p, i) ? PACING_WARM_UP : kinds[i].why);
	for (size_t i = 0; i < p->rules.quiet_len; i++) {
		int64_t at = wall.ms + (a.at.ms - now.ms);

		if (at >= p->rules.quiet[i].from.ms && at < p->rules.quiet[i].to.ms)
			later(&a, now.ms + (p->rules.quiet[i].to.ms - wall.ms), PACING_QUIET);
	}
	return a;
}

struct pacing_cfg pacing_gap(const struct pacing *p, const struct pacing_cfg *over)
{
	struct pacing_cfg g = p->rules.gap;

	if (over && over->gap_min_ms > g.gap_min_ms)
		g.gap_min_ms = over->gap_min_ms;
	if (over && over->gap_max_ms > g.gap_max_ms)
		g.gap_max_ms = over->gap_max_ms;
	if (g.gap_max_ms < g.gap_min_ms)
		g.gap_max_ms = g.gap_min_ms;
	return g;
}

uint32_t pacing_note_sent(struct pacing *p, const struct pacing_cfg *over, mono_ms now,
			  struct rng *rng)
{
	struct pacing_cfg c = pacing_gap(p, over);
	uint32_t gap = (uint32_t)rng_between(rng, c.gap_min_ms, c.gap_max_ms);

	p->next.ms = now.ms + gap;
	for (size_t i = 0; i < PACING_WINDOWS; i++) {
		advance(p, i, now);
		count(p, i, p->windows[i].slot, 1);
	}
	return gap;
}

void pacing_cool_down(struct pacing *p, mono_ms now)
{
	if (now.ms < p->cool_until.ms)
		return; /* several answers to one burst are one trouble */
	p->cool_ms = p->cool_ms ? p->cool_ms * 2 : PACING_COOL_MIN_MS;
	if (p->cool_ms > PACING_COOL_MAX_MS)
		p->cool_ms = PACING_COOL_MAX_MS;
	p->cool_until.ms = now.ms + p->cool_ms;
}

void pacing_note_ok(struct pacing *p)
{
	p->cool_ms = 0;
}

void pacing_note_left(struct pacing *p, const struct pacing_cfg *over, mono_ms now)
{
	int64_t least = now.ms + pacing_gap(p, over).gap_min_ms;

	if (p->next.ms < least)
		p->next.ms = least;
}

bool pacing_is_gapless(const struct pacing *p, const struct pacing_cfg *over)
{
	return pacing_gap(p, over).gap_max_ms == 0;
}

bool pacing_is_paced(const struct pacing *p, const struct pacing_cfg *over)
{
	return !pacing_is_gapless(p, over) || p->rules.per_minute_max || p->rules.per_hour_max ||
	       p->rules.per_day_max;
}
