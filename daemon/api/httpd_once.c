/* Idempotency-Key: a POST that is sent twice is done once. The key is reserved in a statement of its own
 * before the method runs, and the answer stored before it is given:
 *  - done: the stored answer again, with Idempotent-Replayed: true, for 24 h;
 *  - another address or body under the same key: 422;
 *  - still running: 409 with Retry-After;
 *  - refused (4xx, or busy): nothing was changed, the key is free again;
 *  - wad died between the two, or the database left: nobody knows whether the change was made. It is not made
 *    again: 409 outcome_unknown until the key is a day old; the caller looks for the object and, when it is not
 *    there, takes a new key. A method that has a key of its own (message.send) gets this one, and is run
 *    again instead, since it knows by itself what it did. */
#include "shared/base/crypto.h"
#include "shared/base/xalloc.h"

#include "daemon/api/httpd_impl.h"
#include "daemon/store/crash.h"
#include "daemon/store/seal.h"

enum { KEY_MAX = 255, SWEEP_MS = 600000 };

struct httpd_once {
	struct list link; /* wad->once_calls */
	struct rpc_req *req;
	char key[KEY_MAX + 1];
	uint8_t request[32];
	uint8_t *sealed_request; /* as reserved: no other reservation has these bytes */
	size_t sealed_len;
	json_t *result; /* while it is being stored */
};

static void once_free(struct httpd_once *o)
{
	list_del(&o->link);
	o->req->once = NULL;
	free(o->sealed_request);
	free(o);
}

/* ends the call without an answer of the method's */
static void refuse(struct httpd_once *o, unsigned status, const char *code, const char *why)
{
	struct rpc_req *req = o->req;
	struct httpd_req *q;

	once_free(o);
	q = httpd_call_end(req);
	if (q == NULL)
		return;
	if (strcmp(code, "still_running") == 0)
		httpd_header(q, "Retry-After", "1");
	httpd_problem_status(q, status, code, NULL, why);
}

static struct span sealed(const struct httpd_once *o, struct arena *a, const char *column,
			  struct span plain)
{
	return seal(o->req->wad->sealer, a,
		    &(struct seal_place){ .table = "idempotent_answers",
					  .column = column,
					  .user_id = o->req->user_id,
					  .row = span_str(o->key) },
		    plain);
}

static bool opened(const struct httpd_once *o, struct arena *a, const char *column, struct span in,
		   struct span *ret)
{
	struct err e = ERR_NONE;

	return unseal(o->req->wad->sealer, a,
		      &(struct seal_place){ .table = "idempotent_answers",
					    .column = column,
					    .user_id = o->req->user_id,
					    .row = span_str(o->key) },
		      in, ret, &e) == ERR_OK;
}

static struct db_params *key_params(const struct httpd_once *o, struct arena *a)
{
	struct db_params *p = db_params_new(a);

	db_p_i64(p, o->req->user_id);
	db_p_text(p, o->key);
	return p;
}

static void release(struct httpd_once *o)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = key_params(o, a);

	db_p_bytes(p, span_of(o->sealed_request, o->sealed_len));
	req_query(o->req, STMT_ONCE_RELEASE, p, DB_IDEMPOTENT, NULL, NULL);
}

/* -- the key is known -- */

static void replay(struct httpd_once *o, struct span answer)
{
	json_t *result = json_loadb((const char *)answer.at, answer.len, JSON_DECODE_ANY, NULL);
	struct rpc_req *req = o->req;
	struct httpd_req *q;

	once_free(o);
	q = httpd_call_end(req);
	if (q == NULL || result == NULL) {
		json_decref(result);
		return;
	}
	httpd_header(q, "Idempotent-Replayed", "true");
	q->then(q, result);
}

static void run(struct httpd_once *o)
{
	CRASH_POINT("once.after_reserve");
	api_handler(o->req->method)(o->req);
}

static void on_known(struct httpd_once *o, struct span request, struct span answer)
{
	AUTO_ARENA struct arena *a = arena_new();
	const char *own_key = rpc_param_text(o->req->params, "key");
	struct span plain;

	if (!opened(o, a, "request", request, &plain) || plain.len != sizeof o->request ||
	    memcmp(plain.at, o->request, plain.len) != 0) {
		refuse(o, 422, "key_reused", "this Idempotency-Key belongs to another request");
	} else if (answer.len == 0) {
		if (own_key && strcmp(own_key, o->key) == 0)
			run(o);
		else
			refuse(o, 409, "outcome_unknown",
			       "this request was begun, and then wad or its database stopped; look "
			       "whether it was done, then take a new Idempotency-Key");
	} else if (opened(o, a, "answer", answer, &plain)) {
		replay(o, plain);
	} else {
		refuse(o, 409, "outcome_unknown", "the stored answer cannot be read");
	}
}

