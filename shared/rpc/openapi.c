#include "shared/rpc/openapi.h"

#include <stdio.h>
#include <string.h>

#include "shared/base/macros.h"
#include "shared/rpc/route.h"
#include "shared/rpc/schema.h"

/* what any call may be answered with beside its success */
static const struct refusal {
	const char *status, *doc;
} refusals[] = {
	{ "400", "a parameter or the request is wrong" },
	{ "401", "who calls is not known" },
	{ "403", "not permitted to this caller" },
	{ "404", "no such object" },
	{ "408", "the request came too slowly" },
	{ "409", "in conflict with what is there" },
	{ "413", "the body is too large" },
	{ "414", "the address is too long" },
	{ "415", "the body is not JSON" },
	{ "429", "too many requests; see Retry-After" },
	{ "431", "too many headers" },
	{ "503", "not now; see Retry-After" },
	{ "504", "it took too long" },
};

static json_t *text_of(const char *type, json_t *schema)
{
	return json_pack("{s:{s:o}}", type, "schema", schema);
}

static json_t *problem_schema(void)
{
	return json_pack("{s:s, s:{s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s},"
			 " s:{s:s}, s:{s:s, s:{s:s, s:{s:{s:s}, s:{s:s}}}}}, s:[s,s,s,s]}",
			 "type", "object", "properties", "type", "type", "string", "title", "type",
			 "string", "status", "type", "integer", "detail", "type", "string",
			 "instance", "type", "string", "code", "type", "string", "hint", "type",
			 "string", "retry_after_ms", "type", "integer", "errors", "type", "array",
			 "items", "type", "object", "properties", "field", "type", "string",
			 "reason", "type", "string", "required", "type", "title", "status", "code");
}

static void put_refusals(json_t *responses, bool has_body)
{
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		const char *status = refusals[i].status;

		if (!has_body && strcmp(status, "415") == 0)
			continue;
		json_object_set_new(responses, status,
				    json_pack("{s:s, s:o}", "description", refusals[i].doc,
					      "content",
					      text_of("application/problem+json",
						      json_pack("{s:s}", "$ref",
								"#/components/schemas/Problem"))));
	}
}

static json_t *parameter(const struct cat_param *p, bool in_path)
{
	json_t *o = json_pack("{s:s, s:s, s:b, s:s, s:o}", "name", p->name, "in",
			      in_path ? "path" : "query", "required",
			      in_path || p->need == CAT_REQUIRED, "description", p->doc, "schema",
			      schema_of_param(p));

	if (p->type == CAT_LIST) { /* a,b,c */
		json_object_set_new(o, "style", json_string("form"));
		json_object_set_new(o, "explode", json_false());
	}
	return o;
}

/* path and query parameters; what is left goes into the body */
static json_t *parameters(const struct cat_method *m)
{
	json_t *list = json_array();

	for (const struct cat_param *p = m->in; p && p->name; p++)
		if (cat_route_in_path(m, p->name) || cat_route_by_query(m))
			json_array_append_new(list, parameter(p, cat_route_in_path(m, p->name)));
	return list;
}

static json_t *body_of(const struct cat_method *m)
{
	json_t *schema = schema_of_fields(m->in);
	json_t *required = json_array(), *body;

	for (const struct cat_param *p = m->in; p && p->name; p++) {
		if (cat_route_in_path(m, p->name))
			json_object_del(json_object_get(schema, "properties"), p->name);
		else if (p->need == CAT_REQUIRED)
			json_array_append_new(required, json_string(p->name));
	}
	body = json_pack("{s:b, s:o}", "required", json_array_size(required) > 0, "content",
			 text_of("application/json", schema));
	json_object_set_new(schema, "required", required);
	json_object_set_new(schema, "additionalProperties", json_false());
	return body;
}

