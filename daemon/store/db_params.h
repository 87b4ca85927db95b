#pragma once
/* Inside of struct db_params, for the connection: what libpq wants, in the order of the parameters.
 * A copy (params_dup) is one block of memory and is freed with free(). */
#include <stdint.h>

#include "daemon/store/db.h"

enum { PARAMS_MAX = 64 };

/* what a parameter was given as; PARAM_NULL says nothing about the type */
enum param_kind {
	PARAM_NULL,
	PARAM_TEXT,
	PARAM_I64,
	PARAM_I32,
	PARAM_BOOL,
	PARAM_BYTES,
	PARAM_TIME,
	PARAM_I64_ARRAY,
	PARAM_I32_ARRAY,
	PARAM_TEXT_ARRAY,
	PARAM_BYTES_ARRAY
};

struct param {
	const char *at; /* NULL is SQL NULL */
	int len;
	uint8_t kind;
};

struct db_params {
	struct arena *arena; /* NULL in a copy */
	int len;
	size_t bytes; /* of all values */
	struct param *at;
};

struct db_params *params_dup(const struct db_params *p); /* p NULL: no parameters */
Oid param_oid(uint8_t kind);                             /* 0: the server infers it */
int param_format(uint8_t kind);                          /* 1: binary */
