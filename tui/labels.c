#include "tui/labels.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "shared/base/wr.h"
#include "shared/base/xalloc.h"

/* the next one without blanks around it; false at the end */
static bool next_label(const char **at, const char **ret, size_t *ret_len)
{
	while (**at) {
		size_t len = strcspn(*at, ","), lead;

		*ret = *at;
		*at += len + ((*at)[len] == ',');
		lead = strspn(*ret, " \t");
		lead = lead > len ? len : lead;
		*ret += lead;
		len -= lead;
		while (len && strchr(" \t", (*ret)[len - 1]))
			len--;
		*ret_len = len;
		if (len)
			return true;
	}
	return false;
}

/* has it, as one to add or with a minus before it */
static bool has_label(const char *labels, const char *label, size_t len, bool taken_away)
{
	const char *one;
	size_t one_len;

	while (next_label(&labels, &one, &one_len)) {
		bool minus = *one == '-';

		if (minus != taken_away)
			continue;
		if (one_len - minus == len && strncasecmp(one + minus, label, len) == 0)
			return true;
	}
	return false;
}

static void put(struct wr *w, const char *label, size_t len)
{
	wr_str(w, w->len ? "," : "");
	wr_put(w, label, len);
}

char *labels_change(const char *labels, const char *change)
{
	const char *at, *one;
	size_t len;
	struct wr w;

	wr_init(&w, 1 << 20);
	for (at = labels; next_label(&at, &one, &len);)
		if (!has_label(change, one, len, true))
			put(&w, one, len);
	for (at = change; next_label(&at, &one, &len);)
		if (*one != '-' && !has_label(labels, one, len, false))
			put(&w, one, len);
	wr_u8(&w, 0);
	return w.bad ? xstrdup(labels) : (char *)wr_take(&w, &len);
}
