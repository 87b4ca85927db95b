#include "shared/rpc/validate.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/phone.h"
#include "shared/base/text.h"

enum { REF_MAX = 64, LIST_ITEM_MAX = 256, LIST_MAX = 1000, TEXT_MAX = 65536 };

static enum errc refuse(const struct cat_param *p, struct rpc_detail *d, struct err *e,
			const char *what)
{
	if (d)
		snprintf(d->field, sizeof d->field, "%s", p->name);
	return err_set(e, ERR_BAD_PARAMS, "%s: %s", p->name, what);
}

bool rpc_phone_parse(const char *text, int64_t *ret)
{
	return phone_parse(text, 0, ret) == NULL;
}

static bool parse_id(const char *text, int64_t *ret)
{
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 19 || text[digits] != '\0')
		return false;
	errno = 0;
	*ret = strtoll(text, NULL, 10);
	return errno == 0;
}

static enum errc check_id(const struct cat_param *p, const json_t *v, json_t **ret,
			  struct rpc_detail *d, struct err *e)
{
	const char *text = json_string_value(v);
	char own[24];
	int64_t id = 0;

	if (json_is_integer(v)) {
		snprintf(own, sizeof own, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
		text = own;
	}
	if (text == NULL || !parse_id(text, &id))
		return refuse(p, d, e, "an id is a string of digits");
	snprintf(own, sizeof own, "%" PRId64, id);
	*ret = json_string(own);
	return ERR_OK;
}

static enum errc check_text(const struct cat_param *p, const json_t *v, json_t **ret,
			    struct rpc_detail *d, struct err *e)
{
	size_t len = json_string_length(v), max = p->max ? (size_t)p->max : TEXT_MAX;
	size_t min = (size_t)p->min;
	char why[96];

	if (p->type == CAT_REF) {
		max = p->max ? max : REF_MAX;
		min = 1;
	}
	if (!json_is_string(v))
		return refuse(p, d, e, "must be a string");
	if (len < min)
		return refuse(p, d, e, "must not be empty");
	if (len > max) {
		snprintf(why, sizeof why, "%zu bytes, at most %zu are allowed", len, max);
		return refuse(p, d, e, why);
	}
	*ret = json_stringn(json_string_value(v), len);
	return ERR_OK;
}

static enum errc check_int(const struct cat_param *p, const json_t *v, json_t **ret,
			   struct rpc_detail *d, struct err *e)
{
	json_int_t n = json_integer_value(v);
	char why[80];

	if (!json_is_integer(v))
		return refuse(p, d, e, "must be a whole number");
	if ((p->min || p->max) && (n < p->min || n > p->max)) {
		snprintf(why, sizeof why,
			 "%" JSON_INTEGER_FORMAT " is not within %" PRId64 " to %" PRId64, n,
			 p->min, p->max);
		return refuse(p, d, e, why);
	}
	*ret = json_integer(n);
	return ERR_OK;
}

static enum errc check_enum(const struct cat_param *p, const json_t *v, json_t **ret,
			    struct rpc_detail *d, struct err *e)
{
	const char *text = json_string_value(v), *word;
	size_t pos = 0, len = 0;
	char why[160];

	if (text && strchr(text, ' ') == NULL && cat_word_in(p->values, text)) {
		*ret = json_string(text);
		return ERR_OK;
	}
	while (d && text && cat_word_next(p->values, &pos, &word, &len)) {
		char one[32];

		snprintf(one, sizeof one, "%.*s", (int)len, word);
		if (edit_distance(text, one, 2) <= 2)
			snprintf(d->hint, sizeof d->hint, "did you mean '%s'?", one);
	}
	snprintf(why, sizeof why, "must be one of: %s", p->values);
	return refuse(p, d, e, why);
}

static enum errc check_time(const struct cat_param *p, const json_t *v, json_t **ret,
			    struct rpc_detail *d, struct err *e)
{
	const char *text = json_string_value(v);
	char own[25];
	unix_ms at;

	if (text == NULL || !unix_ms_parse(text, &at))
		return refuse(p, d, e, "must be a time such as 2026-11-22T10:00:00Z or ...+08:00");
	unix_ms_text(at, own);
	*ret = json_string(own);
	return ERR_OK;
}

static enum errc check_phone(const struct cat_param *p, const json_t *v, json_t **ret,
			     struct rpc_detail *d, struct err *e)
{
	const char *text = json_string_value(v);
	char own[24];
	int64_t number;

