#include "shared/rpc/catalogue.h"

#define STATES "waiting sending delivered failed replayed"
#define TOPICS "topics of events, or message.* and the like; all when none is named"

/* clang-format off */
#define FIELDS \
	{ "id",               CAT_ID,   CAT_REQUIRED, "the webhook's id" }, \
	{ "url",              CAT_TEXT, CAT_REQUIRED, "where events go" }, \
	{ "topics",           CAT_LIST, CAT_OPTIONAL, "which events; absent: all" }, \
	{ "enabled",          CAT_BOOL, CAT_REQUIRED, "gets events now" }, \
	{ "ordered",          CAT_BOOL, CAT_REQUIRED, "one at a time, in the order of the events" }, \
	{ "reason",           CAT_TEXT, CAT_OPTIONAL, "why it is switched off" }, \
	{ "failing_since",    CAT_TIME, CAT_OPTIONAL, "nothing but failures since then" }, \
	{ "waiting",          CAT_INT,  CAT_REQUIRED, "deliveries that are not made yet" }, \
	{ "failed",           CAT_INT,  CAT_REQUIRED, "deliveries that were given up, and not replayed" }, \
	{ "old_secret_until", CAT_TIME, CAT_OPTIONAL, "until when the secret before this one signs too" }, \
	{ "created_at",       CAT_TIME, CAT_REQUIRED, "when it was made" },

static const struct cat_param fields[] = { FIELDS { NULL } };
static const struct cat_param create_out[] = {
	FIELDS
	{ "secret", CAT_TEXT, CAT_OPTIONAL, "the key of its signatures, when it was made here; it is not shown again" },
	{ NULL },
};

static const struct cat_param create_in[] = {
	{ "url",     CAT_TEXT,   CAT_REQUIRED, "where events go, https://", .min = 1, .max = 1000 },
	{ "topics",  CAT_LIST,   CAT_OPTIONAL, TOPICS },
	{ "ordered", CAT_BOOL,   CAT_OPTIONAL, "one at a time, in the order of the events: one that fails holds up those behind it", "false" },
	{ "secret",  CAT_SECRET, CAT_OPTIONAL, "a key of your own for the signatures", .min = 16, .max = 256 },
	{ NULL },
};
const struct cat_method cat_webhook_create = {
	.name = "webhook.create", .role = ROLE_OPERATOR, .writes = true, .in = create_in, .out = create_out, .args = "url",
	.http = "POST /api/webhooks", .doc = "Send events to a URL from now on, signed.",
};

static const struct cat_param list_in[] = {
	{ "limit", CAT_INT, CAT_OPTIONAL, "how many at most", "100", 1, 1000 },
	{ "after", CAT_ID,  CAT_OPTIONAL, "go on after this id" },
	{ NULL },
};
const struct cat_method cat_webhook_list = {
	.name = "webhook.list", .role = ROLE_VIEWER, .in = list_in, .out = fields, .list = "webhooks",
	.http = "GET /api/webhooks", .doc = "List webhooks.",
};

static const struct cat_param by_webhook[] = {
	{ "webhook", CAT_ID, CAT_REQUIRED, "id of the webhook", .noun = "webhook" },
	{ NULL },
};
const struct cat_method cat_webhook_show = {
	.name = "webhook.show", .role = ROLE_VIEWER, .in = by_webhook, .out = fields, .args = "webhook",
	.http = "GET /api/webhooks/{webhook}", .doc = "Show a webhook.",
};

static const struct cat_param update_in[] = {
	{ "webhook", CAT_ID,   CAT_REQUIRED, "id of the webhook", .noun = "webhook" },
	{ "url",     CAT_TEXT, CAT_OPTIONAL, "where events go", .min = 1, .max = 1000 },
	{ "topics",  CAT_LIST, CAT_OPTIONAL, "which events; * for all" },
	{ "ordered", CAT_BOOL, CAT_OPTIONAL, "one at a time, in the order of the events" },
	{ "enabled", CAT_BOOL, CAT_OPTIONAL, "off: what waits is given up; on: events from now on" },
	{ NULL },
};
const struct cat_method cat_webhook_update = {
	.name = "webhook.update", .role = ROLE_OPERATOR, .writes = true, .in = update_in, .out = fields, .args = "webhook",
	.http = "PATCH /api/webhooks/{webhook}", .doc = "Change a webhook, or switch it off or on; what is not named stays.",
};

static const struct cat_param rotate_out[] = {
	{ "webhook",          CAT_ID,   CAT_REQUIRED, "id of the webhook" },
	{ "secret",           CAT_TEXT, CAT_REQUIRED, "the new key; it is not shown again" },
	{ "old_secret_until", CAT_TIME, CAT_REQUIRED, "until then the key before signs too" },
	{ NULL },
};
const struct cat_method cat_webhook_rotate = {
	.name = "webhook.rotate", .role = ROLE_OPERATOR, .writes = true, .in = by_webhook, .out = rotate_out, .args = "webhook",
	.http = "POST /api/webhooks/{webhook}/rotate", .doc = "Make a new key for a webhook; for a day both sign.",
};

