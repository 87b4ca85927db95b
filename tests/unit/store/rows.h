#pragma once
/* What tests of single statements share: one database a program, a connection to it, and its rows looked at. */
#include "tests/unit/store/cm.h"
#include "tests/unit/store/pg_fixture.h"

extern struct pg_fixture rows_fx;
extern PGconn *rows_pg; /* the statements' own connection; sql() has another */

/* set-up and tear-down of the group */
int rows_up(void **state);
int rows_down(void **state);

void sql(const char *text);
/* the first value of the result is that */
void sql_is(const char *text, const char *wanted);
/* the statement's result, or the test fails; PQclear it */
PGresult *rows_result(enum stmt stmt, const char *const *values, int n);
