#pragma once
/* The messages of one conversation as they are kept: in order, each once, however often wad tells of
 * it; edits, deletions and reactions put to the message they are about, whichever came first. A ring
 * of no kind: it grows to CHAT_ITEMS_MAX, more is not taken. Knows no wad and no screen. */
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CHAT_ITEMS_MAX = 20000, CHAT_NOTES_MAX = 20000, CHAT_REACTIONS_MAX = 200 };

/* how far an own message is; only rises. TICK_FAILED is told by wad's queue, never by what is stored. */
enum chat_tick { TICK_NONE, TICK_PENDING, TICK_SENT, TICK_DELIVERED, TICK_READ, TICK_FAILED };

struct chat_media {
	char *mime, *name; /* as the sender says, not made safe; NULL when not told */
	int64_t bytes;
	int wide, high, seconds; /* 0 when not told */
};

struct chat_reaction {
	char *who, *what; /* the reaction's sender; the emoji, never "" */
	bool from_me;
};

/* a message; the strings are as wad told them: not made safe, never NULL unless said so */
struct chat_item {
	char *id, *sender, *name /* of the author */, *kind, *text;
	char *quoted, *place; /* NULL when not told */
	int64_t at_ms, seq;   /* of its place */
	bool from_me, has_media, deleted, edited;
	enum chat_tick tick;
	struct chat_media media;
	struct chat_reaction *reactions;
	size_t reactions_len;
};

struct chat_note; /* a reaction, edit or deletion */

struct chat_log {
	struct chat_item *
		*items; /* oldest first; a pointer to one stays good as long as it is here */
	size_t len, cap;
	struct chat_note **notes;
	size_t notes_len, notes_cap;
	bool is_group;
	char *oldest, *newest; /* places of the outermost rows wad told of; NULL: none */
	int64_t oldest_ms, oldest_seq, newest_ms, newest_seq;
};

void chat_log_init(struct chat_log *log);
void chat_log_done(struct chat_log *log); /* empty again */

/* Takes a page of message.list; *ret_known: some of it was here already, so that there is no gap (also
 * when nothing was here). Returns how many messages are new. */
size_t chat_log_add(struct chat_log *log, const json_t *messages, bool *ret_known);
/* an own message has come so far; false: it is not here */
bool chat_log_tick(struct chat_log *log, const char *id, enum chat_tick tick);
/* the last with this id, NULL: none */
struct chat_item *chat_log_find(const struct chat_log *log, const char *id);
/* where an item is; len when it is not */
size_t chat_log_index(const struct chat_log *log, const struct chat_item *item);
/* the `unread`-th message of others from the end: where reading goes on. NULL: it is not loaded */
struct chat_item *chat_log_unread(const struct chat_log *log, size_t unread);

enum chat_tick chat_tick_of(const char *status);        /* "sent": TICK_SENT; TICK_NONE when NULL */
struct chat_item *chat_item_new(const json_t *message); /* for those that are no row yet */
void chat_item_free(struct chat_item *it);              /* NULL is fine */
/* counted as a message of its own: not a reaction, edit, deletion or what phones tell each other */
bool chat_is_said(const char *kind);
