/* What a field says to wad, checked by its row of the catalogue before wad is asked. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/phone.h"
#include "shared/base/text.h"
#include "shared/base/wr.h"
#include "shared/base/xalloc.h"
#include "shared/rpc/validate.h"

#include "tui/form_impl.h"

enum { FILE_DEFAULT_BYTES = 11 << 20, DOC_DEFAULT_BYTES = 65536 };

/* "day: is required" says the field's name, which stands beside it already */
static void without_name(const struct cat_param *p, struct err *e)
{
	size_t len = strlen(p->name);
	struct err bare = *e;

	if (strncmp(e->msg, p->name, len) == 0 && strncmp(e->msg + len, ": ", 2) == 0)
		err_set(e, bare.code, "%s", bare.msg + len + 2);
}

/* the checks of wad, for this one parameter. v: taken. A phone may lack its country here. */
static enum errc check_take(const struct cat_param *p, json_t *v, json_t **ret, struct err *e)
{
	const struct cat_param in[] = { *p, { .name = NULL } };
	const struct cat_method one = { .name = "form", .in = in };
	json_t *params, *good = NULL;
	enum errc code;

	if (p->type == CAT_PHONE && json_is_string(v) && phone_plausible(json_string_value(v))) {
		*ret = v;
		return ERR_OK;
	}
	params = json_object();
	json_object_set_new(params, p->name, v);
	code = rpc_validate(&one, params, &good, NULL, e);
	if (code == ERR_OK)
		*ret = json_incref(json_object_get(params, p->name));
	else
		without_name(p, e);
	json_decref(params);
	json_decref(good);
	return code;
}

static struct span trimmed(const char *text)
{
	size_t len;

	text += strspn(text, " \t\n");
	len = strlen(text);
	while (len > 0 && strchr(" \t\n", text[len - 1]))
		len--;
	return span_of(text, len);
}

static json_t *list_of(const char *text)
{
	json_t *list = json_array();

	while (*text) {
		size_t len = strcspn(text, ",");
		AUTO_FREE char *one = xstrndup(text, len);
		struct span item = trimmed(one);

		if (item.len > 0)
			json_array_append_new(list, json_stringn((const char *)item.at, item.len));
		text += len + (text[len] == ',');
	}
	return list;
}

static enum errc map_of(const char *text, json_t **ret, struct err *e)
{
	json_t *map = json_object();

	while (*text) {
		size_t len = strcspn(text, "\n"), name_len;
		AUTO_FREE char *line = xstrndup(text, len);
		AUTO_FREE char *name = NULL;
		struct span whole = trimmed(line), bare;
		const char *eq = strchr(line, '=');

		text += len + (text[len] == '\n');
		if (whole.len == 0)
			continue;
		name_len = eq ? (size_t)(eq - line) : 0;
		name = xstrndup(line, name_len);
		bare = trimmed(name);
		if (eq == NULL || bare.len == 0) {
			json_decref(map);
			return err_set(e, ERR_BAD_PARAMS, "'%.60s' is not name=text", line);
		}
		name[(size_t)((const char *)bare.at - name) + bare.len] = '\0';
		json_object_set_new(map, (const char *)bare.at, json_string(eq + 1));
	}
	*ret = map;
	return ERR_OK;
}

static enum errc file_of(const struct field *f, json_t **ret, struct err *e)
{
	const struct cat_param *p = f->p;
	int64_t max = p->max ? p->max : p->type == CAT_DOC ? DOC_DEFAULT_BYTES : FILE_DEFAULT_BYTES;
	AUTO_ARENA struct arena *a = arena_new();
	uint8_t *bytes = NULL;
	size_t len = 0;
	enum errc code = path_read(f->line.text, max, &bytes, &len, e);

	if (code)
		return code;
	if (p->type == CAT_DOC && !utf8_valid(span_of(bytes, len)))
		code = err_set(e, ERR_BAD_PARAMS, "the file is not text in UTF-8");
	else if (p->type == CAT_DOC)
		code = check_take(p, json_stringn((const char *)bytes, len), ret, e);
	else
		code = check_take(p, json_string(base64_text(a, span_of(bytes, len))), ret, e);
	free(bytes);
	return code;
}

