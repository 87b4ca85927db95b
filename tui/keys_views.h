#pragma once
/* Bindings of the views, a block a view; see keys.h, which includes this. */

/* clang-format off */
#define KEYS_DASHBOARD(X) \
	X(DASH_PERIOD, DASHBOARD, "w",       "period",  "today, 7, 30 or 90 days") \
	X(DASH_RANGE,  DASHBOARD, "f",       "from/to", "other days, from one to another") \
	X(DASH_OPEN,   DASHBOARD, "Enter l", "go",      "go to where the chosen alert is mended")
#define KEYS_QUEUE(X) \
	X(QUEUE_PAUSE,  QUEUE, "p", "pause all",  "let no device send; what is queued waits") \
	X(QUEUE_RESUME, QUEUE, "P", "resume all", "let the devices send again") \
	X(QUEUE_RETRY,  QUEUE, "R", "retry",      "send what failed or expired after all")
#define KEYS_EVENTS(X) \
	X(EVENTS_PAUSE,  EVENTS, "Space",   "pause",  "hold the list still; what comes is counted") \
	X(EVENTS_OPEN,   EVENTS, "Enter l", "open",   "all that the event tells") \
	X(EVENTS_FILTER, EVENTS, "/",       "filter", "show what holds these letters; Esc shows all") \
	X(EVENTS_CLEAR,  EVENTS, "c",       "clear",  "forget what came so far") \
	X(EVENTS_COPY,   EVENTS, "y",       NULL,     "copy the event into the clipboard of your terminal")
#define KEYS_TEXT(X) \
	X(TEXT_COPY, TEXT, "y", "copy", "copy the text into the clipboard of your terminal")

#define KEYS_DEVICES(X) \
	X(DEVICE_ADD,    DEVICES, "a", "add",    "make a device and link it") \
	X(DEVICE_PAIR,   DEVICES, "l", "link",   "link it to a phone, again too: shows the QR code") \
	X(DEVICE_EDIT,   DEVICES, "e", "edit",   "its settings: gaps, caps, quiet hours, proxy") \
	X(DEVICE_PAUSE,  DEVICES, "p", "pause",  "let it send nothing; what is queued waits") \
	X(DEVICE_RESUME, DEVICES, "P", "resume", "let it send again") \
	X(DEVICE_SEND,   DEVICES, "s", NULL,     "send a text or a picture from it") \
	X(DEVICE_CHECK,  DEVICES, "c", NULL,     "ask whether numbers are on WhatsApp") \
	X(DEVICE_LOGOUT, DEVICES, "L", NULL,     "unlink it from its phone") \
	X(DEVICE_DELETE, DEVICES, "d", NULL,     "delete it, with its keys, chats and queue")
#define KEYS_PAIRING(X) \
	X(PAIR_AGAIN,   PAIRING, "a", "again",       "ask for new codes") \
	X(PAIR_HALF,    PAIRING, "h", "half blocks", "draw with half blocks, which every font has") \
	X(PAIR_SEXTANT, PAIRING, "s", "sextants",    "draw with sextants, which are smaller") \
	X(PAIR_BRAILLE, PAIRING, "b", "braille",     "draw with braille dots, the smallest") \
	X(PAIR_COPY,    PAIRING, "y", NULL,          "copy the text of the code")

#define KEYS_REPLIES(X) \
	X(REPLY_ADD,    REPLIES, "a", "add",    "make a rule") \
	X(REPLY_EDIT,   REPLIES, "e", "edit",   "change it") \
	X(REPLY_TOGGLE, REPLIES, "t", "on/off", "switch it on or off") \
	X(REPLY_LOG,    REPLIES, "o", "log",    "what was answered") \
	X(REPLY_DELETE, REPLIES, "d", NULL,     "delete it")
#define KEYS_WEBHOOKS(X) \
	X(WEBHOOK_ADD,    WEBHOOKS, "a", "add",   "send events to another address") \
	X(WEBHOOK_EDIT,   WEBHOOKS, "e", "edit",  "change it, switch it on or off") \
	X(WEBHOOK_TEST,   WEBHOOKS, "t", "test",  "send it a ping now") \
	X(WEBHOOK_RETRY,  WEBHOOKS, "R", "retry", "deliver again all that was given up") \
	X(WEBHOOK_ROTATE, WEBHOOKS, "k", "key",   "make a new key for its signatures") \
	X(WEBHOOK_DELETE, WEBHOOKS, "d", NULL,    "delete it") \
	X(WEBHOOK_REPLAY, DELIVERIES, "R", "replay", "deliver this event again")
