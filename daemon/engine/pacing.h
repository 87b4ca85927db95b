#pragma once
/* Decides WHEN a device may send next, and tells WHY not before; nothing else does. No timers, no I/O, no
 * clock of its own: the queue asks with `now`, pacing answers. The queue stores pacing_next_at and
 * pacing_save with every send, so gaps and caps hold across a crash (pacing_restore).
 *
 * Caps hold in EVERY window of a minute, an hour, a day: sends are counted in slots (5 s, 1 min, 10 min),
 * one more than the window has, so that a slot leaves only when all of it is old enough. Gaps and caps go
 * by the monotonic clock and do not see jumps of the other; quiet hours are instants of the wall clock. */
#include <stdbool.h>
#include <stddef.h>

#include "shared/base/clock.h"
#include "shared/base/rng.h"
#include "shared/base/span.h"

struct pacing_cfg {
	uint32_t gap_min_ms, gap_max_ms; /* both inclusive; max >= min; 0 and 0: no gap */
};

enum {
	PACING_COOL_MIN_MS = 60 * 1000,
	PACING_COOL_MAX_MS = 3600 * 1000,
	PACING_QUIETS = 8,
	PACING_MINUTE_SLOTS = 13,
	PACING_HOUR_SLOTS = 61,
	PACING_DAY_SLOTS = 145,
	PACING_SLOTS = PACING_MINUTE_SLOTS + PACING_HOUR_SLOTS + PACING_DAY_SLOTS,
	PACING_WINDOWS = 3,
	PACING_SAVED_BYTES = 1 + 8 + PACING_WINDOWS * 4 + PACING_SLOTS * 2,
	PACING_CAP_MAX = 60000, /* what a slot can count */
};

struct pacing_rules {
	struct pacing_cfg gap;
	uint32_t per_minute_max, per_hour_max, per_day_max; /* 0: no cap */
	bool warm_up;      /* lower caps while the link is young: pacing_warm_percent */
	unix_ms linked_at; /* ms INT64_MIN: not linked */
	/* the coming quiet hours, as instants in order */
	struct {
		unix_ms from, to;
	} quiet[PACING_QUIETS];
	size_t quiet_len;
};

enum pacing_why {
	PACING_FREE,
	PACING_GAP,
	PACING_COOL_DOWN,
	PACING_MINUTE_CAP,
	PACING_HOUR_CAP,
	PACING_DAY_CAP,
	PACING_WARM_UP, /* a cap that is lower as the link is young */
	PACING_QUIET,
};
const char *pacing_why_name(enum pacing_why w); /* "gap", "minute cap" ...; "" for PACING_FREE */

struct pacing_answer {
	mono_ms at; /* no send before; `now` when it may go at once */
	enum pacing_why why;
};

struct pacing_window {
	int64_t slot; /* the newest; slots are numbered by the monotonic clock */
	uint32_t sum;
};

struct pacing {
	struct pacing_rules rules;
	mono_ms linked;     /* rules.linked_at on the monotonic clock; INT64_MIN: old */
	mono_ms next;       /* no send before: the gap */
	mono_ms cool_until; /* after trouble */
	uint32_t cool_ms;   /* the last cool-down, doubled each time */
	struct pacing_window windows[PACING_WINDOWS];
	uint16_t counts[PACING_SLOTS];
};

void pacing_init(struct pacing *p, const struct pacing_rules *rules, mono_ms now, unix_ms wall);
/* other rules from now on; what was sent still counts */
void pacing_set_rules(struct pacing *p, const struct pacing_rules *rules, mono_ms now,
		      unix_ms wall);
/* As stored: next_at by the wall clock (INT64_MIN: none), saved by pacing_save (empty: nothing was sent). A
 * clock that jumped never makes the wait longer than one full gap, and never shorter than nothing; one that
 * was set back makes all that was sent count as just sent. */
void pacing_restore(struct pacing *p, mono_ms now, unix_ms wall, unix_ms next_at,
		    struct span saved);
void pacing_save(struct pacing *p, mono_ms now, unix_ms wall,
		 uint8_t out[static PACING_SAVED_BYTES]);

struct pacing_answer pacing_next_send(struct pacing *p, mono_ms now, unix_ms wall);
/* by the wall clock, for storage: when gap and cool-down are over */
unix_ms pacing_next_at(const struct pacing *p, mono_ms now, unix_ms wall);
/* a send starts now: draws the gap to the following one, of the range that device and campaign (`over`,
 * NULL: none of its own) have in common: the larger minimum, the larger maximum. Returns the gap. */
uint32_t pacing_note_sent(struct pacing *p, const struct pacing_cfg *over, mono_ms now,
			  struct rng *rng);
struct pacing_cfg pacing_gap(const struct pacing *p, const struct pacing_cfg *over);
/* 420, 429: 1 minute, doubled each time up to 1 hour; pacing_note_ok ends the series */
void pacing_cool_down(struct pacing *p, mono_ms now);
void pacing_note_ok(struct pacing *p);
/* What was noted as sent leaves now: its commit may have been slow, and the shortest gap holds from here, too */
void pacing_note_left(struct pacing *p, const struct pacing_cfg *over, mono_ms now);
bool pacing_is_gapless(const struct pacing *p, const struct pacing_cfg *over);
/* something must be stored with each send: a gap or a cap */
bool pacing_is_paced(const struct pacing *p, const struct pacing_cfg *over);
/* sends of this age; both within the last 24 hours */
uint32_t pacing_sent_between(struct pacing *p, mono_ms now, int64_t age_min_ms, int64_t age_max_ms);
/* sends of the last 24 hours */
uint32_t pacing_sent_today(struct pacing *p, mono_ms now);
/* of the caps, by the age of the link: 10 on the first day, 20 to the third, 40 to the seventh, 70 to the
 * fourteenth, then 100 */
uint32_t pacing_warm_percent(int64_t link_age_ms);
