#include "shared/rpc/catalogue.h"

/* clang-format off */
#define WINDOW \
	{ "days",  CAT_ENUM, CAT_OPTIONAL, "so many days until today, in the user's zone; 7 when nothing is named", .values = "today 7 30 90" }, \
	{ "start", CAT_TEXT, CAT_OPTIONAL, "first day, like 2026-11-01; with end, in place of days", .min = 10, .max = 10 }, \
	{ "end",   CAT_TEXT, CAT_OPTIONAL, "last day, 366 days from the first at most", .min = 10, .max = 10 },
#define PAGE \
	{ "limit", CAT_INT,  CAT_OPTIONAL, "how many at most", "100", 1, 1000 }, \
	{ "after", CAT_ID,   CAT_OPTIONAL, "go on after this id" },
#define SCOPE \
	{ "device",   CAT_REF, CAT_OPTIONAL, "only what this device did; all: every one", .max = 64, .noun = "device" }, \
	{ "campaign", CAT_ID,  CAT_OPTIONAL, "only of this campaign", .noun = "campaign" }, \
	{ "sequence", CAT_ID,  CAT_OPTIONAL, "only of this sequence" },

static const struct cat_param summary_in[] = {
	WINDOW
	SCOPE
	{ NULL },
};
static const struct cat_param summary_out[] = {
	{ "start",         CAT_TEXT,    CAT_REQUIRED, "first day" },
	{ "end",           CAT_TEXT,    CAT_REQUIRED, "last day" },
	{ "zone",          CAT_TEXT,    CAT_REQUIRED, "in which the days begin" },
	{ "metrics",       CAT_OBJECT,  CAT_REQUIRED, "leads...: people, each once; messages...: what they got, by the day on which it was sent" },
	{ "failures",      CAT_OBJECT,  CAT_REQUIRED, "messages that failed, by class" },
	{ "daily",         CAT_OBJECTS, CAT_REQUIRED, "every day: date; sent, delivered, read, replied: people; messages, failed, opt_outs, received" },
	{ "counted_until", CAT_TIME,    CAT_OPTIONAL, "what happened up to then is in the figures" },
	{ NULL },
};
const struct cat_method cat_analytics_summary = {
	.name = "analytics.summary", .role = ROLE_VIEWER, .in = summary_in, .out = summary_out,
	.http = "GET /api/analytics", .doc = "Count whom campaigns and sequences reached, day by day.",
};

static const struct cat_param list_in[] = {
	WINDOW
	PAGE
	{ NULL },
};
static const struct cat_param devices_out[] = {
	{ "device",            CAT_ID,     CAT_REQUIRED, "the device" },
	{ "name",              CAT_TEXT,   CAT_OPTIONAL, "its name; absent: it is deleted" },
	{ "online",            CAT_BOOL,   CAT_REQUIRED, "logged in now" },
	{ "messages_sent",      CAT_INT,    CAT_REQUIRED, "messages the server took, also direct ones" },
	{ "messages_received",  CAT_INT,    CAT_REQUIRED, "private messages that came in" },
	{ "unique_contacts",    CAT_INT,    CAT_REQUIRED, "people who got a broadcast" },
	{ "messages_delivered", CAT_INT,    CAT_REQUIRED, "broadcasts on a phone" },
	{ "messages_read",      CAT_INT,    CAT_REQUIRED, "broadcasts read" },
	{ "messages_replied",   CAT_INT,    CAT_REQUIRED, "broadcasts answered" },
	{ "messages_failed",    CAT_INT,    CAT_REQUIRED, "broadcasts that failed" },
	{ "opt_outs",           CAT_INT,    CAT_REQUIRED, "people who left through it" },
	{ "failures",          CAT_OBJECT, CAT_REQUIRED, "those that failed, by class" },
	{ NULL },
};
const struct cat_method cat_analytics_devices = {
	.name = "analytics.devices", .role = ROLE_VIEWER, .in = list_in, .out = devices_out, .list = "devices",
	.http = "GET /api/analytics/devices", .doc = "Count what each device sent and got.",
};

#define REACH \
	{ "leads_sent",        CAT_INT,    CAT_REQUIRED, "people to whom the server took a message" }, \
	{ "leads_received",    CAT_INT,    CAT_REQUIRED, "of these: got it on a phone" }, \
	{ "leads_not_received", CAT_INT,    CAT_REQUIRED, "of these: did not" }, \
	{ "leads_read",        CAT_INT,    CAT_REQUIRED, "read it, as far as they let others know" }, \
	{ "leads_not_read",     CAT_INT,    CAT_REQUIRED, "got it and did not read it" }, \
	{ "leads_replied",     CAT_INT,    CAT_REQUIRED, "answered it" }, \
	{ "messages_sent",     CAT_INT,    CAT_REQUIRED, "messages the server took" }, \
	{ "messages_failed",   CAT_INT,    CAT_REQUIRED, "messages that failed" }, \
	{ "messages_pending",  CAT_INT,    CAT_REQUIRED, "messages that wait now" }, \
	{ "success_rate",      CAT_TEXT,   CAT_OPTIONAL, "percent of sent, failed, expired and waiting ones that were sent" }, \
	{ "opt_outs",          CAT_INT,    CAT_REQUIRED, "people it made leave" }, \
	{ "failures",         CAT_OBJECT, CAT_REQUIRED, "those that failed, by class" },

static const struct cat_param campaigns_out[] = {
	{ "campaign", CAT_ID,   CAT_REQUIRED, "the campaign" },
	{ "name",     CAT_TEXT, CAT_REQUIRED, "its title" },
	{ "state",    CAT_TEXT, CAT_REQUIRED, "its state" },
	REACH
	{ NULL },
};
const struct cat_method cat_analytics_campaigns = {
	.name = "analytics.campaigns", .role = ROLE_VIEWER, .in = list_in, .out = campaigns_out, .list = "campaigns",
	.http = "GET /api/analytics/campaigns", .doc = "Count whom each campaign reached.",
};

static const struct cat_param sequences_out[] = {
	{ "sequence", CAT_ID,   CAT_REQUIRED, "the sequence" },
	{ "name",     CAT_TEXT, CAT_REQUIRED, "its name" },
	{ "state",    CAT_TEXT, CAT_REQUIRED, "its state" },
	REACH
	{ NULL },
};
const struct cat_method cat_analytics_sequences = {
	.name = "analytics.sequences", .role = ROLE_VIEWER, .in = list_in, .out = sequences_out, .list = "sequences",
	.http = "GET /api/analytics/sequences", .doc = "Count whom each sequence reached.",
};

static const struct cat_param export_out[] = {
	{ "csv", CAT_DOC, CAT_REQUIRED, "CSV with a header line, one line a day" },
	{ NULL },
};
const struct cat_method cat_analytics_export = {
	.name = "analytics.export", .role = ROLE_VIEWER, .in = summary_in, .out = export_out,
	.document = "csv", .media_type = "text/csv",
	.http = "GET /api/analytics/export", .doc = "The days of analytics.summary as CSV.",
};
/* clang-format on */
