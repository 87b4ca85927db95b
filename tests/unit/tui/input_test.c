#include <stdlib.h>
#include <string.h>

#include "shared/base/text.h"

#include "tests/unit/testing.h"
#include "tests/unit/tui/canvas.h"
#include "tui/input.h"
#include "tui/keys.h"

/* keys by their names, "hello Left M-b"; other words are typed. "_" is a blank */
static void press(struct input *in, const char *keys)
{
	while (*keys) {
		size_t len = strcspn(keys, " ");
		struct key k;

		if ((len > 1 || *keys == '^') && key_parse(keys, len, &k)) {
			assert_true(input_key(in, &k));
		} else {
			for (size_t i = 0, n; i < len; i += n) {
				uint32_t code = 0;

				n = utf8_decode((const uint8_t *)keys + i, len - i, &code);
				k = (struct key){ .code = code == '_' ? ' ' : (int32_t)code };
				assert_true(input_key(in, &k));
			}
		}
		keys += len + (keys[len] == ' ');
	}
}

static void paste(struct input *in, const char *text)
{
	char own[512];

	snprintf(own, sizeof own, "%s", text);
	assert_true(input_key(in, &(struct key){ .code = TERM_KEY_PASTE, .paste = own }));
}

/* "|" stands where the cursor is */
static void expect(const struct input *in, const char *want)
{
	char got[512];

	assert_int_equal(strlen(in->text), in->len);
	assert_true(utf8_valid(span_of(in->text, in->len)));
	snprintf(got, sizeof got, "%.*s|%s", (int)in->cursor, in->text, in->text + in->cursor);
	assert_string_equal(got, want);
}

static void keys_of_readline_edit(void **state)
{
	static const struct {
		const char *keys, *want;
	} rows[] = {
		{ "hello", "hello|" },
		{ "one_two_three ^W", "one two |" },
		{ "one_two_three ^W ^W", "one |" },
		{ "one_two_ ^W", "one |" },
		{ "^W ^U ^K ^D Bksp Del Left Right", "|" },
		{ "one_two ^A ^K", "|" },
		{ "one_two M-b ^K", "one |" },
		{ "one_two M-b ^U", "|two" },
		{ "one_two ^A M-f", "one| two" },
		{ "one_two ^A M-f M-f M-f", "one two|" },
		{ "one_two ^A M-d", "| two" },
		{ "one_two M-Bksp x", "one x|" },
		{ "abc Left Left X", "aX|bc" },
		{ "abc Home X End Y", "XabcY|" },
		{ "abc ^B ^B ^F x", "abx|c" },
		{ "abc Left Bksp", "a|c" },
		{ "abc Home Del ^D", "|c" },
		{ "abc ^A ^E ^H", "ab|" },
		{ "q?:12/ ", "q?:12/|" },
		{ "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80 Left Bksp", "\xc3\xa9|\xf0\x9f\x98\x80" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct input in;

		input_init(&in, NULL, 100);
		press(&in, rows[i].keys);
		expect(&in, rows[i].want);
		input_done(&in);
	}
}

static void the_cursor_moves_by_what_people_see(void **state)
{
	/* a family of four, a flag, a letter with an accent of its own, Devanagari, a thumb */
	static const char *const one[] = {
		"\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7\xe2\x80\x8d\xf0\x9f\x91\xa6",
		"\xf0\x9f\x87\xae\xf0\x9f\x87\xa9",
		"e\xcc\x81",
		"\xe0\xa4\x95\xe0\xa5\x8d",
		"\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(one); i++) {
		struct input in;
		char text[64];

		snprintf(text, sizeof text, "a%sb", one[i]);
		input_init(&in, text, 100);
		press(&in, "Left Left");
		assert_int_equal(in.cursor, 1);
		press(&in, "Del");
		expect(&in, "a|b");
		input_set(&in, text);
		press(&in, "Left Bksp");
		expect(&in, "a|b");
		input_done(&in);
	}
}

static void some_keys_are_never_for_it(void **state)
{
	static const char *const names[] = { "Enter", "Tab",     "S-Tab", "Up", "Down", "Esc",
					     "PgUp",  "PgDn",    "F1",    "^S", "^P",   "^L",
					     "M-m",   "M-Enter", "Ins",   "^C" };
	static const int32_t codes[] = { TERM_KEY_NONE,  TERM_KEY_RESIZE,
					 TERM_KEY_MOUSE, 0,
					 0x85,           0xd800,
					 0x110000,       KEY_UP | TERM_KEY_FUNCTION };
	struct input in;
	struct key k;

	(void)state;
	input_init(&in, "text", 100);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		assert_true(key_parse(names[i], strlen(names[i]), &k));
		assert_false(input_key(&in, &k));
	}
	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		assert_false(input_key(&in, &(struct key){ .code = codes[i] }));
	expect(&in, "text|");
	input_done(&in);
}

