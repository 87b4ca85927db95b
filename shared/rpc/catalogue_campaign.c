#include "shared/rpc/catalogue.h"

#define CAMPAIGN_STATES "draft scheduled running paused done cancelled failed"
#define CHOICES "sticky round_robin random least_loaded"

/* clang-format off */
/* a rehearsed campaign has neither an id nor a time of birth */
#define FIELDS(made) \
	{ "id",           CAT_ID,   made, "the campaign's id" }, \
	{ "title",        CAT_TEXT, CAT_REQUIRED, "title" }, \
	{ "state",        CAT_ENUM, CAT_REQUIRED, "state", .values = CAMPAIGN_STATES }, \
	{ "reason",       CAT_TEXT, CAT_OPTIONAL, "why it waits, failed or reached nobody: no_device, missed, nobody" }, \
	{ "total",        CAT_INT,  CAT_REQUIRED, "messages in all, 0 before it starts" }, \
	{ "left",         CAT_INT,  CAT_REQUIRED, "messages that are not final yet" }, \
	{ "counts",       CAT_OBJECT, CAT_REQUIRED, "messages by state" }, \
	{ "niche",        CAT_TEXT, CAT_OPTIONAL, "audience: leads with any of these labels; absent: everyone" }, \
	{ "status",       CAT_ENUM, CAT_OPTIONAL, "audience: status; absent: all", .values = "prospect customer" }, \
	{ "text",         CAT_TEXT, CAT_OPTIONAL, "text or caption" }, \
	{ "follow_up",    CAT_TEXT, CAT_OPTIONAL, "the text that follows the medium as a message of its own" }, \
	{ "has_image",    CAT_BOOL, CAT_REQUIRED, "carries a picture" }, \
	{ "media",        CAT_ENUM, CAT_OPTIONAL, "what it carries", .values = "image video document" }, \
	{ "devices",      CAT_LIST, CAT_OPTIONAL, "ids of the devices that send; absent: all" }, \
	{ "device_choice", CAT_ENUM, made, "how leads are spread over devices", .values = CHOICES }, \
	{ "delay_min_ms", CAT_INT,  CAT_OPTIONAL, "shortest gap between two messages of a device" }, \
	{ "delay_max_ms", CAT_INT,  CAT_OPTIONAL, "longest gap" }, \
	{ "start_at",     CAT_TIME, CAT_OPTIONAL, "when it starts or started; absent: a draft that waits to be told" }, \
	{ "zone",         CAT_TEXT, CAT_OPTIONAL, "the zone its start was given in" }, \
	{ "grace_s",      CAT_INT,  made, "how late it may start, in seconds" }, \
	{ "expire_s",     CAT_INT,  made, "what was not sent that long after the start expires" }, \
	{ "created_at",   CAT_TIME, made, "when it was made" }, \
	{ "updated_at",   CAT_TIME, made, "when it was last changed" }, \
	{ "finished_at",  CAT_TIME, CAT_OPTIONAL, "when its last message was final" },

static const struct cat_param fields[] = {
	FIELDS(CAT_REQUIRED)
	{ NULL },
};

#define PLAN \
	{ "opted_out",    CAT_INT,  CAT_OPTIONAL, "leads of the audience that have opted out and get nothing" }, \
	{ "invalid",      CAT_INT,  CAT_OPTIONAL, "leads of the audience that are known not to be on WhatsApp; skipped" }, \
	{ "ends_at",      CAT_TIME, CAT_OPTIONAL, "when the last message will have left, by gaps, caps and quiet hours; absent: no device, or not soon" }, \
	{ "late",         CAT_BOOL, CAT_OPTIONAL, "true: some would expire before their turn comes" }, \
	{ "samples",      CAT_OBJECTS, CAT_OPTIONAL, "the first recipients and what each would read" },

static const struct cat_param create_out[] = {
	FIELDS(CAT_OPTIONAL)
	PLAN
	{ "dry_run",      CAT_BOOL, CAT_OPTIONAL, "true: nothing was made; total is the audience, devices are those that would send" },
	{ NULL },
};

