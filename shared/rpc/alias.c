#include "shared/rpc/alias.h"

#include <stdio.h>
#include <string.h>

#include "shared/base/macros.h"

#define TO(verb, path, name, renames)                               \
	{                                                           \
		verb, path, &cat_##name, ROUTE_COUNT, NULL, renames \
	}
#define OWN(verb, path, route)                              \
	{                                                   \
		verb, path, NULL, ROUTE_##route, NULL, NULL \
	}
#define NOT(verb, path, what)                             \
	{                                                 \
		verb, path, NULL, ROUTE_COUNT, what, NULL \
	}

#define SAME(name, renames)                                         \
	{                                                           \
		NULL, NULL, &cat_##name, ROUTE_COUNT, NULL, renames \
	}

#define LEAD "target_status=status journey=note notes=note additional_note=note device_id=device"
#define DELAYS "min_delay_seconds=delay_min_ms*1000 max_delay_seconds=delay_max_ms*1000"
#define SEND "phone=to message=text device_id=device"
#define FORM \
	"message=text image_url=media_url target_status=status campaign_date=at time_schedule=at+ " DELAYS

/* clang-format off */
static const struct route_alias rows[] = {
	/* accounts, health */
	OWN("POST", "/login", LOGIN),
	OWN("POST", "/logout", LOGOUT),
	TO("POST", "/register", user_create, "fullname=full_name email=email email=name"),
	TO("POST", "/api/register", user_create, "fullname=full_name email=email email=name"),
	OWN("GET", "/device/{device}/whatsapp-web", PAGE),
	OWN("GET", "/health", READYZ),
	OWN("GET", "/api/health", READYZ),
	TO("GET", "/api/system/status", daemon_status, NULL),
	NOT("GET", "/api/monitoring/redis", "a message broker: the queue is a table; see GET /metrics"),
	NOT("GET", "/api/monitoring/queue/{queue}", "reading a broker's queue; see GET /api/queue"),
	NOT("DELETE", "/api/monitoring/queue/{queue}", "emptying a broker's queue; see POST /api/campaigns/{campaign}/cancel"),
	NOT("GET", "/api/system/redis-check", "checking a message broker and telling its settings; see GET /api/config"),
	NOT("GET", "/api/debug/{what}", "a table of clients; see GET /api/queue/workers"),
	NOT("GET", "/api/proxy/{what}", "looking for public proxies"),
	NOT("POST", "/api/proxy/{what}", "looking for public proxies"),
	NOT("POST", "/api/monitoring/expire-messages", "expiring messages by hand; they expire by themselves"),
	NOT("GET", "/ws", "a WebSocket of progress; see GET /api/events"),

	/* devices */
	SAME(device_create, DELAYS),
	TO("PUT", "/api/devices/{device}", device_update, DELAYS),
	TO("GET", "/app/devices", device_list, NULL),
	TO("POST", "/app/login", device_pair, "deviceId=device"),
	TO("POST", "/app/logout", device_logout, "deviceId=device"),
	NOT("POST", "/app/link-device", "writing a number into a device: pairing finds it out; see POST /api/devices/{device}/pair"),
	NOT("POST", "/api/devices/reset-all", "unlinking all devices at once; see POST /api/devices/{device}/logout"),
	TO("GET", "/api/devices/{device}/diagnose", device_show, NULL),

	NOT("POST", "/app/login-with-code", "pairing by a code of eight characters"),
	NOT("POST", "/app/reconnect", "reconnecting by hand; it reconnects by itself"),
	NOT("DELETE", "/api/devices/{device}/clear", "dropping what is stored of a device; see POST /api/devices/{device}/logout"),
	NOT("POST", "/api/devices/{device}/sync", "fetching all chats anew; see POST /api/chats/{chat}/sync"),

	/* chats */
	TO("GET", "/api/devices/{device}/chats", chat_list, "all=groups"),
	TO("GET", "/api/devices/{device}/messages/{chat}", message_list, NULL),

	/* leads */
	SAME(lead_create, LEAD),
	TO("PUT", "/api/leads/{lead}", lead_update, LEAD),
	TO("GET", "/api/devices/{device}/leads", lead_list, "target_status=status"),
	TO("GET", "/api/devices/{device}/leads/export", lead_export, "target_status=status"),
	TO("POST", "/api/devices/{device}/leads/import", lead_import, "target_status=status"),
	NOT("GET", "/user/check", "asking the network by GET; see POST /api/leads/check"),

	/* campaigns, sequences */
	SAME(campaign_create, FORM),
	TO("PUT", "/api/campaigns/{campaign}", campaign_update, FORM),
	TO("GET", "/api/campaigns/summary", analytics_campaigns, NULL),
	TO("GET", "/api/campaigns/{campaign}/device-report", campaign_report, NULL),
	TO("GET", "/api/campaigns/{campaign}/device/{device}/leads", campaign_recipients, "status=state"),
	TO("POST", "/api/campaigns/{campaign}/device/{device}/retry-failed", campaign_retry, NULL),
	TO("PUT", "/api/sequences/{sequence}", sequence_update, "target_status=status"),
	SAME(sequence_create, "target_status=status"),
	SAME(sequence_enrol, "contacts=phones"),

	/* sending */
	TO("POST", "/send/message", message_send, SEND),
	TO("POST", "/send/image", message_send, SEND " image_url=media_url"),
	TO("POST", "/send/file", message_send, SEND " file=document"),
	TO("POST", "/send/video", message_send, SEND),
	NOT("POST", "/send/audio", "sending audio; POST /api/messages sends a file as a document"),
	TO("POST", "/api/devices/{device}/send", message_send, "phone=to message=text"),
	NOT("POST", "/send/contact", "sending contact cards"),
	NOT("POST", "/send/link", "sending links with a preview; a text may hold a link"),
	NOT("POST", "/send/location", "sending locations"),
	NOT("POST", "/send/poll", "sending polls"),
	NOT("POST", "/send/presence", "setting the presence"),
	NOT("POST", "/message/{id}/reaction", "reacting to messages"),
	NOT("POST", "/message/{id}/revoke", "deleting messages for everyone"),
	NOT("POST", "/message/{id}/delete", "deleting messages on the own devices"),
	NOT("POST", "/message/{id}/update", "changing messages that were sent"),
	NOT("POST", "/message/{id}/read", "marking one message as read; see POST /api/chats/{chat}/read"),
	NOT("POST", "/message/{id}/star", "starring messages"),
	NOT("POST", "/message/{id}/unstar", "starring messages"),

	/* the account behind a device, groups, channels */
	NOT("GET", "/user/info", "reading profiles"),
	NOT("GET", "/user/avatar", "profile pictures"),
	NOT("POST", "/user/avatar", "profile pictures"),
	NOT("POST", "/user/pushname", "changing the name that others see"),
	NOT("GET", "/user/my/privacy", "privacy settings"),
	NOT("GET", "/user/my/groups", "groups"),
	NOT("GET", "/user/my/newsletters", "channels"),
	NOT("GET", "/user/my/contacts", "the phone's address book; see GET /api/leads"),
	NOT("POST", "/group", "groups"),
	NOT("POST", "/group/join-with-link", "groups"),
	NOT("POST", "/group/leave", "groups"),
	NOT("POST", "/group/participants", "groups"),
	NOT("POST", "/group/participants/remove", "groups"),
	NOT("POST", "/group/participants/promote", "groups"),
	NOT("POST", "/group/participants/demote", "groups"),
	NOT("GET", "/group/participant-requests", "groups"),
	NOT("POST", "/group/participant-requests/approve", "groups"),
	NOT("POST", "/group/participant-requests/reject", "groups"),
	NOT("POST", "/newsletter/unfollow", "channels"),

	/* figures */
	TO("GET", "/api/analytics/custom", analytics_summary, NULL),
	TO("GET", "/api/analytics/{days}", analytics_summary, NULL),

	/* the queue */
	TO("GET", "/api/broadcast/stats", queue_stats, "device_id=device"),
	TO("GET", "/api/workers/status", queue_workers, "device_id=device"),
	TO("GET", "/api/workers/device/{device}", queue_workers, NULL),
	TO("POST", "/api/workers/resume-failed", queue_retry, "device_id=device"),
	TO("POST", "/api/workers/stop-all", queue_pause, NULL),
};
/* clang-format on */

