#include "shared/net/mailbox.h"

#include "shared/base/xalloc.h"

struct mailbox {
	uv_async_t wake;
	uv_mutex_t lock; /* guards everything below */
	struct list mails;
	size_t count, max;
	bool closed;
	mailbox_fn on_mail;
	void *ctx;
};

/* Takes all mail at once, so that a sender who never stops cannot hold the loop. */
static void mailbox_deliver(struct mailbox *b)
{
	struct list taken;

	list_init(&taken);
	uv_mutex_lock(&b->lock);
	LIST_EACH(pos, &b->mails) {
		list_del(pos);
		list_add_tail(&taken, pos);
	}
	b->count = 0;
	uv_mutex_unlock(&b->lock);
	while (!list_empty(&taken)) { /* on_mail may close the mailbox: only `taken` is used here */
		struct mail *m = CONTAINER_OF(taken.next, struct mail, link);

		list_del(&m->link);
		b->on_mail(b->ctx, m);
	}
}

static void mailbox_on_wake(uv_async_t *wake)
{
	mailbox_deliver(CONTAINER_OF(wake, struct mailbox, wake));
}

static void mailbox_on_closed(uv_handle_t *h)
{
	struct mailbox *b = CONTAINER_OF(h, struct mailbox, wake);

	uv_mutex_destroy(&b->lock);
	free(b);
}

struct mailbox *mailbox_new(uv_loop_t *loop, size_t max, mailbox_fn on_mail, void *ctx)
{
	struct mailbox *b = xcalloc(1, sizeof *b);

	list_init(&b->mails);
	b->max = max;
	b->on_mail = on_mail;
	b->ctx = ctx;
	if (uv_mutex_init(&b->lock))
		abort(); /* fails for want of memory alone */
	if (uv_async_init(loop, &b->wake, mailbox_on_wake)) {
		uv_mutex_destroy(&b->lock);
		free(b);
		return NULL;
	}
	return b;
}

size_t mailbox_waiting(struct mailbox *b)
{
	size_t count;

	uv_mutex_lock(&b->lock);
	count = b->count;
	uv_mutex_unlock(&b->lock);
	return count;
}

bool mailbox_post(struct mailbox *b, struct mail *m)
{
	bool taken = false;

	uv_mutex_lock(&b->lock);
	if (!b->closed && b->count < b->max) {
		list_add_tail(&b->mails, &m->link);
		b->count++;
		uv_async_send(&b->wake); /* under the lock: close cannot come in between */
		taken = true;
	}
	uv_mutex_unlock(&b->lock);
	return taken;
}

void mailbox_close(struct mailbox *b)
{
	bool was_closed;

	uv_mutex_lock(&b->lock);
	was_closed = b->closed;
	b->closed = true;
	uv_mutex_unlock(&b->lock);
	if (was_closed)
		return;
	mailbox_deliver(b);
	uv_close((uv_handle_t *)&b->wake, mailbox_on_closed);
}
