/* Which broadcast a message answers, and the counters that follow events, on a clock of the test's own. */
#include "shared/base/macros.h"

#include "tests/unit/store/cm.h"
#include "tests/unit/store/pg_fixture.h"

static struct pg_fixture fx;
static PGconn *pg;

static void sql(const char *text)
{
	PGresult *r = PQexec(pg, text);

	if (PQresultStatus(r) != PGRES_COMMAND_OK && PQresultStatus(r) != PGRES_TUPLES_OK)
		fail_msg("%s: %s", text, PQresultErrorMessage(r));
	PQclear(r);
}

static void sql_is(const char *text, const char *wanted)
{
	PGresult *r = PQexec(pg, text);

	if (PQresultStatus(r) != PGRES_TUPLES_OK)
		fail_msg("%s: %s", text, PQresultErrorMessage(r));
	assert_string_equal(PQntuples(r) ? PQgetvalue(r, 0, 0) : "", wanted);
	PQclear(r);
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
	sql("create table sim.clock (at timestamptz)");
	sql("insert into sim.clock values ('2026-11-26 10:00+00')");
	sql("create function sim.now() returns timestamptz language sql stable as "
	    "'select at from sim.clock'");
	sql("set search_path = sim, pg_catalog, public");
	return 0;
}

static int down(void **state)
{
	(void)state;
	PQfinish(pg);
	pg_fixture_stop(&fx);
	return 0;
}

/* user 1 with a campaign (5) and a sequence (6), user 2 with a campaign (8) */
static int fill(void **state)
{
	(void)state;
	sql("truncate outbox, events, campaigns, sequences, optouts, analytics_days, analytics_bits, "
	    "analytics_people, analytics_failed, analytics_failures");
	sql("update analytics_cursor set xid = 0, id = 0");
	sql("update users set zone = 'UTC'");
	sql("update sim.clock set at = '2026-11-26 10:00+00'");
	sql("insert into users (id, name, role) overriding system value values "
	    "(2, 'two', 'operator') on conflict do nothing");
	sql("insert into campaigns (user_id, id, title, state) overriding system value values "
	    "(1, 5, 'c', 'running'), (2, 8, 'd', 'running')");
	sql("insert into sequences (user_id, id, name) overriding system value values "
	    "(1, 6, 's')");
	return 0;
}

/* a message that the server took; columns and values of what it belongs to */
static void sent(const char *of, const char *phone, const char *at)
{
	char text[400];

	snprintf(text, sizeof text,
		 "insert into outbox (user_id, campaign_id, sequence_id, contact_id, device_id, "
		 "recipient, body, state, msg_id, sent_at) values (%s, 7, %s, 'x', 3, 'M', '%s')",
		 of, phone, at);
	sql(text);
}

#define CAMPAIGN "1, 5, null, null"
#define SEQUENCE "1, null, 6, 1"
#define DIRECT "1, null, null, null"
#define OTHERS "2, 8, null, null"

static void says(const char *phone, const char *at, const char *id)
{
	const char *const values[] = { "1", phone, at, id, "7" };
	char none[32];

	pg_fixture_run(pg, STMT_OUTBOX_REPLIED, values, 5, none);
}

#define REPLIED \
	"select coalesce(string_agg(id::text, ',' order by id), '') from outbox where replied_at is not null"

static void the_newest_broadcast_is_answered_once(void **state)
{
	(void)state;
	sql("alter table outbox alter id restart");
	sent(CAMPAIGN, "60120000001", "2026-11-20 10:00+00"); /* 1 */
	sent(SEQUENCE, "60120000001", "2026-11-24 10:00+00"); /* 2 */
	sent(DIRECT, "60120000001", "2026-11-25 10:00+00");   /* 3 */
	sent(OTHERS, "60120000001", "2026-11-25 11:00+00");   /* 4 */
	says("60120000001", "2026-11-26 10:00+00", "R1");
	sql_is(REPLIED, "2");
	sql_is("select replied_at = '2026-11-26 10:00+00' from outbox where id = 2", "t");
	says("60120000001", "2026-11-26 10:00+00",
	     "R1"); /* as after a COMMIT whose answer was lost */
	says("60120000001", "2026-11-26 11:00+00", "R2");
	sql_is(REPLIED, "2");
	sql_is("select count(*) from events where topic like 'message.%'", "1");
	sql_is("select topic || data::text from events where topic like 'message.%'",
	       "message.replied{\"id\": \"2\", \"to\": \"60120000001\", \"reply\": \"R1\", "
	       "\"device\": \"7\", \"msg_id\": \"M\", \"campaign\": null, \"sequence\": \"6\"}");
}

