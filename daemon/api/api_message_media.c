/* Files of stored messages. */
#include <inttypes.h>
#include <stdlib.h>

#include "shared/base/text.h"
#include "shared/base/xalloc.h"
#include "shared/wire/message_codec.h"

#include "daemon/api/chat_param.h"
#include "daemon/api/handlers.h"
#include "daemon/client/media_crypt.h"

enum { PART_BYTES = 3 << 20 }; /* four megabytes of text */

/* between the row and the file */
struct media_call {
	struct rpc_req *req;
	uint64_t offset;
	json_t *answer; /* without its bytes */
};

static void on_part(void *ctx, struct span part, uint64_t total, const struct err *e)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct media_call *m = ctx;
	uint64_t end = m->offset + part.len;

	if (e->code) {
		rpc_fail(m->req, e);
		json_decref(m->answer);
	} else {
		json_object_set_new(m->answer, "size", json_integer((json_int_t)total));
		json_object_set_new(m->answer, "bytes", json_string(base64_text(a, part)));
		if (part.len > 0 && end < total)
			json_object_set_new(m->answer, "next", json_sprintf("%" PRIu64, end));
		rpc_reply_take(m->req, m->answer);
	}
	free(m);
}

static void on_row(void *ctx, const PGresult *r, const struct err *e)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct media_call *m = ctx;
	struct rpc_req *req = m->req;
	struct media_wish wish = { .offset = m->offset, .len = PART_BYTES };
	struct message content;
	struct err why = *e;

	if (why.code == ERR_OK && db_rows(r) == 0)
		err_set(&why, ERR_NOT_FOUND, "message: no such message");
	if (why.code == ERR_OK)
		wish.device = req_device(req, "device", &why);
	if (why.code == ERR_OK) {
		wish.raw = db_bytes(r, 0, db_col(r, "raw"));
		(void)!message_decode(a, wish.raw, &content, &why);
	}
	if (why.code == ERR_OK &&
	    (media_key_info(content.kind) == NULL || content.media.file_sha256.len != 32))
		err_set(&why, ERR_CONFLICT, "message: it has no file");
	if (why.code == ERR_OK && content.media.file_length > MEDIA_FILE_MAX)
		err_set(&why, ERR_TOO_LARGE, "message: a file of %" PRIu64 " bytes",
			content.media.file_length);
	if (why.code) {
		rpc_fail(req, &why);
		free(m);
		return;
	}
	m->answer = json_pack("{s:s}", "mime", content.media.mimetype);
	json_put_text(m->answer, "name", content.media.file_name);
	wish.sha256 = content.media.file_sha256;
	media_cache_get(req->wad->media, &wish, on_part, m);
}

struct rpc_done api_message_media(struct rpc_req *req)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	const char *after = rpc_param_text(req->params, "after");
	struct media_call *m;

	if (after && strspn(after, "0123456789") != strlen(after))
		return rpc_fail(req, &(struct err){ ERR_BAD_PARAMS, "after: no such place" });
	db_p_i64(p, req->user_id);
	if (!chat_param_device(req, p))
		return rpc_later(req); /* failed */
	db_p_text(p, rpc_param_text(req->params, "id"));
	chat_param_put(req, p);
	m = xcalloc(1, sizeof *m);
	m->req = req;
	m->offset = after ? strtoull(after, NULL, 10) : 0;
	req_query(req, STMT_MESSAGE_MEDIA, p, DB_IDEMPOTENT, on_row, m);
	return rpc_later(req);
}
