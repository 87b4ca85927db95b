#pragma once
/* What a webhook's request holds: the envelope around an event, and the signatures that prove who sent it.
 *	Wad-Signature: t=<unix seconds>,v1=<hex of HMAC-SHA256(secret, t "." body)>[,v1=<by the old secret>]
 *	X-Hub-Signature-256: sha256=<hex of HMAC-SHA256(secret, body)>
 * The key is the secret's text as it was shown. */
#include "shared/base/arena.h"
#include "shared/base/clock.h"
#include "shared/base/rng.h"
#include "shared/base/span.h"

enum {
	WEBHOOK_SECRET_TEXT = 6 + 64 + 1, /* with NUL, of a secret that was made here */
	WEBHOOK_ENVELOPE_VERSION = 1,
};

/* "whsec_" and 256 random bits; wipe it */
void webhook_secret_make(struct rng *rng, char out[static WEBHOOK_SECRET_TEXT]);

struct webhook_event {
	int64_t id, user_id;
	const char *topic;
	unix_ms at;
	const char *data; /* JSON object */
};
/* {"id","event","version","occurred_at","user","device","data"}; device only when the event has one. NULL:
 * data is no JSON object. The caller frees. */
char *webhook_envelope(const struct webhook_event *event);

/* old: empty when there is none. The values of the two headers, in the arena. */
const char *webhook_signature(struct arena *a, struct span secret, struct span old, unix_ms at,
			      struct span body);
const char *webhook_hub_signature(struct arena *a, struct span secret, struct span body);
