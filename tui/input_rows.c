#include <string.h>

#include "shared/base/wr.h"

#include "tui/input.h"

/* what is being broken into rows */
struct rows {
	const struct input *in;
	struct arena *a; /* for one grapheme at a time */
	struct term_charset cs;
	int columns; /* the last one stays free for the cursor */
};

struct row {
	size_t from, to; /* bytes that are shown */
	size_t next;     /* where the next row starts; in->len + 1: there is none */
};

/* a grapheme as it is drawn */
static const char *shown(const struct rows *r, size_t from, size_t to)
{
	if (r->in->text[from] == '\n')
		return "";
	return safe_line(r->a, arena_strndup(r->a, r->in->text + from, to - from), r->cs);
}

static int width_of(const struct rows *r, size_t from, size_t to)
{
	unsigned char here = (unsigned char)r->in->text[from];
	int width;

	if (to == from + 1 && here >= 0x20 && here < 0x7f)
		return 1;
	width = (int)safe_columns(shown(r, from, to));
	arena_reset(r->a);
	return width;
}

static int width_between(const struct rows *r, size_t from, size_t to)
{
	int sum = 0;

	while (from < to) {
		size_t next = input_grapheme_end(r->in, from);

		sum += width_of(r, from, next);
		from = next;
	}
	return sum;
}

/* the row that starts at `from` */
static struct row row_at(const struct rows *r, size_t from)
{
	size_t at = from, blank = 0;
	int used = 0;

	while (at < r->in->len && r->in->text[at] != '\n') {
		size_t next = input_grapheme_end(r->in, at);

		used += width_of(r, at, next);
		if (used > r->columns - 1 && r->in->text[at] == ' ')
			return (struct row){ from, at, next }; /* this blank is the break */
		if (used > r->columns - 1 && at > from) {
			/* behind the last blank; in the word when it has none */
			size_t to = blank ? blank : at;

			return (struct row){ from, to, to };
		}
		if (r->in->text[at] == ' ')
			blank = next;
		at = next;
	}
	return (struct row){ from, at, at + 1 };
}

static struct rows rows_of(const struct input *in, struct arena *a, struct term_charset cs,
			   int columns)
{
	return (struct rows){ in, a, cs, columns < 4 ? 4 : columns };
}

int input_rows(const struct input *in, struct term_charset cs, int columns, int max)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct rows r = rows_of(in, a, cs, columns);
	int n = 0;

	for (size_t at = 0; at <= in->len && n < max; n++)
		at = row_at(&r, at).next;
	return n;
}

/* the cursor is in this row: not yet at the start of the next */
static bool holds(const struct row *row, size_t cursor)
{
	return cursor >= row->from && cursor < row->next;
}

/* the byte at that column of a row, or the row's last */
static size_t byte_at(const struct rows *r, const struct row *row, int column)
{
	size_t at = row->from, last = row->from;

	while (at < row->to) {
		size_t next = input_grapheme_end(r->in, at);

		last = at;
		column -= width_of(r, at, next);
		if (column < 0)
			return at;
		at = next;
	}
	return row->next > row->to ? row->to : last; /* the end of a broken row is the next one */
}

bool input_move_row(struct input *in, struct term_charset cs, int columns, int by)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct rows r = rows_of(in, a, cs, columns);
	struct row row = row_at(&r, 0), before = row;
	bool has_before = false;
	int column;

	while (!holds(&row, in->cursor)) {
		before = row;
		has_before = true;
		row = row_at(&r, row.next);
	}
	column = width_between(&r, row.from, in->cursor);
	if (by < 0 && !has_before)
		return false;
	if (by > 0 && row.next > in->len)
		return false;
	if (by > 0)
		before = row_at(&r, row.next);
	in->cursor = byte_at(&r, &before, column);
	return true;
}

/* in->first becomes the start of a row from which on the cursor's row is among the next `height` */
static void show_cursor(struct input *in, const struct rows *r, int height)
{
	size_t starts[INPUT_ROWS_MAX]; /* of the last rows, around */
	int n = 0, first_at = -1;

	for (size_t at = 0;; n++) {
		struct row row = row_at(r, at);

		starts[n % INPUT_ROWS_MAX] = at;
		if (at == in->first)
			first_at = n;
		if (holds(&row, in->cursor))
			break;
		at = row.next;
	}
	if (first_at >= 0 && n - first_at < height)
		return;
	n = n >= height ? n - height + 1 : 0;
	in->first = starts[n % INPUT_ROWS_MAX];
}

void input_draw_rows(struct input *in, struct screen *s, struct rect where, bool focused)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct rows r = rows_of(in, a, screen_charset(s), where.w);
	int height = where.h < INPUT_ROWS_MAX ? where.h : INPUT_ROWS_MAX;
	size_t at;

	if (focused)
		show_cursor(in, &r, height);
	else
		in->first = 0;
	at = in->first;
	for (int y = 0; y < height; y++) {
		struct row row = at <= in->len ? row_at(&r, at) : (struct row){ 0 };
		struct wr line;

		wr_init(&line, 1 << 16);
		for (size_t g = row.from; g < row.to;) {
			size_t next = input_grapheme_end(in, g);

			wr_str(&line, shown(&r, g, next));
			g = next;
		}
		arena_reset(a);
		wr_u8(&line, 0);
		screen_cell(s, where, y, 0, where.w, false, STYLE_FIELD,
			    line.bad ? "" : (const char *)line.buf);
		wr_done(&line);
		if (at > in->len)
			continue;
		if (focused && holds(&row, in->cursor))
			screen_cursor(s, where, y, width_between(&r, row.from, in->cursor));
		at = row.next;
	}
}
