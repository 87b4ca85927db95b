/* Asking the account's phone for older messages of a chat. The request goes to the phone alone, through the
 * session with it; its ratchet is committed before a byte leaves. */
#include "daemon/client/history_ask.h"

#include "shared/base/xalloc.h"
#include "shared/wire/sync_codec.h"

#include "daemon/client/cache.h"
#include "daemon/client/history.h"
#include "daemon/client/send.h"
#include "daemon/client/stanza.h"
#include "daemon/store/crash.h"

enum { ASKS_MAX = 16, ASK_ACK_MS = 20000, LATE_AGAIN_MS = 60000, LATE_LEEWAY_MS = 500 };

struct asking {
	struct list link; /* in outgoing.asks while the ack is waited for */
	struct device *d; /* held */
	struct arena *a;
	const char *id;
	struct history_request request;
	struct record *rec; /* pinned */
	struct node *stanza;
	mono_ms deadline;
	struct err why; /* it ends with this, once its row is gone */
	history_asked_fn done;
	void *ctx;
};

static void ask_end(struct asking *x, const struct err *e)
{
	struct device *d = x->d;

	list_del(&x->link);
	if (x->rec != NULL)
		ratchet_unpin(d->env->cache, x->rec);
	d->outgoing->ask_len--;
	x->done(x->ctx, e);
	arena_free(x->a); /* x lives in it */
	device_release(d);
}

static void row_gone(void *ctx, const PGresult *res, const struct err *e)
{
	struct asking *x = ctx;

	(void)res;
	(void)e; /* a row that stays is late some time */
	ask_end(x, &x->why);
}

/* nothing left, or the server refused it: no answer will come */
static void ask_fail(struct asking *x, const struct err *e)
{
	struct device *d = x->d;
	struct db_params *p = db_params_new(x->a);

	x->why = *e;
	db_p_i64(p, d->user_id);
	db_p_i64(p, d->id);
	db_p_text(p, x->id);
	db_query(d->env->db, STMT_HISTORY_UNASK, p, DB_IDEMPOTENT, row_gone, x);
}

/* Entry of every callback: false when there is nothing more to do. */
static bool ask_goes_on(struct asking *x, const struct err *e)
{
	struct err why = *e;

	if (why.code == ERR_OK && (x->d->state != DEVICE_ONLINE || x->d->closing))
		err_set(&why, ERR_DEVICE_OFFLINE, "the device went offline");
	if (why.code == ERR_OK)
		return true;
	ask_fail(x, &why);
	return false;
}

static void ask_committed(void *ctx, const struct err *e)
{
	struct asking *x = ctx;
	struct outgoing *o = x->d->outgoing;
	struct err why = ERR_NONE;
	mono_ms now = clock_mono(x->d->env->clock);

	if (!ask_goes_on(x, e))
		return;
	CRASH_POINT("sync.after_commit");
	if (device_send_node(x->d, x->stanza, &why)) {
		ask_fail(x, &why);
		return;
	}
	ratchet_unpin(x->d->env->cache, x->rec);
	x->rec = NULL;
	x->deadline.ms = now.ms + ASK_ACK_MS;
	list_add_tail(&o->asks, &x->link);
	if (o->late_at.ms > now.ms + HISTORY_ANSWER_S * 1000)
		o->late_at.ms = now.ms + HISTORY_ANSWER_S * 1000 + LATE_LEEWAY_MS;
}

static bool ask_seal(struct asking *x, struct stanza_part *part, struct err *e)
{
	struct device *d = x->d;
	struct wr plain, out;
	bool ok;

	wr_init(&plain, MESSAGE_BYTES_MAX);
	wr_init(&out, SIGNAL_MESSAGE_BYTES_MAX);
	history_request_encode(&x->request, &plain);
	message_pad(d->env->rng, &plain);
	if (plain.bad)
		err_set(e, ERR_TOO_LARGE, "the request is too large");
	ok = !plain.bad &&
	     session_encrypt(x->rec->s, &d->self, wr_span(&plain), &out, &part->kind, e) == ERR_OK;
	part->body = arena_span_dup(x->a, wr_span(&out));
	wr_done(&plain);
	wr_done(&out);
	return ok;
}

static void ask_encrypt(struct asking *x)
{
	struct device *d = x->d;
	struct stanza_part part = { 0 };
	struct err e = ERR_NONE;
	struct db_unit *unit;

	if (!ask_seal(x, &part, &e)) {
		ask_fail(x, &e);
		return;
	}
	x->stanza = stanza_peer(x->a, x->id, addr_make(JID_PN, d->pn.user, 0), &part, d->account);
	unit = db_unit_new();
	ratchet_store(d, &x->rec, 1, unit);
	CRASH_POINT("sync.before_commit");
	db_commit_take(d->env->db, unit, ask_committed, x);
}

