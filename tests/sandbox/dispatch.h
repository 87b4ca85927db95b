#pragma once
/* Decides which module takes a client's stanza, by tag and by where the connection stands. */
#include "tests/sandbox/conn.h"

void dispatch(struct conn *c, struct arena *a, const struct node *n);
