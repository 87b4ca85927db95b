#include "shared/term/safe.h"

#include <string.h>
#include <utf8proc.h>
#include <wchar.h>

#include "shared/base/text.h"
#include "shared/base/wr.h"

enum {
	MARKS_MAX = 4, /* zero-width characters that ncurses keeps with one cell */
	ZWJ = 0x200d,
	NO_CHAR = 0xfffd,
	FLAG_A = 0x1f1e6,       /* regional indicators, A to Z */
	DOTTED_CIRCLE = 0x25cc, /* carries a mark that has no letter */
	EACH_MAX = 4            /* bytes a character may need at most */
};

bool safe_is_harmful(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x61c || /* arabic mark */
	       (code >= 0x200e && code <= 0x200f) ||                            /* LRM, RLM */
	       (code >= 0x2028 && code <= 0x202e) ||                            /* LS, PS, bidi */
	       (code >= 0x2066 && code <= 0x206f) ||                            /* isolates */
	       code == 0xfeff || (code >= 0xfff9 && code <= 0xfffb);
}

static bool is_regional(uint32_t code)
{
	return code >= FLAG_A && code < FLAG_A + 26;
}

static bool is_skin_tone(uint32_t code)
{
	return code >= 0x1f3fb && code <= 0x1f3ff;
}

/* drawn by nobody, or taken for granted by us: left out */
static bool is_dropped(uint32_t code)
{
	return is_skin_tone(code) || (code >= 0xfe00 && code <= 0xfe0f) ||
	       code == 0x20e3 ||                                                  /* VS, keycap */
	       (code >= 0xe0000 && code <= 0xe0fff) || code == 0x34f ||           /* tags, CGJ */
	       utf8proc_category((utf8proc_int32_t)code) == UTF8PROC_CATEGORY_CF; /* formatting */
}

/* What stands for a character where there is ASCII only. */
static const char *ascii_of(uint32_t code, char out[2])
{
	/* clang-format off */
	static const struct {
		uint32_t code;
		const char *text;
	} stand_ins[] = {
		{ 0xa0, " " },     { 0xab, "\"" },    { 0xb7, "." },     { 0xbb, "\"" },    { 0xd7, "x" },
		{ 0x2010, "-" },   { 0x2011, "-" },   { 0x2012, "-" },   { 0x2013, "-" },   { 0x2014, "-" },
		{ 0x2018, "'" },   { 0x2019, "'" },   { 0x201c, "\"" },  { 0x201d, "\"" },  { 0x201e, "\"" },
		{ 0x2022, "*" },   { 0x2026, "..." }, { 0x2039, "<" },   { 0x203a, ">" },   { 0x20ac, "EUR" },
		{ 0x2190, "<" },   { 0x2191, "^" },   { 0x2192, ">" },   { 0x2193, "v" },   { 0x21b5, "\\" },
		{ 0x2212, "-" },   { 0x2500, "-" },   { 0x2502, "|" },   { 0x25a0, "#" },   { 0x25b2, "^" },
		{ 0x25b6, ">" },   { 0x25b8, ">" },   { 0x25bc, "v" },   { 0x25be, "v" },   { 0x25c0, "<" },
		{ 0x25c6, "*" },   { 0x25cb, "o" },   { 0x25cf, "*" },   { 0x2713, "v" },   { 0x2714, "v" },
		{ 0x2715, "x" },   { 0x2717, "x" },
	};
	/* clang-format on */
	utf8proc_int32_t parts[8];
	int last = 0;

	out[0] = code < 0x7f ? (char)code : '?';
	out[1] = '\0';
	if (code < 0x7f)
		return out;
	for (size_t i = 0; i < ARRAY_LEN(stand_ins); i++)
		if (stand_ins[i].code == code)
			return stand_ins[i].text;
	if (code >= 0x2580 && code <= 0x259f)
		out[0] = '#';
	else if (utf8proc_decompose_char((utf8proc_int32_t)code, parts, ARRAY_LEN(parts),
					 UTF8PROC_DECOMPOSE, &last) > 1 &&
		 parts[0] < 0x7f)
		out[0] = (char)parts[0];
	return out;
}

/* -- reading by graphemes -- */
struct reader {
	const uint8_t *at;
	size_t left;
};

struct cluster { /* one grapheme */
	const uint8_t *at;
	size_t bytes;
};

static uint32_t take_char(const uint8_t *at, size_t left, size_t *ret_len)
{
	uint32_t code = 0;
	size_t len = utf8_decode(at, left, &code);

	*ret_len = len ? len : 1;
	return len ? code : NO_CHAR;
}

static struct cluster next_cluster(struct reader *r)
{
	struct cluster c = { r->at, 0 };
	utf8proc_int32_t state = 0;
	size_t len;
	uint32_t code = take_char(r->at, r->left, &len), next;

