#pragma once
/* One HTTP request on its way, shared by the httpd_*.c files. Ends (httpd_server.c) when its answer has
 * gone or the client left; what is under way then finds call->asker NULL. */
#include <microhttpd.h>

#include "shared/base/wr.h"
#include "shared/rpc/alias.h"

#include "daemon/api/httpd_forwarded.h"
#include "daemon/api/httpd_rate.h"
#include "daemon/api/httpd_server.h"
#include "daemon/api/httpd_target.h"

enum {
	HTTP_CONNS_MAX = 2000,
	HTTP_CONN_MEMORY =
		65536, /* of libmicrohttpd, a connection: header block and answer's head */
	HTTP_HEADERS_MAX = 100,
	HTTP_HEADER_BYTES_MAX = 16384,
	HTTP_BODY_MAX = 1 << 20,     /* methods that take files: more */
	HTTP_BODIES_MAX = 64 << 20,  /* of all requests together */
	HTTP_HEADER_MS = 10000,      /* first byte to the end of the headers */
	HTTP_IDLE_MS = 60000,        /* between two requests */
	HTTP_BODY_BYTES_PER_MS = 16, /* slower bodies are refused */
	HTTP_CALL_MS = 60000,        /* a call's answer */
	HTTP_HEADERS_OUT_MAX = 16,
};

struct httpd_conn {
	struct list link;
	struct httpd_server *server;
	int fd;
	mono_ms until;            /* INT64_MAX: an answer is on its way */
	struct httpd_req *unseen; /* its headers are not complete */
	char address[48];
};

struct httpd_who {
	int64_t user_id;
	enum cat_role role;
	bool by_cookie;
};

struct httpd_stream;
struct httpd_document;
struct httpd_lookup;
struct httpd_match;

struct httpd_req {
	struct list link;
	struct httpd_server *server;
	struct httpd_conn *conn;
	struct MHD_Connection *mhd;
	struct arena *arena;
	char *uri;
	struct httpd_target target;
	char verb[8];
	const struct cat_method *method; /* or */
	enum route own;                  /* ROUTE_COUNT: none */
	const char *pattern;             /* of the path */
	const struct route_alias *alias; /* NULL: the route is today's */
	struct httpd_who who;
	struct wr body;
	size_t body_max;
	bool has_body, seen, begun, suspended;
	struct rpc_req *call; /* under way */
	void (*then)(struct httpd_req *q, json_t *result);
	struct httpd_lookup *lookup; /* who calls: being found out */
	struct httpd_match *match;   /* a change that waits for what it may change */
	struct httpd_stream *stream;
	struct {
		const char *chat, *name;
		const char *csp; /* NULL: the strictest */
		json_t *params;  /* of what is asked for after the chat's name */
	} page;
	struct httpd_document *document; /* parts of an answer that is a file */
	struct {
		const char *name, *value;
	} headers[HTTP_HEADERS_OUT_MAX];
	size_t header_len;
	struct MHD_Response *response;
	unsigned status;
	mono_ms began;
};

enum { HTTP_BUCKETS = 8 };
struct httpd_figures {
	uint64_t by_class[6]; /* 1xx .. 5xx by their digit */
	uint64_t buckets[HTTP_BUCKETS + 1];
	uint64_t count;
	int64_t sum_ms;
	size_t connections, streams;
};

struct httpd_queue_figures; /* httpd_health.c */

struct httpd_server {
	struct wad *wad;
	struct MHD_Daemon *daemon;
	uv_poll_t poll;
	uv_timer_t timer, sweep;
	unsigned handles; /* not yet closed */
	struct list conns, reqs;
	size_t body_bytes;
	bool closing;
	struct httpd_figures figures;
	struct httpd_queue_figures *queue;
	char *openapi; /* made once */
	struct forwarded_nets trusted;
	const char *cors_origins; /* NULL: none */
	struct httpd_rate *rate;
	mono_ms once_sweep_at;
};

/* -- httpd_server.c -- */
void httpd_kick(struct httpd_server *s); /* let libmicrohttpd run soon */
void httpd_resume(struct httpd_req *q);

/* -- httpd_answer.c: each gives the one answer of q; later ones are dropped -- */
void httpd_header(struct httpd_req *q, const char *name, const char *value); /* copied; before it */
/* type NULL: none, for an empty body */
void httpd_answer_text(struct httpd_req *q, unsigned status, const char *type, struct span body);
void httpd_answer_json_take(struct httpd_req *q, unsigned status, json_t *v);
void httpd_problem(struct httpd_req *q, const struct err *e, const struct rpc_detail *d);
/* for what has no errc of its own; code: as err_name */
void httpd_problem_status(struct httpd_req *q, unsigned status, const char *code, const char *title,
			  const char *why);
