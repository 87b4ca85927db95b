/* Whatever the bytes, every line ends as a row or a reject, and rows hold phones in range. */
#include <stdlib.h>

#include "daemon/engine/lead_csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct lead_csv csv;
	struct err e = ERR_NONE;

	if (lead_csv_parse(a, span_of(data, size), &csv, &e) == ERR_OK)
		for (size_t i = 0; i < csv.row_len; i++)
			if (csv.rows[i].phone < 1000000 || csv.rows[i].phone > 999999999999999)
				abort();
	arena_free(a);
	return 0;
}
