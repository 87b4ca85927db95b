#pragma once
/* A contact's way through a sequence in a few characters: ###+-- is three days done, the fourth is next.
 * Pure; owns nothing. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TIMELINE_COLUMNS_MAX = 60 };

/* '#' days that are done, '+' the next one, '-' those to come; '.' those that will not come as it does not
 * go on. One character a day, several days each when there are more than `columns`. out: columns + 1 bytes.
 * Returns how many characters, 0 when there are no days. */
size_t timeline_draw(char *out, int64_t done, int64_t days, bool goes_on, size_t columns);
