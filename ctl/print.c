#include "ctl/print.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "shared/base/text.h"
#include "shared/base/wr.h"
#include "shared/base/xalloc.h"
#include "shared/term/safe.h"

enum { COLUMNS_MAX = 64, CELL_COLUMNS_MAX = 48, CELL_BYTES_MAX = 1 << 20 };

struct columns {
	const struct cat_param *at[COLUMNS_MAX];
	size_t len;
};

bool ctl_wants_color(enum ctl_color color, bool is_tty)
{
	const char *none = getenv("NO_COLOR"), *force = getenv("CLICOLOR_FORCE"),
		   *term = getenv("TERM");

	if (color != COLOR_AUTO)
		return color == COLOR_ALWAYS;
	if (none && none[0])
		return false;
	if (force && force[0] && strcmp(force, "0") != 0)
		return true;
	return is_tty && term && term[0] && strcmp(term, "dumb") != 0;
}

void printer_init(struct printer *p, const struct ctl_args *a, FILE *out)
{
	bool is_tty = isatty(fileno(out));
	struct winsize size;

	*p = (struct printer){ .out = out, .format = a->format, .no_header = a->no_header };
	p->fields = a->fields;
	if (p->format == FORMAT_AUTO)
		p->format = is_tty ? FORMAT_TABLE : FORMAT_TSV;
	p->color = ctl_wants_color(a->color, is_tty);
	p->is_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	if (is_tty && ioctl(fileno(out), TIOCGWINSZ, &size) == 0)
		p->columns = size.ws_col;
}

/* the character at `at`, as bytes to skip and whether a terminal may see it */
static size_t safe_char(const unsigned char *at, size_t left, bool *ret_safe)
{
	uint32_t code = 0;
	size_t len = utf8_decode(at, left, &code);

	*ret_safe = len > 0 && !safe_is_harmful(code);
	return len ? len : 1;
}

char *print_safe(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	size_t left = strlen(text), len;
	struct wr w;

	wr_init(&w, 4 * left + 1);
	while (left > 0) {
		bool is_safe;
		size_t n = safe_char(at, left, &is_safe);
		char escaped[8];

		if (is_safe) {
			wr_put(&w, at, n);
		} else if (*at == '\n' || *at == '\t' || *at == '\r') {
			wr_str(&w, *at == '\n' ? "\\n" : *at == '\t' ? "\\t" : "\\r");
		} else {
			for (size_t i = 0; i < n; i++) {
				snprintf(escaped, sizeof escaped, "\\x%02x", at[i]);
				wr_str(&w, escaped);
			}
		}
		at += n;
		left -= n;
	}
	wr_u8(&w, '\0');
	return (char *)wr_take(&w, &len);
}

static void put_safe(struct wr *w, const char *text)
{
	AUTO_FREE char *safe = print_safe(text);

	wr_str(w, safe);
}

/* one value as text; the caller's */
static void put_value(struct wr *w, const json_t *v, bool for_people)
{
	char number[40];

	if (json_is_string(v)) {
		put_safe(w, json_string_value(v));
	} else if (json_is_integer(v)) {
		snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
		wr_str(w, number);
	} else if (json_is_boolean(v)) {
		wr_str(w, for_people        ? (json_is_true(v) ? "yes" : "no")
			  : json_is_true(v) ? "true"
					    : "false");
	} else if (json_is_array(v)) {
		for (size_t i = 0; i < json_array_size(v); i++) {
			wr_str(w, i ? "," : "");
			put_value(w, json_array_get(v, i), for_people);
		}
	} else if (json_is_object(v) && for_people) { /* {"a":1,"b":"c"}: a=1 b=c */
		const char *key, *gap = "";
		json_t *item;

		json_object_foreach((json_t *)(uintptr_t)v, key, item) {
			wr_str(w, gap);
			gap = " ";
			put_safe(w, key);
			wr_str(w, "=");
			put_value(w, item, for_people);
		}
	} else if (json_is_object(v)) {
		AUTO_FREE char *text = json_dumps(v, JSON_COMPACT);

		put_safe(w, text ? text : "");
	} else if (v && !json_is_null(v)) {
		AUTO_FREE char *text =
			json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));

		put_safe(w, text ? text : "");
	}
}

