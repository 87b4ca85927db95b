#pragma once
/* The place in a list that scrolls: which item is chosen and which is at the top. Holds no items. */
#include <stdbool.h>
#include <stddef.h>

#include "tui/keys.h"
#include "tui/screen.h"

struct list_place {
	size_t len, cursor, top;
	size_t rows; /* shown at the last draw */
};

void list_resize(struct list_place *l, size_t len); /* keeps the place where it can */
void list_goto(struct list_place *l, size_t cursor);
/* true: the action moved, or would have at an end; wheel turns count too */
bool list_key(struct list_place *l, enum action act, const struct key *k);
/* before drawing in `rows` rows: the chosen one is among them */
void list_fit(struct list_place *l, size_t rows);
/* a bar at the right edge when not all are shown */
void list_bar(const struct list_place *l, struct screen *s, struct rect in);
