#include "daemon/api/steps_param.h"

#include <inttypes.h>

#include "shared/base/xalloc.h"

#include "daemon/api/content_param.h"
#include "daemon/api/media_look.h"
#include "daemon/engine/reply_when.h"

/* the steps of a call on their way: what is not stored yet is in req->params, what is goes into rows */
struct taking {
	struct rpc_req *req;
	void (*then)(struct rpc_req *req, const char *steps);
	json_t *rows; /* what the statements take */
	size_t at;    /* the step whose picture is being stored */
};

static json_t *step_at(const struct taking *t, size_t i)
{
	return json_array_get(json_object_get(t->req->params, "steps"), i);
}

/* "09:30", "09:30:15" */
static bool is_time(const char *text)
{
	return reply_is_time(text) &&
	       (text[5] == '\0' || (text[5] == ':' && text[6] >= '0' && text[6] < '6' &&
				    text[7] >= '0' && text[7] <= '9' && text[8] == '\0'));
}

/* the step's own value, else that of the whole sequence */
static json_t *own_or_all(const struct rpc_req *req, const json_t *step, const char *name)
{
	json_t *v = json_object_get(step, name);

	return v ? v : json_object_get(req->params, name);
}

static enum errc check_content(const json_t *step, struct err *e)
{
	bool has_text = rpc_param_has(step, "text"), has_image = rpc_param_has(step, "image"),
	     split = rpc_param_bool(step, "split");

	if (split && !(has_text && has_image))
		return err_set(e, ERR_BAD_PARAMS,
			       "split: needs an image and the text that follows it");
	if (!split && has_text == has_image)
		return err_set(e, ERR_BAD_PARAMS, "text or image: %s",
			       has_text ? "give one; an image has a caption" : "one is needed");
	if (!has_image && rpc_param_has(step, "caption"))
		return err_set(e, ERR_BAD_PARAMS, "caption: only with an image");
	return ERR_OK;
}

static enum errc check_step(const struct rpc_req *req, const json_t *step, struct err *e)
{
	const json_t *time = own_or_all(req, step, "send_time");
	const json_t *min = own_or_all(req, step, "delay_min_ms"),
		     *max = own_or_all(req, step, "delay_max_ms");

	if (time == NULL)
		return err_set(e, ERR_BAD_PARAMS, "send_time: is required");
	if (!is_time(json_string_value(time)))
		return err_set(e, ERR_BAD_PARAMS, "send_time: must be a time such as 09:30");
	if ((min == NULL) != (max == NULL))
		return err_set(e, ERR_BAD_PARAMS,
			       "delay_min_ms and delay_max_ms: give both or none");
	if (min && json_integer_value(max) < json_integer_value(min))
		return err_set(e, ERR_BAD_PARAMS, "delay_max_ms: less than delay_min_ms");
	return check_content(step, e);
}

static json_t *row_of(const struct rpc_req *req, const json_t *step)
{
	static const char *const inherited[] = { "send_time", "delay_min_ms", "delay_max_ms" };
	bool has_image = rpc_param_has(step, "image");
	json_t *row = json_object(), *body = json_object_get(step, has_image ? "caption" : "text");

	json_object_set(row, "day", json_object_get(step, "day"));
	for (size_t i = 0; i < ARRAY_LEN(inherited); i++)
		if (own_or_all(req, step, inherited[i]))
			json_object_set(row, inherited[i], own_or_all(req, step, inherited[i]));
	if (body)
		json_object_set(row, "body", body);
	if (rpc_param_bool(step, "split"))
		json_object_set(row, "split", json_object_get(step, "text"));
	return row;
}

static enum errc check_all(struct taking *t, struct err *e)
{
	json_t *step;
	size_t i;

	json_array_foreach(json_object_get(t->req->params, "steps"), i, step) {
		int64_t day = rpc_param_int(step, "day");

		for (size_t k = 0; k < i; k++)
			if (rpc_param_int(step_at(t, k), "day") == day)
				return err_set(e, ERR_BAD_PARAMS,
					       "steps: day %" PRId64 ": is there twice", day);
		if (check_step(t->req, step, e))
			return err_wrap(e, "steps: day %" PRId64, day);
		json_array_append_new(t->rows, row_of(t->req, step));
	}
	return ERR_OK;
}

static void end(struct taking *t, const struct err *e)
{
	char *text = e->code ? NULL : json_dumps(t->rows, JSON_COMPACT);

	if (e->code)
		rpc_fail(t->req, e);
	else
		t->then(t->req, text);
	free(text);
	json_decref(t->rows);
	free(t);
}

static void store_next(struct taking *t);

static void on_texts(void *ctx, const struct err *e)
{
	struct taking *t = ctx;

	if (e->code)
		end(t, e);
	else
		store_next(t);
}

/* variables and variants of all texts and captions */
static void check_texts(struct taking *t)
{
	size_t n = 0, len = json_array_size(t->rows), i;
	const char **texts = xcalloc(2 * len, sizeof *texts);
	json_t *row;

	json_array_foreach(t->rows, i, row) {
		texts[n++] = rpc_param_text(row, "body");
		texts[n++] = rpc_param_text(row, "split");
	}
	content_texts_check(t->req, "steps", texts, n, on_texts, t);
	free(texts);
}

static void on_stored(void *ctx, const PGresult *r, const struct err *e)
{
	struct taking *t = ctx;

	if (e->code) {
		end(t, e);
		return;
	}
	json_object_set_new(json_array_get(t->rows, t->at), "media_id",
			    json_integer(db_i64(r, 0, 0)));
	t->at++;
	store_next(t);
}

static enum errc store_image(struct taking *t, const json_t *step, struct err *e)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	struct span bytes;

	if (!rpc_param_bytes(step, "image", a, &bytes))
		return err_set(e, ERR_BAD_PARAMS, "image: not base64");
	if (media_params(p, t->req->user_id, "image", NULL, bytes, e))
		return e->code;
	req_query(t->req, STMT_MEDIA_ADD, p, DB_IDEMPOTENT, on_stored, t);
	return ERR_OK;
}

/* one picture after the other; then all is there */
static void store_next(struct taking *t)
{
	struct err e = ERR_NONE;

	for (; t->at < json_array_size(t->rows); t->at++) {
		const json_t *step = step_at(t, t->at);

		if (!rpc_param_has(step, "image"))
			continue;
		if (store_image(t, step, &e) == ERR_OK)
			return;
		err_wrap(&e, "steps: day %" PRId64, rpc_param_int(step, "day"));
		break;
	}
	end(t, &e);
}

void steps_param_take(struct rpc_req *req, void (*then)(struct rpc_req *req, const char *steps))
{
	struct err e = ERR_NONE;
	struct taking *t;

	if (!rpc_param_has(req->params, "steps")) {
		then(req, NULL);
		return;
	}
	t = xcalloc(1, sizeof *t);
	t->req = req;
	t->then = then;
	t->rows = json_array();
	if (check_all(t, &e))
		end(t, &e);
	else
		check_texts(t);
}
