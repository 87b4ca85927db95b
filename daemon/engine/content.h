#pragma once
/* What is sent: a text, or media with a caption. Rows of one campaign or step share one content (a row of
 * contents); a direct message has its own, and so has a row whose text has variables or variants: it is
 * rendered for its recipient. Counted references, one loop. */
#include "shared/base/map.h"
#include "shared/wire/message_codec.h"

#include "daemon/engine/pacing.h"
#include "daemon/store/db.h"

struct content {
	uint32_t refs;
	int64_t media_id;       /* 0: text */
	struct message message; /* borrows body */
	struct pacing_cfg pace; /* the campaign's or step's own delays */
	bool has_pace;
	char body[];
};

struct content *content_new(const char *body, int64_t media_id);
/* of a row of outbox_claim or outbox_recover; known: content id -> struct content, one reference each */
struct content *content_of_row(struct map *known, const PGresult *r, int row);
/* the text of a row with the columns body, id, recipient, lead_name, lead_niche, lead_note, lead_vars, as its
 * recipient reads it; caller frees */
char *content_rendered(const PGresult *r, int row);
/* no media, and nothing but spaces */
bool content_is_empty(const struct content *c);
struct content *content_ref(struct content *c);
void content_unref(struct content *c); /* NULL is fine */
