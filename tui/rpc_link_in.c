/* What wad says to a link: the steps of getting up, answers, events. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/text.h"
#include "shared/rpc/catalogue.h"
#include "shared/rpc/client.h"

#include "tui/rpc_link_impl.h"

/* -- getting up: hello, act as, subscribe -- */

void rpc_link_greet(struct rpc_link *l, enum link_state state)
{
	static const char *const methods[] = { [LINK_HELLO] = "system.hello",
					       [LINK_ACT_AS] = "system.act_as",
					       [LINK_SUBSCRIBE] = "event.subscribe" };
	json_t *params = json_object();
	struct err e = ERR_NONE;
	struct call *c;
	char id[24];

	l->state = state;
	if (state == LINK_HELLO) {
		json_object_set_new(params, "client", json_string("watui"));
		json_object_set_new(params, "version", json_string(WAD_VERSION));
		json_object_set_new(params, "api", json_string(RPC_API_VERSION));
	} else if (state == LINK_ACT_AS) {
		json_object_set_new(params, "user", json_string(l->user));
	} else if (l->has_event) {
		snprintf(id, sizeof id, "%" PRId64, l->last_event);
		json_object_set_new(params, "since_id", json_string(id));
	}
	c = link_call_new(l, methods[state]);
	c->greeting = true;
	list_add_tail(&l->calls, &c->link);
	l->calls_len++;
	if (link_call_put(l, c, params, &e))
		rpc_link_drop(l, &e);
}

static void keep_text(char *out, size_t out_bytes, const json_t *from, const char *key)
{
	const char *text = json_string_value(json_object_get(from, key));

	if (text == NULL)
		return; /* an older wad: what is known stays */
	snprintf(out, out_bytes, "%s", text);
	utf8_mend(out);
}

static void keep_who(struct rpc_link *l, const json_t *from)
{
	keep_text(l->who_user, sizeof l->who_user, from, "name");
	keep_text(l->who_role, sizeof l->who_role, from, "role");
	keep_text(l->who_zone, sizeof l->who_zone, from, "zone");
}

static int64_t id_of(const json_t *v)
{
	const char *text = json_string_value(v);

	return text ? strtoll(text, NULL, 10) : json_integer_value(v);
}

static bool api_fits(const json_t *hello)
{
	const char *api = json_string_value(json_object_get(hello, "api"));

	return api && strtol(api, NULL, 10) == strtol(RPC_API_VERSION, NULL, 10);
}

static void on_hello(struct rpc_link *l, const json_t *result)
{
	const char *version = json_string_value(json_object_get(result, "version"));

	if (!api_fits(result)) {
		rpc_link_drop_because(
			l, ERR_UNSUPPORTED,
			"that wad speaks another version of the API than " RPC_API_VERSION);
		return;
	}
	snprintf(l->who_server, sizeof l->who_server, "wad %.60s", version ? version : "");
	utf8_mend(l->who_server);
	keep_who(l, result);
	rpc_link_greet(l, l->user ? LINK_ACT_AS : LINK_SUBSCRIBE);
}

static void on_subscribed(struct rpc_link *l, const json_t *result)
{
	int64_t last = id_of(json_object_get(result, "last_id"));
	/* not where we asked for: another database, or one that was put back */
	bool elsewhere = l->has_event && last != l->last_event;

	l->has_event = true;
	l->last_event = last;
	l->state = LINK_UP;
	l->up_since = rpc_link_now(l);
	l->why = ERR_NONE;
	if (l->sink.up)
		l->sink.up(l->sink.ctx);
	if (elsewhere && l->sink.lost)
		l->sink.lost(l->sink.ctx);
}

static void on_greeted(struct rpc_link *l, const json_t *result, const json_t *error)
{
	struct err e = ERR_NONE;

	if (error) {
		rpc_error_read(error, &e);
		rpc_link_drop(l, &e);
		return;
	}
	switch (l->state) {
	case LINK_HELLO:
		on_hello(l, result);
		break;
	case LINK_ACT_AS:
		keep_who(l, result);
		rpc_link_greet(l, LINK_SUBSCRIBE);
		break;
	case LINK_SUBSCRIBE:
		on_subscribed(l, result);
		break;
	case LINK_DOWN:
	case LINK_UP:
		break;
	}
}

/* -- what comes in -- */

static struct call *call_of(struct rpc_link *l, int64_t id)
{
	LIST_EACH(at, &l->calls) {
		struct call *c = CONTAINER_OF(at, struct call, link);

		if (c->id == id)
			return c;
	}
	return NULL;
}

static void on_answer(struct rpc_link *l, const json_t *line, const json_t *id)
{
	const json_t *error = json_object_get(line, "error"),
		     *result = json_object_get(line, "result");
	struct err e = ERR_NONE;
	struct call *c;

	if (json_is_null(id) && error) { /* about a line of ours: which one is unknown */
		rpc_error_read(error, &e);
		rpc_link_drop(l, &e);
		return;
	}
	c = json_is_integer(id) ? call_of(l, json_integer_value(id)) : NULL;
	if (c == NULL)
		return; /* late: it has timed out */
	if (error == NULL && result == NULL) {
		rpc_link_drop_because(l, ERR_BAD_INPUT,
				      "an answer of the daemon has neither result nor error");
		return;
	}
	l->calls_len--;
	if (c->greeting) {
		link_call_free(c);
		on_greeted(l, result, error);
		return;
	}
	if (error)
		rpc_error_read(error, &e);
	link_call_answer(c, error ? NULL : result, error ? &e : NULL,
			 json_object_get(error, "data"));
}

static void on_event(struct rpc_link *l, const json_t *params)
{
	const char *topic = json_string_value(json_object_get(params, "topic")),
		   *at = json_string_value(json_object_get(params, "at"));
	int64_t id = id_of(json_object_get(params, "id"));

	if (topic == NULL || (id > 0 && id == l->last_event))
		return; /* ids need not rise: events come in the order of their commits */
	if (id > 0)
		l->last_event = id;
	if (l->sink.event)
		l->sink.event(l->sink.ctx, id, at ? at : "", topic,
			      json_object_get(params, "data"));
}

void rpc_link_take_line(struct rpc_link *l, struct span line)
{
	const json_t *params, *id;
	struct err e = ERR_NONE;
	const char *method;
	json_t *v = NULL;

	if (rpc_json_load(line, &v, &e)) {
		err_wrap(&e, "a line of the daemon");
		rpc_link_drop(l, &e);
		return;
	}
	method = json_string_value(json_object_get(v, "method"));
	params = json_object_get(v, "params");
	id = json_object_get(v, "id");
	if (method && l->state == LINK_UP && strcmp(method, "event") == 0)
		on_event(l, params);
	else if (method && l->state == LINK_UP && strcmp(method, "event.lost") == 0 && l->sink.lost)
		l->sink.lost(l->sink.ctx);
	else if (method == NULL && id)
		on_answer(l, v, id);
	json_decref(v);
}
