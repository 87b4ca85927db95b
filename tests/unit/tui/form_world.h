#pragma once
/* A form on a canvas, over an application that is not there. Failures end the test. */
#include "tests/unit/testing.h"
#include "tests/unit/tui/canvas.h"
#include "tests/unit/tui/fake_app.h"
#include "tui/form.h"

struct world {
	struct app app;
	struct canvas canvas;
	struct view owner; /* only a name: it is never called */
	int dones;
	char done_id[32];
	int cursor_y, cursor_x;
};

void world_start(struct world *w, int rows, int columns);
void world_end(struct world *w);
/* title "New thing"; more: what else there is to say, may be NULL */
void world_open(struct world *w, const char *method, const struct form_opts *more);
void world_draw(struct world *w);
int row_of(const char *text); /* the row that holds it, -1: none */
void shows(struct world *w, const char *text);
void sent(struct world *w, const char *method,
	  const char *params);                     /* the last call, not answered yet */
void focus_is(struct world *w, const char *label); /* it is in the line where the cursor is */