void httpd_answer_set(struct httpd_req *q, unsigned status, struct MHD_Response *response_taken);

/* -- httpd_check.c: before the body. True: refused, the answer is set. verb, version: as libmicrohttpd holds them -- */
bool httpd_check_refuse(struct httpd_req *q, const char *verb, const char *version);
bool httpd_check_is_csv(const struct httpd_req *q); /* the body is the method's one document */
enum cat_role httpd_role_needed(const struct httpd_req *q);
const char *httpd_request_header(const struct httpd_req *q, const char *name); /* NULL */
const char *httpd_client(struct httpd_req *q); /* address, seen through trusted proxies */

/* -- httpd_who.c: sets q->who, then calls then, or answers. May do so at once -- */
void httpd_who_find(struct httpd_req *q, enum cat_role needed, void (*then)(struct httpd_req *q));
bool httpd_who_may_try(struct httpd_req *q, enum cat_role needed); /* brings any proof at all */

void httpd_who_login(struct httpd_req *q);
void httpd_who_setup(struct httpd_req *q);
void httpd_who_logout(struct httpd_req *q);
void httpd_who_leave(struct httpd_req *q); /* q ends */

/* -- httpd_call.c -- */
void httpd_call_begin(struct httpd_req *q); /* body is there */
void httpd_call_leave(struct httpd_req *q); /* q ends */
/* calls m with these params (borrowed) for q; then (NULL: the answer as it is) gets the result */
void httpd_call(struct httpd_req *q, const struct cat_method *m, json_t *params,
		void (*then)(struct httpd_req *q, json_t *result));
/* what a method answered goes to whom asked, if he is still there; ends req */
void httpd_call_answer_take(struct rpc_req *req, json_t *result, const struct err *e);
struct httpd_req *httpd_call_end(struct rpc_req *req); /* without an answer; NULL: nobody asks */

/* -- httpd_params.c: by their rows; NULL, false: refused, the answer is set -- */
bool httpd_params_in_query(const struct httpd_req *q); /* else in the body */
json_t *httpd_params_query(struct httpd_req *q, const struct cat_method *m);
json_t *httpd_params_body(struct httpd_req *q, const struct cat_method *m);
json_t *httpd_params_path(struct httpd_req *q, const struct cat_method *m, const char *pattern);
/* lists come in pages of a bounded size */
bool httpd_params_bound(struct httpd_req *q, const struct cat_method *m, json_t *params);

/* -- httpd_once.c: Idempotency-Key -- */
bool httpd_once_wanted(const struct httpd_req *q);
bool httpd_once_refuse(struct httpd_req *q); /* the header is wrong: the answer is set */
void httpd_once_begin(struct rpc_req *req);  /* runs the method, or answers what is known */
void httpd_once_answer_take(struct rpc_req *req, json_t *result, const struct err *e);
void httpd_once_sweep(struct httpd_server *s, mono_ms now);

/* -- httpd_match.c: ETag, If-Match -- */
void httpd_match_tag(struct httpd_req *q,
		     json_t *result); /* adds the header where there is a tag */
bool httpd_match_wanted(const struct httpd_req *q);
void httpd_match_begin(struct httpd_req *q, json_t *params); /* params: borrowed */
void httpd_match_free(struct httpd_match *m);

/* -- httpd_cors.c -- */
void httpd_cors_headers(const struct httpd_req *q, struct MHD_Response *r);
bool httpd_cors_preflight(struct httpd_req *q); /* true: it was one, the answer is set */

/* -- httpd_health.c -- */
void httpd_health_answer(struct httpd_req *q); /* livez, readyz, healthz, metrics */
void httpd_figures_note(struct httpd_req *q);
struct httpd_queue_figures *httpd_queue_figures_new(void);
void httpd_queue_figures_close(struct httpd_queue_figures *f); /* frees itself later */

/* -- httpd_document.c: answers that are files -- */
bool httpd_document_wanted(const struct httpd_req *q);
void httpd_document_begin(struct httpd_req *q, json_t *params); /* params: borrowed */
void httpd_document_free(struct httpd_document *d);

/* -- httpd_events.c, httpd_qr.c -- */
void httpd_events_begin(struct httpd_req *q);
void httpd_events_beat(struct httpd_req *q, mono_ms now);
void httpd_events_end(struct httpd_req *q);   /* what waits still goes out */
void httpd_events_leave(struct httpd_req *q); /* q ends */
void httpd_qr_answer(struct httpd_req *q);
void httpd_page_answer(struct httpd_req *q); /* httpd_page.c */
