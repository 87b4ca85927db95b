#include "ctl/qr_draw.h"

#include <qrencode.h>
#include <string.h>

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

static void cell_size(enum qr_style style, size_t *ret_wide, size_t *ret_high)
{
	*ret_wide = style == QR_SEXTANT ? 2 : 1;
	*ret_high = style == QR_HALF ? 2 : style == QR_SEXTANT ? 3 : 1;
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

static void put_utf8(struct wr *w, uint32_t code)
{
	if (code < 0x80) {
		wr_u8(w, (uint8_t)code);
	} else if (code < 0x10000) {
		wr_u8(w, (uint8_t)(0xe0 | code >> 12));
		wr_u8(w, (uint8_t)(0x80 | (code >> 6 & 63)));
		wr_u8(w, (uint8_t)(0x80 | (code & 63)));
	} else {
		wr_u8(w, (uint8_t)(0xf0 | code >> 18));
		wr_u8(w, (uint8_t)(0x80 | (code >> 12 & 63)));
		wr_u8(w, (uint8_t)(0x80 | (code >> 6 & 63)));
		wr_u8(w, (uint8_t)(0x80 | (code & 63)));
	}
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

void qr_draw(struct wr *w, const struct qr_code *q, enum qr_style style, size_t quiet, bool color)
{
	size_t side = q->width + 2 * quiet, wide, high;

	cell_size(style, &wide, &high);
	for (size_t y = 0; y < side; y += high) {
		if (color && style != QR_SPACES)
			wr_str(w, "\033[38;5;16;48;5;231m");
		for (size_t x = 0; x < side; x += wide) {
			unsigned bits = 0;

			for (size_t i = 0; i < wide * high; i++) {
				bool dark = is_dark(q, quiet, x + i % wide, y + i / wide);

				/* without colours the ink is the light part, for dark terminals */
				bits |= (unsigned)(dark == color) << i;
			}
			if (style == QR_SPACES && color)
				wr_str(w, bits ? "\033[48;5;16m  " : "\033[48;5;231m  ");
			else if (style == QR_SPACES)
				wr_str(w, bits ? "##" : "  ");
			else
				put_utf8(w,
					 style == QR_HALF ? half_glyph(bits) : sextant_glyph(bits));
		}
		wr_str(w, color ? "\033[0m\n" : "\n");
	}
}
