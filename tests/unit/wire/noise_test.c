/* The handshake in both roles against noise.json, byte for byte, and what must be refused. */
#include <stdlib.h>
#include <string.h>

#include "shared/signal/xeddsa.h"
#include "shared/wire/frame.h"
#include "shared/wire/noise.h"
#include "shared/wire/noise_state.h"

#include "tests/unit/wire/vectors.h"

enum { HEADER = 3, NOW_S = 1763800000 };

struct fixture {
	struct arena *a;
	json_t *root;
	struct keypair client_static, server_static, top, middle;
	struct span chain;
};

static void keys_of(struct fixture *f, const char *name, struct keypair *ret)
{
	json_t *pair = vectors_at(vectors_at(f->root, "keys"), name);
	struct span pub = vectors_hex(f->a, pair, "public");

	keypair_from_priv(vectors_hex(f->a, pair, "private").at, ret);
	assert_memory_equal(ret->pub, pub.at, KEY_BYTES);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	assert_non_null(f);
	f->a = arena_new();
	f->root = vectors_load("noise");
	keys_of(f, "client_static", &f->client_static);
	keys_of(f, "server_static", &f->server_static);
	keys_of(f, "root", &f->top);
	keys_of(f, "intermediate", &f->middle);
	f->chain = vectors_hex(f->a, f->root, "cert.cert_chain");
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	json_decref(f->root);
	arena_free(f->a);
	free(f);
	return 0;
}

static struct span field(struct fixture *f, const char *path)
{
	return vectors_hex(f->a, f->root, path);
}

static struct noise_client *client_new(struct fixture *f, struct rng *rng)
{
	struct noise_client_cfg cfg = { .noise_key = &f->client_static,
					.verify = xeddsa_verify,
					.now = { (int64_t)NOW_S * 1000 },
					.rng = rng };

	memcpy(cfg.root_key, f->top.pub, KEY_BYTES);
	return noise_client_new(&cfg);
}

static struct noise_server *server_new(struct fixture *f, struct rng *rng, bool refuse_ik)
{
	struct noise_server_cfg cfg = { .static_key = f->server_static,
					.cert_chain = f->chain,
					.rng = rng,
					.refuse_ik = refuse_ik };

	return noise_server_new(&cfg);
}

static void seals(struct fixture *f, struct noise_transport *t, json_t *frames)
{
	json_t *row;
	size_t i;

	json_array_foreach(frames, i, row) {
		struct span want = vectors_hex(f->a, row, "ciphertext");
		struct wr w;

		wr_init(&w, 1 << 16);
		assert_int_equal(noise_seal(t, vectors_hex(f->a, row, "plaintext"), &w, NULL),
				 ERR_OK);
		assert_true(span_eq(wr_span(&w), want));
		wr_done(&w);
	}
	assert_true(i > 0);
}

static void opens(struct fixture *f, struct noise_transport *t, json_t *frames)
{
	json_t *row;
	size_t i;

	json_array_foreach(frames, i, row) {
		struct span body = vectors_hex(f->a, row, "ciphertext"), got;
		uint8_t *copy = malloc(body.len);

		assert_non_null(copy);
		memcpy(copy, body.at, body.len);
		assert_int_equal(noise_open(t, copy, body.len, &got, NULL), ERR_OK);
		assert_true(span_eq(got, vectors_hex(f->a, row, "plaintext")));
		free(copy);
	}
	assert_true(i > 0);
}

static void client_plays_xx(void **state)
{
	struct fixture *f = *state;
	struct noise_transport *t;
	struct noise_client *c;
	struct rng_script rng;
	struct err e = ERR_NONE;
	struct wr w;

	rng_script_init(&rng, field(f, "keys.client_ephemeral.private"));
	c = client_new(f, &rng.base);
	wr_init(&w, 1 << 16);
	noise_client_hello(c, &w);
	assert_true(span_eq(wr_span(&w), field(f, "xx.messages.client_hello_wire")));
	wr_reset(&w);
	if (noise_client_finish(c, field(f, "xx.messages.server_hello"),
				field(f, "xx.messages.client_payload"), &w, &t, &e) != ERR_OK)
		fail_msg("%s", e.msg);
	assert_true(span_eq(wr_span(&w), field(f, "xx.messages.client_finish_wire")));
	seals(f, t, vectors_at(f->root, "xx.transport.client_to_server"));
	opens(f, t, vectors_at(f->root, "xx.transport.server_to_client"));
	wr_done(&w);
	noise_transport_free(t);
	noise_client_free(c);
}

