/* The handshake's hashing and ciphers, and the transport they end in. Every intermediate value is
 * proven by the states of tests/vectors/noise.json. */
#include "shared/wire/noise_state.h"

#include <stdlib.h>
#include <string.h>

#include "shared/base/xalloc.h"
#include "shared/wire/frame.h"
#include "shared/wire/noise.h"

/* The cipher contexts are those kept by thread in shared/base/crypto: keying one anew costs a frame
 * some 0.2 us, while two kept contexts would cost each connection 2.3 kB. */
struct noise_transport {
	uint8_t send_key[32], recv_key[32];
	uint32_t send_counter, recv_counter;
	bool is_broken;
};

static void iv_of(uint32_t counter, uint8_t iv[static GCM_IV_BYTES])
{
	memset(iv, 0, GCM_IV_BYTES);
	for (int i = 0; i < 4; i++)
		iv[GCM_IV_BYTES - 1 - i] = (uint8_t)(counter >> 8 * i);
}

void noise_mix_hash(struct noise_state *s, struct span data)
{
	struct wr both;

	wr_init(&both, sizeof s->h + data.len);
	wr_put(&both, s->h, sizeof s->h);
	wr_span_put(&both, data);
	sha256(wr_span(&both), s->h);
	wr_done(&both);
}

void noise_state_init(struct noise_state *s, const char *name)
{
	size_t len = strlen(name);

	memset(s, 0, sizeof *s);
	if (len <= sizeof s->h)
		memcpy(s->h, name, len);
	else
		sha256(span_str(name), s->h);
	memcpy(s->ck, s->h, sizeof s->ck);
	memcpy(s->k, s->h, sizeof s->k);
	noise_mix_hash(s, SPAN_OF(frame_intro));
}

void noise_state_wipe(struct noise_state *s)
{
	wipe(s, sizeof *s);
}

void noise_mix_key(struct noise_state *s, struct span ikm)
{
	uint8_t out[64];

	hkdf_sha256(ikm, SPAN_OF(s->ck), SPAN_NONE, out, sizeof out);
	memcpy(s->ck, out, 32);
	memcpy(s->k, out + 32, 32);
	s->n = 0;
	wipe(out, sizeof out);
}

enum errc noise_mix_dh(struct noise_state *s, const uint8_t priv[static 32],
		       const uint8_t pub[static 32], struct err *e)
{
	uint8_t shared[32];
	enum errc rc = x25519(priv, pub, shared, e);

	if (rc != ERR_OK)
		return rc;
	noise_mix_key(s, SPAN_OF(shared));
	wipe(shared, sizeof shared);
	return ERR_OK;
}

void noise_encrypt_and_hash(struct noise_state *s, struct span in, uint8_t *out)
{
	uint8_t iv[GCM_IV_BYTES];

	iv_of(s->n++, iv);
	aes_gcm_seal(s->k, iv, SPAN_OF(s->h), in, out);
	noise_mix_hash(s, span_of(out, in.len + GCM_TAG_BYTES));
}

enum errc noise_decrypt_and_hash(struct noise_state *s, struct span in, uint8_t *out, struct err *e)
{
	uint8_t iv[GCM_IV_BYTES];
	enum errc rc;

	if (in.len < GCM_TAG_BYTES)
		return err_set(e, ERR_SHORT_INPUT, "handshake: encrypted field of %zu bytes",
			       in.len);
	iv_of(s->n, iv);
	rc = aes_gcm_open(s->k, iv, SPAN_OF(s->h), in, out, e);
	if (rc != ERR_OK)
		return rc;
	s->n++;
	noise_mix_hash(s, in);
	return ERR_OK;
}

struct noise_transport *noise_split(struct noise_state *s, bool initiator)
{
	struct noise_transport *t = xcalloc(1, sizeof *t);

	noise_mix_key(s, SPAN_NONE);
	memcpy(initiator ? t->send_key : t->recv_key, s->ck, 32);
	memcpy(initiator ? t->recv_key : t->send_key, s->k, 32);
	noise_state_wipe(s);
	return t;
}

void noise_transport_free(struct noise_transport *t)
{
	if (t == NULL)
		return;
	wipe(t, sizeof *t);
	free(t);
}

enum errc noise_seal(struct noise_transport *t, struct span plaintext, struct wr *out,
		     struct err *e)
{
	uint8_t iv[GCM_IV_BYTES], *at;

	if (plaintext.len == 0 || plaintext.len > FRAME_BODY_MAX - GCM_TAG_BYTES)
		return err_set(e, ERR_LIMIT, "frame: plaintext of %zu bytes", plaintext.len);
	if (t->is_broken || t->send_counter == UINT32_MAX)
		return err_set(e, ERR_CRYPTO, "frame: this connection may not send any more");
	at = wr_room(out, plaintext.len + GCM_TAG_BYTES);
	if (at == NULL)
		return err_set(e, ERR_LIMIT, "frame: the buffer is full");
	iv_of(t->send_counter++, iv);
	aes_gcm_seal(t->send_key, iv, SPAN_NONE, plaintext, at);
	return ERR_OK;
}

enum errc noise_open(struct noise_transport *t, uint8_t *body, size_t len, struct span *ret,
		     struct err *e)
{
	uint8_t iv[GCM_IV_BYTES];

	*ret = SPAN_NONE;
	if (t->is_broken || t->recv_counter == UINT32_MAX)
		return err_set(e, ERR_CRYPTO, "frame: this connection may not receive any more");
	iv_of(t->recv_counter, iv);
	if (len <= GCM_TAG_BYTES ||
	    aes_gcm_open(t->recv_key, iv, SPAN_NONE, span_of(body, len), body, NULL) != ERR_OK) {
		t->is_broken = true;
		return err_set(e, ERR_CRYPTO, "frame %u of %zu bytes: not from this peer",
			       t->recv_counter, len);
	}
	t->recv_counter++;
	*ret = span_of(body, len - GCM_TAG_BYTES);
	return ERR_OK;
}
