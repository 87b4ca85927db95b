/* What the statements of campaigns do to rows; each also when it is run a second time. */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/macros.h"

#include "daemon/store/stmt.h"
#include "tests/unit/store/rows.h"

static int rows_of(enum stmt stmt, const char *const *values, int n)
{
	PGresult *r = rows_result(stmt, values, n);
	int rows = PQntuples(r);

	PQclear(r);
	return rows;
}

/* devices 1 to 4, leads 1 to 100: phones 60120000001 on; campaign 5 to everyone */
static int fill(void **state)
{
	(void)state;
	sql("truncate outbox, contents, optouts, events, campaigns, leads, devices, number_checks, "
	    "user_days; update users set max_messages_day = null, zone = 'UTC'");
	sql("insert into devices (user_id, id, name, pn) overriding system value "
	    "select 1, i, 'd' || i, 60110000000 + i from generate_series(1, 4) i");
	sql("insert into leads (user_id, id, phone, niches, status) overriding system value "
	    "select 1, i, 60120000000 + i, case when i % 2 = 0 then '{SHOPS,VIP}'::text[] else '{FARMS}' end, "
	    "case when i <= 10 then 'customer' else 'prospect' end from generate_series(1, 100) i");
	sql("insert into contents (user_id, id, body) overriding system value values (1, 1, 'hi'), (1, 2, 'then')");
	sql("insert into campaigns (user_id, id, title, state, content_id) overriding system value "
	    "values (1, 5, 'c', 'scheduled', 1)");
	return 0;
}

/* one slice over these devices; the number of rows of each in *text, "" when it had nothing to do */
static bool expand(const char *devices, const char *loads, char text[static 64])
{
	PGresult *r = rows_result(STMT_CAMPAIGN_EXPAND,
				  (const char *const[]){ "1", "5", devices, loads, "0" }, 5);
	bool all = PQgetvalue(r, 0, PQfnumber(r, "all_made"))[0] == 't';

	text[0] = '\0';
	for (int i = 0; i < PQntuples(r); i++)
		snprintf(text + strlen(text), 64 - strlen(text), "%s%s", i ? "," : "",
			 PQgetvalue(r, i, PQfnumber(r, "rows")));
	PQclear(r);
	return all;
}

static void rows_are(const char *devices, const char *loads, const char *wanted)
{
	char got[64];

	assert_true(expand(devices, loads, got));
	assert_string_equal(got, wanted);
}

static void labels_and_status_choose(void **state)
{
	(void)state;
	sql("update campaigns set niches = '{VIP,CITIES}', lead_status = 'prospect'");
	sql("insert into optouts (user_id, phone) values (1, 60120000012)");
	sql("insert into number_checks (user_id, phone, is_on_whatsapp, checked_at) values "
	    "(1, 60120000014, false, now()), (1, 60120000016, false, now() - interval '8 days')");
	rows_are("{1}", "{0}", "44"); /* 45 even prospects, one is out */
	sql_is("select string_agg(state || coalesce(error_class, ''), ',') from outbox where state > 0",
	       "8not_on_whatsapp");
	sql_is("select queued from user_days", "43");
	sql_is("select state || (expanded_at is not null) from campaigns", "runningtrue");
	rows_are("{1}", "{0}", "0"); /* a second time */
	sql_is("select count(*) from outbox", "44");
	sql_is("select count(*) from events where topic = 'campaign.state'", "1");
}

static void rows_fill_devices_to_one_level(void **state)
{
	(void)state;
	rows_are("{1,2,3,4}", "{0,0,0,0}", "25,25,25,25");
	sql_is("select bool_and(expires_at = now() + interval '1 day' or expires_at > now() + interval '23 hours') from outbox",
	       "t");
	fill(NULL);
	rows_are("{1,2,3}", "{10,0,50}", "44,53,3");
	fill(NULL);
	rows_are("{1,2,3}", "{10,0,90}", "45,55,0");
}

