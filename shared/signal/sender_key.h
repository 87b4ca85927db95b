#pragma once
/* Sender keys (groups): one signing chain a sender and group. Pure functions on a record; checked
 * against tests/vectors/sender-keys.json. */
#include "shared/base/crypto.h"
#include "shared/base/rng.h"
#include "shared/base/wr.h"

struct sender_keys; /* a record: our own key, or the keys of one sender in one group (5 newest) */

struct sender_keys *sender_keys_new(void);
void sender_keys_free(struct sender_keys *s);
void sender_keys_save(const struct sender_keys *s, struct wr *out);
enum errc sender_keys_load(struct span bytes, struct sender_keys **ret, struct err *e) MUST_USE;

/* own side: makes a key when there is none; appends the SenderKeyDistributionMessage */
void sender_keys_distribute(struct sender_keys *s, struct rng *rng, struct wr *out);
enum errc sender_keys_encrypt(struct sender_keys *s, struct rng *rng, struct span plaintext,
			      struct wr *out, struct err *e) MUST_USE;
/* remote side */
enum errc sender_keys_install(struct sender_keys *s, struct span skdm, struct err *e) MUST_USE;
enum errc sender_keys_decrypt(struct sender_keys *s, struct span skmsg, struct wr *out,
			      struct err *e) MUST_USE;
