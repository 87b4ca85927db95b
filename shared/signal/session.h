#pragma once
/* X3DH and the double ratchet, version 3, as pure functions on a session record: no I/O, no clock,
 * no storage. A record is what is kept for one remote device: the current state and archived ones.
 * Every decryption is tried on a copy; the record changes only when a MAC matched, and it is the
 * caller's duty to store the record before the ciphertext leaves or the plaintext is acted on.
 * Facts: X3DH and ratchet of libsignal; checked against tests/vectors/signal.json and, in both
 * directions, against libsignal-protocol-c.
 *
 * Public keys are 32 bytes here; the 05 type byte is added where the wire wants it. */
#include <stdbool.h>

#include "shared/base/crypto.h"
#include "shared/base/rng.h"
#include "shared/base/wr.h"

enum {
	SIGNAL_JUMP_MAX = 2000,    /* forward jump inside a chain */
	SIGNAL_SKIPPED_MAX = 2000, /* kept skipped seeds a chain */
	SIGNAL_CHAINS_MAX = 5,     /* receiving chains a state */
	SIGNAL_STATES_MAX = 40,    /* archived states a record */
	SIGNAL_RECORD_BYTES_MAX = 4 << 20,
	SIGNAL_MESSAGE_BYTES_MAX = 1 << 20,
};

struct session; /* a session record */

struct session *session_new(void);    /* empty: no state yet */
void session_free(struct session *s); /* wipes; NULL is fine */
struct session *session_clone(const struct session *s);
/* serialised form, versioned, ours; load refuses anything it did not write */
void session_save(const struct session *s, struct wr *out);
enum errc session_load(struct span bytes, struct session **ret, struct err *e) MUST_USE;

bool session_has_state(const struct session *s);
bool session_awaits_reply(const struct session *s);            /* the next encrypt gives a pkmsg */
uint32_t session_remote_registration(const struct session *s); /* 0 when unknown */
const uint8_t *session_remote_identity(const struct session *s); /* 32 bytes or NULL */
const uint8_t *session_base_key(const struct session *s); /* 32 bytes or NULL: alice base key */

/* who we are: one for all sessions of a device; borrowed by the calls below */
struct signal_self {
	struct keypair identity;
	uint32_t registration_id;
};

struct prekey_bundle {
	uint32_t registration_id;
	uint8_t identity[32];
	uint32_t signed_id;
	uint8_t signed_pub[32], signed_sig[64];
	bool has_one_time;
	uint32_t one_time_id;
	uint8_t one_time_pub[32];
};

/* Starts a session with the bundle's owner; verifies the signature; archives the current state.
 * Draws first the base key, then the ratchet key from rng (order fixed by the vectors). */
enum errc session_process_bundle(struct session *s, const struct signal_self *self,
				 const struct prekey_bundle *b, struct rng *rng,
				 struct err *e) MUST_USE;

enum signal_kind { SIGNAL_MSG, SIGNAL_PKMSG };

/* Appends the wire message to out. ERR_NO_SESSION without a state. */
enum errc session_encrypt(struct session *s, const struct signal_self *self, struct span plaintext,
			  struct wr *out, enum signal_kind *ret_kind, struct err *e) MUST_USE;

/* What must be loaded before a pkmsg can be opened. Spans borrow from the input. */
struct pkmsg_info {
	uint32_t registration_id, signed_id;
	bool has_one_time;
	uint32_t one_time_id;
	uint8_t base_key[32], identity[32];
	struct span message; /* the inner SignalMessage */
};
enum errc pkmsg_parse(struct span in, struct pkmsg_info *ret, struct err *e) MUST_USE;

/* signed_pre must be the one of info->signed_id; one_time may be NULL only when info has none, or
 * when session_knows_base_key: then nothing is derived anew and neither is used.
 * Plaintext is appended to out. After success the one-time key must be deleted, in the same
 * transaction that stores the record. *ret_used_one_time tells whether it was used. */
bool session_knows_base_key(const struct session *s, const uint8_t base_key[static 32]);
enum errc session_decrypt_pkmsg(struct session *s, const struct signal_self *self,
				const struct pkmsg_info *info, const struct keypair *signed_pre,
				const struct keypair *one_time, struct rng *rng, struct wr *out,
				bool *ret_used_one_time, struct err *e) MUST_USE;

/* ERR_DUPLICATE: counter already used (never a reason for a retry receipt); ERR_NO_SESSION;
 * ERR_CRYPTO: no state's MAC matched; ERR_BAD_INPUT; ERR_LIMIT: jump too far. */
enum errc session_decrypt_msg(struct session *s, const struct signal_self *self, struct span in,
			      struct rng *rng, struct wr *out, struct err *e) MUST_USE;

/* For observers (the sandbox's key-reuse check): ratchet key and counter of a SignalMessage, read
 * without any key. Works on the inner message of a pkmsg. */
enum errc signal_msg_peek(struct span msg, uint8_t ret_ratchet[static 32], uint32_t *ret_counter,
			  struct err *e) MUST_USE;
