#include "shared/rpc/openapi.h"

#include <stdio.h>
#include <string.h>

#include "shared/base/macros.h"
#include "shared/rpc/alias.h"
#include "shared/rpc/openapi_example.h"
#include "shared/rpc/schema.h"

enum asks { ALWAYS, WITH_BODY, IF_MATCH, KEYED, METHODS };

/* what a call may be answered with beside its success, once for all */
static const struct refusal {
	const char *status, *doc;
	enum asks when;
} refusals[] = {
	{ "400", "a parameter or the request is wrong", ALWAYS },
	{ "401", "who calls is not known", ALWAYS },
	{ "403", "not permitted to this caller", ALWAYS },
	{ "404", "no such object, or another's", ALWAYS },
	{ "408", "the request came too slowly", ALWAYS },
	{ "409", "in conflict with what is there, or this Idempotency-Key is in use", ALWAYS },
	{ "412", "the object is no longer what If-Match names", IF_MATCH },
	{ "413", "the body, or the answer, is too large", ALWAYS },
	{ "414", "the address is too long", ALWAYS },
	{ "415", "the body is not JSON", WITH_BODY },
	{ "422", "this Idempotency-Key belongs to another request", KEYED },
	{ "429", "too many requests; see Retry-After", ALWAYS },
	{ "431", "too many headers", ALWAYS },
	{ "501", "wad does not do this", METHODS },
	{ "502", "the network, or the other end, failed", METHODS },
	{ "503", "not now; see Retry-After", ALWAYS },
	{ "504", "it took too long", ALWAYS },
};

static const struct {
	const char *name, *doc;
} headers[] = {
	{ "RateLimit-Limit", "calls that may be made at once" },
	{ "RateLimit-Remaining", "calls that may be made now" },
	{ "RateLimit-Reset", "seconds until all of them are there again" },
	{ "Retry-After", "seconds to wait" },
	{ "WWW-Authenticate", "how to say who one is" },
	{ "Location", "where the new object is" },
	{ "ETag", "names what a change could change; for If-Match" },
	{ "Link", "with rel=\"next\": the page after this one" },
	{ "Idempotent-Replayed", "true: the stored answer of the first request with this key" },
};

/* one way to a method, a route or nothing: today's address or an older one */
struct way {
	const char *verb, *path, *renames;
	const struct cat_method *method;
	enum route own;
	const struct cat_param *in; /* of method or own; NULL: nothing is known of it */
};

static bool is_query(const struct way *w)
{
	return strcmp(w->verb, "GET") == 0 || strcmp(w->verb, "DELETE") == 0;
}

static bool is_keyed(const struct way *w)
{
	return w->method && w->method->writes && strcmp(w->verb, "POST") == 0;
}

/* a change of what the same address shows */
static bool is_matched(const struct way *w)
{
	char verb[8];
	const char *path;

	if (w->method == NULL || !w->method->writes || strcmp(w->verb, "POST") == 0)
		return false;
	for (size_t i = 0; i < catalogue_len(); i++)
		if (cat_route(catalogue_at(i), verb, &path) && strcmp(verb, "GET") == 0 &&
		    strcmp(path, w->path) == 0)
			return catalogue_at(i)->list == NULL;
	return false;
}

static json_t *ref(const char *kind, const char *name)
{
	return json_pack("{s:o}", "$ref", json_sprintf("#/components/%s/%s", kind, name));
}

static json_t *text_of(const char *type, json_t *schema)
{
	return json_pack("{s:{s:o}}", type, "schema", schema);
}

static void put_headers(json_t *response, const char *const *names)
{
	json_t *o = json_object();

	for (; *names; names++)
		json_object_set_new(o, *names, ref("headers", *names));
	json_object_set_new(response, "headers", o);
}

/* -- components -- */

