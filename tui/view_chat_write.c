/* Writing to a chat: the text and its draft, sending it once, how it gets on until it is stored. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/xalloc.h"

#include "tui/view_chats.h"

enum { STORED_EARLIER_MS = 1000 };

static void pump(struct chats *c);

/* -- drafts -- */

/* a message to this chat that wad has not answered to yet */
static const struct outgoing *unanswered(const struct chats *c, const char *draft)
{
	LIST_EACH(node, (struct list *)(uintptr_t)&c->outgoing) {
		const struct outgoing *o = CONTAINER_OF(node, struct outgoing, node);

		if (o->state < OUT_QUEUED && strcmp(o->draft, draft) == 0)
			return o;
	}
	return NULL;
}

static void save(struct chats *c, const char *name, const char *text)
{
	const struct outgoing *o = unanswered(c, name);
	struct writing *w = &c->writing;
	struct chat_draft d = { .text = (char *)(uintptr_t)(*text ? text : NULL),
				.sending = o ? o->item->text : NULL };
	struct err e = ERR_NONE;

	if (o)
		snprintf(d.key, sizeof d.key, "%s", o->key);
	else if (w->came_back && strcmp(w->came_back, text) == 0)
		snprintf(d.key, sizeof d.key, "%s", w->key);
	if (draft_save(name, &d, &e))
		view_toast_err(&c->base, "draft", &e, NULL);
}

static void save_here(struct chats *c)
{
	if (*c->writing.name)
		save(c, c->writing.name, c->writing.input.text);
}

static void set_came_back(struct writing *w, const char *text, const char *key)
{
	free(w->came_back);
	w->came_back = text ? xstrdup(text) : NULL;
	snprintf(w->key, sizeof w->key, "%s", key);
}

void writing_open(struct chats *c)
{
	struct talk *t = &c->talk;
	struct writing *w = &c->writing;
	struct chat_draft d;

	if (*w->name)
		return;
	/* by the number, which stays when its LID becomes known */
	draft_name(c->base.app->socket_path, rpc_link_who(c->base.app->link)->user, t->device,
		   *t->phone ? t->phone : t->chat, w->name);
	draft_load(w->name, &d);
	if (d.sending && unanswered(c, w->name) == NULL) {
		AUTO_FREE char *both = d.text ? xasprintf("%s\n%s", d.sending, d.text) : NULL;

		set_came_back(w, both ? NULL : d.sending, d.key);
		input_set(&w->input, both ? both : d.sending);
	} else if (d.text) {
		set_came_back(w, d.key[0] && !d.sending ? d.text : NULL, d.key);
		input_set(&w->input, d.text);
	}
	draft_done(&d);
}

void writing_close(struct chats *c)
{
	struct writing *w = &c->writing;

	if (w->input.text)
		input_set(&w->input, "");
	set_came_back(w, NULL, "");
	w->name[0] = '\0';
}

void writing_begin(struct chats *c)
{
	const struct talk *t = &c->talk;

	if (!view_may(&c->base, "message.send"))
		view_toast(&c->base, TOAST_INFO, "your role may read, not write");
	else if (t->is_group)
		view_toast(&c->base, TOAST_INFO, "wad writes to people, not to groups");
	else if (*t->phone == '\0')
		view_toast(&c->base, TOAST_INFO, "the number of this person is not known");
	else
		chats_focus(c, FOCUS_WRITE);
}

/* -- sending -- */

static void outgoing_free(struct chats *c, struct outgoing *o)
{
	if (c->talk.cursor == o->item)
		c->talk.cursor = NULL;
	list_del(&o->node);
	c->outgoing_len--;
	chat_item_free(o->item);
	free(o);
}

static struct outgoing *outgoing_by(struct chats *c, enum out_state state)
{
	LIST_EACH(node, &c->outgoing) {
		struct outgoing *o = CONTAINER_OF(node, struct outgoing, node);

		if (o->state == state)
			return o;
	}
	return NULL;
}

/* Not taken by wad: the text is to be written again, in front of what was begun meanwhile. */
static void come_back(struct chats *c, struct outgoing *o)
{
	struct writing *w = &c->writing;
	bool here = strcmp(w->name, o->draft) == 0;
	struct chat_draft d = { 0 };
	const char *begun = w->input.text;
	AUTO_FREE char *text = NULL;

	if (!here) {
		draft_load(o->draft, &d);
		begun = d.text ? d.text : "";
	}
	text = *begun ? xasprintf("%s\n%s", o->item->text, begun) : xstrdup(o->item->text);
	o->state = OUT_FAILED; /* no longer unanswered */
	if (here) {
		set_came_back(w, *begun ? NULL : text, o->key);
		input_set(&w->input, text);
		save_here(c);
	} else {
		struct err e = ERR_NONE;
		struct chat_draft kept = { .text = text };

		if (*begun == '\0')
			snprintf(kept.key, sizeof kept.key, "%s", o->key);
		if (draft_save(o->draft, &kept, &e))
			view_toast_err(&c->base, "draft", &e, NULL);
	}
	draft_done(&d);
	outgoing_free(c, o);
}

