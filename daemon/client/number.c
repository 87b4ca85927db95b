/* Is a number on WhatsApp: the contact question of usync, for the checker of the engine. */
#include <inttypes.h>

#include "shared/base/xalloc.h"

#include "daemon/client/peer.h"
#include "daemon/client/usync.h"

struct question {
	struct device *d;
	numbers_checked_fn done;
	void *ctx;
	size_t len;
	uint64_t numbers[];
};

static void answered(void *ctx, const struct node *answer, const struct err *e)
{
	struct question *q = ctx;
	AUTO_ARENA struct arena *a = arena_new();
	struct usync_number *found = arena_alloc(a, q->len * sizeof(*found));
	uint64_t *on = arena_alloc(a, q->len * sizeof(*on));
	uint64_t *off = arena_alloc(a, q->len * sizeof(*off));
	size_t n = 0, on_len = 0, off_len = 0;
	struct err err = *e;
	int code = 0;

	if (answer != NULL)
		n = usync_parse_numbers(answer, q->numbers, q->len, found, &code);
	else
		code = iq_error_code(e);
	if (code)
		err_set(&err, code == 429 ? ERR_RATE_LIMITED : ERR_PEER, "%d contact query", code);
	for (size_t i = 0; i < n; i++) {
		if (found[i].is_on)
			on[on_len++] = found[i].number;
		else
			off[off_len++] = found[i].number;
		if (found[i].pn && found[i].lid)
			peer_learn(q->d, found[i].pn, found[i].lid);
	}
	q->done(q->ctx, on, on_len, off, off_len, &err);
	device_release(q->d);
	free(q);
}

void device_check_numbers(struct device *d, const uint64_t *numbers, size_t n,
			  numbers_checked_fn done, void *ctx)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct question *q;
	struct node *iq = iq_new(a, "get", "usync");

	n = n > DEVICE_NUMBERS_MAX ? DEVICE_NUMBERS_MAX : n;
	q = xcalloc(1, sizeof(*q) + n * sizeof(q->numbers[0]));
	q->d = d;
	q->done = done;
	q->ctx = ctx;
	for (size_t i = 0; i < n; i++)
		q->numbers[q->len++] = numbers[i];
	device_hold(d);
	node_append(iq,
		    usync_build_numbers(a, arena_printf(a, "%" PRIu32 "-n", rng_u32(d->env->rng)),
					q->numbers, q->len));
	device_iq(d, a, iq, IQ_TIMEOUT_MS, answered, q);
}
