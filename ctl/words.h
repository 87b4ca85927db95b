#pragma once
/* Splits a line into words as sh does: blanks, '...', "...", backslash. */
#include "shared/base/arena.h"
#include "shared/base/err.h"

/* *ret_words: in the arena, ends with NULL */
enum errc words_split(struct arena *a, const char *line, char ***ret_words, int *ret_len,
		      struct err *e) MUST_USE;
