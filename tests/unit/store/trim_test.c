/* What may go after its time goes, what is still needed stays, and no figure changes by it. */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/store/stmt.h"
#include "tests/unit/store/rows.h"

/* how many are gone */
static int trim(enum stmt stmt, const char *days)
{
	const char *const p[] = { days };
	char gone[32];

	assert_int_equal(pg_fixture_run(rows_pg, stmt, p, 1, gone), 1);
	return (int)strtol(gone, NULL, 10);
}

/* every value of every row, static: one of two places */
static const char *figures(enum stmt stmt, const char *const *values, int n, int place)
{
	static char texts[2][4000];
	PGresult *r = rows_result(stmt, values, n);
	size_t len = 0;

	texts[place][0] = '\0';
	for (int i = 0; i < PQntuples(r); i++)
		for (int k = 0; k < PQnfields(r); k++)
			len += (size_t)snprintf(texts[place] + len, sizeof texts[place] - len,
						"%s=%s ", PQfname(r, k), PQgetvalue(r, i, k));
	assert_in_range(len, 20, sizeof texts[place] - 1);
	PQclear(r);
	return texts[place];
}

/* Campaign 1 is done, 2 is paused; sequence 1 has contact 1 who is through, contact 2 who is not. Of each and of direct
 * messages rows of all final states, of 500, 401 and 300 days ago, and one that waits since. */
static int fill(void **state)
{
	(void)state;
	sql("truncate outbox, outbox_trimmed, outbox_trims, campaigns, sequences, sequence_contacts, reply_log, audit, "
	    "analytics_failed, devices restart identity cascade");
	sql("insert into devices (user_id, name) values (1, 'd1'), (1, 'd2')");
	sql("insert into campaigns (user_id, title, state) values (1, 'a', 'done'), (1, 'b', 'paused')");
	sql("insert into sequences (user_id, name) values (1, 's')");
	sql("insert into sequence_contacts (user_id, sequence_id, phone, state, ended_at) values "
	    "(1, 1, 601, 'completed', now() - interval '450 days'), (1, 1, 602, 'active', null)");
	sql("insert into outbox (user_id, campaign_id, sequence_id, contact_id, day, device_id, recipient, body, state, replied_at, "
	    "  error_class, created_at, sent_at) "
	    "select 1, case k when 1 then 1 when 2 then 2 end, case when k > 2 and k < 5 then 1 end, "
	    "  case k when 3 then 1 when 4 then 2 end, case when k in (3, 4) then s * 1000 + d end, 1 + s % 2, 1000 + s * 1000 + d, 'x', s, "
	    "  case when s = 5 then now() end, case when s = 6 then 'unknown' end, "
	    "  now() - d * interval '1 day', case when s between 3 and 5 then now() - d * interval '1 day' end "
	    "from generate_series(1, 5) k, unnest(array[0, 3, 4, 5, 6, 7, 8, 9]) s, unnest(array[500, 401, 300]) d");
	sql("insert into analytics_failed (user_id, outbox_id, day, class, device_id) "
	    "select 1, id, '2026-01-01', 'unknown', device_id from outbox where state = 6");
	return 0;
}

static void final_rows_go_and_every_figure_stays(void **state)
{
	static const struct {
		enum stmt stmt;
		const char *values[6];
		int n;
	} told[] = {
		{ STMT_CAMPAIGN_SHOW, { "1", "1" }, 2 },
		{ STMT_CAMPAIGN_SHOW, { "1", "2" }, 2 },
		{ STMT_CAMPAIGN_LIST, { "1", NULL, "0", "100" }, 4 },
		{ STMT_CAMPAIGN_REPORT, { "1", "1" }, 2 },
		{ STMT_CAMPAIGN_REPORT, { "1", "2" }, 2 },
		{ STMT_SEQUENCE_SHOW, { "1", "1" }, 2 },
		{ STMT_SEQUENCE_SUMMARY, { "1" }, 1 },
		{ STMT_QUEUE_COUNT, { "1", NULL }, 2 },
		{ STMT_QUEUE_COUNT, { "1", "1" }, 2 },
		{ STMT_ANALYTICS_CAMPAIGNS, { "1", "30", NULL, NULL, "0", "100" }, 6 },
		{ STMT_ANALYTICS_SEQUENCES, { "1", "30", NULL, NULL, "0", "100" }, 6 },
	};
	static char before[sizeof told / sizeof told[0]][4000];

	(void)state;
	for (size_t i = 0; i < sizeof told / sizeof told[0]; i++)
		snprintf(before[i], sizeof before[i], "%s",
			 figures(told[i].stmt, told[i].values, told[i].n, 0));
	/* seven final states of two ages: of campaign 1, of contact 1, of direct ones */
	assert_int_equal(trim(STMT_OUTBOX_TRIM, "400"), 3 * 7 * 2);
	assert_int_equal(trim(STMT_OUTBOX_TRIM, "400"), 0);
	sql_is("select count(*) from outbox", "78");
	sql_is("select count(*) from outbox where created_at > now() - interval '400 days' and state >= 3",
	       "35");
	sql_is("select count(*) from outbox where state = 0", "15");
	sql_is("select count(*) from outbox where campaign_id = 2 or contact_id = 2", "48");
	sql_is("select sum(rows) || ' ' || sum(replied) from outbox_trimmed", "42 6");
	/* those of rows that are gone; the others may be tried again */
	sql_is("select count(*) from analytics_failed", "9");
	for (size_t i = 0; i < sizeof told / sizeof told[0]; i++)
		assert_string_equal(figures(told[i].stmt, told[i].values, told[i].n, 1), before[i]);
	/* the campaign ends: its rows go with the next round, and again no figure changes */
	sql("update campaigns set state = 'cancelled' where id = 2");
	sql("update campaigns set state = 'paused' where id = 1");
	assert_int_equal(trim(STMT_OUTBOX_TRIM, "400"), 14);
	sql("update campaigns set state = 'done' where id = 1");
	sql("update campaigns set state = 'paused' where id = 2");
	for (size_t i = 0; i < sizeof told / sizeof told[0]; i++)
		assert_string_equal(figures(told[i].stmt, told[i].values, told[i].n, 1), before[i]);
}

