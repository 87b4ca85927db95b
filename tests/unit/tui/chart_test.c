#include "tests/unit/testing.h"
#include "tests/unit/tui/canvas.h"
#include "tui/chart.h"

#define L1 "\xe2\x96\x81"
#define L4 "\xe2\x96\x84"
#define L8 "\xe2\x96\x88"
#define HALF "\xe2\x96\x8c" /* four eighths from the left */
#define V "\xe2\x94\x82"

static void open_plain(struct canvas *c)
{
	canvas_open(c, "xterm-256color", 12, 60, THEME_DARK, false);
}

static void sparks_show_every_level(void **state)
{
	static const int64_t values[] = { -5, 0, 1, 400, 799, 800 };
	struct rect r = { 0, 0, 3, 60 };
	struct canvas c;

	(void)state;
	open_plain(&c);
	chart_spark(c.screen, r, 0, 0, 8, STYLE_OK, values, 6);
	ROW_IS(0, 0, "    " L1 L4 L8 L8);
	chart_spark(c.screen, r, 1, 0, 3, STYLE_OK, values, 6); /* the newest */
	ROW_IS(1, 0, L4 L8 L8);
	chart_spark(c.screen, r, 2, 0, 8, STYLE_OK, values, 0);
	ROW_IS(2, 0, "");
	canvas_close(&c);
	canvas_open(&c, "vt100", 12, 60, THEME_MONO, true);
	chart_spark(c.screen, r, 0, 0, 8, STYLE_OK, values, 6);
	ROW_IS(0, 0, "    .=##");
	canvas_close(&c);
}

static void bars_count_eighths(void **state)
{
	struct rect r = { 0, 0, 5, 60 };
	struct canvas c;

	(void)state;
	open_plain(&c);
	chart_bar(c.screen, r, 0, 0, 4, STYLE_OK, 5, 8);
	ROW_IS(0, 0, L8 L8 HALF);
	chart_bar(c.screen, r, 1, 0, 4, STYLE_OK, 1, 1000000);
	ROW_IS(1, 0, "\xe2\x96\x8f");
	chart_bar(c.screen, r, 2, 0, 4, STYLE_OK, 9, 8);
	ROW_IS(2, 0, L8 L8 L8 L8);
	chart_bar(c.screen, r, 3, 0, 4, STYLE_OK, 0, 0);
	chart_bar(c.screen, r, 4, 0, 4, STYLE_OK, -1, 5);
	ROW_IS(3, 0, "");
	ROW_IS(4, 0, "");
	canvas_close(&c);
	canvas_open(&c, "vt100", 12, 60, THEME_MONO, true);
	chart_bar(c.screen, r, 0, 0, 4, STYLE_OK, 5, 8);
	ROW_IS(0, 0, "###");
	canvas_close(&c);
}

static const int64_t sent[] = { 0, 50, 100, 1200 }, seen[] = { 0, 10, 20, 600 };
static const char *const days[] = { "Mo", NULL, "We", "Th" };

static void columns_have_scale_labels_and_numbers(void **state)
{
	const struct chart_series series[] = { { "sent", STYLE_OK, sent },
					       { "read", STYLE_OK, seen } };
	struct rect r = { 0, 0, 6, 60 };
	struct canvas c;

	(void)state;
	open_plain(&c);
	chart_columns(c.screen, r, series, 1, days, 4, "messages");
	/* the scale goes to 2,000: four rows of bars, 13 columns wide, 1,200 is 2 and 4/10 rows */
	ROW_IS(0, 0, L8 " sent max 1,200 last 1,200 messages");
	ROW_IS(1, 0, "2 k" V);
	ROW_IS(2, 0,
	       "   " V "                                          "
	       "\xe2\x96\x84\xe2\x96\x84\xe2\x96\x84\xe2\x96\x84\xe2\x96\x84\xe2\x96\x84\xe2\x96\x84"
	       "\xe2\x96\x84\xe2\x96\x84\xe2\x96\x84\xe2\x96\x84\xe2\x96\x84\xe2\x96\x84");
	ROW_IS(5, 0, "    Mo                          We            Th");
	screen_begin(c.screen);
	chart_columns(c.screen, r, series, 2, days, 4, NULL);
	ROW_IS(0, 0, L8 " sent max 1,200 last 1,200  \xe2\x96\x92 read max 600 last 600");
	canvas_close(&c);
	canvas_open(&c, "vt100", 12, 60, THEME_MONO, true);
	chart_columns(c.screen, r, series, 2, days, 4, NULL);
	ROW_IS(0, 0, "# sent max 1,200 last 1,200  = read max 600 last 600");
	ROW_IS(4, 0, "  0|              ######======  ######======  ######======");
	canvas_close(&c);
}

