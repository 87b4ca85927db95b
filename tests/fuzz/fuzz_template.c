/* Any text, up to the first NUL, and a seed behind it: what is rendered keeps within its bounds, is the same
 * again, and is whole UTF-8 when the text was; a text without braces stays itself. */
#include <stdlib.h>
#include <string.h>

#include "shared/base/text.h"

#include "daemon/engine/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *find(void *ctx, const char *name)
{
	(void)ctx;
	return strlen(name) % 2 ? "\xc3\xa4{value}" : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	const char *text = arena_strndup(a, (const char *)data, size);
	size_t len = strlen(text);
	char out[1000], again[1000];
	struct template_name names[8];
	uint64_t seed = 0;
	struct err e = ERR_NONE;

	for (size_t i = len; i < size; i++)
		seed = seed << 8 | data[i];
	template_render(text, seed, find, NULL, out, sizeof out);
	template_render(text, seed, find, NULL, again, sizeof again);
	if (strlen(out) >= sizeof out || strcmp(out, again) != 0)
		abort();
	if (utf8_valid(span_str(text)) && !utf8_valid(span_str(out)))
		abort();
	if (strpbrk(text, "{}") == NULL && strncmp(out, text, strlen(out)) != 0)
		abort();
	if (template_check(text, &e) == ERR_OK && template_names(text, names, 8) > 8)
		abort();
	if (!utf8_valid(span_str(e.msg)) && utf8_valid(span_str(text)))
		abort();
	arena_free(a);
	return 0;
}
