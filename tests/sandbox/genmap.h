#pragma once
/* A bounded memory of 16-byte digests: two generations of a flat table; when the newer one is full the
 * older one is forgotten. For "seen before?" questions over unbounded traffic (repeated ids, reused
 * counters): it remembers at least the last `per_generation` keys. */
#include <stdbool.h>
#include <stdint.h>

#include "shared/base/span.h"

struct genmap;

struct genmap_key {
	uint8_t bytes[16];
};

struct genmap *genmap_new(uint32_t per_generation); /* a power of two is best */
void genmap_free(struct genmap *m);
void genmap_clear(struct genmap *m);
struct genmap_key genmap_key_of(const struct span *parts, size_t count);
/* NULL when unknown; the value may be changed in place until the next put */
uint64_t *genmap_get(struct genmap *m, struct genmap_key key);
void genmap_put(struct genmap *m, struct genmap_key key, uint64_t value);
