/* What the statements and triggers of sequences decide, on PostgreSQL, with a clock of the test's own: the
 * schema sim holds a now() that reads a setting, and comes first in the search path. */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/base/macros.h"

#include "daemon/store/stmt.h"
#include "tests/unit/store/pg_fixture.h"
#include "tests/unit/testing.h"

#define DAYS_1_2_4                                               \
	"[{\"day\":1,\"send_time\":\"09:00\",\"body\":\"one\"}," \
	"{\"day\":2,\"send_time\":\"09:00\",\"body\":\"two\"},"  \
	"{\"day\":4,\"send_time\":\"09:00\",\"body\":\"four\"}]"

static struct pg_fixture fx;
static PGconn *pg;

/* the first value of the result, until the next call */
static const char *result(PGresult *r, const char *what)
{
	static char first[256];

	bool good = PQresultStatus(r) == PGRES_TUPLES_OK || PQresultStatus(r) == PGRES_COMMAND_OK;

	snprintf(first, sizeof first, "%s",
		 !good          ? PQresultErrorMessage(r)
		 : PQntuples(r) ? PQgetvalue(r, 0, 0)
				: "");
	PQclear(r);
	if (!good)
		fail_msg("%s: %s", what, first);
	return first;
}

static const char *sql(const char *text)
{
	return result(PQexec(pg, text), text);
}

static void sql_is(const char *text, const char *wanted)
{
	const char *got = sql(text);

	if (strcmp(got, wanted) != 0)
		fail_msg("%s\n  is     %s\n  wanted %s", text, got, wanted);
}

static const char *run(enum stmt stmt, const char *const *values, int n)
{
	return result(PQexecParams(pg, stmt_sql(stmt), n, NULL, values, NULL, NULL, 0),
		      stmt_name(stmt));
}

static void now_is(const char *at)
{
	char text[128];

	snprintf(text, sizeof text, "set sim.now = '%s'", at);
	sql(text);
}

static int up(void **state)
{
	(void)state;
	if (pg_fixture_start(&fx, NULL))
		return -1;
	pg = PQconnectdb(fx.conninfo);
	if (PQstatus(pg) != CONNECTION_OK)
		return -1;
	sql("create schema sim");
	sql("create function sim.now() returns timestamptz language sql stable as "
	    "$$ select current_setting('sim.now')::timestamptz $$");
	sql("set search_path to sim, pg_catalog, public");
	sql("set timezone to 'UTC'");
	return 0;
}

static int down(void **state)
{
	(void)state;
	PQfinish(pg);
	pg_fixture_stop(&fx);
	return 0;
}

static int fill(void **state)
{
	(void)state;
	now_is("2026-03-26 12:00Z");
	sql("truncate sequences, sequence_steps, sequence_contacts, outbox, optouts, leads, events, contents, "
	    "user_days");
	sql("update users set zone = 'Europe/Berlin', max_messages_day = null where id = 1");
	sql("insert into users (id, name, role) overriding system value values (2, 'other', 'operator') "
	    "on conflict do nothing");
	return 0;
}

/* a sequence of user 1, active; niche, zone and steps may be NULL */
static void make_with(const char *niche, const char *steps, const char *at_once, const char *most)
{
	const char *const values[] = { "1",    "welcome", NULL, niche,   "prospect", NULL,
				       "stop", at_once,   most, "14400", "86400",    steps };

	assert_string_equal(run(STMT_SEQUENCE_CREATE, values, 12), "t");
	sql("select setseed(0)");
	assert_string_not_equal(
		run(STMT_SEQUENCE_START,
		    (const char *const[]){ "1", sql("select max(id) from sequences"), "{draft}",
					   NULL },
		    4),
		"");
}

static void make(const char *steps)
{
	make_with(NULL, steps, "f", NULL);
}

static char id_text[32];
static const char *the_id(void)
{
	snprintf(id_text, sizeof id_text, "%s", sql("select max(id) from sequences"));
	return id_text;
}

static void enrol(const char *phones)
{
	const char *const values[] = { "1", the_id(), phones };

	run(STMT_SEQUENCE_ADD_CONTACTS, values, 3);
}

