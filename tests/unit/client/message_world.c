#include "tests/unit/client/message_world.h"

#include <stdio.h>
#include <unistd.h>

#include "shared/base/xalloc.h"

#include "daemon/store/migrate.h"

static struct world *world; /* the doubles below have no context of their own */

struct event {
	struct list link;
	struct arena *a;
	struct device *to;
	struct node *n; /* a stanza, or the answer to a request */
	iq_done_fn done;
	void *ctx;
	struct err e;
};

static struct event *event_new(void)
{
	struct event *ev = xcalloc(1, sizeof(*ev));

	ev->a = arena_new();
	list_add_tail(&world->events, &ev->link);
	return ev;
}

void world_deliver(struct world *w, struct device *to, const struct node *n)
{
	struct event *ev = event_new();

	(void)w;
	ev->to = to;
	ev->n = node_clone(ev->a, n);
}

static bool event_run(struct world *w)
{
	struct event *ev;

	if (list_empty(&w->events))
		return false;
	ev = CONTAINER_OF(w->events.next, struct event, link);
	list_del(&ev->link);
	if (ev->done != NULL)
		ev->done(ev->ctx, ev->n, &ev->e);
	else if (node_is(ev->n, "message"))
		messages_on_stanza(ev->to, ev->n);
	else if (node_is(ev->n, "receipt"))
		messages_on_receipt(ev->to, ev->n);
	else if (node_is(ev->n, "notification"))
		assert_true(messages_on_notification(ev->to, ev->n));
	else
		messages_on_ack(ev->to, ev->n);
	arena_free(ev->a);
	free(ev);
	return true;
}

/* -- doubles of the connection side -- */

void device_hold(struct device *d)
{
	d->holds++;
}

void device_release(struct device *d)
{
	assert_true(d->holds > 0);
	d->holds--;
}

unix_ms device_server_now(const struct device *d)
{
	return clock_unix(d->env->clock);
}

enum errc device_fetch(const struct device *d, const struct fetch_cfg *cfg, fetch_done_fn done,
		       void *ctx, struct fetch **ret, struct err *e)
{
	return fetch_start(d->env->fetcher, cfg, done, ctx, ret, e);
}

enum errc device_prekey_open(const struct device *d, uint32_t id, struct span sealed,
			     struct keypair *ret, struct err *e)
{
	AUTO_ARENA struct arena *a = arena_new();
	uint8_t row[4] = { (uint8_t)(id >> 24), (uint8_t)(id >> 16), (uint8_t)(id >> 8),
			   (uint8_t)id };
	struct span plain;

	if (unseal(d->env->sealer, a,
		   &(struct seal_place){ "prekeys", "secret", d->user_id, d->id, SPAN_OF(row) },
		   sealed, &plain, e))
		return e->code;
	keypair_from_priv(plain.at, ret);
	return ERR_OK;
}

struct node *iq_new(struct arena *a, const char *type, const char *xmlns)
{
	struct node *n = node_new(a, "iq");

	node_attr_set_server(a, n, "to");
	node_attr_set(a, n, "type", type);
	node_attr_set(a, n, "xmlns", xmlns);
	return n;
}

int iq_error_code(const struct err *e)
{
	return e->code == ERR_PEER ? (int)strtol(e->msg, NULL, 10) : 0;
}

void device_ack(struct device *d, const struct node *stanza, int error)
{
	(void)d;
	(void)stanza;
	world->acks++;
	world->last_ack_error = error;
}

static void answer_usync(struct arena *a, struct node *answer, const struct node *iq)
{
	struct node *usync = node_add(a, answer, "usync"), *list;

	world->usyncs++;
	(void)node_add(a, node_add(a, usync, "result"), "devices");
	list = node_add(a, usync, "list");
	NODE_EACH(u, node_child(node_child(iq, "usync"), "list")) {
		struct addr who;
		struct node *user, *devices;
		uint64_t lid;

		assert_true(node_attr_addr(u, "jid", &who));
		if (who.user == PN_NOBODY)
			continue;
		lid = who.user == PN_A ? LID_A : who.user == PN_B ? LID_B : who.user + 1000000000;
		user = node_add(a, list, "user");
		node_attr_set_addr(a, user, "jid", who);
		devices = node_add(a, node_add(a, user, "devices"), "device-list");
		node_attr_set(a, node_add(a, devices, "device"), "id", "0");
		if (who.user == PN_A || who.user == PN_B) {
			struct node *more = node_add(a, devices, "device");

			node_attr_set_u64(a, more, "id", who.user == PN_A ? NO_A : 7);
			node_attr_set(a, more, "key-index", "1");
			/* nobody vouches for this one */
			node_attr_set(a, node_add(a, devices, "device"), "id", "33");
		}
		node_attr_set_addr(a, node_add(a, user, "lid"), "val", addr_make(JID_LID, lid, 0));
	}
}