static enum errc line_of(const struct field *f, json_t **ret, struct err *e)
{
	const struct cat_param *p = f->p;
	struct span text = span_of(f->line.text, f->line.len);
	json_t *v = NULL;
	enum errc code;

	if (p->type == CAT_LIST)
		return check_take(p, list_of(f->line.text), ret, e);
	if (p->type == CAT_MAP) {
		code = map_of(f->line.text, &v, e);
		return code ? code : check_take(p, v, ret, e);
	}
	if (p->type != CAT_TEXT && p->type != CAT_SECRET)
		text = trimmed(f->line.text);
	code = rpc_value_from_text(p, text, ret, NULL, e);
	if (code)
		without_name(p, e);
	return code;
}

/* rows without what only results hold */
static json_t *rows_of(const struct field *f)
{
	json_t *rows = json_array(), *row;
	size_t i;

	json_array_foreach(f->rows, i, row) {
		json_t *bare = json_object();

		for (const struct cat_param *p = f->p->fields; p && p->name; p++)
			if (json_object_get(row, p->name))
				json_object_set(bare, p->name, json_object_get(row, p->name));
		json_array_append_new(rows, bare);
	}
	return rows;
}

static enum errc choice_value(const struct field *f, json_t **ret)
{
	char word[64];

	if (f->choice == FIELD_NOT_GIVEN)
		return ERR_OK;
	field_word(f, f->choice, word, sizeof word);
	*ret = f->p->type == CAT_BOOL ? json_boolean(f->choice == 0) : json_string(word);
	return ERR_OK;
}

static enum errc changed_value(const struct field *f, bool changes_only, bool quietly, json_t **ret,
			       struct err *e)
{
	switch (f->kind) {
	case FIELD_CHOICE:
		return choice_value(f, ret);
	case FIELD_OBJECTS:
		return check_take(f->p, rows_of(f), ret, e);
	case FIELD_FILE:
		if (f->line.len == 0 || quietly)
			return ERR_OK;
		return file_of(f, ret, e);
	case FIELD_LINE:
		if (f->line.len == 0 && !changes_only)
			return ERR_OK; /* not given */
		return line_of(f, ret, e);
	}
	return ERR_OK;
}

enum errc field_value(const struct field *f, bool changes_only, bool quietly, json_t **ret,
		      struct err *e)
{
	bool required = f->p->need == CAT_REQUIRED;
	json_t *v = NULL;
	enum errc code = ERR_OK;

	if (field_changed(f))
		code = changed_value(f, changes_only, quietly, &v, e);
	else if (f->kind == FIELD_OBJECTS && f->preset && (!changes_only || required))
		v = rows_of(f);
	else if (f->preset && (!changes_only || required))
		v = json_incref(f->preset);
	if (code)
		return code;
	if (v == NULL && required && !(f->kind == FIELD_FILE && quietly))
		return err_set(e, ERR_BAD_PARAMS, "is required");
	*ret = v;
	return ERR_OK;
}

/* -- hints -- */

static void range_text(const struct cat_param *p, char *out, size_t out_bytes)
{
	*out = '\0';
	switch (p->type) {
	case CAT_INT:
		if (p->min || p->max)
			snprintf(out, out_bytes, "%" PRId64 " to %" PRId64, p->min, p->max);
		break;
	case CAT_TEXT:
	case CAT_SECRET:
		if (p->max && p->min > 1)
			snprintf(out, out_bytes, "%" PRId64 " to %" PRId64 " bytes", p->min,
				 p->max);
		break;
	case CAT_TIME:
		snprintf(out, out_bytes, "as in 2026-12-24T09:30:00+07:00");
		break;
	case CAT_LIST:
		snprintf(out, out_bytes, "with commas between them");
		break;
	case CAT_MAP:
		snprintf(out, out_bytes, "name=text, Alt-Enter for the next");
		break;
	case CAT_BYTES:
	case CAT_DOC:
		snprintf(out, out_bytes, "the name of a file, Tab completes");
		break;
	case CAT_OBJECTS:
		snprintf(out, out_bytes, "Enter edits, Ins adds, Del deletes");
		break;
	case CAT_ID:
	case CAT_REF:
	case CAT_BOOL:
	case CAT_ENUM:
	case CAT_PHONE:
	case CAT_OBJECT:
		break;
	}
}

