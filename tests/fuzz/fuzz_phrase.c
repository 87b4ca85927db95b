/* Any text, up to the first NUL, a pattern behind it: what folds keeps its form when it is folded again,
 * within its bound; a pattern that is taken is matched against the text. */
#include <stdlib.h>
#include <string.h>

#include "shared/base/text.h"

#include "daemon/engine/phrase.h"
#include "daemon/engine/reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	const char *text = arena_strndup(a, (const char *)data, size);
	size_t len = strlen(text);
	char once[PHRASE_MAX], twice[PHRASE_MAX], tight[9];
	const char *stopped, *started;
	struct err e = ERR_NONE;

	if (phrase_fold(text, once, sizeof once)) {
		if (strlen(once) >= sizeof once || !utf8_valid(span_str(once)) ||
		    !phrase_fold(once, twice, sizeof twice) || strcmp(once, twice) != 0 ||
		    !phrase_fold(text, tight, sizeof tight) || strncmp(once, tight, strlen(tight)))
			abort();
		(void)optout_word(once, &stopped, &started);
	}
	if (len < size) {
		const char *pattern =
			arena_strndup(a, (const char *)data + len + 1, size - len - 1);

		if (reply_pattern_check(pattern, &e) == ERR_OK)
			(void)reply_pattern_fits(pattern, text);
	}
	arena_free(a);
	return 0;
}
