#include "daemon/store/stmt.h"

#include <stdlib.h>

#include "daemon/store/stmt_rows.h"

const char *stmt_name(enum stmt s)
{
	if ((size_t)s >= stmt_rows_len)
		abort();
	return stmt_rows[s].name;
}

const char *stmt_sql(enum stmt s)
{
	if ((size_t)s >= stmt_rows_len)
		abort();
	return stmt_rows[s].sql;
}
