#include "tests/unit/wire/vectors.h"

#include <stdio.h>
#include <string.h>

json_t *vectors_load(const char *name)
{
	char path[128];
	json_error_t why;
	json_t *root;

	snprintf(path, sizeof path, "tests/vectors/%s.json", name);
	root = json_load_file(path, 0, &why);
	if (root == NULL)
		fail_msg("%s: %s", path, why.text);
	return root;
}

json_t *vectors_at(json_t *root, const char *path)
{
	char key[64];

	while (root && *path) {
		size_t n = strcspn(path, ".");

		assert_true(n < sizeof key);
		memcpy(key, path, n);
		key[n] = '\0';
		root = json_object_get(root, key);
		path += n + (path[n] == '.');
	}
	if (root == NULL)
		fail_msg("vector has no '%s'", path);
	return root;
}

static unsigned nibble(char c)
{
	const char *digits = "0123456789abcdef", *at = strchr(digits, c);

	if (c == '\0' || at == NULL)
		fail_msg("'%c' is not lower-case hex", c);
	return (unsigned)(at - digits);
}

struct span hex_span(struct arena *a, const char *hex)
{
	size_t len = strlen(hex) / 2;
	uint8_t *out = arena_alloc(a, len);

	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)(nibble(hex[2 * i]) << 4 | nibble(hex[2 * i + 1]));
	return span_of(out, len);
}

const char *vectors_text(json_t *root, const char *path)
{
	const char *text = json_string_value(vectors_at(root, path));

	assert_non_null(text);
	return text;
}

struct span vectors_hex(struct arena *a, json_t *root, const char *path)
{
	return hex_span(a, vectors_text(root, path));
}