static char *value_text(const json_t *v, bool for_people)
{
	struct wr w;
	size_t len;

	wr_init(&w, CELL_BYTES_MAX);
	put_value(&w, v, for_people);
	w.bad = false; /* a cut cell is still a cell */
	wr_u8(&w, '\0');
	return w.bad ? xstrdup("") : (char *)wr_take(&w, &len);
}

static bool field_chosen(const char *fields, const char *name)
{
	size_t len = strlen(name);

	if (fields == NULL)
		return true;
	for (const char *at = fields; at; at = strchr(at, ','), at = at ? at + 1 : NULL)
		if (strncmp(at, name, len) == 0 && (at[len] == ',' || at[len] == '\0'))
			return true;
	return false;
}

enum errc print_fields_check(const char *fields, const struct cat_method *m, struct err *e)
{
	for (const char *at = fields; at && *at;) {
		size_t len = strcspn(at, ",");
		const struct cat_param *near;
		char name[64];

		snprintf(name, sizeof name, "%.*s", (int)len, at);
		near = cat_param_nearest(m->out, name);
		if (cat_param_find(m->out, name) == NULL)
			return err_set(e, ERR_USAGE,
				       "no field '%s'%s%s%s; --fields alone lists them", name,
				       near ? ", did you mean '" : "", near ? near->name : "",
				       near ? "'?" : "");
		at += len + (at[len] == ',');
	}
	return ERR_OK;
}

void print_field_names(const struct printer *p, const struct cat_method *m)
{
	for (const struct cat_param *f = m->out; f->name; f++)
		fprintf(p->out, "%s\n", f->name);
}

/* the order of --fields, else that of the rows */
static void columns_choose(const struct printer *p, const struct cat_method *m, struct columns *ret)
{
	ret->len = 0;
	for (const char *at = p->fields; at && *at && ret->len < COLUMNS_MAX;) {
		size_t len = strcspn(at, ",");
		char name[64];

		snprintf(name, sizeof name, "%.*s", (int)len, at);
		ret->at[ret->len] = cat_param_find(m->out, name);
		ret->len += ret->at[ret->len] != NULL;
		at += len + (at[len] == ',');
	}
	if (p->fields)
		return;
	for (const struct cat_param *f = m->out; f->name && ret->len < COLUMNS_MAX; f++)
		ret->at[ret->len++] = f;
}

/* a table leaves out what no row has */
static void columns_drop_empty(struct columns *c, const json_t *items)
{
	size_t kept = 0;

	for (size_t i = 0; i < c->len; i++) {
		bool seen = c->at[i]->need == CAT_REQUIRED;

		for (size_t row = 0; row < json_array_size(items) && !seen; row++)
			seen = json_object_get(json_array_get(items, row), c->at[i]->name) != NULL;
		if (seen)
			c->at[kept++] = c->at[i];
	}
	c->len = kept;
}

/* Cuts to a width in columns, at a character. */
static void cut(char *text, size_t columns, bool is_utf8)
{
	size_t len = strlen(text);

	if (utf8_columns(text) <= columns)
		return;
	while (len > 0 && utf8_columns(text) > columns - 1) {
		do
			len--;
		while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80);
		text[len] = '\0';
	}
	if (is_utf8 && strlen(text) == len)
		memcpy(text + len, "\xe2\x80\xa6", 4); /* what was cut took at least as much room */
}

static void put_cell(const struct printer *p, const char *text, size_t width, bool is_last)
{
	size_t columns = utf8_columns(text);

	fputs(text, p->out);
	for (; !is_last && columns < width + 2; columns++)
		fputc(' ', p->out);
}

static void print_table(const struct printer *p, const struct columns *c, const json_t *items)
{
	size_t rows = json_array_size(items), widths[COLUMNS_MAX] = { 0 };
	char **cells = xcalloc(rows * c->len + 1, sizeof *cells);

	for (size_t i = 0; i < c->len; i++)
		widths[i] = p->no_header ? 0 : utf8_columns(c->at[i]->name);
	for (size_t i = 0; i < rows * c->len; i++) {
		size_t column = i % c->len, width;
		const json_t *item = json_array_get(items, i / c->len);
		/* room for the mark of a cut */
		AUTO_FREE char *text = value_text(json_object_get(item, c->at[column]->name), true);

		cells[i] = xasprintf("%s   ", text);
		cells[i][strlen(text)] = '\0';
		cut(cells[i], CELL_COLUMNS_MAX, p->is_utf8);
		width = utf8_columns(cells[i]);
		widths[column] = width > widths[column] ? width : widths[column];
	}
	if (!p->no_header) {
		fputs(p->color ? "\033[1m" : "", p->out);
		for (size_t i = 0; i < c->len; i++)
			put_cell(p, c->at[i]->name, widths[i], i + 1 == c->len);
		fputs(p->color ? "\033[0m\n" : "\n", p->out);
	}
	for (size_t i = 0; i < rows * c->len; i++) {
		bool is_last = (i + 1) % c->len == 0;

		put_cell(p, cells[i], widths[i % c->len], is_last);
		fputs(is_last ? "\n" : "", p->out);
		free(cells[i]);
	}
	free(cells);
}

