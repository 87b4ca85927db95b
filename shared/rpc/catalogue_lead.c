#include "shared/rpc/catalogue.h"

#define STATUSES "prospect customer"

/* clang-format off */
static const struct cat_param fields[] = {
	{ "id",            CAT_ID,     CAT_REQUIRED, "the lead's id" },
	{ "phone",         CAT_PHONE,  CAT_REQUIRED, "number with country code" },
	{ "name",          CAT_TEXT,   CAT_OPTIONAL, "name" },
	{ "niche",         CAT_TEXT,   CAT_REQUIRED, "its labels with commas, may be empty" },
	{ "status",        CAT_ENUM,   CAT_REQUIRED, "status", .values = STATUSES },
	{ "opted_out",     CAT_BOOL,   CAT_REQUIRED, "wants no more messages" },
	{ "on_whatsapp",   CAT_BOOL,   CAT_OPTIONAL, "the number is on WhatsApp; absent: not known" },
	{ "note",          CAT_TEXT,   CAT_OPTIONAL, "a note" },
	{ "vars",          CAT_OBJECT, CAT_OPTIONAL, "free variables for messages" },
	{ "zone",          CAT_TEXT,   CAT_OPTIONAL, "time zone; absent: the user's" },
	{ "opt_in_source", CAT_TEXT,   CAT_OPTIONAL, "where they agreed to messages" },
	{ "opt_in_at",     CAT_TIME,   CAT_OPTIONAL, "when they agreed to messages" },
	{ "device",        CAT_ID,     CAT_OPTIONAL, "the device that talks to them" },
	{ "created_at",    CAT_TIME,   CAT_REQUIRED, "when it was made" },
	{ "updated_at",    CAT_TIME,   CAT_REQUIRED, "when it was last changed" },
	{ NULL },
};

#define SETTINGS(min_text, status_default) \
	{ "name",          CAT_TEXT, CAT_OPTIONAL, "name", .min = min_text, .max = 200 }, \
	{ "niche",         CAT_TEXT, CAT_OPTIONAL, "labels with commas, e.g. SHOPS,VIP", .min = min_text, .max = 1000 }, \
	{ "status",        CAT_ENUM, CAT_OPTIONAL, "status", status_default, .values = STATUSES }, \
	{ "note",          CAT_TEXT, CAT_OPTIONAL, "a note", .min = min_text, .max = 4000 }, \
	{ "vars",          CAT_MAP,  CAT_OPTIONAL, "free variables for messages, e.g. city=Ipoh" }, \
	{ "zone",          CAT_TEXT, CAT_OPTIONAL, "time zone, e.g. Asia/Kuala_Lumpur", .min = min_text, .max = 64 }, \
	{ "opt_in_source", CAT_TEXT, CAT_OPTIONAL, "where they agreed to messages", .min = min_text, .max = 200 }, \
	{ "opt_in_at",     CAT_TIME, CAT_OPTIONAL, "when they agreed to messages" }, \
	{ "device",        CAT_REF,  CAT_OPTIONAL, "the device that talks to them", .max = 64, .noun = "device" },

static const struct cat_param create_in[] = {
	{ "phone", CAT_PHONE, CAT_REQUIRED, "number; without a country code, the user's is put before it" },
	SETTINGS(1, "prospect")
	{ NULL },
};
const struct cat_method cat_lead_create = {
	.name = "lead.create", .role = ROLE_OPERATOR, .writes = true, .in = create_in, .out = fields, .args = "phone",
	.http = "POST /api/leads", .doc = "Make a lead.",
};

#define FILTERS \
	{ "niche",     CAT_TEXT, CAT_OPTIONAL, "only with any of these labels (A,B)", .min = 1, .max = 1000 }, \
	{ "status",    CAT_ENUM, CAT_OPTIONAL, "only with this status", .values = STATUSES }, \
	{ "text",      CAT_TEXT, CAT_OPTIONAL, "only with this in name, phone or note", .min = 1, .max = 200 }, \
	{ "device",    CAT_REF,  CAT_OPTIONAL, "only those this device talks to", .max = 64, .noun = "device" }, \
	{ "opted_out", CAT_BOOL, CAT_OPTIONAL, "only those who want no more messages, or only the others" },

static const struct cat_param list_in[] = {
	FILTERS
	{ "sort",  CAT_ENUM, CAT_OPTIONAL, "in the order in which they were made, or by name", "made", .values = "made name" },
	{ "limit", CAT_INT,  CAT_OPTIONAL, "how many at most", "100", 1, 10000 },
	{ "after", CAT_ID,   CAT_OPTIONAL, "go on after this id" },
	{ NULL },
};
const struct cat_method cat_lead_list = {
	.name = "lead.list", .role = ROLE_VIEWER, .in = list_in, .out = fields, .list = "leads",
	.http = "GET /api/leads", .doc = "List leads.",
};

static const struct cat_param no_params[] = {
	{ NULL },
};
static const struct cat_param labels_out[] = {
	{ "label", CAT_TEXT, CAT_REQUIRED, "a label" },
	{ "leads", CAT_INT,  CAT_REQUIRED, "leads that have it" },
	{ NULL },
};
const struct cat_method cat_lead_labels = {
	.name = "lead.labels", .role = ROLE_VIEWER, .in = no_params, .out = labels_out, .list = "labels",
	.http = "GET /api/leads/labels", .doc = "List the labels that leads have.",
};

static const struct cat_param by_lead[] = {
	{ "lead", CAT_ID, CAT_REQUIRED, "id of the lead", .noun = "lead" },
	{ NULL },
};
const struct cat_method cat_lead_show = {
	.name = "lead.show", .role = ROLE_VIEWER, .in = by_lead, .out = fields, .args = "lead",
	.http = "GET /api/leads/{lead}", .doc = "Show one lead.",
};

