#include "shared/base/wr.h"

#include <sodium.h>

#include "shared/base/xalloc.h"

void wr_init(struct wr *w, size_t max)
{
	*w = (struct wr){ .max = max };
}

void wr_done(struct wr *w)
{
	free(w->buf);
	*w = (struct wr){ .max = w->max };
}

void wr_done_secret(struct wr *w)
{
	if (w->buf)
		sodium_memzero(w->buf, w->cap);
	wr_done(w);
}

void wr_reset(struct wr *w)
{
	w->len = 0;
	w->bad = false;
}

struct span wr_span(const struct wr *w)
{
	return span_of(w->buf, w->len);
}

uint8_t *wr_take(struct wr *w, size_t *ret_len)
{
	uint8_t *buf = w->buf;

	*ret_len = w->len;
	*w = (struct wr){ .max = w->max };
	return buf;
}

uint8_t *wr_room(struct wr *w, size_t n)
{
	uint8_t *at;

	if (w->bad || n > w->max - w->len) {
		w->bad = true;
		return NULL;
	}
	if (w->buf == NULL || w->cap - w->len < n) { /* also for n = 0: the result is a place */
		size_t cap = w->cap ? w->cap : 64;

		while (cap - w->len < n)
			cap *= 2;
		w->buf = xrealloc(w->buf, cap);
		w->cap = cap;
	}
	at = w->buf ? w->buf + w->len : NULL; /* nothing asked of an empty writer */
	w->len += n;
	return at;
}

void wr_put(struct wr *w, const void *at, size_t n)
{
	uint8_t *to = wr_room(w, n);

	if (to && n)
		memcpy(to, at, n);
}

void wr_span_put(struct wr *w, struct span s)
{
	wr_put(w, s.at, s.len);
}

void wr_str(struct wr *w, const char *text)
{
	wr_put(w, text, strlen(text));
}

void wr_u8(struct wr *w, uint8_t v)
{
	wr_put(w, &v, 1);
}

void wr_be(struct wr *w, uint64_t v, size_t bytes)
{
	uint8_t *to = wr_room(w, bytes);

	for (size_t i = 0; to && i < bytes; i++)
		to[i] = (uint8_t)(v >> 8 * (bytes - 1 - i));
}

void wr_le(struct wr *w, uint64_t v, size_t bytes)
{
	uint8_t *to = wr_room(w, bytes);

	for (size_t i = 0; to && i < bytes; i++)
		to[i] = (uint8_t)(v >> 8 * i);
}
