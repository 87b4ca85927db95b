/* The list of chats: pages, refreshes, single chats that something happened to. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/xalloc.h"

#include "tui/view_chats.h"

enum { PAGE = 100, REFRESH_ROWS_MAX = 2000, STALE_MS = 1000, FLUSH_MS = 300, AHEAD = 50 };

static int64_t now_ms(const struct chats *c)
{
	return clock_mono(view_clock(&c->base)).ms;
}

static bool is_narrowed(const struct chats *c)
{
	return c->only_unread || *c->filter.text;
}

/* the chosen chat stays chosen, wherever it went; from the top one sees what comes */
static void keep_place(struct chats *c, const char *device, const char *chat)
{
	size_t at = device ? chat_rows_find(&c->rows, device, chat) : c->rows.len;
	size_t below = c->place.cursor - c->place.top;

	list_resize(&c->place, c->rows.len);
	if (at == c->rows.len) {
		if (c->load.anew)
			list_goto(&c->place, 0);
		return;
	}
	list_goto(&c->place, at);
	if (c->place.top > 0)
		c->place.top = at > below ? at - below : 0;
}

/* what is shown beside the list is the chosen one */
static void show_here(struct chats *c)
{
	const struct chat_row *row = chats_here(c);
	size_t at = chat_rows_find(&c->rows, c->talk.device, c->talk.chat);

	if (c->talk.open && at < c->rows.len)
		talk_row(c, c->rows.rows[at]);
	if (row && c->both && c->focus == FOCUS_LIST)
		talk_preview(c, row);
}

/* -- pages -- */

static void ask_page(struct chats *c);

static void swap_fresh(struct chats *c)
{
	const struct chat_row *here = chats_here(c);
	AUTO_FREE char *device = here ? xstrdup(here->device) : NULL;
	AUTO_FREE char *chat = here ? xstrdup(here->chat) : NULL;

	chat_rows_done(&c->rows);
	c->rows = c->load.fresh;
	c->load.fresh = (struct chat_rows){ 0 };
	c->load.refreshing = false;
	keep_place(c, device, chat);
	c->load.anew = false;
}

static void take_page(struct chats *c, const json_t *result)
{
	struct chats_load *l = &c->load;
	const json_t *chat;
	size_t i;

	json_decref(l->next);
	l->next = json_incref(json_object_get(result, "next"));
	l->ended = l->next == NULL;
	json_array_foreach(json_object_get(result, "chats"), i, chat)
		chat_rows_put(l->refreshing ? &l->fresh : &c->rows, chat);
	if (!l->refreshing)
		list_resize(&c->place, c->rows.len);
	else if (l->anew || l->ended || l->fresh.len >= c->rows.len ||
		 l->fresh.len >= REFRESH_ROWS_MAX)
		swap_fresh(c);
	if (!l->ended && (l->refreshing || c->place.cursor + AHEAD > c->rows.len))
		ask_page(c);
	show_here(c);
}

static void on_page(struct view *v, const json_t *result, const struct err *e, const json_t *data)
{
	struct chats *c = chats_of(v);
	struct chats_load *l = &c->load;

	(void)data;
	l->loading = false;
	l->took_ms = now_ms(c) - l->asked_at;
	if (l->again) {
		l->again = false;
		chats_ask(c);
	} else if (e) {
		snprintf(l->why, sizeof l->why, "%s", err_msg(e));
		l->refreshing = l->anew = false;
		chat_rows_done(&l->fresh);
	} else {
		l->why[0] = '\0';
		take_page(c, result);
	}
}

static void ask_page(struct chats *c)
{
	json_t *params = json_pack("{s:i}", "limit", PAGE);

	if (c->load.next)
		json_object_set(params, "after", c->load.next);
	if (*c->filter.text)
		json_object_set_new(params, "search", json_string(c->filter.text));
	if (*c->device)
		json_object_set_new(params, "device", json_string(c->device));
	if (c->only_unread)
		json_object_set_new(params, "unread", json_true());
	c->load.loading = true;
	view_call(&c->base, "chat.list", params, on_page);
}

void chats_more(struct chats *c)
{
	if (!c->load.loading && !c->load.ended && c->place.cursor + AHEAD > c->rows.len)
		ask_page(c);
}

