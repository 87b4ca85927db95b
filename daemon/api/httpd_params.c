/* Parameters of a call out of the path, the query and the body. Nothing is guessed: what has no place, stands in two
 * places, or is of the wrong kind is refused. Addresses of the older system call them by other names. */
#include <inttypes.h>
#include <stdlib.h>

#include "daemon/api/httpd_impl.h"

static const char *renames(const struct httpd_req *q)
{
	if (q->alias)
		return q->alias->renames;
	return q->method ? alias_names(q->method) : NULL;
}

bool httpd_params_in_query(const struct httpd_req *q)
{
	return strcmp(q->verb, "GET") == 0 || strcmp(q->verb, "HEAD") == 0 ||
	       strcmp(q->verb, "DELETE") == 0;
}

static bool put_text(struct httpd_req *q, json_t *params, const struct cat_param *p,
		     const char *text)
{
	struct rpc_detail detail = { 0 };
	struct err e = ERR_NONE;
	json_t *value = NULL;

	if (rpc_value_from_text(p, span_str(text), &value, &detail, &e)) {
		httpd_problem(q, &e, &detail);
		return false;
	}
	json_object_set_new(params, p->name, value);
	return true;
}

static void refuse_name(struct httpd_req *q, const char *where, const char *name)
{
	struct rpc_detail detail = { 0 };
	struct err e = ERR_NONE;

	snprintf(detail.field, sizeof detail.field, "%.40s", name);
	err_set(&e, ERR_BAD_PARAMS, "%s: '%.40s' does not belong there, or is there twice", where,
		name);
	httpd_problem(q, &e, &detail);
}

/* seconds become milliseconds */
static const char *multiplied(struct httpd_req *q, const char *text, int factor)
{
	return factor == 1 || text[0] == '\0' || strlen(text) > 12 ||
			       text[strspn(text, "0123456789")] != '\0'
		       ? text
		       : arena_printf(q->arena, "%lld", strtoll(text, NULL, 10) * factor);
}

json_t *httpd_params_query(struct httpd_req *q, const struct cat_method *m)
{
	json_t *params = json_object();
	char name[32];
	int factor;

	for (size_t i = 0; i < q->target.query_len; i++) {
		const char *given = q->target.query[i].name, *to;

		for (size_t n = 0; (to = alias_rename(renames(q), given, n, name, &factor)); n++) {
			const struct cat_param *p = cat_param_find(m->in, to);

			if (p == NULL || factor == 0 || route_in_path(q->pattern, to) ||
			    json_object_get(params, to)) {
				refuse_name(q, "query", given);
				goto refused;
			}
			if (!put_text(q, params, p,
				      multiplied(q, q->target.query[i].value, factor)))
				goto refused;
		}
	}
	return params;

refused:
	json_decref(params);
	return NULL;
}

/* One text of today that was two: the later half goes behind the other, wherever it stands in the body. */
static bool put_later(struct httpd_req *q, json_t *params, json_t *body)
{
	const char *given, *to;
	json_t *value, *first;
	char name[32];
	int factor;

	json_object_foreach(body, given, value) {
		to = alias_rename(renames(q), given, 0, name, &factor);
		if (to == NULL || factor != 0)
			continue;
		first = json_object_get(params, to);
		if (!json_is_string(first) || !json_is_string(value)) {
			refuse_name(q, "body", given);
			return false;
		}
		json_object_set_new(
			params, to,
			json_sprintf("%s %s", json_string_value(first), json_string_value(value)));
	}
	return true;
}

/* moves the members of a body to their names of today; NULL: refused, the answer is set */
static json_t *renamed_take(struct httpd_req *q, json_t *body)
{
	json_t *params = json_object(), *value;
	const char *given, *to;
	char name[32];
	int factor;

	json_object_foreach(body, given, value) {
		for (size_t n = 0; (to = alias_rename(renames(q), given, n, name, &factor)); n++) {
			if (factor == 0)
				continue;
			if (route_in_path(q->pattern, to) || json_object_get(params, to)) {
				refuse_name(q, "body", given);
				goto refused;
			}
			if (factor > 1 && json_is_integer(value) &&
			    llabs(json_integer_value(value)) < 1000000000)
				json_object_set_new(
					params, to,
					json_integer(json_integer_value(value) * factor));
			else
				json_object_set(params, to, value);
		}
	}
	if (put_later(q, params, body))
		goto done;
refused:
	json_decref(params);
	params = NULL;
done:
	json_decref(body);
	return params;
}

/* the body is the document itself, the rest stands in the query */
static json_t *document_body(struct httpd_req *q, const struct cat_method *m)
{
	const struct cat_param *p = cat_param_document(m->in);
	json_t *params = httpd_params_query(q, m);
	struct rpc_detail detail = { 0 };
	struct err e = ERR_NONE;
	json_t *value = NULL;

	if (params && json_object_get(params, p->name)) {
		refuse_name(q, "query", p->name);
	} else if (params && rpc_value_from_text(p, wr_span(&q->body), &value, &detail, &e)) {
		httpd_problem(q, &e, &detail);
	} else {
		if (params)
			json_object_set_new(params, p->name, value);
		return params;
	}
	json_decref(params);
	return NULL;
}

json_t *httpd_params_body(struct httpd_req *q, const struct cat_method *m)
{
	struct err e = ERR_NONE;
	json_t *params = NULL;

	if (q->body.len && httpd_check_is_csv(q))
		return document_body(q, m);

	if (q->target.query_len) {
		refuse_name(q, "query", q->target.query[0].name);
		return NULL;
	}
	if (q->body.len == 0)
		return json_object();
	if (rpc_json_load(wr_span(&q->body), &params, &e) == ERR_OK && !json_is_object(params))
		err_set(&e, ERR_BAD_REQUEST, "body: a JSON object is wanted");
	if (e.code == ERR_OK)
		return renamed_take(q, params);
	httpd_problem(q, &e, NULL);
	json_decref(params);
	return NULL;
}

json_t *httpd_params_path(struct httpd_req *q, const struct cat_method *m, const char *pattern)
{
	json_t *params = json_object();

	for (const struct cat_param *p = m->in; p && p->name; p++) {
		const char *text = route_value(pattern, &q->target.path, p->name);

		if (text && !put_text(q, params, p, text)) {
			json_decref(params);
			return NULL;
		}
	}
	return params;
}

bool httpd_params_bound(struct httpd_req *q, const struct cat_method *m, json_t *params)
{
	const struct cat_param *limit = m->list ? cat_param_find(m->in, "limit") : NULL;
	json_int_t asked = json_integer_value(json_object_get(params, "limit"));
	struct rpc_detail detail = { .field = "limit" };
	struct err e = ERR_NONE;

	if (limit == NULL || limit->max <= ROUTE_PAGE_MAX)
		return true;
	if (asked > ROUTE_PAGE_MAX) {
		err_set(&e, ERR_BAD_PARAMS, "limit: at most %d over HTTP", ROUTE_PAGE_MAX);
		httpd_problem(q, &e, &detail);
		return false;
	}
	if (!json_object_get(params, "limit") && limit->dflt &&
	    strtol(limit->dflt, NULL, 10) > ROUTE_PAGE_MAX)
		json_object_set_new(params, "limit", json_integer(ROUTE_PAGE_MAX));
	return true;
}
