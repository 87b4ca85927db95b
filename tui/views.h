#pragma once
/* The views one can go to, each once: name in the palette, title, the method whose right one needs to
 * see it, a sentence for the help. Their order is that of Tab and of the numbers 1 to 9. */
#include "tui/view.h"

/* clang-format off */
#define VIEW_TABLE(X) \
	X(devices,   "Devices",   "device.list", "the linked phones: state, queue, health; link, pause, settings")
/* clang-format on */

struct view_row {
	const char *name, *title, *method, *doc;
	struct view *(*open)(struct app *app);
};

#define X(name, title, method, doc) struct view *view_##name##_new(struct app *app);
VIEW_TABLE(X)
#undef X

size_t views_len(void);
const struct view_row *views_at(size_t i);
const struct view_row *views_find(const char *name); /* by a unique prefix, too; NULL: none */
