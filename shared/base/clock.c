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

static int64_t days_since_1970(int64_t year, unsigned month, unsigned day)
{
	int64_t y = year - (month <= 2), era = y / 400;
	unsigned year_of_era = (unsigned)(y - era * 400);
	unsigned day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
	       day_of_year - 719468;
}

/* exactly `digits` digits, moving on; -1 when they are not there */
static int take_number(const char **at, int digits)
{
	int v = 0;

	for (int i = 0; i < digits; i++, (*at)++) {
		if (**at < '0' || **at > '9')
			return -1;
		v = v * 10 + (**at - '0');
	}
	return v;
}

static bool take_char(const char **at, char c)
{
	if (**at != c)
		return false;
	(*at)++;
	return true;
}

static bool take_zone(const char **at, int64_t *ret_ms)
{
	int sign = **at == '-' ? -1 : 1, hours, minutes;

	*ret_ms = 0;
	if (take_char(at, 'Z') || take_char(at, 'z'))
		return true;
	if (!take_char(at, '+') && !take_char(at, '-'))
		return false;
	hours = take_number(at, 2);
	if (hours < 0 || hours > 23 || !take_char(at, ':'))
		return false;
	minutes = take_number(at, 2);
	if (minutes < 0 || minutes > 59)
		return false;
	*ret_ms = (int64_t)sign * (hours * 60 + minutes) * 60000;
	return true;
}

bool unix_ms_parse(const char *text, unix_ms *ret)
{
	static const int month_days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int year, month, day, hour, minute, second, ms = 0, scale = 100;
	int64_t zone_ms;
	bool is_leap;

	/* each step looks at its own characters only, so a short text stops at its NUL */
	if ((year = take_number(&text, 4)) < 1970 || !take_char(&text, '-') ||
	    (month = take_number(&text, 2)) < 1 || month > 12 || !take_char(&text, '-') ||
	    (day = take_number(&text, 2)) < 1 ||
	    !(take_char(&text, 'T') || take_char(&text, ' ')) ||
	    (hour = take_number(&text, 2)) < 0 || hour > 23 || !take_char(&text, ':') ||
	    (minute = take_number(&text, 2)) < 0 || minute > 59 || !take_char(&text, ':') ||
	    (second = take_number(&text, 2)) < 0 || second > 59)
		return false;
	is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	if (day > month_days[month - 1] + (month == 2 && is_leap))
		return false;
	if (take_char(&text, '.')) {
		if (*text < '0' || *text > '9')
			return false;
		for (; *text >= '0' && *text <= '9'; text++, scale /= 10)
			ms += (*text - '0') * scale;
	}
	if (!take_zone(&text, &zone_ms) || *text != '\0')
		return false;
	ret->ms = days_since_1970(year, (unsigned)month, (unsigned)day) * 86400000 +
		  ((int64_t)hour * 60 + minute) * 60000 + (int64_t)second * 1000 + ms - zone_ms;
	return true;
}
