#pragma once
/* Growing byte writer with a ceiling given at creation. Going past it sets `bad` (sticky) and drops
 * the write; check once at the end. Owner calls wr_done, or wr_take to own the bytes. */
#include <stdbool.h>
#include <stdint.h>

#include "shared/base/span.h"

struct wr {
	uint8_t *buf;
	size_t len, cap, max;
	bool bad;
};

void wr_init(struct wr *w, size_t max);
void wr_done(struct wr *w);                      /* frees; wr may be used again after wr_init */
void wr_done_secret(struct wr *w);               /* wipes, then frees */
void wr_reset(struct wr *w);                     /* len = 0, keeps the memory */
struct span wr_span(const struct wr *w);         /* borrowed until the next write */
uint8_t *wr_take(struct wr *w, size_t *ret_len); /* caller frees; w is empty afterwards */

uint8_t *wr_room(struct wr *w, size_t n); /* n uninitialised bytes appended, NULL when bad */
void wr_put(struct wr *w, const void *at, size_t n);
void wr_span_put(struct wr *w, struct span s);
void wr_str(struct wr *w, const char *text);
void wr_u8(struct wr *w, uint8_t v);
void wr_be(struct wr *w, uint64_t v, size_t bytes);
void wr_le(struct wr *w, uint64_t v, size_t bytes);
