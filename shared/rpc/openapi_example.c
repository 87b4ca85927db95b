#include "shared/rpc/openapi_example.h"

#include <stdlib.h>
#include <string.h>

#include "shared/base/err.h"
#include "shared/rpc/schema.h"

static json_t *text_example(const struct cat_param *p, const json_t *schema)
{
	const char *format = json_string_value(json_object_get(schema, "format"));
	const char *pattern = json_string_value(json_object_get(schema, "pattern"));
	json_t *words = json_object_get(schema, "enum");

	if (words)
		return json_incref(json_array_get(words, 0));
	if (format && strcmp(format, "date-time") == 0)
		return json_string("2030-11-22T10:00:00.000Z");
	if (p->type == CAT_PHONE)
		return json_string("60123456789");
	if (p->type == CAT_BYTES)
		return json_string("aGVsbG8=");
	if (p->type == CAT_DOC)
		return json_string("phone,name\n60123456789,Ana\n");
	if (p->type == CAT_SECRET)
		return json_string("a password of many words");
	return json_string(pattern ? "17" : p->name);
}

json_t *example_of(const struct cat_param *p, const json_t *schema)
{
	json_t *own = schema ? NULL : schema_of_param(p), *example;
	const json_t *s = schema ? schema : own;
	const char *type = json_string_value(json_object_get(s, "type"));
	json_t *dflt = json_object_get(s, "default");

	if (dflt)
		example = json_copy(dflt);
	else if (type == NULL || strcmp(type, "string") == 0)
		example = text_example(p, s);
	else if (strcmp(type, "integer") == 0)
		example = json_integer(p->min > 0 ? p->min : 1);
	else if (strcmp(type, "boolean") == 0)
		example = json_true();
	else
		example = strcmp(type, "array") == 0 ? json_array() : json_object();
	json_decref(own);
	return example;
}

json_t *example_result(const struct cat_method *m)
{
	json_t *o = json_object();

	for (const struct cat_param *p = m->out; p && p->name; p++)
		if (p->need == CAT_REQUIRED)
			json_object_set_new(o, p->name, example_of(p, NULL));
	return m->list ? json_pack("{s:[o]}", m->list, o) : o;
}

json_t *example_problem(const char *status, const char *why)
{
	int number = (int)strtol(status, NULL, 10);
	const char *code = "refused", *title = why;

	for (int i = 1; i < ERR_COUNT; i++)
		if (err_http_status((enum errc)i) == number) {
			code = err_name((enum errc)i);
			title = err_text((enum errc)i);
			break;
		}
	return json_pack("{s:s, s:s, s:i, s:s, s:s}", "type", "about:blank", "title", title,
			 "status", number, "code", code, "detail", why);
}
