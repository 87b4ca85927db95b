#pragma once
/* Prekey bundles on the wire, as pure functions. */
#include "shared/base/arena.h"
#include "shared/signal/session.h"
#include "shared/wire/node.h"

enum { BUNDLES_MAX = 50 }; /* devices in one request */

/* <key> child of an iq get xmlns=encrypt */
struct node *bundle_build(struct arena *a, const struct addr *devices, size_t len);
/* one <user> of an answer, or the <keys> of a retry receipt (which lacks <registration>: then ret
 * keeps the registration id it had). ERR_PEER with the code when the server gave an error. */
enum errc bundle_parse(const struct node *user, struct prekey_bundle *ret, struct err *e) MUST_USE;
