/* What the statements of webhooks and of the retention of events do to rows; each also a second time. */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/macros.h"

#include "daemon/store/stmt.h"
#include "tests/unit/store/rows.h"

/* rows of the statement's result; the text of the first row's column goes to *ret, static */
static int run(enum stmt stmt, const char *const *values, int n, const char *column,
	       const char **ret)
{
	static char text[200];
	PGresult *r = rows_result(stmt, values, n);
	int rows = PQntuples(r);

	snprintf(text, sizeof text, "%s",
		 rows && column ? PQgetvalue(r, 0, PQfnumber(r, column)) : "");
	PQclear(r);
	if (ret)
		*ret = text;
	return rows;
}

static const char *spread(void)
{
	const char *seen;

	run(STMT_WEBHOOK_SPREAD, NULL, 0, "seen", &seen);
	return seen;
}

/* the rows that were claimed and the next wait: "ids" in *ret */
static int claim(const char *ordered, const char *room)
{
	const char *const p[] = { "{1}", "{5}", ordered, room };
	const char *id;
	int rows = run(STMT_WEBHOOK_CLAIM, p, 4, "id", &id);

	return id[0] ? rows : 0;
}

static void done(const char *id, const char *attempt, const char *to_state, const char *again_ms,
		 const char *gone)
{
	const char *const p[] = { "1",   id,         attempt, to_state, again_ms,
				  "500", "HTTP 500", NULL,    "3",      gone };

	run(STMT_WEBHOOK_DONE, p, 10, NULL, NULL);
}

/* webhook 5 of user 1 for messages, 6 of user 2 for all */
static int fill(void **state)
{
	(void)state;
	sql("truncate webhooks, webhook_deliveries, devices, optout_words, events restart identity");
	sql("update webhook_cursor set xid = '0', id = 0");
	sql("update analytics_cursor set xid = 0, id = 0");
	sql("insert into users (id, name, role) overriding system value values (2, 'b', 'operator') "
	    "on conflict do nothing");
	sql("insert into webhooks (user_id, id, url, topics, secret) values "
	    "(1, 5, 'https://a/', '{message.*,lead.opt_out}', ''), (2, 6, 'https://b/', null, '')");
	sql("truncate events restart identity"); /* those of the above */
	return 0;
}

static void each_event_is_spread_once(void **state)
{
	(void)state;
	sql("insert into events (user_id, topic, data) values (1, 'message.sent', '{}'), "
	    "(1, 'messages.odd', '{}'), (1, 'lead.opt_out', '{}'), (1, 'lead.opt_in', '{}'), "
	    "(2, 'lead.opt_in', '{}'), (3, 'message.sent', '{}')");
	assert_string_equal(spread(), "6");
	assert_string_equal(spread(), "0");
	sql_is("select string_agg(webhook_id || ':' || event_id, ' ' order by id) from "
	       "webhook_deliveries",
	       "5:1 5:3 6:5");
	/* an old place, as of a spread whose answer was lost, moves on and adds nothing twice */
	sql("insert into events (user_id, topic, data) values (1, 'message.read', '{}')");
	assert_string_equal(spread(), "1");
	sql_is("select count(*) from webhook_deliveries", "4");
}

static void an_open_transaction_holds_back_what_is_younger(void **state)
{
	PGconn *slow = PQconnectdb(rows_fx.conninfo);

	(void)state;
	PQclear(PQexec(
		slow,
		"begin; insert into events (user_id, topic, data) values (1, 'message.sent', '{}')"));
	sql("insert into events (user_id, topic, data) values (1, 'message.read', '{}')");
	assert_string_equal(spread(), "0");
	PQclear(PQexec(slow, "commit"));
	PQfinish(slow);
	assert_string_equal(spread(), "2");
	sql_is("select string_agg(topic, ' ' order by id) from webhook_deliveries",
	       "message.sent message.read");
}

static void only_events_after_it_was_switched_on(void **state)
{
	const char *const off[] = { "1", "5", NULL, "f", NULL, NULL, "f" };
	const char *const on[] = { "1", "5", NULL, "f", NULL, NULL, "t" };

	(void)state;
	sql("insert into events (user_id, topic, data) values (1, 'message.sent', '{}')");
	spread();
	run(STMT_WEBHOOK_UPDATE, off, 7, NULL, NULL);
	sql_is("select state || ' ' || error from webhook_deliveries",
	       "3 the webhook was switched off");
	sql("insert into events (user_id, topic, data) values (1, 'message.read', '{}')");
	run(STMT_WEBHOOK_UPDATE, on, 7, NULL, NULL);
	sql("insert into events (user_id, topic, data) values (1, 'message.failed', '{}')");
	run(STMT_WEBHOOK_ALL, NULL, 0, NULL,
	    NULL); /* the cursor does not pass over what it wants */
	spread();
	sql_is("select string_agg(topic, ' ' order by id) from webhook_deliveries",
	       "message.sent message.failed");
	run(STMT_WEBHOOK_UPDATE, on, 7, NULL, NULL); /* changes nothing */
	sql_is("select since < pg_current_xact_id() and disabled_reason is null from webhooks where id = 5",
	       "t");
}

