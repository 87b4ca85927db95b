#pragma once
/* Noise XX as initiator and responder, IK and XXfallback as responder, and the transport cipher that
 * follows. Signature functions are handed in (they live in shared/signal, a sibling).
 * Facts: chapter 01 sections 3 and 4; tests/vectors/noise.json. */
#include <stdbool.h>

#include "shared/base/clock.h"
#include "shared/base/crypto.h"
#include "shared/base/rng.h"
#include "shared/base/wr.h"

typedef bool (*noise_verify_fn)(const uint8_t pub[static 32], struct span msg,
				const uint8_t sig[static 64]);
typedef void (*noise_sign_fn)(struct rng *rng, const uint8_t priv[static 32], struct span msg,
			      uint8_t sig[static 64]);

/* the two ciphers after the handshake: keys and counters, 76 bytes */
struct noise_transport;
void noise_transport_free(struct noise_transport *t); /* wipes; NULL is fine */
/* appends ciphertext and tag (no frame header) */
enum errc noise_seal(struct noise_transport *t, struct span plaintext, struct wr *out,
		     struct err *e) MUST_USE;
/* decrypts in place; *ret is inside body. A failed tag is final: close the connection. */
enum errc noise_open(struct noise_transport *t, uint8_t *body, size_t len, struct span *ret,
		     struct err *e) MUST_USE;

/* -- initiator -- */
struct noise_client_cfg {
	const struct keypair *noise_key; /* the device's static key */
	uint8_t root_key[32];
	noise_verify_fn verify;
	unix_ms now; /* for the certificate's dates */
	struct rng *rng;
};
struct noise_client;
struct noise_client *noise_client_new(const struct noise_client_cfg *cfg);
void noise_client_free(struct noise_client *c);
/* appends intro, frame header and ClientHello: one WebSocket message */
void noise_client_hello(struct noise_client *c, struct wr *out);
/* takes the ServerHello body; appends the framed ClientFinish carrying payload; gives the transport */
enum errc noise_client_finish(struct noise_client *c, struct span server_hello, struct span payload,
			      struct wr *out, struct noise_transport **ret, struct err *e) MUST_USE;

/* -- responder -- */
struct noise_server_cfg {
	struct keypair static_key;
	struct span cert_chain; /* serialised CertChain, from noise_cert_chain_make; borrowed */
	struct rng *rng;
	bool refuse_ik; /* answer IK with XXfallback (fault knob) */
};
struct noise_server;
struct noise_server *noise_server_new(const struct noise_server_cfg *cfg);
void noise_server_free(struct noise_server *s);
enum noise_server_step { NOISE_NEED_FINISH, NOISE_DONE };
/* first body: ClientHello (XX or IK); appends the framed ServerHello. With IK and not refused the
 * handshake is done at once. When done: *ret_transport, the client's static key and its payload
 * (appended to ret_payload). */
enum errc noise_server_on_frame(struct noise_server *s, struct span body, struct wr *out,
				enum noise_server_step *ret_step,
				struct noise_transport **ret_transport,
				uint8_t ret_client_static[static 32], struct wr *ret_payload,
				struct err *e) MUST_USE;

/* serials 0 (root), 1, 2; both certificates valid from..until (unix seconds) */
void noise_cert_chain_make(struct rng *rng, noise_sign_fn sign, const struct keypair *root,
			   const struct keypair *intermediate, const uint8_t leaf_pub[static 32],
			   uint64_t not_before, uint64_t not_after, struct wr *out);
