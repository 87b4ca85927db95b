/* What a request may not be, seen from its headers: the body has not been read. */
#include <inttypes.h>
#include <stdlib.h>
#include <strings.h>

#include "shared/rpc/jsonrpc.h"

#include "daemon/api/httpd_impl.h"

struct headers {
	size_t count, bytes;
	unsigned lengths, encodings, hosts;
	const char *length, *encoding;
	bool odd_name;
	/* Where the next header begins when the lines are as they should be: libmicrohttpd cuts the block where
	 * it lies. A continued line, a bare LF and a NUL leave a gap. */
	const char *next;
	bool torn;
};

static enum MHD_Result on_header(void *cls, enum MHD_ValueKind kind, const char *key,
				 const char *value)
{
	struct headers *h = cls;

	(void)kind;
	h->torn |= key != h->next;
	h->next = value ? value + strlen(value) + 2 : NULL;
	h->count++;
	/* other parsers take "Content-Length : 2" for a length */
	h->odd_name |= key[strcspn(key, " \t\v\f:\"(),/;<=>?@[\\]{}")] != '\0' || key[0] == '\0';
	h->bytes += strlen(key) + (value ? strlen(value) : 0) + 4;
	if (strcasecmp(key, "Content-Length") == 0) {
		h->lengths++;
		h->length = value;
	} else if (strcasecmp(key, "Transfer-Encoding") == 0) {
		h->encodings++;
		h->encoding = value;
	} else if (strcasecmp(key, "Host") == 0) {
		h->hosts++;
	}
	return MHD_YES;
}

const char *httpd_request_header(const struct httpd_req *q, const char *name)
{
	return MHD_lookup_connection_value(q->mhd, MHD_HEADER_KIND, name);
}

static enum MHD_Result on_forwarded(void *cls, enum MHD_ValueKind kind, const char *key,
				    const char *value)
{
	struct wr *w = cls;

	(void)kind;
	if (strcasecmp(key, "X-Forwarded-For") != 0)
		return MHD_YES;
	wr_str(w, w->len ? "," : "");
	wr_str(w, value ? value : "");
	return MHD_YES;
}

const char *httpd_client(struct httpd_req *q)
{
	const char *client;
	struct wr w;

	if (!forwarded_nets_have(&q->server->trusted, q->conn->address))
		return q->conn->address;
	wr_init(&w, HTTP_HEADER_BYTES_MAX);
	MHD_get_connection_values(q->mhd, MHD_HEADER_KIND, on_forwarded, &w);
	wr_u8(&w, 0);
	client = w.bad ? q->conn->address
		       : forwarded_client(&q->server->trusted, q->conn->address,
					  (const char *)w.buf, q->arena);
	wr_done(&w);
	return client;
}

/* a request that two parsers could cut differently: no word of what follows is to be believed */
static bool refuse_unclear(struct httpd_req *q, const struct headers *h)
{
	const char *why = NULL;

	if (h->torn)
		why = "header lines that are not plain: continued, or without CRLF";
	else if (h->odd_name)
		why = "a header's name is none";
	else if (h->lengths && h->encodings)
		why = "Content-Length and Transfer-Encoding together";
	else if (h->lengths > 1 || h->encodings > 1)
		why = "Content-Length or Transfer-Encoding twice";
	else if (h->length &&
		 (h->length[0] == '\0' || h->length[strspn(h->length, "0123456789")] != '\0'))
		why = "Content-Length is not a number";
	else if (h->encoding && strcasecmp(h->encoding, "chunked") != 0)
		why = "Transfer-Encoding: only chunked";
	else if (h->hosts > 1)
		why = "Host twice";
	if (why == NULL)
		return false;
	httpd_header(q, "Connection", "close");
	httpd_problem_status(q, 400, err_name(ERR_BAD_REQUEST), NULL, why);
	return true;
}

static size_t body_max(const struct cat_method *m)
{
	size_t max = HTTP_BODY_MAX;

	for (const struct cat_param *p = m ? m->in : NULL; p && p->name; p++) {
		if (p->type == CAT_BYTES || p->type == CAT_DOC)
			max += (size_t)p->max * 4 / 3;
		for (const struct cat_param *f = p->fields; f && f->name; f++)
			if (f->type == CAT_BYTES)
				max += (size_t)f->max * 4 / 3;
	}
	return max < RPC_LINE_MAX ? max : RPC_LINE_MAX;
}

static bool is_type(const struct httpd_req *q, const char *wanted)
{
	const char *type = httpd_request_header(q, "Content-Type");
	size_t len = type ? strcspn(type, "; \t") : 0;

	return len == strlen(wanted) && strncasecmp(type, wanted, len) == 0;
}

bool httpd_check_is_csv(const struct httpd_req *q)
{
	return q->method && cat_param_document(q->method->in) && is_type(q, "text/csv");
}

