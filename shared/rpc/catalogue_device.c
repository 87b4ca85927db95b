#include "shared/rpc/catalogue.h"

/* clang-format off */
static const struct cat_param device_fields[] = {
	{ "id",         CAT_ID,   CAT_REQUIRED, "the device's id" },
	{ "name",       CAT_TEXT, CAT_REQUIRED, "its name, unique" },
	{ "state",      CAT_TEXT, CAT_REQUIRED, "new, pairing, connecting, online, backoff, logged_out, banned, paused" },
	{ "online",     CAT_BOOL, CAT_REQUIRED, "logged in right now, whatever its state" },
	{ "fault",      CAT_TEXT, CAT_OPTIONAL, "what stopped it: logged_out, temp_banned, account_locked, outdated ..." },
	{ "phone",      CAT_PHONE, CAT_OPTIONAL, "own number, once linked" },
	{ "lid",        CAT_TEXT, CAT_OPTIONAL, "own LID, once linked" },
	{ "push_name",  CAT_TEXT, CAT_OPTIONAL, "the name that others see" },
	{ "reason",     CAT_TEXT, CAT_OPTIONAL, "why it is in this state" },
	{ "queued",     CAT_INT,  CAT_OPTIONAL, "messages that wait for it" },
	{ "delay_min_ms", CAT_INT, CAT_OPTIONAL, "shortest gap between two messages" },
	{ "delay_max_ms", CAT_INT, CAT_OPTIONAL, "longest gap between two messages" },
	{ "per_minute_max", CAT_INT, CAT_OPTIONAL, "messages within a minute at most; 0: any number" },
	{ "per_hour_max", CAT_INT, CAT_OPTIONAL, "messages within an hour at most; 0: any number" },
	{ "per_day_max", CAT_INT, CAT_OPTIONAL, "messages within 24 hours at most; 0: any number" },
	{ "warm_up",    CAT_BOOL, CAT_OPTIONAL, "these are lower while the link is young" },
	{ "quiet_hours", CAT_TEXT, CAT_OPTIONAL, "it sends nothing within, in your zone; never" },
	{ "keep_days",  CAT_INT,  CAT_OPTIONAL, "how long its chats are kept; 0: for ever" },
	{ "store_chats", CAT_BOOL, CAT_OPTIONAL, "its chats are kept" },
	{ "proxy",      CAT_TEXT, CAT_OPTIONAL, "the proxy it connects through, without user and password" },
	{ "reach_locked_until", CAT_TIME, CAT_OPTIONAL, "WhatsApp allows no new chats until then" },
	{ "created_at", CAT_TIME, CAT_OPTIONAL, "when it was made" },
	{ "linked_at",  CAT_TIME, CAT_OPTIONAL, "when it was linked" },
	{ NULL },
};

static const struct cat_param pairing_fields[] = {
	{ "device",     CAT_ID,   CAT_REQUIRED, "the device's id" },
	{ "name",       CAT_TEXT, CAT_REQUIRED, "its name" },
	{ "pairing",    CAT_ID,   CAT_OPTIONAL, "which attempt since the daemon's start this is" },
	{ "state",      CAT_TEXT, CAT_REQUIRED, "none, connecting, waiting (a code is shown), paired, failed" },
	{ "qr",         CAT_TEXT, CAT_OPTIONAL, "text of the current QR code, while waiting" },
	{ "qr_no",      CAT_INT,  CAT_OPTIONAL, "which code this is, from 1" },
	{ "qr_count",   CAT_INT,  CAT_OPTIONAL, "how many codes there are in all" },
	{ "expires_ms", CAT_INT,  CAT_OPTIONAL, "how long this code is still good" },
	{ "reason",     CAT_TEXT, CAT_OPTIONAL, "why pairing failed" },
	{ NULL },
};

static const struct cat_param by_device[] = {
	{ "device", CAT_REF, CAT_REQUIRED, "id or name of the device", .max = 64, .noun = "device" },
	{ NULL },
};

#define DEVICE_SETTINGS \
	{ "delay_min_ms", CAT_INT, CAT_OPTIONAL, "shortest gap between two messages; a campaign may ask for more", .max = 86400000 }, \
	{ "delay_max_ms", CAT_INT, CAT_OPTIONAL, "longest gap between two messages", .max = 86400000 }, \
	{ "per_minute_max", CAT_INT, CAT_OPTIONAL, "messages within any minute at most; 0: as the daemon's settings say", .max = 60000 }, \
	{ "per_hour_max", CAT_INT, CAT_OPTIONAL, "the same within any hour", .max = 60000 }, \
	{ "per_day_max", CAT_INT, CAT_OPTIONAL, "the same within any 24 hours", .max = 60000 }, \
	{ "warm_up", CAT_BOOL, CAT_OPTIONAL, "lower caps while the link is young: 10 % on the first day, all after two weeks" }, \
	{ "quiet_hours", CAT_TEXT, CAT_OPTIONAL, "send nothing within, in your zone: 22:00-07:00; never", .max = 16 }, \
	{ "keep_days", CAT_INT, CAT_OPTIONAL, "keep its chats that long; 0: for ever", .max = 36500 }, \
	{ "store_chats", CAT_BOOL, CAT_OPTIONAL, "keep its chats" }, \
	{ "proxy", CAT_SECRET, CAT_OPTIONAL, "connect through socks5://user:password@host:port or http://...; empty: none", .max = 1800 }