static const struct cat_param update_in[] = {
	{ "lead",  CAT_ID,    CAT_REQUIRED, "id of the lead", .noun = "lead" },
	{ "phone", CAT_PHONE, CAT_OPTIONAL, "number" },
	SETTINGS(0, NULL)
	{ NULL },
};
const struct cat_method cat_lead_update = {
	.name = "lead.update", .role = ROLE_OPERATOR, .writes = true, .in = update_in, .out = fields, .args = "lead",
	.http = "PATCH /api/leads/{lead}",
	.doc = "Change a lead; what is not named stays, an empty text takes a value away.",
};

static const struct cat_param delete_in[] = {
	{ "lead",    CAT_ID,   CAT_REQUIRED, "id of the lead", .noun = "lead" },
	{ "dry_run", CAT_BOOL, CAT_OPTIONAL, "only say whether it is there" },
	{ NULL },
};
static const struct cat_param delete_out[] = {
	{ "lead", CAT_ID, CAT_REQUIRED, "id of the lead that is gone" },
	{ "dry_run", CAT_BOOL, CAT_OPTIONAL, "nothing was done" },
	{ NULL },
};
const struct cat_method cat_lead_delete = {
	.name = "lead.delete", .role = ROLE_OPERATOR, .writes = true, .destroys = true, .in = delete_in, .out = delete_out,
	.args = "lead", .http = "DELETE /api/leads/{lead}",
	.doc = "Delete a lead; what was queued to it, and its opt-out, stay.",
};

static const struct cat_param import_in[] = {
	{ "csv",    CAT_DOC,  CAT_REQUIRED, "CSV with a header line, or a JSON object a line: phone, and any of name, niche, tags, target_status, "
	  "additional_note, timezone, opt_in_source, opt_in_at, device_id, var.NAME", .max = 15 << 20 },
	{ "niche",  CAT_TEXT, CAT_OPTIONAL, "labels for rows that name none", .min = 1, .max = 1000 },
	{ "status", CAT_ENUM, CAT_OPTIONAL, "for rows that name none", .values = STATUSES },
	{ "device", CAT_REF,  CAT_OPTIONAL, "for rows that name none", .max = 64, .noun = "device" },
	{ "dry_run", CAT_BOOL, CAT_OPTIONAL, "only check and count, change nothing" },
	{ NULL },
};
static const struct cat_param import_out[] = {
	{ "accepted", CAT_INT,     CAT_REQUIRED, "new leads" },
	{ "updated",  CAT_INT,     CAT_REQUIRED, "leads that were known" },
	{ "rejected", CAT_OBJECTS, CAT_REQUIRED, "rows that were left out: line, field and reason; the first 1000" },
	{ "notes",    CAT_OBJECTS, CAT_OPTIONAL, "values that were read otherwise: line, field and reason; the first 1000" },
	{ "rejected_count", CAT_INT, CAT_REQUIRED, "how many rows were left out" },
	{ "dry_run",  CAT_BOOL,    CAT_OPTIONAL, "true: nothing was changed" },
	{ NULL },
};
const struct cat_method cat_lead_import = {
	.name = "lead.import", .role = ROLE_OPERATOR, .writes = true, .in = import_in, .out = import_out,
	.args = "csv", .http = "POST /api/leads/import",
	.doc = "Take leads from CSV or JSON lines, by phone: an empty field keeps what is known; bad lines are listed, the rest is taken.",
};

static const struct cat_param export_in[] = {
	FILTERS
	{ "after", CAT_TEXT, CAT_OPTIONAL, "go on after this: the next of the part before", .min = 1, .max = 8192 },
	{ NULL },
};
static const struct cat_param export_out[] = {
	{ "csv",  CAT_DOC,  CAT_REQUIRED, "CSV with a header line, in the form that lead.import takes" },
	{ "next", CAT_TEXT, CAT_OPTIONAL, "there is more: after of the next part, which has no header line" },
	{ NULL },
};
const struct cat_method cat_lead_export = {
	.name = "lead.export", .role = ROLE_VIEWER, .in = export_in, .out = export_out, .document = "csv",
	.media_type = "text/csv; charset=utf-8", .http = "GET /api/leads/export", .doc = "Write leads as CSV.",
};
static const struct cat_param check_in[] = {
	{ "phones", CAT_LIST, CAT_OPTIONAL, "these numbers; absent: those of leads", .max = 1000 },
	{ "niche",  CAT_TEXT, CAT_OPTIONAL, "only leads with any of these labels (A,B)", .min = 1, .max = 1000 },
	{ "again",  CAT_BOOL, CAT_OPTIONAL, "also those whose answer is still good (30 days; 7 when it was no)" },
	{ NULL },
};
static const struct cat_param check_out[] = {
	{ "numbers", CAT_INT,     CAT_REQUIRED, "numbers that were named" },
	{ "waiting", CAT_INT,     CAT_REQUIRED, "those that are asked for now, a few at a time" },
	{ "known",   CAT_OBJECTS, CAT_OPTIONAL, "of phones: phone, on_whatsapp and checked_at of those that are known" },
	{ NULL },
};
const struct cat_method cat_lead_check = {
	.name = "lead.check", .role = ROLE_OPERATOR, .writes = true, .in = check_in, .out = check_out, .args = "phones",
	.http = "POST /api/leads/check", .doc = "Find out which numbers are on WhatsApp, slowly; lead.list shows it.",
};
/* clang-format on */