/* how many messages are queued by a look now, over these devices; day_s may be NULL */
static int plan_days(const char *devices, const char *day_s, const char *away)
{
	const char *const values[] = { "1", devices, day_s, away };
	int queued = 0, n;

	do
		queued += n = (int)strtol(run(STMT_SEQUENCE_PLAN, values, 4), NULL, 10);
	while (n);
	return queued;
}

static int plan_while_away(const char *devices, const char *away)
{
	return plan_days(devices, NULL, away);
}

static int plan_with(const char *devices)
{
	return plan_while_away(devices, "{}");
}

static int plan_at(const char *at)
{
	now_is(at);
	return plan_with("{7}");
}

static void all_sent(void)
{
	sql("update outbox set state = 3, sent_at = now() where state < 3 and not paused");
}

#define STATE "select string_agg(state || ':' || day, ',' order by id) from sequence_contacts"
#define NEXT "select to_char(next_at at time zone 'UTC', 'MM-DD HH24:MI') from sequence_contacts"

static void days_follow_the_calendar_over_a_change_of_the_clocks(void **state)
{
	(void)state;
	now_is("2026-03-27 08:00+01");
	make(DAYS_1_2_4);
	enrol("{60120000001}");
	assert_int_equal(plan_at("2026-03-27 08:00+01"), 0);
	sql_is(NEXT, "03-27 08:00"); /* today, as it is still ahead */
	assert_int_equal(plan_at("2026-03-27 08:59:59+01"), 0);
	assert_int_equal(plan_at("2026-03-27 09:00+01"), 1);
	assert_int_equal(plan_at("2026-03-28 09:00+01"), 0); /* not final yet */
	now_is("2026-03-27 09:05+01");
	all_sent();
	sql_is(NEXT, "03-28 08:00");
	assert_int_equal(plan_at("2026-03-28 09:00:01+01"), 1);
	all_sent();
	sql_is(NEXT, "03-30 07:00"); /* day 3 is waited through; summer time by then */
	assert_int_equal(plan_at("2026-03-30 08:59+02"), 0);
	assert_int_equal(plan_at("2026-03-30 09:00+02"), 1);
	sql_is(STATE, "active:4");
	sql_is("select count(*) from outbox where priority = 4 and lead_id is null and device_id = 7",
	       "3");
}

static void a_time_that_the_clocks_skip_or_repeat_comes_once(void **state)
{
	(void)state;
	now_is("2026-03-27 20:00Z");
	make("[{\"day\":1,\"send_time\":\"02:30\",\"body\":\"a\"},{\"day\":2,\"send_time\":\"02:30\",\"body\":\"b\"}]");
	enrol("{60120000001}");
	assert_int_equal(plan_at("2026-03-27 20:00Z"), 0);
	assert_int_equal(plan_at("2026-03-28 01:30Z"), 1);
	all_sent();
	sql_is(NEXT, "03-29 01:30"); /* 02:30 is skipped: 03:30 of summer time */
	assert_int_equal(plan_at("2026-03-29 01:30Z"), 1);
	all_sent();
	assert_int_equal(plan_at("2026-03-29 02:30Z"), 0);
	sql_is(STATE, "completed:2");
	sql("truncate sequences, sequence_contacts, sequence_steps, outbox");
	now_is("2026-10-24 20:00Z");
	make("[{\"day\":1,\"send_time\":\"02:30\",\"body\":\"a\"},{\"day\":2,\"send_time\":\"02:30\",\"body\":\"b\"}]");
	enrol("{60120000001}");
	assert_int_equal(plan_at("2026-10-24 20:00Z"), 0);
	assert_int_equal(plan_at("2026-10-25 00:30Z") + plan_at("2026-10-25 01:30Z"), 1);
	all_sent();
	sql_is(NEXT, "10-26 01:30");
}

static void a_time_gone_by_means_the_next_day_and_at_once_means_now(void **state)
{
	(void)state;
	now_is("2026-05-04 12:00+02");
	make(DAYS_1_2_4);
	enrol("{60120000001}");
	assert_int_equal(plan_at("2026-05-04 12:00+02"), 0);
	sql_is(NEXT, "05-05 07:00");
	sql("truncate sequences, sequence_contacts, sequence_steps, outbox");
	make_with(NULL, DAYS_1_2_4, "t", NULL);
	enrol("{60120000001}");
	assert_int_equal(plan_at("2026-05-04 12:00:01+02"), 1);
	all_sent();
	sql_is(NEXT, "05-05 07:00");
}

