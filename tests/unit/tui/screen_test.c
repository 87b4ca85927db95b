#include <math.h>

#include "tests/unit/testing.h"
#include "tests/unit/tui/canvas.h"

#define H "\xe2\x94\x80"
#define V "\xe2\x94\x82"
#define DOTS "\xe2\x80\xa6"

static void open_plain(struct canvas *c)
{
	canvas_open(c, "xterm-256color", 10, 20, THEME_DARK, false);
}

static void text_stays_in_its_rectangle(void **state)
{
	struct rect r = { 2, 5, 2, 6 };
	struct canvas c;

	(void)state;
	open_plain(&c);
	assert_int_equal(screen_text(c.screen, r, 0, 0, STYLE_NORMAL, "abc"), 3);
	assert_int_equal(screen_text(c.screen, r, 1, 2, STYLE_NORMAL, "abcdefgh"), 4);
	ROW_IS(2, 0, "     abc");
	ROW_IS(3, 0, "       abc" DOTS);
	/* nothing outside: rows, columns, the screen's own edge */
	assert_int_equal(screen_text(c.screen, r, 2, 0, STYLE_NORMAL, "no"), 0);
	assert_int_equal(screen_text(c.screen, r, -1, 0, STYLE_NORMAL, "no"), 0);
	assert_int_equal(screen_text(c.screen, r, 0, 6, STYLE_NORMAL, "no"), 0);
	ROW_IS(4, 0, "");
	ROW_IS(1, 0, "");
	assert_int_equal(
		screen_text(c.screen, (struct rect){ 9, 17, 5, 50 }, 0, 0, STYLE_NORMAL, "12345"),
		3);
	ROW_IS(9, 17, "12" DOTS);
	assert_int_equal(
		screen_text(c.screen, (struct rect){ 9, 17, 5, 50 }, 1, 0, STYLE_NORMAL, "no"), 0);
	canvas_close(&c);
}

static void wide_text_is_cut_by_columns(void **state)
{
	struct rect r = { 0, 0, 1, 6 };
	struct canvas c;

	(void)state;
	open_plain(&c);
	assert_int_equal(screen_text(c.screen, r, 0, 0, STYLE_NORMAL,
				     "\xe4\xbd\xa0\xe5\xa5\xbd\xe4\xbd\xa0\xe5\xa5\xbd"),
			 5);
	ROW_IS(0, 0, "\xe4\xbd\xa0\xe5\xa5\xbd" DOTS);
	screen_cell(c.screen, r, 0, 0, 5, true, STYLE_NORMAL, "\xe4\xbd\xa0");
	ROW_IS(0, 0, "   \xe4\xbd\xa0");
	canvas_close(&c);
}

static void cells_are_as_wide_as_said(void **state)
{
	struct rect r = { 0, 0, 3, 20 };
	struct canvas c;

	(void)state;
	open_plain(&c);
	screen_text(c.screen, r, 0, 0, STYLE_NORMAL, "xxxxxxxxxxxxxxxxxxxx");
	screen_cell(c.screen, r, 0, 2, 6, false, STYLE_NORMAL, "ab");
	ROW_IS(0, 0, "xxab    xxxxxxxxxxxx");
	screen_cell(c.screen, r, 0, 2, 6, true, STYLE_NORMAL, "ab");
	ROW_IS(0, 0, "xx    abxxxxxxxxxxxx");
	screen_cell(c.screen, r, 0, 2, 6, true, STYLE_NORMAL, "abcdefgh");
	ROW_IS(0, 0, "xxabcde" DOTS "xxxxxxxxxxxx");
	screen_cell(c.screen, r, 0, 18, 6, false, STYLE_NORMAL, "abcdefgh");
	ROW_IS(0, 16, "xxa" DOTS);
	screen_right(c.screen, r, 1, STYLE_NORMAL, "end");
	ROW_IS(1, 0, "                 end");
	screen_textf(c.screen, r, 2, 1, STYLE_NORMAL, "%d of %s", 3, "\033[2Jfour");
	ROW_IS(2, 0, " 3 of \xef\xbf\xbd[2Jfour");
	canvas_close(&c);
}

