/* The conversation: opening, pages in both directions, what is new. One call at a time: what is wanted
 * meanwhile is asked next, and an answer to a chat that was left is dropped. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/text.h"
#include "shared/base/xalloc.h"

#include "tui/view_chats.h"

enum { PAGE = 100, FIRST_MAX = 500, PAGES_MAX = 20, THERE = 60, SYNC_COUNT = 50 };

static void ask(struct chats *c);

static struct talk *talk_of(struct view *v)
{
	return &chats_of(v)->talk;
}

static bool wants(const struct talk *t, enum talk_ask what)
{
	return t->wants & 1u << what;
}

void talk_want(struct chats *c, enum talk_ask what)
{
	c->talk.wants |= 1u << what;
	ask(c);
}

/* -- answers -- */

/* The unread ones begin where reading was left: looked for in what is loaded, further back otherwise,
 * up to a bound. */
static void seek_unread(struct chats *c)
{
	struct talk *t = &c->talk;

	if (t->unread == 0 || t->unread_at)
		return;
	t->unread_at = chat_log_unread(&t->log, t->unread);
	if (t->unread_at == NULL && !t->at_start && t->pages < PAGES_MAX) {
		t->wants |= 1u << TALK_OLDER;
		return;
	}
	if (t->unread_at == NULL && t->log.len)
		t->unread_at = t->log.items[0];
	if (t->unread_at && t->follow) {
		t->cursor = t->unread_at;
		t->offset = 2;
		t->follow = false;
	}
}

/* The line stands where the list says that the unread ones begin, and goes when they were read, here or
 * elsewhere; not while what is new is on its way, as then the end is another one. */
static void mark_unread(struct chats *c)
{
	struct talk *t = &c->talk;

	if (!t->told || !t->at_end || t->asking != TALK_NOTHING || t->wants)
		return;
	if (t->row_unread == 0)
		t->unread_at = NULL;
	else if (t->unread_at == NULL)
		t->unread_at = chat_log_unread(&t->log, t->row_unread);
	t->unread = t->unread_at ? t->row_unread : 0;
}

static void take_first(struct chats *c, bool more)
{
	struct talk *t = &c->talk;

	t->at_start = !more;
	t->at_end = true;
	t->follow = true;
	talk_goto(c, talk_len(c));
	seek_unread(c);
}

/* the hit of a search is the first of the page; what was before it comes next */
static void take_there(struct chats *c, bool more)
{
	struct talk *t = &c->talk;

	t->at_end = !more;
	t->at_start = t->follow = false;
	t->there[0] = '\0';
	talk_goto(c, 0);
	t->offset = t->high / 3;
	t->wants |= 1u << TALK_OLDER;
}

static void take_tail(struct chats *c, bool known, const char *was_newest, size_t added)
{
	struct talk *t = &c->talk;

	if (!known && was_newest) { /* more came than a page: what lies between */
		snprintf(t->gap, sizeof t->gap, "%s", was_newest);
		t->wants |= 1u << TALK_GAP;
	}
	if (t->log.len >= CHAT_ITEMS_MAX) /* no room for what is new */
		talk_reload(c, "");
	else if (t->follow)
		talk_goto(c, talk_len(c));
	else
		t->below += added;
}

static void take_page(struct chats *c, enum talk_ask what, const json_t *result)
{
	struct talk *t = &c->talk;
	const json_t *messages = json_object_get(result, "messages");
	const char *next = json_string_value(json_object_get(result, "next"));
	AUTO_FREE char *was_newest = t->log.newest ? xstrdup(t->log.newest) : NULL;
	bool known = false;
	size_t added;

	writing_stored(c, messages);
	added = chat_log_add(&t->log, messages, &known);
	switch (what) {
	case TALK_FIRST:
		take_first(c, next != NULL);
		break;
	case TALK_THERE:
		take_there(c, next != NULL);
		break;
	case TALK_TAIL:
		take_tail(c, known, was_newest, added);
		break;
	case TALK_GAP:
		snprintf(t->gap, sizeof t->gap, "%s", next ? next : "");
		if (next && t->pages < PAGES_MAX)
			t->wants |= 1u << TALK_GAP;
		else if (next) /* no conversation with a hole in it */
			talk_reload(c, "");
		break;
	case TALK_OLDER:
		t->at_start = next == NULL || t->log.len == CHAT_ITEMS_MAX;
		seek_unread(c);
		break;
	case TALK_NEWER:
		t->at_end = next == NULL;
		break;
	case TALK_NOTHING:
	case TALK_ASKS:
		break;
	}
	talk_fit(c);
}

static void on_page(struct view *v, const json_t *result, const struct err *e, const json_t *data)
{
	struct talk *t = talk_of(v);
	enum talk_ask what = t->asking;

	(void)data;
	t->asking = TALK_NOTHING;
	if (t->open && t->asked_serial == t->serial && e) {
		/* not again by itself: at the next key, or when connected again */
		snprintf(t->why, sizeof t->why, "%s", err_msg(e));
		t->failed = what;
		t->wants = 0;
	} else if (t->open && t->asked_serial == t->serial) {
		t->told = true;
		take_page(chats_of(v), what, result);
	}
	ask(chats_of(v));
	mark_unread(chats_of(v));
}