static void a_message_that_was_final_late_moves_the_following(void **state)
{
	(void)state;
	now_is("2026-05-04 08:00+02");
	make(DAYS_1_2_4);
	enrol("{60120000001}");
	plan_at("2026-05-04 08:00+02");
	assert_int_equal(plan_at("2026-05-04 09:00+02"), 1);
	now_is("2026-05-05 10:30+02"); /* a day later: not two messages in a minute */
	all_sent();
	assert_int_equal(plan_at("2026-05-05 10:30+02"), 0);
	sql_is(NEXT, "05-06 07:00");
	assert_int_equal(plan_at("2026-05-06 09:00+02"), 1);
}

static void what_was_missed_goes_within_its_grace_or_on_the_next_day(void **state)
{
	(void)state;
	now_is("2026-05-04 08:00+02");
	make(DAYS_1_2_4);
	enrol("{60120000001,60120000002}");
	plan_at("2026-05-04 08:00+02");
	assert_int_equal(plan_at("2026-05-04 12:59+02"), 2); /* wad was away: late, the same day */
	all_sent();
	sql_is(NEXT, "05-05 07:00");
	assert_int_equal(plan_at("2026-05-08 22:00+02"),
			 0); /* days later: nothing at night, and no burst */
	sql_is(NEXT, "05-09 07:00");
	assert_int_equal(plan_at("2026-05-09 09:00+02"), 2);
	all_sent();
	assert_int_equal(plan_at("2026-05-09 10:00+02"), 0);
	sql_is(NEXT, "05-11 07:00");
}

/* looks are a second apart: what fell due since the last one is not late, however short its grace */
static void what_falls_due_between_two_looks_is_in_time(void **state)
{
	(void)state;
	now_is("2026-05-04 08:00+02");
	make(DAYS_1_2_4);
	sql("update sequences set grace_s = 0");
	enrol("{60120000001}");
	assert_int_equal(plan_at("2026-05-04 08:59:59.9+02"), 0);
	assert_int_equal(plan_at("2026-05-04 09:00:00.9+02"), 1);
	all_sent();
	assert_int_equal(plan_at("2026-05-05 10:00+02"), 0); /* that is late */
	sql_is(NEXT, "05-06 07:00");
}

static void days_of_two_seconds_all_come(void **state)
{
	char at[64];
	int queued = 0;

	(void)state;
	now_is("2026-05-04 08:00Z");
	make(DAYS_1_2_4); /* 09:00 is 0.75 s into such a day, 0.65 s before the next look */
	enrol("{60120000001}");
	for (int second = 0; second < 14; second++) {
		snprintf(at, sizeof at, "2026-05-04 08:00:%02d.4Z", second);
		now_is(at);
		queued += plan_days("{7}", "2", "{}");
		all_sent();
	}
	assert_int_equal(queued, 3);
	sql_is(STATE, "completed:4");
}

static void completes_once_after_the_last_is_final(void **state)
{
	(void)state;
	make("[{\"day\":1,\"send_time\":\"09:00\",\"body\":\"a\"}]");
	enrol("{60120000001,60120000002,60120000003}");
	plan_at("2026-05-04 09:00+02"); /* agreed for the next day, as they were enrolled long ago */
	assert_int_equal(plan_at("2026-05-05 09:00+02"), 3);
	assert_int_equal(plan_at("2026-05-05 09:01+02"), 0);
	sql_is(STATE, "active:1,active:1,active:1");
	sql("update outbox set state = 3 where recipient = 60120000001");
	sql("update outbox set state = 6, error_class = 'retry' where recipient = 60120000002");
	sql("update outbox set state = 6, error_class = 'failed' where recipient = 60120000003");
	assert_int_equal(plan_at("2026-05-05 09:02+02"), 0);
	sql_is(STATE, "completed:1,completed:1,failed:1");
	sql("update outbox set state = 4 where recipient = 60120000001"); /* the second tick */
	assert_int_equal(plan_at("2026-05-06 09:02+02"), 0);
	sql_is("select count(*) from events where topic = 'sequence.contact' and data->>'state' = 'completed'",
	       "2");
	sql_is("select count(distinct ended_at) from sequence_contacts where state = 'completed'",
	       "1");
}

