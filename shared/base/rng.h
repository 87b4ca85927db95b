#pragma once
/* Random source, handed in. rng_real is the system's; rng_fixed is a repeatable stream for tests
 * and simulations (never for keys). rng_script plays back given bytes, then aborts. */
#include <stdint.h>

#include "shared/base/span.h"

struct rng {
	void (*fill)(struct rng *r, void *out, size_t n);
};

struct rng *rng_real(void); /* stateless, shared by all threads */

struct rng_fixed {
	struct rng base;
	uint64_t seed, counter;
};
void rng_fixed_init(struct rng_fixed *f, uint64_t seed);

struct rng_script {
	struct rng base;
	struct span left; /* borrowed */
};
void rng_script_init(struct rng_script *s, struct span bytes);

static inline void rng_fill(struct rng *r, void *out, size_t n)
{
	r->fill(r, out, n);
}
uint32_t rng_u32(struct rng *r);
uint32_t rng_below(struct rng *r, uint32_t bound);            /* uniform in [0, bound), bound > 0 */
int64_t rng_between(struct rng *r, int64_t min, int64_t max); /* uniform, both inclusive */
