#pragma once
/* Decides when a delivery that failed is tried again, and when a webhook is left alone for a while. No
 * timers, no clock of its own. */
#include <stdbool.h>

#include "shared/base/clock.h"
#include "shared/base/rng.h"

enum {
	WEBHOOK_ATTEMPTS_MAX = 11, /* the first and ten more, over about two days */
	WEBHOOK_AGE_MAX_S = 3 * 86400,
	WEBHOOK_RETRY_AFTER_MAX_S = 3600,
	WEBHOOK_IN_A_ROW = 8, /* failures after which a webhook is left alone */
	WEBHOOK_ALONE_MIN_MS = 30000,
	WEBHOOK_ALONE_MAX_MS = 600000,
};

/* How long after the failure of the attempt (from 1 on) the next one is; 0: there is none. */
int64_t webhook_retry_ms(int attempt, int64_t age_s, struct rng *rng);

/* one a webhook: after failures in a row one attempt at a time, in growing distances, until one is good */
struct webhook_breaker {
	unsigned failures; /* in a row */
	unsigned trips;    /* times left alone since the last good one */
	mono_ms until;     /* nothing goes before */
};
/* how many may go now, of `most` at once and with that many under way */
unsigned webhook_breaker_room(const struct webhook_breaker *b, mono_ms now, unsigned most,
			      unsigned under_way);
void webhook_breaker_good(struct webhook_breaker *b);
void webhook_breaker_bad(struct webhook_breaker *b, mono_ms now);
/* the receiver asked for a pause (Retry-After) */
void webhook_breaker_pause(struct webhook_breaker *b, mono_ms now, uint32_t seconds);
