/* What the statements of opt-outs and replies do to rows; each also when it is run a second time. */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/macros.h"

#include "daemon/store/stmt.h"
#include "tests/unit/store/rows.h"

static int run(enum stmt stmt, const char *const *values, int n, char first[static 32])
{
	return pg_fixture_run(rows_pg, stmt, values, n, first);
}

/* a running campaign of one device to two phones, and a direct message */
static int fill(void **state)
{
	(void)state;
	pg_fixture_sql(&rows_fx,
		       "truncate outbox, optouts, optout_words, reply_log, reply_rules, events, "
		       "campaigns, leads, devices, messages");
	pg_fixture_sql(&rows_fx,
		       "insert into devices (user_id, id, name, pn) overriding system value "
		       "values (1, 7, 'd', 60110000001)");
	pg_fixture_sql(&rows_fx, "insert into campaigns (user_id, id, title, state) overriding "
				 "system value values (1, 5, 'c', 'running')");
	pg_fixture_sql(&rows_fx,
		       "insert into outbox (user_id, campaign_id, device_id, recipient, body) "
		       "values (1, 5, 7, 60120000001, 'hi'), (1, 5, 7, 60120000002, 'hi'), "
		       "(1, null, 7, 60120000001, 'direct')");
	return 0;
}

static void rows_of_somebody_who_left_are_not_handed_out(void **state)
{
	const char *const claim[] = { "1", "7", "{a,b,c,d}", "100" };
	char first[32];

	(void)state;
	/* on the list only after the rows were queued */
	pg_fixture_sql(&rows_fx, "insert into optouts (user_id, phone) values (1, 60120000001)");
	assert_int_equal(run(STMT_OUTBOX_CLAIM, claim, 4, first), 2);
	sql_is("select string_agg(state::text || coalesce(error_class, ''), ',' order by id) from "
	       "outbox",
	       "6opted_out,1,1");
	sql_is("select count(*) from events where topic = 'message.failed'", "1");
	assert_int_equal(run(STMT_OUTBOX_CLAIM, claim, 4, first), 0);
}

static void a_word_is_confirmed_once_however_often_it_runs(void **state)
{
	const char *const stop[] = { "1", "7", "60120000001", "M1", "stop", "stop", "out", "in" };
	const char *const again[] = { "1", "7", "60120000001", "M2", "stop", "stop", "out", "in" };
	const char *const start[] = {
		"1", "7", "60120000001", "M3", "start", "start", "out", "in"
	};
	const char *const hello[] = { "1", "7", "60120000001", "M4", "hello", NULL, "out", "in" };
	char kind[32];

	(void)state;
	assert_int_equal(run(STMT_OPTOUT_SAID, start, 8, kind), 0); /* was never out */
	assert_int_equal(run(STMT_OPTOUT_SAID, hello, 8, kind), 0);
	for (int i = 0; i < 2; i++) { /* as after a COMMIT whose answer was lost */
		assert_int_equal(run(STMT_OPTOUT_SAID, stop, 8, kind), 1);
		assert_string_equal(kind, "stop");
	}
	assert_int_equal(run(STMT_OPTOUT_SAID, again, 8, kind), 0);
	sql_is("select count(*) from optouts where phone = 60120000001", "1");
	sql_is("select string_agg(body, ',' order by id) from outbox where priority = 3", "out");
	sql_is("select state from outbox where campaign_id = 5 and recipient = 60120000001", "6");
	sql_is("select state from outbox where campaign_id = 5 and recipient = 60120000002", "0");
	sql_is("select count(*) from events where topic = 'lead.opt_out'", "1");
	assert_int_equal(run(STMT_OPTOUT_SAID, start, 8, kind), 1);
	assert_string_equal(kind, "start");
	sql_is("select count(*) from optouts", "0");
	sql_is("select string_agg(body, ',' order by id) from outbox where priority = 3", "out,in");
}

