#pragma once
/* Decides WHEN a device may send next; nothing else does. No timers, no I/O, no clock of its own: the
 * queue asks with `now`, pacing answers. The queue stores pacing_next_at with every send, so the rule
 * holds across a crash (pacing_restore). */
#include <stdbool.h>

#include "shared/base/clock.h"
#include "shared/base/rng.h"

struct pacing_cfg {
	uint32_t gap_min_ms, gap_max_ms; /* both inclusive; max >= min; 0 and 0: no gap */
};

struct pacing {
	struct pacing_cfg cfg;
	mono_ms next;       /* no send before */
	mono_ms cool_until; /* after trouble */
	uint32_t cool_ms;   /* the last cool-down, doubled each time */
};

enum { PACING_COOL_MIN_MS = 60 * 1000, PACING_COOL_MAX_MS = 3600 * 1000 };

void pacing_init(struct pacing *p, const struct pacing_cfg *cfg);
/* next_at as stored: wall clock, INT64_MIN for none. A clock that jumped never makes the wait longer
 * than one full gap, and never shorter than nothing. */
void pacing_restore(struct pacing *p, mono_ms now, unix_ms wall_now, unix_ms next_at);
mono_ms pacing_next_send(const struct pacing *p);
/* a send starts now: draws the gap to the following one. A campaign's own delays come as `over`, NULL
 * for the device's. Returns the gap. */
uint32_t pacing_note_sent(struct pacing *p, const struct pacing_cfg *over, mono_ms now,
			  struct rng *rng);
/* 420, 429, 463: 1 minute, doubled each time up to 1 hour; pacing_note_ok ends the series */
void pacing_cool_down(struct pacing *p, mono_ms now);
void pacing_note_ok(struct pacing *p);
bool pacing_is_gapless(const struct pacing *p, const struct pacing_cfg *over);
