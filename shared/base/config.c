#include "shared/base/config.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/text.h"
#include "shared/base/xalloc.h"

struct setting {
	char *text; /* NULL: unset */
	char *origin;
	bool from_flag; /* flags are set first or last; either way they win */
	bool from_env;
};

struct config {
	const struct config_row *rows;
	struct setting *settings; /* one a row, same order */
	size_t count;
	void (*told)(void *ctx, const struct err *e); /* NULL: the first error ends the reading */
	void *told_ctx;
};

static size_t rows_count(const struct config_row *rows)
{
	size_t n = 0;

	while (rows[n].section)
		n++;
	return n;
}

struct config *config_new(const struct config_row *rows)
{
	struct config *c = xcalloc(1, sizeof *c);

	c->rows = rows;
	c->count = rows_count(rows);
	c->settings = xcalloc(c->count, sizeof *c->settings);
	for (size_t i = 0; i < c->count; i++) {
		c->settings[i].text = rows[i].dflt ? xstrdup(rows[i].dflt) : NULL;
		c->settings[i].origin = xstrdup("default");
	}
	return c;
}

void config_free(struct config *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->count; i++) {
		free(c->settings[i].text);
		free(c->settings[i].origin);
	}
	free(c->settings);
	free(c);
}

void config_tell_errors(struct config *c, void (*told)(void *ctx, const struct err *e), void *ctx)
{
	c->told = told;
	c->told_ctx = ctx;
}

static bool find(const struct config *c, const char *section, const char *key, size_t *ret)
{
	for (size_t i = 0; i < c->count; i++) {
		if (strcmp(c->rows[i].section, section) == 0 && strcmp(c->rows[i].key, key) == 0) {
			*ret = i;
			return true;
		}
	}
	return false;
}

/* Sections are tried first: a key is only compared within the section that was meant. */
static enum errc unknown(const struct config *c, const char *section, const char *key,
			 struct err *e)
{
	const struct config_row *best = NULL;
	unsigned best_distance = 4;
	bool section_known = false;

	for (size_t i = 0; i < c->count; i++)
		section_known |= strcmp(c->rows[i].section, section) == 0;
	for (size_t i = 0; i < c->count; i++) {
		const struct config_row *row = &c->rows[i];
		unsigned distance;

		if (section_known && strcmp(row->section, section) != 0)
			continue;
		distance = section_known ? edit_distance(key, row->key, 3)
					 : edit_distance(section, row->section, 3);
		if (distance < best_distance) {
			best_distance = distance;
			best = row;
		}
	}
	if (!section_known)
		return err_set(e, ERR_CONFIG, "unknown section [%.40s]%s%s%s", section,
			       best ? ", did you mean [" : "", best ? best->section : "",
			       best ? "]?" : "");
	return err_set(e, ERR_CONFIG, "unknown key '%.40s' in [%s]%s%s%s", key, section,
		       best ? ", did you mean '" : "", best ? best->key : "", best ? "'?" : "");
}

static bool parse_bool(const char *text, bool *ret)
{
	static const char *const yes[] = { "yes", "true", "on", "1" };
	static const char *const no[] = { "no", "false", "off", "0" };

	for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
		if (strcmp(text, yes[i]) == 0 || strcmp(text, no[i]) == 0) {
			*ret = strcmp(text, yes[i]) == 0;
			return true;
		}
	}
	return false;
}

static enum errc check_u32(const struct config_row *row, const char *text, struct err *e)
{
	int64_t min = row->min, max = row->min || row->max ? row->max : UINT32_MAX, v;
	char *end = NULL;

	errno = 0;
	v = strtoll(text, &end, 10);
	if (!isdigit((unsigned char)text[0]) || *end || errno)
		return err_set(e, ERR_CONFIG, "%s.%s: '%.40s' is not a whole number", row->section,
			       row->key, text);
	if (v < min || v > max)
		return err_set(e, ERR_CONFIG,
			       "%s.%s: %" PRId64 " is not within %" PRId64 " to %" PRId64,
			       row->section, row->key, v, min, max);
	return ERR_OK;
}

