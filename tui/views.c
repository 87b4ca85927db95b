#include "tui/views.h"

#include <string.h>
#include <strings.h>

#include "shared/base/macros.h"

/* clang-format off */
static const struct view_row table[] = {
#define X(name, title, method, doc) { #name, title, method, doc, view_##name##_new },
	VIEW_TABLE(X)
#undef X
};
/* clang-format on */

size_t views_len(void)
{
	return ARRAY_LEN(table);
}

const struct view_row *views_at(size_t i)
{
	return &table[i];
}

const struct view_row *views_find(const char *name)
{
	const struct view_row *found = NULL;
	size_t hits = 0;

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		if (strcasecmp(table[i].name, name) == 0)
			return &table[i];
		if (strncasecmp(table[i].name, name, strlen(name)) == 0) {
			found = &table[i];
			hits++;
		}
	}
	return hits == 1 ? found : NULL;
}