#define KEYS_USERS(X) \
	X(USER_ADD,      USERS, "a", "add",      "make a user") \
	X(USER_EDIT,     USERS, "e", "edit",     "role, limits, zone") \
	X(USER_PASSWORD, USERS, "w", "password", "set a password") \
	X(USER_ACT_AS,   USERS, "u", "act as",   "see and do what this user does") \
	X(USER_DELETE,   USERS, "d", NULL,       "delete the user") \
	X(TOKEN_ADD,     TOKENS, "a", "add",     "make a token") \
	X(TOKEN_REVOKE,  TOKENS, "d", "revoke",  "make it useless at once") \
	X(SESSION_END,   SESSIONS, "d", "end",   "end it at once")
#define KEYS_CONFIG(X) \
	X(CONFIG_RELOAD, CONFIG, "R", "reload",    "let wad read its settings again, all or nothing") \
	X(CONFIG_LEVEL,  CONFIG, "o", "log level", "log more or less for a while")
#define KEYS_CHATS(X) \
	X(CHATS_OPEN,   CHATS, "Enter l Right", "open",      "read the conversation") \
	X(CHATS_FILTER, CHATS, "/",          "filter",    "by name, number or last message; Esc shows all") \
	X(CHATS_UNREAD, CHATS, "U",          "unread",    "only chats with unread messages, or all again") \
	X(CHATS_DEVICE, CHATS, "D",          "device",    "only chats of one device, or all again") \
	X(CHATS_FIND,   CHATS, "S",          "search",    "search the messages of all chats") \
	X(CHATS_NEXT,   CHATS, "N",          NULL,        "open the next chat with unread messages") \
	X(CHATS_READ,   CHATS, "m",          "mark read", "mark as read: authors see it. Looking does not")
#define KEYS_CHAT(X) \
	X(CHAT_WRITE,   CHAT, "c",           "write",     "write to this chat") \
	X(CHAT_SAVE,    CHAT, "Enter",       "save file", "save the message's file") \
	X(CHAT_COPY,    CHAT, "y",           "copy",      "copy the text to your terminal's clipboard") \
	X(CHAT_UNREAD,  CHAT, "n",           "unread",    "go to the first unread message") \
	X(CHAT_READ,    CHAT, "m",           "mark read", "mark as read: authors see it. Looking does not") \
	X(CHAT_FIND,    CHAT, "S",           "search",    "search the messages of all chats") \
	X(CHAT_SYNC,    CHAT, "H",           NULL,        "at the beginning: ask the phone for older ones") \
	X(CHAT_NEXT,    CHAT, "N",           NULL,        "open the next chat with unread messages") \
	X(CHAT_LEAVE,   CHAT, "h Left",      NULL,        "the list.  . waits v sent vv there VV read ! no")
#define KEYS_WRITING(X) \
	X(WRITE_SEND,   WRITING, "Enter",    "send",      "send; once, also when the link breaks") \
	X(WRITE_LINE,   WRITING, "M-Enter",  "new line",  "a new line; pasted ones stay as they are") \
	X(WRITE_EDIT,   WRITING, "^E",       "editor",    "write it in $EDITOR") \
	X(WRITE_LEAVE,  WRITING, "Esc",      "leave",     "leave; the text stays as a draft, on disk too") \
	X(WRITE_UP,     WRITING, "PgUp",     NULL,        "the conversation, a page up") \
	X(WRITE_DOWN,   WRITING, "PgDn",     NULL,        "the conversation, a page down")

#define KEYS_CALENDAR(X) \
	X(CALENDAR_OPEN,  CALENDAR, "Enter",     "open",     "its campaigns; on an empty day: plan one") \
	X(CALENDAR_ADD,   CALENDAR, "a",         "add",      "plan a campaign on the day") \
	X(CALENDAR_FORM,  CALENDAR, "v",         "view",     "month, week, list of days") \
	X(CALENDAR_GOTO,  CALENDAR, "g",         "go to",    "go to a date: 2027-02-14, 2027-02, 14, +3") \
	X(CALENDAR_TODAY, CALENDAR, "t",         "today",    "go to today") \
	X(CALENDAR_LIST,  CALENDAR, "L",         "list",     "all campaigns as a list") \
	X(CALENDAR_LEFT,  CALENDAR, "h Left",    NULL,       "the day before") \
	X(CALENDAR_RIGHT, CALENDAR, "l Right",   NULL,       "the day after") \
	X(CALENDAR_UP,    CALENDAR, "k Up",      NULL,       "the week, the day or the campaign before") \
	X(CALENDAR_DOWN,  CALENDAR, "j Down",    NULL,       "the week, the day or the campaign after") \
	X(CALENDAR_PREV,  CALENDAR, "PgUp ^U ^B", NULL,      "the month, the week or the page before") \
	X(CALENDAR_NEXT,  CALENDAR, "PgDn ^D ^F", NULL,      "the month, the week or the page after")
