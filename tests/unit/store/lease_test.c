/* What a node writes of a device that another has taken meanwhile: nothing. */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/macros.h"

#include "daemon/store/stmt.h"
#include "tests/unit/store/rows.h"

/* what a shard writes of device 1 of user 1, and a look at what it changes */
static const struct {
	enum stmt stmt;
	const char *more[6]; /* parameters behind user and device */
	int more_len;
	const char *look, *before, *after;
} writes[] = {
	{ STMT_DEVICE_SET_STATE,
	  { "replaced", "another client", NULL },
	  3,
	  "select state || online || coalesce(state_reason, '') from devices",
	  "pairedtrue",
	  "replacedfalseanother client" },
	{ STMT_DEVICE_SET_ONLINE,
	  { "false", "{}" },
	  2,
	  "select online || ' ' || (select count(*) from events) from devices",
	  "true 0",
	  "false 1" },
	{ STMT_DEVICE_SET_LID, { "77" }, 1, "select lid from devices", "8", "77" },
	{ STMT_DEVICE_SET_PUSH_NAME, { "N" }, 1, "select push_name from devices", "old", "N" },
	{ STMT_DEVICE_SET_ROUTING,
	  { "\\x01" },
	  1,
	  "select routing_info from devices",
	  "",
	  "\\x01" },
	{ STMT_DEVICE_SET_SECRETS,
	  { "\\x02" },
	  1,
	  "select secrets from devices",
	  "\\x00",
	  "\\x02" },
	{ STMT_DEVICE_SET_LINKED,
	  { "5", "6", "7", "android", "biz", "\\x03" },
	  6,
	  "select pn || ' ' || (select count(*) from events) from devices",
	  "9 0",
	  "5 1" },
	{ STMT_DEVICE_WIPE,
	  { "logged out" },
	  1,
	  "select state || (pn is null) from devices",
	  "pairedfalse",
	  "logged_outtrue" },
	{ STMT_DEVICE_WIPE_SESSIONS, { NULL }, 0, "select count(*) from sessions", "1", "0" },
	{ STMT_DEVICE_WIPE_SENDER_KEYS, { NULL }, 0, "select count(*) from sender_keys", "1", "0" },
	{ STMT_PREKEY_WIPE, { NULL }, 0, "select count(*) from prekeys", "1", "0" },
	{ STMT_DEVICE_TELL, { "device.fault", "{}" }, 2, "select count(*) from events", "0", "1" },
	{ STMT_DEVICE_PAUSE,
	  { "unwell", "true" },
	  2,
	  "select paused || ' ' || (select count(*) from events where topic = 'device.paused') from devices",
	  "false 0",
	  "true 1" },
};

static void fresh(void)
{
	sql("truncate devices, sessions, sender_keys, prekeys restart identity cascade");
	sql("insert into devices (user_id, name, node, state, online, pn, lid, push_name, secrets) "
	    "values (1, 'd', 'aa', 'paired', true, 9, 8, 'old', '\\x00')");
	sql("insert into sessions (user_id, device_id, peer_server, peer_user, peer_device, record) values (1, 1, 1, 1, 1, '')");
	sql("insert into sender_keys (user_id, device_id, group_jid, peer_server, peer_user, peer_device, record) "
	    "values (1, 1, 'g', 1, 1, 1, '')");
	sql("insert into prekeys (user_id, device_id, id, secret) values (1, 1, 1, '')");
	sql("truncate events"); /* the table tells of a new device */
}

static void node_is(const char *name)
{
	const char *const p[] = { name };
	PGresult *r = PQexecParams(rows_pg, "select set_config('wad.node', $1, false)", 1, NULL, p,
				   NULL, NULL, 0);

	assert_int_equal(PQresultStatus(r), PGRES_TUPLES_OK);
	PQclear(r);
}

static void write_one(size_t i)
{
	const char *p[8] = { "1", "1" };

	memcpy(p + 2, writes[i].more, (size_t)writes[i].more_len * sizeof p[0]);
	PQclear(rows_result(writes[i].stmt, p, 2 + writes[i].more_len));
}

static void only_the_own_node_writes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(writes); i++) {
		fresh();
		node_is("bb");
		write_one(i);
		sql_is(writes[i].look, writes[i].before);
		node_is("aa");
		write_one(i);
		sql_is(writes[i].look, writes[i].after);
	}
}

static const char *save(const char *record)
{
	static char state[6];
	const char *const p[] = { "1", "1", "{1}", "{1}", "{1}", record };
	PGresult *r = PQexecParams(rows_pg, stmt_sql(STMT_SESSION_SAVE), 6, NULL, p, NULL, NULL, 0);
	const char *code = PQresultErrorField(r, PG_DIAG_SQLSTATE);

	snprintf(state, sizeof state, "%s", code ? code : "");
	PQclear(r);
	return state;
}

/* the unit fails, so that nothing leaves that was encrypted with it */
static void a_ratchet_is_refused_to_another_node(void **state)
{
	(void)state;
	fresh();
	node_is("bb");
	assert_string_equal(save("{\"\\\\x05\"}"), "23000");
	sql_is("select record from sessions", "\\x");
	node_is("aa");
	assert_string_equal(save("{\"\\\\x05\"}"), "");
	sql_is("select record from sessions", "\\x05");
	sql("delete from sessions; delete from devices");
	assert_string_equal(save("{\"\\\\x06\"}"), "23000");
}

/* a person's word to pause it comes by whichever node he asks */
static void who_pauses_it_may_be_anywhere(void **state)
{
	const char *const p[] = { "1", "1", "a holiday", "false" };

	(void)state;
	fresh();
	node_is("bb");
	PQclear(rows_result(STMT_DEVICE_PAUSE, p, 4));
	sql_is("select paused from devices", "t");
}

static void a_device_of_no_node_is_anybodys_who_has_no_name(void **state)
{
	(void)state;
	fresh();
	sql("update devices set node = null");
	node_is("");
	write_one(0);
	sql_is(writes[0].look, writes[0].after);
	fresh();
	sql("update devices set node = null");
	node_is("aa");
	write_one(0);
	sql_is(writes[0].look, writes[0].before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_own_node_writes),
		cmocka_unit_test(a_ratchet_is_refused_to_another_node),
		cmocka_unit_test(who_pauses_it_may_be_anywhere),
		cmocka_unit_test(a_device_of_no_node_is_anybodys_who_has_no_name),
	};

	return cmocka_run_group_tests(tests, rows_up, rows_down);
}
