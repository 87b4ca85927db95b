#pragma once
/* Bounded reader with a sticky error: read a group of fields, then look at `bad` once. Nothing is
 * copied; spans point into the input. After `bad` every read gives zero or an empty span. */
#include <stdbool.h>
#include <stdint.h>

#include "shared/base/span.h"

struct rd {
	const uint8_t *at, *end;
	bool bad;
};

static inline struct rd rd_of(struct span s)
{
	const uint8_t *at = s.at ? s.at : (const uint8_t *)""; /* no arithmetic on NULL */

	return (struct rd){ at, at + s.len, false };
}

static inline size_t rd_left(const struct rd *r)
{
	return (size_t)(r->end - r->at);
}

struct span rd_take(struct rd *r, size_t n);
struct span rd_rest(struct rd *r);
uint8_t rd_u8(struct rd *r);
uint64_t rd_be(struct rd *r, size_t bytes);     /* big-endian, 1..8 bytes */
uint64_t rd_le(struct rd *r, size_t bytes);     /* little-endian, 1..8 bytes */
void rd_copy(struct rd *r, void *to, size_t n); /* zero-fills `to` when input is short */
