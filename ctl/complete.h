#pragma once
/* Completion of a command line, the last word being the one under the cursor. Words come from the
 * rows, live names from the daemon within a short budget; on any failure there are simply none. */
#include <stdio.h>

/* one candidate a line */
void ctl_complete(FILE *to, int len, char *const *words);