/* the transcript of one section as the server sees it */
static void server_plays(struct fixture *f, const char *section, const char *hello, bool refuse_ik,
			 bool has_finish)
{
	json_t *part = vectors_at(f->root, section);
	struct noise_transport *t = NULL;
	struct noise_server *s;
	enum noise_server_step step;
	uint8_t client_static[32] = { 0 };
	struct rng_script rng;
	struct span answer;
	struct wr out, payload;
	struct err e = ERR_NONE;

	rng_script_init(&rng, field(f, "keys.server_ephemeral.private"));
	s = server_new(f, &rng.base, refuse_ik);
	wr_init(&out, 1 << 16);
	wr_init(&payload, 1 << 16);
	if (noise_server_on_frame(s, vectors_hex(f->a, part, hello), &out, &step, &t, client_static,
				  &payload, &e) != ERR_OK)
		fail_msg("%s: %s", section, e.msg);
	answer = vectors_hex(f->a, part, "messages.server_hello");
	assert_int_equal(out.len, HEADER + answer.len);
	assert_memory_equal(out.buf + HEADER, answer.at, answer.len);
	assert_int_equal(step, has_finish ? NOISE_NEED_FINISH : NOISE_DONE);
	if (has_finish) {
		assert_null(t);
		if (noise_server_on_frame(s, vectors_hex(f->a, part, "messages.client_finish"),
					  &out, &step, &t, client_static, &payload, &e) != ERR_OK)
			fail_msg("%s: %s", section, e.msg);
		assert_int_equal(step, NOISE_DONE);
	}
	assert_non_null(t);
	assert_memory_equal(client_static, f->client_static.pub, KEY_BYTES);
	assert_true(span_eq(wr_span(&payload), field(f, "xx.messages.client_payload")));
	if (json_object_get(part, "transport")) {
		opens(f, t, vectors_at(part, "transport.client_to_server"));
		seals(f, t, vectors_at(part, "transport.server_to_client"));
	}
	noise_transport_free(t);
	assert_int_not_equal(
		noise_server_on_frame(s, answer, &out, &step, &t, client_static, &payload, NULL),
		ERR_OK); /* it is over */
	wr_done(&out);
	wr_done(&payload);
	noise_server_free(s);
}

static void server_plays_all(void **state)
{
	struct fixture *f = *state;

	server_plays(f, "xx", "messages.client_hello", false, true);
	server_plays(f, "xx", "messages.client_hello", true, true);
	server_plays(f, "ik", "messages.client_hello", false, false);
	server_plays(f, "xxfallback", "messages.ik_client_hello", true, true);
}

static void is_state(struct fixture *f, json_t *states, size_t i, const struct noise_state *s)
{
	json_t *row = json_array_get(states, i);

	assert_memory_equal(s->h, vectors_hex(f->a, row, "h").at, 32);
	assert_memory_equal(s->ck, vectors_hex(f->a, row, "ck").at, 32);
	assert_memory_equal(s->k, vectors_hex(f->a, row, "k").at, 32);
	assert_int_equal(s->n, json_integer_value(vectors_at(row, "n")));
}

