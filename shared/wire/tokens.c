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
_Static_assert(ARRAY_LEN(slot_len) == TOKEN_SLOTS, "hash and table agree");

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
	uint32_t slot, token, of_double;
	uint64_t h;

	if (len == 0 || len > TOKEN_LEN_MAX)
		return false;
	h = token_hash(text, len);
	slot = token_slot(h, bucket_seed[token_bucket(h)]);
	if (slot_len[slot] != len) /* 0 in an empty slot */
		return false;
	token = slot_token[slot];
	if (token < TOKENS_SINGLE) {
		*ret_dict = -1;
		*ret_index = (uint8_t)token;
		return memcmp(single_text[token], text, len) == 0;
	}
	of_double = token - TOKENS_SINGLE;
	*ret_dict = (int)(of_double / TOKENS_PER_DICT);
	*ret_index = (uint8_t)(of_double % TOKENS_PER_DICT);
	return memcmp(double_text[*ret_dict][*ret_index], text, len) == 0;
}
