/* The dictionary made from tokens.txt is that of tests/vectors/tokens.json, and lookups find it. */
#include <stdio.h>
#include <string.h>

#include "shared/wire/tokens.h"

#include "tests/unit/wire/vectors.h"

static void finds(const char *text, int dict, size_t index)
{
	uint8_t got_index = 0;
	int got_dict = -2;

	if (!token_find(text, strlen(text), &got_dict, &got_index))
		fail_msg("'%s' is not found", text);
	assert_int_equal(got_dict, dict);
	assert_int_equal(got_index, index);
}

static void same_as_vectors(void **state)
{
	json_t *root = vectors_load("tokens"), *list, *token;
	size_t dict, i;

	(void)state;
	assert_int_equal(json_integer_value(vectors_at(root, "version")), 3);
	assert_int_equal(json_array_size(vectors_at(root, "single")), TOKENS_SINGLE);
	json_array_foreach(vectors_at(root, "single"), i, token) {
		if (i == 0)
			continue;
		assert_string_equal(token_single((uint8_t)i), json_string_value(token));
		finds(json_string_value(token), -1, i);
	}
	assert_int_equal(json_array_size(vectors_at(root, "double")), TOKEN_DICTS);
	json_array_foreach(vectors_at(root, "double"), dict, list) {
		assert_int_equal(json_array_size(list), TOKENS_PER_DICT);
		json_array_foreach(list, i, token) {
			assert_string_equal(token_double((uint8_t)dict, (uint8_t)i),
					    json_string_value(token));
			finds(json_string_value(token), (int)dict, i);
		}
	}
	json_decref(root);
}

static void others_are_not_found(void **state)
{
	char text[TOKEN_LEN_MAX + 8];
	uint8_t index;
	int dict;

	(void)state;
	assert_null(token_single(0));
	assert_null(token_single(TOKENS_SINGLE));
	assert_null(token_double(TOKEN_DICTS, 0));
	assert_false(token_find("", 0, &dict, &index));
	assert_false(token_find("messag", 6, &dict, &index));
	assert_false(token_find("message\0", 8, &dict, &index));
	assert_true(token_find("message+", 7, &dict, &index));
	memset(text, 'a', sizeof text);
	for (size_t len = 1; len <= sizeof text; len++)
		assert_false(token_find(text, len, &dict, &index));
	for (int i = 0; i < 20000; i++) {
		snprintf(text, sizeof text, "x%d", i);
		assert_false(token_find(text, strlen(text), &dict, &index));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_as_vectors),
		cmocka_unit_test(others_are_not_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
