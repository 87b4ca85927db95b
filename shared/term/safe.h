#pragma once
/* Text of others made fit for a terminal: what could command it (controls, C1, line separators) is
 * replaced, bidi marks and overrides, BOM and other invisible formatting is dropped, and what
 * terminals draw in another width than wcwidth says (ZWJ sequences, skin tones, variation selectors,
 * keycaps, code points the C library does not know) is simplified, so that the columns counted here
 * are the columns that ncurses and the terminal use. The C library's locale must be set. Owns
 * nothing; results are in the caller's arena. Source of the widths: the C library's wcwidth,
 * graphemes: utf8proc. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/base/arena.h"

struct term_charset {
	bool ascii; /* nothing above 0x7e leaves: letters lose their accents, quotes, dashes and the
		     * like have their stand-ins, other characters become ?, the ellipsis three dots */
};

/* a code point that no terminal may get from others: controls, C1, bidi, BOM, separators */
bool safe_is_harmful(uint32_t code);

/* One line: newlines and tabs become one space, bytes that are not UTF-8 and controls U+FFFD. NULL
 * gives "". What is safe already stays as it is. */
char *safe_line(struct arena *a, const char *text, struct term_charset cs);
/* Columns of what safe_line made. */
size_t safe_columns(const char *safe);
/* The first bytes of a safe line that fit into `columns`, cut between graphemes. */
size_t safe_fit(const char *safe, size_t columns);
/* Cut to `columns` with an ellipsis when it is longer. */
char *safe_cut(struct arena *a, const char *safe, size_t columns, struct term_charset cs);
/* safe_line and safe_cut in one; reads no more of the text than it needs */
char *safe_head(struct arena *a, const char *text, size_t columns, struct term_charset cs);

/* Breaks a text (its newlines count) into safe lines of at most `columns`, between words where it
 * can. *ret_lines: in the arena; at most max_lines, the last then ends with the ellipsis. Returns how
 * many, at least 1 (an empty text is one empty line) unless max_lines is 0. A character too wide for
 * `columns` is left out. */
size_t safe_wrap(struct arena *a, const char *text, size_t columns, size_t max_lines,
		 struct term_charset cs, char ***ret_lines);
