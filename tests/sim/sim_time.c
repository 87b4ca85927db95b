/* clock_gettime of the program: libuv, the project's clocks and libpq all ask here. */
#include "tests/sim/sim_time.h"

#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static atomic_bool on;
static atomic_llong mono_ns, wall_ns; /* at the last advance */

static long long real_ns(clockid_t id)
{
	struct timespec t;

	syscall(SYS_clock_gettime, id, &t);
	return (long long)t.tv_sec * 1000000000 + t.tv_nsec;
}

int clock_gettime(clockid_t id, struct timespec *to)
{
	long long ns;

	if (!atomic_load(&on) ||
	    (id != CLOCK_REALTIME && id != CLOCK_MONOTONIC && id != CLOCK_MONOTONIC_COARSE &&
	     id != CLOCK_REALTIME_COARSE && id != CLOCK_BOOTTIME))
		return (int)syscall(SYS_clock_gettime, id, to);
	ns = id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE ? atomic_load(&wall_ns)
								 : atomic_load(&mono_ns);
	to->tv_sec = ns / 1000000000;
	to->tv_nsec = ns % 1000000000;
	return 0;
}

void sim_time_begin(int64_t wall_ms)
{
	atomic_store(&mono_ns, real_ns(CLOCK_BOOTTIME));
	atomic_store(&wall_ns, (long long)wall_ms * 1000000);
	atomic_store(&on, true);
}

void sim_time_end(void)
{
	atomic_store(&on, false);
}

void sim_time_advance(int64_t ms)
{
	atomic_fetch_add(&mono_ns, (long long)ms * 1000000);
	atomic_fetch_add(&wall_ns, (long long)ms * 1000000);
}

int64_t sim_time_wall_ms(void)
{
	return atomic_load(&wall_ns) / 1000000;
}
