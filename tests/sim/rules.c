#include "tests/sim/rules.h"

#include <inttypes.h>
#include <stdio.h>

#include "tests/sim/sim.h"
#include "tests/unit/store/cm.h"

void sim_add_devices(int64_t user_id, int count)
{
	sim_sql("insert into devices (user_id, name, pn, linked_at, created_at, delay_min_ms, delay_max_ms, "
		"per_minute_max, per_hour_max, per_day_max, quiet_from, quiet_to) "
		"select %" PRId64 ", 'd' || n, 60110000000 + %" PRId64
		" * 1000 + n, now() - interval '1 year', "
		"now() - interval '1 year', 4000, 12000, 10, 300, 2500, '22:00', '07:00' from generate_series(1, %d) n",
		user_id, user_id, count);
}

void sim_none(const char *what, const char *sql)
{
	int64_t n = sim_i64("select count(*) from (%s) bad", sql);

	if (n)
		fprintf(stderr, "%s: %" PRId64 " violations\n", what, n);
	assert_int_equal(n, 0);
}

static void check_cap(const char *what, int most, int64_t window_ms)
{
	char sql[240];

	snprintf(
		sql, sizeof sql,
		"select from (select at_ms - lag(at_ms, %d) over (partition by device_id order by at_ms) as span "
		"from sim.sends) g where span < %" PRId64,
		most, window_ms);
	sim_none(what, sql);
}

void sim_check_pacing(void)
{
	/* one message short of the rule: the window of `most` gaps is that of most + 1 messages */
	check_cap("a gap below the minimum", 1, 4000);
	check_cap("more than 10 in a minute", 10, 60 * 1000);
	check_cap("more than 300 in an hour", 300, 3600 * 1000);
	check_cap("more than 2500 in a day", 2500, 86400 * 1000);
	sim_none(
		"a message in quiet hours",
		"select from sim.sends s join devices d on d.id = s.device_id join users u on u.id = d.user_id "
		"where (s.at at time zone u.zone)::time >= '22:00' or (s.at at time zone u.zone)::time < '07:00'");
}
