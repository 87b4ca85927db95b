#pragma once
/* A borrowed run of bytes: pointer and length, never owned, never NUL-terminated by promise. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
	const uint8_t *at;
	size_t len;
};

#define SPAN_NONE ((struct span){ NULL, 0 })
#define SPAN_OF(array) ((struct span){ (const uint8_t *)(array), sizeof(array) })
#define SPAN_LIT(text) ((struct span){ (const uint8_t *)(text), sizeof(text) - 1 })

static inline struct span span_of(const void *at, size_t len)
{
	return (struct span){ (const uint8_t *)at, len };
}

static inline struct span span_str(const char *text)
{
	return span_of(text, text ? strlen(text) : 0);
}

/* Not for secrets: those are compared with sodium_memcmp. */
static inline bool span_eq(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}
