#pragma once
/* From ClientPayload to steady state: decides who may log in, replaces an older connection of the same
 * device, holds the backlog back until the client is active, and lets a phone greet its companion. */
#include "tests/sandbox/conn.h"

void login_on_payload(struct conn *c, struct span payload);
void login_activate(struct conn *c);     /* <active/>: the backlog flows, then live traffic */
void login_backlog_done(struct conn *c); /* all of it is with the client */
void login_gone(struct conn *c);         /* the connection ends: its device is offline again */
