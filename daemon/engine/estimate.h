#pragma once
/* How long a device will need for what it has to send, by the rules that pace it. An honest guess: gaps at
 * their mean, caps, young links and quiet hours as they are, hour by hour; trouble is not foreseen. Pure. */
#include <stdint.h>

#include "daemon/engine/pacing.h"

enum {
	ESTIMATE_SEND_MS = 50,      /* a message costs that much where no gap is longer */
	ESTIMATE_DAYS_MAX = 2 * 365 /* more is not told */
};

/* Milliseconds from now until the last of these rows has left; over: a campaign's own delays, NULL for none; -1:
 * more than ESTIMATE_DAYS_MAX days, or never. */
int64_t estimate_ms(const struct pacing_rules *rules, const struct pacing_cfg *over, int64_t rows,
		    unix_ms now);
/* What each device has to send once `rows` more were laid on the least loaded of them, to one level: adds to
 * loads. */
void estimate_fill(int64_t *loads, size_t len, int64_t rows);
