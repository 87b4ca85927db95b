#include "tests/unit/sandbox/tiny.h"

#include <stdio.h>
#include <stdlib.h>

#include "shared/base/text.h"
#include "shared/base/xalloc.h"
#include "shared/signal/xeddsa.h"
#include "shared/wire/adv_codec.h"
#include "shared/wire/message_codec.h"
#include "shared/wire/payload_codec.h"

#include "tests/sandbox/account.h"
#include "tests/unit/testing.h"

enum { LIMIT_MS = 30000, BYTES_MAX = 1 << 20 };

struct sandbox *tiny_world_open(const char *state_dir)
{
	const struct sandbox_cfg cfg = { .state_dir = state_dir,
					 .lid_addressing = true,
					 .history = HISTORY_INLINE,
					 .phones_first = 15550001000ull,
					 .phones_count = 10 };
	struct sandbox *sb = xcalloc(1, sizeof *sb);
	struct err e = ERR_NONE;

	if (sandbox_open(sb, &cfg, &e))
		fail_msg("sandbox: %s", err_msg(&e));
	return sb;
}

void tiny_world_close(struct sandbox *sb)
{
	sandbox_stop(sb);
	sandbox_run(sb);
	sandbox_done(sb);
	free(sb);
}

/* -- connection -- */

static void on_timeout(uv_timer_t *t)
{
	*(bool *)t->data = true;
}

static void on_timer_closed(uv_handle_t *h)
{
	free(h);
}

void tiny_run_until(struct tiny *t, bool (*done)(void *ctx), void *ctx, const char *what)
{
	uv_timer_t *timer = xcalloc(1, sizeof *timer);
	bool late = false;

	uv_timer_init(t->site->loop, timer);
	timer->data = &late;
	uv_timer_start(timer, on_timeout, LIMIT_MS, 0);
	while (!late && !done(ctx))
		uv_run(t->site->loop, UV_RUN_ONCE);
	uv_close((uv_handle_t *)timer, on_timer_closed);
	uv_run(t->site->loop, UV_RUN_NOWAIT);
	if (late)
		fail_msg("%s: waited in vain for %s", t->name, what);
}

void tiny_send(struct tiny *t, const struct node *n)
{
	struct err e = ERR_NONE;
	struct wr plain, out;

	wr_init(&plain, BYTES_MAX);
	wr_init(&out, BYTES_MAX);
	node_encode(n, &plain);
	frame_write_header(&out, plain.len + GCM_TAG_BYTES);
	assert_int_equal(noise_seal(t->cipher, wr_span(&plain), &out, &e), ERR_OK);
	(void)!ws_send(t->ws, wr_span(&out), &e);
	wr_done(&plain);
	wr_done(&out);
}

static void answer_empty(struct tiny *t, const struct node *iq)
{
	struct node *n = node_new(t->arena, "iq");

	node_attr_set_server(t->arena, n, "to");
	node_attr_set(t->arena, n, "type", "result");
	node_attr_set(t->arena, n, "id", node_attr(iq, "id"));
	tiny_send(t, n);
}

