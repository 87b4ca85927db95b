#include "daemon/engine/content.h"

#include <string.h>

#include "shared/base/xalloc.h"

struct content *content_new(const char *body, int64_t media_id)
{
	size_t len = strlen(body);
	struct content *c = xcalloc(1, sizeof *c + len + 1);

	memcpy(c->body, body, len + 1);
	c->refs = 1;
	c->media_id = media_id;
	c->message = (struct message){
		.kind = media_id ? MESSAGE_IMAGE : MESSAGE_TEXT,
		.text = c->body,
		.media = { .url = "", .mimetype = "", .direct_path = "", .file_name = "" },
		.quoted_id = "",
		.quoted_participant = "",
		.target_id = "",
		.destination = "",
		.skdm_group = "",
		.protocol_type = -1,
	};
	return c;
}

struct content *content_ref(struct content *c)
{
	c->refs++;
	return c;
}

void content_unref(struct content *c)
{
	if (c && --c->refs == 0)
		free(c);
}