static void put_separated(const struct printer *p, const char *text)
{
	bool quote = p->format == FORMAT_CSV && strpbrk(text, ",\"") != NULL;

	if (!quote) {
		fputs(text, p->out);
		return;
	}
	fputc('"', p->out);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', p->out);
		fputc(*text, p->out);
	}
	fputc('"', p->out);
}

static void print_separated(const struct printer *p, const struct columns *c, const json_t *items)
{
	const char *separator = p->format == FORMAT_CSV ? "," : "\t";

	for (size_t i = 0; i < c->len && !p->no_header; i++)
		fprintf(p->out, "%s%s", c->at[i]->name, i + 1 < c->len ? separator : "\n");
	for (size_t row = 0; row < json_array_size(items); row++) {
		for (size_t i = 0; i < c->len; i++) {
			const json_t *item = json_array_get(items, row);
			AUTO_FREE char *text =
				value_text(json_object_get(item, c->at[i]->name), false);

			put_separated(p, text);
			fputs(i + 1 < c->len ? separator : "\n", p->out);
		}
	}
}

json_t *print_only_fields(const struct printer *p, json_t *item)
{
	json_t *out = json_object();
	const char *name;
	json_t *v;

	json_object_foreach(item, name, v)
		if (field_chosen(p->fields, name))
			json_object_set(out, name, v);
	return out;
}

static void print_json(const struct printer *p, const json_t *v)
{
	json_dumpf(v, p->out, JSON_REAL_PRECISION(15) | JSON_INDENT(2));
	fputc('\n', p->out);
}

/* Strings as JSON has them, which YAML reads; keys are words of the rows. */
static void print_yaml(const struct printer *p, const json_t *v, int depth)
{
	const char *key;
	json_t *item;
	size_t i;
	bool first = true;

	if (json_is_array(v) && json_array_size(v) > 0) {
		json_array_foreach(v, i, item) {
			fprintf(p->out, "%*s- ", first ? 0 : 2 * depth, "");
			first = false;
			print_yaml(p, item, depth + 1);
		}
	} else if (json_is_object(v) && json_object_size(v) > 0) {
		json_object_foreach((json_t *)(uintptr_t)v, key, item) {
			bool nested = json_array_size(item) > 0 || json_object_size(item) > 0;

			fprintf(p->out, "%*s%s:%s", first ? 0 : 2 * depth, "", key,
				nested ? "\n" : " ");
			if (nested)
				fprintf(p->out, "%*s", 2 * (depth + 1), "");
			first = false;
			print_yaml(p, item, depth + 1);
		}
	} else {
		json_dumpf(v, p->out, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(15));
		fputc('\n', p->out);
	}
}

static void print_names(const struct printer *p, const struct cat_method *m, const json_t *items)
{
	const char *key = cat_param_find(m->out, "id") ? "id" : m->out->name;

	for (size_t i = 0; key && i < json_array_size(items); i++) {
		AUTO_FREE char *text =
			value_text(json_object_get(json_array_get(items, i), key), false);

		fprintf(p->out, "%s\n", text);
	}
}

/* one object for people: a line a field, lists of objects below */
static void print_card(const struct printer *p, const struct columns *c, const json_t *item)
{
	size_t width = 0;

	for (size_t i = 0; i < c->len; i++)
		if (json_object_get(item, c->at[i]->name) && strlen(c->at[i]->name) > width)
			width = strlen(c->at[i]->name);
	for (size_t i = 0; i < c->len; i++) {
		const json_t *v = json_object_get(item, c->at[i]->name);
		AUTO_FREE char *text = c->at[i]->type == CAT_OBJECTS ? NULL : value_text(v, true);

		if (v == NULL)
			continue;
		if (text) {
			fprintf(p->out, "%-*s  %s\n", (int)width, c->at[i]->name, text);
			continue;
		}
		fprintf(p->out, "%-*s  %zu\n", (int)width, c->at[i]->name, json_array_size(v));
		for (size_t row = 0; row < json_array_size(v); row++) {
			AUTO_FREE char *line = value_text(json_array_get(v, row), true);

			fprintf(p->out, "  %s\n", line);
		}
	}
}

