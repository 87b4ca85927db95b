#include "shared/wire/tokens.h"

#include <string.h>

#include "shared/base/macros.h"
#include "shared/wire/tokens_hash.h"

#include "tokens_data.h"

_Static_assert(ARRAY_LEN(single_text) == TOKENS_SINGLE, "dictionary version 3");
_Static_assert(ARRAY_LEN(double_text) == TOKEN_DICTS, "dictionary version 3");
_Static_assert(ARRAY_LEN(double_text[0]) == TOKENS_PER_DICT, "dictionary version 3");
_Static_assert(TAG_DICT_0 == TOKENS_SINGLE, "tags start where single tokens end");
_Static_assert(ARRAY_LEN(bucket_seed) == TOKEN_BUCKETS, "one seed a bucket");
_Static_assert(ARRAY_LEN(slot_token) == TOKEN_SLOTS, "hash and table agree");

const char *token_single(uint8_t index)
{
	return index > 0 && index < TOKENS_SINGLE ? single_text[index] : NULL;
}

const char *token_double(uint8_t dict, uint8_t index)
{
	return dict < TOKEN_DICTS ? double_text[dict][index] : NULL;
}

bool token_find(const char *text, size_t len, int *ret_dict, uint8_t *ret_index)
{
	const char *found;
	uint16_t token;
	uint64_t h;

	if (len == 0 || len > TOKEN_LEN_MAX)
		return false;
	h = token_hash(text, len);
	token = slot_token[token_slot(h, bucket_seed[token_bucket(h)])];
	if (token == TOKEN_SLOT_EMPTY)
		return false;
	if (token < TOKENS_SINGLE) {
		*ret_dict = -1;
		*ret_index = (uint8_t)token;
		found = single_text[token];
	} else {
		*ret_dict = (token - TOKENS_SINGLE) / TOKENS_PER_DICT;
		*ret_index = (uint8_t)((token - TOKENS_SINGLE) % TOKENS_PER_DICT);
		found = double_text[*ret_dict][*ret_index];
	}
	return strncmp(found, text, len) == 0 && found[len] == '\0';
}
