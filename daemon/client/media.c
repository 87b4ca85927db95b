/* Uploads: media_conn, then one POST for each row of media and device; the row of media_uploads lets
 * the next start use it again. */
#include "daemon/client/media.h"

#include <inttypes.h>
#include <jansson.h>

#include "shared/base/text.h"
#include "shared/base/xalloc.h"

#include "daemon/client/media_crypt.h"
#include "daemon/client/send.h"
#include "daemon/store/crash.h"

enum { UPLOAD_ANSWER_MAX = 64 << 10, CONN_TTL_MAX_S = 6 * 3600, UPLOAD_TRIES = 2 };
static const char origin[] = "Origin: https://web.whatsapp.com";

void media_desk_init(struct media_desk *m)
{
	list_init(&m->lru);
	list_init(&m->conn_waits);
}

static void item_free(struct media_item *it)
{
	arena_free(it->a);
	free((void *)(uintptr_t)it->sealed.at);
	wipe(it->media_key, sizeof(it->media_key));
	free(it);
}

void media_desk_done(struct media_desk *m)
{
	LIST_EACH(at, &m->lru)
		item_free(CONTAINER_OF(at, struct media_item, lru));
	map_free(m->by_id);
	free(m->host);
	free(m->auth);
}

static struct media_item *item_get(struct media_desk *m, int64_t id)
{
	return m->by_id == NULL ? NULL : map_get(m->by_id, MAP_KEY(id));
}

const struct media_item *media_get(struct device *d, int64_t id)
{
	struct media_item *it = item_get(&d->outgoing->media, id);

	return it != NULL && it->ready ? it : NULL;
}

static void items_trim(struct media_desk *m)
{
	LIST_EACH(at, &m->lru) { /* oldest first */
		struct media_item *it = CONTAINER_OF(at, struct media_item, lru);

		if (map_len(m->by_id) < MEDIA_ITEMS_MAX)
			return;
		if (it->busy)
			continue;
		(void)map_del(m->by_id, MAP_KEY(it->id));
		list_del(&it->lru);
		item_free(it);
	}
}

/* -- media_conn -- */

static void conn_came(void *ctx, const struct node *answer, const struct err *e)
{
	struct device *d = ctx;
	struct media_desk *m = &d->outgoing->media;
	const struct node *conn = answer == NULL ? NULL : node_child(answer, "media_conn");
	const struct node *host = conn == NULL ? NULL : node_child(conn, "host");
	const char *auth = conn == NULL ? NULL : node_attr(conn, "auth");
	const char *name = host == NULL ? NULL : node_attr(host, "hostname");
	struct err why = *e;
	uint64_t ttl = 300;

	m->conn_busy = false;
	if (auth != NULL && name != NULL) {
		(void)node_attr_u64(conn, "ttl", &ttl);
		if (ttl > CONN_TTL_MAX_S)
			ttl = CONN_TTL_MAX_S;
		free(m->host);
		free(m->auth);
		m->host = xstrdup(name);
		m->auth = xstrdup(auth);
		m->conn_until.ms = clock_mono(d->env->clock).ms + (int64_t)ttl * 1000;
		why = ERR_NONE;
	} else if (why.code == ERR_OK) {
		err_set(&why, ERR_BAD_INPUT, "media_conn: no host in the answer");
	}
	join_settle(&m->conn_waits, &why);
	device_release(d);
}

void media_conn_need(struct device *d, join_fn done, void *ctx)
{
	struct media_desk *m = &d->outgoing->media;
	struct err e = ERR_NONE;
	struct join *j;

	if (m->host != NULL && clock_mono(d->env->clock).ms < m->conn_until.ms) {
		done(ctx, &e);
		return;
	}
	j = join_new(1, done, ctx);
	join_add(j, &m->conn_waits);
	if (!m->conn_busy) {
		AUTO_ARENA struct arena *a = arena_new();
		struct node *iq = iq_new(a, "set", "w:m");

		m->conn_busy = true;
		(void)node_add(a, iq, "media_conn");
		device_hold(d);
		device_iq(d, a, iq, IQ_TIMEOUT_MS, conn_came, d);
	}
	join_go(j);
}

/* -- upload -- */

struct upload {
	struct device *d; /* held */
	struct media_item *it;
};

static void upload_end(struct upload *u, const struct err *e)
{
	struct device *d = u->d;
	struct media_item *it = u->it;

	free((void *)(uintptr_t)it->sealed.at);
	it->sealed = SPAN_NONE;
	it->fetch = NULL;
	it->busy = false;
	it->ready = e->code == ERR_OK;
	if (e->code != ERR_OK)
		LOG_WARN(d->log, "media.not_uploaded", F_ID("media", it->id), F_ERR(e));
	join_settle(&it->waits, e);
	free(u);
	device_release(d);
}

