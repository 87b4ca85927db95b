#include "daemon/engine/webhook_retry.h"

#include "shared/base/macros.h"

static const int64_t waits_s[] = { 10,   30,       120,      600,       1800,
				   3600, 3 * 3600, 6 * 3600, 12 * 3600, 24 * 3600 };

_Static_assert(ARRAY_LEN(waits_s) == WEBHOOK_ATTEMPTS_MAX - 1, "a wait after each but the last");

int64_t webhook_retry_ms(int attempt, int64_t age_s, struct rng *rng)
{
	int64_t ms;

	if (attempt < 1)
		attempt = 1;
	if (attempt >= WEBHOOK_ATTEMPTS_MAX || age_s > WEBHOOK_AGE_MAX_S)
		return 0;
	ms = waits_s[attempt - 1] * 1000;
	return rng_between(rng, ms * 8 / 10, ms * 12 / 10);
}

unsigned webhook_breaker_room(const struct webhook_breaker *b, mono_ms now, unsigned most,
			      unsigned under_way)
{
	if (now.ms < b->until.ms)
		return 0;
	if (b->failures >= WEBHOOK_IN_A_ROW)
		most = 1;
	return under_way < most ? most - under_way : 0;
}

void webhook_breaker_good(struct webhook_breaker *b)
{
	*b = (struct webhook_breaker){ 0 };
}

void webhook_breaker_bad(struct webhook_breaker *b, mono_ms now)
{
	int64_t alone = WEBHOOK_ALONE_MIN_MS;

	b->failures++;
	if (b->failures < WEBHOOK_IN_A_ROW || now.ms < b->until.ms)
		return; /* those that were under way with the last one say nothing new */
	for (unsigned i = 0; i < b->trips && alone < WEBHOOK_ALONE_MAX_MS; i++)
		alone *= 2;
	if (alone > WEBHOOK_ALONE_MAX_MS)
		alone = WEBHOOK_ALONE_MAX_MS;
	b->trips++;
	b->until.ms = now.ms + alone;
}

void webhook_breaker_pause(struct webhook_breaker *b, mono_ms now, uint32_t seconds)
{
	int64_t until;

	if (seconds > WEBHOOK_RETRY_AFTER_MAX_S)
		seconds = WEBHOOK_RETRY_AFTER_MAX_S;
	until = now.ms + (int64_t)seconds * 1000;
	if (until > b->until.ms)
		b->until.ms = until;
}