static void boxes_have_a_title_and_an_inside(void **state)
{
	struct canvas c;
	struct rect inside;

	(void)state;
	open_plain(&c);
	inside = screen_box(c.screen, (struct rect){ 1, 2, 4, 12 }, STYLE_BORDER, "a long title");
	ROW_IS(1, 0, "  \xe2\x94\x8c" H " a lon" DOTS " " H "\xe2\x94\x90");
	ROW_IS(2, 0, "  " V "          " V);
	ROW_IS(4, 0, "  \xe2\x94\x94" H H H H H H H H H H "\xe2\x94\x98");
	assert_int_equal(inside.y, 2);
	assert_int_equal(inside.x, 3);
	assert_int_equal(inside.h, 2);
	assert_int_equal(inside.w, 10);
	inside = screen_box(c.screen, (struct rect){ 0, 0, 1, 1 }, STYLE_BORDER, "t");
	assert_int_equal(inside.h, 0);
	canvas_close(&c);
}

static void ascii_draws_with_ascii(void **state)
{
	struct canvas c;

	(void)state;
	canvas_open(&c, "vt100", 6, 20, THEME_MONO, true);
	screen_box(c.screen, (struct rect){ 0, 0, 3, 12 }, STYLE_BORDER, "\xc3\xa9t\xc3\xa9");
	screen_text(c.screen, (struct rect){ 0, 0, 6, 8 }, 4, 0, STYLE_NORMAL,
		    "one\xe2\x80\xa6 two");
	ROW_IS(0, 0, "+- ete ----+");
	ROW_IS(1, 0, "|          |");
	ROW_IS(4, 0, "one.....");
	canvas_close(&c);
}

static void qr_cells_show_dark_on_light(void **state)
{
	static const struct {
		const char *kind;
		enum term_theme theme;
	} kinds[] = { { "xterm-256color", THEME_DARK },
		      { "linux", THEME_DARK },
		      { "vt100", THEME_MONO } };
	struct rect r = { 0, 0, 2, 4 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct canvas c;

		canvas_open(&c, kinds[i].kind, 6, 20, kinds[i].theme, false);
		screen_qr_cell(c.screen, r, 0, 0, "\xe2\x96\x80");
		screen_qr_cell(c.screen, r, 0, 1,
			       "\xe2\x96\x88"); /* all dark: a blank, turned over */
		screen_qr_cell(c.screen, r, 0, 2, " ");
		screen_qr_cell(c.screen, r, 0, 9, "\xe2\x96\x80"); /* outside */
		ROW_IS(0, 0, "\xe2\x96\x80");
		assert_int_equal(canvas_attrs(0, 0), theme_qr(&c.term, false));
		assert_int_equal(canvas_attrs(0, 1), theme_qr(&c.term, true));
		assert_int_not_equal(theme_qr(&c.term, true) & A_REVERSE,
				     theme_qr(&c.term, false) & A_REVERSE);
		if (c.term.colors) {
			int fg, bg;

			extended_pair_content(PAIR_NUMBER((int)theme_qr(&c.term, false)), &fg, &bg);
			assert_int_equal(fg, c.term.colors == 256 ? 16 : COLOR_BLACK);
			assert_int_equal(bg, c.term.colors == 256 ? 231 : COLOR_WHITE);
		} else {
			assert_true(theme_qr(&c.term, false) & A_REVERSE);
		}
		canvas_close(&c);
	}
}

static void a_stale_screen_is_dim_but_shows_the_selection(void **state)
{
	struct rect r = { 0, 0, 2, 20 };
	struct canvas c;

	(void)state;
	open_plain(&c);
	screen_dim(c.screen, true);
	screen_text(c.screen, r, 0, 0, STYLE_BAD, "x");
	screen_text(c.screen, r, 1, 0, STYLE_SELECTED, "x");
	assert_int_equal(canvas_attrs(0, 0), theme_attrs(STYLE_DIM));
	assert_int_equal(canvas_attrs(1, 0), theme_attrs(STYLE_DIM) | A_REVERSE);
	canvas_close(&c);
}

