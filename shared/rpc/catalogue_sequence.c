#include "shared/rpc/catalogue.h"

#define SEQUENCE_STATES "draft active paused"
#define CONTACT_STATES "active paused completed replied opted_out failed removed"
#define ON_REPLY "stop pause continue"

/* clang-format off */
#define FIELDS \
	{ "id",           CAT_ID,   CAT_REQUIRED, "the sequence's id" }, \
	{ "name",         CAT_TEXT, CAT_REQUIRED, "its name" }, \
	{ "state",        CAT_ENUM, CAT_REQUIRED, "state", .values = SEQUENCE_STATES }, \
	{ "reason",       CAT_TEXT, CAT_OPTIONAL, "why nothing goes out although it is active" }, \
	{ "days",         CAT_INT,  CAT_REQUIRED, "its last day" }, \
	{ "contacts",     CAT_INT,  CAT_REQUIRED, "how many were enrolled" }, \
	{ "by_state",     CAT_OBJECT, CAT_REQUIRED, "contacts by state" }, \
	{ "niche",        CAT_TEXT, CAT_OPTIONAL, "labels whose leads are enrolled; absent: by hand only" }, \
	{ "status",       CAT_ENUM, CAT_OPTIONAL, "only leads with this status", .values = "prospect customer" }, \
	{ "zone",         CAT_TEXT, CAT_OPTIONAL, "time zone of its times; absent: the user's" }, \
	{ "on_reply",     CAT_ENUM, CAT_REQUIRED, "what a reply does to the contact's timeline", .values = ON_REPLY }, \
	{ "at_once",      CAT_BOOL, CAT_REQUIRED, "the first message goes when a contact is enrolled" }, \
	{ "lead_day_max", CAT_INT,  CAT_OPTIONAL, "messages of sequences that a lead gets on a day" }, \
	{ "grace_s",      CAT_INT,  CAT_REQUIRED, "how late a message may go; after that, on the next day" }, \
	{ "expire_s",     CAT_INT,  CAT_REQUIRED, "how long a queued message waits for its device" }, \
	{ "description",  CAT_TEXT, CAT_OPTIONAL, "what it is for" }, \
	{ "started_at",   CAT_TIME, CAT_OPTIONAL, "when it was started or resumed last" }, \
	{ "created_at",   CAT_TIME, CAT_REQUIRED, "when it was made" }, \
	{ "updated_at",   CAT_TIME, CAT_REQUIRED, "when it was changed last" },

static const struct cat_param list_fields[] = {
	FIELDS
	{ NULL },
};
static const struct cat_param fields[] = {
	FIELDS
	{ "messages",     CAT_OBJECT,  CAT_REQUIRED, "messages by state" },
	{ "success_rate", CAT_INT,     CAT_OPTIONAL, "percent of its messages, without skipped and cancelled ones, that were sent" },
	{ "steps",        CAT_OBJECTS, CAT_REQUIRED, "its days" },
	{ NULL },
};

static const struct cat_param step_fields[] = {
	{ "day",          CAT_INT,   CAT_REQUIRED, "1 is the day of enrolment; days that are left out are waited through", NULL, 1, 3650 },
	{ "send_time",    CAT_TEXT,  CAT_OPTIONAL, "when on that day, e.g. 09:30; absent: as for the whole sequence", .min = 5, .max = 8 },
	{ "text",         CAT_TEXT,  CAT_OPTIONAL, "what to say; with split, what follows the picture", .min = 1, .max = 65536 },
	{ "image",        CAT_BYTES, CAT_OPTIONAL, "picture to send, JPEG or PNG", .min = 1, .max = 11 << 20 },
	{ "caption",      CAT_TEXT,  CAT_OPTIONAL, "text below the picture", .min = 1, .max = 65536 },
	{ "split",        CAT_BOOL,  CAT_OPTIONAL, "the picture first, then the text as a message of its own" },
	{ "delay_min_ms", CAT_INT,   CAT_OPTIONAL, "shortest gap between two messages of a device; absent: as for the whole sequence", .max = 86400000 },
	{ "delay_max_ms", CAT_INT,   CAT_OPTIONAL, "longest gap", .max = 86400000 },
	{ NULL },
};

