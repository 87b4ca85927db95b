/* Times as they are read here: the operator's own TZ; wad tells instants. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tui/view.h"

enum { MINUTE_S = 60, HOUR_S = 3600, DAY_S = 86400 };

const char *view_time(const struct view *v, struct arena *a, const char *rfc3339)
{
	time_t then, now = (time_t)(clock_unix(view_clock(v)).ms / 1000);
	struct tm t, today;
	char text[32];
	unix_ms at;

	if (rfc3339 == NULL || !unix_ms_parse(rfc3339, &at))
		return "";
	then = (time_t)(at.ms / 1000);
	if (localtime_r(&then, &t) == NULL || localtime_r(&now, &today) == NULL)
		return "";
	if (t.tm_year == today.tm_year && t.tm_yday == today.tm_yday)
		strftime(text, sizeof text, "%H:%M", &t);
	else if (llabs((long long)(then - now)) < 6 * DAY_S)
		strftime(text, sizeof text, "%a %H:%M", &t);
	else if (t.tm_year == today.tm_year)
		strftime(text, sizeof text, "%d %b %H:%M", &t);
	else
		strftime(text, sizeof text, "%d %b %Y", &t);
	return arena_strdup(a, text);
}

const char *view_ago(const struct view *v, struct arena *a, const char *rfc3339)
{
	long long s, n;
	const char *unit;
	unix_ms at;

	if (rfc3339 == NULL || !unix_ms_parse(rfc3339, &at))
		return "";
	s = (long long)(clock_unix(view_clock(v)).ms - at.ms) / 1000;
	n = llabs(s);
	unit = n < MINUTE_S ? "s" : n < HOUR_S ? "min" : n < 2 * DAY_S ? "h" : "days";
	n = n < MINUTE_S ? n : n < HOUR_S ? n / MINUTE_S : n < 2 * DAY_S ? n / HOUR_S : n / DAY_S;
	if (s >= 0)
		return arena_printf(a, "%lld %s ago", n, unit);
	return arena_printf(a, "in %lld %s", n, unit);
}

const char *view_when(const struct view *v, struct arena *a, const char *rfc3339)
{
	char text[64];
	struct tm t;
	time_t then;
	unix_ms at;

	if (rfc3339 == NULL || !unix_ms_parse(rfc3339, &at))
		return "";
	then = (time_t)(at.ms / 1000);
	if (localtime_r(&then, &t) == NULL ||
	    strftime(text, sizeof text, "%a %d %b %Y %H:%M %Z", &t) == 0)
		return "";
	return arena_printf(a, "%s, %s", text, view_ago(v, a, rfc3339));
}
