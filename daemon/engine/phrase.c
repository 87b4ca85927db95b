#include "daemon/engine/phrase.h"

#include <stdint.h>
#include <string.h>

#include "shared/base/macros.h"
#include "shared/base/text.h"

struct range {
	uint32_t first, last;
};

/* ends of words */
static const struct range gaps[] = {
	{ 0x0000, 0x002f }, { 0x003a, 0x0040 },   { 0x005b, 0x0060 }, { 0x007b, 0x00a9 },
	{ 0x00ab, 0x00b4 }, { 0x00b6, 0x00b9 },   { 0x00bb, 0x00bf }, { 0x00d7, 0x00d7 },
	{ 0x00f7, 0x00f7 }, { 0x060c, 0x060c },   { 0x061b, 0x061b }, { 0x061f, 0x061f },
	{ 0x06d4, 0x06d4 }, { 0x0964, 0x0965 },   { 0x2000, 0x200a }, { 0x2010, 0x205f },
	{ 0x2190, 0x2bff }, { 0x3000, 0x3004 },   { 0x3008, 0x3020 }, { 0x3030, 0x3030 },
	{ 0xff61, 0xff65 }, { 0x1f000, 0x1faff },
};

/* shown as nothing: joiners, marks of direction, variants */
static const struct range unseen[] = {
	{ 0x00ad, 0x00ad }, { 0x061c, 0x061c }, { 0x200b, 0x200f }, { 0x202a, 0x202e },
	{ 0x2060, 0x2064 }, { 0x2066, 0x2069 }, { 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff },
};

static bool within(uint32_t c, const struct range *r, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (c >= r[i].first && c <= r[i].last)
			return true;
	return false;
}

/* capital letters first, every second one small: the pairs of a block start even or odd */
static uint32_t fold_extended(uint32_t c)
{
	bool odd_first = (c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e);

	if (c == 0x130 || c == 0x131)
		return 'i';
	if (c == 0x178)
		return 0xff;
	if (c == 0x138 || c == 0x149 || c == 0x17f)
		return c;
	return (c % 2 == 1) == odd_first ? c + 1 : c;
}

static uint32_t fold_greek(uint32_t c)
{
	if (c >= 0x391 && c <= 0x3ab && c != 0x3a2) /* which is no letter */
		return c + 32;
	if (c >= 0x388 && c <= 0x38a)
		return c + 37;
	switch (c) {
	case 0x386:
		return 0x3ac;
	case 0x38c:
		return 0x3cc;
	case 0x38e:
	case 0x38f:
		return c + 63;
	case 0x3c2: /* sigma at the end of a word */
		return 0x3c3;
	default:
		return c;
	}
}

static uint32_t fold(uint32_t c)
{
	if (c >= 0xff01 && c <= 0xff5e) /* wide forms */
		c -= 0xfee0;
	if ((c >= 'A' && c <= 'Z') || (c >= 0xc0 && c <= 0xde && c != 0xd7))
		return c + 32;
	if (c >= 0x100 && c <= 0x17f)
		return fold_extended(c);
	if (c >= 0x386 && c <= 0x3c2)
		return fold_greek(c);
	if (c >= 0x400 && c <= 0x40f)
		return c + 80;
	if (c >= 0x410 && c <= 0x42f)
		return c + 32;
	if ((c >= 0x1e00 && c <= 0x1e95) || (c >= 0x1ea0 && c <= 0x1eff))
		return c | 1;
	return c;
}

/* of valid UTF-8 */
static uint32_t next_char(const unsigned char **at)
{
	const unsigned char *p = *at;
	size_t more = p[0] < 0x80 ? 0 : p[0] < 0xe0 ? 1 : p[0] < 0xf0 ? 2 : 3;
	uint32_t c = more == 0 ? p[0] : p[0] & (0x3fu >> more);

	for (size_t i = 1; i <= more; i++)
		c = c << 6 | (p[i] & 0x3fu);
	*at = p + more + 1;
	return c;
}

static size_t put_char(char out[static 4], uint32_t c)
{
	size_t more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
	static const unsigned char heads[] = { 0, 0xc0, 0xe0, 0xf0 };

	for (size_t i = more; i > 0; i--) {
		out[i] = (char)(0x80 | (c & 0x3f));
		c >>= 6;
	}
	out[0] = (char)(heads[more] | c);
	return more + 1;
}

bool phrase_fold(const char *text, char *out, size_t out_bytes)
{
	const unsigned char *at = (const unsigned char *)text;
	size_t len = 0;
	bool gap = false;

	out[0] = '\0';
	if (!utf8_valid(span_str(text)))
		return false;
	while (*at) {
		uint32_t c = fold(next_char(&at));
		char bytes[4];
		size_t n;

		if (within(c, unseen, ARRAY_LEN(unseen)))
			continue;
		if (within(c, gaps, ARRAY_LEN(gaps))) {
			gap = len > 0;
			continue;
		}
		n = put_char(bytes, c);
		if (len + gap + n >= out_bytes)
			break;
		if (gap)
			out[len++] = ' ';
		gap = false;
		memcpy(out + len, bytes, n);
		len += n;
	}
	out[len] = '\0';
	return true;
}