static void no_news_of_itself_and_no_pings(void **state)
{
	(void)state;
	sql("update webhooks set topics = null where id = 5");
	sql("insert into webhooks (user_id, id, url, secret) values (1, 7, 'https://c/', '')");
	sql("insert into events (user_id, topic, data) values (1, 'webhook.failed', '{\"webhook\":\"5\"}'), "
	    "(1, 'webhook.ping', '{\"webhook\":\"5\"}')");
	spread();
	sql_is("select string_agg(webhook_id || topic, ' ' order by id) from webhook_deliveries",
	       "5webhook.created 7webhook.failed");
}

static void claims_are_bounded_and_counted(void **state)
{
	const char *wait;
	const char *const all[] = { "{1,1}", "{5,99}", "{0,0}", "{4,4}" };

	(void)state;
	sql("insert into events (user_id, topic, data) select 1, 'message.sent', '{}' from generate_series(1, 6)");
	spread();
	sql("update webhook_deliveries set next_at = now() + interval '1 hour' where id = 6");
	assert_int_equal(claim("{0}", "{2}"), 2);
	sql_is("select string_agg(id || '/' || attempt, ' ' order by id) from webhook_deliveries where state = 1",
	       "1/1 2/1");
	assert_int_equal(run(STMT_WEBHOOK_CLAIM, all, 4, "wait_ms", &wait),
			 4); /* 3, 4, 5, and 99 has none */
	sql_is("select count(*) from webhook_deliveries where state = 1", "5");
	assert_int_equal(claim("{0}", "{4}"), 0);
	{
		const char *const p[] = { "{1}", "{5}", "{0}", "{4}" };

		run(STMT_WEBHOOK_CLAIM, p, 4, "wait_ms", &wait);
	}
	assert_in_range(strtoll(wait, NULL, 10), 3590000, 3600000);
}

static void order_is_kept_by_the_first_that_is_not_done(void **state)
{
	const char *const under_way[] = { "{}" };

	(void)state;
	sql("insert into events (user_id, topic, data) select 1, 'message.sent', '{}' from generate_series(1, 3)");
	spread();
	assert_int_equal(claim("{1}", "{1}"), 1);
	assert_int_equal(claim("{1}", "{1}"), 0); /* the first is under way */
	done("1", "1", "0", "60000", "f");
	assert_int_equal(claim("{1}", "{1}"), 0); /* it waits, and they behind it */
	sql("update webhook_deliveries set next_at = now() where id = 1");
	assert_int_equal(claim("{1}", "{1}"), 1);
	run(STMT_WEBHOOK_RECOVER, under_way, 1, NULL, NULL);
	assert_int_equal(claim("{1}", "{1}"), 1);
	sql_is("select attempt from webhook_deliveries where id = 1", "3");
	done("1", "3", "2", "0", "f");
	assert_int_equal(claim("{1}", "{1}"), 1);
	sql_is("select id from webhook_deliveries where state = 1", "2");
}

/* which node the statements are run by */
static void node_is(const char *name)
{
	const char *const p[] = { name };

	PQclear(PQexecParams(rows_pg, "select set_config('wad.node', $1, false)", 1, NULL, p, NULL,
			     NULL, 0));
}

static void what_another_node_makes_is_left_to_it(void **state)
{
	const char *const none[] = { "{}" };

	(void)state;
	node_is("aa");
	sql("insert into events (user_id, topic, data) select 1, 'message.sent', '{}' from generate_series(1, 2)");
	spread();
	assert_int_equal(claim("{0}", "{1}"), 1);
	node_is("bb");
	assert_int_equal(claim("{0}", "{1}"), 1);
	sql_is("select string_agg(node, ' ' order by id) from webhook_deliveries where state = 1 and leased_until > now()",
	       "aa bb");
	run(STMT_WEBHOOK_RECOVER, none, 1, NULL, NULL); /* bb starts anew */
	sql_is("select string_agg(id || '/' || state, ' ' order by id) from webhook_deliveries",
	       "1/1 2/0");
	sql("update webhook_deliveries set leased_until = now() - interval '1 second' where id = 1"); /* aa is dead */
	run(STMT_WEBHOOK_RECOVER, none, 1, NULL, NULL);
	sql_is("select string_agg(id || '/' || state, ' ' order by id) from webhook_deliveries",
	       "1/0 2/0");
	assert_int_equal(claim("{0}", "{2}"), 2);
	done("1", "1", "2", "0", "f"); /* aa was only slow: its attempt counts no more */
	sql_is("select string_agg(id || '/' || state || '/' || attempt, ' ' order by id) from webhook_deliveries",
	       "1/1/2 2/1/2");
	node_is("");
}

