/* Handshake messages, certificates and transport frames from a hostile peer. The keys are those of
 * tests/vectors/noise.json, so that the seeds get all the way. The first byte chooses what the rest
 * is. A transport comes only with success, and only one comes. */
#include <stdlib.h>
#include <string.h>

#include "shared/wire/handshake_codec.h"
#include "shared/wire/noise.h"
#include "shared/wire/noise_state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum mode {
	SERVER_HELLO,
	SERVER_FINISH,
	CLIENT_ANSWER,
	CERT_CHAIN,
	TRANSPORT,
	SERVER_REFUSES_IK,
	MODES
};

static const uint8_t client_static[32] = {
	0xe8, 0x05, 0x2e, 0x59, 0x9f, 0xca, 0xb9, 0xbf, 0x2c, 0xa1, 0xd4,
	0xcc, 0x9b, 0xdd, 0x03, 0x17, 0xcf, 0xbb, 0xf3, 0x3b, 0x6f, 0x87,
	0x6d, 0x93, 0x16, 0x6e, 0xa1, 0xcb, 0xd6, 0x77, 0x48, 0x53,
};
static const uint8_t client_ephemeral[32] = {
	0xd0, 0x33, 0x15, 0xa0, 0xd7, 0x29, 0xf7, 0xc3, 0x7a, 0xd2, 0x60,
	0xec, 0x0e, 0x85, 0x56, 0x70, 0xe4, 0xe0, 0x44, 0xb7, 0xad, 0xb5,
	0x56, 0x0d, 0x65, 0x05, 0x9e, 0x83, 0x64, 0xa7, 0xb0, 0x7a,
};
static const uint8_t server_static[32] = {
	0xa0, 0xfc, 0x4c, 0xfa, 0x21, 0x6d, 0x84, 0x5b, 0xe8, 0xc4, 0xe6,
	0xa9, 0x48, 0xe3, 0x01, 0x9e, 0x48, 0xa0, 0x55, 0x29, 0x63, 0x1a,
	0x52, 0x11, 0x8c, 0x66, 0xf9, 0x85, 0xb5, 0x46, 0xdb, 0x4b,
};
static const uint8_t server_ephemeral[32] = {
	0x10, 0xe9, 0xed, 0xb0, 0xd2, 0x48, 0x00, 0x2b, 0xa8, 0xa0, 0x11,
	0x38, 0xfc, 0x06, 0xe8, 0x11, 0x2b, 0x74, 0x9b, 0x07, 0x1b, 0x93,
	0x98, 0x70, 0x9f, 0x5f, 0xdf, 0x18, 0xd1, 0x34, 0xfa, 0x68,
};
static const uint8_t client_hello[] = {
	0x12, 0x22, 0x0a, 0x20, 0x03, 0x5b, 0x41, 0xe1, 0xbc, 0x0f, 0x44, 0xfe,
	0x66, 0xe4, 0x9b, 0x89, 0x45, 0x88, 0xa1, 0x76, 0x9f, 0xbe, 0xc3, 0x7f,
	0x7c, 0x9f, 0x79, 0x31, 0x23, 0xa7, 0x25, 0xdc, 0x79, 0x0b, 0xe1, 0x27,
};

static bool any_signature(const uint8_t pub[static 32], struct span msg,
			  const uint8_t sig[static 64])
{
	uint8_t last[2];

	memcpy(last, &pub[31], 1); /* both are as long as they promise */
	memcpy(last + 1, &sig[63], 1);
	return msg.len > 0;
}

static void as_server(enum mode mode, struct span in)
{
	struct noise_server_cfg cfg = { .cert_chain = SPAN_LIT("chain"),
					.refuse_ik = mode == SERVER_REFUSES_IK };
	struct noise_transport *t = NULL;
	enum noise_server_step step;
	uint8_t peer[32];
	struct rng_script rng;
	struct noise_server *s;
	struct wr out, payload;
	enum errc rc;

	rng_script_init(&rng, SPAN_OF(server_ephemeral));
	keypair_from_priv(server_static, &cfg.static_key);
	cfg.rng = &rng.base;
	s = noise_server_new(&cfg);
	wr_init(&out, 1 << 20);
	wr_init(&payload, 1 << 20);
	if (mode == SERVER_FINISH &&
	    noise_server_on_frame(s, SPAN_OF(client_hello), &out, &step, &t, peer, &payload, NULL))
		abort();
	rc = noise_server_on_frame(s, in, &out, &step, &t, peer, &payload, NULL);
	if ((t != NULL) != (rc == ERR_OK && step == NOISE_DONE))
		abort();
	if (rc == ERR_OK && mode == SERVER_REFUSES_IK && t != NULL)
		abort();
	noise_transport_free(t);
	noise_server_free(s);
	wr_done(&out);
	wr_done(&payload);
}

static void as_client(struct span in)
{
	struct keypair own;
	struct rng_script rng;
	struct noise_client_cfg cfg = { .noise_key = &own,
					.verify = any_signature,
					.now = { INT64_C(1763800000000) },
					.rng = &rng.base };
	struct noise_transport *t;
	struct noise_client *c;
	struct wr out;
	enum errc rc;

	keypair_from_priv(client_static, &own);
	rng_script_init(&rng, SPAN_OF(client_ephemeral));
	c = noise_client_new(&cfg);
	wr_init(&out, 1 << 20);
	noise_client_hello(c, &out);
	rc = noise_client_finish(c, in, SPAN_LIT("payload"), &out, &t, NULL);
	if ((t != NULL) != (rc == ERR_OK))
		abort();
	noise_transport_free(t);
	noise_client_free(c);
	wr_done(&out);
}

static void as_transport(struct span in)
{
	struct noise_state s;
	struct noise_transport *t;
	uint8_t *body = malloc(in.len + 1);
	struct span got;

	noise_state_init(&s, "Noise_XX_25519_AESGCM_SHA256");
	t = noise_split(&s, false);
	if (in.len)
		memcpy(body, in.at, in.len);
	if (noise_open(t, body, in.len, &got, NULL) == ERR_OK)
		abort(); /* nobody guesses a tag */
	noise_transport_free(t);
	free(body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct noise_cert leaf = { 0 }, intermediate = { 0 };
	struct arena *a;
	struct span in;

	if (size == 0)
		return 0;
	in = span_of(data + 1, size - 1);
	switch ((enum mode)(data[0] % MODES)) {
	case SERVER_HELLO:
	case SERVER_FINISH:
	case SERVER_REFUSES_IK:
		as_server((enum mode)(data[0] % MODES), in);
		break;
	case CLIENT_ANSWER:
		as_client(in);
		break;
	case CERT_CHAIN:
		a = arena_new();
		if (cert_chain_decode(a, in, &leaf, &intermediate, NULL) == ERR_OK &&
		    leaf.details.len > in.len)
			abort();
		arena_free(a);
		break;
	case TRANSPORT:
		as_transport(in);
		break;
	case MODES:
		break;
	}
	return 0;
}
