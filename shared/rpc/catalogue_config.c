#include "shared/rpc/catalogue.h"

/* clang-format off */
static const struct cat_param none[] = {
	{ NULL },
};

static const struct cat_param config_out[] = {
	{ "name",    CAT_TEXT, CAT_REQUIRED, "section.key" },
	{ "value",   CAT_TEXT, CAT_OPTIONAL, "as it is in force; absent: unset" },
	{ "origin",  CAT_TEXT, CAT_REQUIRED, "where it comes from: file and line, variable, flag, default" },
	{ "live",    CAT_BOOL, CAT_REQUIRED, "a reload is enough to change it" },
	{ "pending", CAT_TEXT, CAT_OPTIONAL, "what the next start will take, as of the last reload" },
	{ "doc",     CAT_TEXT, CAT_REQUIRED, "what it is" },
	{ NULL },
};
const struct cat_method cat_config_list = {
	.name = "config.list", .role = ROLE_ADMIN, .in = none, .out = config_out, .list = "settings",
	.http = "GET /api/config", .doc = "List the settings in force and where each comes from.",
};
/* clang-format on */
