#pragma once
/* Presence and typing between clients: only the newest matters, nothing is queued for good. */
#include "tests/sandbox/conn.h"

void presence_on(struct conn *c, struct arena *a, const struct node *n);
void presence_on_chatstate(struct conn *c, struct arena *a, const struct node *n);
void presence_catch_up(struct conn *c); /* the notice that waited, unless it is too old */
/* composing or paused from a phone */
void presence_chatstate(struct sandbox *sb, struct arena *a, struct device *from, struct addr to,
			const char *state);
