#include "daemon/engine/webhook_sign.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "shared/base/crypto.h"
#include "shared/base/text.h"

void webhook_secret_make(struct rng *rng, char out[static WEBHOOK_SECRET_TEXT])
{
	uint8_t key[32];

	rng_fill(rng, key, sizeof key);
	memcpy(out, "whsec_", 6);
	hex_encode(SPAN_OF(key), out + 6);
	wipe(key, sizeof key);
}

char *webhook_envelope(const struct webhook_event *event)
{
	json_t *data = json_loads(event->data, JSON_REJECT_DUPLICATES, NULL);
	const char *device = json_string_value(json_object_get(data, "device"));
	char at[25], *text;
	json_t *o;

	if (!json_is_object(data)) {
		json_decref(data);
		return NULL;
	}
	unix_ms_text(event->at, at);
	o = json_pack("{s:o,s:s,s:i,s:s,s:o}", "id", json_sprintf("%" PRId64, event->id), "event",
		      event->topic, "version", (int)WEBHOOK_ENVELOPE_VERSION, "occurred_at", at,
		      "user", json_sprintf("%" PRId64, event->user_id));
	if (device)
		json_object_set_new(o, "device", json_string(device));
	json_object_set_new(o, "data", data);
	text = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	return text;
}

static void sign(struct span secret, const struct span *parts, size_t count, char hex[static 65])
{
	uint8_t mac[32];

	hmac_sha256_parts(secret, parts, count, mac);
	hex_encode(span_of(mac, sizeof mac), hex);
}

const char *webhook_signature(struct arena *a, struct span secret, struct span old, unix_ms at,
			      struct span body)
{
	char time[24], now[65], before[65];
	struct span parts[3];

	snprintf(time, sizeof time, "%" PRId64, at.ms / 1000);
	parts[0] = span_str(time);
	parts[1] = span_str(".");
	parts[2] = body;
	sign(secret, parts, 3, now);
	if (old.len == 0)
		return arena_printf(a, "t=%s,v1=%s", time, now);
	sign(old, parts, 3, before);
	return arena_printf(a, "t=%s,v1=%s,v1=%s", time, now, before);
}

const char *webhook_hub_signature(struct arena *a, struct span secret, struct span body)
{
	char hex[65];

	sign(secret, &body, 1, hex);
	return arena_printf(a, "sha256=%s", hex);
}
