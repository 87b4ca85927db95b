#include "shared/rpc/catalogue.h"

/* clang-format off */
static const struct cat_param fields[] = {
	{ "chat",      CAT_TEXT,  CAT_REQUIRED, "JID of the chat" },
	{ "device",    CAT_ID,    CAT_REQUIRED, "the device whose chat it is" },
	{ "name",      CAT_TEXT,  CAT_REQUIRED, "as the phone, your leads, the business or the person says; else the number" },
	{ "phone",     CAT_PHONE, CAT_OPTIONAL, "the person's number, when it is known" },
	{ "is_group",  CAT_BOOL,  CAT_REQUIRED, "a group" },
	{ "unread",    CAT_INT,   CAT_REQUIRED, "messages that nobody has read yet" },
	{ "last_at",   CAT_TIME,  CAT_REQUIRED, "when the last message was sent" },
	{ "last_kind", CAT_TEXT,  CAT_OPTIONAL, "what it is: text, image, ..." },
	{ "last_text", CAT_TEXT,  CAT_OPTIONAL, "how it begins" },
	{ "from_me",   CAT_BOOL,  CAT_REQUIRED, "it was written by this account" },
	{ "status",    CAT_TEXT,  CAT_OPTIONAL, "if so: pending, sent, delivered, read, played" },
	{ "end",       CAT_BOOL,  CAT_OPTIONAL, "the phone has told of all that it has of the chat; absent: it did not say" },
	{ NULL },
};

static const struct cat_param list_in[] = {
	{ "device", CAT_REF,  CAT_OPTIONAL, "only of this device", .max = 64, .noun = "device" },
	{ "search", CAT_TEXT, CAT_OPTIONAL, "only chats with this in their names, number or last message", .min = 1, .max = 128 },
	{ "unread", CAT_BOOL, CAT_OPTIONAL, "only chats with unread messages" },
	{ "groups", CAT_BOOL, CAT_OPTIONAL, "groups too", "true" },
	{ "limit",  CAT_INT,  CAT_OPTIONAL, "how many at most, the newest first", "50", 1, 500 },
	{ "after",  CAT_TEXT, CAT_OPTIONAL, "go on after this place: next of the page before", .min = 1, .max = 200 },
	{ NULL },
};
const struct cat_method cat_chat_list = {
	.name = "chat.list", .role = ROLE_VIEWER, .in = list_in, .out = fields, .list = "chats",
	.http = "GET /api/chats", .doc = "List chats, that of the newest message first.",
};

static const struct cat_param show_in[] = {
	{ "chat",   CAT_TEXT, CAT_REQUIRED, "a number or a JID", .min = 1, .max = 128 },
	{ "device", CAT_REF,  CAT_OPTIONAL, "of this device; else the one that spoke last", .max = 64, .noun = "device" },
	{ NULL },
};
const struct cat_method cat_chat_show = {
	.name = "chat.show", .role = ROLE_VIEWER, .in = show_in, .out = fields, .args = "chat",
	.http = "GET /api/chats/{chat}", .doc = "Show one chat.",
};

static const struct cat_param read_in[] = {
	{ "chat",   CAT_TEXT, CAT_REQUIRED, "a number or a JID", .min = 1, .max = 128 },
	{ "device", CAT_REF,  CAT_REQUIRED, "id or name of the device whose chat it is", .max = 64, .noun = "device" },
	{ NULL },
};
static const struct cat_param read_out[] = {
	{ "chat",     CAT_TEXT, CAT_REQUIRED, "JID of the chat" },
	{ "messages", CAT_INT,  CAT_REQUIRED, "how many were unread" },
	{ "told",     CAT_BOOL, CAT_REQUIRED, "their authors are told; not while the device is offline" },
	{ NULL },
};
const struct cat_method cat_chat_read = {
	.name = "chat.read", .role = ROLE_OPERATOR, .writes = true, .in = read_in, .out = read_out, .args = "chat",
	.http = "POST /api/chats/{chat}/read", .doc = "Mark a chat as read, here and for its authors.",
};

static const struct cat_param sync_in[] = {
	{ "chat",   CAT_TEXT, CAT_REQUIRED, "a number or a JID", .min = 1, .max = 128 },
	{ "device", CAT_REF,  CAT_REQUIRED, "id or name of the device whose chat it is; it must be online", .max = 64, .noun = "device" },
	{ "count",  CAT_INT,  CAT_OPTIONAL, "how many at most; phones send 50 at a time", "50", 1, 500 },
	{ NULL },
};
static const struct cat_param sync_out[] = {
	{ "chat",    CAT_TEXT, CAT_REQUIRED, "JID of the chat" },
	{ "request", CAT_TEXT, CAT_REQUIRED, "names the request in the event that tells what came of it" },
	{ "before",  CAT_TIME, CAT_REQUIRED, "messages from before this time are asked for: that of the oldest one stored" },
	{ "count",   CAT_INT,  CAT_REQUIRED, "how many at most" },
	{ NULL },
};
const struct cat_method cat_chat_sync = {
	.name = "chat.sync", .role = ROLE_OPERATOR, .writes = true, .in = sync_in, .out = sync_out, .args = "chat",
	.http = "POST /api/chats/{chat}/sync", .doc = "Ask the phone for messages older than those stored; the events chat.synced and chat.sync_failed tell what came of it.",
};
/* clang-format on */
