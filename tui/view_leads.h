#pragma once
/* The parts of the view of leads. */
#include "tui/table.h"

/* what the list of leads holds besides its rows */
struct leads {
	json_t *import; /* what lead.import is asked with, while its check is looked at */
	char label_change[1000];
};

/* asks for the file, checks it, shows what would come of it, imports */
void leads_import(struct view *v);