static void ask_fetched(void *ctx, const struct err *e)
{
	struct asking *x = ctx;
	struct err why = *e;

	if (why.code == ERR_OK && !ratchet_is_ready(x->rec))
		err_set(&why, ERR_PEER, "the phone gave no keys");
	if (ask_goes_on(x, &why))
		ask_encrypt(x);
}

static void ask_loaded(void *ctx, const struct err *e)
{
	struct asking *x = ctx;

	if (!ask_goes_on(x, e))
		return;
	if (ratchet_is_ready(x->rec))
		ask_encrypt(x);
	else
		bundle_fetch(x->d, &x->rec, 1, ask_fetched, x);
}

void device_ask_history(struct device *d, const struct history_ask *ask, history_asked_fn done,
			void *ctx)
{
	struct arena *a = arena_new();
	struct asking *x = arena_alloc(a, sizeof(*x));
	struct err e = ERR_NONE;
	struct addr at;

	*x = (struct asking){ .d = d, .a = a, .done = done, .ctx = ctx };
	x->id = arena_strdup(a, ask->msg_id);
	x->request = (struct history_request){ .chat = arena_strdup(a, ask->chat),
					       .oldest_id = arena_strdup(a, ask->oldest_id),
					       .oldest_from_me = ask->oldest_from_me,
					       .oldest_at_s = ask->oldest_at_s,
					       .count = ask->count };
	list_init(&x->link);
	device_hold(d);
	if (d->outgoing->ask_len++ >= ASKS_MAX)
		err_set(&e, ERR_BUSY, "%d requests to the phone are on their way", ASKS_MAX);
	if (!ask_goes_on(x, &e))
		return;
	at = d->lid.user != 0 ? addr_make(JID_LID, d->lid.user, 0)
			      : addr_make(JID_PN, d->pn.user, 0);
	ratchet_load(d, &at, &d->pn.user, 1, &x->rec, ask_loaded, x);
}

/* -- the server's answer -- */

void history_ask_on_ack(struct device *d, const struct node *ack)
{
	const char *id = node_attr(ack, "id");
	struct err e = ERR_NONE;
	uint64_t error = 0;

	if (node_attr(ack, "error") != NULL &&
	    (!node_attr_u64(ack, "error", &error) || error > 9999))
		error = 500;
	LIST_EACH(at, &d->outgoing->asks) {
		struct asking *x = CONTAINER_OF(at, struct asking, link);

		if (id == NULL || strcmp(x->id, id) != 0)
			continue;
		list_del(&x->link);
		if (error == 0) {
			ask_end(x, &e);
			return;
		}
		err_set(&e, error == 429 || error == 420 ? ERR_RATE_LIMITED : ERR_PEER,
			"the server refused the request to the phone: %d", (int)error);
		ask_fail(x, &e);
		return;
	}
}

/* those until now have no ack; the phone may have got them all the same */
static void end_unknown(struct device *d, mono_ms now, enum errc code, const char *reason)
{
	struct outgoing *o = d->outgoing;
	struct err e = ERR_NONE;

	err_set(&e, code, "%s; the phone may answer all the same", reason);
	while (!list_empty(&o->asks)) {
		struct asking *x = CONTAINER_OF(o->asks.next, struct asking, link);

		if (x->deadline.ms > now.ms)
			break;
		ask_end(x, &e);
	}
}

void history_ask_offline(struct device *d)
{
	end_unknown(d, (mono_ms){ INT64_MAX }, ERR_DEVICE_OFFLINE,
		    "the connection broke before the server answered");
}

/* -- late -- */

static void looked(void *ctx, const PGresult *res, const struct err *e)
{
	struct device *d = ctx;
	struct outgoing *o = d->outgoing;
	mono_ms now = clock_mono(d->env->clock);

	o->late_busy = false;
	if (e->code != ERR_OK)
		o->late_at.ms = now.ms + LATE_AGAIN_MS;
	else if (!db_is_null(res, 0, db_col(res, "wait_ms")))
		o->late_at.ms = now.ms + db_i64(res, 0, db_col(res, "wait_ms")) + LATE_LEEWAY_MS;
	device_release(d);
}

void history_ask_look(struct device *d)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct outgoing *o = d->outgoing;
	struct db_params *p = db_params_new(a);

	if (o->late_busy || d->closing)
		return;
	o->late_busy = true;
	o->late_at.ms = INT64_MAX;
	db_p_i64(p, d->user_id);
	db_p_i64(p, d->id);
	device_hold(d);
	db_query(d->env->db, STMT_HISTORY_LATE, p, DB_ONCE, looked, d);
}

void history_ask_tick(struct device *d, mono_ms now)
{
	end_unknown(d, now, ERR_TIMEOUT, "the server did not answer in time");
	if (now.ms >= d->outgoing->late_at.ms)
		history_ask_look(d);
}
