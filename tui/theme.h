#pragma once
/* What things look like: every style once, for each theme and depth of colours. Nothing is told by
 * colour alone: a state has its letter or glyph too. Dark and light text has a contrast of 4.5 : 1 or
 * more on black and on white. */
#include <stdint.h>

#include "tui/term.h"

/* constant, attributes without colour; dark fg, light fg (256 colours, -1: the terminal's own), fg of 8 colours */
/* clang-format off */
#define STYLE_TABLE(X) \
	X(NORMAL,   A_NORMAL,           -1,  -1, -1) \
	X(TITLE,    A_BOLD,             117, 24, COLOR_CYAN) \
	X(HEADER,   A_BOLD,             -1,  -1, -1) \
	X(DIM,      A_DIM,              245, 241, -1) \
	X(ACCENT,   A_BOLD,             81,  25, COLOR_CYAN) \
	X(OK,       A_NORMAL,           114, 28, COLOR_GREEN) \
	X(WARN,     A_BOLD,             221, 130, COLOR_YELLOW) \
	X(BAD,      A_BOLD,             210, 124, COLOR_RED) \
	X(BORDER,   A_NORMAL,           240, 247, -1) \
	X(BAR,      A_REVERSE,          -1,  -1, -1)  /* top and bottom line */ \
	X(SELECTED, A_REVERSE,          -1,  -1, -1) \
	X(MARKED,   A_BOLD | A_UNDERLINE, 221, 130, COLOR_YELLOW) \
	X(FIELD,    A_UNDERLINE,        -1,  -1, -1)  /* where one may type */ \
	X(OWN,      A_NORMAL,           114, 28, COLOR_GREEN)  /* own messages of a chat */
/* clang-format on */

enum style {
#define X(name, attrs, dark, light, eight) STYLE_##name,
	STYLE_TABLE(X)
#undef X
		STYLE_COUNT
};

/* After term_open: makes the colour pairs. */
void theme_start(const struct term *t);
/* attributes of ncurses with the colour pair in them; also of a style under the selection */
uint32_t theme_attrs(enum style s);
/* a cell of a QR code: its ink dark on light, or all of it dark */
uint32_t theme_qr(const struct term *t, bool is_dark_cell);
