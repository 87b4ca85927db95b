/* A distribution message or a group message from the network against a known sender. What fails
 * must change nothing; what was installed must survive a round trip through its record. */
#include <stdlib.h>

#include "shared/signal/sender_key.h"
#include "shared/signal/session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct sender_keys *member(void)
{
	struct sender_keys *from = sender_keys_new(), *to = sender_keys_new();
	struct rng_fixed rng;
	struct wr skdm;
	struct err e;

	rng_fixed_init(&rng, 1);
	wr_init(&skdm, 1 << 16);
	sender_keys_distribute(from, &rng.base, &skdm);
	if (sender_keys_install(to, wr_span(&skdm), &e))
		abort();
	wr_done(&skdm);
	sender_keys_free(from);
	return to;
}

static void round_trip(const struct wr *record)
{
	struct sender_keys *back;
	struct wr again;
	struct err e;

	wr_init(&again, SIGNAL_RECORD_BYTES_MAX);
	if (sender_keys_load(wr_span(record), &back, &e))
		abort();
	sender_keys_save(back, &again);
	if (!span_eq(wr_span(record), wr_span(&again)))
		abort();
	wr_done(&again);
	sender_keys_free(back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sender_keys *s = member();
	struct wr before, after, out;
	struct err e;
	enum errc rc, installed;

	wr_init(&before, SIGNAL_RECORD_BYTES_MAX);
	wr_init(&after, SIGNAL_RECORD_BYTES_MAX);
	wr_init(&out, SIGNAL_MESSAGE_BYTES_MAX);
	sender_keys_save(s, &before);
	rc = sender_keys_decrypt(s, span_of(data, size), &out, &e);
	installed = sender_keys_install(s, span_of(data, size), &e);
	sender_keys_save(s, &after);
	if (rc && out.len)
		abort();
	if (rc && installed && !span_eq(wr_span(&before), wr_span(&after)))
		abort();
	round_trip(&after);
	wr_done(&before);
	wr_done(&after);
	wr_done(&out);
	sender_keys_free(s);
	return 0;
}