static void queued(struct chats *c, struct outgoing *o, const json_t *result)
{
	const char *id = json_string_value(json_object_get(result, "id"));
	struct chat_draft d;

	snprintf(o->id, sizeof o->id, "%s", id ? id : "");
	o->state = OUT_QUEUED;
	o->problem[0] = '\0';
	if (strcmp(c->writing.name, o->draft) == 0) {
		save_here(c);
	} else {
		draft_load(o->draft, &d);
		save(c, o->draft, d.text ? d.text : "");
		draft_done(&d);
	}
	if (o->stored)
		outgoing_free(c, o);
}

static void on_sent(struct view *v, const json_t *result, const struct err *e, const json_t *data)
{
	struct chats *c = chats_of(v);
	struct outgoing *o = outgoing_by(c, OUT_ASKED);

	if (o == NULL)
		return;
	if (e && e->code == ERR_UNREACHABLE) {
		/* taken or not: it is sent again with its key */
		o->state = OUT_WAITS;
		snprintf(o->problem, sizeof o->problem, "waits for wad");
	} else if (e) {
		view_toast_err(v, "send", e, data);
		come_back(c, o);
		pump(c);
	} else {
		queued(c, o, result);
		pump(c);
	}
	talk_fit(c);
}

static void pump(struct chats *c)
{
	struct outgoing *o = outgoing_by(c, OUT_WAITS);

	if (o == NULL || outgoing_by(c, OUT_ASKED))
		return;
	o->state = OUT_ASKED;
	view_call(&c->base, "message.send",
		  json_pack("{s:s,s:s,s:s,s:s}", "device", o->device, "to", o->phone, "text",
			    o->item->text, "key", o->key),
		  on_sent);
}

static struct outgoing *outgoing_new(struct chats *c, const char *text)
{
	const struct talk *t = &c->talk;
	struct writing *w = &c->writing;
	struct outgoing *o = xcalloc(1, sizeof *o);
	json_t *m = json_pack("{s:s,s:s,s:b,s:s}", "kind", "text", "text", text, "from_me", 1,
			      "status", "pending");

	snprintf(o->device, sizeof o->device, "%s", t->device);
	snprintf(o->chat, sizeof o->chat, "%s", t->chat);
	snprintf(o->phone, sizeof o->phone, "%s", t->phone);
	snprintf(o->draft, sizeof o->draft, "%s", w->name);
	if (w->came_back && w->key[0] && strcmp(w->came_back, text) == 0)
		snprintf(o->key, sizeof o->key, "%s", w->key);
	else
		draft_key_new(rng_real(), o->key);
	o->item = chat_item_new(m);
	o->item->at_ms = clock_unix(view_clock(&c->base)).ms;
	json_decref(m);
	list_add_tail(&c->outgoing, &o->node);
	c->outgoing_len++;
	return o;
}

/* the oldest that wad has goes: it is in wad's queue all the same */
static bool make_room(struct chats *c)
{
	struct outgoing *o = outgoing_by(c, OUT_FAILED);

	if (c->outgoing_len < OUTGOING_MAX)
		return true;
	o = o ? o : outgoing_by(c, OUT_QUEUED);
	if (o)
		outgoing_free(c, o);
	return o != NULL;
}

static void send(struct chats *c)
{
	struct writing *w = &c->writing;
	const char *text = w->input.text;

	if (text[strspn(text, " \t\n")] == '\0')
		return;
	if (*w->name == '\0' || unanswered(c, w->name) || !make_room(c)) {
		view_toast(&c->base, TOAST_INFO,
			   "the message before waits for wad's answer; this one stays here");
		return;
	}
	outgoing_new(c, text);
	set_came_back(w, NULL, "");
	input_set(&w->input, "");
	save_here(c); /* before it leaves */
	pump(c);
	talk_move(c, ACT_LAST, NULL);
}

/* -- keys -- */

static void edit(struct chats *c)
{
	char *text = view_edit(&c->base, c->writing.input.text);

	if (text)
		input_set(&c->writing.input, text);
	free(text);
	save_here(c);
}

