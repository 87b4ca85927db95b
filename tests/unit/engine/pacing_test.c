#include "daemon/engine/pacing.h"
#include "tests/unit/testing.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR };

static const int64_t WALL = 1763800000000; /* of mono 0 */

/* a device on simulated time: one clock moves, the other is derived, so that it can jump */
struct sim {
	struct rng_fixed rng;
	struct pacing p;
	mono_ms now;
	int64_t wall_is; /* wall clock minus monotonic clock */
	int64_t *sent;   /* when, on the monotonic clock */
	size_t len, cap;
};

static void sim_init(struct sim *s, const struct pacing_rules *rules, int64_t start, size_t cap)
{
	*s = (struct sim){ .now = { start }, .wall_is = WALL, .cap = cap };
	rng_fixed_init(&s->rng, 7);
	s->sent = test_calloc(cap, sizeof *s->sent);
	pacing_init(&s->p, rules, s->now, (unix_ms){ s->now.ms + s->wall_is });
}

static struct pacing_answer ask(struct sim *s)
{
	return pacing_next_send(&s->p, s->now, (unix_ms){ s->now.ms + s->wall_is });
}

static void send_one(struct sim *s, const struct pacing_cfg *over)
{
	struct pacing_answer a;

	while ((a = ask(s)).why != PACING_FREE) {
		assert_true(a.at.ms > s->now.ms);
		s->now = a.at;
	}
	assert_true(s->len < s->cap);
	s->sent[s->len++] = s->now.ms;
	pacing_note_sent(&s->p, over, s->now, &s->rng.base);
}

static void sim_done(struct sim *s)
{
	test_free(s->sent);
}

/* the most that went within any window of this length */
static size_t most_within(const struct sim *s, int64_t window)
{
	size_t most = 0, from = 0;

	for (size_t i = 0; i < s->len; i++) {
		while (s->sent[i] - s->sent[from] >= window)
			from++;
		most = i - from + 1 > most ? i - from + 1 : most;
	}
	return most;
}

static struct pacing_rules gap_only(uint32_t min_ms, uint32_t max_ms)
{
	return (struct pacing_rules){ .gap = { min_ms, max_ms }, .linked_at = { INT64_MIN } };
}

static void gaps_hold_between_all_sends(void **state)
{
	enum { N = 20000, BINS = 20 };
	struct pacing_rules rules = gap_only(1000, 3000);
	int bins[BINS] = { 0 };
	struct sim s;

	(void)state;
	sim_init(&s, &rules, 0, N);
	for (int i = 0; i < N; i++)
		send_one(&s, NULL);
	for (int i = 1; i < N; i++) {
		int64_t gap = s.sent[i] - s.sent[i - 1];

		assert_in_range(gap, 1000, 3000);
		bins[(gap - 1000) * BINS / 2001]++;
	}
	/* evenly over the whole range, by the millisecond: each bin expects 1000, sigma 31 */
	for (int i = 0; i < BINS; i++)
		assert_in_range(bins[i], 850, 1150);
	sim_done(&s);
}

static void caps_hold_in_every_window(void **state)
{
	struct pacing_rules rules = gap_only(0, 0);
	struct sim s;
	size_t n = 0;

	(void)state;
	rules.per_minute_max = 20;
	rules.per_hour_max = 500;
	rules.per_day_max = 5000;
	sim_init(&s, &rules, 1234567, 20000);
	while (s.now.ms < 1234567 + 3 * (int64_t)DAY)
		send_one(&s, NULL);
	assert_in_range(most_within(&s, MINUTE), 19, 20);
	assert_in_range(most_within(&s, HOUR), 490, 500);
	assert_in_range(most_within(&s, DAY), 4900, 5000);
	/* slots cost little: three days carry nearly three times the cap */
	for (size_t i = 0; i < s.len; i++)
		n += s.sent[i] < 1234567 + 3 * (int64_t)DAY;
	assert_true(n > 3 * 5000 * 95 / 100);
	sim_done(&s);
}

