#include "tui/chart.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "shared/base/text.h"
#include "shared/base/wr.h"

enum { LEVELS = 8, BLOCK_LOW = 0x2581, BLOCK_FULL = 0x2588, BRAILLE = 0x2800 };

static const char ascii_levels[] = " .:-=+*#"; /* 8 of them: zero, then seven */

static int64_t positive(int64_t v)
{
	return v > 0 ? v : 0;
}

static int64_t max_of(const int64_t *values, size_t len)
{
	int64_t max = 0;

	for (size_t i = 0; i < len; i++)
		max = values[i] > max ? values[i] : max;
	return max;
}

/* v of max as parts of `parts`, rounded up so that what is not zero shows */
static int share(int64_t v, int64_t max, int parts)
{
	if (v <= 0 || max <= 0)
		return 0;
	if (v >= max)
		return parts;
	return (int)((double)v / (double)max * parts - 1e-9) + 1;
}

static void put_code(struct wr *w, uint32_t code)
{
	char utf8[5];

	wr_put(w, utf8, utf8_encode(code, utf8));
}

/* the text of w, which is done with */
static const char *text_of(struct screen *s, struct wr *w)
{
	const char *text =
		arena_strndup(screen_arena(s), w->len ? (const char *)w->buf : "", w->len);

	wr_done(w);
	return text;
}

void chart_spark(struct screen *s, struct rect in, int y, int x, int columns, enum style st,
		 const int64_t *values, size_t len)
{
	bool ascii = screen_charset(s).ascii;
	size_t shown = columns < 0 ? 0 : (size_t)columns;
	int64_t max;
	struct wr w;

	shown = len < shown ? len : shown;
	values += len - shown;
	max = max_of(values, shown);
	wr_init(&w, 4 * shown + 1);
	for (size_t i = 0; i < shown; i++) {
		int level = share(values[i], max, ascii ? LEVELS - 1 : LEVELS);

		if (ascii)
			wr_u8(&w, (uint8_t)ascii_levels[level]);
		else
			put_code(&w, level ? BLOCK_LOW + (uint32_t)level - 1 : ' ');
	}
	screen_cell(s, in, y, x, columns, true, st, text_of(s, &w));
}

void chart_bar(struct screen *s, struct rect in, int y, int x, int columns, enum style st,
	       int64_t value, int64_t max)
{
	bool ascii = screen_charset(s).ascii;
	int per_cell = ascii ? 1 : LEVELS;
	int parts = columns > 0 ? share(value, max, columns * per_cell) : 0;
	struct wr w;

	if (columns <= 0)
		return;
	wr_init(&w, 4 * (size_t)columns + 1);
	for (; parts >= per_cell; parts -= per_cell)
		put_code(&w, ascii ? '#' : BLOCK_FULL);
	if (parts > 0) /* from the left: the eighths count down from the full block */
		put_code(&w, BLOCK_FULL + LEVELS - (uint32_t)parts);
	screen_cell(s, in, y, x, columns, false, st, text_of(s, &w));
}

/* -- columns -- */
struct plot {
	struct screen *s;
	struct rect in; /* of the bars alone */
	const struct chart_series *series;
	size_t series_len, first, shown; /* values first .. first + shown - 1 are drawn */
	int64_t scale;
	bool ascii, nested;
	int slot, bar; /* columns of one value, of one bar in it */
};

/* what fills the cells of a series, and stands for it in the legend */
static const char *fill_of(const struct plot *p, size_t i)
{
	static const char *const blocks[] = { "\xe2\x96\x88", "\xe2\x96\x92", "\xe2\x96\x91",
					      "\xe2\x96\x93" };
	static const char *const ascii[] = { "#", "=", ":", "%" };

	return p->ascii ? ascii[i] : blocks[i];
}

static void draw_bar(const struct plot *p, size_t i, int x, int64_t v)
{
	const struct chart_series *series = &p->series[i];
	bool eighths = !p->ascii && i == 0; /* only the full block has them */
	int per_cell = eighths ? LEVELS : 1, left = share(v, p->scale, p->in.h * per_cell);

	for (int y = p->in.h - 1; y >= 0 && left > 0; y--, left -= per_cell) {
		char part[5];

		utf8_encode(BLOCK_LOW + (uint32_t)(left < LEVELS ? left : LEVELS) - 1, part);
		for (int c = 0; c < p->bar; c++)
			screen_text(p->s, p->in, y, x + c, series->style,
				    eighths ? part : fill_of(p, i));
	}
}

