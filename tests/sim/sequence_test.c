/* A 5-day and a 7-day sequence over 10,000 contacts and 15 devices, across the night in which Berlin's clocks
 * go forward. Every contact gets every day once, on consecutive days of the zone, in the hours after the
 * step's time; gaps and caps hold; each contact keeps its device; the devices have equal shares. */
#include <inttypes.h>
#include <stdio.h>

#include "daemon/engine/sequence.h"
#include "tests/sim/rules.h"
#include "tests/sim/sim.h"
#include "tests/unit/store/cm.h"

enum { DEVICES = 15, FIVE = 6000, SEVEN = 4000, MESSAGES = 5 * FIVE + 7 * SEVEN };

static void add_sequence(int days, const char *time)
{
	sim_sql("insert into sequences (user_id, name, state, niches, started_at, look_at) "
		"values (1, '%d days', 'active', '{DAYS%d}', now(), now())",
		days, days);
	for (int day = 1; day <= days; day++)
		sim_sql("with c as (insert into contents (user_id, body) values (1, 'day %d for {name:you}') returning id) "
			"insert into sequence_steps (user_id, sequence_id, version, day, send_time, content_id) "
			"select 1, s.id, 1, %d, '%s', c.id from c, sequences s where s.name = '%d days'",
			day, day, time, days);
}

static bool all_done(void *ctx)
{
	static int64_t next;

	(void)ctx;
	if (sim_sends() < MESSAGES || sim_now().ms < next)
		return false;
	next = sim_now().ms + 60000;
	return sim_i64("select count(*) from sequence_contacts where state = 'active'") == 0;
}

static void two_sequences_keep_every_rule(void **state)
{
	int64_t began, took;

	(void)state;
	sim_begin("2027-03-26 07:00+01");
	sim_sql("update users set zone = 'Europe/Berlin' where id = 1");
	sim_add_devices(1, DEVICES);
	sim_sql("insert into leads (user_id, phone, name, niches) select 1, 60121000000 + n, 'lead ' || n, "
		"case when n <= %d then '{DAYS5}'::text[] else '{DAYS7}' end from generate_series(1, %d) n",
		FIVE, FIVE + SEVEN);
	add_sequence(5, "09:00");
	add_sequence(7, "10:30");
	sim_sql("analyze");
	sim_start_devices();
	began = sim_now().ms;
	sequences_new(&(struct sequences_cfg){ .loop = sim_loop(),
					       .db = sim_db(),
					       .fleet = sim_fleet(),
					       .log = log_root(),
					       .tick_ms = 20000 });
	sim_run(all_done, NULL, 12);
	took = sim_now().ms - began;
	sim_flush_sends();

	assert_int_equal(sim_i64("select count(*) from sim.sends"), MESSAGES);
	sim_none(
		"a day that a contact got twice or not at all",
		"select from sequence_contacts c join sequences q on q.id = c.sequence_id "
		"left join (select o.contact_id, count(*) as n, count(distinct o.day) as days from sim.sends s "
		"join outbox o on o.id = s.outbox_id group by 1) g on g.contact_id = c.id "
		"where (g.n, g.days) is distinct from (split_part(q.name, ' ', 1)::bigint, split_part(q.name, ' ', 1)::bigint)");
	sim_none("a contact that is not completed",
		 "select from sequence_contacts where state <> 'completed'");
	sim_sql("create table sim.days as select o.contact_id, o.sequence_id, o.day, s.device_id, "
		"(s.at at time zone 'Europe/Berlin') as at from sim.sends s join outbox o on o.id = s.outbox_id");
	sim_none(
		"a message before its hour or long after it",
		"select from sim.days d join sequences q on q.id = d.sequence_id "
		"where d.at::time < case when q.name = '5 days' then '09:00'::time else '10:30' end "
		"or d.at::time > '16:00'");
	sim_none(
		"two days that do not follow each other",
		"select from (select at::date - lag(at::date) over (partition by contact_id order by day) as step "
		"from sim.days) x where step <> 1");
	sim_none("a first day that is not the first day",
		 "select from sim.days where day = 1 and at::date <> '2027-03-26'");
	sim_none("a contact that changed its device",
		 "select from sim.days group by contact_id having count(distinct device_id) > 1");
	sim_none(
		"a share that is not equal",
		"select from (select device_id, count(distinct contact_id) as n from sim.days group by 1) x "
		"having max(n) - min(n) > 1 or count(*) <> 15");
	sim_check_pacing();
	printf("proof: simulated sequences: %d messages to %d contacts over %d devices in %.1f simulated days across a change "
	       "of the clocks, no rule broken\n",
	       MESSAGES, FIVE + SEVEN, DEVICES, (double)took / 86400000);
	sim_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(two_sequences_keep_every_rule) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
