#include "daemon/client/history.h"

#include <uv.h>

#include "shared/base/xalloc.h"
#include "shared/wire/sync_codec.h"

#include "daemon/client/history_read.h"
#include "daemon/client/media.h"
#include "daemon/client/send.h"
#include "daemon/store/crash.h"

enum {
	BATCH_ROWS = 250,
	BATCH_NAMES = 1000,
	BATCH_BYTES = 1 << 20,
	ATTEMPTS_MAX = 6,
	LOOK_AGAIN_MS = 60000,
	BUSY_AGAIN_MS = 2000
};

struct history_job {
	struct device *d; /* held */
	struct arena *a;
	uv_work_t work;
	const char *id; /* of the message that brought the notice */
	/* of the request it answers; "": one that is not known; NULL: nobody asked */
	const char *request;
	struct addr pn, lid;
	struct span packed;
	struct history_rows rows;
	struct err e;
	size_t pairs_done, names_done, rows_done;
	bool own_name_done;
};

void history_keep(struct opening *op, struct db_unit *unit)
{
	struct db_params *p = db_params_new(op->a);

	db_p_i64(p, op->d->user_id);
	db_p_i64(p, op->d->id);
	db_p_text(p, op->o.id);
	db_p_bytes(p, op->notice);
	db_unit_add(unit, STMT_HISTORY_ADD, p);
}

static void job_end(struct history_job *j, uint32_t again_ms)
{
	struct device *d = j->d;

	d->outgoing->history_busy = false;
	d->outgoing->history_at.ms = clock_mono(d->env->clock).ms + again_ms;
	arena_free(j->a); /* j lives in it */
	if (again_ms == 0)
		history_wake(d);
	device_release(d);
}

static struct db_params *job_params(const struct history_job *j)
{
	struct db_params *p = db_params_new(j->a);

	db_p_i64(p, j->d->user_id);
	db_p_i64(p, j->d->id);
	return p;
}

/* -- not this time, or never -- */

static void failure_noted(void *ctx, const PGresult *res, const struct err *e)
{
	(void)res;
	job_end(ctx, e->code == ERR_OK ? 0 : LOOK_AGAIN_MS); /* others need not wait for it */
}

static void job_fail(struct history_job *j, const struct err *why, bool for_good)
{
	struct db_params *p;

	if (j->d->closing) {
		job_end(j, LOOK_AGAIN_MS);
		return;
	}
	LOG_WARN(j->d->log, for_good ? "history.refused" : "history.waits", F_STR("id", j->id),
		 F_ERR(why));
	p = job_params(j);
	db_p_text(p, j->id);
	db_p_text(p, err_msg(why));
	db_p_i32(p, for_good ? 0 : ATTEMPTS_MAX);
	db_p_text(p, j->request);
	db_query(j->d->env->db, STMT_HISTORY_FAILED, p, DB_IDEMPOTENT, failure_noted, j);
}

/* -- storing -- */

static void add_pairs(struct history_job *j, struct db_unit *unit)
{
	const struct history_rows *r = &j->rows;
	size_t n = r->pair_len - j->pairs_done < BATCH_NAMES ? r->pair_len - j->pairs_done
							     : BATCH_NAMES;
	int64_t *pns = arena_alloc(j->a, n * 8), *lids = arena_alloc(j->a, n * 8);
	struct db_params *p = db_params_new(j->a);

	for (size_t i = 0; i < n; i++) {
		pns[i] = (int64_t)r->pairs[j->pairs_done + i].pn;
		lids[i] = (int64_t)r->pairs[j->pairs_done + i].lid;
	}
	j->pairs_done += n;
	db_p_i64(p, j->d->user_id);
	db_p_i64_array(p, pns, n);
	db_p_i64_array(p, lids, n);
	db_unit_add(unit, STMT_LID_SAVE, p);
}

static void add_names(struct history_job *j, struct db_unit *unit)
{
	const struct history_rows *r = &j->rows;
	size_t n = r->name_len - j->names_done < BATCH_NAMES ? r->name_len - j->names_done
							     : BATCH_NAMES;
	const char **texts = arena_alloc(j->a, 3 * n * sizeof(*texts));
	int32_t *unread = arena_alloc(j->a, n * 4), *ended = arena_alloc(j->a, n * 4);
	struct db_params *p = job_params(j);

	for (size_t i = 0; i < n; i++) {
		const struct history_name *name = &r->names[j->names_done + i];

		texts[i] = name->chat;
		texts[n + i] = name->name;
		texts[2 * n + i] = name->push_name;
		unread[i] = (int32_t)name->unread;
		ended[i] = (int32_t)name->end; /* as the statement numbers them */
	}
	j->names_done += n;
	for (size_t k = 0; k < 3; k++)
		db_p_text_array(p, texts + k * n, n);
	db_p_i32_array(p, unread, n);
	db_p_i32_array(p, ended, n);
	db_unit_add(unit, STMT_HISTORY_NAMES, p);
}