static const char *more_text(const struct field *f)
{
	if (f->may_clear && f->line.len == 0)
		return f->cleared ? "; Del leaves it as it is" : "; Del takes it away";
	if (f->line.multiline && f->p->type == CAT_TEXT)
		return "; ^E your editor, Alt-Enter a new line";
	if (f->p->noun && f->kind == FIELD_LINE)
		return "; ^P shows what there is";
	return "";
}

/* "14400" seconds as "4 h"; "" when it is no duration */
static void duration_text(const struct field *f, char *out, size_t out_bytes)
{
	static const struct {
		int64_t ms;
		const char *name;
	} units[] = { { 86400000, "d" }, { 3600000, "h" }, { 60000, "min" }, { 1000, "s" } };
	const char *text = f->line.len ? f->line.text : f->p->dflt ? f->p->dflt : "";
	size_t name_len = strlen(f->p->name), used = 0;
	int64_t ms = strtoll(text, NULL, 10);

	*out = '\0';
	if (f->p->type != CAT_INT || ms <= 0 || ms > INT64_MAX / 1000 || name_len < 3)
		return;
	if (strcmp(f->p->name + name_len - 2, "_s") == 0)
		ms *= 1000;
	else if (strcmp(f->p->name + name_len - 3, "_ms") != 0)
		return;
	for (size_t i = 0; i < ARRAY_LEN(units) && used < out_bytes; i++) {
		if (ms < units[i].ms)
			continue;
		used += (size_t)snprintf(out + used, out_bytes - used, "%s%" PRId64 " %s",
					 used ? " " : "; that is ", ms / units[i].ms,
					 units[i].name);
		ms %= units[i].ms;
	}
	if (used && ms && used < out_bytes)
		snprintf(out + used, out_bytes - used, " %" PRId64 " ms", ms);
}

void field_hint(const struct field *f, char *out, size_t out_bytes)
{
	const struct cat_param *p = f->p;
	char range[80], file[48] = "", full[80] = "";

	range_text(p, range, sizeof range);
	if (f->kind == FIELD_FILE && f->line.len > 0) {
		path_tell(f->line.text, file, sizeof file);
		*range = '\0';
	}
	duration_text(f, full, sizeof full);
	if (f->kind == FIELD_LINE && f->line.len > 100 && f->line.len > f->line.max / 5 * 4)
		snprintf(full, sizeof full, "; %zu of %zu bytes", f->line.len, f->line.max);
	snprintf(out, out_bytes, "%s%s%s%s%s%s%s%s%s%s",
		 p->need == CAT_REQUIRED ? "required: " : "", p->doc, *range ? " (" : "", range,
		 *range ? ")" : "", *file ? "; " : "", file, full,
		 f->had_file && f->line.len == 0 ? "; it has one, which has to be named again" : "",
		 more_text(f));
}

static void put_part(struct wr *w, const struct cat_param *p, const json_t *v)
{
	AUTO_FREE char *own = NULL;

	if (v == NULL || json_is_false(v) || json_is_null(v))
		return;
	wr_str(w, w->len ? ", " : "");
	if (json_is_integer(v))
		own = xasprintf("%s %" JSON_INTEGER_FORMAT, p->name, json_integer_value(v));
	if (own)
		wr_str(w, own);
	else if (json_is_string(v) && p->type != CAT_BYTES && p->type != CAT_SECRET)
		wr_str(w, json_string_value(v));
	else
		wr_str(w, p->name);
}

void field_row_text(const struct field *f, const json_t *row, char *out, size_t out_bytes)
{
	char has[72];
	struct wr w;

	wr_init(&w, 1 << 20);
	for (const struct cat_param *p = f->p->fields; p && p->name; p++) {
		snprintf(has, sizeof has, "has_%s", p->name);
		put_part(&w, p, json_object_get(row, p->name));
		if (json_object_get(row, p->name) == NULL &&
		    json_is_true(json_object_get(row, has))) {
			wr_str(&w, w.len ? ", " : "");
			wr_str(&w, p->name);
			wr_str(&w, " (to be named again)");
		}
	}
	wr_u8(&w, 0);
	snprintf(out, out_bytes, "%s", w.bad || w.buf == NULL ? "" : (const char *)w.buf);
	utf8_mend(out);
	wr_done(&w);
}
