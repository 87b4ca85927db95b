#pragma once
/* Settings are rows of one table: section, key, type, default, range, doc. From the rows follow the
 * file parser (inih), the WAD_<SECTION>_<KEY> environment names, help and wad.conf(5). Precedence:
 * flag > environment > file > default. An unknown key is an error with line and nearest name. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "shared/base/err.h"

enum config_type { CONFIG_TEXT, CONFIG_PATH, CONFIG_U32, CONFIG_BOOL, CONFIG_HEX32 };

struct config_row {
	const char *section, *key;
	enum config_type type;
	const char *dflt;      /* text form; NULL means unset */
	const char *alias_env; /* a second environment name, e.g. DB_URI; NULL for none */
	int64_t min, max;      /* for CONFIG_U32; both 0 means any */
	const char *doc;
	bool live; /* a change takes effect without a restart */
};

struct config;

/* rows: ends with .section == NULL; must outlive the config */
struct config *config_new(const struct config_row *rows);
void config_free(struct config *c);
/* Tells every error to `told` instead of ending at the first; reading then returns that of the first. */
void config_tell_errors(struct config *c, void (*told)(void *ctx, const struct err *e), void *ctx);
enum errc config_read_file(struct config *c, const char *path, struct err *e) MUST_USE;
/* shown: what errors and origins call it */
enum errc config_read_stream(struct config *c, FILE *in, const char *shown, struct err *e) MUST_USE;
enum errc config_read_env(struct config *c, struct err *e) MUST_USE;
enum errc config_set(struct config *c, const char *section, const char *key, const char *value,
		     const char *origin, struct err *e) MUST_USE; /* a flag */

/* the same by a name from outside (an old environment name): weaker than flags and environment */
enum errc config_set_weak(struct config *c, const char *section, const char *key, const char *value,
			  const char *origin, struct err *e) MUST_USE;

/* For a second reading of the same rows: what has changed, and taking it over. i counts rows. */
size_t config_len(const struct config *c);
const struct config_row *config_row_at(const struct config *c, size_t i);
bool config_same(const struct config *a, const struct config *b, size_t i);
void config_copy(struct config *to, const struct config *from, size_t i);

const char *config_text(const struct config *c, const char *section,
			const char *key); /* NULL: unset */
uint32_t config_u32(const struct config *c, const char *section, const char *key);
bool config_bool(const struct config *c, const char *section, const char *key);
/* false when unset */
bool config_hex32(const struct config *c, const char *section, const char *key,
		  uint8_t out[static 32]);
const char *config_origin(const struct config *c, const char *section, const char *key);
/* every setting with its value and where that came from; shown(row, text) may replace a text, e.g. one
 * that holds a secret: the caller of shown frees it */
void config_print(const struct config *c, FILE *to,
		  char *(*shown)(const struct config_row *row, const char *text));
void config_print_help(const struct config_row *rows, FILE *to);
