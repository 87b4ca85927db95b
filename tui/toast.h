#pragma once
/* Notes to the operator: the newest shows for four seconds, an error until a key; the last 200 stay
 * to be read. Texts are bounded. */
#include "shared/base/clock.h"

#include "tui/view.h"

enum { TOASTS_MAX = 200, TOAST_BYTES = 400, TOAST_MS = 4000 };

struct toast_row {
	enum toast kind;
	unix_ms at;
	char text[TOAST_BYTES];
};

struct toasts {
	struct toast_row rows[TOASTS_MAX]; /* a ring: rows[(first + i) % TOASTS_MAX] */
	size_t first, len;
	mono_ms shown_until; /* of the newest */
	bool shows;
};

void toast_add(struct toasts *t, const struct clock *clock, enum toast kind, const char *text);
const struct toast_row *toast_at(const struct toasts *t, size_t i); /* 0 is the newest */
/* the one that shows now, or NULL */
const struct toast_row *toast_now(const struct toasts *t, const struct clock *clock);
void toast_seen(struct toasts *t); /* a key was pressed: an error may go */