bool writing_key(struct chats *c, enum action act, const struct key *k)
{
	struct input *in = &c->writing.input;
	struct term_charset cs = screen_charset(c->base.app->screen);
	enum action move = keys_find(SCOPE_BIT(SCOPE_MOVE), k);
	int wide = c->talk.wide - 2;

	if (act == ACT_WRITE_SEND)
		send(c);
	else if (act == ACT_WRITE_LEAVE)
		chats_focus(c, FOCUS_TALK);
	else if (act == ACT_WRITE_EDIT)
		edit(c);
	else if (act == ACT_WRITE_UP || act == ACT_WRITE_DOWN || k->code == TERM_KEY_MOUSE)
		talk_move(c, act, k);
	else if (k->code >= TERM_KEY_FUNCTION && (move == ACT_UP || move == ACT_DOWN))
		input_move_row(in, cs, wide, move == ACT_UP ? -1 : 1);
	else if (input_key(in, k))
		save_here(c);
	else
		return false;
	return true;
}

/* -- how it gets on -- */

static void on_shown(struct view *v, const json_t *result, const struct err *e, const json_t *data)
{
	const char *state = json_string_value(json_object_get(result, "state"));

	(void)data;
	if (e || state == NULL)
		return;
	if (strcmp(state, "failed") == 0 || strcmp(state, "cancelled") == 0)
		writing_event(chats_of(v), "message.failed", result);
	else if (json_object_get(result, "sent_at"))
		writing_event(chats_of(v), "message.sent", result);
}

void writing_refresh(struct chats *c)
{
	LIST_EACH(node, &c->outgoing) {
		struct outgoing *o = CONTAINER_OF(node, struct outgoing, node);

		if (o->state == OUT_QUEUED && *o->id)
			view_call(&c->base, "message.show", json_pack("{s:s}", "id", o->id),
				  on_shown);
	}
	pump(c);
}

static void set_text(char **at, const char *text)
{
	free(*at);
	*at = xstrdup(text);
}

void writing_event(struct chats *c, const char *topic, const json_t *data)
{
	const char *id = json_string_value(json_object_get(data, "id"));
	const char *msg_id = json_string_value(json_object_get(data, "msg_id"));
	const char *error = json_string_value(json_object_get(data, "error"));

	if (id == NULL)
		return;
	LIST_EACH(node, &c->outgoing) {
		struct outgoing *o = CONTAINER_OF(node, struct outgoing, node);

		if (o->state != OUT_QUEUED || strcmp(o->id, id) != 0)
			continue;
		if (strcmp(topic, "message.failed") == 0) {
			o->state = OUT_FAILED;
			o->item->tick = TICK_FAILED;
			snprintf(o->problem, sizeof o->problem, "failed: %s",
				 error ? error : "cancelled");
		} else if (msg_id && strcmp(topic, "message.sent") == 0) {
			o->item->tick = TICK_SENT;
			set_text(&o->item->id, msg_id);
			/* it is stored: here it comes with the next page, elsewhere when that chat
			 * is opened */
			if (!outgoing_is_of(o, &c->talk) || chat_log_find(&c->talk.log, msg_id))
				outgoing_free(c, o);
		}
		return;
	}
}

/* what wad stored of an outgoing one: the same id, or the same words when that is not known yet */
static bool is_stored(const struct outgoing *o, const struct chat_item *m)
{
	if (*o->item->id)
		return strcmp(o->item->id, m->id) == 0;
	return o->state < OUT_FAILED && m->at_ms >= o->item->at_ms - STORED_EARLIER_MS &&
	       strcmp(o->item->text, m->text) == 0;
}

void writing_stored(struct chats *c, const json_t *messages)
{
	const json_t *one;
	size_t i;

	if (list_empty(&c->outgoing))
		return;
	json_array_foreach(messages, i, one) {
		struct chat_item *m;

		if (!json_is_true(json_object_get(one, "from_me")))
			continue;
		m = chat_item_new(one);
		LIST_EACH(node, &c->outgoing) {
			struct outgoing *o = CONTAINER_OF(node, struct outgoing, node);

			if (outgoing_is_of(o, &c->talk) &&
			    chat_log_find(&c->talk.log, m->id) == NULL && is_stored(o, m)) {
				o->stored = true;
				if (o->state == OUT_QUEUED)
					outgoing_free(c, o);
				break;
			}
		}
		chat_item_free(m);
	}
}

void writing_done(struct chats *c)
{
	while (!list_empty(&c->outgoing))
		outgoing_free(c, CONTAINER_OF(c->outgoing.next, struct outgoing, node));
	free(c->writing.came_back);
	input_done(&c->writing.input);
}