#define SETTINGS(send_time, reply, grace, expire) \
	{ "description",  CAT_TEXT, CAT_OPTIONAL, "what it is for", .max = 1000 }, \
	{ "zone",         CAT_TEXT, CAT_OPTIONAL, "time zone of its times, e.g. Asia/Kuala_Lumpur; the user's when absent", .min = 1, .max = 64 }, \
	{ "on_reply",     CAT_ENUM, CAT_OPTIONAL, "what a reply does to the contact's timeline; an opt-out always ends it", reply, .values = ON_REPLY }, \
	{ "at_once",      CAT_BOOL, CAT_OPTIONAL, "the first message goes when a contact is enrolled, whatever its time" }, \
	{ "send_time",    CAT_TEXT, CAT_OPTIONAL, "of steps that name none, e.g. 09:30", send_time, 5, 8 }, \
	{ "delay_min_ms", CAT_INT,  CAT_OPTIONAL, "of steps that name none: shortest gap between two messages of a device", .max = 86400000 }, \
	{ "delay_max_ms", CAT_INT,  CAT_OPTIONAL, "longest gap", .max = 86400000 }, \
	{ "lead_day_max", CAT_INT,  CAT_OPTIONAL, "messages of all sequences that a lead may get on a day; 0: any number", NULL, 0, 1000 }, \
	{ "grace_s",      CAT_INT,  CAT_OPTIONAL, "how late a message may go, after a time without wad; after that, on the next day", grace, 0, 86400 }, \
	{ "expire_s",     CAT_INT,  CAT_OPTIONAL, "how long a queued message waits for its device", expire, 60, 31536000 },

static const struct cat_param create_in[] = {
	{ "name",   CAT_TEXT,    CAT_REQUIRED, "its name", .min = 1, .max = 200 },
	{ "steps",  CAT_OBJECTS, CAT_REQUIRED, "its days; on the command line a JSON file, in which @day2.png stands for a picture's file",
	  .min = 1, .max = 400, .fields = step_fields },
	{ "niche",  CAT_TEXT,    CAT_OPTIONAL, "enrol leads with any of these labels, as long as it is active; absent: by hand only", .min = 1, .max = 1000 },
	{ "status", CAT_ENUM,    CAT_OPTIONAL, "only leads with this status", .values = "prospect customer" },
	SETTINGS("09:00", "stop", "14400", "86400")
	{ NULL },
};
const struct cat_method cat_sequence_create = {
	.name = "sequence.create", .role = ROLE_OPERATOR, .writes = true, .in = create_in, .out = fields,
	.args = "name", .http = "POST /api/sequences",
	.doc = "Make a sequence of messages over days, as a draft.",
};

static const struct cat_param list_in[] = {
	{ "state", CAT_ENUM, CAT_OPTIONAL, "only in this state", .values = SEQUENCE_STATES },
	{ "limit", CAT_INT,  CAT_OPTIONAL, "how many at most", "100", 1, 1000 },
	{ "after", CAT_ID,   CAT_OPTIONAL, "go on after this id" },
	{ NULL },
};
const struct cat_method cat_sequence_list = {
	.name = "sequence.list", .role = ROLE_VIEWER, .in = list_in, .out = list_fields, .list = "sequences",
	.http = "GET /api/sequences", .doc = "List sequences with their contacts by state.",
};

static const struct cat_param by_sequence[] = {
	{ "sequence", CAT_ID, CAT_REQUIRED, "id of the sequence", .noun = "sequence" },
	{ NULL },
};
const struct cat_method cat_sequence_show = {
	.name = "sequence.show", .role = ROLE_VIEWER, .in = by_sequence, .out = fields, .args = "sequence",
	.http = "GET /api/sequences/{sequence}", .doc = "Show a sequence with its steps and what became of its messages.",
};

static const struct cat_param update_in[] = {
	{ "sequence", CAT_ID,      CAT_REQUIRED, "id of the sequence", .noun = "sequence" },
	{ "name",     CAT_TEXT,    CAT_OPTIONAL, "its name", .min = 1, .max = 200 },
	{ "steps",    CAT_OBJECTS, CAT_OPTIONAL, "all of its days anew; contacts keep their day, what they have not got yet comes from these",
	  .min = 1, .max = 400, .fields = step_fields },
	{ "niche",    CAT_TEXT,    CAT_OPTIONAL, "enrol leads with any of these labels; empty: by hand only", .max = 1000 },
	{ "status",   CAT_ENUM,    CAT_OPTIONAL, "only leads with this status", .values = "prospect customer all" },
	SETTINGS(NULL, NULL, NULL, NULL)
	{ NULL },
};
const struct cat_method cat_sequence_update = {
	.name = "sequence.update", .role = ROLE_OPERATOR, .writes = true, .in = update_in, .out = fields,
	.args = "sequence", .http = "PATCH /api/sequences/{sequence}",
	.doc = "Change a sequence; what is not named stays. send_time and delays are those of new steps.",
};

