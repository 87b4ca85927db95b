#pragma once
/* Numbers of the types we exchange in binary form; of the server's pg_type.dat, they never change. */
#include <stdint.h>

enum {
	OID_BOOL = 16,
	OID_BYTEA = 17,
	OID_INT8 = 20,
	OID_INT2 = 21,
	OID_INT4 = 23,
	OID_TEXT = 25,
	OID_OID = 26,
	OID_BYTEA_ARRAY = 1001,
	OID_INT4_ARRAY = 1007,
	OID_TEXT_ARRAY = 1009,
	OID_INT8_ARRAY = 1016,
	OID_TIMESTAMPTZ = 1184,
	OID_JSONB = 3802
};

static const int64_t EPOCH_2000_MS = 946684800000; /* the server counts from 2000-01-01 */