static void a_row_that_left_meanwhile_counts_as_sent(void **state)
{
	char id[32];
	PGresult *r;

	(void)state;
	pg_fixture_sql(&rows_fx, "update outbox set state = 6, error_class = 'opted_out' where "
				 "recipient = 60120000001 and campaign_id = 5");
	snprintf(id, sizeof id, "{%s}",
		 pg_fixture_sql(&rows_fx, "select id from outbox where error_class = 'opted_out'"));
	r = PQexecParams(rows_pg, stmt_sql(STMT_OUTBOX_SENT), 3, NULL,
			 (const char *const[]){ "{1}", id, "{1763800000000}" }, NULL, NULL, 0);
	assert_int_equal(PQresultStatus(r), PGRES_COMMAND_OK);
	PQclear(r);
	sql_is("select state from outbox where campaign_id = 5 and recipient = 60120000001", "3");
}

static void the_nearest_rule_answers_within_its_bounds(void **state)
{
	char soon[40], rule[32];
	const char *said[] = { "1",  "7",   "60120000009", "M1", "the price please",
			       "{}", "Ann", "1@lid",       soon };

	(void)state;
	snprintf(soon, sizeof soon, "%s", pg_fixture_sql(&rows_fx, "select now()"));
	pg_fixture_sql(&rows_fx,
		       "insert into reply_rules (user_id, id, device_id, match, pattern, body) "
		       "overriding system value values (1, 1, null, 'any', null, 'any'), (1, 2, "
		       "null, 'keyword', 'price', 'Hi {name}'), (1, 3, 8, 'any', null, 'other'), "
		       "(1, 4, null, 'regex', 'x', 'fits')");
	for (int i = 0; i < 2; i++) {
		assert_int_equal(run(STMT_REPLY_SAID, said, 9, rule), 1);
		assert_string_equal(rule, "2");
	}
	/* one row, rendered when it leaves; the sender's own name only where the lead has none */
	sql_is("select string_agg(c.body, ',') from outbox o join contents c on c.id = o.content_id "
	       "where o.priority = 3 and o.body is null and c.templated",
	       "Hi {name:Ann}");
	sql_is("select outbox_id = (select id from outbox where priority = 3) from reply_log", "t");
	said[3] = "M2"; /* the cool-down */
	assert_int_equal(run(STMT_REPLY_SAID, said, 9, rule), 0);
	pg_fixture_sql(&rows_fx, "update reply_log set at = now() - interval '25 hours'");
	assert_int_equal(run(STMT_REPLY_SAID, said, 9, rule), 1);
	said[3] = "M3";
	said[4] = "something else";
	assert_int_equal(run(STMT_REPLY_SAID, said, 9, rule), 1);
	assert_string_equal(rule, "1");
	said[3] = "M4";
	said[2] = "60120000010";
	said[5] = "{4}"; /* the expression fits, and is nearer than "any" */
	assert_int_equal(run(STMT_REPLY_SAID, said, 9, rule), 1);
	assert_string_equal(rule, "4");
	said[3] = "M5"; /* a device of this installation */
	said[2] = "60110000001";
	assert_int_equal(run(STMT_REPLY_SAID, said, 9, rule), 0);
	said[2] = "60120000011"; /* what waited too long */
	snprintf(soon, sizeof soon, "%s",
		 pg_fixture_sql(&rows_fx, "select now() - interval '61 minutes'"));
	assert_int_equal(run(STMT_REPLY_SAID, said, 9, rule), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(rows_of_somebody_who_left_are_not_handed_out, fill),
		cmocka_unit_test_setup(a_word_is_confirmed_once_however_often_it_runs, fill),
		cmocka_unit_test_setup(a_row_that_left_meanwhile_counts_as_sent, fill),
		cmocka_unit_test_setup(the_nearest_rule_answers_within_its_bounds, fill),
	};

	return cmocka_run_group_tests(tests, rows_up, rows_down);
}
