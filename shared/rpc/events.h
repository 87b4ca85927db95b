#pragma once
/* The topics of events, each a row. Who raises one names it by these constants; subscribers, event
 * watch and webhooks read from the same table. The notification is
 *	{"jsonrpc":"2.0","method":"event",
 *	 "params":{"subscription":"1","id":"42","at":"...Z","topic":"message.sent","data":{...}}}
 * Passing events have no id and are not stored: who was not there has missed them.
 * and, when a subscriber was too slow, "event.lost" with {"subscription","from","to"}. */
#include <stdbool.h>
#include <stddef.h>

/* constant, topic, fields of data, doc. Ids are strings. */
/* clang-format off */
#define EVENT_TABLE(X) \
	X(DEVICE_QR, "device.qr", "device name pairing qr qr_no qr_count expires_ms", "a new QR text to scan; passing, without an id") \
	X(DEVICE_PAIRED, "device.paired", "device name phone lid", "the device is linked") \
	X(DEVICE_PAIR_FAILED, "device.pair_failed", "device name state fault reason", "pairing ended without a link") \
	X(DEVICE_ONLINE, "device.online", "device name", "the device is logged in") \
	X(DEVICE_OFFLINE, "device.offline", "device name state fault reason", "the device lost its connection") \
	X(DEVICE_FAULT, "device.fault", "device name state fault reason", "the server refuses the device") \
	X(DEVICE_PAUSED, "device.paused", "device name state reason by_itself", "the device sends nothing until it is resumed") \
	X(DEVICE_REACH_LOCKED, "device.reach_locked", "device name until", "WhatsApp allows the device no new chats until then") \
	X(DEVICE_RESUMED, "device.resumed", "device name", "the device may send again") \
	X(DEVICE_LOGGED_OUT, "device.logged_out", "device name state fault reason", "the device is no longer linked") \
	X(CHAT_SYNCED, "chat.synced", "device chat request messages end", "older messages that the phone was asked for are stored; end: it has no others") \
	X(CHAT_SYNC_FAILED, "chat.sync_failed", "device chat request reason", "the phone did not answer in time, though it still may; or its answer is damaged") \
	X(CALL_OFFERED, "call.offered", "device call from phone video group offline at", "somebody calls; it rings on the phone") \
	X(MESSAGE_RECEIVED, "message.received", "device chat sender id kind text at push_name", "a message came") \
	X(MESSAGE_QUEUED, "message.queued", "id device to", "a message was accepted") \
	X(MESSAGE_SENT, "message.sent", "id msg_id device to campaign", "the server took it") \
	X(MESSAGE_DELIVERED, "message.delivered", "id msg_id device to campaign", "it is on a phone") \
	X(MESSAGE_READ, "message.read", "id msg_id device to campaign", "it was read") \
	X(MESSAGE_REPLIED, "message.replied", "id msg_id device to campaign sequence reply", "the recipient of a broadcast answered it") \
	X(MESSAGE_FAILED, "message.failed", "id device to campaign class error", "it failed for good") \
	X(QUEUE_PAUSED, "queue.paused", "reason", "no device sends until the queue is resumed") \
	X(QUEUE_RESUMED, "queue.resumed", "", "the devices send again") \
	X(SEQUENCE_STATE, "sequence.state", "sequence name state", "a sequence changed its state, or is gone: deleted") \
	X(SEQUENCE_UPDATED, "sequence.updated", "sequence name state", "a sequence or its days were changed") \
	X(SEQUENCE_CONTACT, "sequence.contact", "sequence phone state day", "a contact of a sequence changed its state") \
	X(CAMPAIGN_STATE, "campaign.state", "campaign title state reason", "a campaign changed its state, or waits for a reason") \
	X(CAMPAIGN_CREATED, "campaign.created", "campaign title state", "a campaign was made") \
	X(CAMPAIGN_UPDATED, "campaign.updated", "campaign title state", "a campaign that has not begun was changed") \
	X(CAMPAIGN_DELETED, "campaign.deleted", "campaign title", "a campaign is gone; what waited of it is cancelled") \
	X(LEAD_IMPORTED, "lead.imported", "accepted updated rejected", "leads were imported") \
	X(LEAD_CREATED, "lead.created", "id phone", "a lead was made by hand") \
	X(LEAD_UPDATED, "lead.updated", "id phone", "a lead was changed by hand") \
	X(LEAD_DELETED, "lead.deleted", "id phone", "a lead was deleted") \
	X(LEAD_CHECKED, "lead.checked", "device on_whatsapp not_on_whatsapp waiting", "numbers were looked up, whether they are on WhatsApp") \
	X(LEAD_OPT_OUT, "lead.opt_out", "phone device word", "somebody wants no more messages") \
	X(LEAD_OPT_IN, "lead.opt_in", "phone device word", "somebody who had opted out wants messages again") \
	X(REPLY_SENT, "reply.sent", "rule device to", "a rule answered a message") \
	X(DEVICE_CREATED, "device.created", "device name", "a device was made") \
	X(DEVICE_UPDATED, "device.updated", "device name", "a device's settings were changed") \
	X(DEVICE_DELETED, "device.deleted", "device name", "a device was deleted") \
	X(RULE_CREATED, "reply.rule_created", "rule", "a rule of replies was made") \
	X(RULE_UPDATED, "reply.rule_updated", "rule", "a rule of replies was changed") \
	X(RULE_DELETED, "reply.rule_deleted", "rule", "a rule of replies was deleted") \
	X(WORD_CREATED, "optout.word_created", "word kind", "a word of opt-outs was taught") \
	X(WORD_UPDATED, "optout.word_updated", "word kind", "a word of opt-outs was changed") \
	X(WORD_DELETED, "optout.word_deleted", "word kind", "a word of opt-outs was forgotten") \
	X(TOKEN_CREATED, "token.created", "token title scope", "a token was made") \
	X(TOKEN_UPDATED, "token.updated", "token title scope", "a token was revoked") \
	X(TOKEN_DELETED, "token.deleted", "token title scope", "a token was deleted") \
	X(USER_CREATED, "user.created", "user name role", "a user was made; told to admins, too") \
	X(USER_UPDATED, "user.updated", "user name role", "a user was changed; told to admins, too") \
	X(USER_DELETED, "user.deleted", "user name role", "a user was deleted; told to admins") \
	X(WEBHOOK_CREATED, "webhook.created", "webhook", "a webhook was made; it is not told itself, as of all news of it") \
	X(WEBHOOK_UPDATED, "webhook.updated", "webhook", "a webhook was changed") \
	X(WEBHOOK_DELETED, "webhook.deleted", "webhook", "a webhook was deleted") \
	X(WEBHOOK_FAILED, "webhook.failed", "webhook delivery event topic error", "a delivery was given up; its webhook is not told") \
	X(WEBHOOK_DISABLED, "webhook.disabled", "webhook reason", "a webhook was switched off: gone, or failures only") \
	X(WEBHOOK_PING, "webhook.ping", "webhook", "a test of one webhook") \
	X(DATABASE_LOST, "database.lost", "reason", "the database is away, sending pauses; passing, without an id") \
	X(DATABASE_BACK, "database.back", "reason", "the database is there again; passing, without an id")
/* clang-format on */

enum event_topic {
#define X(constant, topic, fields, doc) EVENT_##constant,
	EVENT_TABLE(X)
#undef X
		EVENT_COUNT
};

const char *event_topic_name(enum event_topic t);
const char *event_topic_fields(enum event_topic t); /* words separated by one space */
const char *event_topic_doc(enum event_topic t);
/* pattern: a topic, a prefix that ends in ".*", or "*" */
bool event_topic_matches(const char *pattern, const char *topic);
/* patterns: any of these, with one blank between; NULL: none */
bool event_topic_in(const char *patterns, const char *topic);
bool event_pattern_known(const char *pattern); /* matches at least one row */
