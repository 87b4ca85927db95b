/* Any text, in both charsets: what comes out is UTF-8 without anything harmful, stays when it is made
 * safe again, and every cut and every line is as narrow as it was asked to be. First byte: columns. */
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "shared/base/text.h"
#include "shared/term/safe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int holds)
{
	if (!holds)
		abort();
}

static void check_line(const char *safe, struct term_charset cs)
{
	size_t left = strlen(safe), len, columns = 0;

	for (const uint8_t *at = (const uint8_t *)safe; left > 0; at += len, left -= len) {
		uint32_t code = 0;
		int width;

		len = utf8_decode(at, left, &code);
		check(len > 0 && !safe_is_harmful(code) && (!cs.ascii || code < 0x7f));
		width = wcwidth((wchar_t)code);
		check(width >= 0);
		columns += (size_t)width;
	}
	check(columns == safe_columns(safe));
}

static void check_text(struct arena *a, const char *text, size_t columns, struct term_charset cs)
{
	const char *safe = safe_line(a, text, cs), *cut = safe_cut(a, safe, columns, cs);
	size_t bytes = safe_fit(safe, columns), len;
	char **lines;

	check_line(safe, cs);
	check(strcmp(safe_line(a, safe, cs), safe) == 0);
	check(safe_columns(arena_strndup(a, safe, bytes)) <= columns);
	check_line(cut, cs);
	check(safe_columns(cut) <= columns);
	check(safe_columns(safe) > columns || strcmp(cut, safe) == 0);
	check(strcmp(safe_head(a, text, columns, cs), cut) == 0);
	len = safe_wrap(a, text, columns, 5, cs, &lines);
	check(len >= 1 && len <= 5);
	for (size_t i = 0; i < len; i++) {
		check_line(lines[i], cs);
		check(safe_columns(lines[i]) <= (columns ? columns : 1));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a;
	char *text;

	if (size == 0 || setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		return 0;
	a = arena_new();
	text = arena_strndup(a, (const char *)data + 1, size - 1);
	check_text(a, text, data[0], (struct term_charset){ .ascii = false });
	check_text(a, text, data[0], (struct term_charset){ .ascii = true });
	arena_free(a);
	return 0;
}
