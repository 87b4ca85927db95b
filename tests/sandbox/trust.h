#pragma once
/* Owns what clients must trust: the CA and server certificate of the TLS port and the Noise root,
 * intermediate and static keys. Made at the first start, kept in the state directory ever since
 * (clients cache the chain), so that a client pointed at a sandbox once stays pointed at it. */
#include "shared/base/crypto.h"
#include "shared/base/err.h"
#include "shared/base/rng.h"
#include "shared/base/wr.h"

struct trust {
	char *ca_file, *cert_file, *key_file;    /* PEM paths below the state directory */
	struct keypair root, intermediate, leaf; /* Noise */
	struct wr chain;                         /* serialised CertChain */
	char root_hex[65];
};

enum errc trust_open(const char *state_dir, struct rng *rng, int64_t unix_s, struct trust *ret,
		     struct err *e) MUST_USE;
void trust_done(struct trust *t);
