#pragma once
/* The symmetric state of a Noise handshake, used by noise.c and its test only. Chapter 01 section 3. */
#include "shared/base/crypto.h"
#include "shared/base/wr.h"

struct noise_transport;

struct noise_state {
	uint8_t h[32], ck[32], k[32];
	uint32_t n;
};

void noise_state_init(struct noise_state *s, const char *name); /* and the prologue */
void noise_state_wipe(struct noise_state *s);
void noise_mix_hash(struct noise_state *s, struct span data);
void noise_mix_key(struct noise_state *s, struct span ikm);
enum errc noise_mix_dh(struct noise_state *s, const uint8_t priv[static 32],
		       const uint8_t pub[static 32], struct err *e) MUST_USE;
/* out has in.len + GCM_TAG_BYTES */
void noise_encrypt_and_hash(struct noise_state *s, struct span in, uint8_t *out);
/* out has in.len - GCM_TAG_BYTES; the state is unchanged on failure */
enum errc noise_decrypt_and_hash(struct noise_state *s, struct span in, uint8_t *out,
				 struct err *e) MUST_USE;
/* wipes the state; the first key sends for the initiator */
struct noise_transport *noise_split(struct noise_state *s, bool initiator);
