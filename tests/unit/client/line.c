#include "tests/unit/client/line.h"

#include <string.h>

#include "shared/base/xalloc.h"

static struct line *line; /* the doubles below have no context of their own */

/* -- database -- */

struct db_params {
	int unused;
};
struct db_unit {
	enum stmt stmts[16];
	size_t len;
	db_done_fn done;
	void *ctx;
	db_result_fn on_row[16];
	db_result_fn answer; /* a query */
	struct db_unit *next;
};
static struct db_unit *first, **last = &first;
static int rows_now; /* of the result that is handed out */

struct db_params *db_params_new(struct arena *a)
{
	return arena_alloc(a, sizeof(struct db_params));
}
/* clang-format off */
void db_p_i64(struct db_params *p, int64_t v) { (void)p; (void)v; }
void db_p_i32(struct db_params *p, int32_t v) { (void)p; (void)v; }
void db_p_text(struct db_params *p, const char *v) { (void)p; (void)v; }
void db_p_bytes(struct db_params *p, struct span v) { (void)p; (void)v; }
void db_p_time(struct db_params *p, unix_ms v) { (void)p; (void)v; }
void db_p_null(struct db_params *p) { (void)p; }
void db_p_i32_array(struct db_params *p, const int32_t *v, size_t n) { (void)p; (void)v; (void)n; }
void db_p_bytes_array(struct db_params *p, const struct span *v, size_t n) { (void)p; (void)v; (void)n; }
int db_rows(const PGresult *r) { (void)r; return rows_now; }
int db_col(const PGresult *r, const char *name) { (void)r; (void)name; return 0; }
int64_t db_i64(const PGresult *r, int row, int col) { (void)r; (void)row; (void)col; return 0; }
const char *db_text(const PGresult *r, int row, int col) { (void)r; (void)row; (void)col; return ""; }
struct span db_bytes(const PGresult *r, int row, int col) { (void)r; (void)row; (void)col; return SPAN_NONE; }
unix_ms db_time(const PGresult *r, int row, int col) { (void)r; (void)row; (void)col; return (unix_ms){ INT64_MIN }; }
struct span seal(const struct sealer *s, struct arena *a, const struct seal_place *at, struct span plain)
{ (void)s; (void)at; return arena_span_dup(a, plain); }
enum errc unseal(const struct sealer *s, struct arena *a, const struct seal_place *at, struct span sealed,
		 struct span *ret, struct err *e)
{ (void)s; (void)at; (void)e; *ret = arena_span_dup(a, sealed); return ERR_OK; }
/* clang-format on */

struct db_unit *db_unit_new(void)
{
	return xcalloc(1, sizeof(struct db_unit));
}

void db_unit_add(struct db_unit *u, enum stmt stmt, const struct db_params *p)
{
	(void)p;
	assert_true(u->len < ARRAY_LEN(u->stmts));
	u->stmts[u->len++] = stmt;
}

void db_unit_add_result(struct db_unit *u, enum stmt stmt, const struct db_params *p,
			db_result_fn on_row)
{
	db_unit_add(u, stmt, p);
	u->on_row[u->len - 1] = on_row;
}

static void wait_for_db(struct db_unit *u)
{
	*last = u;
	last = &u->next;
}

void db_commit_take(struct db *d, struct db_unit *u, db_done_fn done, void *ctx)
{
	(void)d;
	u->done = done;
	u->ctx = ctx;
	wait_for_db(u);
}

void db_query(struct db *d, enum stmt stmt, const struct db_params *p, enum db_query_flags flags,
	      db_result_fn done, void *ctx)
{
	struct db_unit *u;

	(void)d;
	(void)p;
	(void)flags;
	if (stmt == STMT_DEVICE_LOAD) {
		device_release(ctx); /* line_new fills the device itself */
		return;
	}
	u = db_unit_new();
	u->answer = done;
	u->ctx = ctx;
	wait_for_db(u);
}

