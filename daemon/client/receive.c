#include "daemon/client/receive.h"

#include "shared/base/xalloc.h"

#include "daemon/client/cache.h"
#include "daemon/client/history.h"
#include "daemon/client/opening.h"
#include "daemon/store/crash.h"

enum { NACK_DATABASE = 552 };

struct waiting {
	struct list link;
	struct arena *a;
	const struct node *n;
};

struct inbox {
	struct list stanzas;
	size_t len, dropped;
	bool busy;               /* one is being opened */
	bool looping;            /* inbox_next is on the stack */
	struct opening *stalled; /* opened, but the database had no room */
};

static void inbox_next(struct device *d);

void inbox_init(struct device *d)
{
	d->inbox = xcalloc(1, sizeof(*d->inbox));
	list_init(&d->inbox->stanzas);
}

static void inbox_clear(struct inbox *in)
{
	while (!list_empty(&in->stanzas)) {
		struct waiting *w = CONTAINER_OF(in->stanzas.next, struct waiting, link);

		list_del(&w->link);
		arena_free(w->a); /* w lives in it */
	}
	in->len = 0;
}

void inbox_done(struct device *d)
{
	inbox_clear(d->inbox);
	free(d->inbox);
	d->inbox = NULL;
}

void inbox_on_offline(struct device *d)
{
	inbox_clear(d->inbox);
	d->inbox->dropped = 0;
	if (d->closing)
		inbox_tick(d); /* the last try: the device waits for it */
}

void messages_on_stanza(struct device *d, const struct node *n)
{
	struct inbox *in = d->inbox;
	struct waiting *w;
	struct arena *a;

	/* once one is left out, the rest of this connection is: order matters, and all come again */
	if (in->len >= INBOX_MAX || in->dropped > 0) {
		if (in->dropped++ == 0)
			LOG_WARN(d->log, "receive.inbox_full", F_SIZE("waiting", in->len));
		return;
	}
	a = arena_new();
	w = arena_alloc(a, sizeof(*w));
	w->a = a;
	w->n = node_clone(a, n);
	list_add_tail(&in->stanzas, &w->link);
	in->len++;
	inbox_next(d);
}

static void opening_end(struct opening *op)
{
	struct device *d = op->d;

	if (op->rec != NULL)
		ratchet_unpin(d->env->cache, op->rec);
	sender_keys_free(op->group_keys);
	wipe(&op->one_time, sizeof(op->one_time));
	arena_free(op->a); /* op lives in it */
	d->inbox->busy = false;
	inbox_next(d);
	device_release(d);
}

/* -- after the commit -- */

static void send_receipts(struct opening *op)
{
	struct err e = ERR_NONE;

	if (device_send_node(op->d, origin_receipt(op->a, op->stanza, &op->o), &e))
		return; /* it comes again */
	if (op->is_history)
		(void)!device_send_node(op->d, origin_history_receipt(op->a, &op->o, op->d->pn),
					&e);
	CRASH_POINT("receive.after_receipt");
}

static void committed(void *ctx, const struct err *e)
{
	struct opening *op = ctx;
	struct inbox *in = op->d->inbox;

	if (e->code == ERR_BUSY && !op->d->closing) {
		in->stalled = op; /* its ratchet has moved: it must not be opened anew */
		return;
	}
	if (e->code != ERR_OK) {
		LOG_ERROR(op->d->log, "receive.not_stored", F_ERR(e));
		/* refused: it would be refused again. Otherwise not acknowledged: it comes again */
		if (e->code == ERR_CONFLICT)
			device_ack(op->d, op->stanza, NACK_DATABASE);
		opening_end(op);
		return;
	}
	CRASH_POINT("receive.after_commit");
	if (op->failed.code != ERR_OK) {
		retry_ask(op, opening_end);
		return;
	}
	if (op->refused != 0)
		device_ack(op->d, op->stanza, op->refused);
	else
		send_receipts(op);
	if (op->is_history)
		history_wake(op->d);
	opening_end(op);
}

static void commit(struct opening *op)
{
	struct db_unit *unit = db_unit_new();
	struct err fine = ERR_NONE;

	keep_all(op, unit);
	if (db_unit_empty(unit)) {
		db_unit_free(unit);
		committed(op, &fine);
		return;
	}
	CRASH_POINT("receive.before_commit");
	db_commit_take(op->d->env->db, unit, committed, op);
}

