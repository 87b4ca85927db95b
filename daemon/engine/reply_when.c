#include "daemon/engine/reply_when.h"

#include <stdio.h>
#include <string.h>

#include "shared/base/macros.h"

static const char *const names[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };

bool reply_is_time(const char *t)
{
	for (int i = 0; i < 5; i++)
		if (i == 2 ? t[i] != ':' : (t[i] < '0' || t[i] > '9'))
			return false;
	return (t[0] - '0') * 10 + t[1] - '0' < 24 && t[3] < '6';
}

bool reply_hours_parse(const char *text, char from[static 6], char to[static 6])
{
	from[0] = to[0] = '\0';
	if (strcmp(text, "always") == 0)
		return true;
	if (strlen(text) != 11 || text[5] != '-' || !reply_is_time(text) ||
	    !reply_is_time(text + 6) || memcmp(text, text + 6, 5) == 0)
		return false;
	snprintf(from, 6, "%.5s", text);
	snprintf(to, 6, "%.5s", text + 6);
	return true;
}

static bool day_of(const char *text, size_t *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strncmp(text, names[i], 3) == 0) {
			*ret = i;
			return true;
		}
	return false;
}

bool reply_days_parse(const char *text, int32_t *ret_days)
{
	int32_t days = 0;

	if (strcmp(text, "all") == 0) {
		*ret_days = REPLY_DAYS_ALL;
		return true;
	}
	for (;;) {
		size_t first, last;

		if (!day_of(text, &first))
			return false;
		last = first;
		text += 3;
		if (*text == '-') {
			if (!day_of(text + 1, &last))
				return false;
			text += 4;
		}
		for (size_t i = first; days |= 1 << i, i != last; i = (i + 1) % ARRAY_LEN(names))
			;
		if (*text == '\0')
			break;
		if (*text++ != ',')
			return false;
	}
	*ret_days = days;
	return true;
}

void reply_days_text(int32_t days, char out[static REPLY_DAYS_TEXT])
{
	size_t len = 0;

	out[0] = '\0';
	if (days == REPLY_DAYS_ALL) {
		snprintf(out, REPLY_DAYS_TEXT, "all");
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (days & 1 << i)
			len += (size_t)snprintf(out + len, REPLY_DAYS_TEXT - len, "%s%s",
						len ? "," : "", names[i]);
}
