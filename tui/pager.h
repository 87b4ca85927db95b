#pragma once
/* A long text to be read: wrapped, scrolls; y copies the whole. */
#include "tui/view.h"

void pager_open(struct app *app, const char *title, const char *text); /* copied */