static void a_message_before_it_or_after_its_days_answers_nothing(void **state)
{
	(void)state;
	sql("alter table outbox alter id restart");
	sent(CAMPAIGN, "60120000001", "2026-11-20 10:00+00"); /* 1 */
	sent(CAMPAIGN, "60120000002", "2026-11-20 10:00+00"); /* 2 */
	sql("insert into outbox (user_id, campaign_id, device_id, recipient, body) "
	    "values (1, 5, 7, 60120000003, 'waits')");    /* 3 */
	says("60120000001", "2026-11-20 09:59+00", "R1"); /* waited for the device to come online */
	says("60120000002", "2026-11-27 10:01+00", "R2");
	says("60120000003", "2026-11-27 10:01+00", "R3");
	says("60120000004", "2026-11-27 10:01+00", "R4");
	sql_is(REPLIED, "");
	sql_is("select count(*) from events", "0");
	says("60120000002", "2026-11-27 09:59+00", "R5");
	sql_is(REPLIED, "2");
	sql_is("select replied from campaign_counts where id = 5", "1");
}

/* -- counters -- */

/* events of a row's present steps, at the times of the row; then counts them */
static void happened(const char *topics)
{
	char text[600];

	snprintf(
		text, sizeof text,
		"insert into events (user_id, at, topic, data) select o.user_id, now(), t, "
		"jsonb_build_object('id', o.id::text) from outbox o, unnest(array[%s]) t order by o.id",
		topics);
	sql(text);
}

/* how many events were new */
static const char *count(void)
{
	static char counted[32];

	pg_fixture_run(pg, STMT_ANALYTICS_COUNT, (const char *const[]){ "7" }, 1, counted);
	return counted;
}

/* one column of the summary's days, as a list */
static void days_are(const char *column, const char *const values[6], const char *wanted)
{
	PGresult *r =
		PQexecParams(pg, stmt_sql(STMT_ANALYTICS_SUMMARY), 6, NULL, values, NULL, NULL, 0);
	char got[400] = "";
	size_t len = 0;

	if (PQresultStatus(r) != PGRES_TUPLES_OK)
		fail_msg("summary: %s", PQresultErrorMessage(r));
	for (int i = 0; i < PQntuples(r); i++)
		len += (size_t)snprintf(got + len, sizeof got - len, "%s%s", i ? "," : "",
					PQgetvalue(r, i, PQfnumber(r, column)));
	assert_string_equal(got, wanted);
	PQclear(r);
}

static void a_person_counts_once_and_each_message(void **state)
{
	const char *const week[] = { "1", "7", NULL, NULL, "0", "0" };
	const char *const device[] = { "1", "7", NULL, NULL, "1", "7" };
	const char *const campaign[] = { "1", "7", NULL, NULL, "2", "5" };
	const char *const sequence[] = { "1", "7", NULL, NULL, "3", "6" };
	const char *const foreign[] = { "1", "7", NULL, NULL, "2", "8" };
	const char *const old[] = { "1", NULL, "2026-11-01", "2026-11-23", "0", "0" };

	(void)state;
	sent(CAMPAIGN, "60120000001", "2026-11-24 10:00+00");
	sent(CAMPAIGN, "60120000002", "2026-11-24 10:00+00");
	sent(SEQUENCE, "60120000001", "2026-11-25 10:00+00");
	sent(DIRECT, "60120000003", "2026-11-25 10:00+00");
	sent(OTHERS, "60120000001", "2026-11-25 10:00+00");
	happened("'message.sent', 'message.delivered'");
	assert_string_equal(count(), "10");
	days_are("day", week,
		 "2026-11-20,2026-11-21,2026-11-22,2026-11-23,2026-11-24,2026-11-25,2026-11-26");
	days_are("sent", week, "0,0,0,0,2,1,0");
	days_are("messages", week, "0,0,0,0,2,1,0");
	days_are("total_sent", week, "2,2,2,2,2,2,2");
	days_are("all_sent", device, "3,3,3,3,3,3,3");
	days_are("all_direct", device, "1,1,1,1,1,1,1");
	days_are("delivered", campaign, "0,0,0,0,2,0,0");
	days_are("delivered", sequence, "0,0,0,0,0,1,0");
	days_are("sent", foreign, ""); /* is not there */
	days_are("total_sent", old, "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0");
	/* two days later one reads and answers: it counts where the message was sent */
	sql("update sim.clock set at = '2026-11-27 10:00+00'");
	says("60120000001", "2026-11-26 10:00+00", "R1");
	sql("insert into events (user_id, at, topic, data) select 1, now(), 'message.read', "
	    "jsonb_build_object('id', id::text) from outbox where sequence_id = 6");
	assert_string_equal(count(), "2");
	assert_string_equal(count(), "0"); /* nothing counts twice */
	days_are("read", sequence, "0,0,0,0,1,0,0");
	days_are("replied", week, "0,0,0,0,1,0,0");
	days_are("total_replied", campaign, "0,0,0,0,0,0,0");
}

