#include "tui/screen.h"

#include <ncurses.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "shared/base/text.h"
#include "shared/base/xalloc.h"

struct screen {
	struct term *term;
	struct arena *arena;
	bool is_dim, has_cursor;
	int cursor_y, cursor_x;
};

struct screen *screen_new(struct term *t)
{
	struct screen *s = xcalloc(1, sizeof *s);

	s->term = t;
	s->arena = arena_new();
	return s;
}

void screen_free(struct screen *s)
{
	if (s == NULL)
		return;
	arena_free(s->arena);
	free(s);
}

struct rect screen_all(const struct screen *s)
{
	(void)s;
	return (struct rect){ 0, 0, LINES, COLS };
}

struct term_charset screen_charset(const struct screen *s)
{
	return term_charset(s->term);
}

struct arena *screen_arena(struct screen *s)
{
	return s->arena;
}

void screen_begin(struct screen *s)
{
	arena_reset(s->arena);
	s->is_dim = s->has_cursor = false;
	erase();
}

void screen_end(struct screen *s)
{
	if (s->has_cursor)
		move(s->cursor_y, s->cursor_x);
	curs_set(s->has_cursor);
	term_flush(s->term);
}

void screen_dim(struct screen *s, bool on)
{
	s->is_dim = on;
}

static attr_t attrs_of(const struct screen *s, enum style st)
{
	attr_t attrs = theme_attrs(st);

	if (s->is_dim) /* what tells where one is stays */
		return theme_attrs(STYLE_DIM) | (attrs & (A_REVERSE | A_UNDERLINE));
	return attrs;
}

/* Columns free from x on in row y, 0 when the row does not show. */
static int room(struct rect in, int y, int x)
{
	int right = in.x + in.w < COLS ? in.x + in.w : COLS;

	if (y < 0 || y >= in.h || x < 0 || in.y + y < 0 || in.y + y >= LINES || in.x + x < 0)
		return 0;
	return right - in.x - x > 0 ? right - in.x - x : 0;
}

/* Puts safe text that fits. */
static int put(const struct screen *s, struct rect in, int y, int x, enum style st,
	       const char *safe)
{
	const uint8_t *at = (const uint8_t *)safe;
	size_t left = strlen(safe), len = 0, used;
	wchar_t *wide = arena_alloc(s->arena, (left + 1) * sizeof *wide);

	for (; left > 0; at += used, left -= used) {
		uint32_t code = 0;

		used = utf8_decode(at, left, &code);
		wide[len++] = used ? (wchar_t)code : L'?';
		used = used ? used : 1;
	}
	attrset((int)attrs_of(s, st));
	mvaddnwstr(in.y + y, in.x + x, wide, (int)len);
	attrset(A_NORMAL);
	return (int)safe_columns(safe);
}

int screen_text(struct screen *s, struct rect in, int y, int x, enum style st, const char *text)
{
	int columns = room(in, y, x);

	if (columns == 0)
		return 0;
	return put(s, in, y, x, st, safe_head(s->arena, text, (size_t)columns, screen_charset(s)));
}

int screen_textf(struct screen *s, struct rect in, int y, int x, enum style st, const char *fmt,
		 ...)
{
	va_list args;
	int len;
	char *text;

	va_start(args, fmt);
	len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (len < 0)
		return 0;
	text = arena_alloc(s->arena, (size_t)len + 1);
	va_start(args, fmt);
	vsnprintf(text, (size_t)len + 1, fmt, args);
	va_end(args);
	return screen_text(s, in, y, x, st, text);
}

void screen_cell(struct screen *s, struct rect in, int y, int x, int columns, bool right,
		 enum style st, const char *text)
{
	int free_columns = room(in, y, x), used;
	char *safe;

	columns = columns < free_columns ? columns : free_columns;
	if (columns <= 0)
		return;
	safe = safe_head(s->arena, text, (size_t)columns, screen_charset(s));
	used = (int)safe_columns(safe);
	screen_fill(s, (struct rect){ in.y + y, in.x + x, 1, columns }, st);
	put(s, in, y, right ? x + columns - used : x, st, safe);
}

void screen_right(struct screen *s, struct rect in, int y, enum style st, const char *text)
{
	int columns = room(in, y, 0);
	char *safe;

	if (columns == 0)
		return;
	safe = safe_head(s->arena, text, (size_t)columns, screen_charset(s));
	put(s, in, y, columns - (int)safe_columns(safe), st, safe);
}

void screen_fill(struct screen *s, struct rect in, enum style st)
{
	attrset((int)attrs_of(s, st));
	for (int y = 0; y < in.h; y++) {
		int columns = room(in, y, 0);

		if (columns > 0)
			mvhline(in.y + y, in.x, ' ' | attrs_of(s, st), columns);
	}
	attrset(A_NORMAL);
}

