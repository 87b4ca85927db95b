#include "shared/rpc/catalogue.h"

#define MATCHES "any keyword regex"

/* clang-format off */
static const struct cat_param fields[] = {
	{ "id",         CAT_ID,   CAT_REQUIRED, "the rule's id" },
	{ "enabled",    CAT_BOOL, CAT_REQUIRED, "answers now" },
	{ "match",      CAT_ENUM, CAT_REQUIRED, "how texts are chosen", .values = MATCHES },
	{ "pattern",    CAT_TEXT, CAT_OPTIONAL, "the words or the expression" },
	{ "text",       CAT_TEXT, CAT_REQUIRED, "the answer" },
	{ "device",     CAT_ID,   CAT_OPTIONAL, "only on this device; absent: on all" },
	{ "hours",      CAT_TEXT, CAT_REQUIRED, "when it answers, in the user's zone" },
	{ "days",       CAT_TEXT, CAT_REQUIRED, "days on which it answers" },
	{ "cooldown_s", CAT_INT,  CAT_REQUIRED, "seconds before the same contact is answered again" },
	{ "daily_max",  CAT_INT,  CAT_REQUIRED, "answers a day at most" },
	{ "today",      CAT_INT,  CAT_REQUIRED, "answers so far today" },
	{ "created_at", CAT_TIME, CAT_REQUIRED, "when it was made" },
	{ NULL },
};

#define SETTINGS(cool, most) \
	{ "hours",      CAT_TEXT, CAT_OPTIONAL, "e.g. 09:00-18:00, over midnight 18:00-09:00, or always", .min = 1, .max = 11 }, \
	{ "days",       CAT_TEXT, CAT_OPTIONAL, "e.g. mon-fri, or sat,sun, or all", .min = 1, .max = 64 }, \
	{ "cooldown_s", CAT_INT,  CAT_OPTIONAL, "seconds before the same contact is answered again", cool, 0, 31536000 }, \
	{ "daily_max",  CAT_INT,  CAT_OPTIONAL, "answers a day at most", most, 1, 100000 },

static const struct cat_param create_in[] = {
	{ "text",       CAT_TEXT, CAT_REQUIRED, "the answer; may hold variables and variants as a campaign's text", .min = 1, .max = 4096 },
	{ "match",      CAT_ENUM, CAT_OPTIONAL, "any text, one that holds the words, or one the expression fits", "any", .values = MATCHES },
	{ "pattern",    CAT_TEXT, CAT_OPTIONAL, "words that the text holds, or a POSIX extended regular expression", .min = 1, .max = 200 },
	SETTINGS("86400", "500")
	{ "device",     CAT_REF,  CAT_OPTIONAL, "only on this device", .max = 64, .noun = "device" },
	{ NULL },
};
const struct cat_method cat_reply_create = {
	.name = "reply.create", .role = ROLE_OPERATOR, .writes = true, .in = create_in, .out = fields, .args = "text",
	.http = "POST /api/replies", .doc = "Make a rule that answers private messages by itself.",
};

static const struct cat_param list_in[] = {
	{ "limit", CAT_INT, CAT_OPTIONAL, "how many at most", "100", 1, 1000 },
	{ "after", CAT_ID,  CAT_OPTIONAL, "go on after this id" },
	{ NULL },
};
const struct cat_method cat_reply_list = {
	.name = "reply.list", .role = ROLE_VIEWER, .in = list_in, .out = fields, .list = "rules",
	.http = "GET /api/replies", .doc = "List rules of replies.",
};

static const struct cat_param by_rule[] = {
	{ "rule", CAT_ID, CAT_REQUIRED, "id of the rule", .noun = "reply" },
	{ NULL },
};
const struct cat_method cat_reply_show = {
	.name = "reply.show", .role = ROLE_VIEWER, .in = by_rule, .out = fields, .args = "rule",
	.http = "GET /api/replies/{rule}", .doc = "Show a rule of replies.",
};

static const struct cat_param update_in[] = {
	{ "rule",       CAT_ID,   CAT_REQUIRED, "id of the rule", .noun = "reply" },
	{ "enabled",    CAT_BOOL, CAT_OPTIONAL, "answers or not" },
	{ "text",       CAT_TEXT, CAT_OPTIONAL, "the answer; may hold variables and variants as a campaign's text", .min = 1, .max = 4096 },
	SETTINGS(NULL, NULL)
	{ NULL },
};
const struct cat_method cat_reply_update = {
	.name = "reply.update", .role = ROLE_OPERATOR, .writes = true, .in = update_in, .out = fields, .args = "rule",
	.http = "PATCH /api/replies/{rule}", .doc = "Change a rule; what is not named stays, what it matches cannot change.",
};

static const struct cat_param delete_out[] = {
	{ "rule", CAT_ID, CAT_REQUIRED, "id of the rule that is gone" },
	{ NULL },
};
const struct cat_method cat_reply_delete = {
	.name = "reply.delete", .role = ROLE_OPERATOR, .writes = true, .destroys = true, .in = by_rule, .out = delete_out,
	.args = "rule", .http = "DELETE /api/replies/{rule}", .doc = "Delete a rule; what it answered stays in the log.",
};

static const struct cat_param log_in[] = {
	{ "rule",  CAT_ID,  CAT_OPTIONAL, "only of this rule", .noun = "reply" },
	{ "limit", CAT_INT, CAT_OPTIONAL, "how many at most", "100", 1, 1000 },
	{ "after", CAT_ID,  CAT_OPTIONAL, "go on after this id" },
	{ NULL },
};
static const struct cat_param log_out[] = {
	{ "id",     CAT_ID,    CAT_REQUIRED, "place in the log" },
	{ "at",     CAT_TIME,  CAT_REQUIRED, "when it was answered" },
	{ "device", CAT_ID,    CAT_REQUIRED, "the device that answers" },
	{ "to",     CAT_PHONE, CAT_REQUIRED, "who was answered" },
	{ "kind",   CAT_ENUM,  CAT_REQUIRED, "a rule's answer, or the confirmation of an opt-out word", .values = "rule stop start" },
	{ "rule",   CAT_ID,    CAT_OPTIONAL, "the rule" },
	{ "text",   CAT_TEXT,  CAT_REQUIRED, "the answer" },
	{ NULL },
};
const struct cat_method cat_reply_log = {
	.name = "reply.log", .role = ROLE_VIEWER, .in = log_in, .out = log_out, .list = "replies",
	.http = "GET /api/replies/log", .doc = "List what was answered by itself, the oldest first.",
};
/* clang-format on */
