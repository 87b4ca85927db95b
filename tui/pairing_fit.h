#pragma once
/* How a QR code is drawn where there is so much room. Pure. */
#include "shared/base/macros.h"
#include "shared/term/qr.h"

#include "tui/screen.h"

enum { PAIRING_TEXT_WIDE = 30, PAIRING_TEXT_HIGH = 4 };

struct pairing_fit {
	enum qr_style style;
	size_t quiet, columns, rows;
	bool beside; /* the text goes to the right of it, else below */
};

/* wish: a style that was asked for; -1: the best that fits. false: none does; *ret is then the smallest
 * that was tried, to say what is needed. Half blocks come before sextants, which fewer fonts have;
 * braille is drawn only when asked for. ascii: blanks with colours alone. */
bool pairing_fit(const struct qr_code *code, int rows, int columns, int wish, bool ascii,
		 struct pairing_fit *ret);