/* h, ck, k and n after every step of XX */
static void every_state_of_xx(void **state)
{
	struct fixture *f = *state;
	json_t *states = vectors_at(f->root, "xx.states");
	struct span client_eph = field(f, "keys.client_ephemeral.public"), sealed;
	struct span server_eph = field(f, "keys.server_ephemeral.private");
	struct noise_state s;
	uint8_t out[512];

	noise_state_init(&s, "Noise_XX_25519_AESGCM_SHA256");
	is_state(f, states, 1, &s);
	noise_mix_hash(&s, client_eph);
	is_state(f, states, 2, &s);
	noise_mix_hash(&s, field(f, "keys.server_ephemeral.public"));
	is_state(f, states, 3, &s);
	assert_int_equal(noise_mix_dh(&s, server_eph.at, client_eph.at, NULL), ERR_OK);
	is_state(f, states, 4, &s);
	noise_encrypt_and_hash(&s, SPAN_OF(f->server_static.pub), out);
	sealed = field(f, "xx.messages.server_static_ciphertext");
	assert_memory_equal(out, sealed.at, sealed.len);
	is_state(f, states, 5, &s);
	assert_int_equal(noise_mix_dh(&s, f->server_static.priv, client_eph.at, NULL), ERR_OK);
	is_state(f, states, 6, &s);
	noise_encrypt_and_hash(&s, f->chain, out);
	is_state(f, states, 7, &s);
	sealed = field(f, "xx.messages.client_static_ciphertext");
	assert_int_equal(noise_decrypt_and_hash(&s, sealed, out, NULL), ERR_OK);
	is_state(f, states, 8, &s);
	assert_int_equal(noise_mix_dh(&s, server_eph.at, out, NULL), ERR_OK);
	is_state(f, states, 9, &s);
	sealed = field(f, "xx.messages.client_payload_ciphertext");
	assert_int_equal(noise_decrypt_and_hash(&s, sealed, out, NULL), ERR_OK);
	is_state(f, states, 10, &s);
}

static uint64_t varint(struct span s, size_t at)
{
	uint64_t v = 0;

	for (unsigned shift = 0; at < s.len; at++, shift += 7) {
		v |= (uint64_t)(s.at[at] & 0x7F) << shift;
		if (!(s.at[at] & 0x80))
			break;
	}
	return v;
}

static void makes_the_chain(void **state)
{
	struct fixture *f = *state;
	struct span details = field(f, "cert.leaf_details");
	struct rng_script rng;
	struct wr z, out;

	wr_init(&z, 256);
	wr_span_put(&z, field(f, "cert.intermediate_signature_random"));
	wr_span_put(&z, field(f, "cert.leaf_signature_random"));
	rng_script_init(&rng, wr_span(&z));
	wr_init(&out, 4096);
	/* the dates follow serial, issuer and key: 2 + 2 + 34 bytes, then a tag each */
	noise_cert_chain_make(&rng.base, xeddsa_sign, &f->top, &f->middle, f->server_static.pub,
			      varint(details, 39), varint(details, 45), &out);
	assert_true(span_eq(wr_span(&out), f->chain));
	wr_done(&z);
	wr_done(&out);
}

/* one live handshake; what the client says to it */
struct live {
	struct span chain;
	int64_t now_s;
	struct keypair server_static;
	const uint8_t *root_pub;
	size_t flip; /* bit of the ServerHello to turn, when below its length */
};

static enum errc run_live(struct fixture *f, const struct live *l, struct err *e)
{
	struct noise_client_cfg ccfg = { .noise_key = &f->client_static,
					 .verify = xeddsa_verify,
					 .now = { l->now_s * 1000 },
					 .rng = rng_real() };
	struct noise_server_cfg scfg = { .static_key = l->server_static,
					 .cert_chain = l->chain,
					 .rng = rng_real() };
	struct noise_transport *ct = NULL, *st = NULL;
	enum noise_server_step step;
	uint8_t client_static[32];
	struct noise_client *c;
	struct noise_server *s;
	struct wr up, down, payload;
	struct span got;
	enum errc rc;

