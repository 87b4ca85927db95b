/* What the statements of chats and stored messages do to rows; each also when it is run a second time. */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/macros.h"

#include "daemon/store/stmt.h"
#include "tests/unit/store/cm.h"
#include "tests/unit/store/pg_fixture.h"

static struct pg_fixture fx;
static PGconn *pg;

#define PN "60120000001@s.whatsapp.net"
#define LID "9001@lid"

static int up(void **state)
{
	(void)state;
	if (pg_fixture_start(&fx, NULL))
		return -1;
	pg = PQconnectdb(fx.conninfo);
	return PQstatus(pg) == CONNECTION_OK ? 0 : -1;
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
	pg_fixture_sql(&fx, "truncate devices, messages, chats, lid_map, leads");
	pg_fixture_sql(&fx, "insert into devices (user_id, id, name) overriding system value "
			    "values (1, 7, 'd'), (1, 8, 'e')");
	return 0;
}

static void sql_is(const char *sql, const char *wanted)
{
	assert_string_equal(pg_fixture_sql(&fx, sql), wanted);
}

/* the first column of all rows, separated by spaces; borrowed until the next call */
static const char *run(enum stmt stmt, const char *const *values, int n)
{
	static char text[1024];
	PGresult *r = PQexecParams(pg, stmt_sql(stmt), n, NULL, values, NULL, NULL, 0);
	size_t len = 0;

	if (PQresultStatus(r) != PGRES_TUPLES_OK && PQresultStatus(r) != PGRES_COMMAND_OK)
		fail_msg("%s: %s", stmt_name(stmt), PQresultErrorMessage(r));
	text[0] = '\0';
	for (int i = 0; i < PQntuples(r); i++)
		len += (size_t)snprintf(text + len, sizeof text - len, "%s%s", i ? " " : "",
					PQgetvalue(r, i, 0));
	PQclear(r);
	return text;
}

/* ago: "10 seconds"; written by the chat's person, twice, as after a COMMIT whose answer was lost */
static void comes_in(const char *chat, const char *phone, const char *id, const char *ago,
		     const char *body)
{
	char sql[128], at[64];
	const char *const p[] = { "1",  "7",  chat, chat,  id,  "f",     at,    "text", body,
				  NULL, NULL, NULL, "Ana", "0", "\\x01", phone, "f" };

	snprintf(sql, sizeof sql, "select date_trunc('second', now() - interval '%s')", ago);
	snprintf(at, sizeof at, "%s", pg_fixture_sql(&fx, sql));
	for (int i = 0; i < 2; i++)
		run(STMT_MESSAGE_IN, p, ARRAY_LEN(p));
}

static void goes_out(const char *chat, const char *id, const char *at, const char *raw)
{
	const char *const p[] = { "1",    "7",    chat, "5@lid", id,           at,
				  "text", "mine", NULL, raw,     "60120000001" };

	run(STMT_MESSAGE_OUT, p, ARRAY_LEN(p));
}

static const char *now_less(const char *ago)
{
	static char text[64];
	char sql[96];

	snprintf(sql, sizeof sql, "select now() - interval '%s'", ago);
	snprintf(text, sizeof text, "%s", pg_fixture_sql(&fx, sql));
	return text;
}

static void what_comes_in_counts_once(void **state)
{
	(void)state;
	comes_in(LID, "60120000001", "M1", "20 seconds", "one");
	comes_in(LID, "60120000001", "M3", "5 seconds", "three");
	comes_in(LID, "60120000001", "M2", "10 seconds", "two"); /* late */
	sql_is("select count(*) from messages", "3");
	sql_is("select concat_ws(' ', chat, phone, push_name, unread, last_msg_id, last_text, last_from_me) from chats",
	       "9001@lid 60120000001 Ana 3 M3 three f");
	goes_out(LID, "M4", now_less("0"), "\\x02");
	sql_is("select concat_ws(' ', unread, last_msg_id, last_text, last_from_me) from chats",
	       "3 M4 mine t");
	/* the server's clock is a little ahead: an answer comes after what it answers */
	comes_in(LID, "60120000001", "M5", "-2 seconds", "five");
	goes_out(LID, "M6", now_less("0"), "\\x02");
	sql_is("select last_msg_id from chats", "M6");
}

