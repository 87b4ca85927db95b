/* Two users' campaigns side by side on simulated time: 50,000 recipients over 15 devices and 30,000 over 10.
 * Every recipient once, by a device of the right user; gaps hold between any two messages of a device, caps in
 * every window, quiet hours on every day; the devices of a user have equal shares. */
#include <inttypes.h>
#include <stdio.h>

#include "daemon/engine/campaign.h"
#include "tests/sim/rules.h"
#include "tests/sim/sim.h"
#include "tests/unit/store/cm.h"

enum { A_DEVICES = 15, A_LEADS = 50000, B_DEVICES = 10, B_LEADS = 30000 };

static void add_user(int64_t user, int devices, int leads, const char *zone)
{
	if (user > 1)
		sim_sql("insert into users (id, name, role, zone) overriding system value values "
			"(%" PRId64 ", 'user %" PRId64 "', 'operator', '%s')",
			user, user, zone);
	sim_add_devices(user, devices);
	sim_sql("insert into leads (user_id, phone, niches) select %" PRId64
		", 60120000000 + %" PRId64 " * 1000000 + n, '{ALL}' from generate_series(1, %d) n",
		user, user, leads);
}

static void add_campaign(int64_t user)
{
	sim_sql("with c as (insert into contents (user_id, body) values (%" PRId64
		", 'hello') returning id) "
		"insert into campaigns (user_id, title, niches, content_id, expire_s) select %" PRId64
		", 'c', '{ALL}', id, 30 * 86400 from c",
		user, user);
}

static bool all_done(void *ctx)
{
	static int64_t next;

	(void)ctx;
	if (sim_sends() < A_LEADS + B_LEADS || sim_now().ms < next)
		return false;
	next = sim_now().ms + 10000;
	return sim_i64("select count(*) from campaigns where state <> 'done'") == 0;
}

static void two_users_campaigns_keep_every_rule(void **state)
{
	int64_t began, took;

	(void)state;
	sim_begin("2027-03-26 09:00+01");
	add_user(1, A_DEVICES, A_LEADS, "Europe/Berlin");
	sim_sql("update users set zone = 'Europe/Berlin' where id = 1");
	add_user(2, B_DEVICES, B_LEADS, "Asia/Jakarta");
	sim_sql("analyze");
	sim_start_devices();
	add_campaign(1);
	add_campaign(2);
	began = sim_now().ms;
	campaigns_every(campaigns_new(sim_loop(), sim_db(), sim_fleet(), log_root()), 20000);
	sim_run(all_done, NULL, 20);
	took = sim_now().ms - began;
	sim_flush_sends();

	assert_int_equal(sim_i64("select count(*) from sim.sends"), A_LEADS + B_LEADS);
	assert_int_equal(sim_i64("select count(distinct phone) from sim.sends"), A_LEADS + B_LEADS);
	sim_none(
		"a message by a device of another user",
		"select from sim.sends s join devices d on d.id = s.device_id join outbox o on o.id = s.outbox_id "
		"where o.user_id <> d.user_id or s.phone / 1000000 - 60120 <> d.user_id");
	sim_check_pacing();
	sim_none(
		"a share that is not equal",
		"select from (select d.user_id, count(*) as n from sim.sends s join devices d on d.id = s.device_id "
		"group by d.user_id, d.id) x group by user_id having max(n) - min(n) > 1");
	printf("proof: simulated campaigns: 80,000 messages over 25 devices in %.1f simulated days, no rule broken\n",
	       (double)took / 86400000);
	sim_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(two_users_campaigns_keep_every_rule) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