static void other_steps_apply_to_days_not_sent_yet(void **state)
{
	const char *update[] = { "1",  "",   NULL, NULL, NULL, NULL, NULL,
				 NULL, NULL, NULL, NULL, NULL, "" };

	(void)state;
	now_is("2026-05-04 08:00+02");
	make(DAYS_1_2_4);
	enrol("{60120000001}");
	plan_at("2026-05-04 08:00+02");
	assert_int_equal(plan_at("2026-05-04 09:00+02"), 1);
	all_sent();
	update[1] = the_id();
	update[12] = "[{\"day\":1,\"send_time\":\"09:00\",\"body\":\"other\"},"
		     "{\"day\":3,\"send_time\":\"18:00\",\"body\":\"three\"}]";
	assert_string_equal(run(STMT_SEQUENCE_UPDATE, update, 13), "t");
	sql_is("select version from sequences", "2");
	assert_int_equal(plan_at("2026-05-04 09:01+02"), 0);
	sql_is(NEXT, "05-06 16:00"); /* day 1 is had; day 2 is no more */
	assert_int_equal(plan_at("2026-05-06 18:00+02"), 1);
	sql_is("select string_agg(c.body, ',' order by o.id) from outbox o join contents c on c.id = o.content_id",
	       "one,three");
	all_sent();
	assert_int_equal(plan_at("2026-05-06 18:01+02"), 0);
	sql_is(STATE, "completed:3");
}

static void a_pause_holds_back_and_a_resume_plans_from_now(void **state)
{
	(void)state;
	now_is("2026-05-04 08:00+02");
	make(DAYS_1_2_4);
	enrol("{60120000001,60120000002}");
	plan_at("2026-05-04 08:00+02");
	assert_int_equal(plan_at("2026-05-04 09:00+02"), 2);
	sql("update outbox set state = 3 where recipient = 60120000001");
	run(STMT_SEQUENCE_PAUSE, (const char *const[]){ "1", the_id() }, 2);
	sql_is("select string_agg(state || paused::text, ',' order by id) from outbox",
	       "3false,0true");
	assert_int_equal(plan_at("2026-05-07 09:00+02"), 0);
	now_is("2026-05-07 22:00+02"); /* three days were missed */
	run(STMT_SEQUENCE_START, (const char *const[]){ "1", the_id(), "{paused}", NULL }, 4);
	assert_int_equal(plan_at("2026-05-07 22:00+02"), 0);
	sql_is("select to_char(not_before at time zone 'UTC', 'MM-DD HH24:MI') || paused from outbox where state = 0",
	       "05-08 07:00false");
	sql_is("select string_agg(coalesce(to_char(next_at at time zone 'UTC', 'MM-DD HH24:MI'), ''), ',' order by phone) "
	       "from sequence_contacts where not open",
	       "05-08 07:00");
	assert_int_equal(plan_at("2026-05-08 09:00+02"), 1);
	all_sent();
	assert_int_equal(plan_at("2026-05-08 09:01+02"), 0);
	sql_is("select string_agg(to_char(next_at at time zone 'UTC', 'MM-DD HH24:MI'), ',' order by phone) "
	       "from sequence_contacts",
	       "05-10 07:00,05-09 07:00"); /* two days after its day 2, one after its day 1 */
}

static void one_contact_pauses_resumes_and_is_removed(void **state)
{
	const char *stop[] = { "1", "", "60120000001", "paused" };
	const char *resume[] = { "1", "", "60120000001", NULL };

	(void)state;
	now_is("2026-05-04 08:00+02");
	make(DAYS_1_2_4);
	enrol("{60120000001,60120000002}");
	plan_at("2026-05-04 08:00+02");
	assert_int_equal(plan_at("2026-05-04 09:00+02"), 2);
	stop[1] = resume[1] = the_id();
	assert_string_not_equal(run(STMT_SEQUENCE_CONTACT_STOP, stop, 4), "");
	assert_string_equal(run(STMT_SEQUENCE_CONTACT_STOP, stop, 4), "");
	sql_is("select string_agg(paused::text, ',' order by recipient) from outbox", "true,false");
	now_is("2026-05-04 20:00+02");
	assert_string_not_equal(run(STMT_SEQUENCE_CONTACT_RESUME, resume, 4), "");
	sql_is("select string_agg(paused::text || to_char(not_before at time zone 'UTC', 'DD HH24'), ',' order by recipient) "
	       "from outbox",
	       "false05 07,false04 07");
	stop[3] = "removed";
	assert_string_not_equal(run(STMT_SEQUENCE_CONTACT_STOP, stop, 4), "");
	sql_is("select string_agg(state::text, ',' order by recipient) from outbox", "7,0");
	enrol("{60120000001}"); /* from the first day */
	sql_is(STATE, "removed:1,active:1,active:0");
	plan_at("2026-05-04 20:00+02");
	assert_int_equal(plan_at("2026-05-05 09:00+02"), 1);
}

