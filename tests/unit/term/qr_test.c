#include <string.h>

#include "shared/base/xalloc.h"
#include "shared/term/qr.h"

#include "tests/unit/testing.h"

#define TEXT                                                                                         \
	"2@0123456789012345678901234567890123456789012345678901234567890123,"                        \
	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=,BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA=," \
	"CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCA=,1"

/* bit pattern of the glyph at *at, which moves on */
static unsigned read_glyph(const unsigned char **at, enum qr_style style)
{
	const unsigned char *c = *at;
	unsigned code;

	if (c[0] < 0x80) {
		*at += 1;
		return 0;
	}
	if (c[0] >= 0xf0) {
		code = (c[0] & 7u) << 18 | (c[1] & 63u) << 12 | (c[2] & 63u) << 6 | (c[3] & 63u);
		*at += 4;
		code = code - 0x1fb00 + 1;
		code += code >= 21;
		return code + (code >= 42);
	}
	code = (c[0] & 15u) << 12 | (c[1] & 63u) << 6 | (c[2] & 63u);
	*at += 3;
	if (style == QR_BRAILLE) {
		static const unsigned dots[] = { 0, 3, 1, 4, 2, 5, 6, 7 }; /* bit of each module */
		unsigned bits = 0;

		for (unsigned i = 0; i < 8; i++)
			bits |= (code >> dots[i] & 1) << i;
		return bits;
	}
	if (code == 0x2588)
		return style == QR_HALF ? 3 : 63;
	if (code == 0x2580)
		return 1;
	if (code == 0x2584)
		return 2;
	return code == 0x258c ? 21 : 42;
}

/* Reads the drawing back into modules and compares with the code. */
static void round_trip(enum qr_style style, size_t wide, size_t high, bool color, size_t quiet)
{
	static const char prefix[] = "\033[38;5;16;48;5;231m", suffix[] = "\033[0m";
	struct qr_code q;
	size_t columns, rows, seen_rows = 0;
	struct wr w;
	const unsigned char *at;

	assert_true(qr_code_make(TEXT, &q));
	qr_size(&q, style, quiet, &columns, &rows);
	wr_init(&w, 1 << 20);
	qr_draw(&w, &q, style, quiet, color);
	wr_u8(&w, '\0');
	assert_false(w.bad);
	for (at = w.buf; *at; seen_rows++) {
		size_t x = 0;

		if (color) {
			assert_memory_equal(at, prefix, sizeof prefix - 1);
			at += sizeof prefix - 1;
		}
		for (; *at != '\n' && *at != '\033'; x += wide) {
			unsigned bits = read_glyph(&at, style);

			for (size_t i = 0; i < wide * high; i++) {
				size_t mx = x + i % wide, my = seen_rows * high + i / wide;
				bool inside = mx >= quiet && my >= quiet && mx - quiet < q.width &&
					      my - quiet < q.width;
				bool dark =
					inside && q.modules[(my - quiet) * q.width + mx - quiet];

				assert_int_equal((bits >> i & 1) != 0, dark == color);
			}
		}
		assert_int_equal(x / wide, columns);
		if (color) {
			assert_memory_equal(at, suffix, sizeof suffix - 1);
			at += sizeof suffix - 1;
		}
		assert_int_equal(*at++, '\n');
	}
	assert_int_equal(seen_rows, rows);
	wr_done(&w);
	qr_code_done(&q);
}

static void half_blocks_carry_every_module(void **state)
{
	(void)state;
	round_trip(QR_HALF, 1, 2, true, 4);
	round_trip(QR_HALF, 1, 2, true, 2);
	round_trip(QR_HALF, 1, 2, false, 4);
}

static void sextants_carry_every_module(void **state)
{
	(void)state;
	round_trip(QR_SEXTANT, 2, 3, true, 2);
	round_trip(QR_SEXTANT, 2, 3, false, 4);
}

static void braille_carries_every_module(void **state)
{
	(void)state;
	round_trip(QR_BRAILLE, 2, 4, true, 2);
	round_trip(QR_BRAILLE, 2, 4, false, 3);
}

