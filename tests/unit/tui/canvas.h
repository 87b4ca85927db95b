#pragma once
/* A terminal of any kind without a terminal, for tests: ncurses draws into nothing, tests read what it
 * holds. One at a time. */
#include <locale.h>
#include <ncurses.h>
#include <string.h>

#include "shared/base/xalloc.h"

#include "tui/screen.h"
#include "tui/term_impl.h"

struct canvas {
	struct term term;
	struct screen *screen;
	FILE *in, *out;
};

/* kind: a name of terminfo; theme_start is called */
static inline void canvas_open(struct canvas *c, const char *kind, int rows, int columns,
			       enum term_theme theme, bool ascii)
{
	char text[16];

	setlocale(LC_ALL, ascii ? "C" : "C.UTF-8");
	snprintf(text, sizeof text, "%d", rows);
	setenv("LINES", text, 1);
	snprintf(text, sizeof text, "%d", columns);
	setenv("COLUMNS", text, 1);
	memset(c, 0, sizeof *c);
	c->in = fopen("/dev/null", "r");
	c->out = fopen("/dev/null", "w");
	c->term.charset.ascii = ascii;
	c->term.theme = theme;
	c->term.curses = newterm(kind, c->out, c->in);
	if (has_colors() && theme != THEME_MONO) {
		start_color();
		use_default_colors();
		c->term.colors = COLORS >= 256 ? 256 : 8;
	}
	theme_start(&c->term);
	c->screen = screen_new(&c->term);
	screen_begin(c->screen);
}

static inline void canvas_close(struct canvas *c)
{
	screen_free(c->screen);
	endwin();
	delscreen(c->term.curses);
	fclose(c->in);
	fclose(c->out);
}

/* row y from column x on as UTF-8 without the blanks at its end; the caller frees */
static inline char *canvas_row(int y, int x)
{
	wchar_t wide[512];
	char *text;
	size_t len;

	mvinnwstr(y, x, wide, 511);
	text = xmalloc(4 * 512);
	len = wcstombs(text, wide, 4 * 512 - 1);
	len = len == (size_t)-1 ? 0 : len;
	while (len > 0 && text[len - 1] == ' ')
		len--;
	text[len] = '\0';
	return text;
}

#define ROW_IS(y, x, want)                                     \
	do {                                                   \
		AUTO_FREE char *canvas_got = canvas_row(y, x); \
		assert_string_equal(canvas_got, want);         \
	} while (0)

static inline attr_t canvas_attrs(int y, int x)
{
	cchar_t cell;
	wchar_t chars[CCHARW_MAX + 1];
	attr_t attrs = 0;
	short pair = 0;

	mvin_wch(y, x, &cell);
	getcchar(&cell, chars, &attrs, &pair, NULL);
	return (attrs & ~(attr_t)A_COLOR) | (attr_t)COLOR_PAIR(pair);
}