static void the_answer_names_the_rule(void **state)
{
	struct pacing_rules rules = gap_only(0, 0);
	struct sim s;

	(void)state;
	rules.per_minute_max = 2;
	rules.per_hour_max = 4;
	rules.per_day_max = 6;
	sim_init(&s, &rules, 0, 10);
	assert_string_equal(pacing_why_name(ask(&s).why), "");
	send_one(&s, NULL);
	send_one(&s, NULL);
	assert_string_equal(pacing_why_name(ask(&s).why), "minute cap");
	send_one(&s, NULL);
	send_one(&s, NULL);
	assert_string_equal(pacing_why_name(ask(&s).why), "hour cap");
	send_one(&s, NULL);
	send_one(&s, NULL);
	assert_string_equal(pacing_why_name(ask(&s).why), "day cap");
	assert_true(ask(&s).at.ms >= DAY);
	assert_int_equal(pacing_sent_today(&s.p, s.now), 6);
	pacing_cool_down(&s.p, (mono_ms){ s.now.ms });
	assert_string_equal(pacing_why_name(ask(&s).why), "day cap"); /* the last one to end */
	sim_done(&s);
	rules = gap_only(100, 100);
	sim_init(&s, &rules, 0, 10);
	send_one(&s, NULL);
	assert_string_equal(pacing_why_name(ask(&s).why), "gap");
	pacing_cool_down(&s.p, s.now);
	assert_string_equal(pacing_why_name(ask(&s).why), "cool-down");
	sim_done(&s);
}

/* the process ends at random moments and starts again, on another monotonic clock */
static void caps_and_gaps_hold_over_restarts(void **state)
{
	struct pacing_rules rules = gap_only(500, 1500);
	uint8_t saved[PACING_SAVED_BYTES];
	unix_ms next_at;
	struct sim s;
	int restarts = 0;

	(void)state;
	rules.per_minute_max = 10;
	rules.per_hour_max = 100;
	rules.per_day_max = 900;
	sim_init(&s, &rules, 0, 4000);
	for (int i = 0; i < 2500; i++) {
		int64_t wall, away;

		send_one(&s, NULL);
		wall = s.now.ms + s.wall_is;
		/* stored with every send */
		pacing_save(&s.p, s.now, (unix_ms){ wall }, saved);
		next_at = pacing_next_at(&s.p, s.now, (unix_ms){ wall });
		if (rng_below(&s.rng.base, 5))
			continue;
		restarts++;
		away = rng_below(&s.rng.base, 200 * SECOND);
		s.now.ms += away;
		wall += away;
		/* the sends are kept on the old time line; pacing gets another */
		pacing_init(&s.p, &rules, (mono_ms){ s.now.ms }, (unix_ms){ wall });
		pacing_restore(&s.p, s.now, (unix_ms){ wall }, next_at, SPAN_OF(saved));
	}
	assert_true(restarts > 300);
	for (size_t i = 1; i < s.len; i++)
		assert_true(s.sent[i] - s.sent[i - 1] >= 500);
	assert_in_range(most_within(&s, MINUTE), 8, 10);
	assert_in_range(most_within(&s, HOUR), 60, 100);
	assert_in_range(most_within(&s, DAY), 600, 900);
	sim_done(&s);
}

static void another_monotonic_clock_is_no_way_around(void **state)
{
	uint8_t saved[PACING_SAVED_BYTES];
	struct pacing_rules rules = gap_only(0, 0);
	struct pacing_answer a;
	struct pacing p;
	struct sim s;

	(void)state;
	rules.per_hour_max = 50;
	sim_init(&s, &rules, 86399999, 60);
	for (int i = 0; i < 50; i++)
		send_one(&s, NULL);
	pacing_save(&s.p, s.now, (unix_ms){ WALL }, saved);
	for (int64_t start = 0; start < 120 * SECOND; start += 7777) { /* any place in a slot */
		pacing_init(&p, &rules, (mono_ms){ start }, (unix_ms){ WALL + 10 * MINUTE });
		pacing_restore(&p, (mono_ms){ start }, (unix_ms){ WALL + 10 * MINUTE },
			       (unix_ms){ INT64_MIN }, SPAN_OF(saved));
		a = pacing_next_send(&p, (mono_ms){ start }, (unix_ms){ WALL + 10 * MINUTE });
		assert_int_equal(a.why, PACING_HOUR_CAP);
		assert_in_range(a.at.ms - start, 50 * MINUTE, 52 * MINUTE);
	}
	sim_done(&s);
}