	for (;;) {
		bool was_bad = code == NO_CHAR && len == 1;

		c.bytes += len;
		if (c.bytes == r->left || was_bad)
			break;
		next = take_char(r->at + c.bytes, r->left - c.bytes, &len);
		if ((next == NO_CHAR && len == 1) ||
		    utf8proc_grapheme_break_stateful((utf8proc_int32_t)code, (utf8proc_int32_t)next,
						     &state))
			break;
		code = next;
	}
	r->at += c.bytes;
	r->left -= c.bytes;
	return c;
}

/* -- making safe -- */
struct writer {
	struct wr w;
	size_t columns, columns_max; /* stops once past it */
	bool ascii;
};

static void put_code(struct writer *w, uint32_t code, size_t columns)
{
	char utf8[5], one[2];
	const char *text = utf8;

	if (w->ascii)
		text = ascii_of(code, one);
	else
		utf8_encode(code, utf8);
	wr_str(&w->w, text);
	w->columns += w->ascii ? strlen(text) : columns;
}

/* A control, separator or mark of its own. CR LF is one grapheme. */
static void put_control(struct writer *w, uint32_t code)
{
	if (code == '\n' || code == '\t' || code == '\r' || code == 0x2028 || code == 0x2029)
		put_code(w, ' ', 1);
	else if (code < 0xa0)
		put_code(w, NO_CHAR, 1); /* the rest is invisible */
}

/* Where a grapheme starts with what has no width of its own. Returns how many marks it has then. */
static size_t put_lone_mark(struct writer *w, uint32_t code)
{
	if (w->ascii || utf8proc_grapheme_break(DOTTED_CIRCLE, (utf8proc_int32_t)code)) {
		put_code(w, NO_CHAR, 1);
		return MARKS_MAX; /* nor does the rest belong to that */
	}
	put_code(w, DOTTED_CIRCLE, 1);
	put_code(w, code, 0);
	return 1;
}

static int width_of(const struct writer *w, uint32_t code)
{
	utf8proc_category_t kind;

	if (!w->ascii)
		return wcwidth((wchar_t)code);
	/* the C locale knows no widths; one grapheme is one character here */
	kind = utf8proc_category((utf8proc_int32_t)code);
	return kind == UTF8PROC_CATEGORY_MN || kind == UTF8PROC_CATEGORY_ME ? 0 : 1;
}

/* Two of them are a flag; one alone is drawn in any width, so it becomes its letter. Returns the bytes
 * used up. */
static size_t put_regional(struct writer *w, struct cluster c, size_t at)
{
	size_t len, next_len = 0;
	uint32_t code = take_char(c.at + at, c.bytes - at, &len), next = 0;

	if (at + len < c.bytes)
		next = take_char(c.at + at + len, c.bytes - at - len, &next_len);
	if (!is_regional(next)) {
		put_code(w, 'A' + code - FLAG_A, 1);
		return len;
	}
	put_code(w, w->ascii ? 'A' + code - FLAG_A : code, 1);
	put_code(w, w->ascii ? 'A' + next - FLAG_A : next, 1);
	return len + next_len;
}

static void put_cluster(struct writer *w, struct cluster c)
{
	size_t len, marks = 0;
	bool joined = false, begun = false;

	for (size_t i = 0; i < c.bytes; i += len) {
		uint32_t code = take_char(c.at + i, c.bytes - i, &len);
		int width;

		if (safe_is_harmful(code)) { /* always a grapheme of its own */
			put_control(w, code);
			return;
		}
		joined |= code == ZWJ;
		if (i == 0 && is_skin_tone(code)) /* of nobody */
			code = NO_CHAR;
		if (is_dropped(code))
			continue;
		width = width_of(w, code);
		if (joined && begun && width > 0) { /* several people in one picture */
			put_code(w, '+', 1);
			return;
		}
		if (is_regional(code)) {
			len = put_regional(w, c, i);
			marks = 0;
		} else if (w->ascii && begun && (width == 0 || code >= 0x7f)) {
			continue;
		} else if (width != 0) {
			put_code(w, width > 0 ? code : NO_CHAR, width > 0 ? (size_t)width : 1);
			marks = 0;
		} else if (!begun) {
			marks = put_lone_mark(w, code);
		} else if (marks < MARKS_MAX) {
			put_code(w, code, 0);
			marks++;
		}
		begun = true;
	}
}

/* Safe text of the first `len` bytes until it is wider than columns_max. */
static char *make_safe(struct arena *a, const char *text, size_t len, size_t columns_max,
		       struct term_charset cs)
{
	struct reader r = { (const uint8_t *)text, len };
	struct writer w = { .columns_max = columns_max, .ascii = cs.ascii };
	char *safe;

	wr_init(&w.w, (len + 1) * (EACH_MAX + 1));
	while (r.left > 0 && w.columns <= w.columns_max)
		put_cluster(&w, next_cluster(&r));
	safe = arena_strndup(a, w.w.len ? (const char *)w.w.buf : "", w.w.len);
	wr_done(&w.w);
	return safe;
}

char *safe_line(struct arena *a, const char *text, struct term_charset cs)
{
	return make_safe(a, text ? text : "", text ? strlen(text) : 0, SIZE_MAX - 8, cs);
}

