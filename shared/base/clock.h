#pragma once
/* Time and randomness are handed in, so that tests own both. Two kinds of time that do not mix:
 * monotonic (delays, pacing) and wall clock (storage, display). */
#include <stdbool.h>
#include <stdint.h>

#include "shared/base/macros.h"

typedef struct {
	int64_t ms;
} mono_ms; /* since boot */
typedef struct {
	int64_t ms;
} unix_ms; /* since 1970, UTC */

struct clock {
	mono_ms (*mono)(const struct clock *c);
	unix_ms (*unix_now)(const struct clock *c);
};

const struct clock *clock_real(void);

struct clock_fake {
	struct clock base; /* first: a clock_fake is a clock */
	mono_ms mono;
	unix_ms unix_now;
};
void clock_fake_init(struct clock_fake *f, int64_t unix_ms_at_start);
void clock_fake_advance(struct clock_fake *f, int64_t ms); /* both clocks */

static inline mono_ms clock_mono(const struct clock *c)
{
	return c->mono(c);
}
static inline unix_ms clock_unix(const struct clock *c)
{
	return c->unix_now(c);
}

/* RFC 3339 UTC with milliseconds: "2026-11-22T10:00:00.123Z"; needs 25 bytes */
void unix_ms_text(unix_ms t, char out[static 25]);
/* reads RFC 3339 with a zone (Z or +hh:mm), fractions cut to milliseconds; false when it is not that */
bool unix_ms_parse(const char *text, unix_ms *ret);