	memcpy(ccfg.root_key, l->root_pub, KEY_BYTES);
	c = noise_client_new(&ccfg);
	s = noise_server_new(&scfg);
	wr_init(&up, 1 << 16);
	wr_init(&down, 1 << 16);
	wr_init(&payload, 1 << 16);
	noise_client_hello(c, &up);
	assert_int_equal(noise_server_on_frame(s, span_of(up.buf + 7, up.len - 7), &down, &step,
					       &st, client_static, &payload, NULL),
			 ERR_OK);
	if (l->flip < (down.len - HEADER) * 8)
		down.buf[HEADER + l->flip / 8] ^= (uint8_t)(1 << l->flip % 8);
	wr_reset(&up);
	rc = noise_client_finish(c, span_of(down.buf + HEADER, down.len - HEADER),
				 SPAN_LIT("payload"), &up, &ct, e);
	if (rc == ERR_OK) {
		assert_int_equal(noise_server_on_frame(s, span_of(up.buf + HEADER, up.len - HEADER),
						       &down, &step, &st, client_static, &payload,
						       NULL),
				 ERR_OK);
		wr_reset(&down);
		assert_int_equal(noise_seal(st, SPAN_LIT("hello"), &down, NULL), ERR_OK);
		assert_int_equal(noise_open(ct, down.buf, down.len, &got, NULL), ERR_OK);
		assert_true(span_eq(got, SPAN_LIT("hello")));
	} else {
		assert_null(ct);
	}
	wr_done(&up);
	wr_done(&down);
	wr_done(&payload);
	noise_transport_free(ct);
	noise_transport_free(st);
	noise_client_free(c);
	noise_server_free(s);
	return rc;
}

static void client_checks_the_certificate(void **state)
{
	struct fixture *f = *state;
	const uint64_t from = NOW_S - 100, until = NOW_S + 100;
	struct live l = { .server_static = f->server_static,
			  .root_pub = f->top.pub,
			  .now_s = NOW_S,
			  .flip = SIZE_MAX };
	struct keypair other;
	struct wr good, wrong_leaf;
	struct err e = ERR_NONE;

	keypair_make(rng_real(), &other);
	wr_init(&good, 4096);
	noise_cert_chain_make(rng_real(), xeddsa_sign, &f->top, &f->middle, f->server_static.pub,
			      from, until, &good);
	wr_init(&wrong_leaf, 4096);
	noise_cert_chain_make(rng_real(), xeddsa_sign, &f->top, &f->middle, other.pub, from, until,
			      &wrong_leaf);
	l.chain = wr_span(&good);
	assert_int_equal(run_live(f, &l, &e), ERR_OK);
	l.now_s = (int64_t)from;
	assert_int_equal(run_live(f, &l, &e), ERR_OK);
	l.now_s = (int64_t)from - 1;
	assert_int_equal(run_live(f, &l, &e), ERR_UNTRUSTED);
	l.now_s = (int64_t)until + 1;
	assert_int_equal(run_live(f, &l, &e), ERR_UNTRUSTED);
	assert_non_null(strstr(e.msg, "valid from"));
	l.now_s = NOW_S;
	l.root_pub = other.pub;
	assert_int_equal(run_live(f, &l, &e), ERR_UNTRUSTED);
	l.root_pub = f->top.pub;
	l.chain = wr_span(&wrong_leaf);
	assert_int_equal(run_live(f, &l, &e), ERR_UNTRUSTED);
	assert_non_null(strstr(e.msg, "another server key"));
	l.chain = SPAN_LIT("");
	assert_int_equal(run_live(f, &l, &e), ERR_BAD_INPUT);
	l.chain = SPAN_LIT("\x0a\x02\x0a\x00");
	assert_int_not_equal(run_live(f, &l, &e), ERR_OK);
	l.chain = span_of(good.buf, good.len / 2);
	assert_int_not_equal(run_live(f, &l, &e), ERR_OK);
	wr_done(&good);
	wr_done(&wrong_leaf);
}

static void client_refuses_a_changed_hello(void **state)
{
	struct fixture *f = *state;
	struct live l = { .server_static = f->server_static,
			  .root_pub = f->top.pub,
			  .now_s = NOW_S,
			  .chain = f->chain };

	/* bits of keys and ciphertexts; byte 5 on is the ephemeral key, its top bit does not count */
	for (l.flip = 5 * 8; l.flip < 330 * 8; l.flip += 37)
		if (l.flip != 36 * 8 + 7)
			assert_int_not_equal(run_live(f, &l, NULL), ERR_OK);
}

