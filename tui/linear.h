#pragma once
/* --linear: the same views as plain prompts and lists, a line at a time, without placing the cursor;
 * for screen readers, very slow lines and pipes. Reads commands from stdin, writes to stdout. */
#include "tui/options.h"

int linear_run(const struct options *o); /* the exit code */
