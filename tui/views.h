#pragma once
/* The views one can go to, each once: name in the palette, title, the method whose right one needs to
 * see it, a sentence for the help. Their order is that of Tab and of the numbers 1 to 9. */
#include "tui/view.h"

/* clang-format off */
#define VIEW_TABLE(X) \
	X(dashboard, "Dashboard", "analytics.summary", "what was sent and came of it, devices, queue, alerts") \
	X(devices,   "Devices",   "device.list", "the linked phones: state, queue, health; link, pause, settings") \
	X(chats,     "Chats",     "chat.list",   "conversations of the devices: read, search, answer") \
	X(calendar,  "Calendar",  "campaign.list", "campaigns by month, week and day; plan one") \
	X(campaigns, "Campaigns", "campaign.list", "all campaigns: state, progress; pause, resume, cancel, retry") \
	X(sequences, "Sequences", "sequence.list", "messages over days: their days, who is in them and how far") \
	X(leads,     "Leads",     "lead.list",   "people to write to: labels, import and export, opt-outs, checks") \
	X(optouts,   "Opt-outs",  "optout.list", "who wants no more messages, and the words that say so") \
	X(queue,     "Queue",     "queue.workers", "what each device sends, what waits and why; pause all, retry") \
	X(replies,   "Replies",   "reply.list",  "rules that answer by themselves, and what they answered") \
	X(webhooks,  "Webhooks",  "webhook.list", "where events go, and what came of it") \
	X(users,     "Users",     "user.list",   "who may do what; acting as another") \
	X(tokens,    "Tokens",    "token.list",  "tokens for the HTTP API") \
	X(sessions,  "Sessions",  "session.list", "where one is logged in by password") \
	X(audit,     "Audit",     "audit.list",  "who changed what") \
	X(settings,  "Settings",  "config.list", "what wad is set to, and from where; reload, log level") \
	X(events,    "Events",    NULL,          "what happens, as it happens")
/* clang-format on */

struct view_row {
	const char *name, *title, *method, *doc;
	struct view *(*open)(struct app *app);
};

#define X(name, title, method, doc) struct view *view_##name##_new(struct app *app);
VIEW_TABLE(X)
#undef X

size_t views_len(void);
const struct view_row *views_at(size_t i);
const struct view_row *views_find(const char *name); /* by a unique prefix, too; NULL: none */
