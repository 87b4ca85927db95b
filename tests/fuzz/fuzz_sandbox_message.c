/* A Message as JSON and back: what was read can be written again and reads the same. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "tests/sandbox/pbjson.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *v = pbjson_message(span_of(data, size)), *again;
	struct err e = ERR_NONE;
	struct wr w;

	wr_init(&w, 1 << 20);
	if (pbjson_message_encode(v, &w, &e) == ERR_OK) {
		again = pbjson_message(wr_span(&w));
		if (!json_equal(v, again))
			abort();
		json_decref(again);
	}
	wr_done(&w);
	json_decref(v);
	return 0;
}
