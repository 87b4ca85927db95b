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
	{ "paused",    CAT_INT, CAT_REQUIRED, "of the pending: held back by a pause" },
	{ "sent_last_minute", CAT_INT, CAT_OPTIONAL, "sent within the last 60 seconds" },
	{ NULL },
};
const struct cat_method cat_queue_stats = {
	.name = "queue.stats", .role = ROLE_VIEWER, .in = queue_in, .out = queue_out,
	.http = "GET /api/queue", .doc = "Count queued messages by state.",
};
/* clang-format on */
