#pragma once
/* A line being typed: a UTF-8 text with a cursor that moves by graphemes, the keys of readline that
 * people know (^A ^E ^B ^F ^W ^K ^U ^D ^H, Alt-b, Alt-f, arrows, Home, End, Del), pasted text, a bound
 * in bytes. What does not fit is left out, controls are dropped. Draws itself scrolled so that the
 * cursor shows, and puts the hardware cursor there. */
#include "tui/screen.h"

struct input {
	char *text; /* NUL-terminated UTF-8, never NULL after input_init */
	size_t len, cursor, max;
	size_t first;   /* byte of the first grapheme shown; drawing moves it */
	bool secret;    /* drawn as dots; wiped by input_done */
	bool multiline; /* Alt-Enter and pastes may put newlines in; drawn as a return sign */
};

/* flags are set by the caller afterwards, before the first key; text may be NULL */
void input_init(struct input *in, const char *text, size_t max_bytes);
void input_done(struct input *in);
void input_set(struct input *in,
	       const char *text); /* cursor at its end; newlines as in .multiline */
void input_insert(struct input *in, const char *text); /* at the cursor, as a paste */
/* true: the key was for it. Enter, Tab, Up, Down, Esc never are. Pastes without multiline keep their
 * first line only. */
bool input_key(struct input *in, const struct key *k);
void input_draw(struct input *in, struct screen *s, struct rect where, int y, int x, int columns,
		bool focused);

/* The same text broken into rows, between words where it can be: for long texts. */
enum { INPUT_ROWS_MAX = 64 };
/* how many rows of `columns` it takes, at most `max` */
int input_rows(const struct input *in, struct term_charset cs, int columns, int max);
/* the cursor a row up (-1) or down (1), as it was drawn last; false: there is none */
bool input_move_row(struct input *in, struct term_charset cs, int columns, int by);
/* in all of `where`, scrolled so that the cursor's row shows */
void input_draw_rows(struct input *in, struct screen *s, struct rect where, bool focused);

/* for the files of input */
size_t input_grapheme_end(const struct input *in, size_t at);
size_t input_grapheme_start(const struct input *in, size_t at);