	if (text == NULL || phone_parse(text, d ? d->country : 0, &number)) {
		if (d && text && text[0] == '0')
			snprintf(d->hint, sizeof d->hint, "start with the country code, without 0");
		return refuse(p, d, e, "not a phone number: 7 to 15 digits with country code");
	}
	snprintf(own, sizeof own, "%" PRId64, number);
	*ret = json_string(own);
	return ERR_OK;
}

static enum errc check_list(const struct cat_param *p, const json_t *v, json_t **ret,
			    struct rpc_detail *d, struct err *e)
{
	size_t max = p->max ? (size_t)p->max : LIST_MAX, i;
	json_t *item;
	char why[96];

	if (!json_is_array(v))
		return refuse(p, d, e, "must be an array of strings");
	if (json_array_size(v) > max) {
		snprintf(why, sizeof why, "at most %zu entries are allowed", max);
		return refuse(p, d, e, why);
	}
	json_array_foreach(v, i, item)
		if (!json_is_string(item) || json_string_length(item) == 0 ||
		    json_string_length(item) > LIST_ITEM_MAX)
			return refuse(p, d, e, "each entry must be a string of 1 to 256 bytes");
	*ret = json_deep_copy(v);
	return ERR_OK;
}

bool rpc_map_name_good(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");

	return len > 0 && len <= RPC_MAP_NAME_MAX && name[len] == '\0' && name[0] >= 'a';
}

static enum errc check_map(const struct cat_param *p, const json_t *v, json_t **ret,
			   struct rpc_detail *d, struct err *e)
{
	const char *name;
	json_t *text;

	if (!json_is_object(v))
		return refuse(p, d, e, "must be an object of texts");
	if (json_object_size(v) > RPC_MAP_MAX)
		return refuse(p, d, e, "at most 32 names are allowed");
	json_object_foreach((json_t *)(uintptr_t)v, name, text) {
		if (!rpc_map_name_good(name))
			return refuse(p, d, e, "a name is a to z, 0 to 9 and _, 32 bytes at most");
		if (!json_is_string(text) || json_string_length(text) > RPC_MAP_TEXT_MAX)
			return refuse(p, d, e, "each text must be a string of at most 1000 bytes");
	}
	*ret = json_deep_copy(v);
	return ERR_OK;
}

static enum errc check_bytes(const struct cat_param *p, const json_t *v, json_t **ret,
			     struct rpc_detail *d, struct err *e)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct span bytes = SPAN_NONE;
	char why[96];

	if (!json_is_string(v) ||
	    !base64_decode(a, json_string_value(v), json_string_length(v), &bytes))
		return refuse(p, d, e, "must be base64");
	if (bytes.len < (size_t)p->min)
		return refuse(p, d, e, "must not be empty");
	if (p->max && bytes.len > (size_t)p->max) {
		snprintf(why, sizeof why, "%zu bytes, at most %" PRId64 " are allowed", bytes.len,
			 p->max);
		return refuse(p, d, e, why);
	}
	*ret = json_stringn(json_string_value(v), json_string_length(v));
	return ERR_OK;
}

static enum errc check_objects(const struct cat_param *p, const json_t *v, json_t **ret,
			       struct rpc_detail *d, struct err *e);

static enum errc check(const struct cat_param *p, const json_t *v, json_t **ret,
		       struct rpc_detail *d, struct err *e)
{
	switch (p->type) {
	case CAT_ID:
		return check_id(p, v, ret, d, e);
	case CAT_REF:
		if (json_is_integer(v))
			return check_id(p, v, ret, d, e);
		return check_text(p, v, ret, d, e);
	case CAT_TEXT:
	case CAT_DOC:
	case CAT_SECRET:
		return check_text(p, v, ret, d, e);
	case CAT_INT:
		return check_int(p, v, ret, d, e);
	case CAT_BOOL:
		if (!json_is_boolean(v))
			return refuse(p, d, e, "must be true or false");
		*ret = json_boolean(json_is_true(v));
		return ERR_OK;
	case CAT_ENUM:
		return check_enum(p, v, ret, d, e);
	case CAT_TIME:
		return check_time(p, v, ret, d, e);
	case CAT_PHONE:
		return check_phone(p, v, ret, d, e);
	case CAT_LIST:
		return check_list(p, v, ret, d, e);
	case CAT_MAP:
		return check_map(p, v, ret, d, e);
	case CAT_BYTES:
		return check_bytes(p, v, ret, d, e);
	case CAT_OBJECTS:
		if (p->fields)
			return check_objects(p, v, ret, d, e);
		break;
	case CAT_OBJECT:
		break;
	}
	return refuse(p, d, e, "only occurs in results");
}

