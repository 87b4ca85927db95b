/* Both roles of the handshake. Proven byte for byte by tests/vectors/noise.json. */
#include "shared/wire/noise.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/xalloc.h"
#include "shared/wire/frame.h"
#include "shared/wire/handshake_codec.h"
#include "shared/wire/noise_state.h"

#define NAME_XX "Noise_XX_25519_AESGCM_SHA256"
#define NAME_IK "Noise_IK_25519_AESGCM_SHA256"
#define NAME_XXFALLBACK "Noise_XXfallback_25519_AESGCM_SHA256"

enum { SEALED_KEY_BYTES = KEY_BYTES + GCM_TAG_BYTES, SIGNATURE_BYTES = 64, MS_PER_S = 1000 };

static void put_framed(struct wr *out, const struct handshake *h)
{
	struct wr body;

	wr_init(&body, FRAME_BODY_MAX);
	handshake_encode(h, &body);
	if (body.bad)
		out->bad = true;
	frame_write_header(out, body.len);
	wr_span_put(out, wr_span(&body));
	wr_done(&body);
}

static enum errc want_len(const char *what, struct span s, size_t len, struct err *e)
{
	if (s.len == len)
		return ERR_OK;
	return err_set(e, ERR_BAD_INPUT, "handshake: %s has %zu bytes, %zu are needed", what, s.len,
		       len);
}

/* encrypts into the arena */
static struct span seal_in(struct arena *a, struct noise_state *s, struct span in)
{
	uint8_t *out = arena_alloc(a, in.len + GCM_TAG_BYTES);

	noise_encrypt_and_hash(s, in, out);
	return span_of(out, in.len + GCM_TAG_BYTES);
}

static enum errc open_in(struct arena *a, struct noise_state *s, struct span in, struct span *ret,
			 struct err *e)
{
	uint8_t *out = arena_alloc(a, in.len);
	enum errc rc = noise_decrypt_and_hash(s, in, out, e);

	*ret = rc == ERR_OK ? span_of(out, in.len - GCM_TAG_BYTES) : SPAN_NONE;
	return rc;
}

/* -- initiator -- */

struct noise_client {
	struct noise_client_cfg cfg;
	struct keypair noise_key, ephemeral;
	struct noise_state state;
};

struct noise_client *noise_client_new(const struct noise_client_cfg *cfg)
{
	struct noise_client *c = xcalloc(1, sizeof *c);

	c->cfg = *cfg;
	c->noise_key = *cfg->noise_key;
	return c;
}

void noise_client_free(struct noise_client *c)
{
	if (c == NULL)
		return;
	wipe(c, sizeof *c);
	free(c);
}

void noise_client_hello(struct noise_client *c, struct wr *out)
{
	struct handshake hello = { .kind = HANDSHAKE_CLIENT_HELLO };

	keypair_make(c->cfg.rng, &c->ephemeral);
	noise_state_init(&c->state, NAME_XX);
	noise_mix_hash(&c->state, SPAN_OF(c->ephemeral.pub));
	hello.ephemeral = SPAN_OF(c->ephemeral.pub);
	wr_put(out, frame_intro, sizeof frame_intro);
	put_framed(out, &hello);
}

static enum errc check_cert(const struct noise_client *c, const char *which,
			    const struct noise_cert *cert, const uint8_t *issuer_key,
			    uint32_t issuer_serial, struct err *e)
{
	uint64_t now = c->cfg.now.ms > 0 ? (uint64_t)c->cfg.now.ms / MS_PER_S : 0;

	if (cert->key.len != KEY_BYTES || cert->signature.len != SIGNATURE_BYTES)
		return err_set(e, ERR_BAD_INPUT,
			       "%s certificate: key or signature has a wrong length", which);
	if (cert->issuer_serial != issuer_serial)
		return err_set(e, ERR_UNTRUSTED, "%s certificate: issuer %" PRIu32 ", not %" PRIu32,
			       which, cert->issuer_serial, issuer_serial);
	if (!c->cfg.verify(issuer_key, cert->details, cert->signature.at))
		return err_set(e, ERR_UNTRUSTED,
			       "%s certificate: signature is not by the expected key", which);
	if (now < cert->not_before || now > cert->not_after)
		return err_set(e, ERR_UNTRUSTED,
			       "%s certificate: valid from %" PRIu64 " to %" PRIu64
			       ", now is %" PRIu64,
			       which, cert->not_before, cert->not_after, now);
	return ERR_OK;
}