static enum errc check(const struct config_row *row, const char *text, struct err *e)
{
	uint8_t bytes[32];
	size_t len = 0;
	bool flag;

	switch (row->type) {
	case CONFIG_TEXT:
	case CONFIG_PATH:
		if (!utf8_valid(span_str(text)))
			return err_set(e, ERR_CONFIG, "%s.%s: not UTF-8", row->section, row->key);
		break;
	case CONFIG_U32:
		return check_u32(row, text, e);
	case CONFIG_BOOL:
		if (!parse_bool(text, &flag))
			return err_set(e, ERR_CONFIG, "%s.%s: '%.40s' is neither yes nor no",
				       row->section, row->key, text);
		break;
	case CONFIG_HEX32:
		if (!hex_decode(text, strlen(text), bytes, sizeof bytes, &len) ||
		    len != sizeof bytes)
			return err_set(e, ERR_CONFIG, "%s.%s: 64 hexadecimal digits are needed",
				       row->section, row->key);
		break;
	}
	return ERR_OK;
}

/* An empty value of a text, path or key means unset. */
static enum errc put(struct config *c, size_t i, const char *value, const char *origin,
		     struct err *e)
{
	struct setting *s = &c->settings[i];
	bool clears =
		value[0] == '\0' && c->rows[i].type != CONFIG_U32 && c->rows[i].type != CONFIG_BOOL;

	if (!clears && check(&c->rows[i], value, e))
		return e ? e->code : ERR_CONFIG;
	free(s->text);
	free(s->origin);
	s->text = clears ? NULL : xstrdup(value);
	s->origin = xstrdup(origin);
	return ERR_OK;
}

enum { LINE_BYTES_MAX = 4096 };

struct file_read {
	struct config *c;
	const char *path;
	FILE *in;
	int line;       /* counted by the reader: Debian's inih does not hand line numbers out */
	bool *seen;     /* one a row: already given in this file */
	struct err err; /* the first */
	bool failed;
};

static bool has_ended(const struct file_read *f)
{
	return f->failed && f->c->told == NULL;
}

static void note(struct file_read *f, struct err *e)
{
	err_wrap(e, "%.90s: line %d", f->path, f->line);
	if (f->c->told)
		f->c->told(f->c->told_ctx, e);
	if (!f->failed)
		f->err = *e;
	f->failed = true;
}

/* inih tells only the first of these */
static bool is_line(const char *text)
{
	size_t len = strcspn(text, "\r\n");

	if (strncmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		len -= 3;
	}
	if (len == 0 || text[0] == ';' || text[0] == '#')
		return true;
	return text[0] == '[' ? memchr(text, ']', len) != NULL
			      : memchr(text, '=', len) != NULL || memchr(text, ':', len) != NULL;
}

static char *read_line(char *to, int room, void *ctx)
{
	struct file_read *f = ctx;
	struct err e = ERR_NONE;
	size_t len;

	if (has_ended(f) || fgets(to, room, f->in) == NULL)
		return NULL;
	f->line++;
	len = strlen(to);
	if (len > 0 && to[len - 1] != '\n' && !feof(f->in)) {
		err_set(&e, ERR_CONFIG, "longer than %d bytes", room - 2);
		note(f, &e);
		return NULL;
	}
	if (to[0] == ' ' || to[0] == '\t') /* else inih takes it for more of the line before */
		memmove(to, to + strspn(to, " \t"), len + 1 - strspn(to, " \t"));
	if (!is_line(to)) {
		err_set(&e, ERR_CONFIG, "not a section, a comment or key = value");
		note(f, &e);
		to[0] = '\0'; /* an empty line for inih */
	}
	return to;
}

