#pragma once
/* Who gets a copy of a message to one person: the person's devices and our own others, in one address
 * world. Built from what peer_find has put into memory. */
#include "daemon/client/peer.h"

struct targets {
	struct addr to;       /* the chat, bare */
	size_t len, peer_len; /* the first peer_len are the person's, the rest our own */
	struct addr *shown;   /* as the stanza names them */
	struct addr *session; /* where their session is */
	uint64_t *alt_pn;     /* number under which an older session may be stored */
};

/* false when the person or we ourselves are not in memory any more */
bool targets_build(struct device *d, struct arena *a, uint64_t pn, struct targets *ret);
