#include "shared/rpc/catalogue.h"

/* clang-format off */
static const struct cat_param none[] = {
	{ NULL },
};

static const struct cat_param subscribe_in[] = {
	{ "topics",   CAT_LIST, CAT_OPTIONAL, "topics or prefixes such as device.*; all when absent", .max = 100 },
	{ "since_id", CAT_ID,   CAT_OPTIONAL, "first send the stored events after this id" },
	{ NULL },
};
static const struct cat_param subscribe_out[] = {
	{ "subscription", CAT_ID, CAT_REQUIRED, "id for event.unsubscribe, on this connection" },
	{ "last_id",      CAT_ID, CAT_REQUIRED, "id of the newest stored event, 0 when there is none" },
	{ NULL },
};
const struct cat_method cat_event_subscribe = {
	.name = "event.subscribe", .role = ROLE_VIEWER, .rpc_only = true, .in = subscribe_in,
	.out = subscribe_out, .doc = "Get events as notifications on this connection.",
};

static const struct cat_param unsubscribe_in[] = {
	{ "subscription", CAT_ID, CAT_REQUIRED, "id that event.subscribe returned" },
	{ NULL },
};
const struct cat_method cat_event_unsubscribe = {
	.name = "event.unsubscribe", .role = ROLE_VIEWER, .rpc_only = true, .in = unsubscribe_in, .out = none,
	.doc = "End a subscription.",
};
/* clang-format on */
