/* Which broadcast a message answers, on a clock of the test's own. */
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
	sql("truncate outbox, events, campaigns, sequences");
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
	sql_is("select count(*) from events", "1");
	sql_is("select topic || data::text from events",
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_newest_broadcast_is_answered_once, fill),
		cmocka_unit_test_setup(a_message_before_it_or_after_its_days_answers_nothing, fill),
	};

	return cmocka_run_group_tests(tests, up, down);
}