/* cell by cell it is the same picture as in lines */
static void glyphs_are_those_of_the_drawing(void **state)
{
	static const enum qr_style styles[] = { QR_HALF, QR_SEXTANT, QR_BRAILLE };
	struct qr_code q;

	(void)state;
	assert_true(qr_code_make(TEXT, &q));
	for (size_t i = 0; i < ARRAY_LEN(styles); i++) {
		size_t columns, rows;
		struct wr lines, cells;

		qr_size(&q, styles[i], 2, &columns, &rows);
		wr_init(&lines, 1 << 20);
		wr_init(&cells, 1 << 20);
		qr_draw(&lines, &q, styles[i], 2, true);
		for (size_t y = 0; y < rows; y++) {
			wr_str(&cells, "\033[38;5;16;48;5;231m");
			for (size_t x = 0; x < columns; x++) {
				char glyph[5];

				qr_glyph(&q, styles[i], 2, x, y, glyph);
				wr_str(&cells, glyph);
			}
			wr_str(&cells, "\033[0m\n");
		}
		assert_true(span_eq(wr_span(&lines), wr_span(&cells)));
		wr_done(&lines);
		wr_done(&cells);
	}
	qr_code_done(&q);
}

static void spaces_are_two_cells_a_module(void **state)
{
	struct qr_code q;
	char glyph[5];

	(void)state;
	assert_true(qr_code_make(TEXT, &q));
	for (size_t x = 0; x < 2 * (q.width + 4); x++) {
		bool dark = x >= 4 && x / 2 - 2 < q.width && q.modules[x / 2 - 2];

		qr_glyph(&q, QR_SPACES, 2, x, 2, glyph);
		assert_string_equal(glyph, dark ? "\xe2\x96\x88" : " ");
	}
	qr_code_done(&q);
}

static void sizes_are_those_of_level_l(void **state)
{
	struct qr_code q;
	size_t columns, rows;

	(void)state;
	assert_true(qr_code_make(TEXT, &q));
	assert_int_equal(q.width, 53); /* version 9 up to 230 bytes */
	qr_size(&q, QR_HALF, 4, &columns, &rows);
	assert_int_equal(columns, 61);
	assert_int_equal(rows, 31);
	qr_size(&q, QR_SEXTANT, 2, &columns, &rows);
	assert_int_equal(columns, 29);
	assert_int_equal(rows, 19);
	qr_size(&q, QR_BRAILLE, 4, &columns, &rows);
	assert_int_equal(columns, 31);
	assert_int_equal(rows, 16);
	qr_size(&q, QR_SPACES, 4, &columns, &rows);
	assert_int_equal(columns, 122);
	assert_int_equal(rows, 61);
	qr_code_done(&q);
}

static void spaces_use_the_background_only(void **state)
{
	struct qr_code q;
	struct wr w;

	(void)state;
	assert_true(qr_code_make("x", &q));
	wr_init(&w, 1 << 20);
	qr_draw(&w, &q, QR_SPACES, 2, true);
	for (size_t i = 0; i < w.len; i++)
		assert_true(w.buf[i] < 0x80);
	wr_done(&w);
	qr_code_done(&q);
}

static void what_cannot_be_drawn_is_refused(void **state)
{
	AUTO_FREE char *longer = xcalloc(1, 4000);
	struct qr_code q;

	(void)state;
	memset(longer, 'x', 3999);
	assert_false(qr_code_make(longer, &q));
	assert_false(qr_code_make("", &q));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(half_blocks_carry_every_module),
		cmocka_unit_test(sextants_carry_every_module),
		cmocka_unit_test(braille_carries_every_module),
		cmocka_unit_test(glyphs_are_those_of_the_drawing),
		cmocka_unit_test(spaces_are_two_cells_a_module),
		cmocka_unit_test(sizes_are_those_of_level_l),
		cmocka_unit_test(spaces_use_the_background_only),
		cmocka_unit_test(what_cannot_be_drawn_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
