#include "shared/rpc/catalogue.h"

/* clang-format off */
static const struct cat_param queue_in[] = {
	{ "device", CAT_REF, CAT_OPTIONAL, "only of this device", .max = 64, .noun = "device" },
	{ NULL },
};
static const struct cat_param queue_out[] = {
	{ "pending",   CAT_INT, CAT_REQUIRED, "wait for their device" },
	{ "claimed",   CAT_INT, CAT_REQUIRED, "are in a device's window" },
	{ "sending",   CAT_INT, CAT_REQUIRED, "are on their way to the server" },
	{ "sent",      CAT_INT, CAT_REQUIRED, "taken by the server" },
	{ "delivered", CAT_INT, CAT_REQUIRED, "on a phone" },
	{ "read",      CAT_INT, CAT_REQUIRED, "read" },
	{ "failed",    CAT_INT, CAT_REQUIRED, "failed for good" },
	{ "cancelled", CAT_INT, CAT_REQUIRED, "cancelled" },
	{ "skipped",   CAT_INT, CAT_OPTIONAL, "never to be sent" },
	{ "expired",   CAT_INT, CAT_OPTIONAL, "not sent in their time" },
	{ "paused",    CAT_INT, CAT_REQUIRED, "of the pending: held back by a pause of their campaign" },
	{ "sent_last_minute", CAT_INT, CAT_OPTIONAL, "sent within the last 60 seconds" },
	{ "sent_last_hour", CAT_INT, CAT_OPTIONAL, "sent within the last hour" },
	{ "oldest_pending_s", CAT_INT, CAT_OPTIONAL, "how long the oldest of the pending has waited" },
	{ "queue_paused", CAT_BOOL, CAT_OPTIONAL, "the whole queue stands still" },
	{ "reason",    CAT_TEXT, CAT_OPTIONAL, "why it does" },
	{ NULL },
};
const struct cat_method cat_queue_stats = {
	.name = "queue.stats", .role = ROLE_VIEWER, .in = queue_in, .out = queue_out,
	.http = "GET /api/queue", .doc = "Count queued messages by state, with rate and age.",
};

static const struct cat_param workers_out[] = {
	{ "device",    CAT_ID,   CAT_REQUIRED, "the device's id" },
	{ "name",      CAT_TEXT, CAT_REQUIRED, "its name" },
	{ "state",     CAT_TEXT, CAT_REQUIRED, "of the device" },
	{ "queued",    CAT_INT,  CAT_REQUIRED, "messages that wait for it" },
	{ "waiting",   CAT_INT,  CAT_REQUIRED, "of these: in its window" },
	{ "in_flight", CAT_INT,  CAT_REQUIRED, "on their way to the server" },
	{ "sent",      CAT_INT,  CAT_REQUIRED, "taken by the server since the start" },
	{ "failed",    CAT_INT,  CAT_REQUIRED, "failed since the start" },
	{ "sent_today", CAT_INT, CAT_REQUIRED, "sends within the last 24 hours" },
	{ "health",    CAT_INT,  CAT_REQUIRED, "0 to 100; below 40 the device pauses itself" },
	{ "last_activity", CAT_TIME, CAT_OPTIONAL, "when it sent or heard of a message last" },
	{ "next_send_at", CAT_TIME, CAT_OPTIONAL, "when it may send next" },
	{ "why",       CAT_TEXT, CAT_OPTIONAL, "what it waits for: offline, paused, gap, minute cap, hour cap, day cap, warm-up, quiet hours, cool-down, empty" },
	{ "campaign",  CAT_ID,   CAT_OPTIONAL, "of its last send" },
	{ "sequence",  CAT_ID,   CAT_OPTIONAL, "of its last send" },
	{ NULL },
};
const struct cat_method cat_queue_workers = {
	.name = "queue.workers", .role = ROLE_VIEWER, .in = queue_in, .out = workers_out, .list = "workers",
	.http = "GET /api/queue/workers", .doc = "Show what each device is sending, and when and why not before.",
};

static const struct cat_param pause_in[] = {
	{ "reason", CAT_TEXT, CAT_OPTIONAL, "why, for those who look", .max = 150 },
	{ "all",    CAT_BOOL, CAT_OPTIONAL, "of all users: for admins" },
	{ NULL },
};
static const struct cat_param paused_out[] = {
	{ "queue_paused", CAT_BOOL, CAT_REQUIRED, "the queue stands still" },
	{ NULL },
};
const struct cat_method cat_queue_pause = {
	.name = "queue.pause", .role = ROLE_OPERATOR, .writes = true, .in = pause_in, .out = paused_out,
	.http = "POST /api/queue/pause", .doc = "Let no device send anything; all that is queued waits.",
};
static const struct cat_param resume_in[] = {
	{ "all", CAT_BOOL, CAT_OPTIONAL, "end the pause of all users: for admins" },
	{ NULL },
};
const struct cat_method cat_queue_resume = {
	.name = "queue.resume", .role = ROLE_OPERATOR, .writes = true, .in = resume_in, .out = paused_out,
	.http = "POST /api/queue/resume", .doc = "Let the devices send again.",
};

static const struct cat_param retry_in[] = {
	{ "class",    CAT_TEXT, CAT_OPTIONAL, "only what failed so: failed, retry, cold_contact, device_gone, expired", .min = 1, .max = 40 },
	{ "device",   CAT_REF, CAT_OPTIONAL, "only of this device", .max = 64, .noun = "device" },
	{ "campaign", CAT_ID,  CAT_OPTIONAL, "only of this campaign", .noun = "campaign" },
	{ NULL },
};
static const struct cat_param retry_out[] = {
	{ "retried", CAT_INT, CAT_REQUIRED, "messages that wait again" },
	{ NULL },
};
const struct cat_method cat_queue_retry = {
	.name = "queue.retry", .role = ROLE_OPERATOR, .writes = true, .in = retry_in, .out = retry_out,
	.http = "POST /api/queue/retry", .doc = "Send what failed or expired after all; not to those who opted out.",
};
/* clang-format on */
