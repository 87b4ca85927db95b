#include "daemon/engine/pacing.h"
#include "tests/unit/testing.h"

static void gaps_hold_between_all_sends(void **state)
{
	struct rng_fixed rng;
	struct pacing p;
	mono_ms now = { 0 }, last = { INT64_MIN / 2 };
	int64_t shortest = INT64_MAX, longest = 0;

	(void)state;
	rng_fixed_init(&rng, 7);
	pacing_init(&p, &(struct pacing_cfg){ 1000, 3000 });
	for (int i = 0; i < 5000; i++) {
		mono_ms at = pacing_next_send(&p);

		if (at.ms > now.ms)
			now = at;
		if (i) {
			int64_t gap = now.ms - last.ms;

			assert_in_range(gap, 1000, 3000);
			shortest = gap < shortest ? gap : shortest;
			longest = gap > longest ? gap : longest;
		}
		pacing_note_sent(&p, NULL, now, &rng.base);
		last = now;
	}
	assert_true(shortest < 1050); /* the whole range is used */
	assert_true(longest > 2950);
}

static void a_campaigns_own_delays_win(void **state)
{
	struct rng_fixed rng;
	struct pacing p;
	struct pacing_cfg own = { 50, 50 };

	(void)state;
	rng_fixed_init(&rng, 1);
	pacing_init(&p, &(struct pacing_cfg){ 1000, 3000 });
	assert_int_equal(pacing_note_sent(&p, &own, (mono_ms){ 10 }, &rng.base), 50);
	assert_int_equal(pacing_next_send(&p).ms, 60);
	assert_false(pacing_is_gapless(&p, &own));
	assert_true(pacing_is_gapless(&p, &(struct pacing_cfg){ 0, 0 }));
}

static void the_rule_survives_a_restart(void **state)
{
	struct pacing p;

	(void)state;
	pacing_init(&p, &(struct pacing_cfg){ 1000, 3000 });
	pacing_restore(&p, (mono_ms){ 500 }, (unix_ms){ 1000000 }, (unix_ms){ 1002500 });
	assert_int_equal(pacing_next_send(&p).ms, 3000);
	/* past: at once; none stored: at once */
	pacing_init(&p, &(struct pacing_cfg){ 1000, 3000 });
	pacing_restore(&p, (mono_ms){ 500 }, (unix_ms){ 1000000 }, (unix_ms){ 999999 });
	assert_true(pacing_next_send(&p).ms <= 500);
	pacing_restore(&p, (mono_ms){ 500 }, (unix_ms){ 1000000 }, (unix_ms){ INT64_MIN });
	assert_true(pacing_next_send(&p).ms <= 500);
}

static void a_wall_clock_set_back_waits_one_gap_only(void **state)
{
	struct pacing p;

	(void)state;
	pacing_init(&p, &(struct pacing_cfg){ 1000, 3000 });
	pacing_restore(&p, (mono_ms){ 0 }, (unix_ms){ 0 }, (unix_ms){ 86400000 });
	assert_int_equal(pacing_next_send(&p).ms, 3000);
}

static void trouble_cools_down_and_doubles(void **state)
{
	struct pacing p;
	int64_t want = PACING_COOL_MIN_MS;
	mono_ms now = { 0 };

	(void)state;
	pacing_init(&p, &(struct pacing_cfg){ 0, 0 });
	for (int i = 0; i < 10; i++) {
		pacing_cool_down(&p, now);
		assert_int_equal(pacing_next_send(&p).ms - now.ms, want);
		pacing_cool_down(&p, now); /* the same burst: not doubled */
		assert_int_equal(pacing_next_send(&p).ms - now.ms, want);
		now = pacing_next_send(&p);
		want = want * 2 > PACING_COOL_MAX_MS ? PACING_COOL_MAX_MS : want * 2;
	}
	pacing_note_ok(&p);
	pacing_cool_down(&p, now);
	assert_int_equal(pacing_next_send(&p).ms - now.ms, PACING_COOL_MIN_MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gaps_hold_between_all_sends),
		cmocka_unit_test(a_campaigns_own_delays_win),
		cmocka_unit_test(the_rule_survives_a_restart),
		cmocka_unit_test(a_wall_clock_set_back_waits_one_gap_only),
		cmocka_unit_test(trouble_cools_down_and_doubles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