static enum errc check_chain(const struct noise_client *c, struct arena *a, struct span chain,
			     struct span server_static, struct err *e)
{
	struct noise_cert leaf = { 0 }, intermediate = { 0 };
	enum errc rc = cert_chain_decode(a, chain, &leaf, &intermediate, e);

	if (rc == ERR_OK)
		rc = check_cert(c, "intermediate", &intermediate, c->cfg.root_key, 0, e);
	if (rc == ERR_OK)
		rc = check_cert(c, "leaf", &leaf, intermediate.key.at, intermediate.serial, e);
	if (rc == ERR_OK && !span_eq(leaf.key, server_static))
		rc = err_set(e, ERR_UNTRUSTED, "leaf certificate: it is for another server key");
	return rc;
}

/* steps 2 to 6: what the server sent */
static enum errc client_read_hello(struct noise_client *c, struct arena *a, struct span in,
				   struct handshake *ret, struct err *e)
{
	struct noise_state *s = &c->state;
	struct span server_static, chain;
	enum errc rc = handshake_decode(a, in, HANDSHAKE_SERVER_HELLO, ret, e);

	if (rc == ERR_OK)
		rc = want_len("server ephemeral", ret->ephemeral, KEY_BYTES, e);
	if (rc == ERR_OK)
		rc = want_len("server static", ret->static_key, SEALED_KEY_BYTES, e);
	if (rc != ERR_OK)
		return rc;
	noise_mix_hash(s, ret->ephemeral);
	rc = noise_mix_dh(s, c->ephemeral.priv, ret->ephemeral.at, e);
	if (rc == ERR_OK)
		rc = open_in(a, s, ret->static_key, &server_static, e);
	if (rc == ERR_OK)
		rc = noise_mix_dh(s, c->ephemeral.priv, server_static.at, e);
	if (rc == ERR_OK)
		rc = open_in(a, s, ret->payload, &chain, e);
	return rc == ERR_OK ? check_chain(c, a, chain, server_static, e) : rc;
}

enum errc noise_client_finish(struct noise_client *c, struct span server_hello, struct span payload,
			      struct wr *out, struct noise_transport **ret, struct err *e)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct handshake hello, finish = { .kind = HANDSHAKE_CLIENT_FINISH };
	enum errc rc;

	*ret = NULL;
	rc = client_read_hello(c, a, server_hello, &hello, e);
	if (rc != ERR_OK)
		return rc;
	finish.static_key = seal_in(a, &c->state, SPAN_OF(c->noise_key.pub));
	rc = noise_mix_dh(&c->state, c->noise_key.priv, hello.ephemeral.at, e);
	if (rc != ERR_OK)
		return rc;
	finish.payload = seal_in(a, &c->state, payload);
	put_framed(out, &finish);
	wipe(&c->ephemeral, sizeof c->ephemeral);
	*ret = noise_split(&c->state, true);
	return ERR_OK;
}

/* -- responder -- */

struct noise_server {
	struct noise_server_cfg cfg;
	struct keypair ephemeral;
	struct noise_state state;
	bool awaits_finish, is_over;
};

struct noise_server *noise_server_new(const struct noise_server_cfg *cfg)
{
	struct noise_server *s = xcalloc(1, sizeof *s);

	s->cfg = *cfg;
	return s;
}

void noise_server_free(struct noise_server *s)
{
	if (s == NULL)
		return;
	wipe(s, sizeof *s);
	free(s);
}

/* steps 1 to 6 of XX after the state was named: the ServerHello */
static enum errc answer_xx(struct noise_server *s, struct arena *a, const struct handshake *hello,
			   struct wr *out, struct err *e)
{
	struct handshake answer = { .kind = HANDSHAKE_SERVER_HELLO };
	enum errc rc;