static void print_items(const struct printer *p, const struct cat_method *m, const json_t *items,
			bool is_list)
{
	struct columns c;

	columns_choose(p, m, &c);
	switch (p->format) {
	case FORMAT_AUTO:
	case FORMAT_TABLE:
		if (!is_list) {
			print_card(p, &c, json_array_get(items, 0));
			break;
		}
		columns_drop_empty(&c, items);
		if (json_array_size(items) > 0)
			print_table(p, &c, items);
		break;
	case FORMAT_CSV:
	case FORMAT_TSV:
		print_separated(p, &c, items);
		break;
	case FORMAT_NAME:
		print_names(p, m, items);
		break;
	case FORMAT_YAML:
		print_yaml(p, is_list ? items : json_array_get(items, 0), 0);
		break;
	case FORMAT_JSON:
		print_json(p, is_list ? items : json_array_get(items, 0));
		break;
	case FORMAT_JSONL:
		for (size_t i = 0; i < json_array_size(items); i++) {
			json_dumpf(json_array_get(items, i), p->out,
				   JSON_COMPACT | JSON_REAL_PRECISION(15));
			fputc('\n', p->out);
		}
		break;
	}
}

enum errc print_result(const struct printer *p, const struct cat_method *m, json_t *result,
		       struct err *e)
{
	json_t *list = m->list ? json_object_get(result, m->list) : NULL;
	json_t *items = json_array();
	size_t count = list ? json_array_size(list) : 1;

	if (!json_is_object(result) || (m->list && !json_is_array(list))) {
		json_decref(items);
		return err_set(e, ERR_BAD_INPUT, "%s: the daemon's answer has another shape",
			       m->name);
	}
	for (size_t i = 0; i < count; i++)
		json_array_append_new(
			items, print_only_fields(p, list ? json_array_get(list, i) : result));
	print_items(p, m, items, m->list != NULL);
	json_decref(items);
	return fflush(p->out) == 0 ? ERR_OK : err_set(e, ERR_SYSTEM, "writing the output failed");
}

/* of a failure that the daemon has not said anything about */
static const char *own_hint(const struct err *err)
{
	const char *meant = strstr(err_msg(err), "did you mean ");

	if (meant)
		return meant;
	switch (err->code) {
	case ERR_UNREACHABLE:
	case ERR_FORBIDDEN:
		return "wactl doctor says more";
	case ERR_TIMEOUT:
		return "it may still be done; ask again, or give more time: --timeout";
	case ERR_USAGE:
		return strstr(err_msg(err), "--yes") ? "say so beforehand: --yes" : "wactl help";
	default:
		return NULL;
	}
}

void print_failure(FILE *to, enum ctl_format format, const struct err *err, const json_t *rpc_error)
{
	json_t *data = json_object_get(rpc_error, "data");
	bool is_machine = format == FORMAT_JSON || format == FORMAT_JSONL;
	const char *told = json_string_value(json_object_get(data, "hint")),
		   *hint = told                ? told
			   : rpc_error == NULL ? own_hint(err)
					       : NULL;
	AUTO_FREE char *safe = print_safe(err_msg(err)),
		       *safe_hint = hint ? print_safe(hint) : NULL;
	json_t *out;

	if (!is_machine) {
		fprintf(to, "wactl: %s\n", safe);
		/* people are told where to look only when the sentence does not say it */
		if (safe_hint && (told || err->code != ERR_USAGE) &&
		    strstr(safe, safe_hint) == NULL)
			fprintf(to, "hint: %s\n", safe_hint);
		return;
	}
	out = json_pack("{s:i, s:s, s:s}", "code", err_rpc_code(err->code), "name",
			err_name(err->code), "message", safe);
	if (hint)
		json_object_set_new(out, "hint", json_string(hint));
	if (data)
		json_object_set(out, "data", data);
	json_dumpf(out, to, JSON_COMPACT);
	fputc('\n', to);
	json_decref(out);
}
