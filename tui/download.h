#pragma once
/* A document of wad (a method with .document) written into a file, part after part, with its progress over
 * the view that asked. Nothing is overwritten; a file that did not become whole is removed. */
#include "tui/view.h"

/* Asks where to, then does it. params: taken; suggested: the name that stands there at first. */
void download_open(struct view *owner, const char *method, json_t *params, const char *suggested);
