/* Answers: JSON, text, and problems as RFC 9457 has them. */
#include <inttypes.h>
#include <stdlib.h>

#include "shared/base/text.h"
#include "shared/base/xalloc.h"

#include "daemon/api/httpd_impl.h"

static const char csp[] = "default-src 'none'; frame-ancestors 'none'";

static const char *status_title(unsigned status)
{
	const char *phrase = MHD_get_reason_phrase_for(status);

	return phrase ? phrase : "Error";
}

void httpd_header(struct httpd_req *q, const char *name, const char *value)
{
	if (q->response || q->header_len == HTTP_HEADERS_OUT_MAX)
		return;
	q->headers[q->header_len].name = name;
	q->headers[q->header_len++].value = arena_strdup(q->arena, value);
}

void httpd_answer_set(struct httpd_req *q, unsigned status, struct MHD_Response *r)
{
	q->response = r;
	q->status = status;
	MHD_add_response_header(r, "X-Content-Type-Options", "nosniff");
	MHD_add_response_header(r, "Content-Security-Policy", q->page.csp ? q->page.csp : csp);
	MHD_add_response_header(r, "Referrer-Policy", "no-referrer");
	MHD_add_response_header(r, "Cache-Control", "no-store");
	httpd_cors_headers(q, r);
	for (size_t i = 0; i < q->header_len; i++)
		MHD_add_response_header(r, q->headers[i].name, q->headers[i].value);
	httpd_resume(q);
}

void httpd_answer_text(struct httpd_req *q, unsigned status, const char *type, struct span body)
{
	struct MHD_Response *r;
	char *copy;

	if (q->response)
		return;
	copy = xmalloc(body.len + 1);
	memcpy(copy, body.len ? (const char *)body.at : "", body.len);
	r = MHD_create_response_from_buffer(body.len, copy, MHD_RESPMEM_MUST_FREE);
	if (type)
		MHD_add_response_header(r, "Content-Type", type);
	httpd_answer_set(q, status, r);
}

static void answer_json(struct httpd_req *q, unsigned status, const char *type, json_t *v)
{
	char *text = json_dumps(v, JSON_COMPACT | JSON_REAL_PRECISION(15));
	struct MHD_Response *r;

	json_decref(v);
	if (q->response) {
		free(text);
		return;
	}
	r = MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE);
	MHD_add_response_header(r, "Content-Type", type);
	httpd_answer_set(q, status, r);
}

void httpd_answer_json_take(struct httpd_req *q, unsigned status, json_t *v)
{
	answer_json(q, status, "application/json", v);
}

static json_t *problem(const struct httpd_req *q, unsigned status, const char *code,
		       const char *title, const char *why)
{
	json_t *o =
		json_pack("{s:s,s:s,s:i,s:s,s:s*}", "type", "about:blank", "title", title, "status",
			  (int)status, "code", code, "detail", why && why[0] ? why : NULL);

	if (q->target.raw_path && q->target.raw_path[0])
		json_object_set_new(o, "instance", json_string(q->target.raw_path));
	return o;
}

void httpd_problem_status(struct httpd_req *q, unsigned status, const char *code, const char *title,
			  const char *why)
{
	answer_json(q, status, "application/problem+json",
		    problem(q, status, code, title ? title : status_title(status), why));
}

static void put_detail(json_t *o, const struct err *e, const struct rpc_detail *d)
{
	struct rpc_detail own = d ? *d : (struct rpc_detail){ 0 };

	utf8_mend(own.field);
	utf8_mend(own.hint);
	if (own.field[0])
		json_object_set_new(
			o, "errors",
			json_pack("[{s:s,s:s}]", "field", own.field, "reason", err_msg(e)));
	if (own.hint[0])
		json_object_set_new(o, "hint", json_string(own.hint));
}

void httpd_problem(struct httpd_req *q, const struct err *e, const struct rpc_detail *d)
{
	unsigned status = (unsigned)err_http_status(e->code);
	json_t *o = problem(q, status, err_name(e->code), err_text(e->code), err_msg(e));
	int64_t wait = d ? d->retry_after_ms : 0;
	char seconds[24];

	put_detail(o, e, d);
	if (wait)
		json_object_set_new(o, "retry_after_ms", json_integer(wait));
	if (status == 503 || status == 429) {
		snprintf(seconds, sizeof seconds, "%" PRId64,
			 wait > 1000 ? (wait + 999) / 1000 : 1);
		httpd_header(q, "Retry-After", seconds);
	}
	if (status == 401)
		httpd_header(q, "WWW-Authenticate", "Bearer realm=\"wad\"");
	answer_json(q, status, "application/problem+json", o);
}
