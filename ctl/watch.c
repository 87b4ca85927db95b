/* event watch: one JSON object a line, through restarts of the daemon, until a signal or until
 * nobody reads any more. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/base/xalloc.h"

#include "ctl/run.h"

enum { TICK_MS = 500, RETRY_MIN_MS = 200, RETRY_MAX_MS = 5000 };

struct watch {
	struct session *s;
	json_t *params;
	char last_id[24]; /* of the last printed event; "" before the first */
};

/* the reader of a pipe has gone; without this only the next write would tell */
static bool reader_gone(void)
{
	struct pollfd p = { .fd = STDOUT_FILENO };

	return poll(&p, 1, 0) > 0 && (p.revents & (POLLERR | POLLNVAL));
}

static bool time_over(const struct watch *w)
{
	return session_left_ms(w->s, 1) == 0;
}

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

		if (stop_asked() || reader_gone() || time_over(w))
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

static bool is_passing(enum errc code)
{
	return code == ERR_UNREACHABLE || code == ERR_SHUTTING_DOWN || code == ERR_BUSY ||
	       code == ERR_DATABASE || code == ERR_SYSTEM;
}

static void pause_ms(int ms)
{
	poll(NULL, 0, ms);
}

int ctl_watch(struct session *s, json_t *params)
{
	struct watch w = { .s = s, .params = params };
	int retry_ms = RETRY_MIN_MS, code = EXIT_OK;
	struct err e = ERR_NONE;
	enum errc end;

	stop_on_signals();
	while ((end = stream(&w, &e)) != ERR_OK) {
		if (stop_asked())
			break;
		if (!is_passing(end)) {
			code = session_fail(s, &e);
			break;
		}
		session_note(s, "%s; trying again", err_msg(&e));
		do {
			rpc_client_free(s->client);
			s->client = NULL;
			pause_ms(session_left_ms(s, retry_ms));
			retry_ms = retry_ms * 2 > RETRY_MAX_MS ? RETRY_MAX_MS : retry_ms * 2;
			if (stop_asked() || reader_gone() || time_over(&w))
				goto out;
			{
				int64_t deadline = s->deadline_ms;

				end = session_open(s, s->args, &e);
				s->deadline_ms = deadline;
			}
		} while (end != ERR_OK);
		retry_ms = RETRY_MIN_MS;
	}
out:
	json_decref(params);
	return stop_asked() ? EXIT_INTERRUPTED : code;
}
