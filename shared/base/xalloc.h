#pragma once
/* Allocation that cannot fail: out of memory aborts here and nowhere else. Sizes that come from a
 * peer or a user are refused by the caller before they get here. */
#include <stdlib.h>

#include "shared/base/macros.h"

void *xmalloc(size_t bytes) __attribute__((returns_nonnull, malloc));
void *xcalloc(size_t count, size_t bytes) __attribute__((returns_nonnull, malloc));
void *xrealloc(void *old, size_t bytes) __attribute__((returns_nonnull));
char *xstrdup(const char *text) __attribute__((returns_nonnull)); /* caller frees */
char *xstrndup(const char *text, size_t len) __attribute__((returns_nonnull));
void *xmemdup(const void *at, size_t bytes) __attribute__((returns_nonnull));
char *xasprintf(const char *fmt, ...) PRINTF_LIKE(1, 2) __attribute__((returns_nonnull));

static inline void auto_free_cleanup(void *slot)
{
	free(*(void **)slot);
}
#define AUTO_FREE __attribute__((cleanup(auto_free_cleanup)))
