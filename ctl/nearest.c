#include "ctl/nearest.h"

#include <string.h>

#include "shared/base/text.h"

void nearest_try(struct nearest *n, const char *candidate, size_t len)
{
	char one[64];
	unsigned distance;

	if (len >= sizeof one)
		return;
	memcpy(one, candidate, len);
	one[len] = '\0';
	distance = edit_distance(n->word, one, 2);
	if (distance > 2)
		distance = n->word[0] && strncmp(one, n->word, strlen(n->word)) == 0 ? 3 : 4;
	if (distance < n->distance) {
		n->distance = distance;
		memcpy(n->hold, one, len + 1);
		n->best = n->hold;
	}
}

enum errc nearest_refuse(const char *what, const struct nearest *n, struct err *e)
{
	if (n->best == NULL)
		return err_set(e, ERR_USAGE, "no %s '%.60s'; see wactl help", what, n->word);
	return err_set(e, ERR_USAGE, "no %s '%.60s', did you mean '%s'?", what, n->word, n->best);
}
