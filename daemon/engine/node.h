#pragma once
/* Which daemon this is among those that may share a database: a name kept in the state directory, so that a
 * restart finds its devices still its own. Devices belong to the node whose lease (table nodes) they are
 * under; a node whose lease ran out loses them to the others. */
#include "shared/base/err.h"
#include "shared/base/rng.h"

enum {
	NODE_NAME = 33,
	NODE_LEASE_MS = 120 * 1000,
	NODE_RENEW_MS = 30 * 1000,
	NODE_MARGIN_MS = 10 * 1000
};

/* reads DIR/node, or makes it */
enum errc node_name(const char *state_dir, struct rng *rng, char out[static NODE_NAME],
		    struct err *e) MUST_USE;
