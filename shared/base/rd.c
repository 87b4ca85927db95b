#include "shared/base/rd.h"

struct span rd_take(struct rd *r, size_t n)
{
	struct span s = { r->at, n };

	if (r->bad || n > rd_left(r)) {
		r->bad = true; /* sticky: check once, after a group of reads */
		return SPAN_NONE;
	}
	r->at += n;
	return s;
}

struct span rd_rest(struct rd *r)
{
	return rd_take(r, rd_left(r));
}

uint8_t rd_u8(struct rd *r)
{
	struct span s = rd_take(r, 1);

	return s.len ? s.at[0] : 0;
}

uint64_t rd_be(struct rd *r, size_t bytes)
{
	struct span s = rd_take(r, bytes);
	uint64_t v = 0;

	for (size_t i = 0; i < s.len; i++)
		v = v << 8 | s.at[i];
	return v;
}

uint64_t rd_le(struct rd *r, size_t bytes)
{
	struct span s = rd_take(r, bytes);
	uint64_t v = 0;

	for (size_t i = s.len; i-- > 0;)
		v = v << 8 | s.at[i];
	return v;
}

void rd_copy(struct rd *r, void *to, size_t n)
{
	struct span s = rd_take(r, n);

	if (s.len)
		memcpy(to, s.at, n);
	else if (n)
		memset(to, 0, n);
}
