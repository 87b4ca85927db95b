#pragma once
/* Text forms of bytes: hex, base64, UTF-8 checks and column widths. */
#include <stdbool.h>
#include <stdint.h>

#include "shared/base/arena.h"
#include "shared/base/span.h"

/* lower-case hex; out holds 2 * len + 1 */
void hex_encode(struct span in, char *out);
bool hex_decode(const char *text, size_t text_len, uint8_t *out, size_t out_max, size_t *ret_len);

/* standard alphabet with padding; arena owns the result */
char *base64_text(struct arena *a, struct span in);
char *base64url_text(struct arena *a, struct span in); /* URL alphabet, no padding */
/* either alphabet, padding optional; false on any other character */
bool base64_decode(struct arena *a, const char *text, size_t text_len, struct span *ret);

/* the well-formed character at `at`: its length in bytes, 0 when there is none (or left is 0) */
size_t utf8_decode(const uint8_t *at, size_t left, uint32_t *ret_code);
/* bytes written, with a NUL behind them; code is a character, not a surrogate */
size_t utf8_encode(uint32_t code, char out[5]);
/* after a cut in mid-character: such a tail is dropped, wrong bytes before it become '?' */
void utf8_mend(char *text);
bool utf8_valid(struct span s); /* no NUL inside, no surrogates, no overlong forms */
/* columns a terminal needs, by the C library's wcwidth; unknown and control count 1 */
size_t utf8_columns(const char *text);

/* Damerau-Levenshtein, for "did you mean"; gives up (returns max + 1) past max */
unsigned edit_distance(const char *a, const char *b, unsigned max);