static void on_pair_success(struct tiny *t, const struct node *iq, const struct node *ps)
{
	struct adv_hmac_identity h;
	struct adv_signed_identity s;
	struct err e = ERR_NONE;
	struct node *n = node_new(t->arena, "iq"), *k;
	uint8_t mac[32], *sig = arena_alloc(t->arena, 64);
	struct wr msg, out;

	assert_int_equal(
		adv_hmac_decode(t->arena, node_bytes(node_child(ps, "device-identity")), &h, &e),
		ERR_OK);
	hmac_sha256(span_of(t->adv_secret, 32), h.details, mac);
	assert_memory_equal(mac, h.hmac.at, 32);
	assert_int_equal(adv_signed_decode(t->arena, h.details, &s, &e), ERR_OK);
	wr_init(&msg, 8192);
	wr_init(&out, 8192);
	wr_put(&msg, "\x06\x00", 2);
	wr_span_put(&msg, s.details);
	wr_put(&msg, t->self.identity.pub, 32);
	assert_true(xeddsa_verify(s.account_key.at, wr_span(&msg), s.account_sig.at));
	msg.buf[1] = 1;
	wr_span_put(&msg, s.account_key);
	xeddsa_sign(rng_real(), t->self.identity.priv, wr_span(&msg), sig);
	if (t->no_sign)
		sig[5] ^= 1;
	s.device_sig = span_of(sig, 64);
	adv_signed_encode(&s, &out);
	t->adv = arena_span_dup(t->arena, wr_span(&out));
	node_attr_set_server(t->arena, n, "to");
	node_attr_set(t->arena, n, "type", "result");
	node_attr_set(t->arena, n, "id", node_attr(iq, "id"));
	k = node_add(t->arena, node_add(t->arena, n, "pair-device-sign"), "device-identity");
	node_attr_set(t->arena, k, "key-index", "1");
	node_set_bytes(t->arena, k, t->adv);
	assert_true(node_attr_addr(node_child(ps, "device"), "jid", &t->jid));
	assert_true(node_attr_addr(node_child(ps, "device"), "lid", &t->lid));
	if (!t->no_answer)
		tiny_send(t, n);
	wr_done(&msg);
	wr_done(&out);
}

static bool on_frame(void *ctx, uint8_t *body, size_t len)
{
	struct tiny *t = ctx;
	struct err e = ERR_NONE;
	struct span plain;
	struct node *n = NULL;
	const struct node *k;

	assert_int_equal(noise_open(t->cipher, body, len, &plain, &e), ERR_OK);
	plain = arena_span_dup(t->arena, plain);
	assert_int_equal(node_decode(t->arena, plain, &n, &e), ERR_OK);
	assert_true(t->inbox_len < TINY_INBOX);
	t->inbox[t->inbox_len++] = n;
	if ((k = node_child(n, "pair-device")) != NULL) {
		struct span ref = node_bytes(k->first);

		answer_empty(t, n);
		t->ref = arena_strndup(t->arena, (const char *)ref.at, ref.len);
	} else if ((k = node_child(n, "pair-success")) != NULL) {
		on_pair_success(t, n, k);
	}
	return true;
}

static void payload_put(struct tiny *t, struct wr *out)
{
	struct client_payload p = { .version = { 2, 3000, 1000 }, .push_name = t->name };
	uint8_t reg_id[4] = { 0, 0, (uint8_t)(t->self.registration_id >> 8),
			      (uint8_t)t->self.registration_id };
	uint8_t hash[16], id[3] = { 0, 0, 1 };

	md5(SPAN_LIT("2.3000.1000"), hash);
	if (t->jid.user) {
		p.username = t->jid.user;
		p.device = t->jid.device;
		p.passive = p.pull = true;
	} else {
		p.registers = true;
		p.reg_id = SPAN_OF(reg_id);
		p.key_type = SPAN_LIT("\x05");
		p.identity = SPAN_OF(t->self.identity.pub);
		p.signed_id = SPAN_OF(id);
		p.signed_pub = SPAN_OF(t->signed_pre.key.pub);
		p.signed_sig = SPAN_OF(t->signed_pre.sig);
		p.build_hash = SPAN_OF(hash);
	}
	client_payload_encode(&p, out);
}

static bool on_hello(void *ctx, uint8_t *body, size_t len)
{
	struct tiny *t = ctx;
	struct err e = ERR_NONE;
	struct wr payload, out;

	if (t->cipher)
		return on_frame(ctx, body, len);
	wr_init(&payload, 8192);
	wr_init(&out, 16384);
	payload_put(t, &payload);
	if (noise_client_finish(t->noise, span_of(body, len), wr_span(&payload), &out, &t->cipher,
				&e))
		fail_msg("handshake: %s", err_msg(&e));
	assert_int_equal(ws_send(t->ws, wr_span(&out), &e), ERR_OK);
	t->reader.body_max = FRAME_BODY_MAX;
	wr_done(&payload);
	wr_done(&out);
	return true;
}

