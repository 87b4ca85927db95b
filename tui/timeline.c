#include "tui/timeline.h"

static char mark(int64_t first, int64_t last, int64_t done, bool goes_on)
{
	if (last <= done)
		return '#';
	if (!goes_on)
		return first <= done ? '#' : '.';
	return first <= done + 1 ? '+' : '-';
}

size_t timeline_draw(char *out, int64_t done, int64_t days, bool goes_on, size_t columns)
{
	int64_t cells;

	done = done < 0 ? 0 : done;
	columns = columns > TIMELINE_COLUMNS_MAX ? TIMELINE_COLUMNS_MAX : columns;
	cells = days < (int64_t)columns ? days : (int64_t)columns;
	out[0] = '\0';
	if (cells <= 0)
		return 0;
	for (int64_t i = 0; i < cells; i++)
		out[i] = mark(i * days / cells + 1, (i + 1) * days / cells, done, goes_on);
	out[cells] = '\0';
	return (size_t)cells;
}
