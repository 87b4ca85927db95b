/* Any bytes from a terminal: what was understood of a part is understood of the whole too. */
#include <stdint.h>
#include <stdlib.h>

#include "tui/term_ask.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct term_answers all = term_answers_read((const char *)data, size), part;

	for (size_t len = 0; len < size && len < TERM_ANSWER_MAX; len++) {
		part = term_answers_read((const char *)data, len);
		if ((part.is_done && !all.is_done) || (part.has_background && !all.has_background))
			abort();
	}
	if (all.is_light && !all.has_background)
		abort();
	return 0;
}
