#pragma once
/* The key derivations of the ratchet, X3DH and sender keys. The short HMACs they are made of run on
 * a precomputed padded block each: this is what a later message costs, next to one AES call. */
#include "shared/base/crypto.h"

struct message_keys {
	uint8_t cipher[32], mac[32], iv[16];
};

/* seed = HMAC(chain, 01), then chain = HMAC(chain, 02) */
void kdf_chain_step(uint8_t chain[static 32], uint8_t ret_seed[static 32]);
void kdf_message_keys(const uint8_t seed[static 32], struct message_keys *ret);
/* sender keys: only cipher and iv are set */
void kdf_group_keys(const uint8_t seed[static 32], struct message_keys *ret);
/* root || chain = HKDF(dh, salt = root, "WhisperRatchet") */
void kdf_root_step(uint8_t root[static 32], const uint8_t dh[static 32],
		   uint8_t ret_chain[static 32]);
/* root of FF*32 || agreements (3 or 4 of 32 bytes); the chain of the same output is never used here */
void kdf_x3dh(const uint8_t *agreements, size_t count, uint8_t ret_root[static 32]);
