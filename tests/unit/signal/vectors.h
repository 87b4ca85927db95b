#pragma once
/* Reading the JSON files of tests/vectors in tests: hex fields into buffers, with a test failure
 * (not an error code) when something is missing. */
/* clang-format off */
#include <setjmp.h> /* cmocka wants these three before it */
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */
#include <jansson.h>
#include <stdint.h>

#include "shared/base/crypto.h"
#include "shared/base/rng.h"
#include "shared/base/span.h"

struct bytes {
	uint8_t at[4096];
	size_t len;
};

json_t *vector_load(const char *path); /* caller drops it */
json_t *vector_get(const json_t *from, const char *key);
const char *vector_text(const json_t *from, const char *key);
uint32_t vector_u32(const json_t *from, const char *key);
struct bytes vector_hex(const json_t *from, const char *key);
struct bytes hex_bytes(const char *hex);
void vector_key(const json_t *from, const char *key,
		uint8_t out[static 32]); /* drops a leading 05 */
/* the keypair of a private key, compared with the public one when that is given */
struct keypair vector_keypair(const json_t *from, const char *priv, const char *pub);

static inline struct span bytes_span(const struct bytes *b)
{
	return span_of(b->at, b->len);
}
