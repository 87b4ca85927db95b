#pragma once
/* All that wad tells of one object: a field a line, with its name and, when chosen, what it means (the
 * catalogue's doc); objects inside as lines below. Scrolls; y copies a value. */
#include "tui/view.h"

/* params: taken. The method gives one object, or a list of which the first is meant. */
struct view *detail_open(struct app *app, const char *title, const char *method, json_t *params);
/* More of the same thing below a heading: the object, or the first item of the list, that another method
 * gives. params: taken. Asked anew every few seconds. */
void detail_also(struct view *v, const char *heading, const char *method, json_t *params);
