#include "tui/toast.h"

#include <stdio.h>
#include <string.h>

void toast_add(struct toasts *t, const struct clock *clock, enum toast kind, const char *text)
{
	struct toast_row *row;

	if (t->len == TOASTS_MAX)
		t->first = (t->first + 1) % TOASTS_MAX;
	else
		t->len++;
	row = &t->rows[(t->first + t->len - 1) % TOASTS_MAX];
	row->kind = kind;
	row->at = clock_unix(clock);
	snprintf(row->text, sizeof row->text, "%s", text);
	t->shown_until = (mono_ms){ clock_mono(clock).ms + TOAST_MS };
	t->shows = true;
}

const struct toast_row *toast_at(const struct toasts *t, size_t i)
{
	return &t->rows[(t->first + t->len - 1 - i) % TOASTS_MAX];
}

const struct toast_row *toast_now(const struct toasts *t, const struct clock *clock)
{
	const struct toast_row *row;

	if (!t->shows || t->len == 0)
		return NULL;
	row = toast_at(t, 0);
	if (row->kind != TOAST_BAD && clock_mono(clock).ms >= t->shown_until.ms)
		return NULL;
	return row;
}

void toast_seen(struct toasts *t)
{
	if (t->len && toast_at(t, 0)->kind == TOAST_BAD)
		t->shows = false;
}
