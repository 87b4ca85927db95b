#pragma once
/* Asking the phone for older messages of a chat. What it answers is stored as all that it tells of the past. */
#include <stdbool.h>
#include <stdint.h>

#include "shared/base/err.h"

struct device;

/* Asks the account's phone for the messages of a chat before one that is here. Its answer, whenever it
 * comes, is stored as all that the phone tells of the past. done: the server took the request; what did
 * not leave takes the row of the request (history_requests, written before) with it. */
enum { HISTORY_ANSWER_S = 120 }; /* then it is late */
struct history_ask {
	const char *msg_id, *chat, *oldest_id; /* the request's; JID; the oldest message's */
	bool oldest_from_me;
	int64_t oldest_at_s;
	uint32_t count;
};
typedef void (*history_asked_fn)(void *ctx, const struct err *e);
void device_ask_history(struct device *d, const struct history_ask *ask, history_asked_fn done,
			void *ctx);