static void a_reply_stops_and_an_opt_out_ends_all(void **state)
{
	const char *const said[] = { "1", "60120000001", "2026-05-04 09:10+02" };
	const char *const early[] = { "1", "60120000002", "2026-05-04 07:00+02" };

	(void)state;
	now_is("2026-05-04 08:00+02");
	make(DAYS_1_2_4);
	enrol("{60120000001,60120000002,60120000003}");
	plan_at("2026-05-04 08:00+02");
	assert_string_equal(run(STMT_SEQUENCE_SAID, said, 3),
			    ""); /* nothing was said to them yet */
	assert_int_equal(plan_at("2026-05-04 09:00+02"), 3);
	sql("update outbox set state = 1 where recipient = 60120000001");
	assert_string_equal(run(STMT_SEQUENCE_SAID, said, 3), "60120000001");
	assert_string_equal(run(STMT_SEQUENCE_SAID, said, 3), "");
	assert_string_equal(run(STMT_SEQUENCE_SAID, early, 3), "");
	sql("insert into optouts (user_id, phone) values (1, 60120000003)");
	sql_is(STATE, "replied:1,active:1,opted_out:1");
	sql_is("select string_agg(state::text || coalesce(error_class, ''), ',' order by recipient) from outbox",
	       "7,0,6opted_out");
	sql_is("select count(*) from events where topic = 'message.failed'", "1");
	all_sent();
	assert_int_equal(plan_at("2026-05-05 09:00+02"), 1);
	sql("update sequences set on_reply = 'continue'");
	assert_string_equal(run(STMT_SEQUENCE_SAID,
				(const char *const[]){ "1", "60120000002", "2026-05-05 10:00+02" },
				3),
			    "");
	sql("update sequences set on_reply = 'pause'");
	assert_string_equal(run(STMT_SEQUENCE_SAID,
				(const char *const[]){ "1", "60120000002", "2026-05-05 10:00+02" },
				3),
			    "60120000002");
	sql_is("select paused from outbox where recipient = 60120000002 and day = 2", "t");
	sql_is(STATE, "replied:1,paused:2,opted_out:1");
}

static void enrols_the_owners_leads_that_fit_each_once(void **state)
{
	const char *enrol_it[] = { "1", "", NULL };
	const char *stop[] = { "1", "", "60120000001", "removed" };

	(void)state;
	sql("insert into leads (user_id, phone, niches, status) values (1, 60120000001, '{SHOPS,VIP}', 'prospect'), "
	    "(1, 60120000002, '{SHOPSTERS}', 'prospect'), (1, 60120000003, '{SHOPS}', 'customer'), "
	    "(1, 60120000004, '{SHOPS}', 'prospect'), (2, 60120000005, '{SHOPS}', 'prospect'), "
	    "(1, 60120000006, '{GYM}', 'prospect')");
	sql("insert into optouts (user_id, phone) values (1, 60120000004)");
	make_with("shops, gym", DAYS_1_2_4, "f", NULL);
	enrol_it[1] = stop[1] = the_id();
	assert_string_equal(run(STMT_SEQUENCE_ENROL, enrol_it, 3), "2");
	assert_string_equal(run(STMT_SEQUENCE_ENROL, enrol_it, 3), "0");
	sql_is("select string_agg(phone::text, ',' order by phone) from sequence_contacts",
	       "60120000001,60120000006");
	run(STMT_SEQUENCE_CONTACT_STOP, stop, 4);
	assert_string_equal(run(STMT_SEQUENCE_ENROL, enrol_it, 3), "0"); /* taken out is out */
	run(STMT_SEQUENCE_PAUSE, (const char *const[]){ "1", the_id() }, 2);
	sql("insert into leads (user_id, phone, niches) values (1, 60120000007, '{GYM}')");
	assert_string_equal(run(STMT_SEQUENCE_ENROL, enrol_it, 3), "0");
}