static const struct cat_param delete_out[] = {
	{ "sequence", CAT_ID, CAT_REQUIRED, "id of the sequence that is gone" },
	{ NULL },
};
const struct cat_method cat_sequence_delete = {
	.name = "sequence.delete", .role = ROLE_OPERATOR, .writes = true, .destroys = true, .in = by_sequence,
	.out = delete_out, .args = "sequence", .http = "DELETE /api/sequences/{sequence}",
	.doc = "Delete a sequence and its contacts; what was not sent is cancelled.",
};
const struct cat_method cat_sequence_start = {
	.name = "sequence.start", .role = ROLE_OPERATOR, .writes = true, .in = by_sequence, .out = fields,
	.args = "sequence", .http = "POST /api/sequences/{sequence}/start",
	.doc = "Begin to enrol and to send.",
};

static const struct cat_param one_or_all[] = {
	{ "sequence", CAT_ID,    CAT_REQUIRED, "id of the sequence", .noun = "sequence" },
	{ "phone",    CAT_PHONE, CAT_OPTIONAL, "only this contact" },
	{ NULL },
};
const struct cat_method cat_sequence_pause = {
	.name = "sequence.pause", .role = ROLE_OPERATOR, .writes = true, .in = one_or_all, .out = fields,
	.args = "sequence phone", .http = "POST /api/sequences/{sequence}/pause",
	.doc = "Hold back a sequence, or one contact of it.",
};
const struct cat_method cat_sequence_resume = {
	.name = "sequence.resume", .role = ROLE_OPERATOR, .writes = true, .in = one_or_all, .out = fields,
	.args = "sequence phone", .http = "POST /api/sequences/{sequence}/resume",
	.doc = "Go on, planned anew from now: each contact at its own day, at most one message a day.",
};

static const struct cat_param enrol_in[] = {
	{ "sequence", CAT_ID,   CAT_REQUIRED, "id of the sequence", .noun = "sequence" },
	{ "phones",   CAT_LIST, CAT_REQUIRED, "phone numbers with country code", .max = 10000 },
	{ NULL },
};
static const struct cat_param enrol_out[] = {
	{ "added",     CAT_INT,  CAT_REQUIRED, "were enrolled" },
	{ "already",   CAT_INT,  CAT_REQUIRED, "were in it, or were named twice" },
	{ "opted_out", CAT_INT,  CAT_REQUIRED, "want no messages" },
	{ "invalid",   CAT_INT,  CAT_REQUIRED, "are no phone numbers" },
	{ "refused",   CAT_LIST, CAT_OPTIONAL, "the first of those that are no phone numbers" },
	{ NULL },
};
const struct cat_method cat_sequence_enrol = {
	.name = "sequence.enrol", .role = ROLE_OPERATOR, .writes = true, .in = enrol_in, .out = enrol_out,
	.args = "sequence phones", .http = "POST /api/sequences/{sequence}/contacts",
	.doc = "Put people into a sequence by hand.",
};

static const struct cat_param one_contact[] = {
	{ "sequence", CAT_ID,    CAT_REQUIRED, "id of the sequence", .noun = "sequence" },
	{ "phone",    CAT_PHONE, CAT_REQUIRED, "the contact" },
	{ NULL },
};
const struct cat_method cat_sequence_remove = {
	.name = "sequence.remove", .role = ROLE_OPERATOR, .writes = true, .in = one_contact, .out = fields,
	.args = "sequence phone", .http = "DELETE /api/sequences/{sequence}/contacts/{phone}",
	.doc = "Take a contact out of a sequence; by hand it can be enrolled again, from the first day.",
};

