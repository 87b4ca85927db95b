#include "daemon/store/db_params.h"

#include <limits.h>

#include "shared/base/xalloc.h"

#include "daemon/store/oid.h"

Oid param_oid(uint8_t kind)
{
	static const Oid oids[] = {
		[PARAM_NULL] = 0,
		[PARAM_TEXT] = 0, /* so that text also fills json and the like */
		[PARAM_I64] = OID_INT8,
		[PARAM_I32] = OID_INT4,
		[PARAM_BOOL] = OID_BOOL,
		[PARAM_BYTES] = OID_BYTEA,
		[PARAM_TIME] = OID_TIMESTAMPTZ,
		[PARAM_I64_ARRAY] = OID_INT8_ARRAY,
		[PARAM_I32_ARRAY] = OID_INT4_ARRAY,
		[PARAM_TEXT_ARRAY] = OID_TEXT_ARRAY,
		[PARAM_BYTES_ARRAY] = OID_BYTEA_ARRAY,
	};

	return oids[kind];
}

int param_format(uint8_t kind)
{
	return kind != PARAM_NULL && kind != PARAM_TEXT;
}

struct db_params *db_params_new(struct arena *a)
{
	struct db_params *p = arena_alloc(a, sizeof *p);

	p->arena = a;
	p->at = arena_alloc(a, PARAMS_MAX * sizeof *p->at);
	return p;
}

static void add(struct db_params *p, enum param_kind kind, const void *at, size_t len)
{
	if (p->len >= PARAMS_MAX || len > INT_MAX)
		abort(); /* our own mistake: values from outside have smaller ceilings */
	p->at[p->len++] = (struct param){ at, (int)len, (uint8_t)kind };
	p->bytes += len;
}

static void put_be(uint8_t *to, uint64_t v, size_t bytes)
{
	for (size_t i = bytes; i-- > 0; v >>= 8)
		to[i] = (uint8_t)v;
}

static void add_int(struct db_params *p, enum param_kind kind, uint64_t v, size_t bytes)
{
	uint8_t *to = arena_alloc(p->arena, 8);

	put_be(to, v, bytes);
	add(p, kind, to, bytes);
}

void db_p_i64(struct db_params *p, int64_t v)
{
	add_int(p, PARAM_I64, (uint64_t)v, 8);
}

void db_p_i32(struct db_params *p, int32_t v)
{
	add_int(p, PARAM_I32, (uint32_t)v, 4);
}

void db_p_bool(struct db_params *p, bool v)
{
	add_int(p, PARAM_BOOL, v, 1);
}

void db_p_text(struct db_params *p, const char *text)
{
	if (text)
		add(p, PARAM_TEXT, arena_strdup(p->arena, text), strlen(text));
	else
		add(p, PARAM_TEXT, NULL, 0);
}

void db_p_bytes(struct db_params *p, struct span bytes)
{
	uint8_t *to = NULL;

	if (bytes.at) {
		to = arena_alloc(p->arena, bytes.len + 1); /* + 1: empty is not NULL */
		memcpy(to, bytes.at, bytes.len);
	}
	add(p, PARAM_BYTES, to, to ? bytes.len : 0);
}

void db_p_time(struct db_params *p, unix_ms t)
{
	int64_t us;

	if (t.ms == INT64_MIN) {
		add(p, PARAM_TIME, NULL, 0);
		return;
	}
	us = (t.ms - EPOCH_2000_MS) * 1000;
	add_int(p, PARAM_TIME, (uint64_t)us, 8);
}

void db_p_null(struct db_params *p)
{
	add(p, PARAM_NULL, NULL, 0);
}

/* One-dimensional array in the server's binary form: dimensions, has-null flag, element type, then
 * length and lower bound of the dimension, then each element behind its length. */
enum { ARRAY_HEAD = 20 };

static uint8_t *array_head(struct db_params *p, Oid element, size_t n, size_t bytes, bool nulls)
{
	uint8_t *to = arena_alloc(p->arena, ARRAY_HEAD + bytes);

	if (n > INT_MAX)
		abort();
	put_be(to, 1, 4);
	put_be(to + 4, nulls, 4);
	put_be(to + 8, element, 4);
	put_be(to + 12, n, 4);
	put_be(to + 16, 1, 4);
	return to;
}

void db_p_i64_array(struct db_params *p, const int64_t *v, size_t n)
{
	uint8_t *to = array_head(p, OID_INT8, n, n * 12, false);

	for (size_t i = 0; i < n; i++) {
		put_be(to + ARRAY_HEAD + i * 12, 8, 4);
		put_be(to + ARRAY_HEAD + i * 12 + 4, (uint64_t)v[i], 8);
	}
	add(p, PARAM_I64_ARRAY, to, ARRAY_HEAD + n * 12);
}

void db_p_i32_array(struct db_params *p, const int32_t *v, size_t n)
{
	uint8_t *to = array_head(p, OID_INT4, n, n * 8, false);

	for (size_t i = 0; i < n; i++) {
		put_be(to + ARRAY_HEAD + i * 8, 4, 4);
		put_be(to + ARRAY_HEAD + i * 8 + 4, (uint32_t)v[i], 4);
	}
	add(p, PARAM_I32_ARRAY, to, ARRAY_HEAD + n * 8);
}

static size_t element_put(uint8_t *to, const void *at, size_t len)
{
	put_be(to, at ? len : UINT32_MAX, 4); /* -1 is NULL */
	if (at == NULL)
		return 4;
	memcpy(to + 4, at, len);
	return 4 + len;
}

void db_p_text_array(struct db_params *p, const char *const *v, size_t n)
{
	size_t bytes = 0, used = ARRAY_HEAD;
	bool nulls = false;
	uint8_t *to;

	for (size_t i = 0; i < n; i++) {
		bytes += 4 + (v[i] ? strlen(v[i]) : 0);
		nulls |= v[i] == NULL;
	}
	to = array_head(p, OID_TEXT, n, bytes, nulls);
	for (size_t i = 0; i < n; i++)
		used += element_put(to + used, v[i], v[i] ? strlen(v[i]) : 0);
	add(p, PARAM_TEXT_ARRAY, to, used);
}

void db_p_bytes_array(struct db_params *p, const struct span *v, size_t n)
{
	size_t bytes = 0, used = ARRAY_HEAD;
	bool nulls = false;
	uint8_t *to;

	for (size_t i = 0; i < n; i++) {
		bytes += 4 + (v[i].at ? v[i].len : 0);
		nulls |= v[i].at == NULL;
	}
	to = array_head(p, OID_BYTEA, n, bytes, nulls);
	for (size_t i = 0; i < n; i++)
		used += element_put(to + used, v[i].at, v[i].len);
	add(p, PARAM_BYTES_ARRAY, to, used);
}

struct db_params *params_dup(const struct db_params *p)
{
	size_t n = p ? (size_t)p->len : 0;
	size_t bytes = p ? p->bytes : 0;
	struct db_params *copy = xmalloc(sizeof *copy + n * sizeof(struct param) + bytes + n);
	char *to;

	*copy = (struct db_params){ .len = (int)n, .bytes = bytes };
	copy->at = (struct param *)(void *)(copy + 1);
	to = (char *)(copy->at + n);
	for (size_t i = 0; i < n; i++) {
		copy->at[i] = p->at[i];
		if (p->at[i].at == NULL)
			continue;
		memcpy(to, p->at[i].at, (size_t)p->at[i].len);
		to[p->at[i].len] = '\0'; /* libpq reads text values up to their NUL */
		copy->at[i].at = to;
		to += p->at[i].len + 1;
	}
	return copy;
}