static void few_days_count_as_91(void **state)
{
	(void)state;
	sql("update outbox set created_at = now() - interval '90 days', sent_at = null");
	assert_int_equal(trim(STMT_OUTBOX_TRIM, "1"), 0);
	sql("update outbox set created_at = now() - interval '92 days', sent_at = case when state = 5 then now() end");
	sql("update sequence_contacts set ended_at = now() - interval '92 days' where id = 1");
	assert_int_equal(trim(STMT_OUTBOX_TRIM, "1"), 3 * 6 * 3); /* what was sent later stays */
}

/* of a reply with variables the text goes with the row; one that a campaign, a step or a test of one sends stays */
static void a_replys_own_text_goes_with_it(void **state)
{
	(void)state;
	sql("truncate outbox");
	sql("delete from contents");
	sql("insert into contents (user_id, id, body) overriding system value "
	    "select 1, n, 'for {name}' from generate_series(1, 7) n");
	/* 1: old; 2: young; 3: old and waiting; 4: a campaign's; 5: a sequence's; 6: the test of a campaign; 7: of no row */
	sql("insert into outbox (user_id, campaign_id, sequence_id, device_id, recipient, content_id, priority, state, created_at) "
	    "select 1, case n when 4 then 1 end, case n when 5 then 1 end, 1, 1000 + n, n, case n when 6 then 1 else 3 end, "
	    "  case n when 3 then 0 else 4 end, now() - case n when 2 then 1 else 500 end * interval '1 day' "
	    "from generate_series(1, 6) n");
	assert_int_equal(trim(STMT_OUTBOX_TRIM, "400"), 4);
	sql_is("select string_agg(id::text, ' ' order by id) from contents", "2 3 4 5 6 7");
	sql_is("select string_agg(content_id::text, ' ' order by content_id) from outbox", "2 3");
	sql("update outbox set state = 3, created_at = now() - interval '500 days'");
	assert_int_equal(trim(STMT_OUTBOX_TRIM, "400"), 2);
	sql_is("select string_agg(id::text, ' ' order by id) from contents", "4 5 6 7");
}

static void rounds_pass_what_must_stay(void **state)
{
	int gone = 0, n;

	(void)state;
	/* 4,500 rows that stay stand before 3,000 that may go, of two users */
	sql("insert into users (id, name, role) overriding system value values (2, 'b', 'operator') on conflict do nothing");
	sql("truncate outbox");
	sql("insert into outbox (user_id, campaign_id, device_id, recipient, body, state, created_at) "
	    "select 1 + n % 2, 2, 1, n, 'x', 3, now() - interval '500 days' from generate_series(1, 4500) n");
	sql("update outbox set campaign_id = null, state = 0 where user_id = 2");
	sql("insert into outbox (user_id, device_id, recipient, body, state, created_at) "
	    "select 1 + n % 2, 1, n, 'x', 3, now() - interval '500 days' from generate_series(1, 3000) n");
	for (int i = 0; i < 12; i++) {
		n = trim(STMT_OUTBOX_TRIM, "400");
		assert_in_range(n, 0, 2000);
		gone += n;
	}
	assert_int_equal(gone, 3000);
	sql_is("select count(*) from outbox", "4500");
	sql_is("select string_agg(user_id || ':' || rows, ' ' order by user_id) from outbox_trimmed",
	       "1:1500 2:1500");
}

static void logs_go_by_their_age(void **state)
{
	(void)state;
	sql("insert into reply_rules (user_id, id, match, body, cooldown_s) overriding system value values "
	    "(1, 70, 'any', 'x', 60), (1, 71, 'any', 'x', 20000000) on conflict do nothing");
	sql("insert into reply_log (user_id, device_id, phone, msg_id, kind, rule_id, body, at) "
	    "select 1, 1, 601, r || '-' || d, 'rule', r, 'x', now() - d * interval '1 day' "
	    "from unnest(array[70, 71, 72]) r, unnest(array[200, 181, 179, 1]) d");
	assert_int_equal(trim(STMT_REPLY_TRIM, "180"), 4); /* rule 71 holds off for 231 days */
	sql_is("select string_agg(msg_id, ' ' order by msg_id) from reply_log",
	       "70-1 70-179 71-1 71-179 71-181 71-200 72-1 72-179");
	sql("insert into audit (user_id, mark, actor_id, actor, method, object, at) "
	    "select 1, d, 1, 'a', 'm', 'o', now() - d * interval '1 day' from unnest(array[900, 731, 729, 1]) d");
	assert_int_equal(trim(STMT_AUDIT_TRIM, "730"), 2);
	assert_int_equal(trim(STMT_AUDIT_TRIM, "730"), 0);
	sql_is("select string_agg(mark::text, ' ' order by mark) from audit", "1 729");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(final_rows_go_and_every_figure_stays, fill),
		cmocka_unit_test_setup(few_days_count_as_91, fill),
		cmocka_unit_test_setup(a_replys_own_text_goes_with_it, fill),
		cmocka_unit_test_setup(rounds_pass_what_must_stay, fill),
		cmocka_unit_test_setup(logs_go_by_their_age, fill),
	};

	return cmocka_run_group_tests(tests, rows_up, rows_down);
}
