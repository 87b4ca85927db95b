#include "daemon/api/content_param.h"

#include <ctype.h>

#include "shared/base/xalloc.h"

#include "daemon/api/media_look.h"
#include "daemon/engine/template.h"

enum { NAMES_MAX = 100, MEDIA_FETCH_MS = 60 * 1000 };

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

/* the parameter that holds the medium; NULL: none */
static const char *medium_of(const struct rpc_req *req)
{
	static const char *const kinds[] = { "image", "video", "document", "media_url" };

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (rpc_param_has(req->params, kinds[i]))
			return kinds[i];
	return NULL;
}

static bool is_dry(const struct rpc_req *req)
{
	return rpc_param_has(req->params, "dry_run") && rpc_param_bool(req->params, "dry_run");
}

/* a medium that is here, of this kind; name NULL: none */
static enum errc keep_medium(struct taking *t, const char *kind, const char *name,
			     struct span bytes, struct err *e)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	if (media_params(p, t->req->user_id, kind, name, bytes, e))
		return e->code;
	t->c.has_image = strcmp(kind, "image") == 0;
	t->c.medium = kind;
	if (is_dry(t->req)) {
		t->then(t->req, &t->c);
		free(t);
		return ERR_OK;
	}
	req_query(t->req, STMT_MEDIA_ADD, p, DB_IDEMPOTENT, on_stored, t);
	return ERR_OK;
}

/* what the address's path ends with */
static const char *url_name(struct arena *a, const char *url)
{
	const char *path = strstr(url, "//"), *end = url + strcspn(url, "?#");

	path = path ? strchr(path + 2, '/') : NULL;
	return path && path < end ? arena_strndup(a, path, (size_t)(end - path)) : "";
}

static void on_fetched(void *ctx, const struct fetch_answer *answer, const struct err *why)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct taking *t = ctx;
	struct err e = *why;
	const char *kind;

	if (e.code == ERR_OK && answer->status != 200)
		err_set(&e, ERR_PEER, "the server answered %d", answer->status);
	if (e.code == ERR_OK) {
		kind = media_kind_of(answer->body);
		if (answer->body.len > media_kind_max(kind))
			err_set(&e, ERR_TOO_LARGE, "%zu bytes; %s may have %zu", answer->body.len,
				kind, media_kind_max(kind));
		else if (keep_medium(t, kind,
				     url_name(a, rpc_param_text(t->req->params, "media_url")),
				     answer->body, &e) == ERR_OK)
			return;
	}
	err_wrap(&e, "media_url");
	rpc_fail(t->req, &e);
	free(t);
}

/* once, whoever gets it then; never into networks that are not the public one */
static enum errc fetch_medium(struct taking *t, struct err *e)
{
	struct rpc_req *req = t->req;
	const char *url = rpc_param_text(req->params, "media_url");
	struct fetch_cfg cfg = { .method = "GET",
				 .url = url,
				 .answer_max = MEDIA_FETCH_MAX,
				 .timeout_ms = MEDIA_FETCH_MS };

	if (http_client_check(req->wad->web, url, e))
		return err_wrap(e, "media_url");
	if (is_dry(req)) {
		t->then(req, &t->c);
		free(t);
		return ERR_OK;
	}
	if (http_client_start(req->wad->web, &cfg, on_fetched, t, e))
		return err_wrap(e, "media_url");
	return ERR_OK;
}

static enum errc store_medium(struct taking *t, const char *kind, struct err *e)
{
	AUTO_ARENA struct arena *a = arena_new();
	const json_t *params = t->req->params;
	struct span bytes;

	if (strcmp(kind, "media_url") == 0)
		return fetch_medium(t, e);
	if (!rpc_param_bytes(params, kind, a, &bytes))
		return err_set(e, ERR_BAD_PARAMS, "%s: not base64", kind);
	return keep_medium(t, kind, rpc_param_text(params, "file_name"), bytes, e);
}

/* -- all of it -- */

static bool is_split(const struct rpc_req *req)
{
	return rpc_param_has(req->params, "split") && rpc_param_bool(req->params, "split");
}

/* exactly one of text and medium, or both in two messages; a caption only with a medium */
static enum errc check(const struct rpc_req *req, struct err *e)
{
	bool has_text = rpc_param_has(req->params, "text");
	const char *medium = medium_of(req);
	int media = rpc_param_has(req->params, "image") + rpc_param_has(req->params, "video") +
		    rpc_param_has(req->params, "document") +
		    rpc_param_has(req->params, "media_url");

	if (media > 1)
		return err_set(e, ERR_BAD_PARAMS, "image, video, document and media_url: give one");
	if (is_split(req) && !(has_text && medium))
		return err_set(
			e, ERR_BAD_PARAMS,
			"split: needs an image, a video or a document and the text that follows it");
	if (has_text && medium && !is_split(req))
		return err_set(e, ERR_BAD_PARAMS, "text and %s: give one; media have a caption",
			       medium);
	if (!has_text && !medium)
		return err_set(e, ERR_BAD_PARAMS,
			       "text or image, video, document, media_url: one is needed");
	if (!medium && rpc_param_has(req->params, "caption"))
		return err_set(e, ERR_BAD_PARAMS,
			       "caption: only with an image, a video or a document");
	return ERR_OK;
}

static void on_checked(void *ctx, const struct err *why)
{
	struct taking *t = ctx;
	struct err e = *why;

	const char *medium = medium_of(t->req);

	if (e.code == ERR_OK && medium) {
		if (store_medium(t, medium, &e) == ERR_OK)
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
	bool has_medium = medium_of(req) != NULL;
	struct err e = ERR_NONE;
	struct taking *t;

	if (check(req, &e)) {
		rpc_fail(req, &e);
		return;
	}
	t = xcalloc(1, sizeof *t);
	t->req = req;
	t->then = then;
	t->c.body = has_medium ? caption : text;
	t->c.split = has_medium ? text : NULL;
	if (use == CONTENT_TEMPLATE)
		content_texts_check(req, text ? "text" : "caption", texts, ARRAY_LEN(texts),
				    on_checked, t);
	else
		on_checked(t, &e);
}
