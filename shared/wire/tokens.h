#pragma once
/* Token dictionary version 3 (data: tests/vectors/tokens.json is its origin). */
#include <stdbool.h>
#include <stdint.h>

#include "shared/base/span.h"

enum {
	TOKENS_SINGLE = 236,
	TAG_DICT_0 = 236,
	TOKEN_DICTS = 4,
	TOKENS_PER_DICT = 256,
	TOKEN_LEN_MAX = 48
};

const char *token_single(uint8_t index);               /* NULL for 0 and out of range */
const char *token_double(uint8_t dict, uint8_t index); /* NULL when out of range */
/* true when text is a token: *ret_dict is -1 for a single one */
bool token_find(const char *text, size_t len, int *ret_dict, uint8_t *ret_index);
