/* Whatever the bytes: every row holds a phone in range, and what it says is written and read again as the
 * same. The first byte chooses a country. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/engine/lead_csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static void check_row(struct arena *a, const struct lead_row *row)
{
	struct lead_csv again;
	struct err e = ERR_NONE;
	char phone[24];
	struct wr w;

	if (row->phone < 1000000 || row->phone > 999999999999999)
		abort();
	wr_init(&w, 1 << 16);
	snprintf(phone, sizeof phone, "%" PRId64, row->phone);
	wr_str(&w, "phone,name,note\r\n");
	csv_put(&w, phone);
	wr_u8(&w, ',');
	csv_put(&w, row->name ? row->name : "");
	wr_u8(&w, ',');
	csv_put(&w, row->note ? row->note : "");
	if (lead_csv_parse(a, wr_span(&w), 0, &again, &e) || again.row_len != 1 ||
	    again.rows[0].phone != row->phone || !same(again.rows[0].name, row->name) ||
	    !same(again.rows[0].note, row->note))
		abort();
	wr_done(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint32_t countries[] = { 0, 1, 7, 36, 39, 60, 65, 375 };
	uint32_t country = size ? countries[data[0] % ARRAY_LEN(countries)] : 0;
	struct arena *a = arena_new();
	struct lead_csv csv;
	struct err e = ERR_NONE;

	/* a letter is the header's first, too */
	if (lead_csv_parse(a, span_of(data, size), country, &csv, &e) == ERR_OK)
		for (size_t i = 0; i < csv.row_len && i < 50; i++)
			check_row(a, &csv.rows[i]);
	arena_free(a);
	return 0;
}
