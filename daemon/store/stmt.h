#pragma once
/* The named statements of sql/queries: one file a statement, sql/queries/<area>_<what>.sql, built in.
 * The list is generated (stmt_list.h): STMT_<AREA>_<WHAT> for each file. */
#include "stmt_list.h"

const char *stmt_name(enum stmt s);
const char *stmt_sql(enum stmt s);
