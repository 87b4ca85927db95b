/* Every statement of sql/queries fits the schema of sql/migrations. */
#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>

#include "shared/base/macros.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(all_fit) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