static const struct cat_param test_out[] = {
	{ "webhook",  CAT_ID,   CAT_REQUIRED, "id of the webhook" },
	{ "delivery", CAT_ID,   CAT_REQUIRED, "the delivery, for its log" },
	{ "good",     CAT_BOOL, CAT_REQUIRED, "the receiver took it" },
	{ "status",   CAT_INT,  CAT_OPTIONAL, "HTTP status of the answer" },
	{ "took_ms",  CAT_INT,  CAT_REQUIRED, "how long it took" },
	{ "error",    CAT_TEXT, CAT_OPTIONAL, "why it failed" },
	{ "answer",   CAT_TEXT, CAT_OPTIONAL, "the answer's first bytes" },
	{ NULL },
};
const struct cat_method cat_webhook_test = {
	.name = "webhook.test", .role = ROLE_OPERATOR, .writes = true, .in = by_webhook, .out = test_out, .args = "webhook",
	.http = "POST /api/webhooks/{webhook}/test", .doc = "Send the event webhook.ping, once, and say what came back.",
};

static const struct cat_param deliveries_in[] = {
	{ "webhook", CAT_ID,   CAT_OPTIONAL, "only of this webhook", .noun = "webhook" },
	{ "state",   CAT_ENUM, CAT_OPTIONAL, "only those in this state", .values = STATES },
	{ "limit",   CAT_INT,  CAT_OPTIONAL, "how many at most", "100", 1, 1000 },
	{ "after",   CAT_ID,   CAT_OPTIONAL, "go on with those older than this id" },
	{ NULL },
};
static const struct cat_param deliveries_out[] = {
	{ "id",         CAT_ID,   CAT_REQUIRED, "the delivery's id" },
	{ "webhook",    CAT_ID,   CAT_REQUIRED, "the webhook" },
	{ "event",      CAT_ID,   CAT_REQUIRED, "the event: the same in every delivery of it" },
	{ "topic",      CAT_TEXT, CAT_REQUIRED, "its topic" },
	{ "state",      CAT_ENUM, CAT_REQUIRED, "where it stands", .values = STATES },
	{ "attempt",    CAT_INT,  CAT_REQUIRED, "attempts so far" },
	{ "status",     CAT_INT,  CAT_OPTIONAL, "HTTP status of the last answer" },
	{ "took_ms",    CAT_INT,  CAT_OPTIONAL, "how long the last attempt took" },
	{ "error",      CAT_TEXT, CAT_OPTIONAL, "why the last attempt failed" },
	{ "answer",     CAT_TEXT, CAT_OPTIONAL, "the last answer's first bytes" },
	{ "created_at", CAT_TIME, CAT_REQUIRED, "when it was made" },
	{ "tried_at",   CAT_TIME, CAT_OPTIONAL, "the last attempt" },
	{ "next_at",    CAT_TIME, CAT_OPTIONAL, "the next attempt" },
	{ "done_at",    CAT_TIME, CAT_OPTIONAL, "when it was delivered or given up" },
	{ NULL },
};
const struct cat_method cat_webhook_deliveries = {
	.name = "webhook.deliveries", .role = ROLE_VIEWER, .in = deliveries_in, .out = deliveries_out, .list = "deliveries",
	.http = "GET /api/webhooks/deliveries", .doc = "List deliveries of the last 14 days and those that wait, the newest first.",
};

static const struct cat_param replay_in[] = {
	{ "webhook", CAT_ID, CAT_REQUIRED, "id of the webhook", .noun = "webhook" },
	{ "event",   CAT_ID, CAT_OPTIONAL, "this event" },
	{ "from",    CAT_ID, CAT_OPTIONAL, "the events from this id on" },
	{ "to",      CAT_ID, CAT_OPTIONAL, "to this one" },
	{ NULL },
};
static const struct cat_param replay_out[] = {
	{ "webhook",  CAT_ID,  CAT_REQUIRED, "id of the webhook" },
	{ "replayed", CAT_INT, CAT_REQUIRED, "new deliveries" },
	{ NULL },
};
const struct cat_method cat_webhook_replay = {
	.name = "webhook.replay", .role = ROLE_OPERATOR, .writes = true, .in = replay_in, .out = replay_out, .args = "webhook",
	.http = "POST /api/webhooks/{webhook}/replay",
	.doc = "Deliver again: one event, a range of ids, or all that was given up; 10,000 at most.",
};

static const struct cat_param delete_out[] = {
	{ "webhook", CAT_ID, CAT_REQUIRED, "id of the webhook that is gone" },
	{ NULL },
};
const struct cat_method cat_webhook_delete = {
	.name = "webhook.delete", .role = ROLE_OPERATOR, .writes = true, .destroys = true, .in = by_webhook, .out = delete_out,
	.args = "webhook", .http = "DELETE /api/webhooks/{webhook}", .doc = "Delete a webhook, what waits for it and its log.",
};
/* clang-format on */
