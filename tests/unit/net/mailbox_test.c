/* Mailboxes: order, the ceiling, closing, and posting from other threads. */
#include <stdlib.h>

#include "shared/base/xalloc.h"
#include "shared/net/mailbox.h"

#include "tests/unit/testing.h"

enum { THREADS = 4, POSTS = 2000 };

struct note {
	struct mail mail;
	int value;
};

struct reader {
	struct mailbox *box;
	unsigned count, want;
	int last[THREADS];
	bool in_order;
};

static void on_mail(void *ctx, struct mail *m)
{
	struct note *n = CONTAINER_OF(m, struct note, mail);
	struct reader *r = ctx;

	if (n->value <= r->last[m->kind])
		r->in_order = false;
	r->last[m->kind] = n->value;
	free(n);
	if (++r->count == r->want)
		mailbox_close(r->box);
}

static struct mail *note_new(int kind, int value)
{
	struct note *n = xcalloc(1, sizeof *n);

	n->mail.kind = kind;
	n->value = value;
	return &n->mail;
}

static void post_or_free(struct mailbox *b, struct mail *m, bool want)
{
	bool taken = mailbox_post(b, m);

	assert_int_equal(taken, want);
	if (!taken)
		free(CONTAINER_OF(m, struct note, mail));
}

static void ceiling_and_close(void **state)
{
	struct reader r = { .in_order = true };
	uv_loop_t loop;

	(void)state;
	uv_loop_init(&loop);
	r.box = mailbox_new(&loop, 3, on_mail, &r);
	for (int i = 1; i <= 5; i++)
		post_or_free(r.box, note_new(0, i), i <= 3);
	assert_int_equal(r.count, 0);
	uv_run(&loop, UV_RUN_NOWAIT);
	assert_int_equal(r.count, 3);
	post_or_free(r.box, note_new(0, 6), true);
	mailbox_close(r.box); /* hands out what is inside */
	assert_int_equal(r.count, 4);
	post_or_free(r.box, note_new(0, 7), false);
	assert_true(r.in_order);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
}

struct sender {
	struct mailbox *box;
	int kind;
	uv_thread_t thread;
};

static void sender_run(void *arg)
{
	struct sender *s = arg;

	for (int i = 1; i <= POSTS; i++) {
		struct mail *m = note_new(s->kind, i);

		while (!mailbox_post(s->box, m))
			uv_sleep(1); /* full */
	}
}

static void many_threads(void **state)
{
	struct reader r = { .in_order = true, .want = THREADS * POSTS };
	struct sender senders[THREADS];
	uv_loop_t loop;

	(void)state;
	uv_loop_init(&loop);
	r.box = mailbox_new(&loop, 100, on_mail, &r);
	for (int i = 0; i < THREADS; i++) {
		senders[i] = (struct sender){ .box = r.box, .kind = i };
		uv_thread_create(&senders[i].thread, sender_run, &senders[i]);
	}
	uv_run(&loop, UV_RUN_DEFAULT); /* ends when the last mail closes the box */
	for (int i = 0; i < THREADS; i++)
		uv_thread_join(&senders[i].thread);
	assert_int_equal(r.count, THREADS * POSTS);
	assert_true(r.in_order);
	assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ceiling_and_close),
		cmocka_unit_test(many_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
