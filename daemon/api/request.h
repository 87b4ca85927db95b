#pragma once
/* One call on its way through the daemon. A handler gets it and must give it back: struct rpc_done is
 * made only by reply, fail and later, so a handler cannot forget to answer. After rpc_later whoever
 * finishes the work calls reply or fail. A client that left is noticed here, once: its answers are
 * dropped, the durable work goes on. */
#include <jansson.h>

#include "shared/base/err.h"
#include "shared/rpc/catalogue.h"
#include "shared/rpc/validate.h"

#include "daemon/wad.h"

struct rpc_conn;
struct rpc_batch;
struct httpd_match;
struct httpd_once;

struct rpc_req {
	struct wad *wad;
	/* Where the answer goes; called once, ends req. result is taken, NULL on failure; e is only
	 * looked at then. */
	void (*answer_take)(struct rpc_req *req, json_t *result, const struct err *e);
	void *asker; /* of the HTTP side: the request, NULL when the client left */
	const struct cat_method *method;
	json_t *params;               /* validated; owned */
	json_t *id;                   /* owned; NULL: a notification */
	int64_t user_id;              /* whose objects it is about */
	int64_t actor_id;             /* who calls: another when an admin acts as the user */
	enum cat_role role, own_role; /* own_role: the actor's, on the socket only */
	struct rpc_detail detail;
	struct httpd_once *once; /* of the HTTP side: its Idempotency-Key */
	struct httpd_match
		*match; /* of the HTTP side: no other changes this object with If-Match */
	/* the socket's */
	struct list link;
	struct rpc_conn *conn;   /* NULL: the client left */
	struct rpc_batch *batch; /* NULL: not in a batch */
};

struct rpc_done {
	int answered;
};

struct rpc_done rpc_reply_take(struct rpc_req *req, json_t *result); /* NULL result: ERR_INTERNAL */
/* the one object that was asked for; without a row ERR_NOT_FOUND with these words. Fails when e says so */
void rpc_reply_row(struct rpc_req *req, const PGresult *r, const struct err *e,
		   json_t *(*row_json)(struct rpc_req *req, const PGresult *r, int i),
		   const char *missing);
/* A list's answer, named as the method's row says: one value a row of r (NULL: left out), and "next", the
 * last row's id, when there may be more than the limit asked for. Fails the call when e says so. */
void rpc_reply_rows(struct rpc_req *req, const PGresult *r, const struct err *e,
		    json_t *(*row_json)(struct rpc_req *req, const PGresult *r, int i));
struct rpc_done rpc_fail(struct rpc_req *req, const struct err *e);
struct rpc_done rpc_later(struct rpc_req *req);

/* may this caller call m now, and with these params (NULL: none)? Sets method and params. */
enum errc rpc_admit(struct rpc_req *req, const struct cat_method *m, json_t *params,
		    struct err *e) MUST_USE;

typedef struct rpc_done (*rpc_handler)(struct rpc_req *req);
rpc_handler api_handler(const struct cat_method *m); /* bind.c */

/* the device a CAT_REF parameter names, by id or name; NULL and *e set when there is none */
const struct fleet_device *req_device(struct rpc_req *req, const char *param, struct err *e);

/* the user a CAT_REF parameter names, by name or id: for admins only */
const struct user *req_user(struct rpc_req *req, const char *param, struct err *e);
/* a statement of this call: db_query_as its user. Handlers use nothing else for a tenant's rows */
void req_query(struct rpc_req *req, enum stmt stmt, const struct db_params *p,
	       enum db_query_flags flags, db_result_fn done, void *ctx);

/* of an answer: true when nothing was done; NULL otherwise */
json_t *req_dry_run(const struct rpc_req *req);

/* building results: absent values are left out */
json_t *json_id(int64_t id);                                      /* "17" */
void json_put_id(json_t *o, const char *key, int64_t id);         /* 0: left out */
void json_put_text(json_t *o, const char *key, const char *text); /* NULL and "": left out */
void json_put_time(json_t *o, const char *key, unix_ms t);        /* INT64_MIN: left out */
