#pragma once
/* Leads out of CSV (csv.h) and back. Decides which columns there are, by which names, and what a value may
 * be. Pure: every bad line is reported with its number, field and cause, the good ones go on.
 *
 * Columns, in any order and case: phone; name; niche; tags (labels that are added to those of niche);
 * target_status or status; additional_note, notes or journey; timezone; opt_in_source; opt_in_at;
 * device_id; var.NAME. Others are passed over.
 *
 * A text that begins with { is JSON lines instead: an object a line with the same names, "vars" an object,
 * lists of labels also as arrays. */
#include <stdbool.h>

#include "shared/base/clock.h"
#include "shared/base/err.h"

#include "daemon/engine/csv.h"

enum {
	LEAD_CSV_BYTES_MAX = 16 << 20,
	LEAD_CSV_ROWS_MAX = 200000,
	LEAD_NAME_MAX = 200,
	LEAD_LABEL_MAX = 64,
	LEAD_LABELS_MAX = 1000, /* bytes of a list of labels */
	LEAD_NOTE_MAX = 4000,
	LEAD_VARS_MAX = 32, /* of one lead in one file */
};

struct lead_row {
	uint32_t line;
	int64_t phone;
	/* NULL when absent or empty; vars: a JSON object */
	const char *name, *niche, *tags, *status, *note, *vars, *zone, *opt_in_source, *device;
	unix_ms opt_in_at; /* ms INT64_MIN: none */
	int64_t device_id; /* of device, once it was looked up; 0: none */
};

struct lead_reject {
	uint32_t line;
	const char *field, *reason; /* field NULL: the whole line */
};

struct lead_reports {
	struct lead_reject *at;
	size_t len, cap;
};

struct lead_csv {
	struct lead_row *rows;
	size_t row_len, row_cap;
	struct lead_reports rejects; /* lines that were left out */
	struct lead_reports notes;   /* values that were read otherwise than they stand there */
};

/* country: of phones written without one, 0: none. Fails only when no line can be read at all: no header,
 * no phone column, too large. A phone that comes twice keeps its last line; the earlier is reported.
 * Everything lives in the arena. */
enum errc lead_csv_parse(struct arena *a, struct span csv, uint32_t country, struct lead_csv *ret,
			 struct err *e) MUST_USE;
/* takes row i out, for a cause that only shows later */
void lead_csv_reject(struct arena *a, struct lead_csv *csv, size_t i, const char *field,
		     const char *reason);

/* The same columns written, those of vars (texts) at the end. */
void lead_csv_put_header(struct wr *w, const char *const *vars, size_t len);