#define KEYS_CAMPAIGNS(X) \
	X(CAMPAIGNS_ADD,    CAMPAIGNS, "a", "add",    "make a campaign, for now or for a time") \
	X(CAMPAIGNS_EDIT,   CAMPAIGNS, "e", "edit",   "change one that has not begun") \
	X(CAMPAIGNS_FILTER, CAMPAIGNS, "f", "state",  "only those in one state") \
	X(CAMPAIGNS_PAUSE,  CAMPAIGNS, "p", "pause",  "stop sending, keep the queue") \
	X(CAMPAIGNS_RESUME, CAMPAIGNS, "P", "resume", "go on sending") \
	X(CAMPAIGNS_CANCEL, CAMPAIGNS, "x", "cancel", "end it: what was not sent never is") \
	X(CAMPAIGNS_START,  CAMPAIGNS, "s", NULL,     "start a draft, or one that missed its time") \
	X(CAMPAIGNS_COPY,   CAMPAIGNS, "c", NULL,     "make a new draft like it") \
	X(CAMPAIGNS_DELETE, CAMPAIGNS, "D", NULL,     "delete it with its figures")
#define KEYS_CAMPAIGN(X) \
	X(CAMPAIGN_RECIPIENTS, CAMPAIGN, "Enter", "recipients", "everybody it is for: how far, and why not yet") \
	X(CAMPAIGN_DEVICES, CAMPAIGN, "d", "devices", "what each device sent of it") \
	X(CAMPAIGN_PAUSE,   CAMPAIGN, "p", "pause",   "stop sending, keep the queue") \
	X(CAMPAIGN_RESUME,  CAMPAIGN, "P", "resume",  "go on sending") \
	X(CAMPAIGN_CANCEL,  CAMPAIGN, "x", "cancel",  "end it: what was not sent never is") \
	X(CAMPAIGN_RETRY,   CAMPAIGN, "R", "retry",   "send again what failed, by the class of failure") \
	X(CAMPAIGN_EDIT,    CAMPAIGN, "e", "edit",    "change it while it has not begun") \
	X(CAMPAIGN_START,   CAMPAIGN, "s", NULL,      "start a draft, or one that missed its time") \
	X(CAMPAIGN_TEST,    CAMPAIGN, "T", NULL,      "send its message to yourself") \
	X(CAMPAIGN_COPY,    CAMPAIGN, "c", NULL,      "make a new draft like it") \
	X(CAMPAIGN_DETAILS, CAMPAIGN, "v", NULL,      "all that wad tells of it, the whole text") \
	X(CAMPAIGN_DELETE,  CAMPAIGN, "D", NULL,      "delete it with its figures")
#define KEYS_RECIPIENTS(X) \
	X(RECIPIENTS_FILTER, RECIPIENTS, "f", "state", "only those that are so far")

#define KEYS_SEQUENCES(X) \
	X(SEQUENCE_ADD,      SEQUENCES, "a", "add",      "make a sequence") \
	X(SEQUENCE_EDIT,     SEQUENCES, "e", "edit",     "change it and its days") \
	X(SEQUENCE_START,    SEQUENCES, "s", "start",    "begin to enrol and to send") \
	X(SEQUENCE_PAUSE,    SEQUENCES, "p", "pause",    "hold it back") \
	X(SEQUENCE_RESUME,   SEQUENCES, "P", NULL,       "go on, each contact at its own day") \
	X(SEQUENCE_CONTACTS, SEQUENCES, "c", "contacts", "who is in it, and how far") \
	X(SEQUENCE_LOG,      SEQUENCES, "l", "log",      "what became of its messages") \
	X(SEQUENCE_ENROL,    SEQUENCES, "n", NULL,       "enrol numbers") \
	X(SEQUENCE_LABELS,   SEQUENCES, "N", NULL,       "enrol all leads with a label") \
	X(SEQUENCE_DELETE,   SEQUENCES, "d", NULL,       "delete it with its contacts")
