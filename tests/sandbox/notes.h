#pragma once
/* What the phones saw, by growing number: messages shown, receipts, what could not be read. Kept as
 * JSON text in a bounded ring. Decides what is a repeat: a later copy of (phone, sender, id). */
#include <jansson.h>
#include <stdbool.h>

#include "shared/base/clock.h"
#include "shared/base/wr.h"

struct notes;

struct notes *notes_new(const struct clock *clock);
void notes_free(struct notes *s);
void notes_clear(struct notes *s); /* forgets what is listed, not what was shown */
void notes_reset(struct notes *s); /* everything */

/* adds seq, t, kind, phone; steals the object. Returns the seq. */
uint64_t notes_add(struct notes *s, const char *kind, uint64_t phone, json_t *entry_steal);
/* a copy of what was shown before: counts it there and tells so */
bool notes_is_repeat(struct notes *s, uint64_t phone, uint64_t sender_lid, const char *id);
void notes_shown(struct notes *s, uint64_t phone, uint64_t sender_lid, const char *id,
		 uint64_t seq);
/* retries of (phone, sender, id) so far; add: one more */
uint32_t notes_retry(struct notes *s, uint64_t phone, uint64_t sender_lid, const char *id,
		     bool add);

struct notes_filter {
	uint64_t phone, since; /* 0: any */
	const char *id;        /* NULL: any */
	size_t limit;
};
void notes_list(const struct notes *s, const struct notes_filter *f,
		struct wr *out); /* a JSON array */

void notes_save(const struct notes *s, struct wr *out); /* the tail, as JSON text */
void notes_load(struct notes *s, struct span text);