static void draw_bars(const struct plot *p)
{
	for (size_t v = 0; v < p->shown; v++)
		for (size_t i = 0; i < p->series_len; i++)
			draw_bar(p, i, (int)v * p->slot + (p->nested ? 0 : (int)i * p->bar),
				 p->series[i].values[p->first + v]);
}

/* a series as dots, two values a cell */
static void draw_line(const struct plot *p, size_t i)
{
	static const uint8_t bits[2][4] = { { 0x40, 0x04, 0x02, 0x01 },
					    { 0x80, 0x20, 0x10, 0x08 } };
	int across = p->ascii ? 1 : 2, up = p->ascii ? 1 : 4, dots = p->in.w * across;
	size_t cells = (size_t)p->in.w * (size_t)p->in.h;
	uint8_t *drawn = arena_alloc(screen_arena(p->s), cells + 1);

	for (int x = 0; x < dots; x++) {
		size_t at = (size_t)x * p->shown / (size_t)dots;
		int v = share(p->series[i].values[p->first + at], p->scale, p->in.h * up);
		int level = v > 0 ? v - 1 : 0, y = p->in.h - 1 - level / up;

		drawn[(size_t)y * (size_t)p->in.w + (size_t)(x / across)] |=
			p->ascii ? 1 : bits[x % across][level % up];
	}
	for (size_t c = 0; c < cells; c++) {
		char dot[5];

		if (drawn[c] == 0)
			continue;
		utf8_encode(BRAILLE + drawn[c], dot);
		screen_text(p->s, p->in, (int)c / p->in.w, (int)c % p->in.w, p->series[i].style,
			    p->ascii ? fill_of(p, i) : dot);
	}
}

static void draw_legend(const struct plot *p, struct rect top, size_t len, bool has_bars,
			const char *unit)
{
	int x = 0;

	for (size_t i = 0; i < p->series_len; i++) {
		const struct chart_series *s = &p->series[i];

		if (x > 0)
			x += 2;
		if (has_bars || p->ascii)
			x += screen_textf(p->s, top, 0, x, s->style, "%s ", fill_of(p, i));
		x += screen_textf(p->s, top, 0, x, s->style, "%s", s->name ? s->name : "");
		x += screen_textf(p->s, top, 0, x, STYLE_NORMAL, " max %s last %s",
				  chart_number(p->s, max_of(s->values, len)),
				  chart_number(p->s, len ? positive(s->values[len - 1]) : 0));
	}
	if (unit)
		screen_textf(p->s, top, 0, x, STYLE_DIM, " %s", unit);
}

static void draw_scale(const struct plot *p, struct rect left)
{
	screen_cell(p->s, left, 0, 0, left.w - 1, true, STYLE_DIM, chart_short(p->s, p->scale));
	/* the middle line stands for half of it, when that is a whole number */
	if (p->in.h >= 5 && p->in.h % 2 == 1 && p->scale % 2 == 0)
		screen_cell(p->s, left, p->in.h / 2, 0, left.w - 1, true, STYLE_DIM,
			    chart_short(p->s, p->scale / 2));
	screen_cell(p->s, left, p->in.h - 1, 0, left.w - 1, true, STYLE_DIM, "0");
	screen_vline(p->s, (struct rect){ left.y, left.x, p->in.h, left.w }, left.w - 1,
		     STYLE_BORDER);
}

/* each below its value, left out where it would touch the one before */
static void draw_labels(const struct plot *p, struct rect below, const char *const *labels)
{
	int used = 0;

	for (size_t v = 0; labels && v < p->shown; v++) {
		const char *label = labels[p->first + v];
		int x = p->slot ? (int)v * p->slot : (int)(v * (size_t)p->in.w / p->shown);

		if (label == NULL || *label == '\0' || x < used)
			continue;
		if (x + (int)safe_columns(label) > below.w)
			break;
		used = x + screen_text(p->s, below, 0, x, STYLE_DIM, label) + 1;
	}
}

