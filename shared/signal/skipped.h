#pragma once
/* Seeds of messages that were jumped over, for one chain: indexes ascending, oldest dropped first.
 * Seeds are kept, not the keys derived from them. */
#include "shared/base/err.h"
#include "shared/base/rd.h"
#include "shared/base/wr.h"

struct skipped {
	uint32_t index;
	uint8_t seed[32];
};

struct skipped_list {
	struct skipped *items;
	uint32_t count;
};

void skipped_done(struct skipped_list *l); /* wipes */
void skipped_copy(const struct skipped_list *from, struct skipped_list *to);
/* place of `index`, or -1 */
int skipped_find(const struct skipped_list *l, uint32_t index);
void skipped_remove(struct skipped_list *l, int place);
/* items are newer than all in the list; keeps SIGNAL_SKIPPED_MAX of them */
void skipped_append(struct skipped_list *l, const struct skipped *items, uint32_t count);
void skipped_save(const struct skipped_list *l, struct wr *out);
/* false unless ascending, below `end` and not too many */
bool skipped_load(struct rd *r, uint32_t end, struct skipped_list *ret);

/* A walk along a chain to one message, made beside the chain and taken over only when the message
 * proved genuine. */
struct chain_walk {
	uint8_t key[32];  /* of the chain after the message */
	uint32_t counter; /* likewise */
	uint8_t seed[32]; /* of the message */
	int used;         /* place in the skipped list, or -1 */
	struct skipped *jumped;
	uint32_t jumped_count;
};

/* ERR_DUPLICATE: used or dropped; ERR_LIMIT: jump too far */
enum errc chain_walk_to(const uint8_t key[static 32], uint32_t counter,
			const struct skipped_list *skipped, uint32_t target, struct chain_walk *ret,
			struct err *e) MUST_USE;
void chain_walk_take(struct chain_walk *w, uint8_t key[static 32], uint32_t *counter,
		     struct skipped_list *skipped);
void chain_walk_done(struct chain_walk *w); /* wipes; always called after a success of _to */
