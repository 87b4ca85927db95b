#pragma once
/* Gives up root for good, when wad was started as root and a user is set. */
#include "shared/base/err.h"

/* user: NULL stays as it is. The state directory, its key and its lock become the user's; other
 * directories that were made for it: NULL-terminated. */
enum errc privileges_drop(const char *user, const char *state_dir, const char *const *made,
			  struct err *e) MUST_USE;
