#include "daemon/api/content_param.h"

#include "shared/base/crypto.h"
#include "shared/base/xalloc.h"

#include "daemon/api/image.h"

struct storing {
	struct rpc_req *req;
	void (*then)(struct rpc_req *req, const struct content_param *c);
};

static void on_stored(void *ctx, const PGresult *r, const struct err *e)
{
	struct storing *s = ctx;
	struct content_param c = { .body = rpc_param_text(s->req->params, "caption") };

	if (e->code) {
		rpc_fail(s->req, e);
	} else {
		c.media_id = db_i64(r, 0, 0);
		c.has_image = true;
		s->then(s->req, &c);
	}
	free(s);
}

static enum errc store_image(struct rpc_req *req, struct arena *a,
			     void (*then)(struct rpc_req *req, const struct content_param *c),
			     struct err *e)
{
	struct db_params *p = db_params_new(a);
	struct image_info info;
	struct storing *s;
	struct span bytes;
	uint8_t hash[32];

	if (!rpc_param_bytes(req->params, "image", a, &bytes))
		return err_set(e, ERR_BAD_PARAMS, "image: not base64");
	if (image_look(bytes, &info, e))
		return e->code;
	if (rpc_param_has(req->params, "dry_run") && rpc_param_bool(req->params, "dry_run")) {
		then(req, &(struct content_param){ .body = rpc_param_text(req->params, "caption"),
						   .has_image = true });
		return ERR_OK;
	}
	sha256(bytes, hash);
	db_p_i64(p, req->user_id);
	db_p_text(p, "image");
	db_p_text(p, info.mimetype);
	db_p_bytes(p, SPAN_OF(hash));
	db_p_i32(p, (int32_t)info.width);
	db_p_i32(p, (int32_t)info.height);
	db_p_bytes(p, bytes);
	s = xcalloc(1, sizeof *s);
	s->req = req;
	s->then = then;
	req_query(req, STMT_MEDIA_ADD, p, DB_IDEMPOTENT, on_stored, s);
	return ERR_OK;
}

/* exactly one of them, a caption only with an image */
static enum errc check(const struct rpc_req *req, struct err *e)
{
	bool has_text = rpc_param_has(req->params, "text"),
	     has_image = rpc_param_has(req->params, "image");

	if (has_text == has_image)
		return err_set(e, ERR_BAD_PARAMS,
			       has_text ? "text and image: give one; an image has a caption"
					: "text or image: one is needed");
	if (has_text && rpc_param_has(req->params, "caption"))
		return err_set(e, ERR_BAD_PARAMS, "caption: only with an image");
	return ERR_OK;
}

void content_param_take(struct rpc_req *req,
			void (*then)(struct rpc_req *req, const struct content_param *c))
{
	struct content_param c = { .body = rpc_param_text(req->params, "text") };
	AUTO_ARENA struct arena *a = arena_new();
	struct err e = ERR_NONE;

	if (check(req, &e) == ERR_OK && rpc_param_has(req->params, "image"))
		store_image(req, a, then, &e);
	else if (e.code == ERR_OK)
		then(req, &c);
	if (e.code)
		rpc_fail(req, &e);
}
