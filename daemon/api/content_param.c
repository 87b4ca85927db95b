#include "daemon/api/content_param.h"

#include <ctype.h>

#include "shared/base/crypto.h"
#include "shared/base/xalloc.h"

#include "daemon/api/image.h"
#include "daemon/engine/template.h"

enum { NAMES_MAX = 100 };

/* -- variables and variants -- */

struct checking {
	void (*then)(void *ctx, const struct err *e);
	void *ctx;
	char what[32];
};

static void on_missing(void *ctx, const PGresult *r, const struct err *e)
{
	struct checking *c = ctx;
	struct err err = *e;

	if (err.code == ERR_OK && db_rows(r)) {
		const char *name = db_text(r, 0, 0);

		err_set(&err, ERR_BAD_PARAMS,
			"%s: no lead has a variable '%s'; give it a default: {%s:...}", c->what,
			name, name);
	}
	c->then(c->ctx, &err);
	free(c);
}

/* adds the variables that only leads can have, each in lower case */
static enum errc names_add(struct arena *a, const char *text, const char **names, size_t *len,
			   struct err *e)
{
	struct template_name found[NAMES_MAX];
	size_t n;

	if (template_check(text, e))
		return e->code;
	n = template_names(text, found, ARRAY_LEN(found));
	for (size_t i = 0; i < n && *len < NAMES_MAX; i++) {
		for (char *at = found[i].text; *at; at++)
			*at = (char)tolower((unsigned char)*at);
		if (!found[i].has_default && !cat_word_in("name phone niche note", found[i].text))
			names[(*len)++] = arena_strdup(a, found[i].text);
	}
	return ERR_OK;
}

void content_texts_check(struct rpc_req *req, const char *what, const char *const *texts,
			 size_t len, void (*then)(void *ctx, const struct err *e), void *ctx)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	const char *names[NAMES_MAX];
	struct err e = ERR_NONE;
	struct checking *c;
	size_t n = 0;

	for (size_t i = 0; i < len && e.code == ERR_OK; i++)
		if (texts[i] && names_add(a, texts[i], names, &n, &e))
			err_wrap(&e, "%s", what);
	if (e.code || n == 0) {
		then(ctx, &e);
		return;
	}
	c = xcalloc(1, sizeof *c);
	c->then = then;
	c->ctx = ctx;
	snprintf(c->what, sizeof c->what, "%s", what);
	db_p_i64(p, req->user_id);
	db_p_text_array(p, names, n);
	req_query(req, STMT_LEAD_VARS_MISSING, p, DB_IDEMPOTENT, on_missing, c);
}

/* -- media -- */

struct taking {
	struct rpc_req *req;
	void (*then)(struct rpc_req *req, const struct content_param *c);
	struct content_param c;
};

static void on_stored(void *ctx, const PGresult *r, const struct err *e)
{
	struct taking *t = ctx;

	if (e->code) {
		rpc_fail(t->req, e);
	} else {
		t->c.media_id = db_i64(r, 0, 0);
		t->then(t->req, &t->c);
	}
	free(t);
}

static enum errc store_image(struct taking *t, struct err *e)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	struct rpc_req *req = t->req;
	struct image_info info;
	struct span bytes;
	uint8_t hash[32];

	if (!rpc_param_bytes(req->params, "image", a, &bytes))
		return err_set(e, ERR_BAD_PARAMS, "image: not base64");
	if (image_look(bytes, &info, e))
		return e->code;
	t->c.has_image = true;
	if (rpc_param_has(req->params, "dry_run") && rpc_param_bool(req->params, "dry_run")) {
		t->then(req, &t->c);
		free(t);
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
	db_p_null(p);
	req_query(req, STMT_MEDIA_ADD, p, DB_IDEMPOTENT, on_stored, t);
	return ERR_OK;
}

/* -- all of it -- */

static bool is_split(const struct rpc_req *req)
{
	return rpc_param_has(req->params, "split") && rpc_param_bool(req->params, "split");
}

/* exactly one of text and medium, or both in two messages; a caption only with a medium */
static enum errc check(const struct rpc_req *req, struct err *e)
{
	bool has_text = rpc_param_has(req->params, "text"),
	     has_image = rpc_param_has(req->params, "image");

	if (is_split(req) && !(has_text && has_image))
		return err_set(e, ERR_BAD_PARAMS,
			       "split: needs an image and the text that follows it");
	if (has_text == has_image && !is_split(req))
		return err_set(e, ERR_BAD_PARAMS,
			       has_text ? "text and image: give one; an image has a caption"
					: "text or image: one is needed");
	if (!has_image && rpc_param_has(req->params, "caption"))
		return err_set(e, ERR_BAD_PARAMS, "caption: only with an image");
	return ERR_OK;
}

static void on_checked(void *ctx, const struct err *why)
{
	struct taking *t = ctx;
	struct err e = *why;

	if (e.code == ERR_OK && rpc_param_has(t->req->params, "image")) {
		if (store_image(t, &e) == ERR_OK)
			return;
	} else if (e.code == ERR_OK) {
		t->then(t->req, &t->c);
	}
	if (e.code)
		rpc_fail(t->req, &e);
	free(t);
}

void content_param_take(struct rpc_req *req, enum content_use use,
			void (*then)(struct rpc_req *req, const struct content_param *c))
{
	const char *text = rpc_param_text(req->params, "text"),
		   *caption = rpc_param_text(req->params, "caption"), *texts[] = { text, caption };
	bool has_image = rpc_param_has(req->params, "image");
	struct err e = ERR_NONE;
	struct taking *t;

	if (check(req, &e)) {
		rpc_fail(req, &e);
		return;
	}
	t = xcalloc(1, sizeof *t);
	t->req = req;
	t->then = then;
	t->c.body = has_image ? caption : text;
	t->c.split = has_image ? text : NULL;
	if (use == CONTENT_TEMPLATE)
		content_texts_check(req, text ? "text" : "caption", texts, ARRAY_LEN(texts),
				    on_checked, t);
	else
		on_checked(t, &e);
}