/* -- lines: terminfo's drawing characters, or + - | -- */
enum piece { PIECE_H, PIECE_V, PIECE_UL, PIECE_UR, PIECE_LL, PIECE_LR };

static void put_piece(const struct screen *s, struct rect in, int y, int x, enum style st,
		      enum piece p)
{
	static const char ascii[] = "-|++++";
	const cchar_t *lines[] = { WACS_HLINE,    WACS_VLINE,    WACS_ULCORNER,
				   WACS_URCORNER, WACS_LLCORNER, WACS_LRCORNER };

	if (room(in, y, x) == 0)
		return;
	attrset((int)attrs_of(s, st));
	if (screen_charset(s).ascii)
		mvaddch(in.y + y, in.x + x, (chtype)ascii[p]);
	else
		mvadd_wch(in.y + y, in.x + x, lines[p]);
	attrset(A_NORMAL);
}

void screen_line(struct screen *s, struct rect in, int y, enum style st)
{
	for (int x = 0; x < in.w; x++)
		put_piece(s, in, y, x, st, PIECE_H);
}

void screen_vline(struct screen *s, struct rect in, int x, enum style st)
{
	for (int y = 0; y < in.h; y++)
		put_piece(s, in, y, x, st, PIECE_V);
}

struct rect screen_box(struct screen *s, struct rect r, enum style st, const char *title)
{
	struct rect inside = { r.y + 1, r.x + 1, r.h - 2, r.w - 2 };

	if (r.h < 2 || r.w < 2)
		return (struct rect){ r.y, r.x, 0, 0 };
	screen_fill(s, inside, STYLE_NORMAL);
	screen_line(s, r, 0, st);
	screen_line(s, r, r.h - 1, st);
	screen_vline(s, r, 0, st);
	screen_vline(s, r, r.w - 1, st);
	put_piece(s, r, 0, 0, st, PIECE_UL);
	put_piece(s, r, 0, r.w - 1, st, PIECE_UR);
	put_piece(s, r, r.h - 1, 0, st, PIECE_LL);
	put_piece(s, r, r.h - 1, r.w - 1, st, PIECE_LR);
	if (title && *title && r.w > 6) {
		struct rect top = { r.y, r.x + 2, 1, r.w - 4 };

		screen_text(s, top, 0, 0, STYLE_TITLE,
			    arena_printf(s->arena, " %s ",
					 safe_head(s->arena, title, (size_t)top.w - 2,
						   screen_charset(s))));
	}
	return inside;
}

void screen_qr_cell(struct screen *s, struct rect in, int y, int x, const char *glyph)
{
	static const char full_block[] = "\xe2\x96\x88";
	bool is_dark = strcmp(glyph, full_block) == 0;
	uint32_t code = 0;
	wchar_t wide[2] = { L' ', L'\0' };

	if (room(in, y, x) == 0)
		return;
	if (!is_dark && !screen_charset(s).ascii &&
	    utf8_decode((const uint8_t *)glyph, strlen(glyph), &code) &&
	    wcwidth((wchar_t)code) == 1)
		wide[0] = (wchar_t)code;
	attrset((int)theme_qr(s->term, is_dark));
	mvaddnwstr(in.y + y, in.x + x, wide, 1);
	attrset(A_NORMAL);
}

void screen_cursor(struct screen *s, struct rect in, int y, int x)
{
	if (room(in, y, x) == 0)
		return;
	s->has_cursor = true;
	s->cursor_y = in.y + y;
	s->cursor_x = in.x + x;
}

/* -- rectangles -- */
static int at_most(int want, int have)
{
	return want < 0 ? 0 : want < have ? want : have > 0 ? have : 0;
}

struct rect rect_top(struct rect *rest, int rows)
{
	struct rect r = { rest->y, rest->x, at_most(rows, rest->h), rest->w };

	rest->y += r.h;
	rest->h -= r.h;
	return r;
}

struct rect rect_bottom(struct rect *rest, int rows)
{
	int h = at_most(rows, rest->h);

	rest->h -= h;
	return (struct rect){ rest->y + rest->h, rest->x, h, rest->w };
}

struct rect rect_left(struct rect *rest, int columns)
{
	struct rect r = { rest->y, rest->x, rest->h, at_most(columns, rest->w) };

	rest->x += r.w;
	rest->w -= r.w;
	return r;
}

struct rect rect_right(struct rect *rest, int columns)
{
	int w = at_most(columns, rest->w);

	rest->w -= w;
	return (struct rect){ rest->y, rest->x + rest->w, rest->h, w };
}

struct rect rect_middle(struct rect in, int rows, int columns)
{
	int h = at_most(rows, in.h), w = at_most(columns, in.w);

	return (struct rect){ in.y + (in.h - h) / 2, in.x + (in.w - w) / 2, h, w };
}