	noise_mix_hash(&s->state, hello->ephemeral);
	noise_mix_hash(&s->state, SPAN_OF(s->ephemeral.pub));
	answer.ephemeral = SPAN_OF(s->ephemeral.pub);
	rc = noise_mix_dh(&s->state, s->ephemeral.priv, hello->ephemeral.at, e);
	if (rc != ERR_OK)
		return rc;
	answer.static_key = seal_in(a, &s->state, SPAN_OF(s->cfg.static_key.pub));
	rc = noise_mix_dh(&s->state, s->cfg.static_key.priv, hello->ephemeral.at, e);
	if (rc != ERR_OK)
		return rc;
	answer.payload = seal_in(a, &s->state, s->cfg.cert_chain);
	put_framed(out, &answer);
	s->awaits_finish = true;
	return ERR_OK;
}

/* IK's first message: tells the client's static key and payload, or fails when the client knew
 * another key of this server */
static enum errc read_ik(struct noise_server *s, struct arena *a, const struct handshake *hello,
			 uint8_t ret_client_static[static 32], struct span *ret_payload,
			 struct err *e)
{
	struct noise_state *st = &s->state;
	struct span client_static = SPAN_NONE;
	enum errc rc = want_len("client static", hello->static_key, SEALED_KEY_BYTES, e);

	if (rc != ERR_OK)
		return rc;
	noise_state_init(st, NAME_IK);
	noise_mix_hash(st, SPAN_OF(s->cfg.static_key.pub));
	noise_mix_hash(st, hello->ephemeral);
	rc = noise_mix_dh(st, s->cfg.static_key.priv, hello->ephemeral.at, e);
	if (rc == ERR_OK)
		rc = open_in(a, st, hello->static_key, &client_static, e);
	if (rc == ERR_OK)
		rc = noise_mix_dh(st, s->cfg.static_key.priv, client_static.at, e);
	if (rc == ERR_OK)
		rc = open_in(a, st, hello->payload, ret_payload, e);
	if (rc == ERR_OK)
		memcpy(ret_client_static, client_static.at, KEY_BYTES);
	return rc;
}

/* steps 7 and 8 of IK */
static enum errc answer_ik(struct noise_server *s, struct arena *a, const struct handshake *hello,
			   const uint8_t client_static[static 32], struct wr *out, struct err *e)
{
	struct handshake answer = { .kind = HANDSHAKE_SERVER_HELLO };
	enum errc rc;

	noise_mix_hash(&s->state, SPAN_OF(s->ephemeral.pub));
	rc = noise_mix_dh(&s->state, s->ephemeral.priv, hello->ephemeral.at, e);
	if (rc == ERR_OK)
		rc = noise_mix_dh(&s->state, s->ephemeral.priv, client_static, e);
	if (rc != ERR_OK)
		return rc;
	answer.ephemeral = SPAN_OF(s->ephemeral.pub);
	answer.payload = seal_in(a, &s->state, s->cfg.cert_chain);
	put_framed(out, &answer);
	return ERR_OK;
}

static enum errc server_on_hello(struct noise_server *s, struct arena *a, struct span body,
				 struct wr *out, enum noise_server_step *ret_step,
				 struct noise_transport **ret_transport,
				 uint8_t ret_client_static[static 32], struct wr *ret_payload,
				 struct err *e)
{
	struct span payload = SPAN_NONE;
	struct handshake hello;
	bool offers_ik;
	enum errc rc = handshake_decode(a, body, HANDSHAKE_CLIENT_HELLO, &hello, e);

	if (rc == ERR_OK)
		rc = want_len("client ephemeral", hello.ephemeral, KEY_BYTES, e);
	if (rc != ERR_OK)
		return rc;
	keypair_make(s->cfg.rng, &s->ephemeral);
	offers_ik = hello.static_key.len > 0;
	if (offers_ik && !s->cfg.refuse_ik &&
	    read_ik(s, a, &hello, ret_client_static, &payload, NULL) == ERR_OK) {
		rc = answer_ik(s, a, &hello, ret_client_static, out, e);
		if (rc != ERR_OK)
			return rc;
		wr_span_put(ret_payload, payload);
		*ret_transport = noise_split(&s->state, false);
		*ret_step = NOISE_DONE;
		return ERR_OK;
	}
	noise_state_init(&s->state, offers_ik ? NAME_XXFALLBACK : NAME_XX);
	*ret_step = NOISE_NEED_FINISH;
	return answer_xx(s, a, &hello, out, e);
}