size_t safe_columns(const char *safe)
{
	return utf8_columns(safe);
}

static size_t cluster_columns(struct cluster c)
{
	size_t columns = 0, len;

	for (size_t i = 0; i < c.bytes; i += len) {
		int width = wcwidth((wchar_t)take_char(c.at + i, c.bytes - i, &len));

		columns += width < 0 ? 1 : (size_t)width;
	}
	return columns;
}

size_t safe_fit(const char *safe, size_t columns)
{
	struct reader r = { (const uint8_t *)safe, strlen(safe) };
	size_t used = 0, bytes = 0;

	while (r.left > 0) {
		struct cluster c = next_cluster(&r);

		used += cluster_columns(c);
		if (used > columns)
			break;
		bytes += c.bytes;
	}
	return bytes;
}

static char *with_ellipsis(struct arena *a, const char *safe, size_t columns,
			   struct term_charset cs)
{
	const char *dots = cs.ascii ? "..." : "\xe2\x80\xa6";
	size_t dots_columns = cs.ascii ? 3 : 1;

	if (columns < dots_columns)
		return arena_strndup(a, "...", cs.ascii ? columns : 0);
	return arena_printf(a, "%.*s%s", (int)safe_fit(safe, columns - dots_columns), safe, dots);
}

char *safe_cut(struct arena *a, const char *safe, size_t columns, struct term_charset cs)
{
	if (safe[safe_fit(safe, columns)] == '\0')
		return arena_strdup(a, safe);
	return with_ellipsis(a, safe, columns, cs);
}

char *safe_head(struct arena *a, const char *text, size_t columns, struct term_charset cs)
{
	return safe_cut(a, make_safe(a, text ? text : "", text ? strlen(text) : 0, columns, cs),
			columns, cs);
}

/* -- lines -- */

/* Bytes of a line that starts at `safe`, and those to skip behind it: it ends before a blank or a wide
 * character, or anywhere when there is neither. */
static size_t break_at(const char *safe, size_t columns, size_t *ret_skip)
{
	struct reader r = { (const uint8_t *)safe, strlen(safe) };
	size_t used = 0, at = 0, good = 0;
	bool was_wide = false;

	*ret_skip = 0;
	while (r.left > 0) {
		struct cluster c = next_cluster(&r);
		size_t wide = cluster_columns(c);
		bool is_blank = c.bytes == 1 && *c.at == ' ';

		if (at > 0 && (is_blank || wide > 1 || was_wide))
			good = at;
		if (used + wide > columns && !(is_blank && used == columns)) {
			if (at == 0) { /* wider than a whole line */
				*ret_skip = c.bytes;
				return 0;
			}
			at = good ? good : at;
			*ret_skip = safe[at] == ' ';
			return at;
		}
		if (used + wide > columns) { /* a blank just behind a full line */
			*ret_skip = 1;
			return at;
		}
		used += wide;
		at += c.bytes;
		was_wide = wide > 1;
	}
	return at;
}

struct lines {
	struct arena *a;
	char **at;
	size_t len, cap, max;
};

/* false: there was no room */
static bool add_line(struct lines *l, const char *safe, size_t bytes)
{
	if (l->len == l->max)
		return false;
	if (l->len == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 8;
		char **more = arena_alloc(l->a, cap * sizeof *more);

		if (l->len)
			memcpy(more, l->at, l->len * sizeof *more);
		l->at = more;
		l->cap = cap;
	}
	l->at[l->len++] = arena_strndup(l->a, safe, bytes);
	return true;
}

static bool add_paragraph(struct lines *l, const char *safe, size_t columns)
{
	size_t skip;

	if (*safe == '\0')
		return add_line(l, "", 0);
	while (*safe) {
		size_t bytes = break_at(safe, columns, &skip);

		if (bytes + skip == 0 || ((bytes > 0 || skip == 0) && !add_line(l, safe, bytes)))
			return false;
		safe += bytes + skip;
	}
	return true;
}

size_t safe_wrap(struct arena *a, const char *text, size_t columns, size_t max_lines,
		 struct term_charset cs, char ***ret_lines)
{
	struct lines l = { .a = a, .max = max_lines };
	bool fits = true;
	size_t len;

	text = text ? text : "";
	columns = columns ? columns : 1;
	do {
		const char *end = strchr(text, '\n');
		/* what could be shown at most, blanks between lines included */
		size_t lines = max_lines - l.len + 1, most = SIZE_MAX - 8;

		if (columns > 1 && lines < most / (columns + 1))
			most = lines * (columns + 1);
		len = end ? (size_t)(end - text) : strlen(text);
		fits = add_paragraph(
			&l,
			make_safe(a, text, len - (end && len && text[len - 1] == '\r'), most, cs),
			columns);
		text += len + (end != NULL);
	} while (fits && *text);
	if (l.len == 0)
		add_line(&l, "", 0);
	else if (!fits)
		l.at[l.len - 1] = with_ellipsis(a, l.at[l.len - 1], columns, cs);
	*ret_lines = l.at;
	return l.len;
}