static void the_devices_of_leads_come_first(void **state)
{
	(void)state;
	sql("update leads set device_id = 2 where id <= 40");
	sql("update leads set device_id = 9 where id > 90"); /* not there any more */
	rows_are("{1,2,3}", "{0,0,0}", "30,40,30");
	sql_is("select count(*) from outbox where lead_id <= 40 and device_id <> 2", "0");
	fill(NULL);
	sql("update leads set device_id = 2 where id <= 40; update campaigns set device_choice = 'least_loaded'");
	rows_are("{1,2}", "{0,20}", "60,40");
	fill(NULL);
	sql("update leads set device_id = 2; update campaigns set device_choice = 'round_robin'");
	rows_are("{1,2,3}", "{0,0,99}", "34,33,33");
	fill(NULL);
	sql("update leads set device_id = 2; update campaigns set device_choice = 'random'");
	{
		char got[64];

		assert_true(expand("{1,2,3}", "{0,0,0}", got));
		sql_is("select bool_and(n between 12 and 60) and count(*) = 3 from (select count(*) as n from outbox group by device_id) x",
		       "t");
	}
}

static void slices_go_on_where_the_last_one_ended(void **state)
{
	char got[64];

	(void)state;
	sql("insert into leads (user_id, id, phone) overriding system value "
	    "select 1, i, 60120000000 + i from generate_series(101, 12000) i");
	assert_false(expand("{1,2}", "{0,0}", got));
	assert_string_equal(got, "2500,2500");
	sql("update campaigns set state = 'paused'");
	assert_true(expand("{1,2}", "{0,0}", got)); /* nothing to do now */
	assert_string_equal(got, "0,0");
	sql("update campaigns set state = 'running'");
	assert_false(expand("{1,2}", "{2500,2500}", got));
	sql_is("select state || (expanded_at is null) from campaigns", "runningtrue");
	assert_true(expand("{1,2}", "{5000,5000}", got));
	assert_string_equal(got, "1000,1000");
	sql_is("select count(*) || ' ' || count(distinct recipient) from outbox", "12000 12000");
	sql_is("select count(*) from events where topic = 'campaign.state'", "1");
}

static void the_commit_of_a_slice_alone_waits_for_no_disk(void **state)
{
	char got[64];
	PGresult *r;

	(void)state;
	PQclear(PQexec(rows_pg, "begin"));
	expand("{1}", "{0}", got);
	r = PQexec(rows_pg, "show synchronous_commit");
	assert_string_equal(PQgetvalue(r, 0, 0), "off");
	PQclear(r);
	PQclear(PQexec(rows_pg, "commit"));
	r = PQexec(rows_pg, "show synchronous_commit");
	assert_string_equal(PQgetvalue(r, 0, 0), "on");
	PQclear(r);
}

static void a_lead_that_is_another_row_now_gets_no_second_message(void **state)
{
	(void)state;
	rows_are("{1}", "{0}", "100");
	sql("delete from leads where id = 7; update leads set phone = 60129999999 where id = 8");
	sql("insert into leads (user_id, id, phone) overriding system value values (1, 201, 60120000007), "
	    "(1, 202, 60120000008), (1, 203, 60120000203)");
	sql("update campaigns set expanded_at = null");
	rows_are("{1}", "{100}", "1");
	sql_is("select count(*) || ' ' || count(distinct recipient) from outbox", "101 101");
}

/* also those that come into being while it is deleted */
static void a_users_rows_go_with_the_user(void **state)
{
	PGconn *other = PQconnectdb(rows_fx.conninfo);
	PGresult *r;

	(void)state;
	sql("delete from leads; delete from campaigns; delete from contents; delete from devices");
	sql("insert into users (id, name, role) overriding system value values (72, 'gone', 'operator'); "
	    "insert into leads (user_id, phone) values (72, 60120000001); "
	    "insert into campaigns (user_id, id, title, state) overriding system value values (72, 5, 'c', 'scheduled'); "
	    "insert into user_days (user_id, day, queued) values (72, (now() at time zone 'UTC')::date, 1)");
	PQclear(PQexec(rows_pg, "begin"));
	PQclear(rows_result(STMT_CAMPAIGN_EXPAND,
			    (const char *const[]){ "72", "5", "{1}", "{0}", "0" }, 5));
	assert_int_equal(PQsendQueryParams(other, stmt_sql(STMT_USER_DELETE), 1, NULL,
					   (const char *const[]){ "72" }, NULL, NULL, 0),
			 1);
	while (strcmp(pg_fixture_sql(&rows_fx, "select count(*) from pg_locks where not granted"),
		      "0") == 0)
		;
	PQclear(PQexec(rows_pg, "commit"));
	r = PQgetResult(other);
	assert_string_equal(PQresultErrorMessage(r), "");
	assert_int_equal(PQntuples(r), 1);
	PQclear(r);
	PQfinish(other);
	sql_is("select count(*) from outbox where user_id = 72", "0");
	sql_is("select count(*) from users where id = 72", "0");
}