static void on_open(void *ctx, struct ws *ws)
{
	struct tiny *t = ctx;
	struct err e = ERR_NONE;
	struct wr out;

	wr_init(&out, 1024);
	noise_client_hello(t->noise, &out);
	assert_int_equal(ws_send(ws, wr_span(&out), &e), ERR_OK);
	wr_done(&out);
}

static void on_message(void *ctx, struct ws *ws, uint8_t *at, size_t len)
{
	struct tiny *t = ctx;
	struct err e = ERR_NONE;

	(void)ws;
	assert_int_equal(frame_reader_push(&t->reader, at, len, on_hello, t, &e), ERR_OK);
}

static void on_close(void *ctx, struct ws *ws, const struct err *why)
{
	struct tiny *t = ctx;

	(void)ws;
	(void)why;
	t->closed = true;
	t->ws = NULL;
}

void tiny_connect(struct tiny *t)
{
	static const struct ws_handler handler = { on_open, on_message, on_close };
	struct noise_client_cfg noise = { .noise_key = &t->noise_key,
					  .verify = xeddsa_verify,
					  .now = clock_unix(clock_real()),
					  .rng = rng_real() };
	struct ws_connect_cfg cfg = { 0 };
	struct err e = ERR_NONE;

	memcpy(noise.root_key, t->site->root_key, 32);
	noise_client_free(t->noise);
	noise_transport_free(t->cipher);
	t->cipher = NULL;
	t->noise = noise_client_new(&noise);
	frame_reader_done(&t->reader);
	frame_reader_init(&t->reader, false);
	t->closed = false;
	t->inbox_len = 0;
	cfg.url = arena_printf(t->arena, "wss://127.0.0.1:%u/ws/chat", t->site->port);
	assert_int_equal(ws_connect(t->site->net, &cfg, &handler, t, &t->ws, &e), ERR_OK);
}

static bool is_closed(void *ctx)
{
	return ((struct tiny *)ctx)->closed;
}

void tiny_disconnect(struct tiny *t)
{
	if (t->ws) {
		ws_close(t->ws);
		tiny_run_until(t, is_closed, t, "the close");
	}
}

void tiny_site_open(struct tiny_site *s, struct sandbox *sb)
{
	struct net_cfg net = { .loop = &sb->loop, .tls_ca_file = sb->trust.ca_file };
	struct err e = ERR_NONE;

	memset(s, 0, sizeof *s);
	s->loop = &sb->loop;
	s->port = http_server_port(sb->tls);
	s->plain_port = http_server_port(sb->plain);
	memcpy(s->root_key, sb->trust.root.pub, 32);
	assert_int_equal(net_new(&net, &s->net, &e), ERR_OK);
	assert_int_equal(fetcher_new(s->net, &s->fetcher, &e), ERR_OK);
}

void tiny_site_close(struct tiny_site *s)
{
	fetcher_free(s->fetcher);
	uv_run(s->loop, UV_RUN_NOWAIT);
	net_free(s->net);
	uv_run(s->loop, UV_RUN_NOWAIT);
}

void tiny_init(struct tiny *t, struct tiny_site *site, const char *name)
{
	memset(t, 0, sizeof *t);
	t->site = site;
	t->name = name;
	t->arena = arena_new();
	keypair_make(rng_real(), &t->noise_key);
	keypair_make(rng_real(), &t->self.identity);
	t->self.registration_id = registration_id_make(rng_real());
	signed_prekey_make(rng_real(), &t->self.identity, 1, &t->signed_pre);
	for (size_t i = 0; i < TINY_PREKEYS; i++)
		keypair_make(rng_real(), &t->one_time[i]);
	rng_fill(rng_real(), t->adv_secret, 32);
	frame_reader_init(&t->reader, false);
}