static void an_outcome_counts_once_and_for_its_attempt(void **state)
{
	(void)state;
	sql("insert into events (user_id, topic, data) values (1, 'message.sent', '{}')");
	spread();
	claim("{0}", "{4}");
	done("1", "2", "2", "0", "f"); /* of another attempt */
	sql_is("select state from webhook_deliveries", "1");
	done("1", "1", "3", "0", "f");
	done("1", "1", "3", "0", "f");
	sql_is("select state || error || (done_at is not null) from webhook_deliveries",
	       "3HTTP 500true");
	sql_is("select string_agg(topic, ' ') from events where topic like 'webhook.%'",
	       "webhook.failed");
	sql_is("select failing_since is not null from webhooks where id = 5", "t");
}

static void five_days_of_failures_switch_it_off(void **state)
{
	(void)state;
	sql("insert into events (user_id, topic, data) select 1, 'message.sent', '{}' from generate_series(1, 3)");
	spread();
	claim("{0}", "{1}");
	sql("update webhooks set failing_since = now() - interval '4 days 23 hours' where id = 5");
	done("1", "1", "0", "0", "f");
	sql_is("select enabled from webhooks where id = 5", "t");
	sql("update webhooks set failing_since = now() - interval '5 days 1 minute' where id = 5");
	claim("{0}", "{1}");
	sql("update webhook_deliveries set state = 1 where id = 1");
	done("1", "1", "0", "10000", "f");
	sql_is("select enabled || ' ' || disabled_reason from webhooks where id = 5",
	       "false nothing but failures for five days");
	sql_is("select count(*) from webhook_deliveries where state = 0", "0");
	sql_is("select count(*) from events where topic = 'webhook.disabled'", "1");
	/* one success in between, and the days begin anew */
	fill(NULL);
	sql("insert into events (user_id, topic, data) values (1, 'message.sent', '{}')");
	spread();
	claim("{0}", "{1}");
	sql("update webhooks set failing_since = now() - interval '9 days' where id = 5");
	done("1", "1", "2", "0", "f");
	sql_is("select enabled and failing_since is null from webhooks where id = 5", "t");
}

static void gone_is_off_at_once(void **state)
{
	(void)state;
	sql("insert into events (user_id, topic, data) select 1, 'message.sent', '{}' from generate_series(1, 9)");
	spread();
	claim("{0}", "{2}");
	done("1", "1", "3", "0", "t");
	sql_is("select enabled || ' ' || disabled_reason from webhooks where id = 5",
	       "false the receiver answered 410 Gone");
	sql_is("select count(*) filter (where state = 3) || ' ' || count(*) filter (where state = 1) from "
	       "webhook_deliveries",
	       "8 1");
	done("2", "1", "0", "10000", "f"); /* was under way: nothing comes after it */
	sql_is("select count(*) from webhook_deliveries where state = 3", "9");
	sql_is("select count(*) from events where topic = 'webhook.disabled'", "1");
	sql_is("select enabled from webhooks where id = 6", "t");
}

static void place(const char *since, const char *wanted)
{
	const char *const p[] = { since };
	PGresult *r = PQexecParams(rows_pg, stmt_sql(STMT_EVENT_PLACE), 1, NULL, p, NULL, NULL, 0);
	char got[64];

	snprintf(got, sizeof got, "%s %s", PQgetvalue(r, 0, 1), PQgetvalue(r, 0, 2));
	PQclear(r);
	assert_string_equal(got, wanted);
}

static void who_asks_for_what_is_gone_is_told(void **state)
{
	(void)state;
	place("0", "0 ");
	place("-1", "0 ");
	sql("insert into events (user_id, topic, data) select 1, 'message.sent', '{}' from generate_series(1, 9)");
	sql("delete from events where id < 5 or id = 7");
	place("0", "0 ");  /* all there are */
	place("1", "0 5"); /* 2 to 4 are lost */
	place("4", "0 ");  /* the next is there */
	place("6", "6 ");
	place("7", "6 "); /* never was one */
	place("9", "9 ");
	place("99", "9 ");
	place("-1", "9 ");
}

