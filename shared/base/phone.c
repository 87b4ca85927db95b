#include "shared/base/phone.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/macros.h"

enum { TEXT_DIGITS_MAX = 20 }; /* 00, and what a trunk prefix may add */

/* What people dial before a number inside their country, and how many digits follow. Where the lengths
 * are given, a number of that many digits without any prefix is one of the country, too. */
/* clang-format off */
static const struct country {
	uint16_t code;
	const char *trunk; /* "": none */
	uint8_t min, max;  /* digits without it; 0: any */
} countries[] = {
	{ 1, "1", 10, 10 },  { 7, "8", 10, 10 },   { 30, "", 10, 10 },  { 34, "", 9, 9 },   { 36, "06", 8, 9 },
	{ 39, "", 6, 11 },   { 45, "", 8, 8 },     { 47, "", 8, 8 },    { 48, "", 9, 9 },   { 52, "", 10, 10 },
	{ 56, "", 9, 9 },    { 57, "", 10, 10 },   { 65, "", 8, 8 },    { 216, "", 8, 8 },  { 221, "", 9, 9 },
	{ 225, "", 10, 10 }, { 237, "", 9, 9 },    { 351, "", 9, 9 },   { 371, "", 8, 8 },  { 372, "", 7, 8 },
	{ 375, "80", 9, 9 }, { 420, "", 9, 9 },    { 502, "", 8, 8 },   { 503, "", 8, 8 },  { 504, "", 8, 8 },
	{ 505, "", 8, 8 },   { 506, "", 8, 8 },    { 507, "", 7, 8 },   { 591, "", 8, 8 },  { 852, "", 8, 8 },
	{ 853, "", 8, 8 },   { 965, "", 8, 8 },    { 968, "", 8, 8 },   { 973, "", 8, 8 },  { 974, "", 8, 8 },
};
/* clang-format on */
static const struct country elsewhere = { 0, "0", 0, 0 };

static const char not_number[] = "not a phone number: 7 to 15 digits with country code";
static const char no_country[] = "a number starts with its country code, not 0";

struct dialled {
	char digits[TEXT_DIGITS_MAX + 1];
	size_t len;
	bool plus;
};

static const struct country *country_of(uint32_t code)
{
	for (size_t i = 0; i < ARRAY_LEN(countries); i++)
		if (countries[i].code == code)
			return &countries[i];
	return &elsewhere;
}

/* NULL, or what is wrong */
static const char *read_digits(const char *text, struct dialled *d)
{
	*d = (struct dialled){ .len = 0 };
	for (const char *at = text; *at; at++) {
		if (*at >= '0' && *at <= '9') {
			if (d->len == TEXT_DIGITS_MAX)
				return not_number;
			d->digits[d->len++] = *at;
		} else if (*at == '+' && d->len == 0 && !d->plus) {
			d->plus = true;
		} else if (d->plus && strncmp(at, "(0)", 3) == 0) {
			at += 2; /* +49 (0)151: only dialled inside the country */
		} else if (strncmp(at, "\xC2\xA0", 2) == 0) {
			at++; /* a blank that does not break */
		} else if (strchr(" \t-.()[]/", *at) == NULL) {
			return not_number;
		}
	}
	if (!d->plus && strncmp(d->digits, "00", 2) == 0) {
		d->plus = true;
		d->len -= 2;
		memmove(d->digits, d->digits + 2, d->len + 1);
	}
	return NULL;
}

/* the digits that follow the country code, when this is a number of the country; else NULL */
static const char *inside(const struct dialled *d, const struct country *c)
{
	size_t trunk = strlen(c->trunk), rest = d->len - trunk;
	bool fits;

	if (trunk && d->len > trunk && strncmp(d->digits, c->trunk, trunk) == 0) {
		fits = c->min ? rest >= c->min && rest <= c->max : rest >= 4;
		if (fits)
			return d->digits + trunk;
	}
	return c->min && d->len >= c->min && d->len <= c->max ? d->digits : NULL;
}

const char *phone_parse(const char *text, uint32_t country, int64_t *ret)
{
	struct dialled d;
	const char *problem = read_digits(text, &d);
	const char *national =
		problem || d.plus || country == 0 ? NULL : inside(&d, country_of(country));
	const char *digits = national ? national : d.digits;
	size_t code = !national ? 0 : country > 99 ? 3 : country > 9 ? 2 : 1;
	int64_t scale = 1;

	if (problem)
		return problem;
	if (!national && d.digits[0] == '0')
		return no_country;
	if (code + strlen(digits) < PHONE_DIGITS_MIN || code + strlen(digits) > PHONE_DIGITS_MAX)
		return not_number;
	for (const char *at = digits; *at; at++)
		scale *= 10;
	*ret = strtoll(digits, NULL, 10) + (national ? (int64_t)country * scale : 0);
	return NULL;
}

bool phone_plausible(const char *text)
{
	struct dialled d;
	int64_t number;

	if (phone_parse(text, 0, &number) == NULL)
		return true;
	return read_digits(text, &d) == NULL && !d.plus && d.len >= 5 && d.len <= PHONE_DIGITS_MAX;
}
