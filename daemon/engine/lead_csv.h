#pragma once
/* Leads out of CSV (RFC 4180, UTF-8, a byte-order mark is passed over): a header line names the columns
 * phone, name, niche, status in any order; others are passed over. Pure: every bad line is reported
 * with its number and cause, the good ones go on. */
#include <stdbool.h>

#include "shared/base/arena.h"
#include "shared/base/err.h"

enum {
	LEAD_CSV_BYTES_MAX = 16 << 20,
	LEAD_CSV_FIELD_MAX = 4096,
	LEAD_CSV_COLUMNS_MAX = 64,
	LEAD_CSV_ROWS_MAX = 200000
};

struct lead_row {
	uint32_t line;
	int64_t phone;
	const char *name, *niche, *status; /* NULL when absent or empty */
};

struct lead_reject {
	uint32_t line;
	const char *reason;
};

struct lead_csv {
	struct lead_row *rows;
	size_t row_len;
	struct lead_reject *rejects;
	size_t reject_len;
};

/* Fails only when no line can be read at all: no header, no phone column, too large. A phone that
 * comes twice keeps its last line; the earlier is reported. Everything lives in the arena. */
enum errc lead_csv_parse(struct arena *a, struct span csv, struct lead_csv *ret,
			 struct err *e) MUST_USE;

/* digits of an E.164 number out of "+60 12-345 6789": 7 to 15 digits, no leading 0 */
enum errc phone_parse(const char *text, int64_t *ret, struct err *e) MUST_USE;