static json_t *operation(const struct cat_method *m)
{
	const char *success = cat_route_created(m) ? "201" : "200";
	json_t *o, *responses = json_object();
	char tag[32];

	snprintf(tag, sizeof tag, "%.*s", (int)strcspn(m->name, "."), m->name);
	json_object_set_new(responses, success,
			    json_pack("{s:s, s:o}", "description", "done", "content",
				      text_of("application/json", schema_of_result(m))));
	put_refusals(responses, !cat_route_by_query(m));
	o = json_pack("{s:s, s:s, s:[s], s:o, s:o, s:s}", "operationId", m->name, "summary", m->doc,
		      "tags", tag, "parameters", parameters(m), "responses", responses, "x-role",
		      cat_role_name(m->role));
	if (!cat_route_by_query(m))
		json_object_set_new(o, "requestBody", body_of(m));
	if (m->role == ROLE_ANYONE)
		json_object_set_new(o, "security", json_array());
	return o;
}

static json_t *own_operation(enum route r)
{
	static const char *const names[] = {
#define X(constant, verb, path, role, type, in, doc) #constant,
		ROUTE_TABLE(X)
#undef X
	};
	const struct route_row *row = route_row(r);
	const struct cat_method as_method = { .http = row->verb, .in = row->in };
	bool is_post = strcmp(row->verb, "POST") == 0;
	json_t *list = json_array(), *responses = json_object(), *o;

	for (const struct cat_param *p = row->in; !is_post && p->name; p++)
		json_array_append_new(list, parameter(p, false));
	json_object_set_new(
		responses, "200",
		json_pack("{s:s, s:o}", "description", "done", "content",
			  text_of(row->type, strcmp(row->type, "application/json")
						     ? json_object()
						     : json_pack("{s:s}", "type", "object"))));
	if (r == ROUTE_QR)
		json_object_set_new(json_object_get(json_object_get(responses, "200"), "content"),
				    "application/json",
				    json_pack("{s:{s:s}}", "schema", "type", "object"));
	put_refusals(responses, is_post);
	o = json_pack("{s:s, s:s, s:[s], s:o, s:o, s:s}", "operationId", names[r], "summary",
		      row->doc, "tags", "http", "parameters", list, "responses", responses,
		      "x-role", cat_role_name(row->role));
	if (is_post && row->in->name)
		json_object_set_new(o, "requestBody", body_of(&as_method));
	if (row->role == ROLE_ANYONE)
		json_object_set_new(o, "security", json_array());
	return o;
}

static void put_operation(json_t *paths, const char *path, const char *verb, json_t *operation)
{
	json_t *item = json_object_get(paths, path);
	char lower[8];
	size_t i;

	if (item == NULL) {
		item = json_object();
		json_object_set_new(paths, path, item);
	}
	for (i = 0; verb[i] && i < sizeof lower - 1; i++)
		lower[i] = (char)(verb[i] | 0x20);
	lower[i] = '\0';
	json_object_set_new(item, lower, operation);
}

json_t *openapi_document(const char *version)
{
	json_t *paths = json_object();
	const char *path;
	char verb[8];

	for (size_t i = 0; i < catalogue_len(); i++)
		if (cat_route(catalogue_at(i), verb, &path))
			put_operation(paths, path, verb, operation(catalogue_at(i)));
	for (int r = 0; r < ROUTE_COUNT; r++)
		put_operation(paths, route_row((enum route)r)->path, route_row((enum route)r)->verb,
			      own_operation((enum route)r));
	return json_pack("{s:s, s:{s:s, s:s, s:{s:s, s:s}}, s:[{s:s}], s:o,"
			 " s:{s:{s:o}, s:{s:{s:s, s:s}, s:{s:s, s:s, s:s}}}, s:[{s:[]}, {s:[]}]}",
			 "openapi", "3.1.0", "info", "title", "wad", "version", version, "license",
			 "name", "GPL-3.0-or-later", "identifier", "GPL-3.0-or-later", "servers",
			 "url", "/", "paths", paths, "components", "schemas", "Problem",
			 problem_schema(), "securitySchemes", "token", "type", "http", "scheme",
			 "bearer", "session", "type", "apiKey", "in", "cookie", "name",
			 "__Host-wad", "security", "token", "session");
}
