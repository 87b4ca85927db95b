#include "shared/base/text.h"

#include <wchar.h>

void hex_encode(struct span in, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < in.len; i++) {
		*out++ = digits[in.at[i] >> 4];
		*out++ = digits[in.at[i] & 15];
	}
	*out = '\0';
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool hex_decode(const char *text, size_t text_len, uint8_t *out, size_t out_max, size_t *ret_len)
{
	if (text_len % 2 || text_len / 2 > out_max)
		return false;
	for (size_t i = 0; i < text_len / 2; i++) {
		int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	*ret_len = text_len / 2;
	return true;
}

static char *base64_with(struct arena *a, struct span in, const char *alphabet, bool pad)
{
	char *text = arena_alloc(a, (in.len + 2) / 3 * 4 + 1), *to = text;

	for (size_t i = 0; i < in.len; i += 3) {
		size_t left = in.len - i;
		uint32_t v = (uint32_t)in.at[i] << 16;

		v |= left > 1 ? (uint32_t)in.at[i + 1] << 8 : 0;
		v |= left > 2 ? in.at[i + 2] : 0;
		*to++ = alphabet[v >> 18];
		*to++ = alphabet[v >> 12 & 63];
		if (left > 1 || pad)
			*to++ = left > 1 ? alphabet[v >> 6 & 63] : '=';
		if (left > 2 || pad)
			*to++ = left > 2 ? alphabet[v & 63] : '=';
	}
	*to = '\0';
	return text;
}

char *base64_text(struct arena *a, struct span in)
{
	return base64_with(
		a, in, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", true);
}

char *base64url_text(struct arena *a, struct span in)
{
	return base64_with(
		a, in, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", false);
}

static int base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	if (c == '/' || c == '_')
		return 63;
	return -1;
}

bool base64_decode(struct arena *a, const char *text, size_t text_len, struct span *ret)
{
	size_t pads = 0, len = 0;
	uint32_t bits = 0;
	unsigned held = 0;
	uint8_t *out;

	while (pads < 2 && text_len > 0 && text[text_len - 1] == '=') {
		text_len--;
		pads++;
	}
	if (text_len % 4 == 1 || (pads && (text_len + pads) % 4))
		return false;
	out = arena_alloc(a, text_len / 4 * 3 + 3);
	for (size_t i = 0; i < text_len; i++) {
		int digit = base64_digit(text[i]);

		if (digit < 0)
			return false;
		bits = bits << 6 | (uint32_t)digit;
		held += 6;
		if (held >= 8) {
			held -= 8;
			out[len++] = (uint8_t)(bits >> held);
		}
	}
	if (bits & ((1u << held) - 1)) /* one text a value: unused bits are zero */
		return false;
	*ret = span_of(out, len);
	return true;
}

size_t utf8_decode(const uint8_t *at, size_t left, uint32_t *ret_code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint8_t first = left ? at[0] : 0xff;
	size_t len = first < 0x80             ? 1
		     : (first & 0xe0) == 0xc0 ? 2
		     : (first & 0xf0) == 0xe0 ? 3
		     : (first & 0xf8) == 0xf0 ? 4
					      : 0;
	uint32_t code;

	if (len == 0 || len > left)
		return 0;
	code = len == 1 ? first : first & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (at[i] & 0x3f);
	}
	if (code < least[len] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	*ret_code = code;
	return len;
}

size_t utf8_encode(uint32_t code, char out[5])
{
	size_t len = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	static const uint8_t marks[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

	out[len] = '\0';
	for (size_t i = len - 1; i > 0; i--, code >>= 6)
		out[i] = (char)(0x80 | (code & 0x3f));
	out[0] = (char)(marks[len] | code);
	return len;
}

void utf8_mend(char *text)
{
	size_t left = strlen(text), len;
	uint32_t code;

	for (uint8_t *at = (uint8_t *)text; left > 0; at += len, left -= len) {
		len = utf8_decode(at, left, &code);
		if (len)
			continue;
		if (left < 4 && at[0] >= 0xc0) {
			at[0] = '\0';
			return;
		}
		at[0] = '?';
		len = 1;
	}
}

bool utf8_valid(struct span s)
{
	for (size_t i = 0; i < s.len;) {
		uint32_t code = 0;
		size_t len = utf8_decode(s.at + i, s.len - i, &code);

		if (len == 0 || code == 0)
			return false;
		i += len;
	}
	return true;
}

size_t utf8_columns(const char *text)
{
	const uint8_t *at = (const uint8_t *)text;
	size_t left = strlen(text), columns = 0;

	while (left > 0) {
		uint32_t code = 0;
		size_t len = utf8_decode(at, left, &code);
		int width = len ? wcwidth((wchar_t)code) : 1;

		columns += width < 0 ? 1 : (size_t)width;
		at += len ? len : 1;
		left -= len ? len : 1;
	}
	return columns;
}

unsigned edit_distance(const char *a, const char *b, unsigned max)
{
	enum { NAME_MAX_LEN = 64 }; /* names of ours are short; longer ones are simply not near */
	unsigned rows[3][NAME_MAX_LEN + 1];
	size_t a_len = strlen(a), b_len = strlen(b);
	unsigned *before = rows[0], *last = rows[1], *now = rows[2];

	if (a_len > NAME_MAX_LEN || b_len > NAME_MAX_LEN)
		return strcmp(a, b) == 0 ? 0 : max + 1;
	for (unsigned j = 0; j <= b_len; j++)
		last[j] = before[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		unsigned least = now[0] = (unsigned)i, *spare = before;

		for (size_t j = 1; j <= b_len; j++) {
			unsigned best = last[j - 1] + (a[i - 1] != b[j - 1]);

			best = last[j] + 1 < best ? last[j] + 1 : best;
			best = now[j - 1] + 1 < best ? now[j - 1] + 1 : best;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    before[j - 2] + 1 < best)
				best = before[j - 2] + 1;
			now[j] = best;
			least = best < least ? best : least;
		}
		if (least > max)
			return max + 1;
		before = last;
		last = now;
		now = spare;
	}
	return last[b_len] > max ? max + 1 : last[b_len];
}