static void changes_by_hand_are_events(void **state)
{
	(void)state;
	sql("truncate events restart identity");
	sql("insert into devices (user_id, id, name) overriding system value values (1, 70, 'd')");
	sql("update devices set state = 'paired', next_prekey_id = 9 where id = 70"); /* not by hand */
	sql("update devices set delay_max_ms = 30000 where id = 70");
	sql("update devices set delay_max_ms = 30000 where id = 70"); /* changes nothing */
	sql("delete from devices where id = 70");
	sql_is("select string_agg(topic || ' ' || data, ', ' order by id) from events",
	       "device.created {\"name\": \"d\", \"device\": \"70\"}, "
	       "device.updated {\"name\": \"d\", \"device\": \"70\"}, "
	       "device.deleted {\"name\": \"d\", \"device\": \"70\"}");
	sql("truncate events restart identity");
	sql("insert into optout_words (user_id, word, kind) values (1, 'no', 'stop')");
	sql("insert into users (id, name, role) overriding system value values (30, 'cara', 'operator')");
	sql("update users set last_login_at = now() where name = 'cara'");
	sql("update users set zone = 'Asia/Jakarta' where name = 'cara'");
	sql("delete from users where name = 'cara'");
	sql("delete from optout_words");
	/* the admin is 1; the user hears of itself as long as it is there */
	sql_is("select string_agg(topic || case user_id when 1 then '' else '*' end, ' ' order by id, user_id) from events",
	       "optout.word_created user.created user.created* user.updated user.updated* user.deleted optout.word_deleted");
	sql_is("select count(*) from events where data::text like '%secret%'", "0");
}

static void what_is_old_goes_and_what_is_needed_stays(void **state)
{
	const char *const month[] = { "30" };
	const char *gone;

	(void)state;
	sql("insert into events (user_id, topic, data, at) select 1, case n % 2 when 0 then 'message.sent' else "
	    "'lead.imported' end, '{}', now() - interval '40 days' from generate_series(1, 8) n");
	run(STMT_EVENT_TRIM, month, 1, "gone", &gone);
	assert_string_equal(gone, "0"); /* none has become deliveries yet */
	spread();
	run(STMT_EVENT_TRIM, month, 1, "gone", &gone);
	assert_string_equal(gone, "0"); /* nor is one counted */
	sql("update analytics_cursor set xid = 9000000000000000000");
	claim("{0}", "{3}"); /* of 2, 4, 6, 8: one waits */
	done("1", "1", "2", "0", "f");
	done("2", "1", "3", "0", "f");
	run(STMT_EVENT_TRIM, month, 1, "gone", &gone);
	assert_string_equal(gone, "5");
	sql_is("select string_agg(id::text, ' ' order by id) from events where topic not like 'webhook.%'",
	       "4 6 8");
	run(STMT_EVENT_TRIM, month, 1, "gone", &gone);
	assert_string_equal(gone, "0");
	/* the log, after two weeks */
	sql("update webhook_deliveries set done_at = now() - interval '15 days' where state >= 2");
	sql("update webhooks set old_secret = '', old_secret_until = now() - interval '1 s' where id = 5");
	run(STMT_WEBHOOK_TRIM, NULL, 0, "gone", &gone);
	assert_string_equal(gone, "2");
	sql_is("select count(*) from webhook_deliveries", "2");
	sql_is("select old_secret is null from webhooks where id = 5", "t");
	run(STMT_EVENT_TRIM, month, 1, "gone", &gone);
	assert_string_equal(gone, "1"); /* the one that had been given up */
	/* without a webhook nothing is waited for */
	sql("update webhooks set enabled = false");
	sql("update webhook_deliveries set state = 2");
	sql("insert into events (user_id, topic, data, at) values (1, 'x', '{}', now() - interval '31 days')");
	run(STMT_EVENT_TRIM, month, 1, "gone", &gone);
	assert_string_equal(gone, "3");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(each_event_is_spread_once, fill),
		cmocka_unit_test_setup(an_open_transaction_holds_back_what_is_younger, fill),
		cmocka_unit_test_setup(only_events_after_it_was_switched_on, fill),
		cmocka_unit_test_setup(no_news_of_itself_and_no_pings, fill),
		cmocka_unit_test_setup(claims_are_bounded_and_counted, fill),
		cmocka_unit_test_setup(order_is_kept_by_the_first_that_is_not_done, fill),
		cmocka_unit_test_setup(what_another_node_makes_is_left_to_it, fill),
		cmocka_unit_test_setup(an_outcome_counts_once_and_for_its_attempt, fill),
		cmocka_unit_test_setup(five_days_of_failures_switch_it_off, fill),
		cmocka_unit_test_setup(gone_is_off_at_once, fill),
		cmocka_unit_test_setup(who_asks_for_what_is_gone_is_told, fill),
		cmocka_unit_test_setup(changes_by_hand_are_events, fill),
		cmocka_unit_test_setup(what_is_old_goes_and_what_is_needed_stays, fill),
	};

	return cmocka_run_group_tests(tests, rows_up, rows_down);
}
