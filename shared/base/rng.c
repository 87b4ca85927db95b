#include "shared/base/rng.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

static void real_fill(struct rng *r, void *out, size_t n)
{
	(void)r;
	randombytes_buf(out, n);
}

struct rng *rng_real(void)
{
	static struct rng real = { real_fill };

	return &real;
}

/* splitmix64: one step a word, so that the stream depends on the seed and on nothing else */
static uint64_t fixed_next(struct rng_fixed *f)
{
	uint64_t z = f->seed + ++f->counter * 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static void fixed_fill(struct rng *r, void *out, size_t n)
{
	struct rng_fixed *f = (struct rng_fixed *)r;
	uint8_t *to = out;

	while (n > 0) {
		uint64_t word = fixed_next(f);
		size_t take = n < sizeof word ? n : sizeof word;

		memcpy(to, &word, take);
		to += take;
		n -= take;
	}
}

void rng_fixed_init(struct rng_fixed *f, uint64_t seed)
{
	*f = (struct rng_fixed){ .base = { fixed_fill }, .seed = seed };
}

static void script_fill(struct rng *r, void *out, size_t n)
{
	struct rng_script *s = (struct rng_script *)r;

	if (n > s->left.len) {
		fprintf(stderr, "random script: %zu bytes wanted, %zu left\n", n, s->left.len);
		abort();
	}
	if (n == 0)
		return;
	memcpy(out, s->left.at, n);
	s->left = span_of(s->left.at + n, s->left.len - n);
}

void rng_script_init(struct rng_script *s, struct span bytes)
{
	*s = (struct rng_script){ .base = { script_fill }, .left = bytes };
}

uint32_t rng_u32(struct rng *r)
{
	uint32_t v;

	rng_fill(r, &v, sizeof v);
	return v;
}

static uint64_t rng_u64(struct rng *r)
{
	uint64_t v;

	rng_fill(r, &v, sizeof v);
	return v;
}

uint32_t rng_below(struct rng *r, uint32_t bound)
{
	uint32_t least = -bound % bound; /* what lies below would make small results likelier */
	uint32_t v;

	do
		v = rng_u32(r);
	while (v < least);
	return v % bound;
}

int64_t rng_between(struct rng *r, int64_t min, int64_t max)
{
	uint64_t count = (uint64_t)max - (uint64_t)min + 1, least, v;

	if (max <= min)
		return min;
	if (count == 0)
		return (int64_t)rng_u64(r);
	least = -count % count;
	do
		v = rng_u64(r);
	while (v < least);
	return (int64_t)((uint64_t)min + v % count);
}