static void what_is_sent_again_keeps_its_row(void **state)
{
	(void)state;
	goes_out(PN, "M1", now_less("2 hours"), "\\x01");
	goes_out(PN, "M1", now_less("0"), "\\x02");
	sql_is("select count(*) || ' ' || min(encode(raw, 'hex')) from messages", "1 02");
	sql_is("select now() - last_at > interval '1 hour' from chats", "t");
	/* also when the chat has moved meanwhile */
	pg_fixture_sql(&fx, "insert into lid_map (user_id, pn, lid) values (1, 60120000001, 9001)");
	goes_out(LID, "M1", now_less("0"), "\\x03");
	sql_is("select count(*) || ' ' || min(encode(raw, 'hex')) || ' ' || min(chat) from messages",
	       "1 03 " LID);
	sql_is("select count(*) from chats", "1");
}

static void a_person_has_one_chat(void **state)
{
	(void)state;
	comes_in(PN, "60120000001", "M1", "20 seconds", "by number");
	comes_in(LID, NULL, "M2", "10 seconds", "by LID");
	comes_in(LID, NULL, "M1", "20 seconds", "by number"); /* the same under both addresses */
	goes_out(PN, "M3", now_less("5 seconds"), "\\x01");
	sql_is("select count(*) from chats", "2");
	for (int i = 0; i < 2; i++)
		pg_fixture_sql(
			&fx, "insert into lid_map (user_id, pn, lid) values (1, 60120000001, 9001) "
			     "on conflict (user_id, pn) do update set lid = excluded.lid");
	sql_is("select string_agg(concat_ws(' ', chat, phone, unread, last_text), ',') from chats",
	       "9001@lid 60120000001 3 mine");
	sql_is("select string_agg(distinct chat, ',') || count(*) from messages", "9001@lid3");
	sql_is("select string_agg(sender, ' ' order by at) from messages",
	       "9001@lid 9001@lid 5@lid");
	/* who does not know the pair yet writes into the same chat, and the same message is the same */
	comes_in(PN, "60120000001", "M4", "0", "late");
	comes_in(PN, "60120000001", "M2", "10 seconds", "by LID");
	sql_is("select string_agg(concat_ws(' ', chat, unread, last_text), ',') from chats",
	       "9001@lid 4 late");
	/* the person got another LID */
	pg_fixture_sql(&fx, "update lid_map set lid = 9002");
	sql_is("select string_agg(chat, ',') from chats", "9002@lid");
	sql_is("select count(*) from messages where chat = '9002@lid'", "4");
}

static void reading_leaves_what_came_after(void **state)
{
	const char *const some[] = { "1", "7", PN, "{M1,M2}", "100" };
	const char *const all[] = { "1", "7", LID, NULL, "100" };
	const char *const others[] = { "1", "8", LID, NULL, "100" };

	(void)state;
	pg_fixture_sql(&fx, "insert into lid_map (user_id, pn, lid) values (1, 60120000001, 9001)");
	comes_in(LID, NULL, "M1", "20 seconds", "one");
	comes_in(LID, NULL, "M2", "10 seconds", "two");
	comes_in(LID, NULL, "M3", "10 seconds", "three, in the same second");
	assert_string_equal(run(STMT_CHAT_READ, some, 5), "M1 M2");
	sql_is("select unread from chats", "1");
	run(STMT_CHAT_READ, some, 5);
	sql_is("select unread from chats", "1");
	comes_in(LID, NULL, "M4", "5 seconds", "four");
	assert_string_equal(run(STMT_CHAT_READ, others, 5), "");
	sql_is("select unread from chats", "2");
	assert_string_equal(run(STMT_CHAT_READ, all, 5), "M3 M4");
	assert_string_equal(run(STMT_CHAT_READ, all, 5), "");
	sql_is("select unread from chats", "0");
	/* one that was read before it came here */
	comes_in(LID, NULL, "M0", "1 hour", "old");
	sql_is("select unread from chats", "0");
}