void chats_ask(struct chats *c)
{
	struct chats_load *l = &c->load;

	if (l->loading) {
		l->again = true;
		return;
	}
	chat_rows_done(&l->fresh);
	json_decref(l->next);
	l->next = NULL;
	l->ended = false;
	l->stale_at = 0;
	l->dirty_len = 0;
	l->refreshing = c->rows.len > 0;
	l->asked_at = now_ms(c);
	ask_page(c);
}

void chats_anew(struct chats *c)
{
	c->load.anew = true;
	chats_ask(c);
}

/* -- news -- */

static void make_stale(struct chats *c)
{
	if (c->load.stale_at == 0)
		c->load.stale_at = now_ms(c);
}

static void on_chat(struct view *v, const json_t *result, const struct err *e, const json_t *data)
{
	struct chats *c = chats_of(v);
	const struct chat_row *here = chats_here(c);
	AUTO_FREE char *device = here ? xstrdup(here->device) : NULL;
	AUTO_FREE char *chat = here ? xstrdup(here->chat) : NULL;

	(void)data;
	c->load.dirty_asked--;
	if (e)
		return; /* it has no chat, or wad is away, and then all is asked anew */
	chat_rows_put(&c->rows, result);
	keep_place(c, device, chat);
	show_here(c);
}

static void flush(struct chats *c)
{
	struct chats_load *l = &c->load;

	l->flushed_at = now_ms(c);
	for (size_t i = 0; i < l->dirty_len; i++) {
		l->dirty_asked++;
		view_call(&c->base, "chat.show",
			  json_pack("{s:s,s:s}", "chat", l->dirty[i].chat, "device",
				    l->dirty[i].device),
			  on_chat);
	}
	l->dirty_len = 0;
}

void chats_dirty(struct chats *c, const char *device, const char *chat)
{
	struct chats_load *l = &c->load;
	struct chat_ref *d = &l->dirty[l->dirty_len];

	if (*c->device && strcmp(c->device, device) != 0)
		return;
	if (is_narrowed(c)) {
		make_stale(c);
		return;
	}
	for (size_t i = 0; i < l->dirty_len; i++)
		if (strcmp(l->dirty[i].device, device) == 0 && strcmp(l->dirty[i].chat, chat) == 0)
			return;
	if (l->dirty_len == CHATS_DIRTY_MAX || strlen(chat) >= sizeof d->chat) {
		make_stale(c);
		return;
	}
	snprintf(d->device, sizeof d->device, "%s", device);
	snprintf(d->chat, sizeof d->chat, "%s", chat);
	l->dirty_len++;
	if (now_ms(c) - l->flushed_at >= FLUSH_MS && l->dirty_asked == 0)
		flush(c);
}

void chats_event(struct chats *c, const char *topic, const json_t *data)
{
	const char *device = json_string_value(json_object_get(data, "device"));
	const char *chat = json_string_value(json_object_get(data, "chat"));
	const char *to = json_string_value(json_object_get(data, "to"));

	if (device == NULL || strlen(device) >= DEVICE_BYTES)
		return;
	if (strcmp(topic, "message.received") == 0 && chat)
		chats_dirty(c, device, chat);
	else if (strcmp(topic, "message.sent") == 0 && to)
		chats_dirty(c, device, to);
	else if (to &&
		 (strcmp(topic, "message.delivered") == 0 || strcmp(topic, "message.read") == 0) &&
		 chat_rows_find(&c->rows, device, to) < c->rows.len)
		chats_dirty(c, device, to); /* else nobody sees it */
	else if (strcmp(topic, "chat.synced") == 0 || strcmp(topic, "device.deleted") == 0)
		make_stale(c);
}

void chats_tick(struct chats *c)
{
	struct chats_load *l = &c->load;
	int64_t now = now_ms(c), rest = 5 * l->took_ms > STALE_MS ? 5 * l->took_ms : STALE_MS;

	if (l->dirty_len && l->dirty_asked == 0)
		flush(c);
	if (l->stale_at && !l->loading && now - l->asked_at >= rest)
		chats_ask(c);
}