/* what a campaign is made of */
#define AUDIENCE \
	{ "niche",        CAT_TEXT,  CAT_OPTIONAL, "audience: leads with any of these labels, as in shops,VIP", .min = 1, .max = 640 }, \
	{ "everyone",     CAT_BOOL,  CAT_OPTIONAL, "audience: all leads, whatever their labels" }, \
	{ "status",       CAT_ENUM,  CAT_OPTIONAL, "audience: leads with this status", .values = "prospect customer all" },
#define WHEN \
	{ "start_at",     CAT_TIME,  CAT_OPTIONAL, "when to start, as an instant" }, \
	{ "at",           CAT_TEXT,  CAT_OPTIONAL, "when to start, by the clocks of the zone: 2026-12-24 09:30", .min = 16, .max = 19 }, \
	{ "zone",         CAT_TEXT,  CAT_OPTIONAL, "zone of at, as in Asia/Jakarta; the user's when absent", .min = 1, .max = 64 },
#define CONTENT \
	{ "text",         CAT_TEXT,  CAT_OPTIONAL, "what to say; {name}, {name:friend}, {one|other} are filled in for each recipient", .min = 1, .max = 65536 }, \
	{ "image",        CAT_BYTES, CAT_OPTIONAL, "picture to send, JPEG or PNG", .min = 1, .max = 11 << 20 }, \
	{ "video",        CAT_BYTES, CAT_OPTIONAL, "video to send, MP4", .min = 1, .max = 11 << 20 }, \
	{ "document",     CAT_BYTES, CAT_OPTIONAL, "file to send as a document", .min = 1, .max = 11 << 20 }, \
	{ "media_url",    CAT_TEXT,  CAT_OPTIONAL, "address of a picture, video or document to send; fetched once, now", .min = 8, .max = 1000 }, \
	{ "file_name",    CAT_TEXT,  CAT_OPTIONAL, "the document's name", .min = 1, .max = 255 }, \
	{ "caption",      CAT_TEXT,  CAT_OPTIONAL, "text below the picture, video or document", .min = 1, .max = 65536 }, \
	{ "split",        CAT_BOOL,  CAT_OPTIONAL, "send the picture, video or document first and the text as a message of its own after it" },
#define MANNER \
	{ "delay_min_ms", CAT_INT,   CAT_OPTIONAL, "shortest gap between two messages of a device", .max = 86400000 }, \
	{ "delay_max_ms", CAT_INT,   CAT_OPTIONAL, "longest gap", .max = 86400000 }, \
	{ "devices",      CAT_LIST,  CAT_OPTIONAL, "ids or names of the devices that send; all when absent", \
	  .max = 5000, .noun = "device" }, \
	{ "device_choice", CAT_ENUM, CAT_OPTIONAL, "sticky: the device that talked to the lead last, else the least loaded", .values = CHOICES }, \
	{ "grace_s",      CAT_INT,   CAT_OPTIONAL, "how late it may start, in seconds; a day when absent", .max = 31536000 }, \
	{ "expire_s",     CAT_INT,   CAT_OPTIONAL, "what was not sent that long after the start expires; a day when absent", .min = 60, .max = 31536000 },

static const struct cat_param create_in[] = {
	{ "title",        CAT_TEXT,  CAT_REQUIRED, "title", .min = 1, .max = 200 },
	AUDIENCE
	CONTENT
	WHEN
	MANNER
	{ "draft",        CAT_BOOL,  CAT_OPTIONAL, "keep it until campaign.start" },
	{ "dry_run",      CAT_BOOL,  CAT_OPTIONAL, "only check and count the audience, make nothing" },
	{ NULL },
};
const struct cat_method cat_campaign_create = {
	.name = "campaign.create", .role = ROLE_OPERATOR, .writes = true, .in = create_in, .out = create_out,
	.args = "title", .http = "POST /api/campaigns",
	.doc = "Send a text, a picture, a video or a document to an audience of leads, at once or at a time.",
};

static const struct cat_param update_in[] = {
	{ "campaign",     CAT_ID,    CAT_REQUIRED, "id of the campaign", .noun = "campaign" },
	{ "title",        CAT_TEXT,  CAT_OPTIONAL, "title", .min = 1, .max = 200 },
	AUDIENCE
	CONTENT
	WHEN
	MANNER
	{ NULL },
};
const struct cat_method cat_campaign_update = {
	.name = "campaign.update", .role = ROLE_OPERATOR, .writes = true, .in = update_in, .out = fields,
	.args = "campaign", .http = "PATCH /api/campaigns/{campaign}",
	.doc = "Change a campaign that has not begun; what is not named stays.",
};

