#include "shared/rpc/catalogue.h"

#include <string.h>

#include "shared/base/macros.h"
#include "shared/base/text.h"

static const struct cat_method *const methods[] = {
#define X(m) &cat_##m,
	CATALOGUE(X)
#undef X
};

enum { NEAR_MAX = 2 }; /* edits; further away is another word */

size_t catalogue_len(void)
{
	return ARRAY_LEN(methods);
}

const struct cat_method *catalogue_at(size_t i)
{
	return i < ARRAY_LEN(methods) ? methods[i] : NULL;
}

const struct cat_method *catalogue_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(methods); i++)
		if (strcmp(methods[i]->name, name) == 0)
			return methods[i];
	return NULL;
}

const struct cat_method *catalogue_nearest(const char *name)
{
	const struct cat_method *best = NULL;
	unsigned best_distance = NEAR_MAX + 1;

	for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
		unsigned distance = edit_distance(name, methods[i]->name, NEAR_MAX);

		if (distance < best_distance) {
			best_distance = distance;
			best = methods[i];
		}
	}
	return best;
}

const struct cat_param *cat_param_find(const struct cat_param *list, const char *name)
{
	for (; list && list->name; list++)
		if (strcmp(list->name, name) == 0)
			return list;
	return NULL;
}

const struct cat_param *cat_param_nearest(const struct cat_param *list, const char *name)
{
	const struct cat_param *best = NULL;
	unsigned best_distance = NEAR_MAX + 1;

	for (; list && list->name; list++) {
		unsigned distance = edit_distance(name, list->name, NEAR_MAX);

		if (distance < best_distance) {
			best_distance = distance;
			best = list;
		}
	}
	return best;
}

const struct cat_param *cat_param_document(const struct cat_param *list)
{
	const struct cat_param *found = NULL;

	for (; list && list->name; list++) {
		if (list->type != CAT_DOC)
			continue;
		if (found)
			return NULL;
		found = list;
	}
	return found;
}

const char *cat_type_name(enum cat_type type)
{
	switch (type) {
	case CAT_ID:
		return "id";
	case CAT_REF:
		return "id or name";
	case CAT_TEXT:
		return "text";
	case CAT_INT:
		return "number";
	case CAT_BOOL:
		return "yes or no";
	case CAT_ENUM:
		return "word";
	case CAT_TIME:
		return "time";
	case CAT_PHONE:
		return "phone";
	case CAT_LIST:
		return "list";
	case CAT_MAP:
		return "names to texts";
	case CAT_BYTES:
		return "file";
	case CAT_DOC:
		return "text file";
	case CAT_SECRET:
		return "secret";
	case CAT_OBJECT:
		return "object";
	case CAT_OBJECTS:
		return "objects";
	}
	return "";
}

const char *cat_role_name(enum cat_role role)
{
	switch (role) {
	case ROLE_ANYONE:
		return "anyone";
	case ROLE_VIEWER:
		return "viewer";
	case ROLE_OPERATOR:
		return "operator";
	case ROLE_ADMIN:
		return "admin";
	}
	return "";
}

bool cat_word_next(const char *words, size_t *pos, const char **ret_word, size_t *ret_len)
{
	if (words == NULL || words[*pos] == '\0')
		return false;
	*ret_word = words + *pos;
	*ret_len = strcspn(*ret_word, " ");
	*pos += *ret_len + ((*ret_word)[*ret_len] == ' ');
	return true;
}

bool cat_word_in(const char *words, const char *word)
{
	const char *at;
	size_t pos = 0, len;

	while (cat_word_next(words, &pos, &at, &len))
		if (strlen(word) == len && strncmp(at, word, len) == 0)
			return true;
	return false;
}
