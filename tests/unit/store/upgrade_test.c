/* A database that is in use is brought to the newest schema: what it held is all there, in its place. */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/crypto.h"
#include "shared/base/xalloc.h"

#include "daemon/store/migrate.h"
#include "daemon/store/stmt_rows.h"
#include "tests/unit/store/cm.h"
#include "tests/unit/store/pg_fixture.h"

static struct pg_fixture fx;
static char *old_db; /* conninfo of a database of its own */
static PGconn *pg;

static int up(void **state)
{
	(void)state;
	return pg_fixture_start(&fx, NULL);
}

static int down(void **state)
{
	(void)state;
	pg_fixture_stop(&fx);
	return 0;
}

/* the first value of the last result, static */
static const char *sql(const char *text)
{
	static char value[400];
	PGresult *r = PQexec(pg, text);

	if (PQresultStatus(r) != PGRES_TUPLES_OK && PQresultStatus(r) != PGRES_COMMAND_OK)
		fail_msg("%.200s: %s", text, PQresultErrorMessage(r));
	snprintf(value, sizeof value, "%s", PQntuples(r) ? PQgetvalue(r, 0, 0) : "");
	PQclear(r);
	return value;
}

static void is(const char *text, const char *wanted)
{
	const char *got = sql(text);

	if (strcmp(got, wanted) != 0)
		fail_msg("%s: '%s', wanted '%s'", text, got, wanted);
}

/* an empty database with the first n migrations, as a wad of that time left it */
static void database_of(size_t n)
{
	pg_fixture_sql(&fx, "drop database if exists older");
	pg_fixture_sql(&fx, "create database older");
	old_db = xasprintf("%s dbname=older", fx.conninfo);
	pg = PQconnectdb(old_db);
	assert_int_equal(PQstatus(pg), CONNECTION_OK);
	sql("create table schema_migrations (number integer primary key, name text not null, "
	    "checksum text not null, applied_at timestamptz not null default now())");
	for (size_t i = 0; i < n; i++) {
		uint8_t hash[32];
		char hex[65], row[300];

		sha256(span_str(migration_rows[i].sql), hash);
		for (size_t k = 0; k < sizeof hash; k++)
			snprintf(hex + 2 * k, 3, "%02x", hash[k]);
		sql("begin");
		sql(migration_rows[i].sql);
		snprintf(
			row, sizeof row,
			"insert into schema_migrations (number, name, checksum) values (%zu, '%s', '%s')",
			i + 1, migration_rows[i].name, hex);
		sql(row);
		sql("commit");
	}
}

static void upgrade(void)
{
	struct err e = ERR_NONE;

	PQfinish(pg);
	if (migrate(old_db, NULL, log_root(), &e))
		fail_msg("%s", e.msg);
	pg = PQconnectdb(old_db);
	assert_int_equal(PQstatus(pg), CONNECTION_OK);
}

static void done(void)
{
	PQfinish(pg);
	free(old_db);
}

/* two users, three devices, messages of forty months and one of the future: a text each day at noon and the
 * same second's second part, pictures, reactions, a group, a chat by phone that has a LID */
static void fill_messages(void)
{
	sql("insert into users (name, role) values ('second', 'operator')");
	sql("insert into devices (user_id, name) values (1, 'a'), (1, 'b'), (2, 'c')");
	sql("insert into lid_map (user_id, pn, lid) values (1, 60120000001, 9001)");
	sql("insert into messages (user_id, device_id, chat, sender, msg_id, from_me, at, kind, body, push_name, status, raw) "
	    "select 1, 1, '9001@lid', '9001@lid', 'T' || d || '-' || k, false, "
	    "  date_trunc('day', now()) - d * interval '1 day' + k * interval '300 ms', 'text', 'day ' || d || ' part ' || k, "
	    "  'Old name', 0, '\\x01' "
	    "from generate_series(0, 1200) d, generate_series(1, 2) k order by random()");
	sql("update messages set push_name = 'New name' where msg_id like 'T0-%'");
	sql("insert into messages (user_id, device_id, chat, sender, msg_id, from_me, at, kind, body, status, raw) values "
	    "(1, 1, '9001@lid', '9001@lid', 'R1', false, now() + interval '1 minute', 'reaction', 'x', 0, '\\x02'), "
	    "(1, 2, '9001@lid', 'me@lid', 'T0-1', true, now() - interval '5 days', 'text', 'by another device', 3, '\\x03'), "
	    "(1, 2, '120363000000000001@g.us', '9005@lid', 'G1', false, now() - interval '40 days', 'image', null, 0, '\\x04'), "
	    "(2, 3, '60120000009@s.whatsapp.net', '60120000009@s.whatsapp.net', 'F1', false, now() + interval '300 days', 'text', "
	    "  'from the future', 0, '\\x05'), "
	    "(2, 3, '60120000008@s.whatsapp.net', 'me@lid', 'O1', true, '2009-02-03 04:05:06.789Z', 'text', 'of old', 4, '\\x06')");
}

