#include "shared/rpc/discover.h"

#include "shared/base/err.h"
#include "shared/rpc/catalogue.h"

static json_t *words_array(const char *words)
{
	json_t *list = json_array();
	const char *word;
	size_t pos = 0, len;

	while (cat_word_next(words, &pos, &word, &len))
		json_array_append_new(list, json_stringn(word, len));
	return list;
}

static json_t *number_schema(const struct cat_param *p)
{
	json_t *s = json_pack("{s:s}", "type", "integer");

	if (p->min || p->max) {
		json_object_set_new(s, "minimum", json_integer(p->min));
		json_object_set_new(s, "maximum", json_integer(p->max));
	}
	return s;
}

static json_t *schema_of(const struct cat_param *p)
{
	switch (p->type) {
	case CAT_ID:
		return json_pack("{s:s, s:s}", "type", "string", "pattern", "^[0-9]{1,19}$");
	case CAT_PHONE:
		return json_pack("{s:s, s:s}", "type", "string", "pattern",
				 "^\\+?[1-9][0-9]{6,14}$");
	case CAT_REF:
	case CAT_TEXT:
	case CAT_DOC:
	case CAT_SECRET:
		return json_pack("{s:s}", "type", "string");
	case CAT_TIME:
		return json_pack("{s:s, s:s}", "type", "string", "format", "date-time");
	case CAT_BYTES:
		return json_pack("{s:s, s:s}", "type", "string", "contentEncoding", "base64");
	case CAT_ENUM:
		return json_pack("{s:s, s:o}", "type", "string", "enum", words_array(p->values));
	case CAT_INT:
		return number_schema(p);
	case CAT_BOOL:
		return json_pack("{s:s}", "type", "boolean");
	case CAT_LIST:
		return json_pack("{s:s, s:{s:s}}", "type", "array", "items", "type", "string");
	case CAT_OBJECT:
		return json_pack("{s:s}", "type", "object");
	case CAT_OBJECTS:
		return json_pack("{s:s, s:{s:s}}", "type", "array", "items", "type", "object");
	}
	return json_object();
}

static json_t *params_of(const struct cat_param *list)
{
	json_t *out = json_array();

	for (; list && list->name; list++) {
		json_t *schema = schema_of(list);

		if (list->dflt)
			json_object_set_new(schema, "default",
					    list->type == CAT_INT
						    ? json_loads(list->dflt, JSON_DECODE_ANY, NULL)
						    : json_string(list->dflt));
		json_array_append_new(out, json_pack("{s:s, s:s, s:b, s:o}", "name", list->name,
						     "description", list->doc, "required",
						     list->need == CAT_REQUIRED, "schema", schema));
	}
	return out;
}

static json_t *object_schema(const struct cat_param *fields)
{
	json_t *properties = json_object(), *required = json_array();

	for (; fields && fields->name; fields++) {
		json_t *schema = schema_of(fields);

		json_object_set_new(schema, "description", json_string(fields->doc));
		json_object_set_new(properties, fields->name, schema);
		if (fields->need == CAT_REQUIRED)
			json_array_append_new(required, json_string(fields->name));
	}
	return json_pack("{s:s, s:o, s:o}", "type", "object", "properties", properties, "required",
			 required);
}

static json_t *result_of(const struct cat_method *m)
{
	json_t *schema = object_schema(m->out);

	if (m->list)
		schema = json_pack("{s:s, s:{s:{s:s, s:o}, s:{s:s}}, s:[s]}", "type", "object",
				   "properties", m->list, "type", "array", "items", schema, "next",
				   "type", "string", "required", m->list);
	return json_pack("{s:s, s:o}", "name", m->list ? m->list : "result", "schema", schema);
}

static json_t *errors_of(void)
{
	json_t *out = json_array();

	for (int i = 1; i < ERR_COUNT; i++) {
		enum errc code = (enum errc)i;

		json_array_append_new(out, json_pack("{s:i, s:s, s:{s:s}}", "code",
						     err_rpc_code(code), "message", err_text(code),
						     "data", "name", err_name(code)));
	}
	return out;
}

json_t *rpc_discover_document(const char *version)
{
	json_t *methods = json_array();

	for (size_t i = 0; i < catalogue_len(); i++) {
		const struct cat_method *m = catalogue_at(i);

		json_array_append_new(
			methods, json_pack("{s:s, s:s, s:s, s:o, s:o, s:s, s:b}", "name", m->name,
					   "summary", m->doc, "paramStructure", "either", "params",
					   params_of(m->in), "result", result_of(m), "x-role",
					   cat_role_name(m->role), "x-writes", m->writes));
	}
	return json_pack("{s:s, s:{s:s, s:s, s:{s:s}}, s:o, s:o}", "openrpc", "1.2.6", "info",
			 "title", "wad", "version", version, "license", "name", "GPL-3.0-or-later",
			 "methods", methods, "x-errors", errors_of());
}
