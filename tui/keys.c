#include "tui/keys.h"

#include <ctype.h>
#include <ncurses.h>
#include <stdio.h>
#include <string.h>

#include "shared/base/macros.h"

/* clang-format off */
static const struct binding table[] = {
#define X(act, scope_, keys_, label_, doc_) { ACT_##act, SCOPE_##scope_, keys_, label_, doc_, #act, #scope_ },
	KEY_TABLE(X)
#undef X
};

static const struct {
	const char *name;
	int code; /* with TERM_KEY_FUNCTION when it is one of ncurses */
} names[] = {
	{ "Enter", '\r' },          { "Esc", 27 },                { "Tab", '\t' },
	{ "Space", ' ' },           { "S-Tab", KEY_BTAB | TERM_KEY_FUNCTION },
	{ "Up", KEY_UP | TERM_KEY_FUNCTION },        { "Down", KEY_DOWN | TERM_KEY_FUNCTION },
	{ "Left", KEY_LEFT | TERM_KEY_FUNCTION },    { "Right", KEY_RIGHT | TERM_KEY_FUNCTION },
	{ "PgUp", KEY_PPAGE | TERM_KEY_FUNCTION },   { "PgDn", KEY_NPAGE | TERM_KEY_FUNCTION },
	{ "Home", KEY_HOME | TERM_KEY_FUNCTION },    { "End", KEY_END | TERM_KEY_FUNCTION },
	{ "Ins", KEY_IC | TERM_KEY_FUNCTION },       { "Del", KEY_DC | TERM_KEY_FUNCTION },
	{ "Bksp", KEY_BACKSPACE | TERM_KEY_FUNCTION },
};
/* clang-format on */

size_t keys_len(void)
{
	return ARRAY_LEN(table);
}

const struct binding *keys_at(size_t i)
{
	return &table[i];
}

const struct binding *keys_of(enum action act)
{
	return act > ACT_NONE && act < ACT_COUNT ? &table[act - 1] : NULL;
}

bool key_parse(const char *name, size_t len, struct key *ret)
{
	bool alt = len > 2 && memcmp(name, "M-", 2) == 0;
	int32_t code = 0;

	if (alt)
		name += 2, len -= 2;
	for (size_t i = 0; i < ARRAY_LEN(names) && code == 0; i++)
		if (strlen(names[i].name) == len && memcmp(names[i].name, name, len) == 0)
			code = names[i].code;
	if (code == 0 && len == 2 && name[0] == '^' && name[1] >= '@' && name[1] <= '_')
		code = name[1] - '@';
	if (code == 0 && len >= 2 && len <= 3 && name[0] == 'F' && name[1] >= '1' && name[1] <= '9')
		code = (KEY_F0 + (len == 2 ? name[1] - '0' : 10 + name[2] - '0')) |
		       TERM_KEY_FUNCTION;
	if (code == 0 && len == 1 && name[0] > ' ' && name[0] < 0x7f)
		code = name[0];
	if (code == 0)
		return false;
	*ret = (struct key){ .code = code, .alt = alt };
	return true;
}

/* terminals differ in what Enter and Backspace send */
static int32_t usual(int32_t code)
{
	if (code == '\n' || code == (KEY_ENTER | TERM_KEY_FUNCTION))
		return '\r';
	if (code == 0x7f || code == 8)
		return KEY_BACKSPACE | TERM_KEY_FUNCTION;
	return code;
}

static bool is_bound(const struct binding *b, const struct key *k)
{
	for (const char *at = b->keys; *at;) {
		size_t len = strcspn(at, " ");
		struct key named;

		if (key_parse(at, len, &named) && usual(named.code) == usual(k->code) &&
		    named.alt == k->alt)
			return true;
		at += len + (at[len] == ' ');
	}
	return false;
}

unsigned keys_rank(enum scope s)
{
	return s == SCOPE_GLOBAL ? 0 : s == SCOPE_MOVE || s == SCOPE_LIST ? 1 : 2;
}

enum action keys_find(uint64_t scopes, const struct key *k)
{
	const struct binding *best = NULL;

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		const struct binding *b = &table[i];

		if ((scopes & SCOPE_BIT(b->scope)) && is_bound(b, k) &&
		    (best == NULL || keys_rank(b->scope) > keys_rank(best->scope)))
			best = b;
	}
	return best ? best->act : ACT_NONE;
}

size_t keys_shown(enum action act, char *out, size_t out_bytes)
{
	const struct binding *b = keys_of(act);
	int n = b ? snprintf(out, out_bytes, "%.*s", (int)strcspn(b->keys, " "), b->keys) : 0;

	if (b == NULL && out_bytes)
		*out = '\0';
	return n > 0 ? (size_t)n : 0;
}

void keys_print(FILE *out)
{
	const char *where = "";

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		if (table[i].doc == NULL)
			continue;
		if (strcmp(where, table[i].where) != 0) {
			where = table[i].where;
			fprintf(out, "%s%c", i ? "\n" : "", where[0]);
			for (const char *at = where + 1; *at; at++)
				fputc(tolower((unsigned char)*at), out);
			fputc('\n', out);
		}
		fprintf(out, "  %-14s %s\n", table[i].keys, table[i].doc);
	}
}
