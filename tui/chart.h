#pragma once
/* Charts of text: bars with eighths of a cell, sparklines of eight levels, lines of braille dots;
 * with # and " .:-=+*#" where the charset is ASCII. The numbers stand beside them, a chart is never
 * the only source. Values below 0 count as 0. Owns nothing: all is in the screen's arena. */
#include <stdint.h>

#include "tui/screen.h"

/* one value a column, the newest at the right edge; zero is a blank, the lowest other value shows */
void chart_spark(struct screen *s, struct rect in, int y, int x, int columns, enum style st,
		 const int64_t *values, size_t len);
/* value of max as a horizontal bar of at most `columns`; the lowest value above 0 shows */
void chart_bar(struct screen *s, struct rect in, int y, int x, int columns, enum style st,
	       int64_t value, int64_t max);

enum { CHART_SERIES_MAX = 4 };
struct chart_series {
	const char *name;
	enum style style;
	const int64_t *values;
};
/* Over the whole rectangle: names with max and last value on top, a scale at the left (1-2-5 steps,
 * rounded up), labels below; labels or labels[i] may be NULL. A bar for each value, side by side, told
 * apart by their fill; where there is no room for bars a line a series. The newest is at the right.
 * unit: "messages". At most CHART_SERIES_MAX series. */
void chart_columns(struct screen *s, struct rect in, const struct chart_series *series,
		   size_t series_len, const char *const *labels, size_t len, const char *unit);
/* The same where each series is a part of the one before (sent, read, replied): one bar a value, the parts
 * drawn over the whole. */
void chart_nested(struct screen *s, struct rect in, const struct chart_series *series,
		  size_t series_len, const char *const *labels, size_t len, const char *unit);
/* as "1,234" and "12.3 k"; in the screen's arena */
const char *chart_number(struct screen *s, int64_t v);
const char *chart_short(struct screen *s, int64_t v);
/* the least of 1, 2, 5 x 10^n not below v; 1 for 0 and less */
int64_t chart_scale(int64_t v);