static void pastes_keep_to_the_line(void **state)
{
	struct input in;

	(void)state;
	input_init(&in, "ab", 30);
	press(&in, "Left");
	paste(&in, "one\ttwo\nthree\nfour");
	expect(&in, "aone two|b");
	input_set(&in, "");
	paste(&in, "\r\n\nfirst that says something\r\nsecond");
	expect(&in, "first that says something|");
	input_set(&in, "");
	paste(&in, "\x1b[31mred\x07\xc2\x9b!\xff\xc3");
	expect(&in, "[31mred!|");
	in.multiline = true;
	input_set(&in, "");
	paste(&in, "one\r\ntwo\rthree\n\nfour\t.");
	expect(&in, "one\ntwo\nthree\n\nfour\t.|");
	press(&in, "M-Enter x");
	expect(&in, "one\ntwo\nthree\n\nfour\t.\nx|");
	input_done(&in);
}

static void texts_have_a_bound_in_bytes(void **state)
{
	struct input in;

	(void)state;
	input_init(&in, "far longer than it may be", 4);
	expect(&in, "far |");
	press(&in, "x");
	expect(&in, "far |");
	press(&in, "Bksp Bksp \xe2\x82\xac"); /* three bytes, two are free */
	expect(&in, "fa|");
	paste(&in, "\xc3\xa9\xc3\xa9");
	expect(&in, "fa\xc3\xa9|");
	in.multiline = true;
	press(&in, "M-Enter");
	expect(&in, "fa\xc3\xa9|");
	input_done(&in);
}

static void open_plain(struct canvas *c, bool ascii)
{
	canvas_open(c, "xterm-256color", 30, 40, THEME_MONO, ascii);
}

struct place {
	int y, x;
};

/* where the hardware cursor is after that */
static struct place draw(struct canvas *c, struct input *in, int columns, bool focused)
{
	struct place at;

	screen_begin(c->screen);
	input_draw(in, c->screen, screen_all(c->screen), 1, 2, columns, focused);
	screen_end(c->screen);
	getyx(stdscr, at.y, at.x);
	return at;
}

static void the_cursor_always_shows(void **state)
{
	struct input in;
	struct place at;
	struct canvas c;

	(void)state;
	open_plain(&c, false);
	input_init(&in, "0123456789abcdefghij", 100);
	at = draw(&c, &in, 10, true);
	ROW_IS(1, 0,
	       "  \xe2\x80\xb9"
	       "cdefghij");
	assert_int_equal(at.y, 1);
	assert_int_equal(at.x, 11);
	press(&in, "Home");
	at = draw(&c, &in, 10, true);
	ROW_IS(1, 0, "  012345678\xe2\x80\xa6");
	assert_int_equal(at.x, 2);
	for (int i = 0; i <= 20; i++) { /* at every place */
		at = draw(&c, &in, 10, true);
		assert_in_range(at.x, 2, 11);
		if (i < 20 && at.x < 11)
			assert_int_equal((int)(mvinch(1, at.x) & A_CHARTEXT),
					 "0123456789abcdefghij"[i]);
		press(&in, "Right");
	}
	at = draw(&c, &in, 10, false); /* not in focus: from its start */
	ROW_IS(1, 0, "  012345678\xe2\x80\xa6");
	input_done(&in);
	canvas_close(&c);
}

static void wide_and_hostile_texts_keep_their_columns(void **state)
{
	struct input in;
	struct place at;
	struct canvas c;

	(void)state;
	open_plain(&c, false);
	input_init(&in, "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", 100);
	at = draw(&c, &in, 10, true);
	assert_int_equal(at.x, 2 + 6);
	press(&in, "Left");
	at = draw(&c, &in, 10, true);
	assert_int_equal(at.x, 2 + 4);
	input_set(&in, "a\xe2\x80\xae"
		       "b"); /* an override of direction */
	at = draw(&c, &in, 10, true);
	ROW_IS(1, 0, "  ab");
	assert_int_equal(at.x, 4);
	in.multiline = true;
	input_set(&in, "one\ntwo");
	at = draw(&c, &in, 12, true);
	ROW_IS(1, 0, "  one\xe2\x86\xb5two");
	in.multiline = false;
	in.secret = true;
	input_set(&in, "p\xc3\xa4ss");
	at = draw(&c, &in, 12, true);
	ROW_IS(1, 0, "  \xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2");
	assert_int_equal(at.x, 6);
	input_done(&in);
	canvas_close(&c);
	open_plain(&c, true);
	input_init(&in, "one\ntwo \xc3\xa9", 100);
	at = draw(&c, &in, 20, true);
	ROW_IS(1, 0, "  one\\ntwo e");
	input_done(&in);
	canvas_close(&c);
}