/* whose: who has the parameters `in` */
static enum errc unknown_name(const char *whose, const struct cat_param *in, const char *name,
			      struct rpc_detail *d, struct err *e)
{
	const struct cat_param *near = cat_param_nearest(in, name);

	if (d)
		snprintf(d->field, sizeof d->field, "%.40s", name);
	if (d && near)
		snprintf(d->hint, sizeof d->hint, "did you mean '%s'?", near->name);
	return err_set(e, ERR_BAD_PARAMS, "%s has no parameter '%.40s'%s%s%s", whose, name,
		       near ? ", did you mean '" : "", near ? near->name : "", near ? "'?" : "");
}

static enum errc by_name(const char *whose, const struct cat_param *in, json_t *object, json_t *out,
			 struct rpc_detail *d, struct err *e)
{
	const char *name;
	json_t *v;

	for (void *it = json_object_iter(object); it; it = json_object_iter_next(object, it)) {
		const struct cat_param *p;
		json_t *good = NULL;

		name = json_object_iter_key(it);
		v = json_object_iter_value(it);
		p = cat_param_find(in, name);
		if (p == NULL)
			return unknown_name(whose, in, name, d, e);
		if (json_is_null(v))
			continue;
		if (check(p, v, &good, d, e))
			return e ? e->code : ERR_BAD_PARAMS;
		json_object_set_new(out, name, good);
	}
	return ERR_OK;
}

static enum errc by_position(const struct cat_method *m, const json_t *params, json_t *out,
			     struct rpc_detail *d, struct err *e)
{
	size_t i;
	json_t *v;

	json_array_foreach(params, i, v) {
		const struct cat_param *p = &m->in[i];
		json_t *good = NULL;

		if (p->name == NULL)
			return err_set(e, ERR_BAD_PARAMS, "%s takes %zu parameters, %zu are given",
				       m->name, i, json_array_size(params));
		if (json_is_null(v))
			continue;
		if (check(p, v, &good, d, e))
			return e ? e->code : ERR_BAD_PARAMS;
		json_object_set_new(out, p->name, good);
	}
	return ERR_OK;
}

/* what is not given: its default, or a refusal */
static enum errc fill(const struct cat_param *in, json_t *out, struct rpc_detail *d, struct err *e)
{
	for (const struct cat_param *p = in; p->name; p++) {
		json_t *filled = NULL;

		if (json_object_get(out, p->name))
			continue;
		if (p->need == CAT_REQUIRED)
			return refuse(p, d, e, "is required");
		if (p->dflt == NULL)
			continue;
		if (rpc_value_from_text(p, span_str(p->dflt), &filled, d, e))
			return e->code;
		json_object_set_new(out, p->name, filled);
	}
	return ERR_OK;
}

static enum errc check_objects(const struct cat_param *p, const json_t *v, json_t **ret,
			       struct rpc_detail *d, struct err *e)
{
	size_t max = p->max ? (size_t)p->max : LIST_MAX, i;
	json_t *list, *item;
	char why[96], whose[64];

	if (!json_is_array(v))
		return refuse(p, d, e, "must be an array of objects");
	if (json_array_size(v) < (size_t)p->min)
		return refuse(p, d, e, "must not be empty");
	if (json_array_size(v) > max) {
		snprintf(why, sizeof why, "at most %zu entries are allowed", max);
		return refuse(p, d, e, why);
	}
	list = json_array();
	json_array_foreach(v, i, item) {
		json_t *good = json_object();

		json_array_append_new(list, good);
		snprintf(whose, sizeof whose, "%s[%zu]", p->name, i);
		if (!json_is_object(item)) {
			err_set(e, ERR_BAD_PARAMS, "%s: must be an object", whose);
		} else if (by_name("it", p->fields, item, good, d, e) ||
			   fill(p->fields, good, d, e)) {
			err_wrap(e, "%s", whose);
		} else {
			continue;
		}
		if (d)
			snprintf(d->field, sizeof d->field, "%s", whose);
		json_decref(list);
		return e->code;
	}
	*ret = list;
	return ERR_OK;
}

enum errc rpc_validate(const struct cat_method *m, json_t *params, json_t **ret_params,
		       struct rpc_detail *detail, struct err *e)
{
	struct err own = ERR_NONE;
	json_t *out = json_object();