/* -- calls -- */

/* a page that reaches back to the first unread one, within reason */
static int first_limit(size_t unread)
{
	size_t want = unread + PAGE / 2;

	return want < PAGE ? PAGE : want < FIRST_MAX ? (int)want : FIRST_MAX;
}

static json_t *params_of(const struct talk *t, enum talk_ask what)
{
	int limit = what == TALK_FIRST ? first_limit(t->unread) : what == TALK_THERE ? THERE : PAGE;
	json_t *params =
		json_pack("{s:s,s:s,s:i}", "device", t->device, "chat", t->chat, "limit", limit);

	if (what == TALK_THERE)
		json_object_set_new(params, "after", json_string(t->there));
	if (what == TALK_GAP)
		json_object_set_new(params, "after", json_string(t->gap));
	if (what == TALK_OLDER && t->log.oldest)
		json_object_set_new(params, "before", json_string(t->log.oldest));
	if (what == TALK_NEWER && t->log.newest)
		json_object_set_new(params, "after", json_string(t->log.newest));
	return params;
}

static void ask(struct chats *c)
{
	struct talk *t = &c->talk;

	if (!t->open || t->asking != TALK_NOTHING || t->why[0])
		return;
	for (enum talk_ask what = TALK_FIRST; what < TALK_ASKS; what++) {
		if (!wants(t, what))
			continue;
		t->wants &= ~(1u << what);
		t->pages = what == TALK_OLDER || what == TALK_GAP ? t->pages + 1 : 0;
		t->asking = what;
		t->asked_serial = t->serial;
		view_call(&c->base, "message.list", params_of(t, what), on_page);
		return;
	}
}

/* -- life -- */

void talk_close(struct chats *c)
{
	struct talk *t = &c->talk;
	struct talk fresh = { .serial = t->serial + 1,
			      .asking = t->asking,
			      .asked_serial = t->asked_serial,
			      .wide = t->wide,
			      .high = t->high };

	writing_close(c);
	chat_log_done(&t->log);
	*t = fresh;
}

static void name_it(struct chats *c, const struct chat_row *row)
{
	struct talk *t = &c->talk;

	snprintf(t->name, sizeof t->name, "%s", row->name);
	utf8_mend(t->name);
	snprintf(t->phone, sizeof t->phone, "%s", row->phone);
	t->is_group = t->log.is_group = row->is_group;
	t->all_told = row->all_told;
	t->row_unread = row->unread > 0 ? (size_t)row->unread : 0;
	writing_open(c);
}

static void open_it(struct chats *c, const char *device, const char *chat)
{
	struct talk *t = &c->talk;

	talk_close(c);
	t->open = t->follow = true;
	snprintf(t->device, sizeof t->device, "%s", device);
	snprintf(t->chat, sizeof t->chat, "%s", chat);
	snprintf(t->name, sizeof t->name, "%s", chat);
}

static bool is_open(const struct talk *t, const struct chat_row *row)
{
	return t->open && chat_row_is(row, t->device, t->chat);
}

static void open_row(struct chats *c, const struct chat_row *row)
{
	open_it(c, row->device, row->chat);
	name_it(c, row);
	c->talk.unread = c->talk.row_unread;
}

void talk_open(struct chats *c, const struct chat_row *row)
{
	if (is_open(&c->talk, row))
		return;
	open_row(c, row);
	talk_want(c, TALK_FIRST);
}

static void on_preview(struct view *v, const json_t *result, const struct err *e,
		       const json_t *data)
{
	struct chats *c = chats_of(v);
	const struct chat_row *row = chats_here(c);

	(void)data;
	c->previewing = false;
	if (c->focus != FOCUS_LIST || !c->both || row == NULL || is_open(&c->talk, row))
		return;
	if (e) {
		talk_open(c, row); /* which says why */
	} else if (!chat_row_is(row, c->preview.device, c->preview.chat)) {
		talk_preview(c, row);
	} else {
		open_row(c, row);
		c->talk.told = true;
		take_page(c, TALK_FIRST, result);
		ask(c);
		mark_unread(c);
	}
}

void talk_preview(struct chats *c, const struct chat_row *row)
{
	if (!c->talk.open) {
		talk_open(c, row);
		return;
	}
	if (is_open(&c->talk, row) || c->previewing)
		return;
	c->previewing = true;
	snprintf(c->preview.device, sizeof c->preview.device, "%s", row->device);
	snprintf(c->preview.chat, sizeof c->preview.chat, "%s", row->chat);
	view_call(&c->base, "message.list",
		  json_pack("{s:s,s:s,s:i}", "device", row->device, "chat", row->chat, "limit",
			    first_limit(row->unread > 0 ? (size_t)row->unread : 0)),
		  on_preview);
}

void talk_reload(struct chats *c, const char *there)
{
	struct talk *t = &c->talk;

	chat_log_done(&t->log);
	t->log.is_group = t->is_group;
	t->serial++; /* what is on its way belongs to what was */
	t->wants = 0;
	t->cursor = NULL;
	t->unread = t->below = 0;
	t->unread_at = NULL;
	t->told = t->at_start = t->at_end = false;
	t->follow = *there == '\0';
	snprintf(t->there, sizeof t->there, "%s", there);
	talk_want(c, *there ? TALK_THERE : TALK_FIRST);
}

