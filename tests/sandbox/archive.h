#pragma once
/* The messages a phone keeps of its chats, in their order: what an admin gave it as its past, and what it
 * saw since a companion was linked. Of this run only. Bounded: what comes after ARCHIVE_MAX is not kept. */
#include "shared/wire/sync_codec.h"

enum { ARCHIVE_MAX = 200000, ARCHIVE_SEEN_MAX = 1000 };

struct archive;

struct archive *archive_new(void);
void archive_free(struct archive *a); /* NULL is fine */
size_t archive_len(const struct archive *a);
/* the newest of all that were given so far for its second; a message that is there already stays as it is */
void archive_add(struct archive *a, const char *chat, const struct history_message *m);

struct archive_page {
	const struct history_message *const *messages; /* the newest first; the arena's */
	size_t len;
	bool is_last; /* nothing older is kept */
};
/* at most `most` before the message `id`; false: the chat has no such message */
bool archive_before(struct archive *a, struct arena *arena, const char *chat, const char *id,
		    size_t most, struct archive_page *ret);
