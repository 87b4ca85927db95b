#include "daemon/engine/pacing.h"

void pacing_init(struct pacing *p, const struct pacing_cfg *cfg)
{
	*p = (struct pacing){ .cfg = *cfg, .next = { INT64_MIN }, .cool_until = { INT64_MIN } };
}

void pacing_restore(struct pacing *p, mono_ms now, unix_ms wall_now, unix_ms next_at)
{
	int64_t wait;

	if (next_at.ms == INT64_MIN || next_at.ms <= wall_now.ms)
		return;
	wait = next_at.ms - wall_now.ms;
	if (wait > PACING_COOL_MAX_MS)
		wait = p->cfg.gap_max_ms; /* the wall clock jumped back: one full gap is the rule */
	p->next.ms = now.ms + wait;
}

mono_ms pacing_next_send(const struct pacing *p)
{
	return p->next.ms > p->cool_until.ms ? p->next : p->cool_until;
}

uint32_t pacing_note_sent(struct pacing *p, const struct pacing_cfg *over, mono_ms now,
			  struct rng *rng)
{
	const struct pacing_cfg *c = over ? over : &p->cfg;
	uint32_t gap = (uint32_t)rng_between(rng, c->gap_min_ms, c->gap_max_ms);

	p->next.ms = now.ms + gap;
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

bool pacing_is_gapless(const struct pacing *p, const struct pacing_cfg *over)
{
	return (over ? over : &p->cfg)->gap_max_ms == 0;
}