static void a_young_link_sends_less(void **state)
{
	static const struct {
		int64_t age;
		size_t per_day;
	} ages[] = { { 0, 100 },
		     { 2 * (int64_t)DAY, 200 },
		     { 5 * (int64_t)DAY, 400 },
		     { 10 * (int64_t)DAY, 700 },
		     { 20 * (int64_t)DAY, 1000 } };

	(void)state;
	for (size_t i = 0; i < sizeof ages / sizeof *ages; i++) {
		struct pacing_rules rules = gap_only(0, 0);
		struct sim s;

		rules.per_day_max = 1000;
		rules.warm_up = true;
		rules.linked_at.ms = WALL - ages[i].age;
		sim_init(&s, &rules, 0, 1001);
		for (size_t k = 0; k < ages[i].per_day; k++)
			send_one(&s, NULL);
		assert_int_equal(s.now.ms, 0);
		assert_int_equal(ask(&s).why, i < 4 ? PACING_WARM_UP : PACING_DAY_CAP);
		sim_done(&s);
	}
	assert_int_equal(pacing_warm_percent(-5), 10); /* linked in the future: a clock was wrong */
	assert_int_equal(pacing_warm_percent(14 * (int64_t)DAY), 100);
}

static void quiet_hours_end_to_the_millisecond(void **state)
{
	struct pacing_rules rules = gap_only(1000, 1000);
	struct pacing_answer a;
	struct sim s;

	(void)state;
	rules.quiet[0].from.ms = WALL + 10000;
	rules.quiet[0].to.ms = WALL + 8 * HOUR + 1;
	rules.quiet[1].from.ms = WALL + 8 * HOUR + 1; /* the next begins where it ends */
	rules.quiet[1].to.ms = WALL + 9 * HOUR;
	rules.quiet_len = 2;
	sim_init(&s, &rules, 0, 100);
	for (int i = 0; i < 10; i++)
		send_one(&s, NULL);
	assert_int_equal(s.now.ms, 9000);
	/* the gap would end at 10000, when quiet hours begin */
	a = ask(&s);
	assert_int_equal(a.why, PACING_QUIET);
	assert_int_equal(a.at.ms, 9 * HOUR);
	send_one(&s, NULL);
	assert_int_equal(s.now.ms, 9 * HOUR);
	sim_done(&s);
}

/* D3: the wall clock jumps while the process runs */
static void jumps_of_the_wall_clock_make_no_burst(void **state)
{
	static const int64_t jumps[] = { HOUR, -HOUR, DAY, -(int64_t)DAY, 5000 * (int64_t)DAY };
	struct pacing_rules rules = gap_only(1000, 2000);
	struct sim s;

	(void)state;
	rules.per_hour_max = 100;
	rules.warm_up = true;
	rules.linked_at.ms = WALL - 20 * (int64_t)DAY;
	sim_init(&s, &rules, 0, 2000);
	for (int i = 0; i < 1500; i++) {
		send_one(&s, NULL);
		if (i % 100 == 50)
			s.wall_is += jumps[i / 100 % 5];
	}
	assert_in_range(most_within(&s, HOUR), 95, 100);
	for (size_t i = 1; i < s.len; i++)
		assert_true(s.sent[i] - s.sent[i - 1] >= 1000);
	sim_done(&s);
}

static void quiet_hours_go_by_the_wall_clock_of_now(void **state)
{
	struct pacing_rules rules = gap_only(0, 0);
	struct sim s;

	(void)state;
	rules.quiet[0].from.ms = WALL + HOUR;
	rules.quiet[0].to.ms = WALL + 2 * HOUR;
	rules.quiet_len = 1;
	sim_init(&s, &rules, 0, 10);
	assert_int_equal(ask(&s).why, PACING_FREE);
	s.wall_is += HOUR + 60;
	assert_int_equal(ask(&s).why, PACING_QUIET);
	assert_int_equal(ask(&s).at.ms, HOUR - 60);
	s.wall_is += HOUR;
	assert_int_equal(ask(&s).why, PACING_FREE);
	sim_done(&s);
}

