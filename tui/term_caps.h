#pragma once
/* What terminfo says of a terminal, apart from term.c because its names are short words (columns,
 * lines, tab) that are macros there. Owns nothing. */
#include <stddef.h>

#include "shared/base/err.h"

/* ERR_USAGE, with the reason, when a terminal of this name cannot be drawn on */
enum errc term_caps_check(const char *term, struct err *e) MUST_USE;
/* The bytes that give it back: `before` (ours, not in terminfo), then colours, attributes, keypad,
 * cursor and the screen that was there. After newterm. */
size_t term_caps_restore(const char *before, char *out, size_t out_bytes);
