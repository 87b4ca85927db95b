/* Events that the shell tells while a line is being typed: on a connection of their own, which comes back by
 * itself when the daemon does. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/clock.h"
#include "shared/base/wr.h"
#include "shared/base/xalloc.h"
#include "shared/rpc/client.h"

#include "ctl/print.h"
#include "ctl/shell.h"

enum { CALL_MS = 300, AGAIN_MS = 5000, LINE_MAX_BYTES = 240 };

/* what an operator wants to know unasked; messages would be too many */
static const char *const usual[] = { "device.*", "campaign.*", "queue.*", "database.*" };

struct shell_events {
	struct rpc_client *client;
	const char *socket; /* borrowed */
	char *user;
	json_t *topics; /* NULL: none */
	int64_t again_ms;
};

struct shell_events *shell_events_new(const char *socket, const char *user)
{
	struct shell_events *ev = xcalloc(1, sizeof *ev);

	ev->socket = socket;
	ev->user = user ? xstrdup(user) : NULL;
	ev->topics = json_array();
	for (size_t i = 0; i < ARRAY_LEN(usual); i++)
		json_array_append_new(ev->topics, json_string(usual[i]));
	return ev;
}

static void hang_up(struct shell_events *ev)
{
	rpc_client_free(ev->client);
	ev->client = NULL;
}

void shell_events_free(struct shell_events *ev)
{
	if (ev == NULL)
		return;
	hang_up(ev);
	json_decref(ev->topics);
	free(ev->user);
	free(ev);
}

void shell_events_topics(struct shell_events *ev, size_t len, char *const *topics)
{
	hang_up(ev);
	json_decref(ev->topics);
	ev->topics = topics ? json_array() : NULL;
	for (size_t i = 0; topics && i < len; i++)
		json_array_append_new(ev->topics, json_string(topics[i]));
	for (size_t i = 0; topics && len == 0 && i < ARRAY_LEN(usual); i++)
		json_array_append_new(ev->topics, json_string(usual[i]));
	ev->again_ms = 0;
}

void shell_events_user(struct shell_events *ev, const char *user)
{
	hang_up(ev);
	free(ev->user);
	ev->user = user ? xstrdup(user) : NULL;
	ev->again_ms = 0;
}

int shell_events_fd(const struct shell_events *ev)
{
	return ev->client ? rpc_client_fd(ev->client) : -1;
}

static bool call(struct shell_events *ev, const char *method, json_t *params)
{
	struct err e = ERR_NONE;
	json_t *result = NULL;
	enum errc code = rpc_client_call(ev->client, method, params, CALL_MS, &result, &e);

	json_decref(result);
	return code == ERR_OK;
}

static void dial(struct shell_events *ev)
{
	int64_t now = clock_mono(clock_real()).ms;
	struct err e = ERR_NONE;
	char path[512];

	if (ev->topics == NULL || now < ev->again_ms)
		return;
	ev->again_ms = now + AGAIN_MS;
	rpc_socket_path(path, sizeof path);
	if (rpc_client_open(ev->socket ? ev->socket : path, CALL_MS, &ev->client, &e))
		return;
	if ((ev->user && !call(ev, "system.act_as", json_pack("{s:s}", "user", ev->user))) ||
	    !call(ev, "event.subscribe", json_pack("{s:O}", "topics", ev->topics)))
		hang_up(ev);
}

/* "10:01:02 device.online device=1 name=sales"; NULL: nothing to show; the caller's */
static char *event_line(const json_t *notification)
{
	json_t *params = json_object_get(notification, "params"), *v;
	const char *topic = json_string_value(json_object_get(params, "topic"));
	const char *at = json_string_value(json_object_get(params, "at")), *key;
	AUTO_FREE char *text = NULL;
	size_t len;
	struct wr w;

	if (topic == NULL || strcmp(topic, "device.qr") == 0)
		return NULL;
	wr_init(&w, 1 << 16);
	wr_str(&w, at && strlen(at) > 19 ? at + 11 : "");
	if (w.len > 8)
		w.len = 8; /* the time of the day, UTC as everywhere */
	wr_str(&w, " ");
	wr_str(&w, topic);
	json_object_foreach(json_object_get(params, "data"), key, v) {
		AUTO_FREE char *other =
			json_is_string(v) ? NULL : json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT);

		wr_str(&w, " ");
		wr_str(&w, key);
		wr_str(&w, "=");
		wr_str(&w, other ? other : json_is_string(v) ? json_string_value(v) : "");
	}
	wr_u8(&w, '\0');
	text = (char *)wr_take(&w, &len);
	if (text == NULL)
		return NULL;
	if (strlen(text) > LINE_MAX_BYTES)
		text[LINE_MAX_BYTES] = '\0';
	return print_safe(text);
}

char *shell_events_next(struct shell_events *ev)
{
	if (ev->client == NULL)
		dial(ev);
	while (ev->client) {
		struct err e = ERR_NONE;
		json_t *notification = NULL;
		enum errc code = rpc_client_next(ev->client, 0, &notification, &e);
		char *line;

		if (code == ERR_TIMEOUT || code == ERR_CANCELLED)
			return NULL;
		if (code) {
			hang_up(ev);
			return NULL;
		}
		line = event_line(notification);
		json_decref(notification);
		if (line)
			return line;
	}
	return NULL;
}