static void days_are_those_of_the_zone_also_when_clocks_change(void **state)
{
	const char *const fall[] = { "1", NULL, "2026-10-31", "2026-11-02", "0", "0" };
	const char *const today[] = { "1", "1", NULL, NULL, "0", "0" };

	(void)state;
	sql("update users set zone = 'America/New_York' where id = 1");
	sent(CAMPAIGN, "60120000001", "2026-11-01 03:59:59+00"); /* 31 October, 23:59:59 */
	sent(CAMPAIGN, "60120000002", "2026-11-01 04:00:00+00"); /* midnight */
	sent(CAMPAIGN, "60120000003", "2026-11-02 04:59:59+00"); /* the 25th hour of that day */
	sent(CAMPAIGN, "60120000004", "2026-11-02 05:00:00+00");
	happened("'message.sent'");
	count();
	days_are("sent", fall, "1,2,1");
	sql("update sim.clock set at = '2026-11-03 04:59+00'"); /* still the 2nd there */
	days_are("day", today, "2026-11-02");
	days_are("total_sent", today, "1");
}

static void failures_count_by_class_until_they_are_sent(void **state)
{
	const char *const all[] = { "1", "1", NULL, NULL, "0", "0" };
	const char *const device[] = { "1", "1", NULL, NULL, "1", "7" };

	(void)state;
	sql("insert into outbox (user_id, campaign_id, device_id, recipient, body, state, error_class) "
	    "select 1, 5, 7, 60120000000 + n, 'x', 6, case when n < 3 then 'no_account' end "
	    "from generate_series(1, 3) n");
	happened("'message.failed'");
	count();
	days_are("failures", all, "{\"other\": 1, \"no_account\": 2}");
	days_are("failed", device, "3");
	/* tried again: one fails otherwise, one is sent; whichever event is seen first */
	sql("truncate events");
	sql("update outbox set error_class = 'timeout' where recipient = 60120000001");
	sql("update outbox set state = 3, error_class = null, sent_at = now() where recipient = 60120000002");
	sql("insert into events (user_id, at, topic, data) select 1, now(), case when state = 3 then "
	    "'message.sent' else 'message.failed' end, jsonb_build_object('id', id::text) from outbox "
	    "where recipient < 60120000003");
	count();
	days_are("failures", all, "{\"other\": 1, \"timeout\": 1}");
	days_are("failed", all, "2");
	days_are("sent", all, "1");
	sql_is("select count(*) from analytics_failed", "2");
}

static void those_who_leave_and_write_count_on_their_day(void **state)
{
	const char *const all[] = { "1", "1", NULL, NULL, "0", "0" };
	const char *const campaign[] = { "1", "1", NULL, NULL, "2", "5" };

	(void)state;
	sent(CAMPAIGN, "60120000001", "2026-11-22 10:00+00");
	sql("insert into events (user_id, at, topic, data) values "
	    "(1, now(), 'lead.opt_out', '{\"phone\": \"60120000001\", \"device\": \"7\", \"word\": \"stop\"}'), "
	    "(1, now(), 'lead.opt_out', '{\"phone\": \"60120000009\"}'), "
	    "(1, now(), 'message.received', '{\"device\": \"7\", \"chat\": \"a\", \"sender\": \"a\", \"id\": \"3EB0\", \"from_me\": false}'), "
	    "(1, now(), 'message.received', '{\"device\": \"7\", \"chat\": \"g\", \"sender\": \"a\", \"id\": \"3EB1\", \"from_me\": false}'), "
	    "(1, now(), 'message.received', '{\"device\": \"7\", \"chat\": \"a\", \"sender\": \"a\", \"id\": \"3EB2\", \"from_me\": true}')");
	assert_string_equal(count(), "5");
	days_are("opt_outs", all, "2");
	days_are("opt_outs", campaign, "1");
	days_are("received", all, "1");
}