static struct place draw_rows(struct canvas *c, struct input *in, int rows, int columns)
{
	struct place at;

	screen_begin(c->screen);
	input_draw_rows(in, c->screen, (struct rect){ 0, 0, rows, columns }, true);
	screen_end(c->screen);
	getyx(stdscr, at.y, at.x);
	return at;
}

static void long_texts_break_between_words(void **state)
{
	static const struct term_charset cs = { .ascii = false };
	struct input in;
	struct place at;
	struct canvas c;

	(void)state;
	open_plain(&c, false);
	input_init(&in, "The quick brown fox\njumps over\n\nhttp://a.very.long/word", 200);
	in.multiline = true;
	assert_int_equal(input_rows(&in, cs, 12, 99), 7);
	assert_int_equal(input_rows(&in, cs, 12, 4), 4);
	at = draw_rows(&c, &in, 8, 12);
	ROW_IS(0, 0, "The quick");
	ROW_IS(1, 0, "brown fox");
	ROW_IS(2, 0, "jumps over");
	ROW_IS(3, 0, "");
	ROW_IS(4, 0, "http://a.ve");
	ROW_IS(5, 0, "ry.long/wor");
	ROW_IS(6, 0, "d");
	assert_int_equal(at.y, 6);
	assert_int_equal(at.x, 1);
	at = draw_rows(&c, &in, 3, 12); /* less room: the cursor's row shows */
	ROW_IS(2, 0, "d");
	assert_int_equal(at.y, 2);
	assert_true(input_move_row(&in, cs, 12, -1));
	assert_true(input_move_row(&in, cs, 12, -1));
	at = draw_rows(&c, &in, 3, 12);
	assert_int_equal(at.y, 0);
	assert_int_equal(at.x, 1);
	for (int i = 0; i < 4; i++)
		assert_true(input_move_row(&in, cs, 12, -1));
	assert_false(input_move_row(&in, cs, 12, -1));
	at = draw_rows(&c, &in, 3, 12);
	ROW_IS(0, 0, "The quick");
	for (int i = 0; i < 6; i++)
		assert_true(input_move_row(&in, cs, 12, 1));
	assert_false(input_move_row(&in, cs, 12, 1));
	input_done(&in);
	canvas_close(&c);
}

static void a_blank_that_does_not_fit_is_the_break(void **state)
{
	struct canvas c;
	struct input in;

	(void)state;
	open_plain(&c, false);
	input_init(&in, "abcd efgh  i", 200);
	in.multiline = true;
	draw_rows(&c, &in, 8, 5); /* four and the cursor's column */
	ROW_IS(0, 0, "abcd");
	ROW_IS(1, 0, "efgh");
	ROW_IS(2, 0, " i"); /* the second blank is text */
	input_done(&in);
	canvas_close(&c);
}

/* at each place of each text, in any width, the cursor is on the screen */
static void the_cursor_is_in_some_row_wherever_it_is(void **state)
{
	static const char *const texts[] = {
		"",
		"\n",
		"\n\n",
		"a b c d e f g h",
		"      ",
		"aaaaaaaaaaaaaaaaaaaa",
		"aaa\n",
		"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e",
		"abc     def",
	};
	struct canvas c;

	(void)state;
	open_plain(&c, false);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		for (int columns = 4; columns < 12; columns++) {
			struct input in;
			size_t last;

			input_init(&in, texts[i], 200);
			in.multiline = true;
			do {
				int rows = input_rows(&in, (struct term_charset){ 0 }, columns, 99);

				struct place at = draw_rows(&c, &in, 30, columns);
				assert_in_range(at.y, 0, rows - 1);
				assert_in_range(at.x, 0, columns - 1);
				last = in.cursor;
				press(&in, "Left");
			} while (in.cursor != last);
			input_done(&in);
		}
	canvas_close(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_of_readline_edit),
		cmocka_unit_test(the_cursor_moves_by_what_people_see),
		cmocka_unit_test(some_keys_are_never_for_it),
		cmocka_unit_test(pastes_keep_to_the_line),
		cmocka_unit_test(texts_have_a_bound_in_bytes),
		cmocka_unit_test(the_cursor_always_shows),
		cmocka_unit_test(wide_and_hostile_texts_keep_their_columns),
		cmocka_unit_test(long_texts_break_between_words),
		cmocka_unit_test(a_blank_that_does_not_fit_is_the_break),
		cmocka_unit_test(the_cursor_is_in_some_row_wherever_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