static void add_id(struct arena *a, struct node *parent, uint32_t id)
{
	uint8_t b[3] = { (uint8_t)(id >> 16), (uint8_t)(id >> 8), (uint8_t)id };

	node_set_bytes(a, node_add(a, parent, "id"), SPAN_OF(b));
}

static void add_bundle(struct arena *a, struct node *user, const struct keypair *identity,
		       const struct signed_prekey *pre)
{
	struct node *skey = node_add(a, user, "skey");
	uint8_t reg[4] = { 0, 0, 0x12, 0x34 };

	node_set_bytes(a, node_add(a, user, "registration"), SPAN_OF(reg));
	node_set_bytes(a, node_add(a, user, "type"), SPAN_LIT("\x05"));
	node_set_bytes(a, node_add(a, user, "identity"), SPAN_OF(identity->pub));
	add_id(a, skey, pre->id);
	node_set_bytes(a, node_add(a, skey, "value"), SPAN_OF(pre->key.pub));
	node_set_bytes(a, node_add(a, skey, "signature"), SPAN_OF(pre->sig));
}

/* a one-time key of d, as its upload would have left it */
static void add_one_time(struct arena *a, struct node *user, struct device *d)
{
	uint32_t id = d->next_prekey_id++;
	uint8_t row[4] = { (uint8_t)(id >> 24), (uint8_t)(id >> 16), (uint8_t)(id >> 8),
			   (uint8_t)id };
	struct node *key = node_add(a, user, "key");
	struct keypair k;
	struct span sealed;
	char hex[512], sql[1024];

	keypair_make(rng_real(), &k);
	sealed = seal(world->sealer, a,
		      &(struct seal_place){ "prekeys", "secret", d->user_id, d->id, SPAN_OF(row) },
		      SPAN_OF(k.priv));
	for (size_t i = 0; i < sealed.len; i++)
		snprintf(hex + 2 * i, 3, "%02x", sealed.at[i]);
	snprintf(sql, sizeof(sql), "insert into prekeys values (%d, %d, %u, '\\x%s', true)",
		 (int)d->user_id, (int)d->id, id, hex);
	(void)pg_fixture_sql(&world->fx, sql);
	add_id(a, key, id);
	node_set_bytes(a, node_add(a, key, "value"), SPAN_OF(k.pub));
}

static void answer_bundles(struct arena *a, struct node *answer, const struct node *iq)
{
	struct node *list = node_add(a, answer, "list");

	world->bundles++;
	NODE_EACH(u, node_child(iq, "key")) {
		struct node *user = node_add(a, list, "user");
		struct addr who;

		assert_true(node_attr_addr(u, "jid", &who));
		assert_true(addr_is_lid(who));
		node_attr_set_addr(a, user, "jid", who);
		if (who.user == LID_B && who.device != NO_B) {
			node_attr_set(a, node_add(a, user, "error"), "code", "404");
		} else if (who.user == LID_B || (who.user == LID_A && who.device == NO_A)) {
			struct device *d = who.user == LID_B ? world->b : world->a;

			add_bundle(a, user, &d->self.identity, &d->signed_prekey);
			add_one_time(a, user, d);
		} else {
			add_bundle(a, user, &world->other_identity, &world->other_prekey);
		}
	}
}

void device_iq(struct device *d, struct arena *a, struct node *iq, uint32_t timeout_ms,
	       iq_done_fn done, void *ctx)
{
	struct event *ev = event_new();
	bool usync = node_child(iq, "usync") != NULL;

	(void)a;
	(void)timeout_ms;
	ev->done = done;
	ev->ctx = ctx;
	if (d->state != DEVICE_ONLINE) {
		err_set(&ev->e, ERR_DEVICE_OFFLINE, "offline");
		return;
	}
	if (usync && world->usync_error != 0) {
		err_set(&ev->e, ERR_PEER, "%d error", world->usync_error);
		return;
	}
	ev->n = node_new(ev->a, "iq");
	if (node_child(iq, "media_conn") != NULL) {
		struct node *conn = node_add(ev->a, ev->n, "media_conn");

		world->conns++;
		node_attr_set(ev->a, conn, "auth", "pass");
		node_attr_set(ev->a, conn, "ttl", "600");
		node_attr_set(ev->a, node_add(ev->a, conn, "host"), "hostname", "media.test:443");
		return;
	}
	if (usync)
		answer_usync(ev->a, ev->n, iq);
	else
		answer_bundles(ev->a, ev->n, iq);
}