/* many rows of many people, in batches of events that cut messages apart, beside what the rows say */
static void figures_equal_those_of_the_rows(void **state)
{
	static const char *const whats[] = { "true", "state >= 4", "state = 5",
					     "replied_at is not null" };

	(void)state;
	sql("insert into campaigns (user_id, id, title, state) overriding system value "
	    "select 1, n, 'c', 'done' from generate_series(20, 29) n");
	sql("insert into outbox (user_id, campaign_id, device_id, recipient, body, state, msg_id, sent_at, replied_at) "
	    "select 1, 20 + n % 10, 1 + n * 7 % 5, 60120000000 + n * 13 % 3001, 'x', 3 + n % 3, 'M', "
	    "timestamptz '2026-10-01' + n % 40 * interval '31 hours', case when n % 11 = 0 then now() end "
	    "from generate_series(1, 6000) n on conflict do nothing");
	sql("insert into events (user_id, at, topic, data) select 1, now(), s.topic, jsonb_build_object('id', o.id::text) "
	    "from outbox o join (values (3, 'message.sent'), (4, 'message.delivered'), (5, 'message.read'), "
	    "(9, 'message.replied')) s (state, topic) on o.state >= s.state or (s.state = 9 and o.replied_at is not null) "
	    "order by hashint8(o.id * 100 + s.state)");
	while (count()[0] != '0')
		;
	for (int i = 0; i < 4; i++) {
		char text[600];

		snprintf(
			text, sizeof text,
			"select (select array[sent, delivered, read, replied] from analytics_people_in(1, 0::smallint, 0, "
			"'2026-10-10', '2026-11-10'))[%d] = (select count(distinct recipient) from outbox where %s and "
			"sent_at >= '2026-10-10' and sent_at < '2026-11-11')",
			i + 1, whats[i]);
		sql_is(text, "t");
		snprintf(
			text, sizeof text,
			"select bool_and((select array[sent, delivered, read, replied] from analytics_people_in(1, 1::smallint, d, "
			"'2026-10-10', '2026-11-10'))[%d] = (select count(distinct recipient) from outbox where %s and "
			"device_id = d and sent_at >= '2026-10-10' and sent_at < '2026-11-11')) from generate_series(1, 5) d",
			i + 1, whats[i]);
		sql_is(text, "t");
		snprintf(
			text, sizeof text,
			"select bool_and((select array[sent, delivered, read, replied] from analytics_messages_in(1, 2::smallint, c, "
			"'2026-10-10', '2026-11-10'))[%d] = (select count(*) from outbox where %s and campaign_id = c and "
			"sent_at >= '2026-10-10' and sent_at < '2026-11-11')) from generate_series(20, 29) c",
			i + 1, whats[i]);
		sql_is(text, "t");
	}
	sql_is("select count(*) > 2900 and count(*) = max(number) + 1 from analytics_people", "t");
}

static void a_user_takes_his_figures_along(void **state)
{
	(void)state;
	sql("insert into users (id, name, role) overriding system value values (3, 'three', 'operator')");
	sent("3, 8, null, null", "60120000001", "2026-11-25 10:00+00");
	happened("'message.sent'");
	count();
	sql_is("select count(*) > 0 from analytics_bits where user_id = 3", "t");
	pg_fixture_sql(&fx, "delete from outbox where user_id = 3");
	pg_fixture_sql(&fx, "delete from events where user_id = 3");
	sql("delete from users where id = 3");
	sql_is("select count(*) from analytics_bits where user_id = 3", "0");
	sql_is("select count(*) from analytics_people where user_id = 3", "0");
	assert_string_equal(count(), "1"); /* the event that the user is gone */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_newest_broadcast_is_answered_once, fill),
		cmocka_unit_test_setup(a_message_before_it_or_after_its_days_answers_nothing, fill),
		cmocka_unit_test_setup(a_person_counts_once_and_each_message, fill),
		cmocka_unit_test_setup(days_are_those_of_the_zone_also_when_clocks_change, fill),
		cmocka_unit_test_setup(failures_count_by_class_until_they_are_sent, fill),
		cmocka_unit_test_setup(those_who_leave_and_write_count_on_their_day, fill),
		cmocka_unit_test_setup(figures_equal_those_of_the_rows, fill),
		cmocka_unit_test_setup(a_user_takes_his_figures_along, fill),
	};

	return cmocka_run_group_tests(tests, up, down);
}