void inbox_tick(struct device *d)
{
	struct opening *op = d->inbox->stalled;

	if (op == NULL)
		return;
	d->inbox->stalled = NULL;
	commit(op);
}

static void open_and_commit(struct opening *op)
{
	if (op->read_error.code != ERR_OK) {
		LOG_WARN(op->d->log, "receive.not_read", F_ERR(&op->read_error));
		opening_end(op);
		return;
	}
	if (op->seen < op->o.enc_len)
		open_all(op);
	if (op->stored) /* it is here: nothing to ask for again */
		op->failed = ERR_NONE;
	commit(op);
}

/* -- reading what opening needs -- */

static void read_one(struct opening *op, const struct err *e)
{
	if (e->code != ERR_OK && op->read_error.code == ERR_OK)
		op->read_error = *e;
	if (--op->reading == 0)
		open_and_commit(op);
}

static void record_read(void *ctx, const struct err *e)
{
	read_one(ctx, e);
}

static void seen_read(void *ctx, const PGresult *res, const struct err *e)
{
	struct opening *op = ctx;

	if (e->code == ERR_OK && db_rows(res) > 0) {
		op->seen = (size_t)db_i64(res, 0, db_col(res, "opened"));
		op->stored = db_bool(res, 0, db_col(res, "stored"));
	}
	read_one(op, e);
}

static void prekey_read(void *ctx, const PGresult *res, const struct err *e)
{
	struct opening *op = ctx;
	struct err bad = ERR_NONE;

	if (e->code == ERR_OK && db_rows(res) > 0) {
		op->has_one_time = device_prekey_open(op->d, op->one_time_id,
						      db_bytes(res, 0, db_col(res, "secret")),
						      &op->one_time, &bad) == ERR_OK;
		if (!op->has_one_time)
			LOG_ERROR(op->d->log, "prekey.damaged", F_ERR(&bad));
	}
	read_one(op, e);
}

static void group_read(void *ctx, const PGresult *res, const struct err *e)
{
	struct opening *op = ctx;
	struct device *d = op->d;
	struct seal_place at = { "sender_keys", "record", d->user_id, d->id, span_str(op->chat) };
	struct err bad = ERR_NONE;
	struct span plain = SPAN_NONE;

	if (e->code == ERR_OK && db_rows(res) > 0 &&
	    (unseal(d->env->sealer, op->a, &at, db_bytes(res, 0, db_col(res, "record")), &plain,
		    &bad) ||
	     sender_keys_load(plain, &op->group_keys, &bad)))
		LOG_ERROR(d->log, "sender_key.damaged", F_ERR(&bad));
	wipe((void *)(uintptr_t)plain.at, plain.len);
	if (op->group_keys == NULL)
		op->group_keys = sender_keys_new();
	read_one(op, e);
}

static void hash_encs(struct opening *op)
{
	for (size_t i = 0; i < op->o.enc_len; i++) {
		const char *type = node_attr(op->o.encs[i], "type");
		struct span parts[3] = { node_bytes(op->o.encs[i]), span_str(type),
					 span_str(op->sender) };
		uint8_t *out = arena_alloc(op->a, 32);

		hmac_sha256_parts(SPAN_LIT("opened"), parts, 3, out);
		op->hashes[i] = span_of(out, 32);
	}
}

static void read_seen(struct opening *op)
{
	struct device *d = op->d;
	struct db_params *p = db_params_new(op->a);
	const char *senders[3] = { op->sender };
	char pn[64], lid[64];

	(void)addr_text(addr_bare(peer_to_pn(d, op->o.author)), pn);
	(void)addr_text(addr_bare(op->o.author), lid);
	senders[1] = pn;
	senders[2] = lid;
	db_p_i64(p, d->user_id);
	db_p_i64(p, d->id);
	db_p_bytes_array(p, op->hashes, op->o.enc_len);
	db_p_text(p, op->o.id);
	db_p_text_array(p, senders, 3);
	db_p_time(p, messages_since(d));
	op->reading++;
	db_query(d->env->db, STMT_MESSAGE_SEEN, p, DB_IDEMPOTENT, seen_read, op);
}

