/* Answers that are files: a method's row names the field of its result that is one. It is sent as it is, unless Accept
 * asks for JSON; of a file in parts all parts are fetched first. What it is called and what it holds may come from
 * strangers: it is offered for saving, and no browser is to take it for a page. */
#include <stdlib.h>

#include "shared/base/text.h"
#include "shared/base/xalloc.h"

#include "daemon/api/httpd_impl.h"

enum { DOCUMENT_MAX = 64 << 20 };

struct httpd_document {
	json_t *params;
	struct wr bytes;
};

void httpd_document_free(struct httpd_document *d)
{
	if (d == NULL)
		return;
	json_decref(d->params);
	wr_done(&d->bytes);
	free(d);
}

bool httpd_document_wanted(const struct httpd_req *q)
{
	const char *accept = httpd_request_header(q, "Accept");
	const char *json = accept ? strstr(accept, "application/json") : NULL, *own;
	char type[64] = "";

	if (q->method == NULL || q->method->document == NULL)
		return false;
	if (json == NULL)
		return true;
	if (q->method->media_type)
		snprintf(type, sizeof type, "%.*s", (int)strcspn(q->method->media_type, "; "),
			 q->method->media_type);
	own = type[0] ? strstr(accept, type) : NULL;
	return own && own < json;
}

/* "image/jpeg", parameters allowed; what is odd is no type */
static bool type_is_clean(const char *type)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789!#$&^_.+-/;= ";

	return type && strlen(type) < 100 && strchr(type, '/') && type[0] != '/' &&
	       type[strspn(type, allowed)] == '\0';
}

static void answer(struct httpd_req *q, const json_t *result)
{
	const char *type = q->method->media_type;
	const char *name = q->method->name;

	if (type == NULL)
		type = json_string_value(json_object_get(result, "mime"));
	if (!type_is_clean(type))
		type = "application/octet-stream";
	httpd_header(q, "Content-Disposition",
		     arena_printf(q->arena, "attachment; filename=\"%.*s%s\"",
				  (int)strcspn(name, "."), name,
				  strncmp(type, "text/csv", 8) == 0 ? ".csv" : ""));
	httpd_answer_text(q, 200, type, wr_span(&q->document->bytes));
}

/* false: it is too large, or no document */
static bool add_part(struct httpd_document *d, const struct cat_method *m, const json_t *part)
{
	AUTO_ARENA struct arena *a = arena_new();
	const struct cat_param *field = cat_param_find(m->out, m->document);
	struct span bytes = span_of(json_string_value(part), json_string_length(part));

	if (!json_is_string(part))
		return false;
	if (field && field->type == CAT_BYTES &&
	    !base64_decode(a, (const char *)bytes.at, bytes.len, &bytes))
		return false;
	wr_span_put(&d->bytes, bytes);
	return !d->bytes.bad;
}

static void on_part(struct httpd_req *q, json_t *result)
{
	struct httpd_document *d = q->document;
	const struct cat_method *m = q->method;
	json_t *next = json_object_get(result, "next");

	if (!add_part(d, m, json_object_get(result, m->document))) {
		httpd_problem(q,
			      &(struct err){ ERR_TOO_LARGE,
					     "the document is too large for one answer; "
					     "take it in parts, as JSON" },
			      NULL);
	} else if (json_is_string(next)) {
		json_object_set(d->params, "after", next);
		httpd_call(q, m, d->params, on_part);
	} else {
		answer(q, result);
	}
	json_decref(result);
}

void httpd_document_begin(struct httpd_req *q, json_t *params)
{
	q->document = xcalloc(1, sizeof *q->document);
	q->document->params = json_incref(params);
	wr_init(&q->document->bytes, DOCUMENT_MAX);
	httpd_call(q, q->method, params, on_part);
}
