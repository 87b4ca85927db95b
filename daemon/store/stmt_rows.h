#pragma once
/* The SQL files that were built in: generated tables, read by stmt.c and migrate.c only. */
#include <stddef.h>

struct sql_text {
	const char *name; /* file name without its ending */
	const char *sql;
};

extern const struct sql_text stmt_rows[]; /* indexed by enum stmt */
extern const size_t stmt_rows_len;
extern const struct sql_text migration_rows[]; /* in order of their numbers */
extern const size_t migration_rows_len;