static void copy_attr(struct arena *a, struct node *to, const struct node *from, const char *key)
{
	if (node_attr(from, key) != NULL)
		node_attr_set(a, to, key, node_attr(from, key));
}

static struct device *device_at(struct addr who)
{
	if (who.user == LID_B || who.user == PN_B)
		return who.device == NO_B ? world->b : NULL;
	return (who.user == LID_A || who.user == PN_A) && who.device == NO_A ? world->a : NULL;
}

static void carry_part(struct device *from, const struct node *m, struct addr to,
		       const struct node *enc)
{
	struct device *d = device_at(to);
	struct event *ev;
	struct node *copy;

	if (d == NULL)
		return;
	ev = event_new();
	ev->to = d;
	ev->n = node_new(ev->a, "message");
	node_attr_set_addr(ev->a, ev->n, "from", from->lid);
	node_attr_set_addr(ev->a, ev->n, "sender_pn", from->pn);
	copy_attr(ev->a, ev->n, m, "id");
	copy_attr(ev->a, ev->n, m, "type");
	node_attr_set(ev->a, ev->n, "t", "1763800000");
	node_attr_set(ev->a, ev->n, "notify", "Somebody");
	copy = node_clone(ev->a, enc);
	if (world->spoil > 0) {
		struct span body = arena_span_dup(ev->a, node_bytes(enc));

		world->spoil--;
		((uint8_t *)(uintptr_t)body.at)[body.len - 8] ^= 1; /* in the MAC, of either kind */
		node_set_bytes(ev->a, copy, body);
	}
	node_append(ev->n, copy);
	world->last_delivered = node_clone(world->log, ev->n);
	if (world->keep_back) {
		list_del(&ev->link);
		arena_free(ev->a);
		free(ev);
	}
}

static void carry_message(struct device *d, const struct node *n)
{
	const struct node *parts = node_child(n, "participants");
	struct event *ev;
	struct addr to;

	world->messages_out++;
	world->last_message = node_clone(world->log, n);
	if (world->ack_error == 0 && parts != NULL) {
		NODE_EACH(p, parts)
			if (node_attr_addr(p, "jid", &to))
				carry_part(d, n, to, node_child(p, "enc"));
	} else if (world->ack_error == 0 && node_attr_addr(n, "to", &to)) {
		carry_part(d, n, to, node_child(n, "enc"));
	}
	if (world->mute_acks)
		return;
	ev = event_new();
	ev->to = d;
	ev->n = node_new(ev->a, "ack");
	node_attr_set(ev->a, ev->n, "class", "message");
	copy_attr(ev->a, ev->n, n, "id");
	node_attr_set(ev->a, ev->n, "t", "1763800001");
	if (world->ack_error != 0)
		node_attr_set_u64(ev->a, ev->n, "error", (uint64_t)world->ack_error);
}

enum errc device_send_node(struct device *d, const struct node *n, struct err *e)
{
	struct event *ev;
	struct addr to;

	if (d->state != DEVICE_ONLINE || world->cut)
		return err_set(e, ERR_DEVICE_OFFLINE, "cut");
	if (node_is(n, "message")) {
		carry_message(d, n);
		return ERR_OK;
	}
	assert_true(node_is(n, "receipt"));
	world->last_receipt = node_clone(world->log, n);
	world->retries += node_attr_is(n, "type", "retry");
	if (!node_attr_addr(n, "to", &to) || device_at(to) == NULL)
		return ERR_OK; /* a group, or nobody of ours */
	ev = event_new();
	ev->to = device_at(to);
	ev->n = node_clone(ev->a, n);
	node_attr_set_addr(ev->a, ev->n, "from", d->lid);
	return ERR_OK;
}

/* -- media host -- */

struct fetch {
	struct list link;
	bool is_upload;
	fetch_done_fn done;
	void *ctx;
};

enum errc fetch_start(struct fetcher *f, const struct fetch_cfg *cfg, fetch_done_fn done, void *ctx,
		      struct fetch **ret, struct err *e)
{
	struct fetch *t = xcalloc(1, sizeof(*t));