static enum errc take_setting(struct file_read *f, const char *section, const char *key,
			      const char *value, struct err *e)
{
	struct config *c = f->c;
	char origin[600];
	size_t i = 0;

	snprintf(origin, sizeof origin, "%.500s:%d", f->path, f->line);
	if (!find(c, section, key, &i))
		return unknown(c, section, key, e);
	if (value == NULL)
		return err_set(e, ERR_CONFIG, "key '%.40s' has no value", key);
	if (f->seen[i])
		return err_set(e, ERR_CONFIG, "%s.%s is given a second time", section, key);
	f->seen[i] = true;
	if (c->settings[i].from_flag || c->settings[i].from_env) /* outranked, still checked */
		return value[0] ? check(&c->rows[i], value, e) : ERR_OK;
	return put(c, i, value, origin, e);
}

static int on_setting(void *ctx, const char *section, const char *key, const char *value)
{
	struct file_read *f = ctx;
	struct err e = ERR_NONE;

	if (!has_ended(f) && take_setting(f, section, key, value, &e))
		note(f, &e);
	return 1;
}

enum errc config_read_stream(struct config *c, FILE *in, const char *shown, struct err *e)
{
	struct file_read f = { .c = c, .path = shown, .in = in };
	int bad_line, line_max = ini_max_line;

	f.seen = xcalloc(c->count, sizeof *f.seen);
	ini_max_line = LINE_BYTES_MAX; /* 200 is too short for a database URI */
	bad_line = ini_parse_stream(read_line, &f, on_setting, &f);
	ini_max_line = line_max;
	free(f.seen);
	if (f.failed)
		return err_set(e, ERR_CONFIG, "%s", err_msg(&f.err));
	if (bad_line > 0)
		return err_set(e, ERR_CONFIG,
			       "%.120s: line %d: not a section, a comment or key = value", shown,
			       bad_line);
	if (bad_line < 0)
		return err_set(e, ERR_CONFIG, "%.120s: cannot be read", shown);
	return ERR_OK;
}

enum errc config_read_file(struct config *c, const char *path, struct err *e)
{
	FILE *in = fopen(path, "re");
	enum errc code;

	if (in == NULL)
		return err_set(e, ERR_CONFIG, "%.120s: %s", path, strerror(errno));
	code = config_read_stream(c, in, path, e);
	fclose(in);
	return code;
}

static void env_name(const struct config_row *row, char *out, size_t out_bytes)
{
	snprintf(out, out_bytes, "WAD_%s_%s", row->section, row->key);
	for (; *out; out++)
		*out = *out == '-' || *out == '.' ? '_' : (char)toupper((unsigned char)*out);
}

enum errc config_read_env(struct config *c, struct err *e)
{
	enum errc first = ERR_OK;

	for (size_t i = 0; i < c->count; i++) {
		const struct config_row *row = &c->rows[i];
		struct err own = ERR_NONE;
		char name[128];
		const char *value, *shown = name;

		env_name(row, name, sizeof name);
		value = getenv(name);
		if (value == NULL && row->alias_env) {
			value = getenv(row->alias_env);
			shown = row->alias_env;
		}
		if (value == NULL || c->settings[i].from_flag)
			continue;
		if (put(c, i, value, shown, &own) == ERR_OK) {
			c->settings[i].from_env = true;
			continue;
		}
		err_wrap(&own, "environment: %s", shown);
		if (c->told)
			c->told(c->told_ctx, &own);
		if (first == ERR_OK && e)
			*e = own;
		first = first ? first : own.code;
		if (c->told == NULL)
			return first;
	}
	return first;
}

enum errc config_set(struct config *c, const char *section, const char *key, const char *value,
		     const char *origin, struct err *e)
{
	size_t i = 0;

	if (!find(c, section, key, &i))
		return unknown(c, section, key, e);
	if (put(c, i, value, origin, e))
		return err_wrap(e, "%s", origin);
	c->settings[i].from_flag = true;
	return ERR_OK;
}

