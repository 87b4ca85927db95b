#include "daemon/api/handlers.h"
#include "daemon/engine/optout.h"
#include "daemon/engine/phrase.h"

static json_t *optout_json(struct rpc_req *req, const PGresult *r, int i)
{
	json_t *o = json_pack("{s:o}", "phone", json_id(db_i64(r, i, db_col(r, "phone"))));

	(void)req;
	json_put_text(o, "name", db_text(r, i, db_col(r, "name")));
	json_put_text(o, "word", db_text(r, i, db_col(r, "word")));
	json_put_id(o, "device", db_i64(r, i, db_col(r, "device_id")));
	json_put_time(o, "at", db_time(r, i, db_col(r, "at")));
	return o;
}

static void on_list(void *ctx, const PGresult *r, const struct err *e)
{
	rpc_reply_rows(ctx, r, e, optout_json);
}

struct rpc_done api_optout_list(struct rpc_req *req)
{
	struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	db_p_i64(p, req->user_id);
	db_p_i64(p, rpc_param_id(req->params, "after"));
	db_p_i64(p, rpc_param_int(req->params, "limit"));
	req_query(req, STMT_OPTOUT_LIST, p, DB_IDEMPOTENT, on_list, req);
	arena_free(a);
	return rpc_later(req);
}

static void ask_phone(struct rpc_req *req, enum stmt stmt, db_result_fn done)
{
	struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	db_p_i64(p, req->user_id);
	db_p_i64(p, rpc_param_phone(req->params, "phone"));
	req_query(req, stmt, p, DB_IDEMPOTENT, done, req);
	arena_free(a);
}

static void on_added(void *ctx, const PGresult *r, const struct err *e)
{
	struct rpc_req *req = ctx;

	if (e->code) {
		rpc_fail(req, e);
		return;
	}
	fleet_opted_out(req->wad->fleet, req->user_id, rpc_param_phone(req->params, "phone"));
	rpc_reply_take(req,
		       json_pack("{s:s,s:b,s:I}", "phone", rpc_param_text(req->params, "phone"),
				 "added", db_i64(r, 0, db_col(r, "added")) > 0, "stopped",
				 (json_int_t)db_i64(r, 0, db_col(r, "stopped"))));
}

struct rpc_done api_optout_add(struct rpc_req *req)
{
	ask_phone(req, STMT_OPTOUT_ADD, on_added);
	return rpc_later(req);
}

static void on_removed(void *ctx, const PGresult *r, const struct err *e)
{
	struct rpc_req *req = ctx;
	const char *phone = rpc_param_text(req->params, "phone");
	struct err none = ERR_NONE;

	if (e->code) {
		rpc_fail(req, e);
	} else if (db_rows(r) == 0) {
		err_set(&none, ERR_NOT_FOUND, "phone %.20s: is not on the opt-out list", phone);
		rpc_fail(req, &none);
	} else {
		rpc_reply_take(req, json_pack("{s:s}", "phone", phone));
	}
}

struct rpc_done api_optout_remove(struct rpc_req *req)
{
	ask_phone(req, STMT_OPTOUT_REMOVE, on_removed);
	return rpc_later(req);
}

/* -- words -- */

static json_t *word_json(const PGresult *r, int i)
{
	json_t *o = json_pack("{s:s,s:s}", "word", db_text(r, i, db_col(r, "word")), "kind",
			      db_text(r, i, db_col(r, "kind")));

	json_put_text(o, "answer", db_text(r, i, db_col(r, "answer")));
	return o;
}

static void on_words(void *ctx, const PGresult *r, const struct err *e)
{
	struct rpc_req *req = ctx;
	json_t *list;

	if (e->code) {
		rpc_fail(req, e);
		return;
	}
	list = json_array();
	for (int i = 0; i < db_rows(r); i++)
		json_array_append_new(list, word_json(r, i));
	rpc_reply_take(req, json_pack("{s:o}", "words", list));
}

struct rpc_done api_optout_words(struct rpc_req *req)
{
	struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	db_p_i64(p, req->user_id);
	req_query(req, STMT_OPTOUT_WORDS, p, DB_IDEMPOTENT, on_words, req);
	arena_free(a);
	return rpc_later(req);
}

/* the form that messages are compared in; false: the call was refused */
static bool folded_word(struct rpc_req *req, char out[static OPTOUT_WORD_MAX])
{
	if (phrase_fold(rpc_param_text(req->params, "word"), out, OPTOUT_WORD_MAX) && out[0])
		return true;
	rpc_fail(req, &(struct err){ ERR_BAD_PARAMS, "word: holds no letters or digits" });
	return false;
}

static void on_taught(void *ctx, const PGresult *r, const struct err *e)
{
	struct rpc_req *req = ctx;

	if (e->code)
		rpc_fail(req, e);
	else if (db_rows(r) == 0)
		rpc_fail(req,
			 &(struct err){ ERR_CONFLICT, "word: there are 200 own words already" });
	else
		rpc_reply_take(req, word_json(r, 0));
}

struct rpc_done api_optout_teach(struct rpc_req *req)
{
	char word[OPTOUT_WORD_MAX];
	struct arena *a;
	struct db_params *p;

	if (!folded_word(req, word))
		return rpc_later(req);
	a = arena_new();
	p = db_params_new(a);
	db_p_i64(p, req->user_id);
	db_p_text(p, word);
	db_p_text(p, rpc_param_text(req->params, "kind"));
	db_p_text(p, rpc_param_text(req->params, "answer"));
	req_query(req, STMT_OPTOUT_TEACH, p, DB_IDEMPOTENT, on_taught, req);
	arena_free(a);
	return rpc_later(req);
}

static void on_untaught(void *ctx, const PGresult *r, const struct err *e)
{
	struct rpc_req *req = ctx;

	if (e->code)
		rpc_fail(req, e);
	else if (db_rows(r) == 0)
		rpc_fail(req, &(struct err){ ERR_NOT_FOUND, "word: is no own word" });
	else
		rpc_reply_take(req, json_pack("{s:s}", "word", db_text(r, 0, 0)));
}

struct rpc_done api_optout_unteach(struct rpc_req *req)
{
	char word[OPTOUT_WORD_MAX];
	struct arena *a;
	struct db_params *p;

	if (!folded_word(req, word))
		return rpc_later(req);
	a = arena_new();
	p = db_params_new(a);
	db_p_i64(p, req->user_id);
	db_p_text(p, word);
	req_query(req, STMT_OPTOUT_UNTEACH, p, DB_ONCE, on_untaught, req);
	arena_free(a);
	return rpc_later(req);
}