void line_db(struct line *l)
{
	while (first) {
		struct db_unit *u = first;
		struct err e = ERR_NONE;

		first = u->next;
		if (!first)
			last = &first;
		if (l->db_fails)
			err_set(&e, ERR_DATABASE, "the double says no");
		for (size_t i = 0; i < u->len && !e.code; i++) {
			assert_true(l->committed_len < LINE_STMTS_MAX);
			l->committed[l->committed_len++] = u->stmts[i];
			rows_now = !l->phone_taken;
			if (u->on_row[i])
				u->on_row[i](u->ctx, NULL, &e);
			rows_now = 0;
		}
		if (u->answer)
			u->answer(u->ctx, NULL, &e);
		else if (u->done)
			u->done(u->ctx, &e);
		free(u);
	}
}

/* -- transport -- */

#ifndef LINE_REAL_TRANSPORT
bool link_is_up(const struct device *d)
{
	(void)d;
	return line->up;
}

void link_connect(struct device *d)
{
	(void)d;
	line->dials++;
}

void link_drop(struct device *d)
{
	bool was_in = d->link->logged_in;

	line->up = d->link->dead = false;
	link_gate_leave(d);
	link_timers_off(d);
	pair_end(d);
	d->link->logged_in = false;
	d->link->refill = NULL;
	d->online_since.ms = INT64_MIN;
	iq_fail_all(d->iqs, ERR_DEVICE_OFFLINE, "the connection was lost");
	if (was_in)
		messages_on_offline(d);
}

enum errc device_send_node(struct device *d, const struct node *n, struct err *e)
{
	(void)d;
	if (!line->up)
		return err_set(e, ERR_DEVICE_OFFLINE, "not connected");
	assert_true(line->sent_len < LINE_SENT_MAX);
	line->sent[line->sent_len++] = node_clone(line->a, n);
	return ERR_OK;
}
#endif

/* -- message side -- */
/* clang-format off */
void messages_init(struct device *d) { (void)d; }
void messages_done(struct device *d) { (void)d; }
void messages_on_stanza(struct device *d, const struct node *n) { (void)d; (void)n; line->stanzas++; }
void messages_on_receipt(struct device *d, const struct node *n) { (void)d; (void)n; }
void messages_on_call(struct device *d, const struct node *n) { (void)d; (void)n; }
void messages_on_ack(struct device *d, const struct node *n) { (void)d; (void)n; line->acks++; }
void messages_on_online(struct device *d) { (void)d; line->onlines++; }
void messages_on_offline(struct device *d) { (void)d; line->offlines++; }
void messages_on_wiped(struct device *d) { (void)d; line->wiped++; }
bool messages_on_notification(struct device *d, const struct node *n) { (void)d; return node_attr_is(n, "type", "devices"); }
/* clang-format on */
void messages_on_paired(struct device *d, struct db_unit *unit,
			const uint8_t phone_identity[static 32])
{
	(void)d;
	(void)unit;
	memcpy(line->phone_identity, phone_identity, 32);
}

/* -- hooks -- */

static void on_state(void *ctx, struct device *d, enum device_state s)
{
	struct line *l = ctx;

	(void)d;
	assert_true(l->states_len < ARRAY_LEN(l->states));
	l->states[l->states_len++] = s;
}

static void on_qr(void *ctx, struct device *d, const struct device_qr *qr)
{
	struct line *l = ctx;

	(void)d;
	l->last_qr = *qr;
	snprintf(l->qr, sizeof(l->qr), "%s", qr->text);
	l->last_qr.text = l->qr;
	l->qrs++;
}

static void on_paired(void *ctx, struct device *d)
{
	struct line *l = ctx;

	(void)d;
	l->paired++;
}

static const struct device_hooks hooks = { .on_state = on_state,
					   .on_qr = on_qr,
					   .on_paired = on_paired };

/* -- the line -- */

static void read_keypair(struct arena *a, json_t *root, const char *path, struct keypair *ret)
{
	char full[64];

	snprintf(full, sizeof(full), "%s.priv", path);
	keypair_from_priv(vectors_hex(a, root, full).at, ret);
}