static void what_is_over_the_days_limit_waits(void **state)
{
	(void)state;
	sql("update users set max_messages_day = 40; insert into user_days values (1, current_date, 10)");
	rows_are("{1}", "{0}", "100");
	sql_is("select string_agg(queued::text, ',' order by day) from user_days", "40,40,30");
	sql_is("select count(*) from outbox where not_before <= now()", "30");
	sql_is("select count(*) from outbox where expires_at < not_before + interval '23 hours'",
	       "0");
}

static void the_second_part_waits_for_the_first(void **state)
{
	const char *const claim[] = { "1", "1", "{a,b,c,d,e}", "100" };
	char ids[64];

	(void)state;
	sql("delete from leads where id > 3; update campaigns set split_content_id = 2");
	rows_are("{1}", "{0}", "3");
	sql_is("select queued from user_days", "6");
	sql_is("select string_agg(part || ':' || content_id || ':' || (not_before = 'infinity'), ' ' order by recipient, part) from outbox",
	       "0:1:false 1:2:true 0:1:false 1:2:true 0:1:false 1:2:true");
	assert_int_equal(rows_of(STMT_OUTBOX_CLAIM, claim, 4), 3);
	snprintf(ids, sizeof ids, "{%s}",
		 pg_fixture_sql(&rows_fx, "select id from outbox where part = 0 and lead_id = 1"));
	for (int i = 0; i < 2; i++)
		PQclear(rows_result(STMT_OUTBOX_SENT,
				    (const char *const[]){ "{1}", ids, "{1763800000000}" }, 3));
	sql_is("select not_before > now() + interval '2 seconds' and not_before < now() + interval '4 seconds' from outbox where part = 1 and lead_id = 1",
	       "t");
	sql_is("select device_id from leads where id = 1", "1"); /* it talked to them last */
	sql("update leads set device_id = null; update outbox set state = 4 where part = 0 and lead_id = 1");
	PQclear(rows_result(STMT_OUTBOX_SENT,
			    (const char *const[]){ "{1}", ids, "{1763800000000}" }, 3));
	sql_is("select device_id from leads where id = 1",
	       "1"); /* also when a receipt was there before the ack */
	sql("update outbox set state = 6, error_class = 'failed' where part = 0 and lead_id = 2");
	sql_is("select state || error_class from outbox where part = 1 and lead_id = 2",
	       "7first_part");
	sql_is("select state from outbox where part = 1 and lead_id = 3", "0");
	sql("update outbox set state = 9 where part = 0 and lead_id = 3");
	sql_is("select state || error_class from outbox where part = 1 and lead_id = 3",
	       "7first_part");
}

static void starts_are_missed_and_waits_are_said_once(void **state)
{
	const char *const which[] = { "1", "5" };

	(void)state;
	PQclear(rows_result(STMT_CAMPAIGN_WAIT, which, 2));
	PQclear(rows_result(STMT_CAMPAIGN_WAIT, which, 2));
	sql_is("select reason from campaigns", "no_device");
	sql_is("select count(*) from events where data->>'reason' = 'no_device'", "1");
	assert_int_equal(rows_of(STMT_CAMPAIGN_DUE, NULL, 0), 1);
	assert_int_equal(rows_of(STMT_CAMPAIGN_MISSED, NULL, 0), 0);
	sql("update campaigns set start_at = now() - interval '25 hours'");
	assert_int_equal(rows_of(STMT_CAMPAIGN_MISSED, NULL, 0), 1);
	assert_int_equal(rows_of(STMT_CAMPAIGN_MISSED, NULL, 0), 0);
	sql_is("select state || reason from campaigns", "failedmissed");
	assert_int_equal(rows_of(STMT_CAMPAIGN_START,
				 (const char *const[]){ "1", "5", NULL, NULL, NULL }, 5),
			 1);
	sql_is("select state || coalesce(reason, '') from campaigns", "scheduled");
	sql("delete from leads");
	rows_are("{1}", "{0}", "0");
	assert_int_equal(rows_of(STMT_CAMPAIGN_FINISH, NULL, 0), 1);
	sql_is("select state || reason from campaigns", "donenobody");
}

