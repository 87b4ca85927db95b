#include "shared/rpc/catalogue.h"

#define MESSAGE_STATES "pending claimed sending sent delivered read failed cancelled"

/* clang-format off */
static const struct cat_param send_in[] = {
	{ "device",  CAT_REF,   CAT_REQUIRED, "id or name of the device that sends", .max = 64, .noun = "device" },
	{ "to",      CAT_PHONE, CAT_REQUIRED, "recipient's number with country code" },
	{ "text",    CAT_TEXT,  CAT_OPTIONAL, "what to say", .min = 1, .max = 65536 },
	{ "image",   CAT_BYTES, CAT_OPTIONAL, "picture to send, JPEG or PNG", .min = 1, .max = 11 << 20 },
	{ "video",   CAT_BYTES, CAT_OPTIONAL, "video to send, MP4", .min = 1, .max = 11 << 20 },
	{ "document", CAT_BYTES, CAT_OPTIONAL, "file to send as a document", .min = 1, .max = 11 << 20 },
	{ "media_url", CAT_TEXT, CAT_OPTIONAL, "address of a picture, video or document to send; fetched now", .min = 8, .max = 1000 },
	{ "file_name", CAT_TEXT, CAT_OPTIONAL, "the document's name", .min = 1, .max = 255 },
	{ "caption", CAT_TEXT,  CAT_OPTIONAL, "text below the picture, video or document", .min = 1, .max = 65536 },
	{ "key",     CAT_TEXT,  CAT_OPTIONAL, "idempotency key: a second call with it sends nothing more",
	  .min = 1, .max = 128 },
	{ NULL },
};
static const struct cat_param send_out[] = {
	{ "id",     CAT_ID,   CAT_REQUIRED, "id for message.show" },
	{ "state",  CAT_ENUM, CAT_REQUIRED, "how far it is", .values = MESSAGE_STATES },
	{ "device", CAT_ID,   CAT_REQUIRED, "the device that sends" },
	{ "to",     CAT_PHONE, CAT_REQUIRED, "recipient's number" },
	{ NULL },
};
const struct cat_method cat_message_send = {
	.name = "message.send", .role = ROLE_OPERATOR, .writes = true, .in = send_in, .out = send_out,
	.http = "POST /api/messages", .doc = "Queue one message; it is sent when its device may.",
};

static const struct cat_param show_in[] = {
	{ "id", CAT_ID, CAT_REQUIRED, "id that message.send returned" },
	{ NULL },
};
static const struct cat_param show_out[] = {
	{ "id",           CAT_ID,    CAT_REQUIRED, "id of the message in the queue" },
	{ "state",        CAT_ENUM,  CAT_REQUIRED, "how far it is", .values = MESSAGE_STATES },
	{ "device",       CAT_ID,    CAT_REQUIRED, "the device that sends" },
	{ "to",           CAT_PHONE, CAT_REQUIRED, "recipient's number" },
	{ "campaign",     CAT_ID,    CAT_OPTIONAL, "the campaign it belongs to" },
	{ "text",         CAT_TEXT,  CAT_OPTIONAL, "text or caption" },
	{ "msg_id",       CAT_TEXT,  CAT_OPTIONAL, "WhatsApp's id, once it is claimed" },
	{ "attempt",      CAT_INT,   CAT_REQUIRED, "how often it was tried" },
	{ "error",        CAT_TEXT,  CAT_OPTIONAL, "why it failed or waits" },
	{ "created_at",   CAT_TIME,  CAT_REQUIRED, "when it was queued" },
	{ "sent_at",      CAT_TIME,  CAT_OPTIONAL, "when the server took it" },
	{ "delivered_at", CAT_TIME,  CAT_OPTIONAL, "when a phone had it" },
	{ "read_at",      CAT_TIME,  CAT_OPTIONAL, "when it was read" },
	{ NULL },
};
const struct cat_method cat_message_show = {
	.name = "message.show", .role = ROLE_VIEWER, .in = show_in, .out = show_out, .args = "id",
	.http = "GET /api/messages/{id}", .doc = "Show how far a queued message is.",
};