static enum errc server_on_finish(struct noise_server *s, struct arena *a, struct span body,
				  struct noise_transport **ret_transport,
				  uint8_t ret_client_static[static 32], struct wr *ret_payload,
				  struct err *e)
{
	struct span client_static = SPAN_NONE, payload = SPAN_NONE;
	struct handshake finish;
	enum errc rc = handshake_decode(a, body, HANDSHAKE_CLIENT_FINISH, &finish, e);

	if (rc == ERR_OK)
		rc = want_len("client static", finish.static_key, SEALED_KEY_BYTES, e);
	if (rc == ERR_OK)
		rc = open_in(a, &s->state, finish.static_key, &client_static, e);
	if (rc == ERR_OK)
		rc = noise_mix_dh(&s->state, s->ephemeral.priv, client_static.at, e);
	if (rc == ERR_OK)
		rc = open_in(a, &s->state, finish.payload, &payload, e);
	if (rc != ERR_OK)
		return rc;
	memcpy(ret_client_static, client_static.at, KEY_BYTES);
	wr_span_put(ret_payload, payload);
	*ret_transport = noise_split(&s->state, false);
	return ERR_OK;
}

enum errc noise_server_on_frame(struct noise_server *s, struct span body, struct wr *out,
				enum noise_server_step *ret_step,
				struct noise_transport **ret_transport,
				uint8_t ret_client_static[static 32], struct wr *ret_payload,
				struct err *e)
{
	AUTO_ARENA struct arena *a = arena_new();
	enum errc rc;

	*ret_transport = NULL;
	*ret_step = NOISE_DONE;
	if (s->is_over)
		return err_set(e, ERR_BAD_INPUT, "handshake: a frame after its end");
	if (s->awaits_finish)
		rc = server_on_finish(s, a, body, ret_transport, ret_client_static, ret_payload, e);
	else
		rc = server_on_hello(s, a, body, out, ret_step, ret_transport, ret_client_static,
				     ret_payload, e);
	s->is_over = rc != ERR_OK || *ret_step == NOISE_DONE;
	if (s->is_over)
		wipe(&s->ephemeral, sizeof s->ephemeral);
	return rc;
}

/* -- certificates -- */

static void cert_make(struct rng *rng, noise_sign_fn sign, const struct keypair *issuer,
		      struct noise_cert *c, struct wr *details, uint8_t sig[static SIGNATURE_BYTES])
{
	wr_init(details, FRAME_HANDSHAKE_MAX);
	cert_details_encode(c, details);
	c->details = wr_span(details);
	sign(rng, issuer->priv, c->details, sig);
	c->signature = span_of(sig, SIGNATURE_BYTES);
}

void noise_cert_chain_make(struct rng *rng, noise_sign_fn sign, const struct keypair *root,
			   const struct keypair *intermediate, const uint8_t leaf_pub[static 32],
			   uint64_t not_before, uint64_t not_after, struct wr *out)
{
	struct noise_cert middle = { .serial = 1,
				     .key = SPAN_OF(intermediate->pub),
				     .not_before = not_before,
				     .not_after = not_after };
	struct noise_cert leaf = { .serial = 2,
				   .issuer_serial = 1,
				   .key = span_of(leaf_pub, KEY_BYTES),
				   .not_before = not_before,
				   .not_after = not_after };
	uint8_t middle_sig[SIGNATURE_BYTES], leaf_sig[SIGNATURE_BYTES];
	struct wr middle_details, leaf_details;

	cert_make(rng, sign, root, &middle, &middle_details, middle_sig);
	cert_make(rng, sign, intermediate, &leaf, &leaf_details, leaf_sig);
	cert_chain_encode(&leaf, &middle, out);
	wr_done(&middle_details);
	wr_done(&leaf_details);
}