static size_t batch_len(const struct history_job *j)
{
	const struct history_rows *r = &j->rows;
	size_t n = 0, bytes = 0;

	while (n < BATCH_ROWS && j->rows_done + n < r->row_len && bytes < BATCH_BYTES) {
		const struct history_row *row = &r->rows[j->rows_done + n];

		bytes += row->raw.len + (row->body ? strlen(row->body) : 0);
		n++;
	}
	return n;
}

static void add_rows(struct history_job *j, struct db_unit *unit)
{
	enum { TEXTS = 9 };
	size_t n = batch_len(j);
	const char **texts = arena_alloc(j->a, TEXTS * n * sizeof(*texts));
	int32_t *from_me = arena_alloc(j->a, n * 4), *status = arena_alloc(j->a, n * 4);
	int64_t *at = arena_alloc(j->a, n * 8);
	struct span *raw = arena_alloc(j->a, n * sizeof(*raw));
	struct db_params *p = job_params(j);

	for (size_t i = 0; i < n; i++) {
		const struct history_row *row = &j->rows.rows[j->rows_done + i];
		const char *const of_row[TEXTS] = {
			row->chat,  row->sender,    row->id,        row->kind,     row->body,
			row->media, row->target_id, row->quoted_id, row->push_name
		};

		for (size_t k = 0; k < TEXTS; k++)
			texts[k * n + i] = of_row[k];
		from_me[i] = row->from_me;
		at[i] = row->at_s;
		status[i] = row->status;
		raw[i] = row->raw;
	}
	j->rows_done += n;
	for (size_t k = 0; k < TEXTS; k++)
		db_p_text_array(p, texts + k * n, n);
	db_p_i32_array(p, from_me, n);
	db_p_i64_array(p, at, n);
	db_p_i32_array(p, status, n);
	db_p_bytes_array(p, raw, n);
	db_p_text(p, j->request);
	db_unit_add(unit, STMT_HISTORY_MESSAGES, p);
}

static void add_own_name(struct history_job *j, struct db_unit *unit)
{
	struct device *d = j->d;
	struct db_params *p = job_params(j);

	j->own_name_done = true;
	free(d->push_name);
	d->push_name = xstrdup(j->rows.own_push_name);
	db_p_text(p, j->rows.own_push_name);
	db_unit_add(unit, STMT_DEVICE_SET_PUSH_NAME, p);
}

static void store_next(struct history_job *j);

static void batch_stored(void *ctx, const struct err *e)
{
	struct history_job *j = ctx;

	if (e->code == ERR_BUSY || e->code == ERR_SHUTTING_DOWN) {
		job_end(j, BUSY_AGAIN_MS); /* it starts over: what is stored stays */
		return;
	}
	if (e->code != ERR_OK) {
		job_fail(j, e, e->code == ERR_CONFLICT);
		return;
	}
	CRASH_POINT("history.after_batch");
	store_next(j);
}

static void done_stored(void *ctx, const struct err *e)
{
	struct history_job *j = ctx;

	if (e->code == ERR_OK)
		LOG_INFO(j->d->log, "history.imported", F_STR("id", j->id),
			 F_SIZE("messages", j->rows.row_len), F_SIZE("names", j->rows.name_len),
			 F_SIZE("pairs", j->rows.pair_len));
	job_end(j, e->code == ERR_OK ? 0 : BUSY_AGAIN_MS);
}

/* pairs first, so that what follows is stored under the right address */
static void store_next(struct history_job *j)
{
	const struct history_rows *r = &j->rows;
	struct db_unit *unit;
	bool last = false;

	if (j->d->closing) {
		job_end(j, LOOK_AGAIN_MS);
		return;
	}
	unit = db_unit_new();
	if (j->pairs_done < r->pair_len) {
		add_pairs(j, unit);
	} else if (j->names_done < r->name_len) {
		add_names(j, unit);
	} else if (j->rows_done < r->row_len) {
		add_rows(j, unit);
	} else if (r->own_push_name != NULL && !j->own_name_done) {
		add_own_name(j, unit);
	} else {
		struct db_params *p = job_params(j);

		db_p_text(p, j->id);
		db_p_text(p, j->request);
		db_p_bool(p, r->told == 0);
		db_unit_add(unit, STMT_HISTORY_DONE, p);
		last = true;
	}
	CRASH_POINT("history.before_batch");
	db_commit_take(j->d->env->db, unit, last ? done_stored : batch_stored, j);
}

/* -- reading -- */

static void read_payload(uv_work_t *work)
{
	struct history_job *j = CONTAINER_OF(work, struct history_job, work);

	j->e.code =
		history_read(j->a, j->packed, j->pn, j->lid, j->request != NULL, &j->rows, &j->e);
}

