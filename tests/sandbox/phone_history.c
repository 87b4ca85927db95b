/* A phone and its past: it keeps what it sees, and answers a companion that asks for more of a chat. */
#include <inttypes.h>

#include "tests/sandbox/archive.h"
#include "tests/sandbox/notes.h"
#include "tests/sandbox/sandbox.h"

enum { PAGE_MAX = 50, CHAT_BYTES_MAX = 1 << 20 };

/* a chat has one name, however it is addressed; the arena's */
static const char *key_of(struct sandbox *sb, struct arena *arena, const char *jid)
{
	const struct account *a;
	struct addr who;
	char text[64];

	if (!addr_parse(jid, &who))
		return jid;
	a = account_by_addr(&sb->accounts, who);
	addr_text(a ? account_addr(a, true, 0) : addr_bare(who), text);
	return arena_strdup(arena, text);
}

void phone_keep(struct sandbox *sb, struct account *a, const char *chat,
		const struct history_message *m)
{
	AUTO_ARENA struct arena *arena = arena_new();

	if (a->phone.archive == NULL)
		a->phone.archive = archive_new();
	archive_add(a->phone.archive, key_of(sb, arena, chat), m);
}

void phone_keep_seen(struct sandbox *sb, struct account *a, const char *chat, const char *id,
		     bool from_me, uint64_t at_s, struct span message)
{
	const struct history_message m = { .id = id,
					   .participant = "",
					   .push_name = "",
					   .from_me = from_me,
					   .at_s = (int64_t)at_s,
					   .status = from_me ? 2 : 0,
					   .message = message };

	/* without a companion nobody can ask for it */
	if (a->devices_len > 1 &&
	    (a->phone.archive == NULL || archive_len(a->phone.archive) < ARCHIVE_SEEN_MAX))
		phone_keep(sb, a, chat, &m);
}

static void page_tell(struct sandbox *sb, struct account *a, struct device *to,
		      const struct history_request *r, const char *id,
		      const struct archive_page *page)
{
	AUTO_ARENA struct arena *arena = arena_new();
	struct span *messages = arena_alloc(arena, (page->len + 1) * sizeof(*messages)), chat;
	struct history_chat c = { .id = r->chat,
				  .name = "",
				  .pn_jid = "",
				  .lid_jid = "",
				  .end = page->is_last ? HISTORY_IS_ALL : HISTORY_HAS_MORE,
				  .messages = messages,
				  .messages_len = page->len };
	struct history h = { .type = HISTORY_ON_DEMAND,
			     .chunk_order = 1,
			     .progress = 100,
			     .conversations = &chat,
			     .conversations_len = 1 };
	struct wr w;

	wr_init(&w, CHAT_BYTES_MAX);
	for (size_t i = 0; i < page->len; i++) {
		wr_reset(&w);
		history_message_encode(page->messages[i], r->chat, &w);
		messages[i] = arena_span_dup(arena, wr_span(&w));
	}
	wr_reset(&w);
	history_chat_encode(&c, &w);
	chat = arena_span_dup(arena, wr_span(&w));
	wr_reset(&w);
	history_encode(&h, &w);
	if (!w.bad)
		phone_tell_history(sb, a, to, HISTORY_ON_DEMAND, 1, id, wr_span(&w));
	wr_done(&w);
}

void phone_on_request(struct sandbox *sb, struct account *a, struct device *from, const char *id,
		      struct span message)
{
	AUTO_ARENA struct arena *arena = arena_new();
	struct history_request r = { .chat = "", .oldest_id = "" };
	struct archive_page page = { 0 };
	struct err e = ERR_NONE;
	bool knows = false;
	json_t *entry;

	if (history_request_decode(arena, message, &r, &e) == ERR_OK && a->phone.archive != NULL &&
	    !a->phone.cfg.mute_history)
		knows = archive_before(a->phone.archive, arena, key_of(sb, arena, r.chat),
				       r.oldest_id, r.count < PAGE_MAX ? r.count : PAGE_MAX, &page);
	/* one it does not know gets no answer, as from a real phone */
	entry = json_pack("{s:s,s:i,s:s,s:s,s:I,s:b,s:I}", "id", id, "fromDevice",
			  (int)from->number, "chat", r.chat, "before", r.oldest_id, "count",
			  (json_int_t)r.count, "answered", (int)knows, "messages",
			  (json_int_t)page.len);
	if (e.code)
		json_object_set_new(entry, "error", watch_text(err_msg(&e)));
	notes_add(sb->notes, "history-request", a->pn, entry);
	if (knows)
		page_tell(sb, a, from, &r, id, &page);
}