static void server_refuses(void **state)
{
	static const char *const rows[] = {
		"",
		"00",
		"1200",
		"12020a00",
		"1a220a20035b41e1bc0f44fe66e49b894588a1769fbec37f7c9f793123a725dc790be127",
		"12210a1f5b41e1bc0f44fe66e49b894588a1769fbec37f7c9f793123a725dc790be127",
		"12220a200000000000000000000000000000000000000000000000000000000000000000",
		"12220a200100000000000000000000000000000000000000000000000000000000000000",
		"12ffffffff0f0a20",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct noise_server *s = server_new(f, rng_real(), false);
		struct noise_transport *t;
		enum noise_server_step step;
		uint8_t client_static[32];
		struct wr out, payload;

		wr_init(&out, 4096);
		wr_init(&payload, 4096);
		assert_int_not_equal(noise_server_on_frame(s, hex_span(f->a, rows[i]), &out, &step,
							   &t, client_static, &payload, NULL),
				     ERR_OK);
		assert_null(t);
		wr_done(&out);
		wr_done(&payload);
		noise_server_free(s);
	}
}

/* a client that cached another static key of this server is answered with XXfallback */
static void stale_ik_falls_back(void **state)
{
	struct fixture *f = *state;
	struct noise_transport *t = NULL;
	enum noise_server_step step = NOISE_DONE;
	uint8_t client_static[32];
	struct noise_server *s;
	struct wr out, payload;

	keypair_make(rng_real(), &f->server_static);
	s = server_new(f, rng_real(), false);
	wr_init(&out, 4096);
	wr_init(&payload, 4096);
	assert_int_equal(noise_server_on_frame(s, field(f, "ik.messages.client_hello"), &out, &step,
					       &t, client_static, &payload, NULL),
			 ERR_OK);
	assert_int_equal(step, NOISE_NEED_FINISH);
	assert_null(t);
	assert_int_equal(payload.len, 0);
	keys_of(f, "server_static", &f->server_static);
	wr_done(&out);
	wr_done(&payload);
	noise_server_free(s);
}

static struct noise_transport *transport(bool initiator)
{
	struct noise_state s;

	noise_state_init(&s, "Noise_XX_25519_AESGCM_SHA256");
	return noise_split(&s, initiator);
}

static void a_bad_frame_is_final(void **state)
{
	struct noise_transport *one, *other;
	struct span got;
	struct wr w;

	(void)state;
	for (size_t broken = 0; broken < 22; broken++) { /* 5 bytes and the tag; then a short one */
		one = transport(true);
		other = transport(false);
		wr_init(&w, 64);
		assert_int_equal(noise_seal(one, SPAN_LIT("hello"), &w, NULL), ERR_OK);
		if (broken < w.len)
			w.buf[broken] ^= 1;
		else
			w.len = 16;
		assert_int_equal(noise_open(other, w.buf, w.len, &got, NULL), ERR_CRYPTO);
		assert_null(got.at);
		wr_reset(&w);
		assert_int_equal(noise_seal(one, SPAN_LIT("again"), &w, NULL), ERR_OK);
		assert_int_equal(noise_open(other, w.buf, w.len, &got, NULL), ERR_CRYPTO);
		wr_done(&w);
		noise_transport_free(one);
		noise_transport_free(other);
	}
	one = transport(true);
	wr_init(&w, 8);
	assert_int_equal(noise_seal(one, SPAN_NONE, &w, NULL), ERR_LIMIT);
	assert_int_equal(noise_seal(one, SPAN_LIT("hello"), &w, NULL), ERR_LIMIT);
	wr_done(&w);
	noise_transport_free(one);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(client_plays_xx),
		cmocka_unit_test(server_plays_all),
		cmocka_unit_test(every_state_of_xx),
		cmocka_unit_test(makes_the_chain),
		cmocka_unit_test(client_checks_the_certificate),
		cmocka_unit_test(client_refuses_a_changed_hello),
		cmocka_unit_test(server_refuses),
		cmocka_unit_test(stale_ik_falls_back),
		cmocka_unit_test(a_bad_frame_is_final),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
