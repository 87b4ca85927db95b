#pragma once
/* The media host, below /mms, /pps and /newsletter on the same ports: uploads are checked against
 * their token and kept (memory and state directory), downloads honour Range. Also what phones need:
 * sealing what they send, checking what they were sent. */
#include "shared/net/http_server.h"
#include "shared/wire/message_codec.h"

struct sandbox;
struct media;

struct media *media_new(const char *state_dir);
void media_free(struct media *m);
void media_clear(struct media *m); /* files as well */

bool media_takes(const char *path);
void media_on_request(struct sandbox *sb, struct http_req *req);
const char *media_host(const struct sandbox *sb, struct arena *a); /* host:port of the TLS port */

/* kind: "image", "video", "audio", "document", "sticker", "history" */
void media_seal(struct sandbox *sb, struct arena *a, const char *kind, struct span plain,
		struct message_media *ret);
/* "ok", or what is wrong with it */
const char *media_check(struct sandbox *sb, struct arena *a, const struct message_media *m,
			const char *kind);
