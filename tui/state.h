#pragma once
/* How the states of devices, messages, campaigns and the rest look: a style, and a mark for those who
 * see no colours: + good, ~ under way, - idle, ! wrong. */
#include "tui/theme.h"

struct state_look {
	enum style style;
	char mark;
};

struct state_look state_look(const char *state);
