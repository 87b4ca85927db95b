#pragma once
/* Numbered forward migrations of sql/migrations, built in; each in one transaction, under an advisory
 * lock, with a checksum kept. Refuses a newer schema. Ends the connections (struct db) of a former process of this
 * node (NULL: of none) first: call it once, at the start. Blocking: runs before the loops do. */
#include "shared/base/err.h"
#include "shared/base/log.h"

enum errc migrate(const char *conninfo, const char *node, struct log *log, struct err *e) MUST_USE;
