#include "daemon/engine/csv.h"

#include <string.h>

#include "shared/base/text.h"

/* -- reading -- */

/* the most frequent of the three in the first record, outside of quotes */
static uint8_t detect_delimiter(const uint8_t *at, const uint8_t *end)
{
	static const uint8_t known[] = { ',', ';', '\t' };
	size_t counts[sizeof known] = { 0 };
	bool quoted = false;
	size_t best = 0;

	for (; at < end && (quoted || (*at != '\n' && *at != '\r')); at++) {
		quoted = quoted != (*at == '"');
		for (size_t i = 0; i < sizeof known && !quoted; i++)
			counts[i] += *at == known[i];
	}
	for (size_t i = 1; i < sizeof known; i++)
		best = counts[i] > counts[best] ? i : best;
	return known[best];
}

/* passes over \n, \r\n or \r */
static void pass_line_end(struct csv_reader *r)
{
	bool cr = *r->at++ == '\r';

	if (cr && r->at < r->end && *r->at == '\n')
		r->at++;
	r->next_line++;
}

static bool at_line_end(const struct csv_reader *r)
{
	return *r->at == '\n' || *r->at == '\r';
}

/* a line "sep=;" before the first names the delimiter */
static bool told_delimiter(struct csv_reader *r)
{
	if (r->end - r->at < 6 || memcmp(r->at, "sep=", 4) != 0 ||
	    memchr(",;\t", r->at[4], 3) == NULL || (r->at[5] != '\r' && r->at[5] != '\n'))
		return false;
	r->delimiter = r->at[4];
	r->at += 5;
	pass_line_end(r);
	return true;
}

void csv_reader_init(struct csv_reader *r, struct span bytes)
{
	*r = (struct csv_reader){ .at = bytes.at, .next_line = 1 };
	r->end = bytes.len ? bytes.at + bytes.len : bytes.at;
	if (bytes.len >= 3 && memcmp(bytes.at, "\xEF\xBB\xBF", 3) == 0)
		r->at += 3;
	if (!told_delimiter(r))
		r->delimiter = detect_delimiter(r->at, r->end);
}

static bool in_field(const struct csv_reader *r)
{
	return r->at < r->end && *r->at != r->delimiter && !at_line_end(r);
}

struct field {
	char buf[CSV_FIELD_MAX];
	size_t len;
	const char *problem;
};

static void keep(struct field *f, uint8_t c)
{
	if (f->len == CSV_FIELD_MAX)
		f->problem = "a field is longer than 4096 bytes";
	else
		f->buf[f->len++] = (char)c;
}

/* from behind the opening quote to behind the closing one */
static void read_quoted(struct csv_reader *r, struct field *f)
{
	while (r->at < r->end) {
		uint8_t c = *r->at++;

		if (c == '"') {
			if (r->at >= r->end || *r->at != '"')
				return;
			r->at++;
		}
		if (c == '\n' || (c == '\r' && (r->at >= r->end || *r->at != '\n')))
			r->next_line++;
		keep(f, c);
	}
	f->problem = "a quote is never closed";
}

static void read_field(struct csv_reader *r, struct field *f)
{
	f->len = 0;
	f->problem = NULL;
	if (r->at < r->end && *r->at == '"') {
		r->at++;
		read_quoted(r, f);
		for (; in_field(r); r->at++)
			if (*r->at != ' ' && *r->at != '\t')
				f->problem = "text after a closing quote";
	} else {
		for (; in_field(r); r->at++)
			keep(f, *r->at);
	}
	if (f->problem == NULL && !utf8_valid(span_of(f->buf, f->len)))
		f->problem = "not valid UTF-8";
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static const char *trimmed(struct arena *a, const struct field *f)
{
	const char *at = f->buf;
	size_t n = f->len;

	while (n && is_blank(at[n - 1]))
		n--;
	while (n && is_blank(at[0])) {
		at++;
		n--;
	}
	return arena_strndup(a, at, n);
}

bool csv_read(struct csv_reader *r, struct arena *a, struct csv_record *ret)
{
	struct field f;
	bool more = true;

	while (r->at < r->end && at_line_end(r))
		pass_line_end(r);
	*ret = (struct csv_record){ .line = r->next_line };
	if (r->at >= r->end)
		return false;
	while (more) {
		read_field(r, &f);
		if (ret->problem == NULL)
			ret->problem = f.problem;
		if (ret->len < CSV_COLUMNS_MAX)
			ret->fields[ret->len++] = f.problem ? "" : trimmed(a, &f);
		else if (ret->problem == NULL)
			ret->problem = "more than 128 columns";
		more = r->at < r->end && *r->at == r->delimiter;
		r->at += more;
	}
	if (r->at < r->end)
		pass_line_end(r);
	return true;
}

/* -- formulas -- */

/* behind any apostrophes, a character that begins a formula */
static bool is_guardable(const char *text)
{
	text += strspn(text, "'");
	return *text && strchr("=+-@\t\r", *text) != NULL;
}

const char *csv_unguard(const char *text)
{
	return text[0] == '\'' && is_guardable(text) ? text + 1 : text;
}

/* -- writing -- */

void csv_put(struct wr *w, const char *text)
{
	wr_u8(w, '"');
	if (is_guardable(text))
		wr_u8(w, '\'');
	for (; *text; text++) {
		if (*text == '"')
			wr_u8(w, '"');
		wr_u8(w, (uint8_t)*text);
	}
	wr_u8(w, '"');
}