static const struct cat_param start_in[] = {
	{ "campaign", CAT_ID, CAT_REQUIRED, "id of the campaign", .noun = "campaign" },
	WHEN
	{ NULL },
};
const struct cat_method cat_campaign_start = {
	.name = "campaign.start", .role = ROLE_OPERATOR, .writes = true, .in = start_in, .out = fields,
	.args = "campaign", .http = "POST /api/campaigns/{campaign}/start",
	.doc = "Start a draft, one that waits, or one that has missed its time; now, or at the time given.",
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
static const struct cat_param report_out[] = {
	{ "id",        CAT_ID,   CAT_REQUIRED, "the device's id" },
	{ "name",      CAT_TEXT, CAT_OPTIONAL, "its name; absent: it is gone" },
	{ "online",    CAT_BOOL, CAT_REQUIRED, "can send now" },
	{ "total",     CAT_INT,  CAT_REQUIRED, "messages of the campaign that are its" },
	{ "pending",   CAT_INT,  CAT_REQUIRED, "wait or are leaving" },
	{ "success",   CAT_INT,  CAT_REQUIRED, "the server took them" },
	{ "delivered", CAT_INT,  CAT_REQUIRED, "of those: are on a phone" },
	{ "read",      CAT_INT,  CAT_REQUIRED, "of those: were read" },
	{ "failed",    CAT_INT,  CAT_REQUIRED, "failed for good" },
	{ "cancelled", CAT_INT,  CAT_REQUIRED, "were taken back" },
	{ "skipped",   CAT_INT,  CAT_REQUIRED, "were never to be sent" },
	{ "expired",   CAT_INT,  CAT_REQUIRED, "were not sent in time" },
	{ "last_sent_at", CAT_TIME, CAT_OPTIONAL, "when the server took the last one" },
	{ NULL },
};
const struct cat_method cat_campaign_report = {
	.name = "campaign.report", .role = ROLE_VIEWER, .in = by_campaign, .out = report_out, .list = "devices",
	.args = "campaign", .http = "GET /api/campaigns/{campaign}/report", .doc = "Show a campaign's messages by device.",
};

static const struct cat_param recipients_in[] = {
	{ "campaign", CAT_ID, CAT_REQUIRED, "id of the campaign", .noun = "campaign" },
	{ "state", CAT_ENUM, CAT_OPTIONAL, "only these; waiting and success are several states",
	  .values = "waiting success pending claimed sending sent delivered read failed cancelled skipped expired" },
	{ "device", CAT_REF, CAT_OPTIONAL, "only of this device", .max = 64, .noun = "device" },
	{ "limit", CAT_INT, CAT_OPTIONAL, "how many at most", "100", 1, 1000 },
	{ "after", CAT_ID, CAT_OPTIONAL, "go on after this message" },
	{ NULL },
};
static const struct cat_param recipients_out[] = {
	{ "id",      CAT_ID,    CAT_REQUIRED, "id of the message" },
	{ "phone",   CAT_PHONE, CAT_REQUIRED, "recipient's number" },
	{ "name",    CAT_TEXT,  CAT_OPTIONAL, "the lead's name" },
	{ "state",   CAT_ENUM,  CAT_REQUIRED, "how far it is",
	  .values = "pending claimed sending sent delivered read failed cancelled skipped expired" },
	{ "device",  CAT_ID,    CAT_REQUIRED, "the device that sends it" },
	{ "part",    CAT_INT,   CAT_REQUIRED, "1, or 2 for the text after the medium" },
	{ "attempt", CAT_INT,   CAT_REQUIRED, "how often it was tried" },
	{ "sent_at", CAT_TIME,  CAT_OPTIONAL, "when the server took it" },
	{ "delivered_at", CAT_TIME, CAT_OPTIONAL, "when a phone had it" },
	{ "read_at", CAT_TIME,  CAT_OPTIONAL, "when it was read" },
	{ "class",   CAT_TEXT,  CAT_OPTIONAL, "class of what went wrong, for campaign.retry" },
	{ "error",   CAT_TEXT,  CAT_OPTIONAL, "what went wrong" },
	{ "reason",  CAT_TEXT,  CAT_OPTIONAL, "why it waits now" },
	{ NULL },
};
const struct cat_method cat_campaign_recipients = {
	.name = "campaign.recipients", .role = ROLE_VIEWER, .in = recipients_in, .out = recipients_out, .list = "recipients",
	.args = "campaign", .http = "GET /api/campaigns/{campaign}/recipients",
	.doc = "List a campaign's messages, how far each is, and why it waits.",
};

static const struct cat_param retry_in[] = {
	{ "campaign", CAT_ID, CAT_REQUIRED, "id of the campaign", .noun = "campaign" },
	{ "class", CAT_LIST, CAT_OPTIONAL, "only these classes of failure; expired: what was not sent in time", .max = 20 },
	{ "device", CAT_REF, CAT_OPTIONAL, "only of this device", .max = 64, .noun = "device" },
	{ NULL },
};
static const struct cat_param retry_out[] = {
	{ "campaign", CAT_ID, CAT_REQUIRED, "id of the campaign" },
	{ "retried", CAT_INT, CAT_REQUIRED, "messages that go again" },
	{ NULL },
};
const struct cat_method cat_campaign_retry = {
	.name = "campaign.retry", .role = ROLE_OPERATOR, .writes = true, .in = retry_in, .out = retry_out, .args = "campaign",
	.http = "POST /api/campaigns/{campaign}/retry",
	.doc = "Send again what failed; never what may have arrived.",
};

static const struct cat_param test_in[] = {
	{ "campaign", CAT_ID, CAT_REQUIRED, "id of the campaign", .noun = "campaign" },
	{ "device", CAT_REF, CAT_REQUIRED, "id or name of the device that sends", .max = 64, .noun = "device" },
	{ "to", CAT_PHONE, CAT_OPTIONAL, "number to send to; the device's own when absent" },
	{ NULL },
};
static const struct cat_param test_out[] = {
	{ "id", CAT_ID, CAT_REQUIRED, "id for message.show" },
	{ "device", CAT_ID, CAT_REQUIRED, "the device that sends" },
	{ NULL },
};
const struct cat_method cat_campaign_test = {
	.name = "campaign.test", .role = ROLE_OPERATOR, .writes = true, .in = test_in, .out = test_out, .args = "campaign",
	.http = "POST /api/campaigns/{campaign}/test",
	.doc = "Send a campaign's message to yourself, whatever its state.",
};

static const struct cat_param preview_out[] = {
	{ "total", CAT_INT, CAT_REQUIRED, "recipients" },
	PLAN
	{ NULL },
};
const struct cat_method cat_campaign_preview = {
	.name = "campaign.preview", .role = ROLE_VIEWER, .in = by_campaign, .out = preview_out, .args = "campaign",
	.http = "GET /api/campaigns/{campaign}/preview",
	.doc = "Show whom a campaign would reach now, and what the first of them would read.",
};
static const struct cat_param delete_in[] = {
	{ "campaign", CAT_ID, CAT_REQUIRED, "id of the campaign", .noun = "campaign" },
	{ "dry_run",  CAT_BOOL, CAT_OPTIONAL, "only say what would be cancelled" },
	{ NULL },
};
static const struct cat_param delete_out[] = {
	{ "campaign", CAT_ID, CAT_REQUIRED, "id of the campaign that is gone" },
	{ "cancelled", CAT_INT, CAT_REQUIRED, "messages that wait: cancelled" },
	{ "dry_run",  CAT_BOOL, CAT_OPTIONAL, "nothing was done" },
	{ NULL },
};
const struct cat_method cat_campaign_delete = {
	.name = "campaign.delete", .role = ROLE_OPERATOR, .writes = true, .destroys = true, .in = delete_in,
	.out = delete_out, .args = "campaign", .http = "DELETE /api/campaigns/{campaign}",
	.doc = "Forget a campaign; what was not sent is cancelled.",
};
const struct cat_method cat_campaign_cancel = {
	.name = "campaign.cancel", .role = ROLE_OPERATOR, .writes = true, .destroys = true, .in = by_campaign,
	.out = fields, .args = "campaign", .http = "POST /api/campaigns/{campaign}/cancel",
	.doc = "End a campaign; what was not sent is cancelled.",
};
/* clang-format on */