static void upload_saved(void *ctx, const PGresult *res, const struct err *e)
{
	struct upload *u = ctx;
	struct err fine = ERR_NONE;

	(void)res;
	if (e->code == ERR_OK)
		CRASH_POINT("media.after_upload");
	else
		LOG_WARN(u->d->log, "media.not_stored", F_ERR(e));
	upload_end(u, &fine); /* uploaded it is; at worst once more after a restart */
}

static struct seal_place upload_place(const struct device *d, const int64_t *media_id)
{
	return (struct seal_place){ .table = "media_uploads",
				    .column = "media_key",
				    .user_id = d->user_id,
				    .device_id = d->id,
				    .row = span_of(media_id, sizeof(*media_id)) };
}

static void upload_save(struct upload *u)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct device *d = u->d;
	struct seal_place at = upload_place(d, &u->it->id);
	struct db_params *p = db_params_new(a);

	db_p_i64(p, d->user_id);
	db_p_i64(p, d->id);
	db_p_i64(p, u->it->id);
	db_p_text(p, u->it->content.url);
	db_p_text(p, u->it->content.direct_path);
	db_p_bytes(p, seal(d->env->sealer, a, &at, span_of(u->it->media_key, 32)));
	db_p_bytes(p, u->it->content.file_enc_sha256);
	db_query(d->env->db, STMT_MEDIA_UPLOAD_SAVE, p, DB_IDEMPOTENT, upload_saved, u);
}

static void upload_start(void *ctx, const struct err *e);

static void upload_answered(void *ctx, const struct fetch_answer *answer, const struct err *e)
{
	struct upload *u = ctx;
	struct media_item *it = u->it;
	struct err why = *e, fine = ERR_NONE;
	const char *url, *path;
	json_t *root;

	it->fetch = NULL;
	if (e->code == ERR_OK && answer->status == 401 && ++it->tries < UPLOAD_TRIES) {
		u->d->outgoing->media.conn_until.ms = 0; /* the pass ran out */
		media_conn_need(u->d, upload_start, u);
		return;
	}
	if (e->code == ERR_OK && answer->status != 200)
		err_set(&why, ERR_PEER, "media host answered %d", answer->status);
	if (why.code != ERR_OK) {
		upload_end(u, &why);
		return;
	}
	root = json_loadb((const char *)answer->body.at, answer->body.len, JSON_REJECT_DUPLICATES,
			  NULL);
	url = json_string_value(json_object_get(root, "url"));
	path = json_string_value(json_object_get(root, "direct_path"));
	if (url == NULL || path == NULL || strlen(url) > 4096 || strlen(path) > 4096) {
		err_set(&why, ERR_BAD_INPUT, "media host: no url in the answer");
	} else {
		it->content.url = arena_strdup(it->a, url);
		it->content.direct_path = arena_strdup(it->a, path);
		it->uploaded_at = clock_unix(u->d->env->clock);
	}
	json_decref(root);
	if (why.code != ERR_OK || u->d->closing)
		upload_end(u, why.code != ERR_OK ? &why : &fine);
	else
		upload_save(u);
}

static void upload_start(void *ctx, const struct err *e)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct upload *u = ctx;
	struct device *d = u->d;
	struct media_desk *m = &d->outgoing->media;
	const char *const headers[] = { origin, NULL };
	const char *token = base64url_text(a, u->it->content.file_enc_sha256);
	struct err why = ERR_NONE;
	struct fetch_cfg cfg = { .method = "POST",
				 .headers = headers,
				 .body = u->it->sealed,
				 .answer_max = UPLOAD_ANSWER_MAX,
				 .timeout_ms = MEDIA_UPLOAD_MS };

	if (e->code != ERR_OK) {
		upload_end(u, e);
		return;
	}
	/* auth is URL-safe as the server gives it: it is base64url text */
	cfg.url = arena_printf(a, "https://%s/mms/%s/%s?auth=%s&token=%s", m->host,
			       media_path_name(u->it->kind), token, m->auth, token);
	if (d->closing)
		err_set(&why, ERR_DEVICE_OFFLINE, "the device is being closed");
	if (why.code != ERR_OK ||
	    device_fetch(d, &cfg, upload_answered, u, &u->it->fetch, &why) != ERR_OK)
		upload_end(u, &why);
}

/* -- the row -- */

static void item_describe(struct media_item *it, const PGresult *res)
{
	struct message_media *c = &it->content;

	it->kind = MESSAGE_IMAGE;
	for (int k = MESSAGE_IMAGE; k <= MESSAGE_STICKER; k++)
		if (strcmp(message_kind_name((enum message_kind)k),
			   db_text(res, 0, db_col(res, "kind"))) == 0)
			it->kind = (enum message_kind)k;
	*c = (struct message_media){ .url = "", .direct_path = "", .file_name = "" };
	c->mimetype = arena_strdup(it->a, db_text(res, 0, db_col(res, "mimetype")));
	c->file_name = arena_strdup(it->a, db_text(res, 0, db_col(res, "file_name")));
	c->file_sha256 = arena_span_dup(it->a, db_bytes(res, 0, db_col(res, "sha256")));
	c->thumbnail = arena_span_dup(it->a, db_bytes(res, 0, db_col(res, "thumbnail")));
	c->file_length = (uint64_t)db_i64(res, 0, db_col(res, "length"));
	c->width = (uint32_t)db_i64(res, 0, db_col(res, "width"));
	c->height = (uint32_t)db_i64(res, 0, db_col(res, "height"));
	c->media_key = span_of(it->media_key, sizeof(it->media_key));
}