static void contacts_are_spread_evenly_and_stay_with_their_device(void **state)
{
	(void)state;
	now_is("2026-05-04 08:00+02");
	make(DAYS_1_2_4);
	sql("insert into sequence_contacts (user_id, sequence_id, phone, enrolled_at, next_at) "
	    "select 1, (select max(id) from sequences), 60120000000 + n, now(), now() from generate_series(1, 100) n");
	sql("insert into leads (user_id, phone, device_id) values (1, 60120000001, 9), (1, 60120000002, 99)");
	plan_with("{7,8,9}");
	now_is("2026-05-04 09:00+02");
	assert_int_equal(plan_with("{7,8,9}"), 100);
	sql_is("select string_agg(n::text, ',' order by n) from (select count(*) n from outbox group by device_id) x",
	       "33,33,34");
	sql_is("select device_id from outbox where recipient = 60120000001", "9");
	all_sent();
	now_is("2026-05-05 09:00+02");
	assert_int_equal(plan_with("{8,9}"), 100); /* 7 is gone */
	sql_is("select count(*) from outbox a join outbox b using (contact_id) where a.day = 1 and b.day = 2 and "
	       "a.device_id <> 7 and a.device_id <> b.device_id",
	       "0");
	sql_is("select string_agg(n::text, ',') from (select count(*) n from outbox where day = 2 group by device_id) x",
	       "50,50");
	all_sent();
	now_is("2026-05-07 09:00+02");
	assert_int_equal(plan_while_away("{9}", "{8}"), 100); /* 8 only blinks */
	sql_is("select string_agg(n::text, ',') from (select count(*) n from outbox where day = 4 group by device_id) x",
	       "50,50");
}

static void caps_of_lead_and_user_push_to_the_next_day(void **state)
{
	(void)state;
	now_is("2026-05-04 08:00+02");
	make_with(NULL, DAYS_1_2_4, "f", "1");
	enrol("{60120000001,60120000002,60120000003}");
	sql("insert into sequences (user_id, id, name, state, lead_day_max) overriding system value values (1, 1, 'second', "
	    "'active', 1)");
	sql("insert into sequence_steps (user_id, sequence_id, version, day, send_time, content_id) values (1, 1, 1, 1, '09:00', 1)");
	sql("insert into sequence_contacts (user_id, sequence_id, phone, enrolled_at, next_at) values (1, 1, 60120000001, now(), "
	    "now())");
	sql("update users set max_messages_day = 2 where id = 1");
	plan_at("2026-05-04 08:00+02");
	assert_int_equal(plan_at("2026-05-04 09:00+02"), 2);
	sql_is("select count(*) from outbox where recipient = 60120000001", "1");
	sql_is("select queued from user_days where user_id = 1", "2");
	sql_is("select count(*) from sequence_contacts where day = 0 and next_at = '2026-05-05 07:00Z'",
	       "2");
	sql("update users set max_messages_day = null where id = 1");
	all_sent();
	assert_int_equal(plan_at("2026-05-05 09:00+02"),
			 3); /* the first lead gets one of its two */
	sql("delete from sequences where id = 1");
}

static void two_parts_are_one_message(void **state)
{
	(void)state;
	now_is("2026-05-04 08:00+02");
	make("[{\"day\":1,\"send_time\":\"09:00\",\"body\":\"caption\",\"media_id\":5,\"split\":\"text\"},"
	     "{\"day\":2,\"send_time\":\"09:00\",\"body\":\"two\"}]");
	enrol("{60120000001}");
	plan_at("2026-05-04 08:00+02");
	assert_int_equal(plan_at("2026-05-04 09:00+02"), 1);
	sql_is("select string_agg(part::text || (follows_id is null) || coalesce(c.media_id, 0) || c.body, ',' order by part) "
	       "from outbox o join contents c on c.id = o.content_id",
	       "0true5caption,1false0text");
	sql("update outbox set state = 3 where part = 0");
	sql_is("select open from sequence_contacts", "t");
	sql("update outbox set state = 3 where part = 1");
	sql_is("select open from sequence_contacts", "f");
}