void tiny_done(struct tiny *t)
{
	tiny_disconnect(t);
	noise_client_free(t->noise);
	noise_transport_free(t->cipher);
	frame_reader_done(&t->reader);
	session_free(t->session);
	arena_free(t->arena);
}

/* -- stanzas -- */

struct wanted {
	struct tiny *t;
	const char *tag, *id;
	size_t at;
	const struct node *found;
};

static bool arrived(void *ctx)
{
	struct wanted *w = ctx;

	for (; w->at < w->t->inbox_len; w->at++) {
		const struct node *n = w->t->inbox[w->at];

		if (node_is(n, w->tag) && (w->id == NULL || node_attr_is(n, "id", w->id))) {
			w->found = n;
			return true;
		}
	}
	return w->t->closed;
}

const struct node *tiny_wait(struct tiny *t, const char *tag, const char *id)
{
	struct wanted w = { .t = t, .tag = tag, .id = id };

	tiny_run_until(t, arrived, &w, arena_printf(t->arena, "<%s id=%s>", tag, id ? id : "any"));
	return w.found;
}

struct node *tiny_iq_new(struct tiny *t, const char *type, const char *xmlns)
{
	struct node *iq = node_new(t->arena, "iq");

	node_attr_set(t->arena, iq, "id", arena_printf(t->arena, "%s-%u", t->name, ++t->next_id));
	node_attr_set_server(t->arena, iq, "to");
	node_attr_set(t->arena, iq, "type", type);
	node_attr_set(t->arena, iq, "xmlns", xmlns);
	return iq;
}

const struct node *tiny_iq(struct tiny *t, struct node *iq)
{
	tiny_send(t, iq);
	return tiny_wait(t, "iq", node_attr(iq, "id"));
}

/* -- linking and login -- */

static bool has_ref(void *ctx)
{
	return ((struct tiny *)ctx)->ref != NULL || ((struct tiny *)ctx)->closed;
}

void tiny_register(struct tiny *t)
{
	t->ref = NULL;
	tiny_connect(t);
	tiny_run_until(t, has_ref, t, "a ref");
	assert_non_null(t->ref);
}

char *tiny_qr(struct tiny *t)
{
	return arena_printf(t->arena, "https://wa.me/settings/linked_devices#%s,%s,%s,%s,1", t->ref,
			    base64_text(t->arena, SPAN_OF(t->noise_key.pub)),
			    base64_text(t->arena, SPAN_OF(t->self.identity.pub)),
			    base64_text(t->arena, SPAN_OF(t->adv_secret)));
}

void tiny_link(struct tiny *t, uint64_t phone)
{
	const char *path = "/admin/mock-phone/scan-qr";
	int status = 0;

	tiny_register(t);
	if (phone)
		path = arena_printf(t->arena, "%s?phone=%llu", path, (unsigned long long)phone);
	json_decref(tiny_admin(t, "POST", path, tiny_qr(t), &status));
	assert_int_equal(status, 200);
	tiny_run_until(t, is_closed, t, "the close after 515");
}

static struct node *bytes_add(struct tiny *t, struct node *parent, const char *tag, struct span s)
{
	struct node *n = node_add(t->arena, parent, tag);

	node_set_bytes(t->arena, n, s);
	return n;
}

static void keys_upload(struct tiny *t)
{
	struct node *iq = tiny_iq_new(t, "set", "encrypt"), *list, *k;
	uint8_t reg[4] = { 0, 0, (uint8_t)(t->self.registration_id >> 8),
			   (uint8_t)t->self.registration_id };

	bytes_add(t, iq, "registration", SPAN_OF(reg));
	bytes_add(t, iq, "type", SPAN_LIT("\x05"));
	bytes_add(t, iq, "identity", SPAN_OF(t->self.identity.pub));
	list = node_add(t->arena, iq, "list");
	for (size_t i = 0; i < TINY_PREKEYS; i++) {
		uint8_t id[3] = { 0, 0, (uint8_t)(i + 1) };

		k = node_add(t->arena, list, "key");
		bytes_add(t, k, "id", SPAN_OF(id));
		bytes_add(t, k, "value", SPAN_OF(t->one_time[i].pub));
	}
	k = node_add(t->arena, iq, "skey");
	bytes_add(t, k, "id", SPAN_LIT("\x00\x00\x01"));
	bytes_add(t, k, "value", SPAN_OF(t->signed_pre.key.pub));
	bytes_add(t, k, "signature", SPAN_OF(t->signed_pre.sig));
	assert_true(node_attr_is(tiny_iq(t, iq), "type", "result"));
}

