#include "tests/sandbox/later.h"

#include <stdlib.h>

#include "shared/base/macros.h"
#include "shared/base/xalloc.h"

struct entry {
	uint64_t due, seq;
	later_fn fn;
	void *job;
};

struct later {
	uv_timer_t timer;
	void *world;
	struct entry *heap;
	size_t len, cap;
	uint64_t seq;
	bool running;
};

static bool before(const struct entry *a, const struct entry *b)
{
	return a->due != b->due ? a->due < b->due : a->seq < b->seq;
}

static void sift_up(struct later *l, size_t i)
{
	while (i > 0 && before(&l->heap[i], &l->heap[(i - 1) / 2])) {
		struct entry t = l->heap[i];

		l->heap[i] = l->heap[(i - 1) / 2];
		l->heap[(i - 1) / 2] = t;
		i = (i - 1) / 2;
	}
}

static void sift_down(struct later *l, size_t i)
{
	for (;;) {
		size_t least = i, left = 2 * i + 1, right = left + 1;
		struct entry t;

		if (left < l->len && before(&l->heap[left], &l->heap[least]))
			least = left;
		if (right < l->len && before(&l->heap[right], &l->heap[least]))
			least = right;
		if (least == i)
			return;
		t = l->heap[i];
		l->heap[i] = l->heap[least];
		l->heap[least] = t;
		i = least;
	}
}

static void on_timer(uv_timer_t *t);

static void rearm(struct later *l)
{
	uint64_t now = uv_now(l->timer.loop);

	if (l->len == 0) {
		uv_timer_stop(&l->timer);
		return;
	}
	uv_timer_start(&l->timer, on_timer, l->heap[0].due > now ? l->heap[0].due - now : 0, 0);
}

static void on_timer(uv_timer_t *t)
{
	struct later *l = CONTAINER_OF(t, struct later, timer);
	uint64_t now = uv_now(t->loop), last = l->seq;

	l->running = true;
	/* what is planned by the work itself waits for the next turn, so that sockets get theirs */
	while (l->len && l->heap[0].due <= now && l->heap[0].seq < last) {
		struct entry e = l->heap[0];

		l->heap[0] = l->heap[--l->len];
		sift_down(l, 0);
		e.fn(l->world, e.job);
	}
	l->running = false;
	rearm(l);
}

struct later *later_new(uv_loop_t *loop, void *world)
{
	struct later *l = xcalloc(1, sizeof *l);

	uv_timer_init(loop, &l->timer);
	l->world = world;
	return l;
}

static void on_closed(uv_handle_t *h)
{
	struct later *l = CONTAINER_OF(h, struct later, timer);

	for (size_t i = 0; i < l->len; i++)
		free(l->heap[i].job);
	free(l->heap);
	free(l);
}

void later_close(struct later *l)
{
	if (l)
		uv_close((uv_handle_t *)&l->timer, on_closed);
}

void later_plan(struct later *l, uint64_t delay_ms, later_fn fn, void *job_take)
{
	if (l->len == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 64;
		l->heap = xrealloc(l->heap, l->cap * sizeof *l->heap);
	}
	l->heap[l->len] =
		(struct entry){ uv_now(l->timer.loop) + delay_ms, l->seq++, fn, job_take };
	sift_up(l, l->len++);
	if (!l->running)
		rearm(l);
}

size_t later_len(const struct later *l)
{
	return l->len;
}
