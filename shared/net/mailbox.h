#pragma once
/* How loops talk: a bounded queue and a uv_async_t. Messages own their payload; whoever takes one out
 * frees it. mailbox_post may be called from any thread; everything else from the owner's. */
#include <stdbool.h>
#include <uv.h>

#include "shared/base/list.h"

struct mail {
	struct list link; /* embed in your message */
	int kind;
};

struct mailbox;
typedef void (*mailbox_fn)(void *ctx, struct mail *m); /* owns m */

/* NULL: no file descriptor left */
struct mailbox *mailbox_new(uv_loop_t *loop, size_t max, mailbox_fn on_mail, void *ctx);
/* false: the mailbox is full or closed, the caller still owns m */
bool mailbox_post(struct mailbox *b, struct mail *m);
size_t mailbox_waiting(struct mailbox *b); /* mails not yet handed out; from any thread */
/* Stops deliveries; what is left inside is handed to on_mail at once; closed and freed later by the
 * loop: threads that may still post must be done before the loop's next turn */
void mailbox_close(struct mailbox *b);
