#include "shared/rpc/catalogue.h"

/* clang-format off */
static const struct cat_param import_in[] = {
	{ "csv",    CAT_DOC,  CAT_REQUIRED, "CSV with a header line: phone, and any of name, niche, status",
	  .max = 15 << 20 },
	{ "niche",  CAT_TEXT, CAT_OPTIONAL, "for rows that name none", .min = 1, .max = 64 },
	{ "status", CAT_ENUM, CAT_OPTIONAL, "for rows that name none", .values = "prospect customer" },
	{ "dry_run", CAT_BOOL, CAT_OPTIONAL, "only check and count, change nothing" },
	{ NULL },
};
static const struct cat_param import_out[] = {
	{ "accepted", CAT_INT,     CAT_REQUIRED, "new leads" },
	{ "updated",  CAT_INT,     CAT_REQUIRED, "leads that were known" },
	{ "rejected", CAT_OBJECTS, CAT_REQUIRED, "rows that were left out: line and reason" },
	{ "dry_run",  CAT_BOOL,    CAT_OPTIONAL, "true: nothing was changed" },
	{ NULL },
};
const struct cat_method cat_lead_import = {
	.name = "lead.import", .role = ROLE_OPERATOR, .writes = true, .in = import_in, .out = import_out,
	.args = "csv", .http = "POST /api/leads/import",
	.doc = "Take leads from CSV; bad lines are listed, the rest is taken.",
};

static const struct cat_param list_in[] = {
	{ "niche",  CAT_TEXT, CAT_OPTIONAL, "only of this niche", .min = 1, .max = 64 },
	{ "status", CAT_ENUM, CAT_OPTIONAL, "only with this status", .values = "prospect customer" },
	{ "limit",  CAT_INT,  CAT_OPTIONAL, "how many at most", "100", 1, 10000 },
	{ "after",  CAT_ID,   CAT_OPTIONAL, "go on after this id" },
	{ NULL },
};
static const struct cat_param list_out[] = {
	{ "id",         CAT_ID,    CAT_REQUIRED, "the lead's id" },
	{ "phone",      CAT_PHONE, CAT_REQUIRED, "number with country code" },
	{ "name",       CAT_TEXT,  CAT_OPTIONAL, "name" },
	{ "niche",      CAT_TEXT,  CAT_REQUIRED, "niche, may be empty" },
	{ "status",     CAT_ENUM,  CAT_REQUIRED, "status", .values = "prospect customer" },
	{ "opted_out",  CAT_BOOL,  CAT_REQUIRED, "wants no more messages" },
	{ "created_at", CAT_TIME,  CAT_REQUIRED, "when it was imported" },
	{ NULL },
};
const struct cat_method cat_lead_list = {
	.name = "lead.list", .role = ROLE_VIEWER, .in = list_in, .out = list_out, .list = "leads",
	.http = "GET /api/leads", .doc = "List leads.",
};
/* clang-format on */