static void request_found(void *ctx, const PGresult *res, const struct err *e)
{
	struct history_job *j = ctx;

	if (e->code != ERR_OK) {
		job_end(j, BUSY_AGAIN_MS);
		return;
	}
	if (db_rows(res) > 0)
		j->request = arena_strdup(j->a, db_text(res, 0, db_col(res, "msg_id")));
	store_next(j);
}

/* an answer that does not say what it answers: its chat tells */
static void request_find(struct history_job *j)
{
	struct db_params *p = job_params(j);

	db_p_text(p, j->rows.chat);
	db_query(j->d->env->db, STMT_HISTORY_REQUEST, p, DB_IDEMPOTENT, request_found, j);
}

static void payload_read(uv_work_t *work, int status)
{
	struct history_job *j = CONTAINER_OF(work, struct history_job, work);

	if (status == UV_ECANCELED)
		job_end(j, BUSY_AGAIN_MS);
	else if (j->e.code != ERR_OK)
		job_fail(j, &j->e, true);
	else if (j->request != NULL && j->request[0] == '\0' && j->rows.chat != NULL)
		request_find(j);
	else
		store_next(j);
}

static void payload_start(struct history_job *j)
{
	struct err e = ERR_NONE;

	if (uv_queue_work(j->d->env->loop, &j->work, read_payload, payload_read) != 0) {
		err_set(&e, ERR_SYSTEM, "no worker thread");
		job_fail(j, &e, false);
	}
}

static void payload_fetched(void *ctx, struct span bytes, const struct err *e)
{
	struct history_job *j = ctx;

	if (e->code != ERR_OK) {
		job_fail(j, e,
			 e->code == ERR_CRYPTO || e->code == ERR_NOT_FOUND ||
				 e->code == ERR_TOO_LARGE);
		return;
	}
	j->packed = arena_span_dup(j->a, bytes);
	payload_start(j);
}

static void job_begin(struct history_job *j, struct span notice)
{
	struct history_notice n;
	struct err e = ERR_NONE;

	if (history_notice_decode(j->a, notice, &n, &e)) {
		job_fail(j, &e, true);
		return;
	}
	j->request = n.type == HISTORY_ON_DEMAND ? n.request_id : NULL;
	if (n.inline_payload.len > 0) {
		j->packed = n.inline_payload;
		payload_start(j);
	} else if (n.direct_path[0] == '\0') {
		/* some kinds tell nothing: a payload without an inline part and without a place */
		err_set(&e, ERR_BAD_INPUT, "history of kind %u without a payload", n.type);
		job_fail(j, &e, true);
	} else {
		struct message_media m = { .url = "",
					   .mimetype = "",
					   .direct_path = n.direct_path,
					   .file_name = "",
					   .file_sha256 = n.file_sha256,
					   .file_enc_sha256 = n.file_enc_sha256,
					   .media_key = n.media_key,
					   .file_length = n.file_length };

		device_media_fetch(j->d, MESSAGE_PROTOCOL, &m, payload_fetched, j);
	}
}

static void notice_found(void *ctx, const PGresult *res, const struct err *e)
{
	struct device *d = ctx;
	struct history_job *j;
	struct arena *a;

	bool waits = e->code != ERR_OK || db_rows(res) > 0;

	d->outgoing->history_waits = waits; /* an empty table is not looked at again */
	if (e->code != ERR_OK || !waits || !db_bool(res, 0, db_col(res, "due")) || d->closing ||
	    d->state != DEVICE_ONLINE) {
		d->outgoing->history_busy = false;
		d->outgoing->history_at.ms = clock_mono(d->env->clock).ms + LOOK_AGAIN_MS;
		device_release(d);
		return;
	}
	a = arena_new();
	j = arena_alloc(a, sizeof(*j));
	j->d = d;
	j->a = a;
	j->id = arena_strdup(a, db_text(res, 0, db_col(res, "msg_id")));
	j->pn = d->pn;
	j->lid = d->lid;
	job_begin(j, arena_span_dup(a, db_bytes(res, 0, db_col(res, "notice"))));
}

void history_wake(struct device *d)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct outgoing *o = d->outgoing;
	struct db_params *p = db_params_new(a);

	if (o->history_busy || d->closing || d->state != DEVICE_ONLINE)
		return;
	o->history_busy = true;
	db_p_i64(p, d->user_id);
	db_p_i64(p, d->id);
	device_hold(d);
	db_query(d->env->db, STMT_HISTORY_NEXT, p, DB_IDEMPOTENT, notice_found, d);
}

void history_tick(struct device *d, mono_ms now)
{
	struct outgoing *o = d->outgoing;

	if (o->history_waits && !o->history_busy && now.ms >= o->history_at.ms)
		history_wake(d);
}
