#pragma once
/* CSV as RFC 4180 has it, read and written. Reads any line end, a byte-order mark, and comma, semicolon or
 * tab, whichever the first line has most of. Decides what a field may hold; a bad record says what is
 * wrong with it and the next one is read all the same. Pure. */
#include <stdbool.h>

#include "shared/base/arena.h"
#include "shared/base/wr.h"

enum { CSV_FIELD_MAX = 4096, CSV_COLUMNS_MAX = 128 };

struct csv_reader {
	const uint8_t *at, *end;
	uint32_t next_line;
	uint8_t delimiter;
};

struct csv_record {
	uint32_t line;                       /* it begins on */
	const char *fields[CSV_COLUMNS_MAX]; /* without blanks at both ends; the arena's */
	size_t len;
	const char *problem; /* NULL: none */
};

void csv_reader_init(struct csv_reader *r, struct span bytes); /* borrowed */
/* empty lines are passed over; false at the end */
bool csv_read(struct csv_reader *r, struct arena *a, struct csv_record *ret);

/* A cell that a spreadsheet would take for a formula gets an apostrophe in front; csv_unguard takes it off
 * again, so that what was written comes back as it was. */
const char *csv_unguard(const char *text);
void csv_put(struct wr *w, const char *text); /* quoted and guarded; no separator */