static const struct cat_param contacts_in[] = {
	{ "sequence", CAT_ID,    CAT_REQUIRED, "id of the sequence", .noun = "sequence" },
	{ "state",    CAT_ENUM,  CAT_OPTIONAL, "only in this state", .values = CONTACT_STATES },
	{ "phone",    CAT_PHONE, CAT_OPTIONAL, "only this contact" },
	{ "limit",    CAT_INT,   CAT_OPTIONAL, "how many at most", "100", 1, 1000 },
	{ "after",    CAT_ID,    CAT_OPTIONAL, "go on after this id" },
	{ NULL },
};
static const struct cat_param contacts_out[] = {
	{ "id",             CAT_ID,    CAT_REQUIRED, "place in the list" },
	{ "phone",          CAT_PHONE, CAT_REQUIRED, "the contact" },
	{ "name",           CAT_TEXT,  CAT_OPTIONAL, "its name, when it is a lead" },
	{ "state",          CAT_ENUM,  CAT_REQUIRED, "state", .values = CONTACT_STATES },
	{ "day",            CAT_INT,   CAT_REQUIRED, "the last day that was queued; 0: none yet" },
	{ "next_at",        CAT_TIME,  CAT_OPTIONAL, "when the next day is due; absent while a message is under way" },
	{ "device",         CAT_ID,    CAT_OPTIONAL, "the device that writes to it" },
	{ "message",        CAT_ID,    CAT_OPTIONAL, "its last message" },
	{ "message_state",  CAT_ENUM,  CAT_OPTIONAL, "how far that is", .values = "pending sending sent delivered read failed cancelled skipped expired" },
	{ "last_at",        CAT_TIME,  CAT_OPTIONAL, "when that was due" },
	{ "enrolled_at",    CAT_TIME,  CAT_REQUIRED, "since when it is in the sequence" },
	{ "ended_at",       CAT_TIME,  CAT_OPTIONAL, "when its timeline ended" },
	{ NULL },
};
const struct cat_method cat_sequence_contacts = {
	.name = "sequence.contacts", .role = ROLE_VIEWER, .in = contacts_in, .out = contacts_out, .list = "contacts",
	.args = "sequence", .http = "GET /api/sequences/{sequence}/contacts",
	.doc = "List who is in a sequence, and how far.",
};

static const struct cat_param log_in[] = {
	{ "sequence", CAT_ID,    CAT_REQUIRED, "id of the sequence", .noun = "sequence" },
	{ "phone",    CAT_PHONE, CAT_OPTIONAL, "only of this contact" },
	{ "limit",    CAT_INT,   CAT_OPTIONAL, "how many at most", "100", 1, 1000 },
	{ "after",    CAT_ID,    CAT_OPTIONAL, "go on after this id" },
	{ NULL },
};
static const struct cat_param log_out[] = {
	{ "id",     CAT_ID,    CAT_REQUIRED, "id of the message" },
	{ "at",     CAT_TIME,  CAT_REQUIRED, "when it was sent; of one that was not: when that was tried, or when it was queued" },
	{ "phone",  CAT_PHONE, CAT_REQUIRED, "the contact" },
	{ "day",    CAT_INT,   CAT_REQUIRED, "day of the sequence" },
	{ "part",   CAT_INT,   CAT_REQUIRED, "1: the text that follows a picture" },
	{ "state",  CAT_ENUM,  CAT_REQUIRED, "what became of it", .values = "sent delivered read failed cancelled skipped expired" },
	{ "device", CAT_ID,    CAT_REQUIRED, "the device" },
	{ "msg_id", CAT_TEXT,  CAT_OPTIONAL, "WhatsApp's id of it" },
	{ "error",  CAT_TEXT,  CAT_OPTIONAL, "why it failed" },
	{ NULL },
};
const struct cat_method cat_sequence_log = {
	.name = "sequence.log", .role = ROLE_VIEWER, .in = log_in, .out = log_out, .list = "messages",
	.args = "sequence", .http = "GET /api/sequences/{sequence}/log",
	.doc = "List what became of a sequence's messages, in the order they were queued.",
};

static const struct cat_param summary_in[] = {
	{ NULL },
};
static const struct cat_param summary_out[] = {
	{ "sequences", CAT_OBJECT,  CAT_REQUIRED, "total, active, paused, draft" },
	{ "contacts",  CAT_OBJECT,  CAT_REQUIRED, "total, average_per_sequence" },
	{ "recent",    CAT_OBJECTS, CAT_REQUIRED, "the newest five: id, name, state, contacts" },
	{ NULL },
};
const struct cat_method cat_sequence_summary = {
	.name = "sequence.summary", .role = ROLE_VIEWER, .in = summary_in, .out = summary_out,
	.http = "GET /api/sequences/summary", .doc = "Show all sequences in numbers.",
};
/* clang-format on */