static void a_short_day_is_a_day(void **state)
{
	const char *const values[] = { "1", "{7}", "10", "{}" };

	(void)state;
	now_is("2026-05-04 00:00:01Z");
	make("[{\"day\":1,\"send_time\":\"12:00\",\"body\":\"a\"},{\"day\":3,\"send_time\":\"00:00\",\"body\":\"b\"}]");
	enrol("{60120000001}");
	run(STMT_SEQUENCE_PLAN, values, 4);
	sql_is("select next_at = '2026-05-04 00:00:05Z' from sequence_contacts", "t");
	now_is("2026-05-04 00:00:05Z");
	assert_string_equal(run(STMT_SEQUENCE_PLAN, values, 4), "1");
	all_sent();
	sql_is("select next_at = '2026-05-04 00:00:20Z' from sequence_contacts", "t");
}

/* what the server process has worked for this connection: the clock on the wall also counts what others do */
static long server_cpu_ms(void)
{
	char path[64];
	unsigned long user = 0, system = 0;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/stat", PQbackendPID(pg));
	f = fopen(path, "r");
	assert_non_null(f);
	assert_int_equal(fscanf(f,
				"%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
				&user, &system),
			 2);
	fclose(f);
	return (long)(user + system) * 1000 / sysconf(_SC_CLK_TCK);
}

static void ten_thousand_due_at_once_are_planned_at_once(void **state)
{
	char devices[] = "{11,12,13,14,15,16,17,18,19,20,21,22,23,24,25}";
	long ms;

	(void)state;
	now_is("2026-05-04 08:00+02");
	make(DAYS_1_2_4);
	sql("insert into sequence_contacts (user_id, sequence_id, phone, enrolled_at, next_at) "
	    "select 1, (select max(id) from sequences), 60120000000 + n, now(), now() from generate_series(1, 10000) n");
	sql("analyze sequence_contacts");
	plan_with(devices);
	now_is("2026-05-04 09:00+02");
	ms = server_cpu_ms();
	assert_int_equal(plan_with(devices), 10000);
	ms = server_cpu_ms() - ms;
	printf("10,000 messages are planned in %ld ms of the server\n", ms);
	assert_true(ms < 2500);
	sql_is("select max(n) - min(n) from (select count(*) n from outbox group by device_id) x",
	       "1");
	ms = server_cpu_ms();
	all_sent();
	printf("and become final in %ld ms\n", server_cpu_ms() - ms);
	sql_is("select count(*) from sequence_contacts where not open", "10000");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(days_follow_the_calendar_over_a_change_of_the_clocks, fill),
		cmocka_unit_test_setup(a_time_that_the_clocks_skip_or_repeat_comes_once, fill),
		cmocka_unit_test_setup(a_time_gone_by_means_the_next_day_and_at_once_means_now,
				       fill),
		cmocka_unit_test_setup(a_message_that_was_final_late_moves_the_following, fill),
		cmocka_unit_test_setup(what_was_missed_goes_within_its_grace_or_on_the_next_day,
				       fill),
		cmocka_unit_test_setup(what_falls_due_between_two_looks_is_in_time, fill),
		cmocka_unit_test_setup(days_of_two_seconds_all_come, fill),
		cmocka_unit_test_setup(completes_once_after_the_last_is_final, fill),
		cmocka_unit_test_setup(other_steps_apply_to_days_not_sent_yet, fill),
		cmocka_unit_test_setup(a_pause_holds_back_and_a_resume_plans_from_now, fill),
		cmocka_unit_test_setup(one_contact_pauses_resumes_and_is_removed, fill),
		cmocka_unit_test_setup(a_reply_stops_and_an_opt_out_ends_all, fill),
		cmocka_unit_test_setup(enrols_the_owners_leads_that_fit_each_once, fill),
		cmocka_unit_test_setup(contacts_are_spread_evenly_and_stay_with_their_device, fill),
		cmocka_unit_test_setup(caps_of_lead_and_user_push_to_the_next_day, fill),
		cmocka_unit_test_setup(two_parts_are_one_message, fill),
		cmocka_unit_test_setup(a_short_day_is_a_day, fill),
		cmocka_unit_test_setup(ten_thousand_due_at_once_are_planned_at_once, fill),
	};

	return cmocka_run_group_tests(tests, up, down);
}
