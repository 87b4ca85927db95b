#pragma once
/* What lead.check answered, told in a note; wherever it is asked. */
#include "tui/view.h"

void checked_tell(struct view *v, const json_t *result);