static void on_reserved(void *ctx, const PGresult *r, const struct err *e)
{
	struct httpd_once *o = ctx;
	struct rpc_req *req = o->req;

	if (e->code) {
		release(o); /* nothing has run */
		once_free(o);
		rpc_fail(req, e);
	} else if (db_rows(r) == 0) {
		refuse(o, 409, "still_running", "a request with this Idempotency-Key is running");
	} else if (db_bool(r, 0, db_col(r, "mine"))) {
		run(o);
	} else {
		on_known(o, db_bytes(r, 0, db_col(r, "request")),
			 db_bytes(r, 0, db_col(r, "answer")));
	}
}

/* -- reserving -- */

static bool key_is_clean(const char *key)
{
	size_t len = strlen(key);

	if (len == 0 || len > KEY_MAX)
		return false;
	for (; *key; key++)
		if (*key <= ' ' || *key > '~')
			return false;
	return true;
}

static void hash_request(const struct httpd_req *q, uint8_t out[static 32])
{
	struct span body = wr_span(&q->body);
	struct wr w;
	uint8_t hash[32];

	sha256(body, hash);
	wr_init(&w, 4 * HTTP_TARGET_MAX);
	wr_put(&w, hash, sizeof hash);
	wr_str(&w, q->verb);
	wr_str(&w, " ");
	wr_str(&w, q->target.raw_path);
	sha256(wr_span(&w), out);
	wr_done(&w);
}

static const struct httpd_once *running(const struct httpd_once *o)
{
	LIST_EACH(l, &o->req->wad->once_calls) {
		const struct httpd_once *other = CONTAINER_OF(l, struct httpd_once, link);

		if (other->req->user_id == o->req->user_id && strcmp(other->key, o->key) == 0)
			return other;
	}
	return NULL;
}

bool httpd_once_wanted(const struct httpd_req *q)
{
	return q->method && q->method->writes && strcmp(q->verb, "POST") == 0 &&
	       httpd_request_header(q, "Idempotency-Key");
}

bool httpd_once_refuse(struct httpd_req *q)
{
	if (!httpd_once_wanted(q) || key_is_clean(httpd_request_header(q, "Idempotency-Key")))
		return false;
	httpd_problem(q,
		      &(struct err){ ERR_BAD_REQUEST,
				     "Idempotency-Key: 1 to 255 letters, digits and signs" },
		      NULL);
	return true;
}

void httpd_once_begin(struct rpc_req *req)
{
	AUTO_ARENA struct arena *a = arena_new();
	const struct httpd_req *q = req->asker;
	struct httpd_once *o = xcalloc(1, sizeof *o);
	const struct httpd_once *other;
	struct db_params *p;
	struct span request;

	o->req = req;
	snprintf(o->key, sizeof o->key, "%s", httpd_request_header(q, "Idempotency-Key"));
	hash_request(q, o->request);
	other = running(o);
	req->once = o;
	list_add_tail(&req->wad->once_calls, &o->link);
	if (other && memcmp(other->request, o->request, sizeof o->request) != 0) {
		refuse(o, 422, "key_reused", "this Idempotency-Key belongs to another request");
		return;
	}
	if (other) {
		refuse(o, 409, "still_running", "a request with this Idempotency-Key is running");
		return;
	}
	request = sealed(o, a, "request", SPAN_OF(o->request));
	o->sealed_request = xmemdup(request.at, request.len);
	o->sealed_len = request.len;
	p = key_params(o, a);
	db_p_bytes(p, request);
	req_query(req, STMT_ONCE_RESERVE, p, DB_ONCE, on_reserved, o);
}

/* -- the method has answered -- */

static void on_kept(void *ctx, const PGresult *r, const struct err *e)
{
	struct httpd_once *o = ctx;
	struct rpc_req *req = o->req;
	json_t *result = o->result;

	(void)r;
	if (e->code)
		LOG_WARN(req->wad->log, "http.unkept", F_STR("method", req->method->name),
			 F_ERR(e));
	once_free(o);
	httpd_call_answer_take(req, result, NULL);
}

void httpd_once_answer_take(struct rpc_req *req, json_t *result, const struct err *e)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct httpd_once *o = req->once;
	struct db_params *p;
	char *text;

	if (result == NULL) {
		if (err_http_status(e->code) < 500 || e->code == ERR_BUSY ||
		    e->code == ERR_SHUTTING_DOWN)
			release(o);
		once_free(o);
		httpd_call_answer_take(req, NULL, e);
		return;
	}
	CRASH_POINT("once.before_keep");
	text = json_dumps(result, JSON_COMPACT | JSON_REAL_PRECISION(15));
	p = key_params(o, a);
	db_p_bytes(p, sealed(o, a, "answer", span_str(text)));
	wipe(text, strlen(text));
	free(text);
	o->result = result;
	req_query(req, STMT_ONCE_KEEP, p, DB_IDEMPOTENT, on_kept, o);
}

void httpd_once_sweep(struct httpd_server *s, mono_ms now)
{
	AUTO_ARENA struct arena *a = arena_new();

	if (now.ms < s->once_sweep_at.ms)
		return;
	s->once_sweep_at.ms = now.ms + SWEEP_MS;
	db_query(s->wad->db, STMT_ONCE_SWEEP, db_params_new(a), DB_IDEMPOTENT, NULL, NULL);
}
