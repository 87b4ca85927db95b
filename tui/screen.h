#pragma once
/* Drawing into rectangles of the terminal: clipped, by columns, with text made safe on the way. A
 * frame is: screen_begin, draw all, screen_end; ncurses sends only what changed. Positions are rows
 * and columns inside the rectangle, from 0. All takes UTF-8, whatever the terminal's charset. */
#include <stdbool.h>
#include <stddef.h>

#include "shared/base/arena.h"

#include "tui/theme.h"

struct rect {
	int y, x, h, w;
};

struct screen;

struct screen *screen_new(struct term *t);
void screen_free(struct screen *s); /* NULL is fine */
struct rect screen_all(const struct screen *s);
struct term_charset screen_charset(const struct screen *s);
struct arena *screen_arena(struct screen *s); /* lives until the next screen_begin */

void screen_begin(struct screen *s);
void screen_end(struct screen *s); /* shows the frame; the cursor goes where screen_cursor said */
void screen_dim(struct screen *s, bool on); /* all that is drawn now is stale */

/* Returns the columns used. Cut with an ellipsis at the rectangle's right edge. */
int screen_text(struct screen *s, struct rect in, int y, int x, enum style st, const char *text);
int screen_textf(struct screen *s, struct rect in, int y, int x, enum style st, const char *fmt,
		 ...) PRINTF_LIKE(6, 7);
/* exactly `columns` wide, padded or cut; right: to the right edge of it */
void screen_cell(struct screen *s, struct rect in, int y, int x, int columns, bool right,
		 enum style st, const char *text);
/* the text at the right edge of the row */
void screen_right(struct screen *s, struct rect in, int y, enum style st, const char *text);
void screen_fill(struct screen *s, struct rect in, enum style st); /* blanks of that style */
/* a frame with a title; returns what is inside */
struct rect screen_box(struct screen *s, struct rect r, enum style st, const char *title);
void screen_line(struct screen *s, struct rect in, int y, enum style st); /* horizontal rule */
void screen_vline(struct screen *s, struct rect in, int x, enum style st);
/* one cell with both colours set, for QR codes: glyph is UTF-8 of one column; dark on light */
void screen_qr_cell(struct screen *s, struct rect in, int y, int x, const char *glyph);
/* where the hardware cursor rests: the item in focus */
void screen_cursor(struct screen *s, struct rect in, int y, int x);

/* Cutting rectangles: the rest shrinks. */
struct rect rect_top(struct rect *rest, int rows);
struct rect rect_bottom(struct rect *rest, int rows);
struct rect rect_left(struct rect *rest, int columns);
struct rect rect_right(struct rect *rest, int columns);
struct rect rect_middle(struct rect in, int rows, int columns); /* centred, never larger than in */
