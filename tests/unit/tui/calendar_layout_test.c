#include <stdio.h>

#include "tests/unit/testing.h"
#include "tui/calendar_layout.h"

enum { SUNDAY, MONDAY, SATURDAY = 6 };

static int32_t day(int y, int m, int d)
{
	return cal_day((struct cal_date){ y, m, d });
}

static void days_are_counted(void **state)
{
	(void)state;
	assert_int_equal(day(1970, 1, 1), 0);
	assert_int_equal(day(2000, 3, 1), 11017);
	assert_int_equal(day(2026, 11, 26), 20783);
	assert_int_equal(cal_weekday(day(2026, 11, 26)), 4);
	assert_int_equal(cal_weekday(day(2000, 1, 1)), 6);
	/* each day follows the one before, through leap years and centuries */
	for (int32_t at = day(CAL_YEAR_MIN, 1, 1), last = 0; at <= day(CAL_YEAR_MAX, 12, 31);
	     at++) {
		struct cal_date d = cal_date(at);

		assert_int_equal(cal_day(d), at);
		assert_true(d.day == last + 1 || d.day == 1);
		assert_int_equal(cal_weekday(at), (4 + at) % 7);
		last = d.day == cal_month_len(d.year, d.month) ? 0 : d.day;
	}
}

static void check_month(int y, int m, int first_weekday, int weeks, int first_y, int first_m,
			int first_d)
{
	struct cal_month month = cal_month(day(y, m, 15), first_weekday);

	assert_int_equal(month.weeks, weeks);
	assert_int_equal(month.first, day(first_y, first_m, first_d));
	assert_int_equal(month.begin, day(y, m, 1));
	assert_int_equal(month.end - month.begin, cal_month_len(y, m));
	assert_int_equal(cal_weekday(month.first), first_weekday);
	assert_true(month.first + 7 * month.weeks >= month.end);
	assert_true(month.first + 7 * (month.weeks - 1) < month.end);
}

static void a_month_shows_whole_weeks(void **state)
{
	(void)state;
	check_month(2027, 2, MONDAY, 4, 2027, 2, 1);
	check_month(2027, 2, SUNDAY, 5, 2027, 1, 31);
	check_month(2027, 3, MONDAY, 5, 2027, 3, 1);
	check_month(2027, 5, MONDAY, 6, 2027, 4, 26);
	check_month(2027, 5, SATURDAY, 5, 2027, 5, 1);
	check_month(2028, 2, MONDAY, 5, 2028, 1, 31); /* a leap day */
	check_month(2026, 2, SUNDAY, 4, 2026, 2, 1);
}

static void months_follow_each_other(void **state)
{
	(void)state;
	assert_int_equal(cal_month_add(day(2027, 1, 31), 1), day(2027, 2, 28));
	assert_int_equal(cal_month_add(day(2028, 1, 31), 1), day(2028, 2, 29));
	assert_int_equal(cal_month_add(day(2027, 1, 5), -1), day(2026, 12, 5));
	assert_int_equal(cal_month_add(day(2027, 12, 5), 1), day(2028, 1, 5));
	assert_int_equal(cal_month_add(day(2027, 6, 30), -24), day(2025, 6, 30));
	assert_int_equal(cal_month_add(day(CAL_YEAR_MAX, 12, 31), 1), day(CAL_YEAR_MAX, 12, 31));
	assert_int_equal(cal_month_add(day(CAL_YEAR_MIN, 1, 1), -1), day(CAL_YEAR_MIN, 1, 1));
	assert_int_equal(cal_clamp(-5), 0);
	assert_int_equal(cal_clamp(INT64_MAX), day(CAL_YEAR_MAX, 12, 31));
	assert_int_equal(cal_week_first(day(2026, 11, 26), MONDAY), day(2026, 11, 23));
	assert_int_equal(cal_week_first(day(2026, 11, 26), SUNDAY), day(2026, 11, 22));
	assert_int_equal(cal_week_first(day(2026, 11, 22), SUNDAY), day(2026, 11, 22));
}

static void a_grid_fits_its_room(void **state)
{
	struct cal_grid g;

	(void)state;
	for (int weeks = 4; weeks <= 6; weeks++)
		for (int rows = 14; rows < 80; rows++)
			for (int columns = CAL_MONTH_COLUMNS_MIN; columns < 260; columns += 7) {
				g = cal_grid(weeks, rows, columns);
				assert_true(g.cell_rows >= 2 && g.cell_columns >= 11);
				assert_true(2 + weeks * g.cell_rows + g.tail == rows);
				assert_true(7 * g.cell_columns <= columns);
			}
	g = cal_grid(6, 22, 80); /* 80x24 */
	assert_true(g.cell_rows == 3 && g.cell_columns == 11 && g.tail == 2 && !g.has_rules);
	g = cal_grid(4, 22, 80);
	assert_true(g.cell_rows == 4 && g.tail == 4);
	g = cal_grid(5, 58, 200);
	assert_true(g.cell_rows == 10 && g.cell_columns == 28 && g.has_rules);
}

static void dates_are_read(void **state)
{
	static const struct {
		const char *text;
		int y, m, d; /* y 0: refused */
	} rows[] = {
		{ "2027-02-14", 2027, 2, 14 },
		{ "2028-02-29", 2028, 2, 29 },
		{ "2027-02", 2027, 2, 1 },
		{ "2027-2-3", 2027, 2, 3 },
		{ "9", 2026, 11, 9 },
		{ "30", 2026, 11, 30 },
		{ "+5", 2026, 12, 1 },
		{ "-26", 2026, 10, 31 },
		{ "+99999", 2199, 12, 31 },
		{ "-99999", 1970, 1, 1 },
		{ "31", 0, 0, 0 },
		{ "0", 0, 0, 0 },
		{ "", 0, 0, 0 },
		{ "2027-02-29", 0, 0, 0 },
		{ "2027-13", 0, 0, 0 },
		{ "2027-00-01", 0, 0, 0 },
		{ "1969-12-31", 0, 0, 0 },
		{ "2200-01-01", 0, 0, 0 },
		{ "2027-02-14x", 0, 0, 0 },
		{ "2027-", 0, 0, 0 },
		{ "2027-02-", 0, 0, 0 },
		{ "27-02-14", 0, 0, 0 },
		{ "+", 0, 0, 0 },
		{ "-", 0, 0, 0 },
		{ "+1x", 0, 0, 0 },
		{ "+100000", 0, 0, 0 },
		{ "today", 0, 0, 0 },
		{ "\xff\xff", 0, 0, 0 },
		{ "99999999999999999999", 0, 0, 0 },
	};
	int32_t near = day(2026, 11, 26), got;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		bool good = cal_parse(rows[i].text, near, &got);

		if (good != (rows[i].y != 0))
			fail_msg("'%s' was %s", rows[i].text, good ? "taken" : "refused");
		if (good)
			assert_int_equal(got, day(rows[i].y, rows[i].m, rows[i].d));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(days_are_counted),
		cmocka_unit_test(a_month_shows_whole_weeks),
		cmocka_unit_test(months_follow_each_other),
		cmocka_unit_test(a_grid_fits_its_room),
		cmocka_unit_test(dates_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
