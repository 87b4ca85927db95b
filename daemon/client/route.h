#pragma once
/* The proxy of a device as it is stored: sealed into devices.proxy, opened only when a connection is
 * dialled or its place is shown. Decides that a device whose proxy cannot be read does not connect. */
#include "shared/net/proxy.h"

#include "daemon/store/seal.h"

struct span route_seal(const struct sealer *s, struct arena *a, int64_t user_id, int64_t device_id,
		       const char *address);
/* wipe *ret after use */
enum errc route_open(const struct sealer *s, int64_t user_id, int64_t device_id, struct span sealed,
		     struct proxy *ret, struct err *e) MUST_USE;