static void on_row(struct view *v, const json_t *result, const struct err *e, const json_t *data)
{
	struct chats *c = chats_of(v);
	struct chat_rows one = { 0 };

	(void)data;
	if (e)
		return;
	chat_rows_put(&one, result);
	talk_row(c, one.rows[0]);
	chat_rows_done(&one);
}

/* "ms.number": the place from which a message is the next one */
static void just_before(const char *place, char *out, size_t out_bytes)
{
	char *end;
	long long ms = strtoll(place, &end, 10);
	long long number = *end == '.' ? strtoll(end + 1, NULL, 10) : 0;

	snprintf(out, out_bytes, "%lld.%lld", ms, number - 1);
}

void talk_open_at(struct chats *c, const json_t *hit)
{
	struct talk *t = &c->talk;
	const char *device = json_string_value(json_object_get(hit, "device"));
	const char *chat = json_string_value(json_object_get(hit, "chat"));
	const char *place = json_string_value(json_object_get(hit, "place"));
	size_t at;

	if (device == NULL || chat == NULL || place == NULL)
		return;
	open_it(c, device, chat);
	at = chat_rows_find(&c->rows, device, chat);
	if (at < c->rows.len) {
		list_goto(&c->place, at);
		name_it(c, c->rows.rows[at]);
	} else {
		view_call(&c->base, "chat.show",
			  json_pack("{s:s,s:s}", "chat", chat, "device", device), on_row);
	}
	just_before(place, t->there, sizeof t->there);
	talk_want(c, TALK_THERE);
	chats_focus(c, FOCUS_TALK);
}

/* its JID may have become another one: its person's LID is known now */
void talk_row(struct chats *c, const struct chat_row *row)
{
	struct talk *t = &c->talk;

	if (!t->open || !chat_row_is(row, t->device, t->chat))
		return;
	snprintf(t->chat, sizeof t->chat, "%s", row->chat);
	name_it(c, row);
	mark_unread(c);
}

void talk_again(struct chats *c)
{
	struct talk *t = &c->talk;

	if (t->why[0] == '\0')
		return;
	t->why[0] = '\0';
	talk_want(c, t->failed);
}

void talk_refresh(struct chats *c)
{
	struct talk *t = &c->talk;

	talk_again(c);
	if (t->open && t->told && t->at_end)
		talk_want(c, TALK_TAIL);
}

/* -- news -- */

static bool is_this_chat(const struct talk *t, const json_t *data)
{
	const char *device = json_string_value(json_object_get(data, "device"));
	const char *chat = json_string_value(json_object_get(data, "chat"));
	const char *to = json_string_value(json_object_get(data, "to"));
	const char *phone = json_string_value(json_object_get(data, "phone"));
	size_t len = strlen(t->phone);

	if (!t->open || device == NULL || strcmp(device, t->device) != 0)
		return false;
	if (chat && (strcmp(chat, t->chat) == 0 ||
		     (len && strncmp(chat, t->phone, len) == 0 && chat[len] == '@')))
		return true;
	if (chat && strstr(chat, "@g.us"))
		return false;
	return len &&
	       ((to && strcmp(to, t->phone) == 0) || (phone && strcmp(phone, t->phone) == 0));
}

static void synced(struct chats *c, const char *topic, const json_t *data)
{
	struct talk *t = &c->talk;
	const char *reason = json_string_value(json_object_get(data, "reason"));
	json_int_t n = json_integer_value(json_object_get(data, "messages"));

	if (strcmp(topic, "chat.sync_failed") == 0) {
		view_toast(&c->base, TOAST_BAD, "older messages: %s",
			   reason ? reason : "the phone did not answer");
		return;
	}
	t->all_told = json_is_true(json_object_get(data, "end"));
	view_toast(&c->base, TOAST_GOOD, "%lld older messages came%s", (long long)n,
		   t->all_told ? "; the phone has no others" : "");
	t->at_start = false;
	talk_want(c, TALK_OLDER);
}

void talk_event(struct chats *c, const char *topic, const json_t *data)
{
	static const struct {
		const char *topic;
		enum chat_tick tick;
	} raises[] = { { "message.sent", TICK_SENT },
		       { "message.delivered", TICK_DELIVERED },
		       { "message.read", TICK_READ } };
	struct talk *t = &c->talk;
	const char *id = json_string_value(json_object_get(data, "msg_id"));

	if (!is_this_chat(t, data))
		return;
	if (strncmp(topic, "chat.sync", 9) == 0)
		synced(c, topic, data);
	for (size_t i = 0; i < ARRAY_LEN(raises); i++)
		if (id && strcmp(topic, raises[i].topic) == 0 &&
		    chat_log_tick(&t->log, id, raises[i].tick))
			return;
	if (strncmp(topic, "message.", 8) == 0 && t->at_end && t->told)
		talk_want(c, TALK_TAIL);
}
