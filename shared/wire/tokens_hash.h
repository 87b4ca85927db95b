#pragma once
/* The hash that the generator and the lookup of tokens share; only those two include it. A key goes
 * to a bucket, the bucket's seed sends it to a slot of its own (the generator searches the seeds). */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { TOKEN_BUCKETS = 512, TOKEN_SLOTS = 2048, TOKEN_SLOT_EMPTY = 0xFFFF };

static inline uint64_t token_mix(uint64_t h)
{
	h ^= h >> 32;
	h *= UINT64_C(0x9E3779B97F4A7C15);
	return h ^ h >> 29;
}

static inline uint64_t token_load(const char *at, size_t bytes) /* 4 or 8, inlined */
{
	uint64_t word = 0;

	memcpy(&word, at, bytes);
	return word;
}

/* len at least 1; the loads overlap instead of going byte by byte */
static inline uint64_t token_hash(const char *text, size_t len)
{
	uint64_t h = len * UINT64_C(0xD6E8FEB86659FD93);

	if (len >= 8) {
		for (size_t at = 0; at + 8 < len; at += 8)
			h = token_mix(h ^ token_load(text + at, 8));
		return token_mix(h ^ token_load(text + len - 8, 8));
	}
	if (len >= 4)
		return token_mix(h ^ token_load(text, 4) ^ token_load(text + len - 4, 4) << 32);
	return token_mix(h ^ (uint64_t)(uint8_t)text[0] ^ (uint64_t)(uint8_t)text[len / 2] << 8 ^
			 (uint64_t)(uint8_t)text[len - 1] << 16);
}

static inline uint32_t token_bucket(uint64_t hash)
{
	return (uint32_t)(hash >> 40) % TOKEN_BUCKETS;
}

static inline uint32_t token_slot(uint64_t hash, uint16_t seed)
{
	return (uint32_t)(token_mix(hash + seed) >> 20) % TOKEN_SLOTS;
}
