/* Chats: the list and the conversation, and which of them has the keys. */
#include "tui/view_chats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "shared/base/xalloc.h"

enum { FILTER_BYTES_MAX = 120, CYCLE_MAX = 4, ESC = 27 };

const struct chat_row *chats_here(const struct chats *c)
{
	return c->place.cursor < c->rows.len ? c->rows.rows[c->place.cursor] : NULL;
}

/* -- the filters -- */

static void filter_leave(struct chats *c)
{
	bool had = *c->filter.text != '\0';

	c->filtering = false;
	input_set(&c->filter, "");
	if (had)
		chats_anew(c);
}

static bool moved(struct chats *c)
{
	chats_more(c);
	if (c->both && chats_here(c))
		talk_preview(c, chats_here(c));
	return true;
}

static bool filter_key(struct chats *c, enum action act, const struct key *k)
{
	if (k->code == ESC)
		filter_leave(c);
	else if (k->code == '\r' || k->code == '\n')
		c->filtering = false;
	else if (input_key(&c->filter, k))
		chats_anew(c);
	else
		return list_key(&c->place, act, k) && moved(c);
	return true;
}

static void only_of(struct chats *c, const char *device)
{
	snprintf(c->device, sizeof c->device, "%s", device);
	chats_anew(c);
}

/* by its name or the beginning of it */
static void on_device_named(struct view *v, const char *text)
{
	struct chats *c = chats_of(v);
	const struct fleet *f = &v->app->fleet;
	const struct fleet_device *found = NULL;
	size_t hits = 0;
	char id[DEVICE_BYTES];

	if (*text == '\0') {
		only_of(c, "");
		return;
	}
	for (size_t i = 0; i < f->len; i++) {
		if (strncasecmp(f->devices[i].name, text, strlen(text)) != 0)
			continue;
		found = &f->devices[i];
		hits = strcasecmp(found->name, text) == 0 ? 1 : hits + 1;
		if (strcasecmp(found->name, text) == 0)
			break;
	}
	if (hits != 1) {
		view_toast(v, TOAST_BAD, "%s: %s", text,
			   hits ? "several devices begin so" : "no such device");
		return;
	}
	snprintf(id, sizeof id, "%lld", (long long)found->id);
	only_of(c, id);
}

/* a few are gone through, many are named */
static void choose_device(struct chats *c)
{
	const struct fleet *f = &c->base.app->fleet;
	char id[DEVICE_BYTES] = "";
	size_t at = 0;

	if (f->len > CYCLE_MAX) {
		view_ask(&c->base, "Only the chats of which device? Nothing: all",
			 *c->device ? fleet_name(f, c->device) : "", on_device_named);
		return;
	}
	while (*c->device && at < f->len && f->devices[at++].id != strtoll(c->device, NULL, 10))
		;
	if (at < f->len)
		snprintf(id, sizeof id, "%lld", (long long)f->devices[at].id);
	only_of(c, id);
}

/* -- marking as read -- */

static void on_read(struct view *v, const json_t *result, const struct err *e, const json_t *data)
{
	struct chats *c = chats_of(v);
	const char *chat = json_string_value(json_object_get(result, "chat"));
	json_int_t n = json_integer_value(json_object_get(result, "messages"));

	if (e) {
		view_toast_err(v, "mark read", e, data);
		return;
	}
	if (n == 0)
		view_toast(v, TOAST_INFO, "nothing was unread");
	else
		view_toast(v, TOAST_GOOD, "%lld marked as read%s", (long long)n,
			   json_is_true(json_object_get(result, "told"))
				   ? ", the authors are told"
				   : "; the device is offline, so nobody is told");
	for (size_t i = 0; chat && i < c->rows.len; i++)
		if (strcmp(c->rows.rows[i]->chat, chat) == 0)
			chats_dirty(c, c->rows.rows[i]->device, chat);
	if (chat && strcmp(c->talk.chat, chat) == 0) {
		c->talk.unread = c->talk.row_unread = 0;
		c->talk.unread_at = NULL;
	}
}

void chats_mark_read(struct chats *c, const char *device, const char *chat)
{
	if (!view_may(&c->base, "chat.read"))
		view_toast(&c->base, TOAST_INFO, "your role may not mark chats as read");
	else
		view_call(&c->base, "chat.read",
			  json_pack("{s:s,s:s}", "chat", chat, "device", device), on_read);
}

/* -- keys -- */

static void open_here(struct chats *c)
{
	if (chats_here(c) == NULL)
		return;
	talk_open(c, chats_here(c));
	chats_focus(c, FOCUS_TALK);
}

/* from the open one, or the chosen one, down the list and on from the top */
static void open_next_unread(struct chats *c)
{
	size_t from = c->place.cursor, n = c->rows.len;

	for (size_t i = c->focus != FOCUS_LIST; i < n; i++) {
		size_t at = (from + i) % n;

		if (c->rows.rows[at]->unread <= 0)
			continue;
		list_goto(&c->place, at);
		open_here(c);
		return;
	}
	view_toast(&c->base, TOAST_INFO, "no other chat has unread messages");
}

