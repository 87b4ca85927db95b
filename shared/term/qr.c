#include "shared/term/qr.h"

#include <qrencode.h>
#include <string.h>

#include "shared/base/text.h"
#include "shared/base/xalloc.h"

bool qr_code_make(const char *text, struct qr_code *ret)
{
	QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_L);
	size_t width;

	if (code == NULL)
		return false;
	width = (size_t)code->width;
	ret->width = width;
	ret->modules = xmalloc(width * width);
	for (size_t i = 0; i < width * width; i++)
		ret->modules[i] = code->data[i] & 1;
	QRcode_free(code);
	return true;
}

void qr_code_done(struct qr_code *q)
{
	free(q->modules);
	*q = (struct qr_code){ NULL, 0 };
}

/* modules of one cell; QR_SPACES takes two cells for one */
static void cell_size(enum qr_style style, size_t *ret_wide, size_t *ret_high)
{
	*ret_wide = style == QR_SEXTANT || style == QR_BRAILLE ? 2 : 1;
	*ret_high = style == QR_HALF ? 2 : style == QR_SEXTANT ? 3 : style == QR_BRAILLE ? 4 : 1;
}

void qr_size(const struct qr_code *q, enum qr_style style, size_t quiet, size_t *ret_columns,
	     size_t *ret_rows)
{
	size_t side = q->width + 2 * quiet, wide, high;

	cell_size(style, &wide, &high);
	*ret_columns = (side + wide - 1) / wide * (style == QR_SPACES ? 2 : 1);
	*ret_rows = (side + high - 1) / high;
}

static bool is_dark(const struct qr_code *q, size_t quiet, size_t x, size_t y)
{
	if (x < quiet || y < quiet || x - quiet >= q->width || y - quiet >= q->width)
		return false;
	return q->modules[(y - quiet) * q->width + (x - quiet)] != 0;
}

/* bits: the inked modules of a cell, row by row from the left */
static uint32_t half_glyph(unsigned bits)
{
	static const uint32_t glyphs[] = { ' ', 0x2580, 0x2584, 0x2588 };

	return glyphs[bits & 3];
}

static uint32_t sextant_glyph(unsigned bits)
{
	switch (bits) {
	case 0:
		return ' ';
	case 21:
		return 0x258c; /* left half: not among the sextants */
	case 42:
		return 0x2590;
	case 63:
		return 0x2588;
	default:
		return 0x1fb00 + bits - 1 - (bits > 21) - (bits > 42);
	}
}

static uint32_t braille_glyph(unsigned bits)
{
	static const unsigned char dots[] = { 0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80 };
	uint32_t glyph = 0x2800;

	for (size_t i = 0; i < ARRAY_LEN(dots); i++)
		glyph |= bits >> i & 1 ? dots[i] : 0;
	return glyph;
}

static uint32_t glyph_of(enum qr_style style, unsigned bits)
{
	switch (style) {
	case QR_HALF:
		return half_glyph(bits);
	case QR_SEXTANT:
		return sextant_glyph(bits);
	case QR_BRAILLE:
		return braille_glyph(bits);
	case QR_SPACES:
		return bits ? 0x2588 : ' ';
	}
	return ' ';
}

/* the inked modules of the cell whose first module is x, y */
static unsigned cell_bits(const struct qr_code *q, enum qr_style style, size_t quiet, size_t x,
			  size_t y, bool ink_is_dark)
{
	size_t wide, high;
	unsigned bits = 0;

	cell_size(style, &wide, &high);
	for (size_t i = 0; i < wide * high; i++)
		bits |= (unsigned)(is_dark(q, quiet, x + i % wide, y + i / wide) == ink_is_dark)
			<< i;
	return bits;
}

void qr_glyph(const struct qr_code *q, enum qr_style style, size_t quiet, size_t cell_x,
	      size_t cell_y, char out[5])
{
	size_t wide, high, x = style == QR_SPACES ? cell_x / 2 : cell_x;

	cell_size(style, &wide, &high);
	utf8_encode(glyph_of(style, cell_bits(q, style, quiet, x * wide, cell_y * high, true)),
		    out);
}

void qr_draw(struct wr *w, const struct qr_code *q, enum qr_style style, size_t quiet, bool color)
{
	size_t side = q->width + 2 * quiet, wide, high;

	cell_size(style, &wide, &high);
	for (size_t y = 0; y < side; y += high) {
		if (color && style != QR_SPACES)
			wr_str(w, "\033[38;5;16;48;5;231m");
		for (size_t x = 0; x < side; x += wide) {
			/* without colours the ink is the light part, for dark terminals */
			unsigned bits = cell_bits(q, style, quiet, x, y, color);
			char glyph[5];

			if (style == QR_SPACES && color)
				wr_str(w, bits ? "\033[48;5;16m  " : "\033[48;5;231m  ");
			else if (style == QR_SPACES)
				wr_str(w, bits ? "##" : "  ");
			else
				wr_put(w, glyph, utf8_encode(glyph_of(style, bits), glyph));
		}
		wr_str(w, color ? "\033[0m\n" : "\n");
	}
}
