#include "shared/rpc/schema.h"

#include "shared/rpc/validate.h"

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

/* our limits are bytes: no more characters than that */
static json_t *text_schema(const struct cat_param *p)
{
	json_t *s = json_pack("{s:s}", "type", "string");

	if (p->min || p->type == CAT_REF)
		json_object_set_new(s, "minLength", json_integer(1));
	if (p->max)
		json_object_set_new(s, "maxLength", json_integer(p->max));
	return s;
}

static json_t *objects_schema(const struct cat_param *p)
{
	json_t *item = schema_of_fields(p->fields);

	json_object_set_new(item, "additionalProperties", json_false());
	return json_pack("{s:s, s:I, s:I, s:o}", "type", "array", "minItems", (json_int_t)p->min,
			 "maxItems", (json_int_t)p->max, "items", item);
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
		return text_schema(p);
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
	case CAT_MAP:
		return json_pack("{s:s, s:i, s:{s:s}, s:{s:s, s:i}}", "type", "object",
				 "maxProperties", RPC_MAP_MAX, "propertyNames", "pattern",
				 "^[a-z][a-z0-9_]{0,31}$", "additionalProperties", "type", "string",
				 "maxLength", RPC_MAP_TEXT_MAX);
	case CAT_OBJECT:
		return json_pack("{s:s}", "type", "object");
	case CAT_OBJECTS:
		return p->fields ? objects_schema(p)
				 : json_pack("{s:s, s:{s:s}}", "type", "array", "items", "type",
					     "object");
	}
	return json_object();
}

json_t *schema_of_param(const struct cat_param *p)
{
	json_t *schema = schema_of(p), *dflt;

	if (p->dflt == NULL)
		return schema;
	if (p->type == CAT_BOOL)
		dflt = json_boolean(cat_word_in("yes true on 1", p->dflt));
	else
		dflt = p->type == CAT_INT ? json_loads(p->dflt, JSON_DECODE_ANY, NULL)
					  : json_string(p->dflt);
	json_object_set_new(schema, "default", dflt);
	return schema;
}

json_t *schema_of_fields(const struct cat_param *fields)
{
	json_t *properties = json_object(), *required = json_array();

	for (; fields && fields->name; fields++) {
		json_t *schema = schema_of_param(fields);

		json_object_set_new(schema, "description", json_string(fields->doc));
		json_object_set_new(properties, fields->name, schema);
		if (fields->need == CAT_REQUIRED)
			json_array_append_new(required, json_string(fields->name));
	}
	return json_pack("{s:s, s:o, s:o}", "type", "object", "properties", properties, "required",
			 required);
}

json_t *schema_of_result(const struct cat_method *m)
{
	json_t *schema = schema_of_fields(m->out);

	if (m->list)
		schema = json_pack("{s:s, s:{s:{s:s, s:o}, s:{s:s}}, s:[s]}", "type", "object",
				   "properties", m->list, "type", "array", "items", schema, "next",
				   "type", "string", "required", m->list);
	return schema;
}
