#pragma once
/* Days as numbers (since 1970-01-01) and as the calendar writes them; which days the grid of a month
 * shows, and how much room each gets. Decides no zone and knows no clock: what day it is, is told. */
#include <stdbool.h>
#include <stdint.h>

struct cal_date {
	int year, month, day; /* month and day from 1 */
};

enum {
	CAL_YEAR_MIN = 1970,
	CAL_YEAR_MAX = 2199,
	CAL_MONTH_COLUMNS_MIN = 77, /* a month takes no less: 7 x 11 */
};

int32_t cal_day(struct cal_date d);
struct cal_date cal_date(int32_t day);
int cal_weekday(int32_t day); /* 0 is Sunday */
int cal_month_len(int year, int month);
/* the day of its week that is the first; first_weekday: 0 is Sunday */
int32_t cal_week_first(int32_t day, int first_weekday);
/* the same day of a month before or after, its last one where it has no such day */
int32_t cal_month_add(int32_t day, int months);
/* never outside of the years above */
int32_t cal_clamp(int64_t day);

/* Whole weeks that hold the month of a day. */
struct cal_month {
	int32_t first;      /* the first day shown, of the month before most times */
	int weeks;          /* 4 to 6 */
	int32_t begin, end; /* of the month itself: its first day, and the day behind its last */
};
struct cal_month cal_month(int32_t day, int first_weekday);

/* How a month fills `rows` x `columns`: its title and the names of the weekdays take a row each. */
struct cal_grid {
	int cell_rows, cell_columns; /* of a day, the line at its right and below it included */
	bool has_rules;              /* a line below each week: where there is room for it */
	int tail;                    /* rows left for what is told below: 0 to 2 and what remains */
};
struct cal_grid cal_grid(int weeks, int rows, int columns);

/* "2027-02-14", "2027-02" (its first day), "14" (of the month of `near`), "+3" and "-3" (days from
 * `near`); false when it is none of these or no day of the calendar */
bool cal_parse(const char *text, int32_t near, int32_t *ret);
