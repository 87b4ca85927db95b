#include "shared/base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>

#include "shared/base/xalloc.h"

enum { BLOCK_BYTES = 8192 };

struct block {
	struct block *next;
	size_t used, cap;
	alignas(max_align_t) uint8_t data[];
};

struct arena {
	struct block *blocks; /* the newest first */
	size_t handed_out;
};

static struct block *block_new(size_t cap)
{
	struct block *b = xmalloc(sizeof *b + cap);

	b->next = NULL;
	b->used = 0;
	b->cap = cap;
	return b;
}

struct arena *arena_new(void)
{
	return xcalloc(1, sizeof(struct arena));
}

static void drop_from(struct block *b)
{
	while (b) {
		struct block *next = b->next;

		free(b);
		b = next;
	}
}

void arena_free(struct arena *a)
{
	if (a == NULL)
		return;
	drop_from(a->blocks);
	free(a);
}

void arena_reset(struct arena *a)
{
	struct block *keep = a->blocks;

#ifdef WA_ARENA_DEBUG
	drop_from(keep);
	keep = NULL;
#else
	if (keep) {
		drop_from(keep->next);
		keep->next = NULL;
		keep->used = 0;
		if (keep->cap > BLOCK_BYTES) {
			free(keep);
			keep = NULL;
		}
	}
#endif
	a->blocks = keep;
	a->handed_out = 0;
}

void *arena_alloc(struct arena *a, size_t bytes)
{
	size_t want = (bytes + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	struct block *b = a->blocks;
	void *at;

#ifdef WA_ARENA_DEBUG
	b = NULL;
	want = bytes;
#endif
	if (b == NULL || b->cap - b->used < want) {
#ifdef WA_ARENA_DEBUG
		b = block_new(want);
#else
		b = block_new(want > BLOCK_BYTES ? want : BLOCK_BYTES);
#endif
		b->next = a->blocks;
		a->blocks = b;
	}
	at = b->data + b->used;
	b->used += want;
	a->handed_out += bytes;
	memset(at, 0, bytes);
	return at;
}

char *arena_strndup(struct arena *a, const char *text, size_t len)
{
	char *copy = arena_alloc(a, len + 1);

	if (len)
		memcpy(copy, text, len);
	return copy;
}

char *arena_strdup(struct arena *a, const char *text)
{
	return arena_strndup(a, text, strlen(text));
}

struct span arena_span_dup(struct arena *a, struct span s)
{
	uint8_t *copy = arena_alloc(a, s.len);

	if (s.len)
		memcpy(copy, s.at, s.len);
	return span_of(copy, s.len);
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap, again;
	char *text;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	text = arena_alloc(a, (size_t)(n < 0 ? 0 : n) + 1);
	if (n > 0)
		vsnprintf(text, (size_t)n + 1, fmt, again);
	va_end(again);
	return text;
}

size_t arena_bytes(const struct arena *a)
{
	return a->handed_out;
}
