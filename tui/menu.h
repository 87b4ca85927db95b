#pragma once
/* A few rows to choose from, over a view: by moving and Enter, or by a row's own letter. Owns the rows'
 * texts; what is chosen is told by its place. */
#include "tui/view.h"

enum { MENU_ROWS_MAX = 200 };

struct menu_row {
	const char *text; /* copied */
	char key;         /* chooses it at once; 0: none */
};

/* At most MENU_ROWS_MAX rows; `at` is chosen first. fn: the menu is gone by then. Leaving it calls
 * nothing. */
void menu_open(struct view *owner, const char *title, const struct menu_row *rows, size_t len,
	       size_t at, void (*fn)(struct view *owner, size_t i));
/* These words, "" standing for all; `now` (NULL: all) is chosen first. */
void menu_words(struct view *owner, const char *title, const char *const *words, size_t len,
		const char *now, void (*fn)(struct view *owner, size_t i));
