/* Any plaintext: what decodes survives a round trip unchanged; a clone equals it; nothing decoded
 * exceeds the ceilings. */
#include <stdlib.h>

#include "shared/wire/node.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned depth_of(const struct node *n)
{
	unsigned deepest = 0;

	NODE_EACH(c, n) {
		unsigned d = depth_of(c);

		deepest = d > deepest ? d : deepest;
	}
	return deepest + 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct node *in, *back;
	struct err e = ERR_NONE;
	struct wr w;

	if (node_decode(a, span_of(data, size), &in, &e) != ERR_OK) {
		if (in != NULL || e.msg[0] == '\0')
			abort();
		arena_free(a);
		return 0;
	}
	/* packed and token forms grow at most so much when written again as plain strings */
	wr_init(&w, NODE_BYTES_MAX * 4);
	node_encode(in, &w);
	if (w.bad || node_decode(a, wr_span(&w), &back, NULL) != ERR_OK || !node_equal(in, back))
		abort();
	if (!node_equal(node_clone(a, in), in) || depth_of(in) > NODE_DEPTH_MAX)
		abort();
	node_debug(a, in, 400);
	wr_done(&w);
	arena_free(a);
	return 0;
}
