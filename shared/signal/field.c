#include "shared/signal/field.h"

#include <string.h>

__extension__ typedef unsigned __int128 u128;

/* A residue mod p = 2^255 - 19 as five limbs of 51 bits, little end first. */
struct fe {
	uint64_t v[5];
};

#define LIMB_MASK ((UINT64_C(1) << 51) - 1)

static uint64_t load_le64(const uint8_t *at)
{
	uint64_t v = 0;

	for (int i = 7; i >= 0; i--)
		v = v << 8 | at[i];
	return v;
}

static struct fe fe_load(const uint8_t in[static 32])
{
	return (struct fe){ {
		load_le64(in) & LIMB_MASK,
		load_le64(in + 6) >> 3 & LIMB_MASK,
		load_le64(in + 12) >> 6 & LIMB_MASK,
		load_le64(in + 19) >> 1 & LIMB_MASK,
		load_le64(in + 24) >> 12 & LIMB_MASK,
	} };
}

/* carries once around; limbs end below 2^51 + 2^13 */
static void fe_carry(struct fe *a)
{
	for (int i = 0; i < 4; i++) {
		a->v[i + 1] += a->v[i] >> 51;
		a->v[i] &= LIMB_MASK;
	}
	a->v[0] += 19 * (a->v[4] >> 51);
	a->v[4] &= LIMB_MASK;
}

static void fe_store(struct fe a, uint8_t out[static 32])
{
	uint64_t q, w[4];

	fe_carry(&a);
	fe_carry(&a);
	q = (a.v[0] + 19) >> 51; /* 1 when a >= p */
	for (int i = 1; i < 5; i++)
		q = (a.v[i] + q) >> 51;
	a.v[0] += 19 * q;
	for (int i = 0; i < 4; i++) {
		a.v[i + 1] += a.v[i] >> 51;
		a.v[i] &= LIMB_MASK;
	}
	a.v[4] &= LIMB_MASK;
	w[0] = a.v[0] | a.v[1] << 51;
	w[1] = a.v[1] >> 13 | a.v[2] << 38;
	w[2] = a.v[2] >> 26 | a.v[3] << 25;
	w[3] = a.v[3] >> 39 | a.v[4] << 12;
	for (int i = 0; i < 32; i++)
		out[i] = (uint8_t)(w[i / 8] >> 8 * (i % 8));
}

static struct fe fe_reduce(u128 r0, u128 r1, u128 r2, u128 r3, u128 r4)
{
	struct fe out;

	r1 += (uint64_t)(r0 >> 51);
	r2 += (uint64_t)(r1 >> 51);
	r3 += (uint64_t)(r2 >> 51);
	r4 += (uint64_t)(r3 >> 51);
	out.v[0] = ((uint64_t)r0 & LIMB_MASK) + 19 * (uint64_t)(r4 >> 51);
	out.v[1] = ((uint64_t)r1 & LIMB_MASK) + (out.v[0] >> 51);
	out.v[0] &= LIMB_MASK;
	out.v[2] = (uint64_t)r2 & LIMB_MASK;
	out.v[3] = (uint64_t)r3 & LIMB_MASK;
	out.v[4] = (uint64_t)r4 & LIMB_MASK;
	return out;
}

static struct fe fe_mul(const struct fe *a, const struct fe *b)
{
	const uint64_t *x = a->v, *y = b->v;
	uint64_t y1 = 19 * y[1], y2 = 19 * y[2], y3 = 19 * y[3], y4 = 19 * y[4];

	return fe_reduce((u128)x[0] * y[0] + (u128)x[1] * y4 + (u128)x[2] * y3 + (u128)x[3] * y2 +
				 (u128)x[4] * y1,
			 (u128)x[0] * y[1] + (u128)x[1] * y[0] + (u128)x[2] * y4 + (u128)x[3] * y3 +
				 (u128)x[4] * y2,
			 (u128)x[0] * y[2] + (u128)x[1] * y[1] + (u128)x[2] * y[0] +
				 (u128)x[3] * y4 + (u128)x[4] * y3,
			 (u128)x[0] * y[3] + (u128)x[1] * y[2] + (u128)x[2] * y[1] +
				 (u128)x[3] * y[0] + (u128)x[4] * y4,
			 (u128)x[0] * y[4] + (u128)x[1] * y[3] + (u128)x[2] * y[2] +
				 (u128)x[3] * y[1] + (u128)x[4] * y[0]);
}

static struct fe fe_square(struct fe a, int times)
{
	while (times-- > 0) {
		const uint64_t *x = a.v;
		uint64_t d0 = 2 * x[0], d1 = 2 * x[1], d2 = 2 * x[2];
		uint64_t n3 = 19 * x[3], n4 = 19 * x[4];

		a = fe_reduce((u128)x[0] * x[0] + (u128)d1 * n4 + (u128)d2 * n3,
			      (u128)d0 * x[1] + (u128)d2 * n4 + (u128)x[3] * n3,
			      (u128)d0 * x[2] + (u128)x[1] * x[1] + (u128)(2 * x[3]) * n4,
			      (u128)d0 * x[3] + (u128)d1 * x[2] + (u128)x[4] * n4,
			      (u128)d0 * x[4] + (u128)d1 * x[3] + (u128)x[2] * x[2]);
	}
	return a;
}

/* a^(p - 2): the exponent is 250 ones, then 01011 */
static struct fe fe_invert(struct fe a)
{
	struct fe a2 = fe_square(a, 1), t = fe_square(a2, 2), a9 = fe_mul(&t, &a);
	struct fe a11 = fe_mul(&a9, &a2), e5, e10, e20, e50, e100;

	t = fe_square(a11, 1);
	e5 = fe_mul(&t, &a9); /* eN = a^(2^N - 1) */
	t = fe_square(e5, 5);
	e10 = fe_mul(&t, &e5);
	t = fe_square(e10, 10);
	e20 = fe_mul(&t, &e10);
	t = fe_square(e20, 20);
	t = fe_mul(&t, &e20);
	t = fe_square(t, 10);
	e50 = fe_mul(&t, &e10);
	t = fe_square(e50, 50);
	e100 = fe_mul(&t, &e50);
	t = fe_square(e100, 100);
	t = fe_mul(&t, &e100);
	t = fe_square(t, 50);
	t = fe_mul(&t, &e50);
	t = fe_square(t, 5);
	return fe_mul(&t, &a11);
}

bool field_edwards_y(const uint8_t u[static 32], uint8_t y[static 32])
{
	static const uint8_t zero[32];
	struct fe x = fe_load(u), minus = x, plus = x;
	uint8_t sum[32];

	/* x - 1 + p keeps every limb positive */
	minus.v[0] += LIMB_MASK - 18 - 1;
	for (int i = 1; i < 5; i++)
		minus.v[i] += LIMB_MASK;
	fe_carry(&minus);
	plus.v[0] += 1;
	fe_store(plus, sum);
	if (memcmp(sum, zero, sizeof zero) == 0)
		return false;
	plus = fe_invert(plus);
	fe_store(fe_mul(&minus, &plus), y);
	return true;
}
