/* The colours of the 256 of xterm that text has, against black and against white: 4.5 to 1 or more, as WCAG 2 counts
 * contrast. Lines of frames are no text. */
#include <math.h>
#include <ncurses.h>

#include "shared/base/macros.h"

#include "tests/unit/testing.h"
#include "tui/theme.h"

static const struct {
	const char *name;
	int dark, light, eight;
} looks[] = {
#define X(name, attrs, dark, light, eight) { #name, dark, light, eight },
	STYLE_TABLE(X)
#undef X
};

static double linear(int level)
{
	double v = level / 255.0;

	return v <= 0.03928 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

/* of a colour of the cube or of the greys; the first 16 are the user's own */
static double luminance(int color)
{
	static const int steps[] = { 0, 95, 135, 175, 215, 255 };
	int grey = 8 + 10 * (color - 232), cube = color - 16;

	assert_in_range(color, 16, 255);
	if (color >= 232)
		return linear(grey);
	return 0.2126 * linear(steps[cube / 36]) + 0.7152 * linear(steps[cube / 6 % 6]) +
	       0.0722 * linear(steps[cube % 6]);
}

static double contrast(double a, double b)
{
	return a > b ? (a + 0.05) / (b + 0.05) : (b + 0.05) / (a + 0.05);
}

static void text_can_be_read_on_both_grounds(void **state)
{
	(void)state;
	for (int i = 0; i < STYLE_COUNT; i++) {
		if (i == STYLE_BORDER || looks[i].dark < 0)
			continue;
		if (contrast(luminance(looks[i].dark), 0) < 4.5)
			fail_msg("%s is too dark on black", looks[i].name);
		if (contrast(luminance(looks[i].light), 1) < 4.5)
			fail_msg("%s is too light on white", looks[i].name);
	}
}

/* black on a terminal's own ground, or white, might be the ground itself */
static void nothing_is_black_or_white_on_the_terminals_own(void **state)
{
	(void)state;
	for (int i = 0; i < STYLE_COUNT; i++) {
		assert_int_not_equal(looks[i].eight, COLOR_BLACK);
		assert_int_not_equal(looks[i].eight, COLOR_WHITE);
		assert_true((looks[i].dark < 0) == (looks[i].light < 0));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_can_be_read_on_both_grounds),
		cmocka_unit_test(nothing_is_black_or_white_on_the_terminals_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