size_t alias_len(void)
{
	return ARRAY_LEN(rows);
}

const struct route_alias *alias_at(size_t i)
{
	return i < ARRAY_LEN(rows) ? &rows[i] : NULL;
}

const char *alias_names(const struct cat_method *m)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].path == NULL && rows[i].method == m)
			return rows[i].renames;
	return NULL;
}

const struct route_alias *alias_find(const char *verb, const struct route_path *p)
{
	const struct route_alias *best = NULL;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (rows[i].path == NULL || strcmp(rows[i].verb, verb) != 0 ||
		    !route_path_fits(rows[i].path, p))
			continue;
		if (strchr(rows[i].path, '{') == NULL)
			return &rows[i];
		if (best == NULL)
			best = &rows[i];
	}
	return best && route_is_spelled_out(p) ? NULL : best;
}

/* one "old=new", "old=new*1000" or "old=new+" */
static void cut(const char *word, size_t len, char old[static 32], char new_name[static 32],
		int *ret_factor)
{
	const char *equals = memchr(word, '=', len), *star = memchr(word, '*', len);
	bool later = word[len - 1] == '+';
	const char *end = star ? star : word + len - later;

	snprintf(old, 32, "%.*s", (int)(equals - word), word);
	snprintf(new_name, 32, "%.*s", (int)(end - equals - 1), equals + 1);
	*ret_factor = star ? 1000 : !later;
}

const char *alias_rename(const char *renames, const char *old, size_t pos, char buf[static 32],
			 int *ret_factor)
{
	const char *word;
	char own[32];
	size_t at = 0, len, found = 0;

	while (cat_word_next(renames, &at, &word, &len)) {
		cut(word, len, own, buf, ret_factor);
		if (strcmp(own, old) == 0 && found++ == pos)
			return buf;
	}
	*ret_factor = 1;
	return found == 0 && pos == 0 ? old : NULL;
}

void alias_old_name(const char *renames, const char *name, char old[static 32])
{
	const char *word;
	char new_name[32];
	size_t at = 0, len;
	int factor;

	while (cat_word_next(renames, &at, &word, &len)) {
		cut(word, len, old, new_name, &factor);
		if (strcmp(new_name, name) == 0)
			return;
	}
	snprintf(old, 32, "%.31s", name);
}
