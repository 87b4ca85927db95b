/* How long devices need, beside what the pacer itself does on simulated time. */
#include "daemon/engine/estimate.h"
#include "tests/unit/testing.h"

enum { HOUR_MS = 3600 * 1000 };
static const unix_ms start = { 1795680000000 };

static struct pacing_rules rules(uint32_t min_s, uint32_t max_s)
{
	return (struct pacing_rules){ .gap = { min_s * 1000, max_s * 1000 },
				      .linked_at = { INT64_MIN } };
}

static void hours_are(const struct pacing_rules *r, int64_t rows, double wanted)
{
	double got = (double)estimate_ms(r, NULL, rows, start) / HOUR_MS;

	if (got < wanted * 0.98 || got > wanted * 1.02)
		fail_msg("%ld rows: %.3f hours, not %.3f", (long)rows, got, wanted);
}

static void gaps_caps_and_quiet_hours_count(void **state)
{
	struct pacing_rules r = rules(8, 12);
	struct pacing_cfg slower = { 20000, 20000 };

	(void)state;
	assert_int_equal(estimate_ms(&r, NULL, 0, start), 0);
	hours_are(&r, 360, 1);
	hours_are(&r, 3600, 10);
	assert_int_equal(estimate_ms(&r, &slower, 180, start), HOUR_MS); /* the larger ones */
	r.per_hour_max = 100;
	hours_are(&r, 250, 2.5);
	r.per_day_max = 1000;
	hours_are(&r, 2050, 48.5);
	r = rules(0, 0);
	r.per_minute_max = 20;
	hours_are(&r, 2400, 2);
	r = rules(10, 10);
	for (size_t i = 0; i < PACING_QUIETS; i++) { /* closed for the first 12 hours of each day */
		r.quiet[i].from.ms = start.ms + (int64_t)i * 24 * HOUR_MS;
		r.quiet[i].to.ms = r.quiet[i].from.ms + 12 * HOUR_MS;
	}
	r.quiet_len = PACING_QUIETS;
	hours_are(&r, 360, 13);
	hours_are(&r, 12 * 360 + 360, 37);
	hours_are(&r, 20 * 12 * 360, 20 * 24); /* far behind those that are listed */
	r = rules(1, 1);
	r.warm_up = true;
	r.linked_at = start;
	r.per_hour_max = 100; /* 10 on the first day, 20 on the next two */
	hours_are(&r, 24 * 10 + 20, 25);
	r = rules(86400, 86400);
	assert_int_equal(estimate_ms(&r, NULL, 100000, start), -1);
}

static void the_pacer_agrees(void **state)
{
	struct pacing_rules r = rules(5, 15);
	mono_ms now = { 0 };
	unix_ms wall = start;
	struct rng_fixed rng;
	struct pacing p;
	double ratio;

	(void)state;
	r.per_minute_max = 5;
	r.per_hour_max = 250;
	r.per_day_max = 2000;
	rng_fixed_init(&rng, 1);
	pacing_init(&p, &r, now, wall);
	for (int i = 0; i < 5000; i++) {
		struct pacing_answer a = pacing_next_send(&p, now, wall);

		wall.ms += a.at.ms > now.ms ? a.at.ms - now.ms : 0;
		now = a.at.ms > now.ms ? a.at : now;
		pacing_note_sent(&p, NULL, now, &rng.base);
	}
	ratio = (double)estimate_ms(&r, NULL, 5000, start) / (double)now.ms;
	if (ratio < 0.93 || ratio > 1.07)
		fail_msg("the estimate is %.3f times what the pacer took", ratio);
}

static void loads_are_filled_to_one_level(void **state)
{
	int64_t loads[] = { 10, 0, 50 }, alone[] = { 5 }, high[] = { 10, 0, 90 }, none[] = { 0, 0 };

	(void)state;
	estimate_fill(loads, 3, 100);
	assert_int_equal(loads[0] + loads[1] + loads[2], 160);
	for (size_t i = 0; i < 3; i++)
		assert_in_range(loads[i], 53, 54);
	estimate_fill(alone, 1, 7);
	assert_int_equal(alone[0], 12);
	estimate_fill(high, 3, 100);
	assert_int_equal(high[0], 55);
	assert_int_equal(high[1], 55);
	assert_int_equal(high[2], 90);
	estimate_fill(none, 2, 3);
	assert_int_equal(none[0] + none[1], 3);
	estimate_fill(none, 0, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gaps_caps_and_quiet_hours_count),
		cmocka_unit_test(the_pacer_agrees),
		cmocka_unit_test(loads_are_filled_to_one_level),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
