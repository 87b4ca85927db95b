#pragma once
/* What the server noticed: the ring of stanzas, what clients did wrong, what had no answer, counters and rates. Bounded memory everywhere. Decides whether a ratchet counter was used
 * for two ciphertexts. */
#include <jansson.h>
#include <stdbool.h>

#include "shared/base/clock.h"
#include "shared/wire/node.h"

struct watch;

/* text from outside: bytes that are no UTF-8 become '?', so that a list can always be written */
json_t *watch_text(const char *text);

struct watch_totals {
	uint64_t connections, logins, stanzas_in, stanzas_out, bytes_in, bytes_out;
	uint64_t routed, shown, repeated, undecryptable, violations, unhandled, media_up,
		media_down;
};

struct watch *watch_new(const struct clock *clock);
void watch_free(struct watch *w);
void watch_clear(struct watch *w);
struct watch_totals *watch_totals(struct watch *w);
void watch_second(struct watch *w); /* once a second: rates */
json_t *watch_stats(struct watch *w);

/* `plain`: flag byte and node, copied */
void watch_stanza(struct watch *w, bool to_client, const char *who, struct span plain);
json_t *watch_stanzas(const struct watch *w, const char *who_or_null, size_t limit, size_t width);

void watch_violation(struct watch *w, const char *kind, const char *who, const char *fmt, ...)
	PRINTF_LIKE(4, 5);
json_t *watch_violations(const struct watch *w);
void watch_unhandled(struct watch *w, const char *who, const struct node *n);
json_t *watch_unhandled_list(const struct watch *w);

/* a ciphertext on its way: msg is a SignalMessage (the inner one of a pkmsg) */
void watch_counter(struct watch *w, const char *who, struct addr from, struct addr to,
		   struct span msg);
/* a stanza with that id was handed to that device; and whether it ever was */
void watch_delivered(struct watch *w, struct addr to, const char *id);
bool watch_was_delivered(struct watch *w, struct addr to, const char *id);

/* for the state file: violations and totals as one JSON text, and back */
char *watch_save(const struct watch *w); /* caller frees */
void watch_load(struct watch *w, const char *text, size_t len);
