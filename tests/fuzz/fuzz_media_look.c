/* Any bytes, as each kind of file, and as a file's name: what is taken has a type; a name is short and clean. */
#include <stdlib.h>
#include <string.h>

#include "shared/base/arena.h"
#include "shared/base/text.h"

#include "daemon/api/media_look.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const kinds[] = { "image", "video", "document" };
	struct arena *a = arena_new();
	char name[MEDIA_NAME_MAX + 1];
	struct media_look l;
	struct err e = ERR_NONE;

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (media_look(kinds[i], span_of(data, size), &l, &e) == ERR_OK &&
		    l.mimetype == NULL)
			abort();
	if (media_name(arena_strndup(a, (const char *)data, size), name) &&
	    (strchr(name, '/') || strlen(name) > MEDIA_NAME_MAX || !utf8_valid(span_str(name))))
		abort();
	arena_free(a);
	return 0;
}
