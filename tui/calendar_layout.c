#include "tui/calendar_layout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ERA_DAYS = 146097, ERA_YEARS = 400, EPOCH_SHIFT = 719468, CELL_LEAST = 3, RULES_FROM = 6 };

/* years begin in March here, so that a leap day is the last of its year */
int32_t cal_day(struct cal_date d)
{
	int y = d.year - (d.month <= 2), era = y / ERA_YEARS;
	int of_era = y - era * ERA_YEARS;
	int of_year = (153 * (d.month + (d.month > 2 ? -3 : 9)) + 2) / 5 + d.day - 1;

	return era * ERA_DAYS + of_era * 365 + of_era / 4 - of_era / 100 + of_year - EPOCH_SHIFT;
}

struct cal_date cal_date(int32_t day)
{
	int z = day + EPOCH_SHIFT, era = z / ERA_DAYS, of_era = z - era * ERA_DAYS;
	int y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int of_year = of_era - (365 * y + y / 4 - y / 100);
	int m = (5 * of_year + 2) / 153;
	struct cal_date d;

	d.day = of_year - (153 * m + 2) / 5 + 1;
	d.month = m < 10 ? m + 3 : m - 9;
	d.year = y + era * ERA_YEARS + (d.month <= 2);
	return d;
}

int cal_weekday(int32_t day)
{
	return ((day + 4) % 7 + 7) % 7; /* 1970-01-01 was a Thursday */
}

int cal_month_len(int year, int month)
{
	static const int len[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return len[month - 1] + (month == 2 && leap);
}

int32_t cal_week_first(int32_t day, int first_weekday)
{
	return day - (cal_weekday(day) - first_weekday + 7) % 7;
}

int32_t cal_clamp(int64_t day)
{
	int32_t min = cal_day((struct cal_date){ CAL_YEAR_MIN, 1, 1 });
	int32_t max = cal_day((struct cal_date){ CAL_YEAR_MAX, 12, 31 });

	return day < min ? min : day > max ? max : (int32_t)day;
}

int32_t cal_month_add(int32_t day, int months)
{
	struct cal_date d = cal_date(day);
	int at = d.year * 12 + d.month - 1 + months, len;

	if (at < CAL_YEAR_MIN * 12 || at >= (CAL_YEAR_MAX + 1) * 12)
		return day;
	d.year = at / 12;
	d.month = at % 12 + 1;
	len = cal_month_len(d.year, d.month);
	d.day = d.day > len ? len : d.day;
	return cal_day(d);
}

struct cal_month cal_month(int32_t day, int first_weekday)
{
	struct cal_date d = cal_date(day);
	struct cal_month m;

	m.begin = day - d.day + 1;
	m.end = m.begin + cal_month_len(d.year, d.month);
	m.first = cal_week_first(m.begin, first_weekday);
	m.weeks = (m.end - m.first + 6) / 7;
	return m;
}

struct cal_grid cal_grid(int weeks, int rows, int columns)
{
	struct cal_grid g = { .cell_columns = columns / 7 };
	int room = rows - 2, tail = room - weeks * CELL_LEAST;

	tail = tail > 2 ? 2 : tail < 0 ? 0 : tail;
	g.cell_rows = (room - tail) / weeks;
	g.has_rules = g.cell_rows >= RULES_FROM;
	g.tail = room - weeks * g.cell_rows;
	return g;
}

static bool number(const char **at, size_t digits_min, size_t digits_max, int *ret)
{
	size_t n = strspn(*at, "0123456789");
	char text[8];

	if (n < digits_min || n > digits_max)
		return false;
	memcpy(text, *at, n);
	text[n] = '\0';
	*ret = (int)strtol(text, NULL, 10);
	*at += n;
	return true;
}

static bool by_date(const char *at, struct cal_date *d)
{
	if (!number(&at, 4, 4, &d->year) || *at++ != '-' || !number(&at, 1, 2, &d->month))
		return false;
	d->day = 1;
	if (*at == '-') {
		at++;
		if (!number(&at, 1, 2, &d->day))
			return false;
	}
	return *at == '\0';
}

bool cal_parse(const char *text, int32_t near, int32_t *ret)
{
	struct cal_date d = cal_date(near);
	const char *at = text + (*text == '+' || *text == '-');
	int n;

	if (at > text) {
		if (!number(&at, 1, 5, &n) || *at)
			return false;
		*ret = cal_clamp((int64_t)near + (*text == '-' ? -n : n));
		return true;
	}
	if (strchr(text, '-') == NULL) {
		if (!number(&at, 1, 2, &d.day) || *at)
			return false;
	} else if (!by_date(text, &d)) {
		return false;
	}
	if (d.year < CAL_YEAR_MIN || d.year > CAL_YEAR_MAX || d.month < 1 || d.month > 12 ||
	    d.day < 1 || d.day > cal_month_len(d.year, d.month))
		return false;
	*ret = cal_day(d);
	return true;
}