	e = e ? e : &own;
	if ((json_is_array(params) ? by_position(m, params, out, detail, e)
				   : by_name(m->name, m->in, params, out, detail, e)) ||
	    fill(m->in, out, detail, e)) {
		json_decref(out);
		return e->code;
	}
	*ret_params = out;
	return ERR_OK;
}

static json_t *list_from_text(const char *text)
{
	json_t *list = json_array();

	while (*text) {
		size_t len = strcspn(text, ",");

		if (len > 0)
			json_array_append_new(list, json_stringn(text, len));
		text += len + (text[len] == ',');
	}
	return list;
}

/* the JSON that a text form stands for, not yet checked; NULL when it stands for none */
static json_t *raw_from_text(const struct cat_param *p, struct span text, struct arena *a)
{
	const char *s = arena_strndup(a, (const char *)text.at, text.len);
	struct err ignored = ERR_NONE;
	json_t *v = NULL;
	const char *eq;
	char *end = NULL;
	long long n;

	switch (p->type) {
	case CAT_INT:
		errno = 0;
		n = strtoll(s, &end, 10);
		return s[0] && *end == '\0' && errno == 0 ? json_integer(n) : NULL;
	case CAT_BOOL:
		if (cat_word_in("yes true on 1", s) || cat_word_in("no false off 0", s))
			return json_boolean(cat_word_in("yes true on 1", s));
		return NULL;
	case CAT_LIST:
		return list_from_text(s);
	case CAT_MAP:
		eq = strchr(s, '=');
		return eq ? json_pack("{s%:s}", s, (size_t)(eq - s), eq + 1) : NULL;
	case CAT_BYTES:
		return json_string(base64_text(a, text));
	case CAT_ID:
	case CAT_REF:
	case CAT_TEXT:
	case CAT_DOC:
	case CAT_SECRET:
	case CAT_ENUM:
	case CAT_TIME:
	case CAT_PHONE:
		return json_stringn((const char *)text.at, text.len);
	case CAT_OBJECTS:
		return rpc_json_load(text, &v, &ignored) == ERR_OK ? v : NULL;
	case CAT_OBJECT:
		break;
	}
	return NULL;
}

enum errc rpc_value_from_text(const struct cat_param *p, struct span text, json_t **ret,
			      struct rpc_detail *detail, struct err *e)
{
	AUTO_ARENA struct arena *a = arena_new();
	json_t *raw;
	enum errc code;

	if (text.at == NULL)
		text = SPAN_LIT("");
	if (p->type != CAT_BYTES && !utf8_valid(text))
		return refuse(p, detail, e, "not UTF-8");
	raw = raw_from_text(p, text, a);
	if (raw == NULL)
		return refuse(p, detail, e,
			      p->type == CAT_BOOL      ? "must be yes or no"
			      : p->type == CAT_MAP     ? "must be name=text"
			      : p->type == CAT_OBJECTS ? "must be a JSON array of objects"
						       : "must be a whole number");
	if (p->type == CAT_PHONE && phone_plausible(json_string_value(raw))) {
		*ret = raw;
		return ERR_OK;
	}
	code = check(p, raw, ret, detail, e);
	json_decref(raw);
	return code;
}

bool rpc_param_has(const json_t *params, const char *name)
{
	return json_object_get(params, name) != NULL;
}

int64_t rpc_param_id(const json_t *params, const char *name)
{
	const char *text = json_string_value(json_object_get(params, name));

	return text ? strtoll(text, NULL, 10) : 0;
}

int64_t rpc_param_int(const json_t *params, const char *name)
{
	return json_integer_value(json_object_get(params, name));
}

bool rpc_param_bool(const json_t *params, const char *name)
{
	return json_is_true(json_object_get(params, name));
}

const char *rpc_param_text(const json_t *params, const char *name)
{
	return json_string_value(json_object_get(params, name));
}

unix_ms rpc_param_time(const json_t *params, const char *name)
{
	const char *text = rpc_param_text(params, name);
	unix_ms at = { 0 };

	if (text && !unix_ms_parse(text, &at))
		at.ms = 0;
	return at;
}

int64_t rpc_param_phone(const json_t *params, const char *name)
{
	return rpc_param_id(params, name);
}

bool rpc_param_bytes(const json_t *params, const char *name, struct arena *a, struct span *ret)
{
	const json_t *v = json_object_get(params, name);

	return json_is_string(v) &&
	       base64_decode(a, json_string_value(v), json_string_length(v), ret);
}
