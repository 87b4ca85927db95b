#pragma once
/* Draws a QR code with characters. Both colours of every cell are set when colour is allowed, so that
 * light and dark terminals look alike. */
#include <stdbool.h>
#include <stddef.h>

#include "shared/base/wr.h"

enum qr_style {
	QR_HALF,    /* two modules a cell, one above the other */
	QR_SEXTANT, /* two by three: the font must have them */
	QR_SPACES,  /* two blanks a module: needs colour, no UTF-8 */
	QR_BRAILLE, /* two by four, with gaps between the dots: the last resort */
};

struct qr_code {
	unsigned char *modules; /* one a byte, 1 is dark */
	size_t width;
};

/* level L, byte mode; false when the text is too long or empty */
bool qr_code_make(const char *text, struct qr_code *ret);
void qr_code_done(struct qr_code *q);

/* the room it takes, with a quiet zone of `quiet` modules */
void qr_size(const struct qr_code *q, enum qr_style style, size_t quiet, size_t *ret_columns,
	     size_t *ret_rows);
/* What one cell shows when dark is the ink on a light ground: UTF-8 of one column. Cells are counted
 * from 0 within qr_size; outside of it is light. A full block is a dark cell: draw it as a blank on
 * dark where there is no such glyph. */
void qr_glyph(const struct qr_code *q, enum qr_style style, size_t quiet, size_t cell_x,
	      size_t cell_y, char out[5]);
/* lines that end in newline */
void qr_draw(struct wr *w, const struct qr_code *q, enum qr_style style, size_t quiet, bool color);
