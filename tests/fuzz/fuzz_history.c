/* What a history payload becomes: rows that the database takes. The input is compressed, as on the wire, or
 * (first byte 1) is compressed here, so that the fuzzer gets behind zlib. */
#include <stdlib.h>
#include <zlib.h>

#include "shared/base/text.h"

#include "daemon/client/history_read.h"
#include "daemon/client/status.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void check_text(const char *text)
{
	must(text == NULL || utf8_valid(span_str(text)));
}

static void check(const struct history_rows *r)
{
	must(r->row_len <= HISTORY_ROWS_MAX && r->name_len <= HISTORY_NAMES_MAX);
	for (size_t i = 1; i < r->pair_len; i++)
		must(r->pairs[i - 1].pn < r->pairs[i].pn);
	for (size_t i = 0; i < r->name_len; i++) {
		must(r->names[i].chat != NULL && r->names[i].chat[0] != '\0');
		check_text(r->names[i].name);
		check_text(r->names[i].push_name);
	}
	for (size_t i = 0; i < r->row_len; i++) {
		const struct history_row *row = &r->rows[i];

		must(row->chat[0] != '\0' && row->sender[0] != '\0' && row->id[0] != '\0');
		must(row->at_s > 0 && row->status >= STATUS_PENDING &&
		     row->status <= STATUS_PLAYED);
		must(row->raw.at != NULL && (row->from_me || row->status == STATUS_PENDING));
		check_text(row->body);
		check_text(row->push_name);
		check_text(row->media);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct history_rows rows = { 0 };
	uint8_t packed[4096];
	uLongf len = sizeof(packed);
	struct span in;
	struct err e = ERR_NONE;
	struct arena *a;

	if (size == 0 || size > 2048)
		return 0;
	in = span_of(data + 1, size - 1);
	if (data[0] == 1 && compress(packed, &len, in.at, in.len) == Z_OK)
		in = span_of(packed, len);
	a = arena_new();
	if (history_read(a, in, addr_make(JID_PN, 1, 1), addr_make(JID_LID, 2, 1), size % 2 == 0,
			 &rows, &e) == ERR_OK)
		check(&rows);
	arena_free(a);
	return 0;
}
