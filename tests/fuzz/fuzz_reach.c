/* Any bytes as the JSON of the reach-out lock: an end lies ahead, and within a year. */
#include <stdlib.h>

#include "daemon/client/reach.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const unix_ms now = { 1763800000000 };
	unix_ms until = { 0 };

	if (reach_parse(span_of(data, size), now, &until) && until.ms != INT64_MIN &&
	    (until.ms <= now.ms || until.ms > now.ms + 367LL * 86400 * 1000))
		abort();
	return 0;
}
