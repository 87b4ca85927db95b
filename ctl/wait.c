/* message send --wait: the call, then its state until it is far enough. campaign create and start --wait: until all is
 * sent. */
#include <string.h>

#include "ctl/run.h"

enum { LOOK_MS = 1000 }; /* between two looks when no event comes */

/* how far a state is; a later one includes the earlier; -1: it will not get there */
static int state_rank(const char *state)
{
	static const char *const order[] = { "pending", "claimed",   "sending",
					     "sent",    "delivered", "read" };

	for (size_t i = 0; state && i < ARRAY_LEN(order); i++)
		if (strcmp(order[i], state) == 0)
			return (int)i;
	return -1;
}

static enum errc look(struct session *s, const char *method, const char *param, const char *id,
		      json_t **ret, struct err *e)
{
	json_t *shown = NULL;

	if (session_call(s, method, json_pack("{s:s}", param, id), &shown, e))
		return e->code;
	json_decref(*ret);
	*ret = shown;
	return ERR_OK;
}

/* until an event, or for a second */
static enum errc rest(struct session *s, struct err *e)
{
	json_t *event = NULL;
	enum errc code;

	if (stop_asked())
		return err_set(e, ERR_CANCELLED, "interrupted");
	code = rpc_client_next(s->client, session_left_ms(s, LOOK_MS), &event, e);
	json_decref(event);
	if (code != ERR_OK && code != ERR_TIMEOUT)
		return code;
	*e = ERR_NONE;
	return ERR_OK;
}

static enum errc wait_until(struct session *s, const char *id, const char *wanted, json_t **shown,
			    struct err *e)
{
	for (;;) {
		const char *state, *why;

		if (look(s, "message.show", "id", id, shown, e)) {
			if (e->code != ERR_TIMEOUT || *shown == NULL)
				return e->code;
			*e = ERR_NONE; /* --timeout is over: what is told is how far it was */
		}
		state = json_string_value(json_object_get(*shown, "state"));
		why = json_string_value(json_object_get(*shown, "error"));
		if (state_rank(state) >= state_rank(wanted))
			return ERR_OK;
		if (state_rank(state) < 0)
			return err_set(e, ERR_PEER, "message %s is %.20s%s%.120s", id,
				       state ? state : "lost", why ? ": " : "", why ? why : "");
		if (session_left_ms(s, 1) == 0)
			return err_set(e, ERR_TIMEOUT, "message %s is %.20s, not yet %s", id, state,
				       wanted);
		if (rest(s, e))
			return e->code;
	}
}

int ctl_send_and_wait(struct session *s, json_t *params)
{
	json_t *result = NULL, *shown = NULL, *topics = json_pack("{s:[s]}", "topics", "message.*");
	struct err e = ERR_NONE, ignored = ERR_NONE;
	const char *id;
	int code = EXIT_OK;

	stop_on_signals();
	/* events only make it quicker: without them a look a second is enough */
	if (session_call(s, "event.subscribe", topics, &result, &ignored) == ERR_OK)
		json_decref(result);
	if (session_call(s, "message.send", params, &result, &e))
		return session_fail(s, &e);
	id = json_string_value(json_object_get(result, "id"));
	if (id == NULL)
		err_set(&e, ERR_BAD_INPUT, "message.send: the daemon's answer has no id");
	else if (wait_until(s, id, s->args->wait_state, &shown, &e) == ERR_OK)
		e = ERR_NONE;
	if (shown && print_result(&s->printer, &cat_message_show, shown, &ignored))
		e = ignored;
	if (e.code)
		code = session_fail(s, &e);
	json_decref(shown);
	json_decref(result);
	return code;
}

/* -- campaigns -- */

static const char *text_of(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text ? text : "";
}

/* told when it has changed */
static void note_progress(const struct session *s, const json_t *c, json_int_t *left)
{
	json_int_t now = json_integer_value(json_object_get(c, "left"));

	if (now == *left)
		return;
	*left = now;
	session_note(s,
		     "campaign %s is %s: %" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT " left",
		     text_of(c, "id"), text_of(c, "state"), now,
		     json_integer_value(json_object_get(c, "total")));
}

static enum errc wait_for_end(struct session *s, const char *id, json_t **shown, struct err *e)
{
	json_int_t left = -1;

	for (;;) {
		const char *state;

		if (look(s, "campaign.show", "campaign", id, shown, e)) {
			if (e->code != ERR_TIMEOUT || *shown == NULL)
				return e->code;
			*e = ERR_NONE;
		}
		state = text_of(*shown, "state");
		note_progress(s, *shown, &left);
		if (strcmp(state, "done") == 0)
			return ERR_OK;
		if (strcmp(state, "cancelled") == 0)
			return err_set(e, ERR_PEER, "campaign %s was cancelled", id);
		if (session_left_ms(s, 1) == 0)
			return err_set(e, ERR_TIMEOUT, "campaign %s is %.20s, not yet done", id,
				       state);
		if (rest(s, e))
			return e->code;
	}
}

int ctl_campaign_and_wait(struct session *s, json_t *params)
{
	json_t *result = NULL, *shown = NULL,
	       *topics = json_pack("{s:[s]}", "topics", "campaign.*");
	struct err e = ERR_NONE, ignored = ERR_NONE;
	const char *id;

	stop_on_signals();
	if (session_call(s, "event.subscribe", topics, &result, &ignored) == ERR_OK)
		json_decref(result);
	result = NULL;
	if (session_call(s, s->args->method->name, params, &result, &e))
		return session_fail(s, &e);
	id = json_string_value(json_object_get(result, "id"));
	if (id == NULL) /* a dry run */
		shown = json_incref(result);
	else if (wait_for_end(s, id, &shown, &e) == ERR_OK)
		e = ERR_NONE;
	ignored = ERR_NONE;
	if (shown && print_result(&s->printer, s->args->method, shown, &ignored))
		e = ignored;
	json_decref(shown);
	json_decref(result);
	return e.code ? session_fail(s, &e) : EXIT_OK;
}