static void what_waits_of_a_deleted_campaign_is_cancelled(void **state)
{
	const char *const which[] = { "1", "5" };

	(void)state;
	rows_are("{1}", "{0}", "100");
	sql("update outbox set state = 2 where lead_id = 1; update outbox set state = 3 where lead_id = 2");
	assert_int_equal(rows_of(STMT_CAMPAIGN_DELETE, which, 2), 1);
	assert_int_equal(rows_of(STMT_CAMPAIGN_DELETE, which, 2), 0);
	sql_is("select string_agg(state || ':' || n, ' ' order by state) from (select state, count(*) as n from outbox group by state) x",
	       "2:1 3:1 7:98");
}

static void only_texts_with_braces_read_the_lead(void **state)
{
	const char *const claim[] = { "1", "1", "{a,b}", "100" }, *const recover[] = { "1", "1",
										       "{}" };
	PGresult *r;

	(void)state;
	sql("update contents set body = 'Hi {name}' where id = 1 and user_id = 1");
	sql("delete from leads where id > 1; update leads set name = 'Ann', vars = '{\"a\": \"b\"}'");
	rows_are("{1}", "{0}", "1");
	sql("insert into outbox (user_id, device_id, recipient, body) values (1, 1, 60120000001, 'as {it} is')");
	r = rows_result(STMT_OUTBOX_CLAIM, claim, 4);
	assert_int_equal(PQntuples(r), 2);
	for (int i = 0; i < 2; i++) {
		bool templated = PQgetvalue(r, i, PQfnumber(r, "templated"))[0] == 't';

		assert_string_equal(PQgetvalue(r, i, PQfnumber(r, "lead_name")),
				    templated ? "Ann" : "");
		assert_string_equal(PQgetvalue(r, i, PQfnumber(r, "body")),
				    templated ? "Hi {name}" : "as {it} is");
	}
	PQclear(r);
	/* it may have left: what was written down counts, whatever the lead is called now */
	sql("update outbox set state = 2; delete from outbox where body is not null; update leads set name = 'Bob'");
	sql("insert into messages (user_id, device_id, chat, sender, msg_id, from_me, at, kind, body, raw) "
	    "select 1, 1, 'c', 's', msg_id, true, now(), 'text', 'Hi Ann', '' from outbox");
	r = rows_result(STMT_OUTBOX_RECOVER, recover, 3);
	assert_int_equal(PQntuples(r), 1);
	assert_string_equal(PQgetvalue(r, 0, PQfnumber(r, "body")), "Hi Ann");
	assert_string_equal(PQgetvalue(r, 0, PQfnumber(r, "templated")), "f");
	assert_true(PQgetisnull(r, 0, PQfnumber(r, "content_id")));
	PQclear(r);
	sql("delete from messages");
}

