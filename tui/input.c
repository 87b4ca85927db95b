#define NCURSES_NOMACROS 1
#include "tui/input.h"

#include <ncurses.h>
#include <string.h>
#include <utf8proc.h>

#include "shared/base/crypto.h"
#include "shared/base/text.h"
#include "shared/base/wr.h"
#include "shared/base/xalloc.h"

/* -- bytes -- */

static void wipe_free(char *text, size_t bytes, bool secret)
{
	if (secret)
		wipe(text, bytes);
	free(text);
}

/* all of the text anew: old copies of a secret do not stay behind */
static void take_text(struct input *in, char *text, size_t len, size_t cursor)
{
	wipe_free(in->text, in->len + 1, in->secret);
	in->text = text;
	in->len = len;
	in->cursor = cursor;
	if (in->first > len)
		in->first = 0;
}

/* replaces [from, to) */
static void splice(struct input *in, size_t from, size_t to, const char *with, size_t with_len)
{
	size_t len = in->len - (to - from) + with_len;
	char *text = xmalloc(len + 1);

	memcpy(text, in->text, from);
	if (with_len)
		memcpy(text + from, with, with_len);
	memcpy(text + from + with_len, in->text + to, in->len - to);
	text[len] = '\0';
	take_text(in, text, len, from + with_len);
}

/* Bytes of the character at `at` that may stand in a line, 0: none; *ret_skip: how far to go on. */
static size_t good_char(const struct input *in, const char *at, size_t left, size_t *ret_skip)
{
	uint32_t c = 0;
	size_t n = utf8_decode((const uint8_t *)at, left, &c);

	*ret_skip = n ? n : 1;
	if ((c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7f && c < 0xa0))
		return 0;
	return c == '\n' && !in->multiline ? 0 : n;
}

/* text as it may be put in: without controls, one kind of newline; only the first line unless
 * multiline; at most room bytes. The caller's. */
static char *cleaned(const struct input *in, const char *text, size_t room, size_t *ret_len)
{
	size_t left = strlen(text), len = 0;
	char *out = xmalloc(left + 1);

	while (left > 0) {
		size_t skip, n;

		if (!in->multiline && (*text == '\n' || *text == '\r')) {
			if (len > 0)
				break;
			n = 0, skip = 1; /* the first line that says something */
		} else if (*text == '\r') {
			n = left > 1 && text[1] == '\n' ? 0 : 1;
			skip = 1;
		} else {
			n = good_char(in, text, left, &skip);
		}
		if (n > room - len)
			break;
		memcpy(out + len, text, n);
		if (n == 1 && (*text == '\r' || (*text == '\t' && !in->multiline)))
			out[len] = *text == '\r' ? '\n' : ' ';
		len += n;
		text += skip;
		left -= skip;
	}
	out[len] = '\0';
	*ret_len = len;
	return out;
}

void input_init(struct input *in, const char *text, size_t max_bytes)
{
	*in = (struct input){ .text = xstrdup(""), .max = max_bytes, .multiline = true };
	if (text)
		input_set(in, text); /* its newlines are the caller's own */
	in->multiline = false;
}

void input_done(struct input *in)
{
	if (in->text)
		wipe_free(in->text, in->len + 1, in->secret);
	*in = (struct input){ .max = in->max };
}

void input_set(struct input *in, const char *text)
{
	size_t len = 0;
	char *clean = cleaned(in, text, in->max, &len);

	in->first = 0;
	take_text(in, clean, len, len);
}

void input_insert(struct input *in, const char *text)
{
	size_t len = 0, room = in->max > in->len ? in->max - in->len : 0;
	char *clean = cleaned(in, text, room, &len);

	splice(in, in->cursor, in->cursor, clean, len);
	wipe_free(clean, len + 1, in->secret);
}

/* -- graphemes -- */

size_t input_grapheme_end(const struct input *in, size_t at)
{
	const uint8_t *text = (const uint8_t *)in->text;
	uint8_t here = at < in->len ? text[at] : 0;
	uint32_t before = 0, c = 0;
	utf8proc_int32_t state = 0;

	if (here >= 0x20 && here < 0x7f && text[at + 1] < 0x80)
		return at + 1; /* most of the time; the text ends with a NUL */
	while (at < in->len) {
		size_t n = utf8_decode(text + at, in->len - at, &c);

		if (n == 0)
			return at + 1; /* never: the text is valid */
		if (before && utf8proc_grapheme_break_stateful((utf8proc_int32_t)before,
							       (utf8proc_int32_t)c, &state))
			break;
		before = c;
		at += n;
	}
	return at;
}

size_t input_grapheme_start(const struct input *in, size_t at)
{
	enum { LOOK_BACK = 256 };
	size_t from = at > LOOK_BACK ? at - LOOK_BACK : 0, last;

	while (from > 0 && ((unsigned char)in->text[from] & 0xc0) == 0x80)
		from--;
	for (last = from; from < at;) {
		last = from;
		from = input_grapheme_end(in, from);
	}
	return last;
}

static bool is_blank_at(const struct input *in, size_t at)
{
	return strchr(" \t\n", in->text[at]) != NULL;
}

static size_t word_start(const struct input *in, size_t at)
{
	while (at > 0 && is_blank_at(in, at - 1))
		at--;
	while (at > 0 && !is_blank_at(in, at - 1))
		at--;
	return at;
}

static size_t word_end(const struct input *in, size_t at)
{
	while (at < in->len && is_blank_at(in, at))
		at++;
	while (at < in->len && !is_blank_at(in, at))
		at++;
	return at;
}

/* -- keys -- */

