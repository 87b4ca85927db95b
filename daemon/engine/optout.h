#pragma once
/* Opt-outs: the built-in words that end or begin messages from a user, and what a private message does
 * to the user's list. Decides which words count in which language and how they are confirmed; a word
 * counts when it is the whole message. The list itself is the table optouts, read where campaigns
 * expand and where rows are claimed. */
#include "daemon/store/db.h"

enum optout_kind { OPTOUT_NONE, OPTOUT_STOP, OPTOUT_START };
const char *optout_kind_name(enum optout_kind k); /* NULL for none */

enum { OPTOUT_WORD_MAX = 65 }; /* bytes, with NUL: what is longer is no word */

/* a private message that came in */
struct incoming {
	int64_t user_id, device_id, phone;
	const char *msg_id, *chat;
	const char *text, *folded; /* folded by phrase_fold */
	const char *push_name;
	unix_ms at;
};

/* what a folded text is by the built-in words; *ret_stopped and *ret_started: its language's answers */
enum optout_kind optout_word(const char *folded, const char **ret_stopped,
			     const char **ret_started);

/* Adds to the unit what the message changes: list, waiting rows, the confirmation, events. on_kind gets
 * a row when it was such a word: kind and phone. */
void optout_judge(const struct incoming *in, struct db_unit *unit, db_result_fn on_kind, void *ctx);