static void local_times_are_instants(void **state)
{
	/* from zdump: Berlin leaps on March 29 at 1:00 UTC and goes back on October 25 at 1:00 UTC; Lord Howe,
	 * by half an hour, on October 3 at 15:30 and April 4 at 15:00; Sao Paulo in 2018 on November 4 at 3:00 and
	 * February 18 at 2:00, both at midnight; Samoa left out a whole day in 2011 */
	static const struct {
		const char *zone, *local, *utc;
	} rows[] = {
		{ "Europe/Berlin", "2026-03-29 01:59:59", "2026-03-29 00:59:59" },
		{ "Europe/Berlin", "2026-03-29 02:00", "2026-03-29 01:00:00" },
		{ "Europe/Berlin", "2026-03-29 02:30", "2026-03-29 01:00:00" },
		{ "Europe/Berlin", "2026-03-29 02:30:30", "2026-03-29 01:00:00" },
		{ "Europe/Berlin", "2026-03-29 02:59:59", "2026-03-29 01:00:00" },
		{ "Europe/Berlin", "2026-03-29 03:00", "2026-03-29 01:00:00" },
		{ "Europe/Berlin", "2026-03-29 03:30", "2026-03-29 01:30:00" },
		{ "Europe/Berlin", "2026-10-25 01:59", "2026-10-24 23:59:00" },
		{ "Europe/Berlin", "2026-10-25 02:00", "2026-10-25 00:00:00" },
		{ "Europe/Berlin", "2026-10-25 02:30", "2026-10-25 00:30:00" },
		{ "Europe/Berlin", "2026-10-25 02:59:59", "2026-10-25 00:59:59" },
		{ "Europe/Berlin", "2026-10-25 03:00", "2026-10-25 02:00:00" },
		{ "Europe/Berlin", "2026-07-01 09:00", "2026-07-01 07:00:00" },
		{ "Europe/Berlin", "2026-12-24 09:30", "2026-12-24 08:30:00" },
		{ "America/Sao_Paulo", "2018-11-03 23:59", "2018-11-04 02:59:00" },
		{ "America/Sao_Paulo", "2018-11-04 00:00", "2018-11-04 03:00:00" },
		{ "America/Sao_Paulo", "2018-11-04 00:30", "2018-11-04 03:00:00" },
		{ "America/Sao_Paulo", "2018-11-04 01:00", "2018-11-04 03:00:00" },
		{ "America/Sao_Paulo", "2018-11-04 01:30", "2018-11-04 03:30:00" },
		{ "America/Sao_Paulo", "2018-02-17 22:59", "2018-02-18 00:59:00" },
		{ "America/Sao_Paulo", "2018-02-17 23:00", "2018-02-18 01:00:00" },
		{ "America/Sao_Paulo", "2018-02-17 23:30", "2018-02-18 01:30:00" },
		{ "America/Sao_Paulo", "2018-02-18 00:00", "2018-02-18 03:00:00" },
		{ "America/Sao_Paulo", "2026-01-01 02:30", "2026-01-01 05:30:00" },
		{ "Asia/Jakarta", "2026-03-29 02:30", "2026-03-28 19:30:00" },
		{ "Asia/Jakarta", "2026-10-25 02:30", "2026-10-24 19:30:00" },
		{ "Asia/Jakarta", "2024-02-29 00:00", "2024-02-28 17:00:00" },
		{ "Australia/Lord_Howe", "2026-10-04 01:59:59", "2026-10-03 15:29:59" },
		{ "Australia/Lord_Howe", "2026-10-04 02:00", "2026-10-03 15:30:00" },
		{ "Australia/Lord_Howe", "2026-10-04 02:15", "2026-10-03 15:30:00" },
		{ "Australia/Lord_Howe", "2026-10-04 02:30", "2026-10-03 15:30:00" },
		{ "Australia/Lord_Howe", "2026-10-04 03:00", "2026-10-03 16:00:00" },
		{ "Australia/Lord_Howe", "2026-04-05 01:29", "2026-04-04 14:29:00" },
		{ "Australia/Lord_Howe", "2026-04-05 01:30", "2026-04-04 14:30:00" },
		{ "Australia/Lord_Howe", "2026-04-05 01:45", "2026-04-04 14:45:00" },
		{ "Australia/Lord_Howe", "2026-04-05 02:00", "2026-04-04 15:30:00" },
		{ "Pacific/Apia", "2011-12-29 23:59", "2011-12-30 09:59:00" },
		{ "Pacific/Apia", "2011-12-30 12:00", "2011-12-30 10:00:00" },
		{ "Pacific/Apia", "2011-12-31 00:00", "2011-12-30 10:00:00" },
		{ "UTC", "2026-03-29 02:30", "2026-03-29 02:30:00" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[200];

		snprintf(text, sizeof text, "select instant_of('%s', '%s') at time zone 'UTC'",
			 rows[i].local, rows[i].zone);
		if (strcmp(pg_fixture_sql(&rows_fx, text), rows[i].utc) != 0)
			fail_msg("%s in %s: %s", rows[i].local, rows[i].zone,
				 pg_fixture_sql(&rows_fx, text));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(labels_and_status_choose, fill),
		cmocka_unit_test_setup(rows_fill_devices_to_one_level, fill),
		cmocka_unit_test_setup(the_devices_of_leads_come_first, fill),
		cmocka_unit_test_setup(slices_go_on_where_the_last_one_ended, fill),
		cmocka_unit_test_setup(the_commit_of_a_slice_alone_waits_for_no_disk, fill),
		cmocka_unit_test_setup(a_lead_that_is_another_row_now_gets_no_second_message, fill),
		cmocka_unit_test_setup(a_users_rows_go_with_the_user, fill),
		cmocka_unit_test_setup(what_is_over_the_days_limit_waits, fill),
		cmocka_unit_test_setup(the_second_part_waits_for_the_first, fill),
		cmocka_unit_test_setup(starts_are_missed_and_waits_are_said_once, fill),
		cmocka_unit_test_setup(what_waits_of_a_deleted_campaign_is_cancelled, fill),
		cmocka_unit_test_setup(only_texts_with_braces_read_the_lead, fill),
		cmocka_unit_test(local_times_are_instants),
	};

	return cmocka_run_group_tests(tests, rows_up, rows_down);
}