	(void)f;
	(void)e;
	t->is_upload = strcmp(cfg->method, "POST") == 0;
	t->done = done;
	t->ctx = ctx;
	snprintf(world->last_url, sizeof(world->last_url), "%s", cfg->url);
	if (t->is_upload)
		world->file = arena_span_dup(world->log, cfg->body);
	list_add_tail(&world->fetches, &t->link);
	*ret = t;
	return ERR_OK;
}

static bool fetch_run(struct world *w)
{
	static const char answer[] =
		"{\"url\":\"https://media.test/f/1\",\"direct_path\":\"/f/1?x=2\"}";
	struct fetch_answer got = { .status = 200 };
	struct err e = ERR_NONE;
	struct fetch *t;

	if (list_empty(&w->fetches))
		return false;
	t = CONTAINER_OF(w->fetches.next, struct fetch, link);
	list_del(&t->link);
	if (t->is_upload) {
		w->uploads++;
		got.body = span_of(answer, sizeof(answer) - 1);
		if (w->refuse_uploads > 0) {
			w->refuse_uploads--;
			got.status = 401;
		}
	} else {
		w->downloads++;
		got.body = w->file;
	}
	t->done(t->ctx, &got, &e);
	free(t);
	return true;
}

/* -- hooks -- */

static void on_message(void *ctx, struct device *d, const struct in_message *m,
		       struct db_unit *unit)
{
	struct world *w = ctx;

	assert_non_null(unit);
	assert_int_equal(m->sender_pn.user, m->from_me == (d == w->a) ? PN_A : PN_B);
	w->last_from_me = m->from_me;
	snprintf(w->last_chat, sizeof(w->last_chat), "%s", m->chat);
	if (d == w->b)
		w->shown_b++;
	else
		w->shown_a++;
	snprintf(w->last_text, sizeof(w->last_text), "%s", m->content->text);
}

static void on_receipts(void *ctx, const struct in_receipt *r, size_t n, struct db_unit *unit)
{
	struct world *w = ctx;

	assert_non_null(unit);
	for (size_t i = 0; i < n; i++) {
		assert_true(r[i].id_len > 0);
		w->last_receipt_kind = r[i].kind;
		w->receipts_a += r[i].device == w->a;
	}
}

static const struct device_hooks hooks = { .on_message = on_message };

/* -- up and down -- */

static struct device *device_make(struct world *w, int64_t id, uint64_t pn, uint64_t lid,
				  uint16_t no)
{
	struct device *d = xcalloc(1, sizeof(*d));

	d->env = &w->env;
	d->user_id = 1;
	d->id = id;
	d->name = xstrdup("test");
	d->hooks = &hooks;
	d->hook_ctx = w;
	d->log = log_root();
	d->state = DEVICE_ONLINE;
	d->pn = addr_make(JID_PN, pn, no);
	d->lid = addr_make(JID_LID, lid, no);
	keypair_make(rng_real(), &d->self.identity);
	d->self.registration_id = 77;
	signed_prekey_make(rng_real(), &d->self.identity, 1, &d->signed_prekey);
	d->account = SPAN_LIT("account");
	d->next_prekey_id = 1;
	messages_init(d);
	return d;
}

static void device_unmake(struct device *d)
{
	assert_int_equal(d->holds, 0);
	messages_done(d);
	free(d->name);
	free(d);
}

int world_group_up(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));
	struct err e = ERR_NONE;

	*state = world = w;
	uv_loop_init(&w->loop);
	if (pg_fixture_start(&w->fx, NULL) != 0)
		return -1;
	snprintf(w->key_file, sizeof(w->key_file), "%s/seal.key", w->fx.dir);
	return sealer_open(w->key_file, &w->sealer, &e) == ERR_OK ? 0 : -1;
}

int world_group_down(void **state)
{
	struct world *w = *state;

	sealer_free(w->sealer);
	pg_fixture_stop(&w->fx);
	uv_run(&w->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&w->loop), 0);
	free(w);
	return 0;
}