static bool logged_in_or_not(void *ctx)
{
	struct tiny *t = ctx;

	for (size_t i = 0; i < t->inbox_len; i++)
		if (node_is(t->inbox[i], "success"))
			t->logged_in = true;
	return t->logged_in || t->closed;
}

bool tiny_login(struct tiny *t)
{
	struct node *iq;
	const struct node *count;

	t->logged_in = false;
	tiny_connect(t);
	tiny_run_until(t, logged_in_or_not, t, "success or failure");
	if (!t->logged_in)
		return false;
	iq = tiny_iq_new(t, "get", "encrypt");
	node_add(t->arena, iq, "count");
	count = node_child(tiny_iq(t, iq), "count");
	if (node_attr_is(count, "value", "0"))
		keys_upload(t);
	iq = tiny_iq_new(t, "set", "passive");
	node_add(t->arena, iq, "active");
	tiny_iq(t, iq);
	return true;
}

/* -- messages -- */

static uint32_t be_of(struct span s)
{
	uint32_t v = 0;

	for (size_t i = 0; i < s.len; i++)
		v = v << 8 | s.at[i];
	return v;
}

void tiny_session_start(struct tiny *t, struct addr with)
{
	struct node *iq = tiny_iq_new(t, "get", "encrypt");
	const struct node *u, *skey, *one;
	struct prekey_bundle b = { 0 };
	struct err e = ERR_NONE;

	node_attr_set_addr(t->arena, node_add(t->arena, node_add(t->arena, iq, "key"), "user"),
			   "jid", with);
	u = node_child(node_child(tiny_iq(t, iq), "list"), "user");
	skey = node_child(u, "skey");
	one = node_child(u, "key");
	assert_non_null(skey);
	b.registration_id = be_of(node_bytes(node_child(u, "registration")));
	memcpy(b.identity, node_bytes(node_child(u, "identity")).at, 32);
	b.signed_id = be_of(node_bytes(node_child(skey, "id")));
	memcpy(b.signed_pub, node_bytes(node_child(skey, "value")).at, 32);
	memcpy(b.signed_sig, node_bytes(node_child(skey, "signature")).at, 64);
	if (one) {
		b.has_one_time = true;
		b.one_time_id = be_of(node_bytes(node_child(one, "id")));
		memcpy(b.one_time_pub, node_bytes(node_child(one, "value")).at, 32);
	}
	session_free(t->session);
	t->session = session_new();
	assert_int_equal(session_process_bundle(t->session, &t->self, &b, rng_real(), &e), ERR_OK);
}

struct span tiny_seal(struct tiny *t, struct span message, enum signal_kind *ret_kind)
{
	struct err e = ERR_NONE;
	struct wr plain, cipher;
	struct span out;

	wr_init(&plain, BYTES_MAX);
	wr_init(&cipher, BYTES_MAX);
	wr_span_put(&plain, message);
	message_pad(rng_real(), &plain);
	assert_int_equal(
		session_encrypt(t->session, &t->self, wr_span(&plain), &cipher, ret_kind, &e),
		ERR_OK);
	out = arena_span_dup(t->arena, wr_span(&cipher));
	wr_done(&plain);
	wr_done(&cipher);
	return out;
}

