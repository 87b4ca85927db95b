#pragma once
/* The little protobuf that Signal's envelopes need: a bounded field reader and the sizes and bytes
 * of varint and bytes fields. Nested messages are bytes to it. */
#include "shared/base/rd.h"

enum { PB_VARINT = 0, PB_FIXED64 = 1, PB_BYTES = 2, PB_FIXED32 = 5 };

struct pb_field {
	uint32_t number;
	unsigned kind;
	uint64_t value;    /* of PB_VARINT */
	struct span bytes; /* of the others; borrows from the input */
};

/* false at the end and when r->bad: look at it after the loop */
bool pb_next(struct rd *r, struct pb_field *ret);

static inline size_t pb_varint_size(uint32_t v)
{
	return v < 1u << 7 ? 1 : v < 1u << 14 ? 2 : v < 1u << 21 ? 3 : v < 1u << 28 ? 4 : 5;
}

/* fields numbered 1..15: one tag byte */
static inline size_t pb_uint_size(uint32_t v)
{
	return 1 + pb_varint_size(v);
}

static inline size_t pb_bytes_size(size_t len)
{
	return 1 + pb_varint_size((uint32_t)len) + len;
}

/* Each writes at `at`, where the caller made room by the sizes above, and returns the place after. */
uint8_t *pb_put_uint(uint8_t *at, unsigned number, uint32_t v);
uint8_t *pb_put_head(uint8_t *at, unsigned number, size_t len); /* the bytes follow by the caller */
uint8_t *pb_put_bytes(uint8_t *at, unsigned number, struct span s);
uint8_t *pb_put_key(uint8_t *at, unsigned number, const uint8_t pub[static 32]); /* with its 05 */