static void the_larger_of_device_and_campaign_holds(void **state)
{
	static const struct {
		struct pacing_cfg device, campaign, want;
	} cases[] = {
		{ { 1000, 3000 }, { 50, 50 }, { 1000, 3000 } },
		{ { 1000, 3000 }, { 2000, 9000 }, { 2000, 9000 } },
		{ { 1000, 3000 }, { 5000, 6000 }, { 5000, 6000 } },
		{ { 0, 0 }, { 20, 60 }, { 20, 60 } },
		{ { 1000, 3000 }, { 0, 0 }, { 1000, 3000 } },
		{ { 5000, 5000 }, { 1000, 7000 }, { 5000, 7000 } },
	};
	struct rng_fixed rng;

	(void)state;
	rng_fixed_init(&rng, 1);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct pacing_rules rules = { .gap = cases[i].device, .linked_at = { INT64_MIN } };
		struct pacing p;
		struct pacing_cfg got;

		pacing_init(&p, &rules, (mono_ms){ 0 }, (unix_ms){ WALL });
		got = pacing_gap(&p, &cases[i].campaign);
		assert_int_equal(got.gap_min_ms, cases[i].want.gap_min_ms);
		assert_int_equal(got.gap_max_ms, cases[i].want.gap_max_ms);
		for (int64_t k = 0; k < 100; k++)
			assert_in_range(
				pacing_note_sent(&p, &cases[i].campaign, (mono_ms){ k }, &rng.base),
				got.gap_min_ms, got.gap_max_ms);
		assert_int_equal(pacing_is_gapless(&p, &cases[i].campaign), got.gap_max_ms == 0);
	}
}

static void the_gap_survives_a_restart(void **state)
{
	struct pacing_rules rules = gap_only(1000, 3000);
	struct pacing p;
	mono_ms now = { 500 };
	unix_ms wall = { 1000000 };

	(void)state;
	pacing_init(&p, &rules, now, wall);
	pacing_restore(&p, now, wall, (unix_ms){ 1002500 }, SPAN_NONE);
	assert_int_equal(pacing_next_send(&p, now, wall).at.ms, 3000);
	/* past: at once; none stored: at once */
	pacing_init(&p, &rules, now, wall);
	pacing_restore(&p, now, wall, (unix_ms){ 999999 }, SPAN_NONE);
	assert_int_equal(pacing_next_send(&p, now, wall).why, PACING_FREE);
	pacing_restore(&p, now, wall, (unix_ms){ INT64_MIN }, SPAN_NONE);
	assert_int_equal(pacing_next_send(&p, now, wall).why, PACING_FREE);
}

static void a_wall_clock_set_back_waits_one_gap_only(void **state)
{
	uint8_t saved[PACING_SAVED_BYTES];
	struct pacing_rules rules = gap_only(1000, 3000);
	struct pacing_cfg slow = { 7200000, 7200000 };
	struct rng_fixed rng;
	struct pacing p;
	mono_ms now = { 0 };

	(void)state;
	rng_fixed_init(&rng, 3);
	pacing_init(&p, &rules, now, (unix_ms){ 0 });
	pacing_restore(&p, now, (unix_ms){ 0 }, (unix_ms){ 86400000 }, SPAN_NONE);
	assert_int_equal(pacing_next_send(&p, now, (unix_ms){ 0 }).at.ms, 3000);
	/* but a campaign's own gap of two hours was meant */
	pacing_init(&p, &rules, now, (unix_ms){ WALL });
	pacing_note_sent(&p, &slow, now, &rng.base);
	pacing_save(&p, now, (unix_ms){ WALL }, saved);
	pacing_init(&p, &rules, now, (unix_ms){ WALL + 1000 });
	pacing_restore(&p, now, (unix_ms){ WALL + 1000 }, (unix_ms){ WALL + 7200000 },
		       SPAN_OF(saved));
	assert_int_equal(pacing_next_send(&p, now, (unix_ms){ WALL + 1000 }).at.ms, 7199000);
}

