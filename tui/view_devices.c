/* Devices: how they are; adding, linking, settings, pausing, leaving. */
#include <string.h>

#include "tui/form.h"
#include "tui/table.h"
#include "tui/views.h"

/* clang-format off */
static const struct table_column columns[] = {
	{ "name",   "name",      CELL_TEXT,   10, true },
	{ "state",  "state",     CELL_STATE,  13 },
	{ "number", "phone",     CELL_TEXT,   14 },
	{ "queue",  "queued",    CELL_NUMBER, 7 },
	{ "linked", "linked_at", CELL_AGO,    10, .from = 76 },
	{ "reason", "reason",    CELL_TEXT,   20, true, .from = 100 },
	{ NULL },
};

static const struct table_act acts[] = {
	{ ACT_NONE },
};

static const struct table_spec spec = {
	.name = "devices", .title = "Devices", .noun = "device", .scope = SCOPE_DEVICES,
	.method = "device.list", .id = "id", .label = "name", .page = 5000, .columns = columns, .acts = acts,
	.show_method = "device.show", .show_param = "device", .topics = "device.*", .event_id = "device",
	.empty = "no devices yet: a adds one",
};
/* clang-format on */

struct view *view_devices_new(struct app *app)
{
	return table_new(app, &spec, NULL, NULL);
}
