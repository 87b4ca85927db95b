#pragma once
/* Where a received message comes from: the attributes of the stanza, in both address worlds. Pure,
 * but for the own addresses. Chapter 03 section 7. */
#include "shared/base/arena.h"
#include "shared/base/clock.h"
#include "shared/wire/node.h"

enum { ENCS_MAX = 8 };

struct pn_lid {
	uint64_t pn, lid;
};

struct origin {
	const char *id, *push_name; /* "" */
	struct jid from;
	bool is_group; /* or broadcast: the author is in participant */
	bool is_peer;  /* category=peer: between devices of one account */
	bool from_me, offline;
	struct addr author;      /* device that encrypted */
	struct addr chat_person; /* bare; the other side of a 1:1 chat; user 0 in groups */
	unix_ms at;
	struct pn_lid pairs[3]; /* learned from attributes; 0 when absent */
	size_t pair_len;
	const struct node *encs[ENCS_MAX]; /* pkmsg and msg first, then skmsg */
	size_t enc_len;
	bool is_unavailable;
};

/* ERR_BAD_INPUT: not a message of somebody; strings are borrowed from n or the arena */
enum errc origin_read(struct arena *a, const struct node *n, struct addr own_pn,
		      struct addr own_lid, unix_ms now, struct origin *ret, struct err *e) MUST_USE;
/* the <receipt> that tells the message arrived; second: one more for a history notice, or NULL */
struct node *origin_receipt(struct arena *a, const struct node *stanza, const struct origin *o);
struct node *origin_history_receipt(struct arena *a, const struct origin *o, struct addr own_pn);
/* attribute t, seconds; `otherwise` when it is absent or no date a database takes */
unix_ms attr_time(const struct node *n, unix_ms otherwise);
/* copies an attribute as it is, JID or text */
void attr_copy(struct arena *a, struct node *to, const char *to_key, const struct node *from,
	       const char *from_key);
