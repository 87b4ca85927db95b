#pragma once
/* Calls that are offered to a device: read, told by the hook on_call, acknowledged once that is committed. Nothing
 * is answered: it rings on, on the phone. */
#include "daemon/client/device.h"

enum { CALL_ID_MAX = 128 };

/* ERR_UNSUPPORTED: not an offer (its end, a sign of life); ERR_BAD_INPUT: an offer nobody can tell of. Strings are
 * borrowed from n or the arena. */
enum errc call_read(struct arena *a, const struct node *n, unix_ms now, struct in_call *ret,
		    struct err *e) MUST_USE;
