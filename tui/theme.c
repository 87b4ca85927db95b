#include "tui/theme.h"

#include <ncurses.h>

#include "shared/base/macros.h"

/* COLORS is 0 until colours were started; pair numbers are a style's number and one, so that ncurses
 * is the only one who holds state */
enum { PAIR_FIRST = 1, PAIR_QR = PAIR_FIRST + STYLE_COUNT };

struct look {
	attr_t attrs;
	short dark, light, eight;
};

static const struct look looks[] = {
#define X(name, attrs, dark, light, eight) { attrs, dark, light, eight },
	STYLE_TABLE(X)
#undef X
};

static int few_colors_on_light(int color)
{
	switch (color) {
	case COLOR_CYAN:
		return COLOR_BLUE;
	case COLOR_YELLOW:
		return COLOR_MAGENTA;
	case COLOR_GREEN:
		return -1;
	default:
		return color;
	}
}

void theme_start(const struct term *t)
{
	int colors = term_colors(t);
	bool is_light = term_theme(t) == THEME_LIGHT;

	if (colors == 0)
		return;
	for (int i = 0; i < STYLE_COUNT; i++) {
		const struct look *l = &looks[i];
		int fg = colors == 256 ? (is_light ? l->light : l->dark)
			 : is_light    ? few_colors_on_light(l->eight)
				       : l->eight;

		init_extended_pair(PAIR_FIRST + i, fg, -1);
	}
	/* 16 and 231 are black and white that no palette changes */
	init_extended_pair(PAIR_QR, colors == 256 ? 16 : COLOR_BLACK,
			   colors == 256  ? 231
			   : colors == 16 ? 15
					  : COLOR_WHITE);
}

uint32_t theme_attrs(enum style s)
{
	attr_t attrs = looks[s].attrs;

	if (COLORS < 8)
		return attrs;
	if (COLORS == 256 && looks[s].dark >= 0)
		attrs &= ~A_DIM; /* the colour is dim already */
	return attrs | (attr_t)COLOR_PAIR(PAIR_FIRST + (int)s);
}

uint32_t theme_qr(const struct term *t, bool is_dark_cell)
{
	bool ground_is_light = term_theme(t) == THEME_LIGHT;

	if (COLORS >= 8)
		return (attr_t)COLOR_PAIR(PAIR_QR) | (is_dark_cell ? A_REVERSE : A_NORMAL);
	return is_dark_cell == ground_is_light ? A_REVERSE : A_NORMAL;
}
