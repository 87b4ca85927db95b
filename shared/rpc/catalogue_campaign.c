#include "shared/rpc/catalogue.h"

#define CAMPAIGN_STATES "scheduled running paused done cancelled"

/* clang-format off */
/* a rehearsed campaign has neither an id nor a time of birth */
#define FIELDS(made) \
	{ "id",           CAT_ID,   made, "the campaign's id" }, \
	{ "title",        CAT_TEXT, CAT_REQUIRED, "title" }, \
	{ "state",        CAT_ENUM, CAT_REQUIRED, "state", .values = CAMPAIGN_STATES }, \
	{ "total",        CAT_INT,  CAT_REQUIRED, "messages in all, 0 before it starts" }, \
	{ "left",         CAT_INT,  CAT_REQUIRED, "messages that are not final yet" }, \
	{ "counts",       CAT_OBJECT, CAT_REQUIRED, "messages by state" }, \
	{ "niche",        CAT_TEXT, CAT_OPTIONAL, "audience: niche" }, \
	{ "status",       CAT_ENUM, CAT_OPTIONAL, "audience: status", .values = "prospect customer" }, \
	{ "text",         CAT_TEXT, CAT_OPTIONAL, "text or caption" }, \
	{ "has_image",    CAT_BOOL, CAT_REQUIRED, "carries a picture" }, \
	{ "devices",      CAT_LIST, CAT_OPTIONAL, "ids of the devices that send; absent: all" }, \
	{ "delay_min_ms", CAT_INT,  CAT_OPTIONAL, "shortest gap between two messages of a device" }, \
	{ "delay_max_ms", CAT_INT,  CAT_OPTIONAL, "longest gap" }, \
	{ "start_at",     CAT_TIME, CAT_REQUIRED, "when it starts or started" }, \
	{ "created_at",   CAT_TIME, made, "when it was made" }, \
	{ "finished_at",  CAT_TIME, CAT_OPTIONAL, "when its last message was final" },

static const struct cat_param fields[] = {
	FIELDS(CAT_REQUIRED)
	{ NULL },
};
static const struct cat_param create_out[] = {
	FIELDS(CAT_OPTIONAL)
	{ "dry_run",      CAT_BOOL, CAT_OPTIONAL, "true: nothing was made; total is the audience, devices are those that would send" },
	{ NULL },
};

static const struct cat_param create_in[] = {
	{ "title",        CAT_TEXT,  CAT_REQUIRED, "title", .min = 1, .max = 200 },
	{ "niche",        CAT_TEXT,  CAT_OPTIONAL, "audience: leads of this niche", .min = 1, .max = 64 },
	{ "status",       CAT_ENUM,  CAT_OPTIONAL, "audience: leads with this status", .values = "prospect customer" },
	{ "text",         CAT_TEXT,  CAT_OPTIONAL, "what to say; {name}, {name:friend}, {one|other} are filled in for each recipient", .min = 1, .max = 65536 },
	{ "image",        CAT_BYTES, CAT_OPTIONAL, "picture to send, JPEG or PNG", .min = 1, .max = 11 << 20 },
	{ "caption",      CAT_TEXT,  CAT_OPTIONAL, "text below the picture", .min = 1, .max = 65536 },
	{ "start_at",     CAT_TIME,  CAT_OPTIONAL, "when to start; at once when absent" },
	{ "delay_min_ms", CAT_INT,   CAT_OPTIONAL, "shortest gap between two messages of a device", .max = 86400000 },
	{ "delay_max_ms", CAT_INT,   CAT_OPTIONAL, "longest gap", .max = 86400000 },
	{ "devices",      CAT_LIST,  CAT_OPTIONAL, "ids or names of the devices that send; all when absent",
	  .max = 5000, .noun = "device" },
	{ "dry_run",      CAT_BOOL,  CAT_OPTIONAL, "only check and count the audience, make nothing" },
	{ NULL },
};
const struct cat_method cat_campaign_create = {
	.name = "campaign.create", .role = ROLE_OPERATOR, .writes = true, .in = create_in, .out = create_out,
	.args = "title", .http = "POST /api/campaigns",
	.doc = "Send a text or a picture to an audience of leads.",
};

static const struct cat_param list_in[] = {
	{ "state", CAT_ENUM, CAT_OPTIONAL, "only in this state", .values = CAMPAIGN_STATES },
	{ "limit", CAT_INT,  CAT_OPTIONAL, "how many at most", "100", 1, 1000 },
	{ "after", CAT_ID,   CAT_OPTIONAL, "go on after this id" },
	{ NULL },
};
const struct cat_method cat_campaign_list = {
	.name = "campaign.list", .role = ROLE_VIEWER, .in = list_in, .out = fields, .list = "campaigns",
	.http = "GET /api/campaigns", .doc = "List campaigns with their counts.",
};

static const struct cat_param by_campaign[] = {
	{ "campaign", CAT_ID, CAT_REQUIRED, "id of the campaign", .noun = "campaign" },
	{ NULL },
};
const struct cat_method cat_campaign_show = {
	.name = "campaign.show", .role = ROLE_VIEWER, .in = by_campaign, .out = fields, .args = "campaign",
	.http = "GET /api/campaigns/{campaign}", .doc = "Show a campaign with its counts by state.",
};
const struct cat_method cat_campaign_pause = {
	.name = "campaign.pause", .role = ROLE_OPERATOR, .writes = true, .in = by_campaign, .out = fields,
	.args = "campaign", .http = "POST /api/campaigns/{campaign}/pause",
	.doc = "Stop sending and keep the queue.",
};
const struct cat_method cat_campaign_resume = {
	.name = "campaign.resume", .role = ROLE_OPERATOR, .writes = true, .in = by_campaign, .out = fields,
	.args = "campaign", .http = "POST /api/campaigns/{campaign}/resume",
	.doc = "Go on sending.",
};
const struct cat_method cat_campaign_cancel = {
	.name = "campaign.cancel", .role = ROLE_OPERATOR, .writes = true, .destroys = true, .in = by_campaign,
	.out = fields, .args = "campaign", .http = "POST /api/campaigns/{campaign}/cancel",
	.doc = "End a campaign; what was not sent is cancelled.",
};
/* clang-format on */
