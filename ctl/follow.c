/* --follow: what a command shows, and again what of it has changed, until a signal, --timeout, or until nobody reads any
 * more. Events say when to look; a look now and then finds what no event tells. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/base/clock.h"
#include "shared/base/map.h"
#include "shared/base/xalloc.h"

#include "ctl/run.h"

enum {
	LOOK_MS = 2000,
	REST_MS = 300,
	TICK_MS = 200,
	RETRY_MIN_MS = 200,
	RETRY_MAX_MS = 5000,
	SEEN_MAX = 100000
};

struct follow {
	struct session *s;
	json_t *params;
	struct printer printer; /* outlives the connections */
	struct map *seen;       /* id of an item, or "": its JSON text, owned */
	int64_t looked_at_ms;
};

bool follow_reader_gone(void)
{
	struct pollfd p = { .fd = STDOUT_FILENO };

	return poll(&p, 1, 0) > 0 && (p.revents & (POLLERR | POLLNVAL));
}

bool follow_is_over(const struct session *s)
{
	return stop_asked() || follow_reader_gone() || session_left_ms(s, 1) == 0;
}

bool follow_may_come_back(enum errc code)
{
	return code == ERR_UNREACHABLE || code == ERR_SHUTTING_DOWN || code == ERR_BUSY ||
	       code == ERR_DATABASE || code == ERR_SYSTEM;
}

bool follow_reopen(struct session *s, const struct err *why)
{
	int retry_ms = RETRY_MIN_MS;
	int64_t deadline = s->deadline_ms;
	struct err e = ERR_NONE;
	enum errc code;

	session_note(s, "%s; trying again", err_msg(why));
	do {
		session_done(s);
		poll(NULL, 0, session_left_ms(s, retry_ms));
		retry_ms = retry_ms * 2 > RETRY_MAX_MS ? RETRY_MAX_MS : retry_ms * 2;
		if (follow_is_over(s))
			return false;
		code = session_open(s, s->args, &e);
		s->deadline_ms = deadline;
	} while (code != ERR_OK);
	return true;
}

/* -- what has changed -- */

static bool is_news(struct follow *f, const json_t *item)
{
	const char *id = json_string_value(json_object_get(item, "id"));
	json_t *shown = print_only_fields(&f->printer, (json_t *)(uintptr_t)item);
	char *text = json_dumps(shown, JSON_COMPACT | JSON_SORT_KEYS), *old;
	struct span key = span_str(f->s->args->method->list == NULL ? "" : id ? id : text);
	bool same;

	json_decref(shown);
	old = map_get(f->seen, key);
	same = old && strcmp(old, text) == 0;
	if (same || (old == NULL && map_len(f->seen) >= SEEN_MAX)) {
		free(text);
		return !same;
	}
	map_put(f->seen, key, text);
	free(old);
	return true;
}

/* the same answer with only the items that are new or another */
static json_t *news_of(struct follow *f, const json_t *result)
{
	const char *list = f->s->args->method->list;
	json_t *items = list ? json_object_get(result, list) : NULL, *item, *kept;
	size_t i;

	if (list == NULL)
		return is_news(f, result) ? json_incref((json_t *)(uintptr_t)result) : NULL;
	kept = json_array();
	json_array_foreach(items, i, item)
		if (is_news(f, item))
			json_array_append(kept, item);
	if (json_array_size(kept) == 0) {
		json_decref(kept);
		return NULL;
	}
	return json_pack("{s:o}", list, kept);
}

static enum errc look(struct follow *f, struct err *e)
{
	struct session *s = f->s;
	json_t *result = NULL, *news;
	enum errc code = session_call(s, s->args->method->name, json_copy(f->params), &result, e);

	f->looked_at_ms = clock_mono(clock_real()).ms;
	if (code)
		return code;
	news = news_of(f, result);
	if (news) {
		code = print_result(&f->printer, s->args->method, news, e);
		f->printer.no_header = true; /* once is enough */
	}
	json_decref(news);
	json_decref(result);
	return code;
}

/* until the connection ends or there is no reason to go on */
static enum errc stream(struct follow *f, struct err *e)
{
	json_t *answer = NULL;
	bool hinted = false;
	enum errc code = session_call(f->s, "event.subscribe", NULL, &answer, e);

	json_decref(answer);
	code = code ? code : look(f, e);
	while (code == ERR_OK && !follow_is_over(f->s)) {
		int64_t since = clock_mono(clock_real()).ms - f->looked_at_ms;
		json_t *event = NULL;

		code = rpc_client_next(f->s->client, session_left_ms(f->s, TICK_MS), &event, e);
		hinted |= code == ERR_OK;
		json_decref(event);
		if (code == ERR_TIMEOUT || code == ERR_CANCELLED)
			code = ERR_OK;
		if (code == ERR_OK && since >= (hinted ? REST_MS : LOOK_MS)) {
			hinted = false;
			code = look(f, e);
		}
	}
	return code;
}

int ctl_follow(struct session *s, json_t *params)
{
	struct follow f = { .s = s, .params = params, .printer = s->printer, .seen = map_new() };
	struct err e = ERR_NONE;
	struct span key;
	size_t pos = 0;
	void *text;
	int code = EXIT_OK;
	enum errc end;

	stop_on_signals();
	if (f.printer.format == FORMAT_JSON) /* one array without an end is of no use */
		f.printer.format = FORMAT_JSONL;
	else if (f.printer.format == FORMAT_TABLE && s->args->method->list)
		f.printer.format = FORMAT_TSV;
	while ((end = stream(&f, &e)) != ERR_OK && !follow_is_over(s)) {
		if (!follow_may_come_back(end)) {
			code = session_fail(s, &e);
			break;
		}
		if (!follow_reopen(s, &e))
			break;
	}
	while (map_next(f.seen, &pos, &key, &text))
		free(text);
	map_free(f.seen);
	json_decref(params);
	return stop_asked() ? EXIT_INTERRUPTED : code;
}