static void messages_of_years_are_all_there(void **state)
{
	char before[400], rest[400];

	(void)state;
	database_of(8);
	fill_messages();
	snprintf(
		before, sizeof before, "%s",
		sql("select count(*) || ' ' || md5(string_agg(concat_ws('|', user_id, device_id, chat, sender, msg_id, from_me, "
		    "date_trunc('second', at) at time zone 'UTC', kind, body, push_name, status, raw), ',' "
		    "order by user_id, device_id, msg_id, chat)) from messages"));
	assert_int_equal(strncmp(before, "2407 ", 5), 0);
	upgrade();
	snprintf(
		rest, sizeof rest, "%s",
		sql("select count(*) || ' ' || md5(string_agg(concat_ws('|', user_id, device_id, chat, sender, msg_id, from_me, "
		    "at at time zone 'UTC', kind, body, push_name, status, raw), ',' "
		    "order by user_id, device_id, msg_id, chat)) from messages"));
	assert_string_equal(rest, before);
	/* each in the partition of its month; the older and the later ones in the rest */
	is("select count(*) from messages where tableoid::regclass::text <> "
	   "  case when to_regclass('messages_' || to_char(at at time zone 'UTC', 'YYYYMM')) is null then 'messages_rest' "
	   "  else 'messages_' || to_char(at at time zone 'UTC', 'YYYYMM') end",
	   "0");
	is("select string_agg(msg_id, ' ' order by msg_id) from messages_rest where msg_id !~ '^T'",
	   "F1 O1");
	is("select count(*) > 1400 from messages where tableoid <> 'messages_rest'::regclass", "t");
	is("select min(at) > now() - interval '26 months' from messages where tableoid <> 'messages_rest'::regclass",
	   "t");
	/* the order within a second is that of arrival */
	is("select count(*) from messages a join messages b on b.user_id = a.user_id and b.device_id = a.device_id and b.chat = a.chat "
	   "and a.msg_id like '%-1' and b.msg_id = replace(a.msg_id, '-1', '-2') and a.at = b.at where a.seq is null or b.seq is null",
	   "0");
	is("select count(distinct seq) = count(*) from messages", "t");
	is("select nextval('messages_seq') > max(seq) from messages", "t");
	done();
}

static void chats_are_made_of_what_was_said(void **state)
{
	(void)state;
	database_of(8);
	fill_messages();
	upgrade();
	is("select count(*) from chats", "5");
	is("select concat_ws('|', phone, push_name, is_group, last_kind, last_from_me, last_text like 'day 0 part _') from chats "
	   "where user_id = 1 and device_id = 1 and chat = '9001@lid'",
	   "60120000001|New name|f|text|f|t");
	is("select concat_ws('|', last_msg_id, last_text, last_from_me, phone) from chats where user_id = 1 and device_id = 2 "
	   "and chat = '9001@lid'",
	   "T0-1|by another device|t|60120000001");
	is("select concat_ws('|', last_kind, is_group, phone is null) from chats where chat = '120363000000000001@g.us'",
	   "image|t|t");
	is("select concat_ws('|', user_id, phone, last_text) from chats where chat = '60120000008@s.whatsapp.net'",
	   "2|60120000008|of old");
	/* found by their words, and by their user alone */
	sql("select set_config('wad.user_id', '1', false)");
	is("select msg_id from messages_found(1, 'day 1200 part 2', null, null, null, null, 5)",
	   "T1200-2");
	is("select count(*) from messages_found(1, 'future', null, null, null, null, 5)", "0");
	sql("select set_config('wad.user_id', '2', false)");
	is("select msg_id from messages_found(2, 'future', null, null, null, null, 5)", "F1");
	done();
}

static void an_upgrade_that_is_done_is_not_done_again(void **state)
{
	struct err e = ERR_NONE;

	(void)state;
	database_of(8);
	fill_messages();
	upgrade();
	sql("delete from messages where msg_id = 'T7-1'");
	assert_int_equal(migrate(old_db, NULL, log_root(), &e), ERR_OK);
	is("select count(*) from messages", "2406");
	is("select to_regclass('messages_before') is null", "t");
	done();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_of_years_are_all_there),
		cmocka_unit_test(chats_are_made_of_what_was_said),
		cmocka_unit_test(an_upgrade_that_is_done_is_not_done_again),
	};

	return cmocka_run_group_tests(tests, up, down);
}
