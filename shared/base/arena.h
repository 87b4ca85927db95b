#pragma once
/* One arena a unit of work (a frame, a request): many small lives that end together. Results are
 * borrowed from the arena; whatever outlives it copies. Never for secrets. With WA_ARENA_DEBUG each
 * allocation is its own malloc, so that ASan sees a pointer that outlived its arena. */
#include <stddef.h>
#include <stdint.h>

#include "shared/base/macros.h"
#include "shared/base/span.h"

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *a);  /* NULL is fine */
void arena_reset(struct arena *a); /* ends every allocation, keeps one block for reuse */

void *arena_alloc(struct arena *a, size_t bytes); /* zeroed, aligned for any type */
char *arena_strdup(struct arena *a, const char *text);
char *arena_strndup(struct arena *a, const char *text, size_t len);
struct span arena_span_dup(struct arena *a, struct span s);
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
size_t arena_bytes(const struct arena *a); /* handed out since the last reset */

static inline void auto_arena_cleanup(struct arena **slot)
{
	arena_free(*slot);
}
#define AUTO_ARENA __attribute__((cleanup(auto_arena_cleanup)))
