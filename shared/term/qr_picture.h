#pragma once
/* QR codes as pictures, with the quiet zone of four modules that the standard wants. */
#include "shared/term/qr.h"

enum { QR_PICTURE_MAX = 1 << 22 }; /* a ceiling for the writer that takes one */

void qr_png(struct wr *w, const struct qr_code *q, size_t zoom); /* a module is `zoom` dots wide */
void qr_svg(struct wr *w, const struct qr_code *q);