struct span tiny_seal_text(struct tiny *t, const char *text, enum signal_kind *ret_kind)
{
	struct message m = { .kind = MESSAGE_TEXT,
			     .text = text,
			     .quoted_id = "",
			     .quoted_participant = "",
			     .target_id = "",
			     .destination = "" };
	struct err e = ERR_NONE;
	struct span out;
	struct wr plain;

	wr_init(&plain, BYTES_MAX);
	assert_int_equal(message_encode(&m, &plain, &e), ERR_OK);
	out = tiny_seal(t, wr_span(&plain), ret_kind);
	wr_done(&plain);
	return out;
}

struct node *tiny_message_new(struct tiny *t, struct addr to, const char *id)
{
	struct node *m = node_new(t->arena, "message");

	node_attr_set(t->arena, m, "id", id);
	node_attr_set_addr(t->arena, m, "to", to);
	node_attr_set(t->arena, m, "type", "text");
	node_add(t->arena, m, "participants");
	return m;
}

void tiny_enc_add(struct tiny *t, struct node *message, struct addr device, const char *type,
		  struct span cipher)
{
	struct node *to = node_add(t->arena, message->first, "to"), *enc;

	node_attr_set_addr(t->arena, to, "jid", device);
	enc = bytes_add(t, to, "enc", cipher);
	node_attr_set(t->arena, enc, "v", "2");
	node_attr_set(t->arena, enc, "type", type);
}

struct span tiny_open(struct tiny *t, const struct node *message)
{
	const struct node *enc = node_child(message, "enc");
	struct err e = ERR_NONE;
	struct span plain, in = node_bytes(enc);
	bool used;
	struct wr out;

	wr_init(&out, BYTES_MAX);
	if (t->session == NULL)
		t->session = session_new();
	if (node_attr_is(enc, "type", "pkmsg")) {
		struct pkmsg_info info;
		const struct keypair *one = NULL;

		assert_int_equal(pkmsg_parse(in, &info, &e), ERR_OK);
		if (info.has_one_time)
			one = &t->one_time[info.one_time_id - 1];
		if (session_decrypt_pkmsg(t->session, &t->self, &info, &t->signed_pre.key, one,
					  rng_real(), &out, &used, &e))
			fail_msg("pkmsg: %s", err_msg(&e));
	} else if (session_decrypt_msg(t->session, &t->self, in, rng_real(), &out, &e)) {
		fail_msg("msg: %s", err_msg(&e));
	}
	assert_int_equal(message_unpad(arena_span_dup(t->arena, wr_span(&out)), &plain, &e),
			 ERR_OK);
	wr_done(&out);
	return plain;
}

/* -- admin -- */

struct answer {
	bool done;
	int status;
	json_t *body;
	struct err why;
};

static void on_answer(void *ctx, const struct fetch_answer *a, const struct err *e)
{
	struct answer *x = ctx;

	x->status = a->status;
	x->why = *e;
	if (e->code == ERR_OK && a->body.len)
		x->body = json_loadb((const char *)a->body.at, a->body.len, JSON_DECODE_ANY, NULL);
	x->done = true;
}

static bool answered(void *ctx)
{
	return ((struct answer *)ctx)->done;
}

json_t *tiny_admin(struct tiny *t, const char *method, const char *path, const char *body,
		   int *ret_status)
{
	struct fetch_cfg cfg = { .method = method,
				 .body = span_str(body),
				 .answer_max = BYTES_MAX,
				 .timeout_ms = LIMIT_MS };
	struct answer x = { 0 };
	struct fetch *f;
	struct err e = ERR_NONE;

	cfg.url = arena_printf(t->arena, "http://127.0.0.1:%u%s", t->site->plain_port, path);
	assert_int_equal(fetch_start(t->site->fetcher, &cfg, on_answer, &x, &f, &e), ERR_OK);
	tiny_run_until(t, answered, &x, path);
	if (x.why.code)
		fail_msg("%s: %s", path, err_msg(&x.why));
	if (ret_status)
		*ret_status = x.status;
	return x.body;
}