/* a person of the address book who also gave a name: one entry each, in one batch */
static void all_that_is_told_of_a_chat_is_kept(void **state)
{
	const char *const told[] = { "1",
				     "7",
				     "{" PN "," PN "," LID ",g@g.us}",
				     "{Ann of the shop,NULL,NULL,Friends}",
				     "{NULL,Ann,NULL,NULL}",
				     "{0,0,3,0}",
				     "{2,0,0,1}" };
	const char *const again[] = { "1", "7", "{" LID "}", "{NULL}", "{NULL}", "{0}", "{0}" };
	const char *const more[] = { "1", "7", "{" LID "}", "{NULL}", "{NULL}", "{0}", "{1}" };

	(void)state;
	pg_fixture_sql(&fx, "insert into lid_map (user_id, pn, lid) values (1, 60120000001, 9001)");
	for (int i = 0; i < 2; i++)
		run(STMT_HISTORY_NAMES, told, ARRAY_LEN(told));
	run(STMT_HISTORY_NAMES, again, ARRAY_LEN(again));
	sql_is("select string_agg(concat_ws(' ', chat, name, push_name, unread, history_end, is_group), ',' "
	       "order by chat) from chats",
	       "9001@lid Ann of the shop Ann 3 t f,g@g.us Friends 0 f t");
	run(STMT_HISTORY_NAMES, more, ARRAY_LEN(more));
	sql_is("select history_end from chats where chat = '9001@lid'", "f");
}

static void what_is_not_to_be_kept_is_not(void **state)
{
	const char *const raw[] = { "1", "7", "M2", "2020-01-01" };

	(void)state;
	pg_fixture_sql(&fx, "update devices set store_chats = false");
	comes_in(LID, NULL, "M1", "20 seconds", "secret");
	goes_out(LID, "M2", now_less("0"), "\\x02");
	sql_is("select count(*) from chats", "0");
	sql_is("select count(*) from messages where body is not null or media is not null or not bare",
	       "0");
	sql_is("select encode(raw, 'hex') from messages where msg_id = 'M1'", "");
	/* but a recipient may ask for it again */
	assert_string_equal(run(STMT_MESSAGE_RAW, raw, 4), LID);
}

static void retention_forgets_in_steps(void **state)
{
	const char *const step[] = { "2" };

	(void)state;
	pg_fixture_sql(&fx, "update devices set keep_days = 2 where id = 7");
	for (int i = 0; i < 3; i++) {
		char id[16], ago[24];

		snprintf(id, sizeof id, "I%d", i);
		snprintf(ago, sizeof ago, "%d days", 3 + i);
		comes_in(LID, NULL, id, ago, "in");
	}
	goes_out(LID, "O1", now_less("3 days"), "\\x01");
	goes_out(LID, "O2", now_less("5 days"), "\\x01");
	comes_in("9003@lid", NULL, "N", "1 day", "young");
	for (int i = 0; i < 5; i++)
		run(STMT_MESSAGE_TRIM, step, 1);
	assert_string_equal(run(STMT_MESSAGE_TRIM, step, 1), "0");
	sql_is("select string_agg(msg_id || coalesce(body, '-'), ' ' order by msg_id) from messages",
	       "Nyoung O1-");
	sql_is("select string_agg(chat, ' ') from chats", "9003@lid");
	/* others keep theirs */
	pg_fixture_sql(&fx, "update devices set keep_days = null");
	comes_in(LID, NULL, "I9", "900 days", "old");
	run(STMT_MESSAGE_TRIM, step, 1);
	sql_is("select count(*) from messages where msg_id = 'I9'", "1");
}

static void months_come_and_go(void **state)
{
	(void)state;
	sql_is("select count(*) > 4 from pg_inherits where inhparent = 'messages'::regclass", "t");
	/* a clock that was wrong for long: what has no month yet waits in the rest */
	pg_fixture_sql(
		&fx,
		"insert into messages (user_id, device_id, chat, sender, msg_id, from_me, at, kind, raw) "
		"values (1, 7, 'c', 's', 'X', false, now() + interval '100 days', 'text', '')");
	sql_is("select count(*) from messages_rest", "1");
	sql_is("select messages_months(now(), now() + interval '100 days') > 0", "t");
	sql_is("select count(*) from messages_rest", "0");
	sql_is("select count(*) from messages", "1");
	sql_is("select messages_months(now(), now() + interval '100 days')", "0");
	/* dropped when nobody keeps that long, and only then */
	comes_in(LID, NULL, "old", "80 days", "old");
	assert_string_equal(run(STMT_MESSAGE_MONTHS, NULL, 0), "0");
	sql_is("select count(*) from messages where msg_id = 'old'", "1");
	pg_fixture_sql(&fx, "update devices set keep_days = 10 where id = 7");
	run(STMT_MESSAGE_MONTHS, NULL, 0);
	sql_is("select count(*) from messages where msg_id = 'old'", "1");
	pg_fixture_sql(&fx, "update devices set keep_days = 10");
	run(STMT_MESSAGE_MONTHS, NULL, 0);
	sql_is("select count(*) from messages where msg_id = 'old'", "0");
	comes_in(LID, NULL, "old", "80 days", "old"); /* still accepted */
	sql_is("select count(*) from messages_rest", "1");
}