static void rectangles_are_cut_up(void **state)
{
	struct rect all = { 0, 0, 24, 80 }, rest = all, r;

	(void)state;
	r = rect_top(&rest, 1);
	assert_true(r.h == 1 && r.w == 80 && rest.y == 1 && rest.h == 23);
	r = rect_bottom(&rest, 2);
	assert_true(r.y == 22 && r.h == 2 && rest.h == 21);
	r = rect_left(&rest, 30);
	assert_true(r.w == 30 && r.h == 21 && rest.x == 30 && rest.w == 50);
	r = rect_right(&rest, 99);
	assert_true(r.x == 30 && r.w == 50 && rest.w == 0);
	r = rect_left(&rest, 5);
	assert_true(r.w == 0 && rest.w == 0);
	r = rect_middle(all, 10, 40);
	assert_true(r.y == 7 && r.x == 20 && r.h == 10 && r.w == 40);
	r = rect_middle(all, 100, -3);
	assert_true(r.h == 24 && r.w == 0);
}

/* -- the palette -- */
static double light_of(int part)
{
	double v = part / 255.0;

	return v <= 0.03928 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

/* relative luminance of one of the 256 colours above 15 */
static double luminance(int color)
{
	static const int steps[] = { 0, 95, 135, 175, 215, 255 };
	int gray = 8 + (color - 232) * 10, rest = color - 16;

	if (color >= 232)
		return light_of(gray);
	return 0.2126 * light_of(steps[rest / 36]) + 0.7152 * light_of(steps[rest / 6 % 6]) +
	       0.0722 * light_of(steps[rest % 6]);
}

static void every_text_can_be_read_on_black_and_on_white(void **state)
{
	static const struct {
		int dark, light;
	} styles[] = {
#define X(name, attrs, dark, light, eight) { dark, light },
		STYLE_TABLE(X)
#undef X
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(styles); i++) {
		if (styles[i].dark < 0 || i == STYLE_BORDER) /* no text */
			continue;
		assert_true((luminance(styles[i].dark) + 0.05) / 0.05 >= 4.5);
		assert_true(1.05 / (luminance(styles[i].light) + 0.05) >= 4.5);
	}
}

/* of the eight colours some are too pale for white paper */
static void few_colours_are_dark_on_light(void **state)
{
	struct canvas c;

	(void)state;
	canvas_open(&c, "linux", 6, 20, THEME_LIGHT, false);
	assert_int_equal(c.term.colors, 8);
	for (int i = 0; i < STYLE_COUNT; i++) {
		int fg, bg;

		extended_pair_content(PAIR_NUMBER((int)theme_attrs((enum style)i)), &fg, &bg);
		assert_true(fg != COLOR_YELLOW && fg != COLOR_GREEN && fg != COLOR_CYAN &&
			    fg != COLOR_WHITE);
		assert_int_equal(bg, -1);
	}
	canvas_close(&c);
}

static void codes_without_colours_follow_the_ground(void **state)
{
	struct canvas c;

	(void)state;
	canvas_open(&c, "vt100", 6, 20, THEME_LIGHT, true);
	assert_int_equal(theme_qr(&c.term, false), A_NORMAL);
	assert_int_equal(theme_qr(&c.term, true), A_REVERSE);
	c.term.theme = THEME_MONO;
	assert_int_equal(theme_qr(&c.term, false), A_REVERSE);
	assert_int_equal(theme_qr(&c.term, true), A_NORMAL);
	canvas_close(&c);
}

static void styles_differ_without_colours(void **state)
{
	struct canvas c;

	(void)state;
	canvas_open(&c, "vt100", 6, 20, THEME_MONO, true);
	for (int i = 0; i < STYLE_COUNT; i++)
		assert_int_equal(theme_attrs((enum style)i) & A_COLOR, 0);
	assert_true(theme_attrs(STYLE_SELECTED) & A_REVERSE);
	assert_true(theme_attrs(STYLE_BAD) & A_BOLD);
	canvas_close(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_stays_in_its_rectangle),
		cmocka_unit_test(wide_text_is_cut_by_columns),
		cmocka_unit_test(cells_are_as_wide_as_said),
		cmocka_unit_test(boxes_have_a_title_and_an_inside),
		cmocka_unit_test(ascii_draws_with_ascii),
		cmocka_unit_test(qr_cells_show_dark_on_light),
		cmocka_unit_test(a_stale_screen_is_dim_but_shows_the_selection),
		cmocka_unit_test(rectangles_are_cut_up),
		cmocka_unit_test(every_text_can_be_read_on_black_and_on_white),
		cmocka_unit_test(few_colours_are_dark_on_light),
		cmocka_unit_test(codes_without_colours_follow_the_ground),
		cmocka_unit_test(styles_differ_without_colours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
