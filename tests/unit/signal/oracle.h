#pragma once
/* A peer run by libsignal-protocol-c, for tests and benchmarks: one account with one session, its
 * stores in memory, its primitives from OpenSSL. Not built where that library is missing. */
#include "shared/signal/prekeys.h"
#include "shared/signal/session.h"

struct oracle;

/* rng is borrowed for the life of the oracle */
struct oracle *oracle_new(struct rng *rng);
void oracle_free(struct oracle *o);

/* what the oracle publishes; with_one_time gives a fresh one-time key each time */
void oracle_publish(struct oracle *o, bool with_one_time, struct prekey_bundle *ret);
/* the calls below give the library's code: 0 or negative */
int oracle_process_bundle(struct oracle *o, const struct prekey_bundle *b);
int oracle_encrypt(struct oracle *o, struct span plaintext, struct wr *out,
		   enum signal_kind *ret_kind);
int oracle_decrypt(struct oracle *o, enum signal_kind kind, struct span in, struct wr *out);
bool oracle_has_one_time(const struct oracle *o, uint32_t id);
void oracle_forget_session(struct oracle *o);
size_t oracle_record_bytes(const struct oracle *o);

/* groups: one group, the oracle sends and receives under one name each */
int oracle_group_distribute(struct oracle *o, struct wr *out);
int oracle_group_encrypt(struct oracle *o, struct span plaintext, struct wr *out);
int oracle_group_install(struct oracle *o, struct span skdm);
int oracle_group_decrypt(struct oracle *o, struct span in, struct wr *out);