/* an upload of an earlier run: true when it can be used again */
static bool item_take_upload(struct device *d, struct media_item *it, const PGresult *res)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct seal_place at = upload_place(d, &it->id);
	struct err e = ERR_NONE;
	struct span key;

	if (db_is_null(res, 0, db_col(res, "url")) ||
	    unseal(d->env->sealer, a, &at, db_bytes(res, 0, db_col(res, "media_key")), &key, &e) ||
	    key.len != sizeof(it->media_key))
		return false;
	memcpy(it->media_key, key.at, key.len);
	wipe((void *)(uintptr_t)key.at, key.len);
	it->content.url = arena_strdup(it->a, db_text(res, 0, db_col(res, "url")));
	it->content.direct_path = arena_strdup(it->a, db_text(res, 0, db_col(res, "direct_path")));
	it->content.file_enc_sha256 =
		arena_span_dup(it->a, db_bytes(res, 0, db_col(res, "file_enc_sha256")));
	it->uploaded_at = db_time(res, 0, db_col(res, "uploaded_at"));
	it->content.media_key_timestamp = it->uploaded_at.ms / 1000;
	return true;
}

static void row_found(void *ctx, const PGresult *res, const struct err *e)
{
	struct upload *u = ctx;
	struct media_item *it = u->it;
	struct err why = *e;
	struct media_sealed sealed;

	if (e->code == ERR_OK && db_rows(res) == 0)
		err_set(&why, ERR_NOT_FOUND, "media %" PRId64 " does not exist", it->id);
	if (why.code == ERR_OK) {
		item_describe(it, res);
		if (item_take_upload(u->d, it, res)) {
			upload_end(u, &why);
			return;
		}
		rng_fill(u->d->env->rng, it->media_key, sizeof(it->media_key));
		why.code = media_seal(it->kind, it->media_key,
				      db_bytes(res, 0, db_col(res, "bytes")), &sealed, &why);
	}
	if (why.code != ERR_OK) {
		upload_end(u, &why);
		return;
	}
	it->sealed = span_of(sealed.bytes, sealed.len);
	it->content.file_enc_sha256 = arena_span_dup(it->a, span_of(sealed.enc_sha256, 32));
	it->content.media_key_timestamp = device_server_now(u->d).ms / 1000;
	media_conn_need(u->d, upload_start, u);
}

void media_need(struct device *d, int64_t id, join_fn done, void *ctx)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct media_desk *m = &d->outgoing->media;
	struct media_item *it = item_get(m, id);
	struct db_params *p;
	struct upload *u;
	struct join *j = join_new(1, done, ctx);

	if (it == NULL) {
		if (m->by_id == NULL)
			m->by_id = map_new();
		items_trim(m);
		it = xcalloc(1, sizeof(*it));
		it->id = id;
		it->a = arena_new();
		list_init(&it->waits);
		list_add_tail(&m->lru, &it->lru);
		(void)map_put(m->by_id, MAP_KEY(id), it);
	}
	if (it->ready && clock_unix(d->env->clock).ms - it->uploaded_at.ms < MEDIA_REUSE_MS) {
		join_go(j);
		return;
	}
	join_add(j, &it->waits);
	if (!it->busy) {
		it->busy = true;
		it->ready = false;
		it->tries = 0;
		u = xcalloc(1, sizeof(*u));
		*u = (struct upload){ .d = d, .it = it };
		device_hold(d);
		p = db_params_new(a);
		db_p_i64(p, d->user_id);
		db_p_i64(p, d->id);
		db_p_i64(p, id);
		db_query(d->env->db, STMT_MEDIA_UPLOAD_FIND, p, DB_IDEMPOTENT, row_found, u);
	}
	join_go(j);
}

const char *media_json(struct arena *a, const struct message *m)
{
	char hash[65] = "";
	json_t *root;
	char *text, *ret;

	if (media_key_info(m->kind) == NULL || m->kind == MESSAGE_PROTOCOL)
		return NULL;
	if (m->media.file_sha256.len == 32)
		hex_encode(m->media.file_sha256, hash);
	root = json_pack("{s:s,s:I,s:i,s:i,s:i,s:s,s:s}", "mimetype", m->media.mimetype, "bytes",
			 (json_int_t)m->media.file_length, "width", (int)m->media.width, "height",
			 (int)m->media.height, "seconds", (int)m->media.seconds, "file_name",
			 m->media.file_name, "sha256", hash);
	text = root == NULL ? NULL : json_dumps(root, JSON_COMPACT);
	ret = text == NULL ? NULL : arena_strdup(a, text);
	free(text);
	json_decref(root);
	return ret;
}