#define KEYS_SEQUENCE(X) \
	X(STEP_ADD,      SEQUENCE, "a", "add a day", "another day; Enter changes the chosen one") \
	X(STEP_DELETE,   SEQUENCE, "d", "delete",    "delete the chosen day") \
	X(PAGE_EDIT,     SEQUENCE, "e", "edit",      "its settings, and all days") \
	X(PAGE_CONTACTS, SEQUENCE, "c", "contacts",  "who is in it, and how far") \
	X(PAGE_LOG,      SEQUENCE, "l", "log",       "what became of its messages") \
	X(PAGE_ENROL,    SEQUENCE, "n", "enrol",     "enrol numbers") \
	X(PAGE_LABELS,   SEQUENCE, "N", NULL,        "enrol all leads with a label") \
	X(PAGE_START,    SEQUENCE, "s", NULL,        "begin to enrol and to send") \
	X(PAGE_PAUSE,    SEQUENCE, "p", NULL,        "hold it back") \
	X(PAGE_RESUME,   SEQUENCE, "P", NULL,        "go on, each contact at its own day") \
	X(CONTACT_ONLY,   CONTACTS, "F", "only",   "show some only: by state, or one phone") \
	X(CONTACT_PAUSE,  CONTACTS, "p", "pause",  "hold this contact back") \
	X(CONTACT_RESUME, CONTACTS, "P", "resume", "go on with this contact") \
	X(CONTACT_REMOVE, CONTACTS, "d", "remove", "take the contact out of the sequence") \
	X(SEQUENCE_LOG_ONLY, SEQUENCE_LOG, "F", "only", "show the messages to one phone only")
#define KEYS_LEADS(X) \
	X(LEAD_ADD,    LEADS, "a", "add",     "make a lead") \
	X(LEAD_EDIT,   LEADS, "e", "edit",    "change it") \
	X(LEAD_ONLY,   LEADS, "F", "only",    "show some only: labels, status, device") \
	X(LEAD_IMPORT, LEADS, "i", "import",  "take leads from a CSV file, checked before") \
	X(LEAD_EXPORT, LEADS, "x", "export",  "write those that are shown into a CSV file") \
	X(LEAD_LABELS, LEADS, "N", NULL,      "all labels with their leads; Enter shows those") \
	X(LEAD_LABEL,  LEADS, "l", "label",   "add labels, or take them away") \
	X(LEAD_STATUS, LEADS, "S", NULL,      "make them prospects or customers") \
	X(LEAD_ENROL,  LEADS, "E", NULL,      "enrol them into a sequence") \
	X(LEAD_CHECK,  LEADS, "c", NULL,      "ask whether they are on WhatsApp") \
	X(LEAD_OUT,    LEADS, "o", NULL,      "put them on the opt-out list") \
	X(LEAD_IN,     LEADS, "O", NULL,      "take them off the opt-out list") \
	X(LEAD_DELETE, LEADS, "d", NULL,      "delete it")
#define KEYS_OPTOUTS(X) \
	X(OPTOUT_ADD,    OPTOUTS, "a", "add",    "put a phone on the list") \
	X(OPTOUT_WORDS,  OPTOUTS, "w", "words",  "own words by which people opt out or in") \
	X(OPTOUT_REMOVE, OPTOUTS, "d", "remove", "take it off the list") \
	X(WORD_TEACH,    WORDS, "a", "add",    "add a word, or give one another answer") \
	X(WORD_REMOVE,   WORDS, "d", "remove", "forget an own word")

#define KEYS_VIEWS(X) \
	KEYS_SEQUENCES(X) \
	KEYS_SEQUENCE(X) \
	KEYS_LEADS(X) \
	KEYS_OPTOUTS(X) \
	KEYS_DASHBOARD(X) \
	KEYS_QUEUE(X) \
	KEYS_EVENTS(X) \
	KEYS_TEXT(X) \
	KEYS_REPLIES(X) \
	KEYS_WEBHOOKS(X) \
	KEYS_USERS(X) \
	KEYS_CONFIG(X) \
	KEYS_DEVICES(X) \
	KEYS_PAIRING(X) \
	KEYS_CALENDAR(X) \
	KEYS_CAMPAIGNS(X) \
	KEYS_CAMPAIGN(X) \
	KEYS_RECIPIENTS(X) \
	KEYS_CHATS(X) \
	KEYS_CHAT(X) \
	KEYS_WRITING(X)
/* clang-format on */
