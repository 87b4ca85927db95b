#pragma once
/* The rows behind a table: kept as one block of memory each, found by id, in the order they came. */
#include <jansson.h>

#include "tui/table.h"

enum { TABLE_COLUMNS_MAX = 20, TABLE_ROWS_MAX = 1000000 };

struct table_row {
	const struct table_spec *spec;
	bool marked;
	/* each with its NUL: the id, every column's, and the label when it is none of these */
	char texts[];
};

struct table_rows {
	const struct table_spec *spec;
	struct table_row **rows;
	size_t len, cap, marked;
};

void rows_init(struct table_rows *r, const struct table_spec *spec);
void rows_done(struct table_rows *r);
/* Adds items (a JSON array); one with a known id (looked for when `look`) takes its place. */
void rows_add(struct table_rows *r, const json_t *items, bool look);
void rows_put(struct table_rows *r, size_t at, const json_t *item); /* renews one, keeps its mark */
void rows_remove(struct table_rows *r, size_t at);
/* the rows of `from` beginning with that one, to the end of r */
void rows_move(struct table_rows *r, struct table_rows *from, size_t at);
/* The joined columns of every row that these items (by their field `id`) tell of. */
void rows_join(struct table_rows *r, const json_t *items, const char *id);
/* false when it is not there */
bool rows_find(const struct table_rows *r, const char *id, size_t *ret);
void rows_mark(struct table_rows *r, size_t at, bool on);
/* marks of `from` for rows that r has too */
void rows_take_marks(struct table_rows *r, const struct table_rows *from);
/* a shown text holds these letters, case apart */
bool rows_match(const struct table_row *row, const char *letters);
