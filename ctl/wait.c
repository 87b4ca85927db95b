/* message send --wait: the call, then its state until it is far enough. */
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

static enum errc look(struct session *s, const char *id, json_t **ret, struct err *e)
{
	json_t *shown = NULL;

	if (session_call(s, "message.show", json_pack("{s:s}", "id", id), &shown, e))
		return e->code;
	json_decref(*ret);
	*ret = shown;
	return ERR_OK;
}

static enum errc wait_until(struct session *s, const char *id, const char *wanted, json_t **shown,
			    struct err *e)
{
	for (;;) {
		const char *state, *why;
		json_t *event = NULL;

		if (look(s, id, shown, e)) {
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
		if (stop_asked())
			return err_set(e, ERR_CANCELLED, "interrupted");
		switch (rpc_client_next(s->client, session_left_ms(s, LOOK_MS), &event, e)) {
		case ERR_OK:
		case ERR_TIMEOUT:
			*e = ERR_NONE;
			json_decref(event);
			break;
		default:
			return e->code;
		}
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
