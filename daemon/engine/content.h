#pragma once
/* What is sent: a text, or an image with a caption. Rows of one campaign or step share one content (a row of
 * contents); a direct message has its own. Counted references, one loop. */
#include "shared/wire/message_codec.h"

#include "daemon/engine/pacing.h"

struct content {
	uint32_t refs;
	int64_t media_id;       /* 0: text */
	struct message message; /* borrows body */
	struct pacing_cfg pace; /* the campaign's or step's own delays */
	bool has_pace;
	char body[];
};

struct content *content_new(const char *body, int64_t media_id);
struct content *content_ref(struct content *c);
void content_unref(struct content *c); /* NULL is fine */