static const struct cat_param create_in[] = {
	{ "name", CAT_TEXT, CAT_REQUIRED, "a name of your choice, unique", .min = 1, .max = 64 },
	DEVICE_SETTINGS,
	{ NULL },
};
const struct cat_method cat_device_create = {
	.name = "device.create", .role = ROLE_OPERATOR, .writes = true, .in = create_in, .out = device_fields,
	.args = "name", .http = "POST /api/devices", .doc = "Make a device, not yet linked.",
};

static const struct cat_param update_in[] = {
	{ "device", CAT_REF, CAT_REQUIRED, "id or name of the device", .max = 64, .noun = "device" },
	DEVICE_SETTINGS,
	{ NULL },
};
const struct cat_method cat_device_update = {
	.name = "device.update", .role = ROLE_OPERATOR, .writes = true, .in = update_in, .out = device_fields,
	.args = "device", .http = "PATCH /api/devices/{device}",
	.doc = "Change a device's settings; they count at once.",
};

static const struct cat_param pause_in[] = {
	{ "device", CAT_REF, CAT_REQUIRED, "id or name of the device", .max = 64, .noun = "device" },
	{ "reason", CAT_TEXT, CAT_OPTIONAL, "why, for those who look", .max = 150 },
	{ NULL },
};
const struct cat_method cat_device_pause = {
	.name = "device.pause", .role = ROLE_OPERATOR, .writes = true, .in = pause_in, .out = device_fields,
	.args = "device", .http = "POST /api/devices/{device}/pause",
	.doc = "Let a device send nothing; what it is to send waits, what comes in is taken.",
};
const struct cat_method cat_device_resume = {
	.name = "device.resume", .role = ROLE_OPERATOR, .writes = true, .in = by_device, .out = device_fields,
	.args = "device", .http = "POST /api/devices/{device}/resume",
	.doc = "Let a paused or stopped device go on.",
};

static const struct cat_param list_in[] = {
	{ "limit", CAT_INT,  CAT_OPTIONAL, "how many at most", "5000", 1, 5000 },
	{ "after", CAT_ID,   CAT_OPTIONAL, "go on after this id" },
	{ NULL },
};
const struct cat_method cat_device_list = {
	.name = "device.list", .role = ROLE_VIEWER, .in = list_in, .out = device_fields, .list = "devices",
	.http = "GET /api/devices", .doc = "List devices and how they are.",
};

const struct cat_method cat_device_show = {
	.name = "device.show", .role = ROLE_VIEWER, .in = by_device, .out = device_fields, .args = "device",
	.http = "GET /api/devices/{device}", .doc = "Show one device.",
};

const struct cat_method cat_device_pair = {
	.name = "device.pair", .role = ROLE_OPERATOR, .writes = true, .in = by_device, .out = pairing_fields,
	.args = "device", .http = "POST /api/devices/{device}/pair",
	.doc = "Link a device to a phone by QR code.",
};

const struct cat_method cat_device_cancel = {
	.name = "device.cancel", .role = ROLE_OPERATOR, .writes = true, .in = by_device, .out = pairing_fields,
	.args = "device", .http = "POST /api/devices/{device}/cancel",
	.doc = "Give up linking that is under way.",
};

const struct cat_method cat_device_reconnect = {
	.name = "device.reconnect", .role = ROLE_OPERATOR, .writes = true, .in = by_device, .out = device_fields,
	.args = "device", .http = "POST /api/devices/{device}/reconnect",
	.doc = "Let a linked device drop its connection, or what it waits for, and connect at once; nothing queued is lost.",
};

const struct cat_method cat_device_qr = {
	.name = "device.qr", .role = ROLE_VIEWER, .in = by_device, .out = pairing_fields, .args = "device",
	.http = "GET /api/devices/{device}/qr", .doc = "Show the current QR text of a pairing.",
};

const struct cat_method cat_device_logout = {
	.name = "device.logout", .role = ROLE_OPERATOR, .writes = true, .destroys = true, .in = by_device,
	.out = device_fields, .args = "device", .http = "POST /api/devices/{device}/logout",
	.doc = "Unlink a device from its phone; it can be paired again.",
};

static const struct cat_param delete_in[] = {
	{ "device", CAT_REF, CAT_REQUIRED, "id or name of the device", .max = 64, .noun = "device" },
	{ "dry_run", CAT_BOOL, CAT_OPTIONAL, "only say what would be lost" },
	{ NULL },
};
static const struct cat_param delete_out[] = {
	{ "device",    CAT_ID,  CAT_REQUIRED, "the device's id" },
	{ "cancelled", CAT_INT, CAT_REQUIRED, "messages that wait for it: cancelled" },
	{ "dry_run",   CAT_BOOL, CAT_OPTIONAL, "nothing was done" },
	{ NULL },
};
const struct cat_method cat_device_delete = {
	.name = "device.delete", .role = ROLE_OPERATOR, .writes = true, .destroys = true, .in = delete_in,
	.out = delete_out, .args = "device", .http = "DELETE /api/devices/{device}",
	.doc = "Unlink a device and forget it, with its keys and its queue.",
};
/* clang-format on */
