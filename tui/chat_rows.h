#pragma once
/* The list of chats as it is kept: each chat of each device once, that of the newest message first.
 * Knows no wad and no screen. */
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tui/chat_log.h"

/* as chat.list tells it; texts are not made safe, never NULL */
struct chat_row {
	char *chat, *device, *name, *phone, *last_kind, *last_text;
	int64_t at_ms; /* of the last message */
	int64_t unread;
	bool is_group, from_me;
	bool all_told; /* the phone has no older messages of it */
	enum chat_tick tick;
};

struct chat_rows {
	struct chat_row **rows;
	size_t len, cap;
};

void chat_rows_done(struct chat_rows *rows); /* empty again */
/* one item of chat.list, or chat.show: new, or in place of what it was; also when the person's number
 * has got its LID meanwhile, which is another JID of the same chat */
void chat_rows_put(struct chat_rows *rows, const json_t *chat);
/* chat: a JID; or the number alone */
bool chat_row_is(const struct chat_row *row, const char *device, const char *chat);
/* index, len when it is not here */
size_t chat_rows_find(const struct chat_rows *rows, const char *device, const char *chat);