struct line *line_new(void)
{
	struct line *l = xcalloc(1, sizeof(*l));
	json_t *v = vectors_load("pairing");
	struct device *d;

	line = l;
	l->a = arena_new();
	uv_loop_init(&l->loop);
	clock_fake_init(&l->clock, 1700000000000);
	rng_fixed_init(&l->rng, 7);
	l->env = (struct client_env){ .loop = &l->loop,
				      .clock = &l->clock.base,
				      .rng = &l->rng.base,
				      .log = log_root(),
				      .version = { 2, 3000, 1035194821 },
				      .device_os = "Ubuntu" };
	d = l->d = device_new(&l->env, 1, 9, &hooks, l);
	read_keypair(l->a, v, "device.noise", &d->noise_key);
	read_keypair(l->a, v, "device.identity", &d->self.identity);
	read_keypair(l->a, v, "device.signed_prekey", &d->signed_prekey.key);
	d->signed_prekey.id = 1;
	memcpy(d->signed_prekey.sig, vectors_hex(l->a, v, "device.signed_prekey.sig_det").at, 64);
	d->self.registration_id =
		(uint32_t)json_integer_value(vectors_at(v, "device.registration_id"));
	memcpy(d->adv_secret, vectors_hex(l->a, v, "device.adv_secret").at, 32);
	d->next_prekey_id = 1;
	d->link->loaded = d->link->has_identity = true;
	json_decref(v);
	return l;
}

static void closed(void *ctx)
{
	*(bool *)ctx = true;
}

void line_free(struct line *l)
{
	bool gone = false;

	device_close(l->d, closed, &gone);
	line_db(l);
	device_hold(l->d); /* as a tick of the shard may do before the loop has let go of it */
	device_release(l->d);
	uv_run(&l->loop, UV_RUN_DEFAULT);
	assert_true(gone);
	assert_int_equal(uv_loop_close(&l->loop), 0);
	arena_free(l->a);
	free(l);
}

void line_link(struct line *l)
{
	l->d->pn = addr_make(JID_PN, 15550001111, 7);
	l->d->lid = addr_make(JID_LID, 100000000000001, 7);
}

void line_pass(struct line *l, int64_t ms)
{
	clock_fake_advance(&l->clock, ms);
	link_timers_run(l->d);
}

void line_hear(struct line *l)
{
	l->d->link->last_frame = clock_mono(&l->clock.base);
}

void line_handshake(struct line *l)
{
	line_pass(l, 0);
	assert_true(l->dials > 0);
	assert_int_equal(l->d->state, DEVICE_CONNECTING);
	l->up = true;
	keepalive_start(l->d);
	link_event(l->d, l->d->pn.user ? EV_LOGS_IN : EV_REGISTERS);
}

const struct node *line_sent(const struct line *l, size_t back)
{
	assert_true(l->sent_len > back);
	return l->sent[l->sent_len - 1 - back];
}

struct node *line_node(struct line *l, const char *tag, const char *const *attrs)
{
	struct node *n = node_new(l->a, tag);

	for (; *attrs; attrs += 2) {
		struct jid j;

		if (strchr(attrs[1], '@') && jid_parse(l->a, attrs[1], &j, NULL) == ERR_OK)
			node_attr_set_jid(l->a, n, attrs[0], &j);
		else
			node_attr_set(l->a, n, attrs[0], attrs[1]);
	}
	return n;
}

struct node *line_answer(struct line *l, const struct node *iq, const char *type)
{
	struct node *n = node_new(l->a, "iq");

	node_attr_set_server(l->a, n, "from");
	node_attr_set(l->a, n, "id", node_attr(iq, "id"));
	node_attr_set(l->a, n, "type", type);
	return n;
}

bool line_was_state(const struct line *l, enum device_state s)
{
	for (size_t i = 0; i < l->states_len; i++)
		if (l->states[i] == s)
			return true;
	return false;
}
