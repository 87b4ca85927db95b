/* Readers of binary results. A type no reader knows is our own mistake in a statement: it aborts with
 * the column's name, so that the test of the statement tells. */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "shared/base/rd.h"

#include "daemon/store/db.h"
#include "daemon/store/oid.h"

static void wrong_type(const PGresult *r, int col, const char *want)
{
	fprintf(stderr, "store: column \"%s\" has type %u and is read as %s\n", PQfname(r, col),
		PQftype(r, col), want);
	abort();
}

int db_rows(const PGresult *r)
{
	return PQntuples(r);
}

int db_col(const PGresult *r, const char *name)
{
	int col = PQfnumber(r, name);

	if (col < 0) {
		fprintf(stderr, "store: the result has no column \"%s\"\n", name);
		abort();
	}
	return col;
}

bool db_is_null(const PGresult *r, int row, int col)
{
	return PQgetisnull(r, row, col);
}

static struct rd value(const PGresult *r, int row, int col)
{
	return rd_of(span_of(PQgetvalue(r, row, col), (size_t)PQgetlength(r, row, col)));
}

int64_t db_i64(const PGresult *r, int row, int col)
{
	struct rd in;

	if (PQgetisnull(r, row, col))
		return 0;
	in = value(r, row, col);
	switch (PQftype(r, col)) {
	case OID_INT8:
		return (int64_t)rd_be(&in, 8);
	case OID_INT4:
		return (int32_t)(uint32_t)rd_be(&in, 4);
	case OID_OID:
		return (int64_t)rd_be(&in, 4);
	case OID_INT2:
		return (int16_t)(uint16_t)rd_be(&in, 2);
	case OID_BOOL:
		return rd_u8(&in) != 0;
	default:
		wrong_type(r, col, "an integer (add ::bigint)");
		return 0;
	}
}

bool db_bool(const PGresult *r, int row, int col)
{
	return db_i64(r, row, col) != 0;
}

const char *db_text(const PGresult *r, int row, int col)
{
	const char *text = PQgetvalue(r, row, col);

	if (PQgetisnull(r, row, col))
		return "";
	switch (PQftype(r, col)) {
	case OID_BOOL:
	case OID_BYTEA:
	case OID_INT8:
	case OID_INT2:
	case OID_INT4:
	case OID_TIMESTAMPTZ:
		wrong_type(r, col, "text");
		return "";
	case OID_JSONB:
		return text[0] ? text + 1 : text; /* a version byte comes first */
	default:
		return text;
	}
}

struct span db_bytes(const PGresult *r, int row, int col)
{
	if (PQgetisnull(r, row, col))
		return SPAN_NONE;
	if (PQftype(r, col) != OID_BYTEA)
		wrong_type(r, col, "bytes");
	return span_of(PQgetvalue(r, row, col), (size_t)PQgetlength(r, row, col));
}

unix_ms db_time(const PGresult *r, int row, int col)
{
	struct rd in;
	int64_t us;

	if (PQgetisnull(r, row, col))
		return (unix_ms){ INT64_MIN };
	if (PQftype(r, col) != OID_TIMESTAMPTZ)
		wrong_type(r, col, "a time");
	in = value(r, row, col);
	us = (int64_t)rd_be(&in, 8);
	return (unix_ms){ us / 1000 - (us % 1000 < 0) + EPOCH_2000_MS };
}

int64_t db_affected(const PGresult *r)
{
	/* PQcmdTuples only reads, but its argument is not const */
	PGresult *plain = (PGresult *)(uintptr_t)r;

	return strtoll(PQcmdTuples(plain), NULL, 10);
}

/* elements of an integer array, NULL elements as 0 */
static size_t int_array(const PGresult *r, int row, int col, struct arena *a, int64_t **ret)
{
	struct rd in;
	size_t n;

	*ret = NULL;
	if (PQgetisnull(r, row, col))
		return 0;
	in = value(r, row, col);
	if (rd_be(&in, 4) == 0) /* dimensions: none is the empty array */
		return 0;
	rd_take(&in, 8); /* has-null flag, element type */
	n = rd_be(&in, 4);
	rd_take(&in, 4); /* lower bound */
	if (in.bad || n > rd_left(&in) / 4)
		wrong_type(r, col, "an array");
	*ret = arena_alloc(a, n * sizeof **ret);
	for (size_t i = 0; i < n; i++) {
		uint64_t len = rd_be(&in, 4);

		if (len == 8)
			(*ret)[i] = (int64_t)rd_be(&in, 8);
		else if (len == 4)
			(*ret)[i] = (int32_t)(uint32_t)rd_be(&in, 4);
		else if (len == 2)
			(*ret)[i] = (int16_t)(uint16_t)rd_be(&in, 2);
		else if (len != UINT32_MAX)
			wrong_type(r, col, "an array of integers");
	}
	return n;
}

size_t db_i64_array(const PGresult *r, int row, int col, struct arena *a, const int64_t **ret)
{
	int64_t *v = NULL;
	size_t n = int_array(r, row, col, a, &v);

	*ret = v;
	return n;
}
