#pragma once
/* Named crash points for tests: WAD_CRASH_AT=point:n kills the process at the n-th passage of that
 * point, without any cleaning up; WAD_HANG_AT=point:n:ms makes the thread sleep there. Without WAD_CRASH_POINTS the macro is nothing. */
#ifdef WAD_CRASH_POINTS
void crash_point(const char *name);
#	define CRASH_POINT(name) crash_point(name)
#else
#	define CRASH_POINT(name) ((void)0)
#endif
