/* What one may do in a conversation. */
#include <string.h>

#include "tui/view_chats.h"

enum { SYNC_COUNT = 50 };

static void go_unread(struct chats *c)
{
	struct talk *t = &c->talk;
	size_t at = chat_log_index(&t->log, t->unread_at);

	if (t->unread_at == NULL || at == t->log.len) {
		view_toast(&c->base, TOAST_INFO, "nothing is unread here");
		return;
	}
	talk_goto(c, at);
	t->follow = false;
	t->offset = 2;
	talk_fit(c);
}

static void copy(struct chats *c)
{
	const struct chat_item *it = talk_at(c, talk_index(c));

	if (it && *it->text && !it->deleted)
		view_copy(&c->base, it->text);
	else
		view_toast(&c->base, TOAST_INFO, "there is no text to copy");
}

static void on_sync(struct view *v, const json_t *result, const struct err *e, const json_t *data)
{
	(void)result;
	if (e)
		view_toast_err(v, "older messages", e, data);
	else
		view_toast(v, TOAST_INFO, "the phone is asked; what it has comes here");
}

static void sync_older(struct chats *c)
{
	struct talk *t = &c->talk;

	if (catalogue_find("chat.sync") == NULL)
		view_toast(&c->base, TOAST_INFO, "this wad cannot ask phones for older messages");
	else if (!view_may(&c->base, "chat.sync"))
		view_toast(&c->base, TOAST_INFO, "your role may not ask phones for more");
	else if (!t->at_start)
		view_toast(&c->base, TOAST_INFO, "wad has older ones: g goes there");
	else
		view_call(&c->base, "chat.sync",
			  json_pack("{s:s,s:s,s:i}", "chat", t->chat, "device", t->device, "count",
				    SYNC_COUNT),
			  on_sync);
}

static void save_file(struct chats *c)
{
	const struct chat_item *it = talk_at(c, talk_index(c));

	if (it && it->has_media && !it->deleted)
		media_save(c, it);
	else
		view_toast(&c->base, TOAST_INFO, "this message has no file");
}

bool talk_key(struct chats *c, enum action act, const struct key *k)
{
	if (talk_move(c, act, k))
		return true;
	if (act == ACT_CHAT_WRITE)
		writing_begin(c);
	else if (act == ACT_CHAT_SAVE)
		save_file(c);
	else if (act == ACT_CHAT_COPY)
		copy(c);
	else if (act == ACT_CHAT_UNREAD)
		go_unread(c);
	else if (act == ACT_CHAT_READ)
		chats_mark_read(c, c->talk.device, c->talk.chat);
	else if (act == ACT_CHAT_FIND)
		find_open(c);
	else if (act == ACT_CHAT_SYNC)
		sync_older(c);
	else if (act == ACT_CHAT_LEAVE || act == ACT_BACK)
		chats_focus(c, FOCUS_LIST);
	else
		return false;
	return true;
}