static void draw_columns(struct plot p, struct rect in, const char *const *labels, size_t len,
			 const char *unit)
{
	struct screen *s = p.s;
	struct rect top = rect_top(&in, 1), below, left;
	int64_t max = 0;

	for (size_t i = 0; i < p.series_len; i++) {
		int64_t own = max_of(p.series[i].values, len);

		max = own > max ? own : max;
	}
	p.scale = chart_scale(max);
	p.shown = len;
	below = rect_bottom(&in, labels ? 1 : 0);
	left = rect_left(&in, (int)safe_columns(chart_short(s, p.scale)) + 1);
	below.x += left.w;
	below.w -= left.w;
	p.in = in;
	if (len > 0 && p.series_len > 0)
		p.slot = in.w / (int)len;
	/* a bar has at least a column, groups of bars one between them */
	p.bar = p.series_len > 1 && !p.nested ? (p.slot - 1) / (int)p.series_len
		: p.slot > 2                  ? p.slot - 1
					      : p.slot;
	if (p.bar < 1)
		p.slot = 0;
	draw_legend(&p, top, len, p.slot > 0, unit);
	if (in.h < 2 || in.w < 2 || len == 0 || p.series_len == 0)
		return;
	draw_scale(&p, left);
	draw_labels(&p, below, labels);
	if (p.slot > 0) {
		draw_bars(&p);
		return;
	}
	for (size_t i = p.series_len; i > 0; i--) /* the first lies on top */
		draw_line(&p, i - 1);
}

void chart_columns(struct screen *s, struct rect in, const struct chart_series *series,
		   size_t series_len, const char *const *labels, size_t len, const char *unit)
{
	struct plot p = { .s = s, .series = series, .ascii = screen_charset(s).ascii };

	p.series_len = series_len < CHART_SERIES_MAX ? series_len : CHART_SERIES_MAX;
	draw_columns(p, in, labels, len, unit);
}

void chart_nested(struct screen *s, struct rect in, const struct chart_series *series,
		  size_t series_len, const char *const *labels, size_t len, const char *unit)
{
	struct plot p = { .s = s, .series = series, .ascii = screen_charset(s).ascii };

	p.series_len = series_len < CHART_SERIES_MAX ? series_len : CHART_SERIES_MAX;
	p.nested = true;
	draw_columns(p, in, labels, len, unit);
}

/* -- numbers -- */
const char *chart_number(struct screen *s, int64_t v)
{
	char digits[24], out[32];
	size_t len, at = 0;

	snprintf(digits, sizeof digits, "%" PRIu64, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
	len = strlen(digits);
	if (v < 0)
		out[at++] = '-';
	for (size_t i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			out[at++] = ',';
		out[at++] = digits[i];
	}
	return arena_strndup(screen_arena(s), out, at);
}

const char *chart_short(struct screen *s, int64_t v)
{
	static const char units[] = " kMGTPE";
	uint64_t left = v < 0 ? 0 - (uint64_t)v : (uint64_t)v, tenths = 0;
	size_t unit = 0;

	for (; left >= 1000; left /= 1000, unit++) /* cut, not rounded: 999,999 is not 1000 k */
		tenths = left % 1000 / 100;
	if (unit == 0)
		return arena_printf(screen_arena(s), "%" PRId64, v);
	if (tenths == 0)
		return arena_printf(screen_arena(s), "%s%" PRIu64 " %c", v < 0 ? "-" : "", left,
				    units[unit]);
	return arena_printf(screen_arena(s), "%s%" PRIu64 ".%" PRIu64 " %c", v < 0 ? "-" : "", left,
			    tenths, units[unit]);
}

int64_t chart_scale(int64_t v)
{
	static const int steps[] = { 1, 2, 5 };

	for (int64_t ten = 1;; ten *= 10) {
		for (size_t i = 0; i < ARRAY_LEN(steps); i++)
			if (ten > INT64_MAX / steps[i] || ten * steps[i] >= v)
				return ten > INT64_MAX / steps[i] ? INT64_MAX : ten * steps[i];
		if (ten > INT64_MAX / 10)
			return INT64_MAX;
	}
}