static void what_was_saved_badly_is_passed_over(void **state)
{
	uint8_t saved[PACING_SAVED_BYTES];
	struct pacing_rules rules = gap_only(0, 0);
	struct pacing p;
	mono_ms now = { 5 };
	unix_ms wall = { WALL };

	(void)state;
	rules.per_day_max = 1;
	pacing_init(&p, &rules, now, wall);
	memset(saved, 0xff, sizeof saved);
	pacing_restore(&p, now, wall, (unix_ms){ INT64_MIN }, SPAN_OF(saved)); /* another version */
	pacing_restore(&p, now, wall, (unix_ms){ INT64_MIN }, span_of(saved, 3));
	assert_int_equal(pacing_next_send(&p, now, wall).why, PACING_FREE);
	saved[0] = 1; /* nonsense counts: full, never beyond its bounds */
	memset(saved + 1, 0, 8);
	pacing_restore(&p, now, wall, (unix_ms){ INT64_MIN }, SPAN_OF(saved));
	memset(saved + 1, 0x7f, 8); /* from the far future */
	pacing_restore(&p, now, wall, (unix_ms){ INT64_MIN }, SPAN_OF(saved));
	assert_int_equal(pacing_next_send(&p, now, wall).why, PACING_DAY_CAP);
}

static void trouble_cools_down_and_doubles(void **state)
{
	struct pacing_rules rules = gap_only(0, 0);
	struct pacing p;
	int64_t want = PACING_COOL_MIN_MS;
	mono_ms now = { 0 };
	unix_ms wall = { WALL };

	(void)state;
	pacing_init(&p, &rules, now, wall);
	for (int i = 0; i < 10; i++) {
		pacing_cool_down(&p, now);
		assert_int_equal(pacing_next_send(&p, now, wall).at.ms - now.ms, want);
		pacing_cool_down(&p, now); /* the same burst: not doubled */
		assert_int_equal(pacing_next_send(&p, now, wall).at.ms - now.ms, want);
		assert_int_equal(pacing_next_at(&p, now, wall).ms - wall.ms, want);
		now = pacing_next_send(&p, now, wall).at;
		want = want * 2 > PACING_COOL_MAX_MS ? PACING_COOL_MAX_MS : want * 2;
	}
	pacing_note_ok(&p);
	pacing_cool_down(&p, now);
	assert_int_equal(pacing_next_send(&p, now, wall).at.ms - now.ms, PACING_COOL_MIN_MS);
}

static void the_gap_holds_from_the_leaving_too(void **state)
{
	const struct pacing_rules rules = { .gap = { 4000, 4000 } };
	const struct pacing_cfg slower = { 6000, 6000 };
	unix_ms wall = { WALL };
	struct rng_fixed rng;
	struct pacing p;
	mono_ms now = { 1000 };

	(void)state;
	rng_fixed_init(&rng, 7);
	pacing_init(&p, &rules, now, wall);
	pacing_note_sent(&p, NULL, now, &rng.base);
	pacing_note_left(&p, NULL, (mono_ms){ 2500 }); /* its commit took a second and a half */
	assert_int_equal(pacing_next_send(&p, (mono_ms){ 2500 }, wall).at.ms, 6500);
	pacing_note_left(&p, NULL, (mono_ms){ 2000 });
	assert_int_equal(pacing_next_send(&p, (mono_ms){ 2500 }, wall).at.ms, 6500);
	pacing_note_left(&p, &slower, (mono_ms){ 2500 });
	assert_int_equal(pacing_next_send(&p, (mono_ms){ 2500 }, wall).at.ms, 8500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gaps_hold_between_all_sends),
		cmocka_unit_test(the_gap_holds_from_the_leaving_too),
		cmocka_unit_test(caps_hold_in_every_window),
		cmocka_unit_test(the_answer_names_the_rule),
		cmocka_unit_test(caps_and_gaps_hold_over_restarts),
		cmocka_unit_test(another_monotonic_clock_is_no_way_around),
		cmocka_unit_test(a_young_link_sends_less),
		cmocka_unit_test(quiet_hours_end_to_the_millisecond),
		cmocka_unit_test(jumps_of_the_wall_clock_make_no_burst),
		cmocka_unit_test(quiet_hours_go_by_the_wall_clock_of_now),
		cmocka_unit_test(the_larger_of_device_and_campaign_holds),
		cmocka_unit_test(the_gap_survives_a_restart),
		cmocka_unit_test(a_wall_clock_set_back_waits_one_gap_only),
		cmocka_unit_test(what_was_saved_badly_is_passed_over),
		cmocka_unit_test(trouble_cools_down_and_doubles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