static const char *found(const char *words)
{
	const char *const p[] = { "1", words, NULL, NULL, NULL, NULL, "2" };
	static char sql[2048];

	snprintf(sql, sizeof sql, "select coalesce(string_agg(body, ','), '') from (%s) f",
		 stmt_sql(STMT_MESSAGE_SEARCH));
	PGresult *r = PQexecParams(pg, sql, 7, NULL, p, NULL, NULL, 0);

	if (PQresultStatus(r) != PGRES_TUPLES_OK)
		fail_msg("%s", PQresultErrorMessage(r));
	snprintf(sql, sizeof sql, "%s", PQgetvalue(r, 0, 0));
	PQclear(r);
	return sql;
}

static void words_are_found_in_many_scripts(void **state)
{
	(void)state;
	PQclear(PQexec(pg, "set wad.user_id = '1'"));
	comes_in(LID, NULL, "M1", "90 days", "Hello Anna, your order left");
	comes_in(LID, NULL, "M2", "9 seconds", "\xE6\x98\x8E\xE5\xA4\xA9\xE8\xA7\x81\xE9\x9D\xA2");
	comes_in(LID, NULL, "M3", "8 seconds", "\xE0\xB8\xAA\xE0\xB8\xA7\xE0\xB8\xB1\xE0\xB8\xAA");
	comes_in(LID, NULL, "M4", "7 seconds",
		 "\xD0\x9F\xD1\x80\xD0\xB8\xD0\xB2\xD0\xB5\xD1\x82 order");
	comes_in(LID, NULL, "M5", "6 seconds", "orders 'quoted' \\ & | ! <-> :*");
	pg_fixture_sql(&fx, "update messages set user_id = 2 where msg_id = 'M5'");
	assert_string_equal(found("ORD anna"), "Hello Anna, your order left");
	assert_string_equal(found("\xE5\xA4\xA9\xE8\xA7\x81"),
			    "\xE6\x98\x8E\xE5\xA4\xA9\xE8\xA7\x81\xE9\x9D\xA2");
	assert_string_equal(found("\xE8\xA7\x81\xE5\xA4\xA9"), "");
	assert_string_equal(found("\xE0\xB8\xA7\xE0\xB8\xB1"),
			    "\xE0\xB8\xAA\xE0\xB8\xA7\xE0\xB8\xB1\xE0\xB8\xAA");
	assert_string_equal(found("\xD0\xBF\xD1\x80\xD0\xB8\xD0\xB2"),
			    "\xD0\x9F\xD1\x80\xD0\xB8\xD0\xB2\xD0\xB5\xD1\x82 order");
	/* the newest first, over months, and nobody else's */
	assert_string_equal(found("order"),
			    "\xD0\x9F\xD1\x80\xD0\xB8\xD0\xB2\xD0\xB5\xD1\x82 order,"
			    "Hello Anna, your order left");
	assert_string_equal(found("'quoted'"), "");
	assert_string_equal(found("\\ & | ! <-> :* ' ''"), "");
	assert_string_equal(found(" 1"), "");
	/* a wall of its own: not for who acts as another, or as nobody */
	PQclear(PQexec(pg, "set wad.user_id = '2'"));
	assert_string_equal(found("order"), "");
	PQclear(PQexec(pg, "reset wad.user_id"));
	assert_string_equal(found("order"), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_comes_in_counts_once, fill),
		cmocka_unit_test_setup(what_is_sent_again_keeps_its_row, fill),
		cmocka_unit_test_setup(a_person_has_one_chat, fill),
		cmocka_unit_test_setup(reading_leaves_what_came_after, fill),
		cmocka_unit_test_setup(all_that_is_told_of_a_chat_is_kept, fill),
		cmocka_unit_test_setup(what_is_not_to_be_kept_is_not, fill),
		cmocka_unit_test_setup(retention_forgets_in_steps, fill),
		cmocka_unit_test_setup(words_are_found_in_many_scripts, fill),
		cmocka_unit_test_setup(months_come_and_go, fill),
	};

	return cmocka_run_group_tests(tests, up, down);
}
