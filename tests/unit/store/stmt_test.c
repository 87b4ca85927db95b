/* Every statement of sql/queries fits the schema of sql/migrations; those of a message are planned well also
 * while the tables are empty. */
#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>

#include "shared/base/macros.h"
#include "shared/base/xalloc.h"

#include "daemon/store/db_conn.h"
#include "daemon/store/stmt.h"
#include "tests/unit/store/cm.h"
#include "tests/unit/store/pg_fixture.h"

/* only the call knows the types: not an error of the text */
static bool needs_types(const char *code)
{
	static const char *const codes[] = { "42P18", "42P08", "42725", "42883", "42804" };

	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		if (strcmp(code, codes[i]) == 0)
			return true;
	}
	return false;
}

static void all_fit(void **state)
{
	struct pg_fixture fx;
	PGconn *pg;
	int bad = 0;

	(void)state;
	assert_int_equal(pg_fixture_start(&fx, NULL), 0);
	pg = PQconnectdb(fx.conninfo);
	for (int s = 0; s < STMT_COUNT; s++) {
		const char *name = stmt_name((enum stmt)s);
		PGresult *res = PQprepare(pg, name, stmt_sql((enum stmt)s), 0, NULL);
		const char *code = PQresultErrorField(res, PG_DIAG_SQLSTATE);

		if (PQresultStatus(res) != PGRES_COMMAND_OK && !(code && needs_types(code))) {
			fprintf(stderr, "sql/queries/%s.sql: %s", name, PQresultErrorMessage(res));
			bad++;
		} else if (code) {
			printf("%s: types come with the call: %s", name, PQresultErrorMessage(res));
		}
		PQclear(res);
	}
	PQfinish(pg);
	pg_fixture_stop(&fx);
	assert_int_equal(bad, 0);
	assert_true(STMT_COUNT > 1);
}

/* what a shard does for each message, and an index condition that its plan has to hold */
static const struct {
	enum stmt stmt;
	const char *cond;
} keyed[] = {
	{ STMT_OUTBOX_CLAIM, "((user_id = $1) AND (phone = CASE WHEN c.templated" },
	{ STMT_OUTBOX_RECOVER, "((user_id = o.user_id) AND (phone = CASE WHEN c.templated" },
	{ STMT_OUTBOX_SENT, "((user_id = o_1.user_id) AND (phone = o_1.recipient))" },
	{ STMT_OUTBOX_RECEIPTS, "(device_id = said.device_id) AND (msg_id = said.msg_id))" },
	{ STMT_OUTBOX_REPLIED, "((user_id = $1) AND (id = $0))" },
	{ STMT_OUTBOX_SENDING, "((user_id = $1) AND (device_id = $4) AND (id = $2))" },
	{ STMT_OUTBOX_SENDING_PACED, "((user_id = $1) AND (device_id = $4) AND (id = $2))" },
	{ STMT_OUTBOX_RETRY, "((user_id = $1) AND (device_id = $7) AND (id = $2))" },
	{ STMT_OUTBOX_FAILED, "((user_id = $1) AND (id = $2))" },
	{ STMT_MESSAGE_OUT, "((user_id = $1) AND (chat = to_chat.chat))" },
	{ STMT_MESSAGE_IN, "((user_id = $1) AND (pn = $16))" },
	{ STMT_MESSAGE_SEEN, "((user_id = $1) AND (device_id = $2) AND (hash = h.hash))" },
	{ STMT_PEER_FIND, "((user_id = w.user_id) AND (pn = w.pn))" },
	{ STMT_SESSION_LOAD, "(peer_user = w.peer) AND (peer_device = w.device))" },
};

/* tables that grow with messages or leads: by user_id alone, all of a user's rows are walked over */
static bool walks(const char *scan, const char *cond)
{
	static const char *const large[] = { " on outbox",   " on leads",    " on messages",
					     " on sessions", " on lid_map",  " on peer_devices",
					     " on chats",    " on contents", " on opened" };

	for (size_t i = 0; i < ARRAY_LEN(large); i++)
		if (strstr(scan, large[i]))
			return strstr(cond, " AND ") == NULL;
	return false;
}

static int explain(PGconn *pg, size_t n)
{
	const char *name = stmt_name(keyed[n].stmt);
	AUTO_FREE char *sql = xasprintf("prepare p as %s", stmt_sql(keyed[n].stmt));
	static const char nulls[] = ",null,null,null,null,null,null,null,null,null,null,null,null,"
				    "null,null,null,null,null,null,null,null";
	char run[200];
	PGresult *res = PQexec(pg, sql);
	bool found = false, bad = false;
	int params;

	assert_int_equal(PQresultStatus(res), PGRES_COMMAND_OK);
	PQclear(res);
	res = PQdescribePrepared(pg, "p");
	params = PQnparams(res);
	PQclear(res);
	assert_in_range(params, 1, 20);
	snprintf(run, sizeof run, "explain (costs off) execute p(%.*s)", 5 * params - 1, nulls + 1);
	res = PQexec(pg, run);
	assert_int_equal(PQresultStatus(res), PGRES_TUPLES_OK);
	for (int i = 0; i < PQntuples(res); i++) {
		const char *line = PQgetvalue(res, i, 0), *cond = strstr(line, "Index Cond: ");

		found = found || (cond && strstr(cond, keyed[n].cond));
		if (strstr(line, "Seq Scan") || (cond && walks(PQgetvalue(res, i - 1, 0), cond)))
			bad = true;
	}
	for (int i = 0; (bad || !found) && i < PQntuples(res); i++)
		fprintf(stderr, "%s: %s\n", name, PQgetvalue(res, i, 0));
	PQclear(res);
	PQclear(PQexec(pg, "deallocate p"));
	return bad || !found;
}

static void a_message_costs_the_same_however_many_leads_there_are(void **state)
{
	struct pg_fixture fx;
	PGconn *pg;
	int bad = 0;

	(void)state;
	assert_int_equal(pg_fixture_start(&fx, NULL), 0);
	pg = PQconnectdb(fx.conninfo);
	PQclear(PQexec(pg, DB_BY_INDEX_SQL));
	for (size_t i = 0; i < ARRAY_LEN(keyed); i++)
		bad += explain(pg, i);
	PQfinish(pg);
	pg_fixture_stop(&fx);
	assert_int_equal(bad, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_fit),
		cmocka_unit_test(a_message_costs_the_same_however_many_leads_there_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
