#pragma once
/* The terminal: takes it over and gives it back whole, through any death (term_signal.h). Reads keys,
 * hands frames to ncurses. Decides colours, character set and background (term_ask.h). One per
 * process; the signal handlers need that. Owns ncurses' state; draws nothing, that is screen.h. */
#include <stdbool.h>
#include <stdint.h>

#include "shared/base/err.h"
#include "shared/term/safe.h"

enum term_theme { THEME_AUTO, THEME_DARK, THEME_LIGHT, THEME_MONO };

struct term_opts {
	enum term_theme theme;
	bool no_color, ascii, mouse;
};

/* A key as the table of keys.h names it: a character, or a KEY_* of ncurses, or one of these. */
enum term_key {
	TERM_KEY_NONE = -1,   /* nothing waits */
	TERM_KEY_RESIZE = -2, /* the size is another, or the screen was lost; already taken over */
	TERM_KEY_PASTE = -3,  /* a pasted text: .paste */
	TERM_KEY_GONE = -4,   /* the terminal is closed */
	TERM_KEY_MOUSE = -5,  /* .mouse_y, .mouse_x, .wheel */
};
enum { TERM_PASTE_MAX = 64 << 10 };

/* Whatever the terminal sends, Enter is '\r', Tab '\t', Esc 27, Ctrl-A 1; backspace is KEY_BACKSPACE,
 * Shift-Tab KEY_BTAB. Sequences that nobody knows are swallowed. */
struct key {
	int32_t code; /* a Unicode code point, or enum term_key, or KEY_* + TERM_KEY_FUNCTION */
	bool alt;     /* with Alt held (Esc in front) */
	/* UTF-8, owned by the term until the next key; cut at TERM_PASTE_MAX. Lines end in '\n', other
	 * controls than '\n' and '\t' are left out. */
	char *paste;
	int mouse_y, mouse_x;
	int wheel; /* -1 up, 1 down, 0: a click */
};
enum {
	TERM_KEY_FUNCTION = 1 << 24
}; /* added to ncurses' KEY_* so that they never meet code points */

struct term;

/* ERR_USAGE: not a terminal. ERR_UNSUPPORTED: one that cannot place its cursor (dumb), or is not known. setlocale
 * comes before. */
enum errc term_open(const struct term_opts *opts, struct term **ret, struct err *e) MUST_USE;
void term_close(struct term *t); /* gives the terminal back; NULL is fine */

/* For poll, POLLIN: keys or signals wait. An epoll set, so that one descriptor tells both. Then
 * term_key_read until it says TERM_KEY_NONE (ncurses holds keys that poll cannot see), and
 * term_stop_asked. */
int term_fd(const struct term *t);
/* Never waits, but for the rest of a key that came in part (25 ms). */
void term_key_read(struct term *t, struct key *ret);
/* For an editor or a shell: the terminal is as before us; INT and QUIT are not for us then.
 * term_resume takes it again; a TERM_KEY_RESIZE follows. */
void term_suspend(struct term *t);
void term_resume(struct term *t);
bool term_stop_asked(struct term *t); /* SIGTSTP came: term_stop. Clears the mark. */
void term_stop(struct term *t);       /* what Ctrl-Z does: suspend, stop the job, resume on fg */

enum term_theme term_theme(const struct term *t); /* never THEME_AUTO */
struct term_charset term_charset(const struct term *t);
int term_colors(const struct term *t); /* 0, 8, 16, 256 */
/* Shows what was drawn, between sync marks when the terminal has them; sends nothing when that is on
 * the screen already. */
void term_flush(struct term *t);
void term_redraw(struct term *t); /* everything anew at the next term_flush, Ctrl-L */
/* into the clipboard by OSC 52; false: too long, or no such terminal. What it then does is unknown. */
bool term_copy(struct term *t, const char *text);
