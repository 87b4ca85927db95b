/* Host program of the build: reads tokens.txt (dictionary version, then one token a line; the first
 * single token is empty) and writes the arrays of tokens.c with their perfect hash. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/wire/tokens.h"
#include "shared/wire/tokens_hash.h"

enum { TOKENS_ALL = TOKENS_SINGLE + TOKEN_DICTS * TOKENS_PER_DICT, VERSION = 3, SEED_MAX = 60000 };

static char tokens[TOKENS_ALL][TOKEN_LEN_MAX + 1];
static uint16_t seeds[TOKEN_BUCKETS], slots[TOKEN_SLOTS];

static void die(const char *what, const char *name)
{
	fprintf(stderr, "tokens_gen: %s: %s\n", name, what);
	exit(1);
}

static bool read_line(FILE *f, char *out, size_t out_bytes)
{
	size_t n;

	if (fgets(out, (int)out_bytes, f) == NULL)
		return false;
	n = strlen(out);
	if (n == 0 || out[n - 1] != '\n')
		return false;
	out[n - 1] = '\0';
	return true;
}

static void read_tokens(const char *path)
{
	FILE *f = fopen(path, "r");
	char line[TOKEN_LEN_MAX + 2];

	if (f == NULL)
		die("cannot open", path);
	if (!read_line(f, line, sizeof line) || strtol(line, NULL, 10) != VERSION)
		die("the first line is not the dictionary version", path);
	for (int i = 0; i < TOKENS_ALL; i++) {
		if (!read_line(f, line, sizeof line))
			die("too few tokens, or one that is too long", path);
		if ((line[0] == '\0') != (i == 0) || strpbrk(line, "\"\\?"))
			die("unexpected token", line);
		memcpy(tokens[i], line, sizeof tokens[i]);
	}
	if (fgetc(f) != EOF)
		die("too many tokens", path);
	fclose(f);
}

/* puts all tokens of a bucket into free slots with this seed, or none of them */
static bool place(uint32_t bucket, uint16_t seed)
{
	uint32_t taken[TOKENS_ALL];
	size_t len = 0;

	for (int i = 1; i < TOKENS_ALL; i++) {
		uint64_t h = token_hash(tokens[i], strlen(tokens[i]));
		uint32_t s = token_slot(h, seed);

		if (token_bucket(h) != bucket)
			continue;
		if (slots[s] != TOKEN_SLOT_EMPTY) {
			while (len > 0)
				slots[taken[--len]] = TOKEN_SLOT_EMPTY;
			return false;
		}
		slots[s] = (uint16_t)i;
		taken[len++] = s;
	}
	seeds[bucket] = seed;
	return true;
}

static void search_seeds(void)
{
	size_t sizes[TOKEN_BUCKETS] = { 0 }, left = TOKEN_BUCKETS;

	memset(slots, 0xFF, sizeof slots);
	for (int i = 1; i < TOKENS_ALL; i++)
		sizes[token_bucket(token_hash(tokens[i], strlen(tokens[i])))]++;
	for (size_t want = TOKENS_ALL; left > 0; want--) /* the fullest buckets first */
		for (uint32_t b = 0; b < TOKEN_BUCKETS; b++) {
			uint16_t seed = 0;

			if (sizes[b] != want)
				continue;
			left--;
			while (!place(b, seed))
				if (++seed == SEED_MAX)
					die("no seed fits", "perfect hash");
		}
}

static void write_all(FILE *f)
{
	fprintf(f, "/* made by tokens_gen from tokens.txt */\n");
	fprintf(f, "static const char *const single_text[] = {\n");
	for (int i = 0; i < TOKENS_SINGLE; i++)
		fprintf(f, "\t\"%s\",\n", tokens[i]);
	fprintf(f, "};\nstatic const char *const double_text[][%d] = {\n", TOKENS_PER_DICT);
	for (int i = TOKENS_SINGLE; i < TOKENS_ALL; i++) {
		int at = (i - TOKENS_SINGLE) % TOKENS_PER_DICT;

		fprintf(f, "%s\t\"%s\",\n%s", at == 0 ? "{\n" : "", tokens[i],
			at == TOKENS_PER_DICT - 1 ? "},\n" : "");
	}
	fprintf(f, "};\nstatic const uint16_t bucket_seed[] = {\n");
	for (int i = 0; i < TOKEN_BUCKETS; i++)
		fprintf(f, "%u,%s", seeds[i], i % 16 == 15 ? "\n" : " ");
	fprintf(f, "};\nstatic const uint16_t slot_token[] = {\n");
	for (int i = 0; i < TOKEN_SLOTS; i++)
		fprintf(f, "%u,%s", slots[i], i % 16 == 15 ? "\n" : " ");
	fprintf(f, "};\nstatic const uint8_t slot_len[] = {\n");
	for (int i = 0; i < TOKEN_SLOTS; i++)
		fprintf(f, "%zu,%s", slots[i] == TOKEN_SLOT_EMPTY ? 0 : strlen(tokens[slots[i]]),
			i % 16 == 15 ? "\n" : " ");
	fprintf(f, "};\n");
}

int main(int argc, char **argv)
{
	FILE *f;

	if (argc != 3)
		die("usage: tokens_gen TOKENS.TXT OUT.H", "arguments");
	read_tokens(argv[1]);
	search_seeds();
	f = fopen(argv[2], "w");
	if (f == NULL)
		die("cannot write", argv[2]);
	write_all(f);
	return fclose(f) ? 1 : 0;
}
