#include "tests/unit/signal/vectors.h"

#include <stdio.h>
#include <string.h>

json_t *vector_load(const char *path)
{
	json_error_t why;
	json_t *root = json_load_file(path, 0, &why);

	if (root == NULL)
		fail_msg("%s: %s", path, why.text);
	return root;
}

json_t *vector_get(const json_t *from, const char *key)
{
	json_t *v = json_object_get(from, key);

	if (v == NULL)
		fail_msg("vector has no '%s'", key);
	return v;
}

const char *vector_text(const json_t *from, const char *key)
{
	const char *text = json_string_value(vector_get(from, key));

	if (text == NULL)
		fail_msg("'%s' is not a text", key);
	return text;
}

uint32_t vector_u32(const json_t *from, const char *key)
{
	return (uint32_t)json_integer_value(vector_get(from, key));
}

static unsigned nibble(char c)
{
	const char *digits = "0123456789abcdef", *at = strchr(digits, c);

	assert_true(c != '\0' && at != NULL);
	return (unsigned)(at - digits);
}

struct bytes hex_bytes(const char *hex)
{
	struct bytes b = { .len = strlen(hex) / 2 };

	assert_true(strlen(hex) % 2 == 0 && b.len <= sizeof b.at);
	for (size_t i = 0; i < b.len; i++)
		b.at[i] = (uint8_t)(nibble(hex[2 * i]) << 4 | nibble(hex[2 * i + 1]));
	return b;
}

struct bytes vector_hex(const json_t *from, const char *key)
{
	return hex_bytes(vector_text(from, key));
}

void vector_key(const json_t *from, const char *key, uint8_t out[static 32])
{
	struct bytes b = vector_hex(from, key);

	if (b.len == 33)
		assert_int_equal(b.at[0], 5);
	else
		assert_int_equal(b.len, 32);
	memcpy(out, b.at + b.len - 32, 32);
}

struct keypair vector_keypair(const json_t *from, const char *priv, const char *pub)
{
	struct keypair made;
	uint8_t key[32];

	vector_key(from, priv, key);
	keypair_from_priv(key, &made);
	if (pub) {
		vector_key(from, pub, key);
		assert_memory_equal(key, made.pub, 32);
	}
	return made;
}
