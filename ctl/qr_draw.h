#pragma once
/* Draws a QR code with characters. Both colours of every cell are set when colour is allowed, so that
 * light and dark terminals look alike. */
#include <stdbool.h>
#include <stddef.h>

#include "shared/base/wr.h"

enum qr_style { QR_HALF, QR_SEXTANT, QR_SPACES /* two spaces a module: needs colour, no UTF-8 */ };

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
/* lines that end in newline */
void qr_draw(struct wr *w, const struct qr_code *q, enum qr_style style, size_t quiet, bool color);