/* more values than columns: lines, and the numbers stay */
static void many_values_become_lines(void **state)
{
	int64_t values[200];
	struct chart_series series = { "sent", STYLE_OK, values };
	struct rect r = { 0, 0, 4, 44 };
	struct canvas c;

	(void)state;
	for (int i = 0; i < 200; i++)
		values[i] = i < 100 ? 0 : 100;
	open_plain(&c);
	chart_columns(c.screen, r, &series, 1, NULL, 200, "messages");
	ROW_IS(0, 0, "sent max 100 last 100 messages");
	/* 40 columns of dots: the first half along the bottom, the second along the top */
	ROW_IS(3, 0,
	       "  0" V
	       "\xe2\xa3\x80\xe2\xa3\x80\xe2\xa3\x80\xe2\xa3\x80\xe2\xa3\x80\xe2\xa3\x80\xe2\xa3\x80"
	       "\xe2\xa3\x80\xe2\xa3\x80\xe2\xa3\x80\xe2\xa3\x80\xe2\xa3\x80\xe2\xa3\x80\xe2\xa3\x80"
	       "\xe2\xa3\x80\xe2\xa3\x80\xe2\xa3\x80\xe2\xa3\x80\xe2\xa3\x80\xe2\xa3\x80");
	ROW_IS(1, 24,
	       "\xe2\xa0\x89\xe2\xa0\x89\xe2\xa0\x89\xe2\xa0\x89\xe2\xa0\x89\xe2\xa0\x89\xe2\xa0\x89"
	       "\xe2\xa0\x89\xe2\xa0\x89\xe2\xa0\x89\xe2\xa0\x89\xe2\xa0\x89\xe2\xa0\x89\xe2\xa0\x89"
	       "\xe2\xa0\x89\xe2\xa0\x89\xe2\xa0\x89\xe2\xa0\x89\xe2\xa0\x89\xe2\xa0\x89");
	canvas_close(&c);
}

static void no_room_and_no_values_draw_nothing_wrong(void **state)
{
	const struct chart_series series = { "sent", STYLE_OK, sent };
	struct canvas c;

	(void)state;
	open_plain(&c);
	for (int h = 0; h < 5; h++)
		for (int w = 0; w < 8; w++) {
			chart_columns(c.screen, (struct rect){ 1, 1, h, w }, &series, 1, days, 4,
				      "m");
			chart_columns(c.screen, (struct rect){ 1, 1, h, w }, &series, 1, days, 0,
				      "m");
			chart_columns(c.screen, (struct rect){ 1, 1, h, w }, NULL, 0, NULL, 0,
				      NULL);
		}
	ROW_IS(0, 0, "");
	ROW_IS(6, 0, "");
	ROW_IS(2, 8, "");
	canvas_close(&c);
}

static void numbers_are_short_or_whole(void **state)
{
	static const struct {
		int64_t v;
		const char *whole, *brief;
	} cases[] = {
		{ 0, "0", "0" },
		{ 999, "999", "999" },
		{ 1000, "1,000", "1 k" },
		{ 12345, "12,345", "12.3 k" },
		{ 999999, "999,999", "999.9 k" },
		{ 1234567, "1,234,567", "1.2 M" },
		{ -1500, "-1,500", "-1.5 k" },
		{ INT64_MAX, "9,223,372,036,854,775,807", "9.2 E" },
		{ INT64_MIN, "-9,223,372,036,854,775,808", "-9.2 E" },
	};
	struct canvas c;

	(void)state;
	open_plain(&c);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_string_equal(chart_number(c.screen, cases[i].v), cases[i].whole);
		assert_string_equal(chart_short(c.screen, cases[i].v), cases[i].brief);
	}
	canvas_close(&c);
}

static void scales_are_round(void **state)
{
	(void)state;
	assert_int_equal(chart_scale(-3), 1);
	assert_int_equal(chart_scale(0), 1);
	assert_int_equal(chart_scale(1), 1);
	assert_int_equal(chart_scale(3), 5);
	assert_int_equal(chart_scale(6), 10);
	assert_int_equal(chart_scale(1200), 2000);
	assert_int_equal(chart_scale(5000000000000000001), INT64_MAX);
	assert_int_equal(chart_scale(INT64_MAX), INT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sparks_show_every_level),
		cmocka_unit_test(bars_count_eighths),
		cmocka_unit_test(columns_have_scale_labels_and_numbers),
		cmocka_unit_test(many_values_become_lines),
		cmocka_unit_test(no_room_and_no_values_draw_nothing_wrong),
		cmocka_unit_test(numbers_are_short_or_whole),
		cmocka_unit_test(scales_are_round),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
