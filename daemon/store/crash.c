#include "daemon/store/crash.h"

#ifdef WAD_CRASH_POINTS
#	include <signal.h>
#	include <stdatomic.h>
#	include <stdbool.h>
#	include <stdlib.h>
#	include <string.h>
#	include <unistd.h>

/* is `at` ("point:n...") about this point's n-th passage? *ret_rest: behind n */
static bool is_it(const char *at, const char *name, atomic_long *passed, char **ret_rest)
{
	size_t len = strlen(name);
	long wanted;

	if (at == NULL || strncmp(at, name, len) != 0 || at[len] != ':')
		return false;
	wanted = strtol(at + len + 1, ret_rest, 10);
	return atomic_fetch_add(passed, 1) + 1 == wanted;
}

void crash_point(const char *name)
{
	static atomic_long passed[2]; /* of the one point that is asked for */
	char *rest;

	if (is_it(getenv("WAD_CRASH_AT"), name, &passed[0], &rest)) {
		kill(getpid(), SIGKILL);
		_exit(137);
	}
	if (is_it(getenv("WAD_HANG_AT"), name, &passed[1], &rest) && *rest == ':')
		usleep((useconds_t)strtoul(rest + 1, NULL, 10) * 1000);
}
#endif