static const struct cat_param stored[] = {
	{ "at",      CAT_TIME, CAT_REQUIRED, "when it was sent" },
	{ "device",  CAT_ID,   CAT_REQUIRED, "the device whose chat it is" },
	{ "chat",    CAT_TEXT, CAT_REQUIRED, "JID of the chat" },
	{ "sender",  CAT_TEXT, CAT_REQUIRED, "JID of the author" },
	{ "name",    CAT_TEXT, CAT_OPTIONAL, "the author's name for others" },
	{ "from_me", CAT_BOOL, CAT_REQUIRED, "written by this account" },
	{ "kind",    CAT_TEXT, CAT_REQUIRED, "text, image, ..." },
	{ "text",    CAT_TEXT, CAT_OPTIONAL, "text or caption" },
	{ "media",   CAT_OBJECT, CAT_OPTIONAL, "of a file: mimetype, bytes, width, height, seconds, file_name, sha256" },
	{ "status",  CAT_TEXT, CAT_OPTIONAL, "own messages: pending, sent, delivered, read, played" },
	{ "quoted",  CAT_TEXT, CAT_OPTIONAL, "id of the message it answers" },
	{ "target",  CAT_TEXT, CAT_OPTIONAL, "id of the message that a reaction, edit or deletion is about" },
	{ "id",      CAT_TEXT, CAT_REQUIRED, "WhatsApp's message id" },
	{ "place",   CAT_TEXT, CAT_REQUIRED, "for before and after" },
	{ NULL },
};

static const struct cat_param list_in[] = {
	{ "device", CAT_REF,  CAT_OPTIONAL, "only of this device", .max = 64, .noun = "device" },
	{ "chat",   CAT_TEXT, CAT_OPTIONAL, "only this chat: a number or a JID", .min = 1, .max = 128 },
	{ "limit",  CAT_INT,  CAT_OPTIONAL, "how many at most, the newest", "50", 1, 1000 },
	{ "before", CAT_TEXT, CAT_OPTIONAL, "those before this place of a chat", .min = 1, .max = 64 },
	{ "after",  CAT_TEXT, CAT_OPTIONAL, "those after this place of a chat, the oldest of them", .min = 1, .max = 64 },
	{ NULL },
};
const struct cat_method cat_message_list = {
	.name = "message.list", .role = ROLE_VIEWER, .in = list_in, .out = stored, .list = "messages",
	.http = "GET /api/messages", .doc = "List stored messages, both directions, the newest last; next goes on the same way.",
};

static const struct cat_param search_in[] = {
	{ "words",  CAT_TEXT, CAT_REQUIRED, "beginnings of words that are all in it", .min = 1, .max = 200 },
	{ "device", CAT_REF,  CAT_OPTIONAL, "only of this device", .max = 64, .noun = "device" },
	{ "chat",   CAT_TEXT, CAT_OPTIONAL, "only in this chat: a number or a JID", .min = 1, .max = 128 },
	{ "limit",  CAT_INT,  CAT_OPTIONAL, "how many at most, the newest first", "50", 1, 200 },
	{ "before", CAT_TEXT, CAT_OPTIONAL, "go on before this place", .min = 1, .max = 64 },
	{ NULL },
};
const struct cat_method cat_message_search = {
	.name = "message.search", .role = ROLE_VIEWER, .in = search_in, .out = stored, .list = "messages", .args = "words",
	.http = "GET /api/messages/search", .doc = "Find stored messages by their words.",
};

static const struct cat_param media_in[] = {
	{ "id",     CAT_TEXT, CAT_REQUIRED, "WhatsApp's message id", .min = 1, .max = 255 },
	{ "device", CAT_REF,  CAT_REQUIRED, "id or name of the device that has the message", .max = 64, .noun = "device" },
	{ "chat",   CAT_TEXT, CAT_OPTIONAL, "its chat: a number or a JID", .min = 1, .max = 128 },
	{ "after",  CAT_TEXT, CAT_OPTIONAL, "go on at this place: next of the part before", .min = 1, .max = 20 },
	{ NULL },
};
static const struct cat_param media_out[] = {
	{ "mime",  CAT_TEXT,  CAT_REQUIRED, "what the sender says it is" },
	{ "size",  CAT_INT,   CAT_REQUIRED, "bytes of the whole file" },
	{ "name",  CAT_TEXT,  CAT_OPTIONAL, "what the sender calls it" },
	{ "bytes", CAT_BYTES, CAT_REQUIRED, "this part of it, base64" },
	{ "next",  CAT_TEXT,  CAT_OPTIONAL, "where the next part begins" },
	{ NULL },
};
const struct cat_method cat_message_media = {
	.name = "message.media", .role = ROLE_VIEWER, .in = media_in, .out = media_out, .args = "id",
	.document = "bytes", .http = "GET /api/messages/{id}/media",
	.doc = "Fetch the file of a stored message, checked and decrypted; part by part.",
};
/* clang-format on */
