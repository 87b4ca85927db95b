#pragma once
/* Primitives for libsignal-protocol-c, as fast as its interface lets them be. */
#include <signal/signal_protocol.h>

#include "shared/base/rng.h"

void oracle_crypto_set(signal_context *ctx, struct rng *rng);
