#include "shared/rpc/catalogue.h"

/* clang-format off */
static const struct cat_param list_in[] = {
	{ "limit",  CAT_INT, CAT_OPTIONAL, "how many at most, the newest first", "100", 1, 5000 },
	{ "before", CAT_ID,  CAT_OPTIONAL, "go on before this id" },
	{ NULL },
};
static const struct cat_param list_out[] = {
	{ "id",     CAT_ID,   CAT_REQUIRED, "id of the entry" },
	{ "at",     CAT_TIME, CAT_REQUIRED, "when" },
	{ "actor",  CAT_TEXT, CAT_REQUIRED, "who did it" },
	{ "user",   CAT_TEXT, CAT_OPTIONAL, "whose objects were changed" },
	{ "method", CAT_TEXT, CAT_REQUIRED, "what was done" },
	{ "object", CAT_TEXT, CAT_OPTIONAL, "to what" },
	{ "params", CAT_OBJECT, CAT_OPTIONAL, "how, without secrets and long texts" },
	{ NULL },
};
const struct cat_method cat_audit_list = {
	.name = "audit.list", .role = ROLE_VIEWER, .in = list_in, .out = list_out, .list = "entries",
	.http = "GET /api/audit", .doc = "List changes of your objects; an admin sees everybody's.",
};
/* clang-format on */
