#include "shared/rpc/catalogue.h"

/* clang-format off */
static const struct cat_param list_in[] = {
	{ "limit", CAT_INT, CAT_OPTIONAL, "how many at most", "100", 1, 10000 },
	{ "after", CAT_ID,  CAT_OPTIONAL, "go on after this one" },
	{ NULL },
};
static const struct cat_param list_out[] = {
	{ "phone",  CAT_PHONE, CAT_REQUIRED, "who wants no more messages" },
	{ "name",   CAT_TEXT,  CAT_OPTIONAL, "the lead's name" },
	{ "word",   CAT_TEXT,  CAT_OPTIONAL, "what they wrote; absent: added by hand" },
	{ "device", CAT_ID,    CAT_OPTIONAL, "the device that got it" },
	{ "at",     CAT_TIME,  CAT_REQUIRED, "since when" },
	{ NULL },
};
const struct cat_method cat_optout_list = {
	.name = "optout.list", .role = ROLE_VIEWER, .in = list_in, .out = list_out, .list = "optouts",
	.http = "GET /api/optouts", .doc = "List phones that campaigns and automatic replies leave out.",
};

static const struct cat_param by_phone[] = {
	{ "phone", CAT_PHONE, CAT_REQUIRED, "number with country code" },
	{ NULL },
};
static const struct cat_param add_out[] = {
	{ "phone",   CAT_PHONE, CAT_REQUIRED, "number" },
	{ "added",   CAT_BOOL,  CAT_REQUIRED, "false: it was on the list" },
	{ "stopped", CAT_INT,   CAT_REQUIRED, "messages of campaigns that were waiting for it and are not sent now" },
	{ NULL },
};
const struct cat_method cat_optout_add = {
	.name = "optout.add", .role = ROLE_OPERATOR, .writes = true, .in = by_phone, .out = add_out, .args = "phone",
	.http = "POST /api/optouts", .doc = "Put a phone on the opt-out list.",
};

static const struct cat_param remove_out[] = {
	{ "phone", CAT_PHONE, CAT_REQUIRED, "number" },
	{ NULL },
};
const struct cat_method cat_optout_remove = {
	.name = "optout.remove", .role = ROLE_OPERATOR, .writes = true, .destroys = true, .in = by_phone,
	.out = remove_out, .args = "phone", .http = "DELETE /api/optouts/{phone}",
	.doc = "Take a phone off the opt-out list; only when its owner asked for it.",
};

static const struct cat_param no_params[] = {
	{ NULL },
};
static const struct cat_param word_out[] = {
	{ "word",   CAT_TEXT, CAT_REQUIRED, "the whole message, without case and punctuation" },
	{ "kind",   CAT_ENUM, CAT_REQUIRED, "what it does", .values = "stop start" },
	{ "answer", CAT_TEXT, CAT_OPTIONAL, "the confirmation; absent: the built-in one" },
	{ NULL },
};
const struct cat_method cat_optout_words = {
	.name = "optout.words", .role = ROLE_VIEWER, .in = no_params, .out = word_out, .list = "words",
	.http = "GET /api/optouts/words", .doc = "List own opt-out words; those of many languages are built in.",
};

static const struct cat_param teach_in[] = {
	{ "word",   CAT_TEXT, CAT_REQUIRED, "a whole message, e.g. STOP PROMO", .min = 1, .max = 64 },
	{ "kind",   CAT_ENUM, CAT_OPTIONAL, "what it does", "stop", .values = "stop start" },
	{ "answer", CAT_TEXT, CAT_OPTIONAL, "own confirmation", .min = 1, .max = 1000 },
	{ NULL },
};
const struct cat_method cat_optout_teach = {
	.name = "optout.teach", .role = ROLE_OPERATOR, .writes = true, .in = teach_in, .out = word_out, .args = "word",
	.http = "POST /api/optouts/words", .doc = "Add an own opt-out word, or give a built-in one another answer.",
};

static const struct cat_param unteach_in[] = {
	{ "word", CAT_TEXT, CAT_REQUIRED, "an own word", .min = 1, .max = 64 },
	{ NULL },
};
static const struct cat_param unteach_out[] = {
	{ "word", CAT_TEXT, CAT_REQUIRED, "the word" },
	{ NULL },
};
const struct cat_method cat_optout_unteach = {
	.name = "optout.unteach", .role = ROLE_OPERATOR, .writes = true, .in = unteach_in, .out = unteach_out,
	.args = "word", .http = "DELETE /api/optouts/words/{word}", .doc = "Remove an own opt-out word.",
};
/* clang-format on */
