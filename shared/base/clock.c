#include "shared/base/clock.h"

#include <stdio.h>
#include <time.h>

static int64_t read_ms(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static mono_ms real_mono(const struct clock *c)
{
	(void)c;
	return (mono_ms){ read_ms(CLOCK_MONOTONIC) };
}

static unix_ms real_unix(const struct clock *c)
{
	(void)c;
	return (unix_ms){ read_ms(CLOCK_REALTIME) };
}

const struct clock *clock_real(void)
{
	static const struct clock real = { real_mono, real_unix };

	return &real;
}

static mono_ms fake_mono(const struct clock *c)
{
	return ((const struct clock_fake *)c)->mono;
}

static unix_ms fake_unix(const struct clock *c)
{
	return ((const struct clock_fake *)c)->unix_now;
}

void clock_fake_init(struct clock_fake *f, int64_t unix_ms_at_start)
{
	*f = (struct clock_fake){ .base = { fake_mono, fake_unix },
				  .unix_now = { unix_ms_at_start } };
}

void clock_fake_advance(struct clock_fake *f, int64_t ms)
{
	f->mono.ms += ms;
	f->unix_now.ms += ms;
}

/* Days since 1970 to a date: years are counted from March, so the leap day comes last. */
static void civil_date(int64_t days, int64_t *ret_year, unsigned *ret_month, unsigned *ret_day)
{
	int64_t shifted = days + 719468;
	int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
	unsigned day_of_era = (unsigned)(shifted - era * 146097);
	unsigned year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	unsigned day_of_year =
		day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	unsigned month_from_march = (5 * day_of_year + 2) / 153;

	*ret_day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
	*ret_month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
	*ret_year = (int64_t)year_of_era + era * 400 + (*ret_month <= 2);
}

void unix_ms_text(unix_ms t, char out[static 25])
{
	const int64_t day_ms = 86400000, last_ms = 253402300799999; /* 9999-12-31T23:59:59.999Z */
	int64_t ms = t.ms < 0 ? 0 : t.ms > last_ms ? last_ms : t.ms;
	unsigned month, day, of_day = (unsigned)(ms % day_ms);
	int64_t year;

	civil_date(ms / day_ms, &year, &month, &day);
	snprintf(out, 25, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ", (unsigned)year % 10000,
		 month % 100, day % 100, of_day / 3600000 % 100, of_day / 60000 % 60,
		 of_day / 1000 % 60, of_day % 1000);
}