int world_up(void **state)
{
	struct world *w = *state;

	(void)pg_fixture_sql(
		&w->fx,
		"truncate media, media_uploads, sessions, sender_keys, lid_map, peer_devices, messages, opened, prekeys");
	/* a ratchet is stored for a device that there is; the table tells of a new one */
	(void)pg_fixture_sql(
		&w->fx,
		"insert into devices (user_id, id, name) overriding system value "
		"select 1, i, 'd' || i from generate_series(1, 2) i on conflict do nothing");
	(void)pg_fixture_sql(&w->fx, "truncate events");
	memset(&w->mute_acks, 0, sizeof(*w) - offsetof(struct world, mute_acks));
	list_init(&w->events);
	list_init(&w->fetches);
	w->log = arena_new();
	clock_fake_init(&w->clock, 1763800000000);
	clock_fake_advance(&w->clock, 1000000);
	w->db = db_new(&(struct db_cfg){
		.loop = &w->loop, .conninfo = w->fx.conninfo, .log = log_root() });
	w->env = (struct client_env){ .on_receipts = on_receipts,
				      .receipts_ctx = w,
				      .loop = &w->loop,
				      .db = w->db,
				      .sealer = w->sealer,
				      .clock = &w->clock.base,
				      .rng = rng_real(),
				      .log = log_root() };
	w->env.cache = device_cache_new(&w->env);
	keypair_make(rng_real(), &w->other_identity);
	signed_prekey_make(rng_real(), &w->other_identity, 9, &w->other_prekey);
	w->a = device_make(w, 1, PN_A, LID_A, NO_A);
	w->b = device_make(w, 2, PN_B, LID_B, NO_B);
	return 0;
}

static void on_db_closed(void *ctx)
{
	*(int *)ctx = 1;
}

int world_down(void **state)
{
	struct world *w = *state;
	int closed = 0;

	run_idle(w);
	device_unmake(w->a);
	device_unmake(w->b);
	device_cache_free(w->env.cache);
	db_close(w->db, on_db_closed, &closed);
	while (!closed)
		uv_run(&w->loop, UV_RUN_ONCE);
	uv_run(&w->loop, UV_RUN_DEFAULT);
	arena_free(w->log);
	return 0;
}

void world_forget(struct world *w)
{
	run_idle(w);
	messages_done(w->a);
	messages_done(w->b);
	device_cache_free(w->env.cache);
	w->env.cache = device_cache_new(&w->env);
	messages_init(w->a);
	messages_init(w->b);
}

void world_offline(struct world *w, struct device *d)
{
	(void)w;
	d->state = DEVICE_BACKOFF;
	messages_on_offline(d);
}

/* -- driving -- */

static void turn(struct world *w)
{
	uv_run(&w->loop, UV_RUN_NOWAIT);
	if (!event_run(w) && !fetch_run(w))
		usleep(200);
}

void run_until(struct world *w, const int *what, int want)
{
	for (int i = 0; i < 100000 && *what < want; i++)
		turn(w);
	assert_true(*what >= want);
}

void run_idle(struct world *w)
{
	/* with muted acks nobody tells when the database is done */
	int quiet = 0, enough = w->mute_acks ? 2500 : 100;

	for (int i = 0; i < 100000 && quiet < enough; i++) {
		bool busy = w->a->holds > 0 || w->b->holds > 0 || !list_empty(&w->events) ||
			    !list_empty(&w->fetches);

		turn(w);
		/* sends that wait for an ack hold their device for good */
		quiet = busy && !(w->mute_acks && list_empty(&w->events)) ? 0 : quiet + 1;
	}
}

static void on_commit(void *ctx, struct send_job *job, struct db_unit *unit)
{
	struct sent *s = ctx;

	assert_ptr_equal(job, &s->job);
	assert_non_null(unit);
	s->commits++;
}

static void on_done(void *ctx, struct send_job *job, const struct send_result *r)
{
	struct sent *s = ctx;

	assert_ptr_equal(job, &s->job);
	s->result = *r;
	snprintf(s->reason, sizeof(s->reason), "%s", r->reason);
	s->result.reason = s->reason;
	s->done++;
}

void send_text_prepare(struct sent *s, uint64_t to, const char *id, const char *text)
{
	*s = (struct sent){ .content = { .kind = MESSAGE_TEXT,
					 .text = text,
					 .quoted_id = "",
					 .quoted_participant = "",
					 .target_id = "",
					 .destination = "",
					 .skdm_group = "",
					 .protocol_type = -1 } };
	s->content.media = (struct message_media){
		.url = "", .mimetype = "", .direct_path = "", .file_name = ""
	};
	s->job = (struct send_job){ .to_pn = to,
				    .msg_id = id,
				    .content = &s->content,
				    .on_commit = on_commit,
				    .on_done = on_done,
				    .ctx = s };
}

void send_text(struct world *w, struct device *from, struct sent *s, uint64_t to, const char *id,
	       const char *text)
{
	struct err e = ERR_NONE;

	(void)w;
	send_text_prepare(s, to, id, text);
	assert_int_equal(device_send(from, &s->job, &e), ERR_OK);
}

int64_t sql_int(struct world *w, const char *sql)
{
	return strtoll(pg_fixture_sql(&w->fx, sql), NULL, 10);
}