enum errc config_set_weak(struct config *c, const char *section, const char *key, const char *value,
			  const char *origin, struct err *e)
{
	size_t i = 0;

	if (!find(c, section, key, &i))
		return unknown(c, section, key, e);
	if (c->settings[i].from_flag || c->settings[i].from_env)
		return ERR_OK;
	if (put(c, i, value, origin, e))
		return err_wrap(e, "environment: %s", origin);
	c->settings[i].from_env = true;
	return ERR_OK;
}

size_t config_len(const struct config *c)
{
	return c->count;
}

const struct config_row *config_row_at(const struct config *c, size_t i)
{
	return &c->rows[i];
}

bool config_same(const struct config *a, const struct config *b, size_t i)
{
	const char *x = a->settings[i].text, *y = b->settings[i].text;

	return x == y || (x && y && strcmp(x, y) == 0);
}

void config_copy(struct config *to, const struct config *from, size_t i)
{
	struct setting *s = &to->settings[i];

	free(s->text);
	free(s->origin);
	s->text = from->settings[i].text ? xstrdup(from->settings[i].text) : NULL;
	s->origin = xstrdup(from->settings[i].origin);
}

/* Asking for a key that no row declares is our own mistake. */
static const struct setting *must_find(const struct config *c, const char *section, const char *key)
{
	size_t i = 0;

	if (!find(c, section, key, &i)) {
		fprintf(stderr, "no setting %s.%s\n", section, key);
		abort();
	}
	return &c->settings[i];
}

const char *config_text(const struct config *c, const char *section, const char *key)
{
	return must_find(c, section, key)->text;
}

uint32_t config_u32(const struct config *c, const char *section, const char *key)
{
	const char *text = config_text(c, section, key);

	return text ? (uint32_t)strtoull(text, NULL, 10) : 0;
}

bool config_bool(const struct config *c, const char *section, const char *key)
{
	const char *text = config_text(c, section, key);
	bool v = false;

	return text && parse_bool(text, &v) && v;
}

bool config_hex32(const struct config *c, const char *section, const char *key,
		  uint8_t out[static 32])
{
	const char *text = config_text(c, section, key);
	size_t len = 0;

	return text && hex_decode(text, strlen(text), out, 32, &len) && len == 32;
}

const char *config_origin(const struct config *c, const char *section, const char *key)
{
	return must_find(c, section, key)->origin;
}

void config_print_help(const struct config_row *rows, FILE *to)
{
	const char *section = "";

	for (const struct config_row *row = rows; row->section; row++) {
		char name[128];

		if (strcmp(section, row->section) != 0) {
			section = row->section;
			fprintf(to, "[%s]\n", section);
		}
		env_name(row, name, sizeof name);
		fprintf(to, "  %-16s %s\n", row->key, row->doc);
		fprintf(to, "  %-16s %s%s%s", "", name, row->alias_env ? ", " : "",
			row->alias_env ? row->alias_env : "");
		fprintf(to, "; default: %s", row->dflt ? row->dflt : "unset");
		if (row->type == CONFIG_U32 && (row->min || row->max))
			fprintf(to, "; %" PRId64 " to %" PRId64, row->min, row->max);
		fputc('\n', to);
	}
}

void config_print(const struct config *c, FILE *to,
		  char *(*shown)(const struct config_row *row, const char *text))
{
	const char *section = "";

	for (size_t i = 0; i < c->count; i++) {
		const struct config_row *row = &c->rows[i];
		const struct setting *s = &c->settings[i];
		AUTO_FREE char *other = s->text ? shown(row, s->text) : NULL;

		if (strcmp(section, row->section) != 0)
			fprintf(to, "%s[%s]\n", section[0] ? "\n" : "", row->section);
		section = row->section;
		fprintf(to, "%s%s =%s%s\n", s->text ? "" : "; ", row->key, s->text ? " " : "",
			other     ? other
			: s->text ? s->text
				  : "");
		fprintf(to, "; from %s\n", s->origin);
	}
}