static void read_prekey(struct opening *op)
{
	struct pkmsg_info info;
	struct err e = ERR_NONE;

	for (size_t i = 0; i < op->o.enc_len; i++) {
		struct db_params *p;
		int32_t id;

		if (!node_attr_is(op->o.encs[i], "type", "pkmsg") ||
		    pkmsg_parse(node_bytes(op->o.encs[i]), &info, &e) || !info.has_one_time ||
		    info.one_time_id > INT32_MAX)
			continue;
		p = db_params_new(op->a);
		id = (int32_t)info.one_time_id;
		op->one_time_id = info.one_time_id;
		db_p_i64(p, op->d->user_id);
		db_p_i64(p, op->d->id);
		db_p_i32_array(p, &id, 1);
		op->reading++;
		db_query(op->d->env->db, STMT_PREKEY_LIST, p, DB_IDEMPOTENT, prekey_read, op);
		return;
	}
}

static void read_group(struct opening *op)
{
	struct db_params *p = db_params_new(op->a);

	db_p_i64(p, op->d->user_id);
	db_p_i64(p, op->d->id);
	db_p_text(p, op->chat);
	db_p_i32(p, op->session_at.server);
	db_p_i64(p, (int64_t)op->session_at.user);
	db_p_i32(p, op->session_at.device);
	op->reading++;
	db_query(op->d->env->db, STMT_SENDER_KEY_LOAD, p, DB_IDEMPOTENT, group_read, op);
}

/* the pair of the author is known as far as it can be */
static void have_pair(void *ctx, const struct err *e)
{
	struct opening *op = ctx;
	struct device *d = op->d;
	uint64_t alt;

	if (e->code != ERR_OK) {
		op->read_error = *e;
		open_and_commit(op);
		return;
	}
	op->session_at = peer_to_lid(d, op->o.author);
	alt = peer_to_pn(d, op->o.author).user;
	(void)addr_text(addr_bare(op->session_at), op->sender);
	if (op->o.is_group) {
		if (!jid_text(&op->o.from, op->chat, sizeof(op->chat)))
			op->chat[0] = '\0';
	} else {
		(void)addr_text(addr_bare(peer_to_lid(d, op->o.chat_person)), op->chat);
	}
	hash_encs(op);
	op->reading = 1;
	read_seen(op);
	read_prekey(op);
	if (op->o.is_group)
		read_group(op);
	op->reading++;
	ratchet_load(d, &op->session_at, &alt, 1, &op->rec, record_read, op);
	read_one(op, e);
}

static void open_begin(struct opening *op)
{
	struct device *d = op->d;
	struct err e = ERR_NONE;

	if (origin_read(op->a, op->stanza, d->pn, d->lid, device_server_now(d), &op->o, &e)) {
		/* a newsletter needs nothing more than the ack */
		device_ack(d, op->stanza, e.code == ERR_UNSUPPORTED ? 0 : 488);
		opening_end(op);
		return;
	}
	for (size_t i = 0; i < op->o.pair_len; i++)
		peer_learn(d, op->o.pairs[i].pn, op->o.pairs[i].lid);
	if (op->o.enc_len == 0) {
		if (op->o.is_unavailable)
			LOG_INFO(d->log, "receive.unavailable", F_STR("id", op->o.id));
		device_ack(d, op->stanza, op->o.is_unavailable ? 0 : 488);
		opening_end(op);
		return;
	}
	peer_find_pair(d, op->o.author, have_pair, op);
}

static void inbox_open_first(struct device *d)
{
	struct inbox *in = d->inbox;
	struct waiting *w = CONTAINER_OF(in->stanzas.next, struct waiting, link);
	struct opening *op;

	list_del(&w->link);
	in->len--;
	in->busy = true;
	op = arena_alloc(w->a, sizeof(*op));
	op->d = d;
	op->a = w->a;
	op->stanza = w->n;
	device_hold(d);
	open_begin(op);
}

static void inbox_next(struct device *d)
{
	struct inbox *in = d->inbox;

	if (in->looping)
		return; /* the loop below goes on */
	in->looping = true;
	device_hold(d);
	while (!in->busy && !list_empty(&in->stanzas) && !d->closing)
		inbox_open_first(d);
	in->looping = false;
	device_release(d);
}
