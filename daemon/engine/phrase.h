#pragma once
/* The form in which what people write is compared: without case, punctuation and pictures, words one
 * blank apart. Decides what counts as the same word; knows Latin, Greek and Cyrillic case, other
 * scripts have none. */
#include <stdbool.h>
#include <stddef.h>

enum { PHRASE_MAX = 512 }; /* bytes of a folded text, with NUL */

/* Cuts what is longer than out (at a character). False: not UTF-8. */
bool phrase_fold(const char *text, char *out, size_t out_bytes);
