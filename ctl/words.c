#include "ctl/words.h"

#include <string.h>

enum { WORDS_MAX = 512 };

/* One word from *at on, without its quotes. */
static enum errc take_word(const char **at, char *to, struct err *e)
{
	char quote = '\0';

	for (; **at && (quote || strchr(" \t", **at) == NULL); (*at)++) {
		char c = **at;

		if (quote == '\0' && (c == '\'' || c == '"')) {
			quote = c;
		} else if (c == quote) {
			quote = '\0';
		} else if (c == '\\' && quote != '\'') {
			if ((*at)[1] == '\0')
				return err_set(e, ERR_USAGE, "nothing follows the backslash");
			(*at)++;
			if (quote == '"' && strchr("\"\\", **at) == NULL)
				*to++ = '\\';
			*to++ = **at;
		} else {
			*to++ = c;
		}
	}
	*to = '\0';
	return quote ? err_set(e, ERR_USAGE, "a closing %c is missing", quote) : ERR_OK;
}

enum errc words_split(struct arena *a, const char *line, char ***ret_words, int *ret_len,
		      struct err *e)
{
	char **words = arena_alloc(a, (WORDS_MAX + 1) * sizeof *words);
	size_t len = strlen(line);
	int count = 0;

	for (const char *at = line + strspn(line, " \t"); *at; at += strspn(at, " \t")) {
		if (count == WORDS_MAX)
			return err_set(e, ERR_USAGE, "more than %d words", WORDS_MAX);
		words[count] = arena_alloc(a, len + 1);
		if (take_word(&at, words[count], e))
			return e ? e->code : ERR_USAGE;
		count++;
	}
	*ret_words = words;
	*ret_len = count;
	return ERR_OK;
}