static bool list_act(struct chats *c, enum action act)
{
	const struct chat_row *row = chats_here(c);

	if (act == ACT_CHATS_OPEN) {
		open_here(c);
	} else if (act == ACT_CHATS_FILTER) {
		c->filtering = true;
	} else if (act == ACT_CHATS_UNREAD) {
		c->only_unread = !c->only_unread;
		chats_anew(c);
	} else if (act == ACT_CHATS_DEVICE) {
		choose_device(c);
	} else if (act == ACT_CHATS_FIND) {
		find_open(c);
	} else if (act == ACT_CHATS_READ) {
		if (row)
			chats_mark_read(c, row->device, row->chat);
	} else if (act == ACT_BACK && *c->filter.text) {
		filter_leave(c);
	} else {
		return false;
	}
	return true;
}

static bool chats_key(struct view *v, enum action act, const struct key *k)
{
	struct chats *c = chats_of(v);

	if (act == ACT_CHATS_NEXT || act == ACT_CHAT_NEXT) {
		open_next_unread(c);
		return true;
	}
	if (c->focus == FOCUS_WRITE)
		return writing_key(c, act, k);
	if (c->focus == FOCUS_TALK)
		return talk_key(c, act, k);
	if (c->filtering)
		return filter_key(c, act, k);
	if (list_key(&c->place, act, k))
		return moved(c);
	return list_act(c, act);
}

static bool chats_typing(struct view *v)
{
	return chats_of(v)->filtering || chats_of(v)->focus == FOCUS_WRITE;
}

/* -- what the application tells -- */

static void chats_refresh(struct view *v)
{
	chats_ask(chats_of(v));
	talk_refresh(chats_of(v));
	writing_refresh(chats_of(v));
}

static void chats_on_event(struct view *v, const char *topic, const json_t *data)
{
	chats_event(chats_of(v), topic, data);
	writing_event(chats_of(v), topic, data);
	talk_event(chats_of(v), topic, data);
}

static void chats_on_tick(struct view *v)
{
	chats_tick(chats_of(v));
}

static void chats_title(struct view *v, char *out, size_t out_bytes)
{
	(void)v;
	snprintf(out, out_bytes, "Chats");
}

static void chats_status(struct view *v, char *out, size_t out_bytes)
{
	const struct chats *c = chats_of(v);
	size_t at = talk_index(c), n = talk_len(c);

	if (c->focus == FOCUS_LIST)
		snprintf(out, out_bytes, "%zu/%zu%s", c->rows.len ? c->place.cursor + 1 : 0,
			 c->rows.len, c->load.ended ? "" : "+");
	else if (c->focus == FOCUS_TALK)
		snprintf(out, out_bytes, "%s%zu/%zu%s", c->talk.at_start ? "" : "+",
			 at < n ? at + 1 : n, n, c->talk.at_end ? "" : "+");
}

static void chats_free(struct view *v)
{
	struct chats *c = chats_of(v);

	talk_close(c);
	writing_done(c);
	media_done(c);
	chat_rows_done(&c->rows);
	chat_rows_done(&c->load.fresh);
	json_decref(c->load.next);
	input_done(&c->filter);
	arena_free(c->arena);
	free(c);
}

/* the same view with other keys */
#define OPS(own_scopes)                                                                        \
	{                                                                                      \
		.name = "chats", .scopes = (own_scopes), .key = chats_key, .draw = chats_draw, \
		.typing = chats_typing, .refresh = chats_refresh, .event = chats_on_event,     \
		.tick = chats_on_tick, .title = chats_title, .status = chats_status,           \
		.free = chats_free                                                             \
	}

static const struct view_ops focus_ops[] = {
	[FOCUS_LIST] = OPS(SCOPE_BIT(SCOPE_MOVE) | SCOPE_BIT(SCOPE_CHATS)),
	[FOCUS_TALK] = OPS(SCOPE_BIT(SCOPE_MOVE) | SCOPE_BIT(SCOPE_CHAT)),
	[FOCUS_WRITE] = OPS(SCOPE_BIT(SCOPE_WRITING)),
};

void chats_focus(struct chats *c, enum focus focus)
{
	c->focus = focus;
	c->base.ops = &focus_ops[focus];
	if (focus != FOCUS_LIST)
		c->filtering = false;
	view_draw_soon(&c->base);
}

struct view *view_chats_new(struct app *app)
{
	struct chats *c = xcalloc(1, sizeof *c);

	c->base.app = app;
	c->arena = arena_new();
	list_init(&c->outgoing);
	input_init(&c->filter, "", FILTER_BYTES_MAX);
	input_init(&c->writing.input, "", DRAFT_BYTES_MAX);
	c->writing.input.multiline = true;
	chats_focus(c, FOCUS_LIST);
	return &c->base;
}