enum {
	CTRL_A = 1,
	CTRL_B,
	CTRL_D = 4,
	CTRL_E,
	CTRL_F,
	CTRL_H = 8,
	CTRL_K = 11,
	CTRL_U = 21,
	CTRL_W = 23
};
#define FN(key_code) ((key_code) | TERM_KEY_FUNCTION)

static bool alt_key(struct input *in, int32_t code)
{
	switch (code) {
	case '\r':
		if (in->multiline && in->len < in->max)
			splice(in, in->cursor, in->cursor, "\n", 1);
		return in->multiline;
	case 'b':
		in->cursor = word_start(in, in->cursor);
		return true;
	case 'f':
		in->cursor = word_end(in, in->cursor);
		return true;
	case 'd':
		splice(in, in->cursor, word_end(in, in->cursor), "", 0);
		return true;
	case CTRL_H:
	case FN(KEY_BACKSPACE):
		splice(in, word_start(in, in->cursor), in->cursor, "", 0);
		return true;
	default:
		return false;
	}
}

/* cuts [from, cursor) or [cursor, to); the cursor stays at the cut */
static bool cut(struct input *in, size_t from, size_t to)
{
	splice(in, from, to, "", 0);
	return true;
}

static bool jump(struct input *in, size_t to)
{
	in->cursor = to;
	return true;
}

static bool edit_key(struct input *in, int32_t code)
{
	size_t at = in->cursor;

	switch (code) {
	case CTRL_A:
	case FN(KEY_HOME):
		return jump(in, 0);
	case CTRL_E:
	case FN(KEY_END):
		return jump(in, in->len);
	case CTRL_B:
	case FN(KEY_LEFT):
		return jump(in, input_grapheme_start(in, at));
	case CTRL_F:
	case FN(KEY_RIGHT):
		return jump(in, input_grapheme_end(in, at));
	case CTRL_D:
	case FN(KEY_DC):
		return cut(in, at, input_grapheme_end(in, at));
	case CTRL_H:
	case FN(KEY_BACKSPACE):
		return cut(in, input_grapheme_start(in, at), at);
	case CTRL_W:
		return cut(in, word_start(in, at), at);
	case CTRL_K:
		return cut(in, at, in->len);
	case CTRL_U:
		return cut(in, 0, at);
	default:
		return false;
	}
}

bool input_key(struct input *in, const struct key *k)
{
	char bytes[5];
	size_t n;

	if (k->code == TERM_KEY_PASTE) {
		if (k->paste)
			input_insert(in, k->paste);
		return true;
	}
	if (k->alt)
		return alt_key(in, k->code);
	if (edit_key(in, k->code))
		return true;
	if (k->code < 0x20 || k->code >= 0x110000 || (k->code >= 0x7f && k->code < 0xa0) ||
	    (k->code >= 0xd800 && k->code < 0xe000))
		return false;
	n = utf8_encode((uint32_t)k->code, bytes);
	if (in->len + n <= in->max)
		splice(in, in->cursor, in->cursor, bytes, n);
	wipe(bytes, sizeof bytes);
	return true;
}

/* -- drawing -- */

/* a grapheme as it is drawn */
static const char *shown(const struct input *in, struct screen *s, size_t from, size_t to)
{
	struct term_charset cs = screen_charset(s);
	struct arena *a = screen_arena(s);

	if (in->secret)
		return cs.ascii ? "*" : "\u2022";
	if (in->text[from] == '\n')
		return cs.ascii ? "\\n" : "\u21b5";
	return safe_line(a, arena_strndup(a, in->text + from, to - from), cs);
}

static int columns_between(const struct input *in, struct screen *s, size_t from, size_t to,
			   int enough)
{
	int sum = 0;

	while (from < to && sum <= enough) {
		size_t next = input_grapheme_end(in, from);

		sum += (int)safe_columns(shown(in, s, from, next));
		from = next;
	}
	return sum;
}

/* the cursor shows, with a column for it behind the text */
static void show_cursor(struct input *in, struct screen *s, int columns)
{
	if (in->cursor < in->first) {
		in->first = in->cursor;
		for (int i = 0; i < columns / 4 && in->first > 0; i++)
			in->first = input_grapheme_start(in, in->first);
	}
	if (in->cursor - in->first > (size_t)columns * 64)
		in->first = in->cursor - (size_t)columns * 64;
	while (in->first < in->cursor && ((unsigned char)in->text[in->first] & 0xc0) == 0x80)
		in->first++;
	while (in->first < in->cursor &&
	       columns_between(in, s, in->first, in->cursor, columns) >= columns - (in->first > 0))
		in->first = input_grapheme_end(in, in->first);
}

void input_draw(struct input *in, struct screen *s, struct rect where, int y, int x, int columns,
		bool focused)
{
	struct wr line;
	int used = 0;

	if (columns < 4)
		return;
	if (focused)
		show_cursor(in, s, columns);
	else
		in->first = 0;
	wr_init(&line, 1 << 16);
	if (in->first > 0) {
		wr_str(&line, screen_charset(s).ascii ? "<" : "\u2039");
		used = 1;
	}
	for (size_t at = in->first; at < in->len && used <= columns;) {
		size_t next = input_grapheme_end(in, at);
		const char *one = shown(in, s, at, next);

		if (focused && at == in->cursor)
			screen_cursor(s, where, y, x + used);
		wr_str(&line, one);
		used += (int)safe_columns(one);
		at = next;
	}
	if (focused && in->cursor == in->len)
		screen_cursor(s, where, y, x + used);
	wr_u8(&line, 0);
	screen_cell(s, where, y, x, columns, false, STYLE_FIELD,
		    line.bad ? "" : (const char *)line.buf);
	wr_done_secret(&line);
}
