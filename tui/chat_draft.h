#pragma once
/* What was written to a chat and has not left: kept in a file each, below
 * $XDG_STATE_HOME/watui/drafts (0700, files 0600), so that a lost link or a closed window loses
 * nothing. A text that was given to wad stays here with its idempotency key until wad has answered:
 * sent again with it, it is sent once. Two watui on one chat: the last to write wins. */
#include <stdbool.h>
#include <stddef.h>

#include "shared/base/err.h"
#include "shared/base/rng.h"

enum { DRAFT_BYTES_MAX = 65536, DRAFT_KEY_BYTES = 33, DRAFT_NAME_BYTES = 33 };

struct chat_draft {
	char *text;                /* being written; NULL when nothing is */
	char *sending;             /* wad has not answered yet; NULL: nothing */
	char key[DRAFT_KEY_BYTES]; /* of sending; of text when it came back from it; "" */
};

/* The file's name: of wad (its socket), who one is there, device and chat. */
void draft_name(const char *socket_path, const char *user, const char *device, const char *chat,
		char out[DRAFT_NAME_BYTES]);
void draft_key_new(struct rng *rng, char out[DRAFT_KEY_BYTES]);
/* no such file, or one that is not ours: nothing */
void draft_load(const char *name, struct chat_draft *ret);
/* with nothing in it the file goes */
enum errc draft_save(const char *name, const struct chat_draft *d, struct err *e) MUST_USE;
void draft_done(struct chat_draft *d);