static json_t *all_headers(void)
{
	json_t *o = json_object();

	for (size_t i = 0; i < ARRAY_LEN(headers); i++)
		json_object_set_new(o, headers[i].name,
				    json_pack("{s:s, s:{s:s}}", "description", headers[i].doc,
					      "schema", "type", "string"));
	return o;
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

static json_t *refusal_response(const struct refusal *r)
{
	static const char *const busy[] = { "Retry-After", "RateLimit-Limit", "RateLimit-Remaining",
					    "RateLimit-Reset", NULL };
	static const char *const unknown[] = { "WWW-Authenticate", NULL };
	json_t *content = text_of("application/problem+json", ref("schemas", "Problem"));
	json_t *response = json_pack("{s:s, s:o}", "description", r->doc, "content", content);

	json_object_set_new(json_object_get(content, "application/problem+json"), "example",
			    example_problem(r->status, r->doc));
	if (strcmp(r->status, "429") == 0 || strcmp(r->status, "503") == 0)
		put_headers(response, busy);
	if (strcmp(r->status, "401") == 0)
		put_headers(response, unknown);
	return response;
}

static json_t *all_responses(void)
{
	json_t *o = json_object();
	char name[8];

	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		snprintf(name, sizeof name, "R%s", refusals[i].status);
		json_object_set_new(o, name, refusal_response(&refusals[i]));
	}
	return o;
}

static void put_refusals(json_t *responses, const struct way *w)
{
	char name[8];

	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		const struct refusal *r = &refusals[i];

		if ((r->when == WITH_BODY && is_query(w)) || (r->when == KEYED && !is_keyed(w)) ||
		    (r->when == IF_MATCH && !is_matched(w)) ||
		    (r->when == METHODS && w->method == NULL && w->own != ROUTE_COUNT))
			continue;
		snprintf(name, sizeof name, "R%s", r->status);
		json_object_set_new(responses, r->status, ref("responses", name));
	}
}

/* -- what goes in -- */

/* over HTTP a page of a list has a smaller limit */
static json_t *param_schema(const struct way *w, const struct cat_param *p)
{
	json_t *s = schema_of_param(p);

	if (w->method && w->method->list && strcmp(p->name, "limit") == 0 &&
	    p->max > ROUTE_PAGE_MAX) {
		json_object_set_new(s, "maximum", json_integer(ROUTE_PAGE_MAX));
		if (json_integer_value(json_object_get(s, "default")) > ROUTE_PAGE_MAX)
			json_object_set_new(s, "default", json_integer(ROUTE_PAGE_MAX));
	}
	return s;
}

static json_t *parameter(const struct way *w, const struct cat_param *p)
{
	bool in_path = route_in_path(w->path, p->name);
	json_t *schema = param_schema(w, p), *o;
	char name[32];

	alias_old_name(w->renames, p->name, name);
	o = json_pack("{s:s, s:s, s:b, s:s, s:o}", "name", in_path ? p->name : name, "in",
		      in_path ? "path" : "query", "required", in_path || p->need == CAT_REQUIRED,
		      "description", p->doc, "schema", schema);
	json_object_set_new(o, "example", example_of(p, schema));
	if (!in_path && strcmp(name, p->name) != 0)
		json_object_set_new(o, "x-name", json_string(p->name));
	if (p->type == CAT_LIST) { /* a,b,c */
		json_object_set_new(o, "style", json_string("form"));
		json_object_set_new(o, "explode", json_false());
	}
	return o;
}

static json_t *header_parameter(const char *name, const char *doc, const char *pattern)
{
	return json_pack("{s:s, s:s, s:b, s:s, s:{s:s, s:s}}", "name", name, "in", "header",
			 "required", 0, "description", doc, "schema", "type", "string", "pattern",
			 pattern);
}

/* segments of the path that no parameter declares */
static void put_bare_segments(json_t *list, const struct way *w)
{
	char name[32];

	for (const char *at = w->path; (at = strchr(at, '{')) != NULL; at++) {
		snprintf(name, sizeof name, "%.*s", (int)strcspn(at + 1, "}"), at + 1);
		if (cat_param_find(w->in, name) == NULL)
			json_array_append_new(list,
					      json_pack("{s:s, s:s, s:b, s:{s:s, s:i}}", "name",
							name, "in", "path", "required", 1, "schema",
							"type", "string", "minLength", 1));
	}
}

