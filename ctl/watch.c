/* event watch: one JSON object a line, through restarts of the daemon, until a signal or until
 * nobody reads any more. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/xalloc.h"

#include "ctl/run.h"

enum { TICK_MS = 500 };

struct watch {
	struct session *s;
	json_t *params;
	char last_id[24]; /* of the last printed event; "" before the first */
};

static void print_event(struct watch *w, json_t *notification)
{
	const char *method = json_string_value(json_object_get(notification, "method"));
	json_t *params = json_object_get(notification, "params"), *out;
	const char *id = json_string_value(json_object_get(params, "id"));

	if (method && strcmp(method, "event.lost") == 0) {
		AUTO_FREE char *text = json_dumps(params, JSON_COMPACT);

		session_note(w->s, "too slow, events were lost: %s", text ? text : "");
		return;
	}
	if (method == NULL || strcmp(method, "event") != 0)
		return;
	if (id && strcmp(id, w->last_id) == 0)
		return; /* again, after a reconnect; ids need not rise: events come in order of commit */
	if (id)
		snprintf(w->last_id, sizeof w->last_id, "%s", id);
	out = json_object();
	for (const struct cat_param *f = ctl_event_watch.out; f->name; f++)
		if (json_object_get(params, f->name))
			json_object_set(out, f->name, json_object_get(params, f->name));
	json_dumpf(out, stdout, JSON_COMPACT | JSON_REAL_PRECISION(15));
	fputc('\n', stdout);
	json_decref(out);
}

static enum errc subscribe(struct watch *w, struct err *e)
{
	json_t *params = json_deep_copy(w->params), *result = NULL;
	const char *last;

	if (w->last_id[0])
		json_object_set_new(params, "since_id", json_string(w->last_id));
	if (session_call(w->s, "event.subscribe", params, &result, e))
		return e->code;
	last = json_string_value(json_object_get(result, "last_id"));
	/* from here on nothing may be missed: a reconnect resumes after what exists now */
	if (last && w->last_id[0] == '\0' && json_object_get(w->params, "since_id") == NULL)
		snprintf(w->last_id, sizeof w->last_id, "%s", last);
	json_decref(result);
	return ERR_OK;
}

/* until the connection ends or there is no reason to go on */
static enum errc stream(struct watch *w, struct err *e)
{
	enum errc code = subscribe(w, e);

	while (code == ERR_OK || code == ERR_TIMEOUT) {
		json_t *notification = NULL;

		if (follow_is_over(w->s))
			return ERR_OK;
		code = rpc_client_next(w->s->client, session_left_ms(w->s, TICK_MS), &notification,
				       e);
		if (code)
			continue;
		print_event(w, notification);
		json_decref(notification);
		if (fflush(stdout) != 0)
			return ERR_OK;
	}
	return code;
}

int ctl_watch(struct session *s, json_t *params)
{
	struct watch w = { .s = s, .params = params };
	int code = EXIT_OK;
	struct err e = ERR_NONE;
	enum errc end;

	stop_on_signals();
	while ((end = stream(&w, &e)) != ERR_OK && !stop_asked()) {
		if (!follow_may_come_back(end)) {
			code = session_fail(s, &e);
			break;
		}
		if (!follow_reopen(s, &e))
			break;
	}
	json_decref(params);
	return stop_asked() ? EXIT_INTERRUPTED : code;
}