static bool refuse_body(struct httpd_req *q, const struct headers *h)
{
	unsigned long long len = h->length ? strtoull(h->length, NULL, 10) : 0;

	if (len == 0 && h->encoding == NULL)
		return false;
	if (q->own != ROUTE_COUNT
		    ? q->own != ROUTE_LOGIN && q->own != ROUTE_LOGOUT && q->own != ROUTE_SETUP
		    : httpd_params_in_query(q)) {
		httpd_problem_status(q, 400, err_name(ERR_BAD_REQUEST), NULL,
				     "this address takes no body");
		return true;
	}
	q->body_max = body_max(q->method);
	if (len > q->body_max) {
		httpd_problem_status(
			q, 413, err_name(ERR_TOO_LARGE), NULL,
			arena_printf(q->arena, "the body has %llu bytes, at most %zu are allowed",
				     len, q->body_max));
		return true;
	}
	if (h->length)
		q->body_max = (size_t)len; /* its deadline follows from it */
	if (q->server->body_bytes + len > HTTP_BODIES_MAX) {
		httpd_problem(q, &(struct err){ ERR_BUSY, "too many bodies at once" }, NULL);
		return true;
	}
	/* neither is what a foreign form can send */
	if (!is_type(q, "application/json") && !httpd_check_is_csv(q)) {
		httpd_problem_status(q, 415, "unsupported_media_type", NULL,
				     "the body must be application/json");
		return true;
	}
	return false;
}

static bool find_route(struct httpd_req *q)
{
	const char *verb = strcmp(q->verb, "HEAD") == 0 ? "GET" : q->verb;
	char allow[64], own_verb[8];

	q->method = route_find_method(verb, &q->target.path);
	if (q->method && cat_route(q->method, own_verb, &q->pattern))
		return true;
	q->own = route_find(verb, &q->target.path);
	if (q->own == ROUTE_COUNT) {
		q->alias = alias_find(verb, &q->target.path);
		q->method = q->alias ? q->alias->method : NULL;
		q->own = q->alias ? q->alias->own : ROUTE_COUNT;
	}
	q->pattern = q->alias                ? q->alias->path
		     : q->own != ROUTE_COUNT ? route_row(q->own)->path
					     : NULL;
	if (q->pattern)
		return true;
	route_allow(&q->target.path, allow, sizeof allow);
	if (allow[0]) {
		httpd_header(q, "Allow", allow);
		httpd_problem_status(q, 405, "method_not_allowed", NULL,
				     arena_printf(q->arena, "%s is not for this address; %s is",
						  q->verb, allow));
	} else {
		httpd_problem(q,
			      &(struct err){ ERR_NOT_FOUND, "no such address; see /openapi.json" },
			      NULL);
	}
	return false;
}

enum cat_role httpd_role_needed(const struct httpd_req *q)
{
	if (q->method)
		return q->method->role;
	return q->own != ROUTE_COUNT ? route_row(q->own)->role : ROLE_VIEWER;
}

/* the block as it came: from the verb to behind the empty line */
static void walk_headers(struct httpd_req *q, const char *verb, const char *version,
			 struct headers *h)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(q->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

	h->next = version + strlen(version) + 2;
	MHD_get_connection_values(q->mhd, MHD_HEADER_KIND, on_header, h);
	h->torn |= info == NULL || h->next == NULL || h->next + 2 != verb + info->header_size;
}

bool httpd_check_refuse(struct httpd_req *q, const char *verb, const char *version)
{
	struct headers h = { 0 };
	struct err e = ERR_NONE;
	enum cat_role needed;

	walk_headers(q, verb, version, &h);
	q->has_body = h.lengths || h.encodings;
	if (refuse_unclear(q, &h))
		return true;
	if (h.count > HTTP_HEADERS_MAX || h.bytes > HTTP_HEADER_BYTES_MAX) {
		httpd_header(q, "Connection", "close");
		httpd_problem_status(q, 431, err_name(ERR_TOO_LARGE), NULL,
				     "at most 100 headers of 16384 bytes in all");
		return true;
	}
	if (httpd_target_parse(q->uri, q->arena, &q->target, &e)) {
		httpd_header(q, "Connection", "close");
		if (e.code == ERR_TOO_LARGE)
			httpd_problem_status(q, 414, err_name(e.code), NULL, err_msg(&e));
		else
			httpd_problem(q, &e, NULL);
		return true;
	}
	if (httpd_cors_preflight(q) || !find_route(q) || httpd_once_refuse(q))
		return true;
	needed = httpd_role_needed(q);
	if (!httpd_who_may_try(q, needed)) {
		httpd_problem(q, &(struct err){ ERR_UNAUTHENTICATED, "a bearer token is needed" },
			      NULL);
		return true;
	}
	return refuse_body(q, &h);
}
