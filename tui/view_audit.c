/* Who changed what, the newest first. */
#include <stdio.h>

#include "tui/table.h"
#include "tui/views.h"

/* clang-format off */
static const struct table_column columns[] = {
	{ "when",   "at",     CELL_TIME,   13 },
	{ "who",    "actor",  CELL_TEXT,   12 },
	{ "what",   "method", CELL_TEXT,   18 },
	{ "to",     "object", CELL_TEXT,   12, true },
	{ "how",    "params", CELL_OBJECT, 12, true },
	{ "of",     "user",   CELL_TEXT,   10, .from = 100 },
	{ NULL },
};
/* clang-format on */

static void tell_entry(struct view *v, const struct table_row *row)
{
	char text[1000];

	snprintf(text, sizeof text, "%s\n%s, of user %s\n%s %s\n%s", row_cell(row, "at"),
		 row_cell(row, "actor"), row_cell(row, "user"), row_cell(row, "method"),
		 row_cell(row, "object"), row_cell(row, "params"));
	view_tell(v, text, text);
}

/* clang-format off */
static const struct table_spec spec = {
	.name = "audit", .title = "Audit", .noun = "entry", .scope = SCOPE_AUDIT,
	.method = "audit.list", .id = "id", .label = "method", .page = 500, .after = "before", .columns = columns,
	.open = tell_entry, .newest_first = true, .again_s = 10,
};
/* clang-format on */

struct view *view_audit_new(struct app *app)
{
	return table_new(app, &spec, NULL, NULL);
}
