#pragma once
/* A text to be read, as long as it is: broken to the terminal's width, scrolls, y copies it. With a
 * question at its foot it is also agreed to (Enter, y for yes) or left (Esc). */
#include "tui/view.h"

enum { REPORT_LINES_MAX = 4000 };

/* title, text, question: copied; question NULL: only to be read. yes: the report has gone by then;
 * owner must be below it on the stack. */
void report_open(struct view *owner, const char *title, const char *text, const char *question,
		 void (*yes)(struct view *owner));