/* path and query parameters; what is left goes into the body */
static json_t *parameters(const struct way *w)
{
	json_t *list = json_array();

	for (const struct cat_param *p = w->in; p && p->name; p++)
		if (route_in_path(w->path, p->name) || is_query(w))
			json_array_append_new(list, parameter(w, p));
	put_bare_segments(list, w);
	if (is_keyed(w))
		json_array_append_new(list,
				      header_parameter("Idempotency-Key",
						       "the same key within 24 h: it is done once",
						       "^[!-~]{1,255}$"));
	if (is_matched(w))
		json_array_append_new(list,
				      header_parameter("If-Match",
						       "only when the object still has this ETag",
						       "^[ -~]*$"));
	return list;
}

static json_t *body_of(const struct way *w)
{
	json_t *properties = json_object(), *required = json_array(), *example = json_object();
	const struct cat_param *doc = cat_param_document(w->in);
	json_t *schema, *body;
	char name[32];

	for (const struct cat_param *p = w->in; p && p->name; p++) {
		json_t *s;

		if (route_in_path(w->path, p->name))
			continue;
		alias_old_name(w->renames, p->name, name);
		s = schema_of_param(p);
		json_object_set_new(s, "description", json_string(p->doc));
		if (strcmp(name, p->name) != 0)
			json_object_set_new(s, "x-name", json_string(p->name));
		json_object_set_new(properties, name, s);
		if (p->need == CAT_REQUIRED)
			json_array_append_new(required, json_string(name));
		if (p->need == CAT_REQUIRED || json_object_size(example) < 2)
			json_object_set_new(example, name, example_of(p, s));
	}
	schema = json_pack("{s:s, s:o, s:o, s:b}", "type", "object", "properties", properties,
			   "required", required, "additionalProperties", 0);
	body = json_pack("{s:b, s:o}", "required", json_array_size(required) > 0, "content",
			 text_of("application/json", schema));
	json_object_set_new(json_object_get(json_object_get(body, "content"), "application/json"),
			    "example", example);
	if (w->method && doc)
		json_object_set_new(json_object_get(body, "content"), "text/csv",
				    json_pack("{s:{s:s}, s:o}", "schema", "type", "string",
					      "example", example_of(doc, NULL)));
	return body;
}

/* -- what comes out -- */

static json_t *success_content(const struct way *w)
{
	const struct cat_method *m = w->method;
	json_t *content, *schema;

	if (m == NULL && w->own == ROUTE_COUNT)
		return json_object();
	if (m == NULL)
		return text_of(route_row(w->own)->type,
			       strcmp(route_row(w->own)->type, "application/json")
				       ? json_object()
				       : json_pack("{s:s}", "type", "object"));
	schema = schema_of_result(m);
	content = text_of("application/json", schema);
	json_object_set_new(json_object_get(content, "application/json"), "example",
			    example_result(m));
	if (m->document)
		json_object_set_new(content, m->media_type ? m->media_type : "*/*",
				    json_pack("{s:{s:s}}", "schema", "type", "string"));
	return content;
}

static json_t *success(const struct way *w)
{
	const char *names[8] = { "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset" };
	const struct cat_method *m = w->method;
	json_t *o = json_pack("{s:s, s:o}", "description", "done", "content", success_content(w));
	size_t n = 3;

	if (w->own == ROUTE_QR) {
		json_t *content = json_object_get(o, "content");

		json_object_set_new(content, "image/png", json_object());
		json_object_set_new(content, "application/json",
				    json_pack("{s:{s:s}}", "schema", "type", "object"));
	}
	if (m && cat_route_created(m))
		names[n++] = "Location";
	if (m && m->list)
		names[n++] = "Link";
	else if (m && strcmp(w->verb, "POST") != 0)
		names[n++] = "ETag";
	if (is_keyed(w))
		names[n++] = "Idempotent-Replayed";
	if (m)
		put_headers(o, names);
	return o;
}

/* -- operations -- */

static json_t *operation(const struct way *w, const char *id, const char *summary, const char *tag,
			 enum cat_role role)
{
	json_t *responses = json_object(), *o;

	if (w->method || w->own != ROUTE_COUNT)
		json_object_set_new(responses,
				    w->method && cat_route_created(w->method) ? "201" : "200",
				    success(w));
	put_refusals(responses, w);
	o = json_pack("{s:s, s:s, s:[s], s:o, s:o, s:s}", "operationId", id, "summary", summary,
		      "tags", tag, "parameters", parameters(w), "responses", responses, "x-role",
		      cat_role_name(role));
	if (!is_query(w) && w->in && (w->method || w->in->name))
		json_object_set_new(o, "requestBody", body_of(w));
	if (role == ROLE_ANYONE)
		json_object_set_new(o, "security", json_array());
	return o;
}

