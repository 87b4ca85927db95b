#include "tests/unit/store/rows.h"

#include <string.h>

struct pg_fixture rows_fx;
PGconn *rows_pg;

int rows_up(void **state)
{
	(void)state;
	if (pg_fixture_start(&rows_fx, NULL))
		return -1;
	rows_pg = PQconnectdb(rows_fx.conninfo);
	return PQstatus(rows_pg) == CONNECTION_OK ? 0 : -1;
}

int rows_down(void **state)
{
	(void)state;
	PQfinish(rows_pg);
	pg_fixture_stop(&rows_fx);
	return 0;
}

void sql(const char *text)
{
	(void)pg_fixture_sql(&rows_fx, text);
}

void sql_is(const char *text, const char *wanted)
{
	const char *got = pg_fixture_sql(&rows_fx, text);

	if (strcmp(got, wanted) != 0)
		fail_msg("%s: '%s', wanted '%s'", text, got, wanted);
}

PGresult *rows_result(enum stmt stmt, const char *const *values, int n)
{
	PGresult *r = PQexecParams(rows_pg, stmt_sql(stmt), n, NULL, values, NULL, NULL, 0);

	if (PQresultStatus(r) != PGRES_TUPLES_OK && PQresultStatus(r) != PGRES_COMMAND_OK)
		fail_msg("%s: %s", stmt_name(stmt), PQresultErrorMessage(r));
	return r;
}
