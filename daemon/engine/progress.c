#include "daemon/engine/progress.h"

#include "shared/base/xalloc.h"

enum { PROGRESS_DELAY_MS = 3, PROGRESS_ROWS = 500 };

struct progress {
	uv_timer_t timer;
	struct db *db;
	struct log *log;
	int64_t user_ids[PROGRESS_ROWS], ids[PROGRESS_ROWS], at_ms[PROGRESS_ROWS];
	size_t len;
};

struct progress *progress_new(uv_loop_t *loop, struct db *db, struct log *log)
{
	struct progress *p = xcalloc(1, sizeof *p);

	p->db = db;
	p->log = log;
	uv_timer_init(loop, &p->timer);
	return p;
}

static void on_stored(void *ctx, const struct err *e)
{
	struct log *log = ctx;

	if (e->code && e->code != ERR_SHUTTING_DOWN)
		LOG_ERROR(log, "progress.refused", F_ERR(e));
}

void progress_flush(struct progress *p)
{
	struct arena *a;
	struct db_params *params;
	struct db_unit *unit;

	uv_timer_stop(&p->timer);
	if (p->len == 0)
		return;
	a = arena_new();
	params = db_params_new(a);
	db_p_i64_array(params, p->user_ids, p->len);
	db_p_i64_array(params, p->ids, p->len);
	db_p_i64_array(params, p->at_ms, p->len);
	unit = db_unit_new();
	db_unit_add(unit, STMT_OUTBOX_SENT, params);
	db_commit_take(p->db, unit, on_stored, p->log);
	p->len = 0;
	arena_free(a);
}

static void on_timer(uv_timer_t *t)
{
	progress_flush(CONTAINER_OF(t, struct progress, timer));
}

void progress_sent(struct progress *p, int64_t user_id, int64_t row_id, unix_ms at)
{
	p->user_ids[p->len] = user_id;
	p->ids[p->len] = row_id;
	p->at_ms[p->len] = at.ms;
	if (++p->len == PROGRESS_ROWS)
		progress_flush(p);
	else if (p->len == 1)
		uv_timer_start(&p->timer, on_timer, PROGRESS_DELAY_MS, 0);
}

void progress_receipts(void *ctx, const struct in_receipt *r, size_t n, struct db_unit *unit)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	int64_t *users, *devices, *at_ms;
	const char **msg_ids;
	int32_t *states;
	size_t len = 0;

	(void)ctx;
	for (size_t i = 0; i < n; i++)
		len += r[i].id_len;
	users = arena_alloc(a, len * sizeof *users);
	devices = arena_alloc(a, len * sizeof *devices);
	at_ms = arena_alloc(a, len * sizeof *at_ms);
	msg_ids = arena_alloc(a, len * sizeof *msg_ids);
	states = arena_alloc(a, len * sizeof *states);
	len = 0;
	for (size_t i = 0; i < n; i++) {
		struct device_info info;

		device_get(r[i].device, &info);
		for (size_t k = 0; k < r[i].id_len; k++, len++) {
			users[len] = info.user_id;
			devices[len] = info.id;
			at_ms[len] = r[i].at.ms;
			msg_ids[len] = r[i].ids[k];
			states[len] = r[i].kind == RECEIPT_DELIVERED ? 4 : 5;
		}
	}
	db_p_i64_array(p, users, len);
	db_p_i64_array(p, devices, len);
	db_p_text_array(p, msg_ids, len);
	db_p_i32_array(p, states, len);
	db_p_i64_array(p, at_ms, len);
	db_unit_add(unit, STMT_OUTBOX_RECEIPTS, p);
}

static void on_closed(uv_handle_t *h)
{
	free(CONTAINER_OF(h, struct progress, timer));
}

void progress_close(struct progress *p)
{
	progress_flush(p);
	uv_close((uv_handle_t *)&p->timer, on_closed);
}