static json_t *method_operation(const struct cat_method *m)
{
	struct way w = { .method = m, .own = ROUTE_COUNT, .in = m->in };
	char tag[32], verb[8];

	if (!cat_route(m, verb, &w.path))
		return NULL;
	w.verb = verb;
	snprintf(tag, sizeof tag, "%.*s", (int)strcspn(m->name, "."), m->name);
	return operation(&w, m->name, m->doc, tag, m->role);
}

static json_t *own_operation(enum route r)
{
	static const char *const names[] = {
#define X(constant, verb, path, role, type, in, doc) #constant,
		ROUTE_TABLE(X)
#undef X
	};
	const struct route_row *row = route_row(r);
	struct way w = { .verb = row->verb, .path = row->path, .own = r, .in = row->in };

	return operation(&w, names[r], row->doc, "http", row->role);
}

static json_t *alias_operation(const struct route_alias *a)
{
	const struct route_row *row = a->own != ROUTE_COUNT ? route_row(a->own) : NULL;
	struct way w = { a->verb, a->path, a->renames, a->method, a->own, NULL };
	const char *doc = row ? row->doc : a->method ? a->method->doc : a->missing;
	enum cat_role role = row ? row->role : a->method ? a->method->role : ROLE_VIEWER;
	char id[128] = "";
	json_t *o;

	w.in = row ? row->in : a->method ? a->method->in : NULL;
	snprintf(id, sizeof id, "old %s %s", a->verb, a->path);
	o = operation(&w, id, doc, "old", role);
	json_object_set_new(o, "deprecated", json_true());
	if (a->method)
		json_object_set_new(o, "x-method", json_string(a->method->name));
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

/* a route of today has taken the address */
static bool is_today(const struct route_alias *a)
{
	const char *path;
	char verb[8];

	for (size_t i = 0; i < catalogue_len(); i++)
		if (cat_route(catalogue_at(i), verb, &path) && strcmp(verb, a->verb) == 0 &&
		    strcmp(path, a->path) == 0)
			return true;
	return false;
}

static json_t *all_paths(void)
{
	json_t *paths = json_object();
	const char *path;
	char verb[8];

	for (size_t i = 0; i < catalogue_len(); i++)
		if (cat_route(catalogue_at(i), verb, &path))
			put_operation(paths, path, verb, method_operation(catalogue_at(i)));
	for (int r = 0; r < ROUTE_COUNT; r++)
		put_operation(paths, route_row((enum route)r)->path, route_row((enum route)r)->verb,
			      own_operation((enum route)r));
	for (size_t i = 0; i < alias_len(); i++)
		if (alias_at(i)->path && !is_today(alias_at(i)))
			put_operation(paths, alias_at(i)->path, alias_at(i)->verb,
				      alias_operation(alias_at(i)));
	return paths;
}

json_t *openapi_document(const char *version)
{
	json_t *info = json_pack(
		"{s:s, s:s, s:s, s:{s:s, s:s}}", "title", "wad", "version", version, "description",
		"Errors are application/problem+json. Lists come in pages: follow Link. See wad-http(7).",
		"license", "name", "GPL-3.0-or-later", "identifier", "GPL-3.0-or-later");
	json_t *schemes =
		json_pack("{s:{s:s, s:s, s:s}, s:{s:s, s:s, s:s, s:s}}", "token", "type", "http",
			  "scheme", "bearer", "description", "made by token.create", "session",
			  "type", "apiKey", "in", "cookie", "name", "__Host-wad", "description",
			  "of POST /api/login; a change needs X-CSRF-Token, too");
	json_t *components = json_pack("{s:{s:o}, s:o, s:o, s:o}", "schemas", "Problem",
				       problem_schema(), "headers", all_headers(), "responses",
				       all_responses(), "securitySchemes", schemes);

	return json_pack("{s:s, s:o, s:[{s:s}], s:o, s:o, s:[{s:[]}, {s:[]}]}", "openapi", "3.1.0",
			 "info", info, "servers", "url", "/", "paths", all_paths(), "components",
			 components, "security", "token", "session");
}
