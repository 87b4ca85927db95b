#include "tests/sandbox/watch.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "shared/base/map.h"
#include "shared/base/xalloc.h"
#include "shared/signal/session.h"

#include "tests/sandbox/genmap.h"

enum {
	STANZAS_MAX = 8192,
	STANZA_BYTES_MAX = 4096, /* longer ones are kept as a size only */
	VIOLATIONS_MAX = 2000,
	UNHANDLED_MAX = 1000,
	COUNTERS_PER_GENERATION = 1 << 18,
	IDS_PER_GENERATION = 1 << 18,
	WHO_MAX = 64,
	WIDTH_DEFAULT = 2000,
};

struct stanza {
	int64_t at_ms;
	bool to_client;
	char who[WHO_MAX];
	uint8_t *bytes; /* NULL: too long to keep */
	size_t len;
};

struct watch {
	const struct clock *clock;
	struct stanza stanzas[STANZAS_MAX];
	uint64_t stanzas_seen;
	json_t *violations, *unhandled;
	struct genmap *counters, *delivered;
	struct watch_totals totals, last, rates;
};

static int64_t now_ms(const struct watch *w)
{
	return clock_unix(w->clock).ms;
}

static json_t *time_json(int64_t ms)
{
	char text[25];

	unix_ms_text((unix_ms){ ms }, text);
	return json_string(text);
}

json_t *watch_text(const char *text)
{
	json_t *v = json_string(text);
	AUTO_FREE char *copy = NULL;

	if (v)
		return v;
	copy = xstrdup(text ? text : "");
	for (char *at = copy; *at; at++)
		if ((unsigned char)*at >= 0x80)
			*at = '?';
	return json_string(copy);
}

struct watch *watch_new(const struct clock *clock)
{
	struct watch *w = xcalloc(1, sizeof *w);

	w->clock = clock;
	w->violations = json_array();
	w->unhandled = json_array();
	w->counters = genmap_new(COUNTERS_PER_GENERATION);
	w->delivered = genmap_new(IDS_PER_GENERATION);
	return w;
}

void watch_clear(struct watch *w)
{
	for (size_t i = 0; i < STANZAS_MAX; i++)
		free(w->stanzas[i].bytes);
	memset(w->stanzas, 0, sizeof w->stanzas);
	w->stanzas_seen = 0;
	json_array_clear(w->violations);
	json_array_clear(w->unhandled);
	genmap_clear(w->counters);
	genmap_clear(w->delivered);
	w->totals = w->last = w->rates = (struct watch_totals){ 0 };
}

void watch_free(struct watch *w)
{
	if (w == NULL)
		return;
	watch_clear(w);
	json_decref(w->violations);
	json_decref(w->unhandled);
	genmap_free(w->counters);
	genmap_free(w->delivered);
	free(w);
}

struct watch_totals *watch_totals(struct watch *w)
{
	return &w->totals;
}

void watch_second(struct watch *w)
{
	const uint64_t *now = (const uint64_t *)&w->totals, *last = (const uint64_t *)&w->last;
	uint64_t *rate = (uint64_t *)&w->rates;

	for (size_t i = 0; i < sizeof w->totals / sizeof *now; i++)
		rate[i] = now[i] - last[i];
	w->last = w->totals;
}

static json_t *totals_json(const struct watch_totals *t)
{
	return json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "connections",
			 (json_int_t)t->connections, "logins", (json_int_t)t->logins, "stanzasIn",
			 (json_int_t)t->stanzas_in, "stanzasOut", (json_int_t)t->stanzas_out,
			 "bytesIn", (json_int_t)t->bytes_in, "bytesOut", (json_int_t)t->bytes_out,
			 "routed", (json_int_t)t->routed, "shown", (json_int_t)t->shown, "repeated",
			 (json_int_t)t->repeated, "undecryptable", (json_int_t)t->undecryptable,
			 "violations", (json_int_t)t->violations, "unhandled",
			 (json_int_t)t->unhandled, "mediaUp", (json_int_t)t->media_up, "mediaDown",
			 (json_int_t)t->media_down);
}

json_t *watch_stats(struct watch *w)
{
	json_t *all = totals_json(&w->totals);

	json_object_set_new(all, "rates", totals_json(&w->rates));
	return all;
}

void watch_stanza(struct watch *w, bool to_client, const char *who, struct span plain)
{
	struct stanza *s = &w->stanzas[w->stanzas_seen++ % STANZAS_MAX];

	free(s->bytes);
	*s = (struct stanza){ .at_ms = now_ms(w), .to_client = to_client, .len = plain.len };
	snprintf(s->who, sizeof s->who, "%s", who);
	if (plain.len <= STANZA_BYTES_MAX)
		s->bytes = xmemdup(plain.at, plain.len);
}

static json_t *stanza_json(const struct stanza *s, size_t width)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct err e = ERR_NONE;
	struct node *n = NULL;
	char *text;

	if (s->bytes && node_decode(a, span_of(s->bytes, s->len), &n, &e) == ERR_OK)
		text = node_debug(a, n, width);
	else
		text = arena_printf(a, "(%zu bytes)", s->len);
	return json_pack("{s:o,s:s,s:s,s:I,s:o}", "t", time_json(s->at_ms), "dir",
			 s->to_client ? "out" : "in", "who", s->who, "bytes", (json_int_t)s->len,
			 "stanza", watch_text(text));
}

json_t *watch_stanzas(const struct watch *w, const char *who_or_null, size_t limit, size_t width)
{
	uint64_t oldest = w->stanzas_seen > STANZAS_MAX ? w->stanzas_seen - STANZAS_MAX : 0;
	json_t *list = json_array();

	if (width == 0)
		width = WIDTH_DEFAULT;
	for (uint64_t i = w->stanzas_seen; i > oldest && json_array_size(list) < limit; i--) {
		const struct stanza *s = &w->stanzas[(i - 1) % STANZAS_MAX];

		if (who_or_null == NULL || strstr(s->who, who_or_null))
			json_array_insert_new(list, 0, stanza_json(s, width));
	}
	return list;
}

static void list_add(json_t *list, size_t max, json_t *entry)
{
	if (json_array_size(list) >= max)
		json_array_remove(list, 0);
	json_array_append_new(list, entry);
}

void watch_violation(struct watch *w, const char *kind, const char *who, const char *fmt, ...)
{
	char detail[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(detail, sizeof detail, fmt, ap);
	va_end(ap);
	w->totals.violations++;
	list_add(w->violations, VIOLATIONS_MAX,
		 json_pack("{s:o,s:s,s:s,s:o}", "t", time_json(now_ms(w)), "kind", kind, "who", who,
			   "detail", watch_text(detail)));
}

json_t *watch_violations(const struct watch *w)
{
	return json_deep_copy(w->violations);
}

void watch_unhandled(struct watch *w, const char *who, const struct node *n)
{
	AUTO_ARENA struct arena *a = arena_new();

	w->totals.unhandled++;
	list_add(w->unhandled, UNHANDLED_MAX,
		 json_pack("{s:o,s:s,s:o}", "t", time_json(now_ms(w)), "who", who, "stanza",
			   watch_text(node_debug(a, n, WIDTH_DEFAULT))));
}

json_t *watch_unhandled_list(const struct watch *w)
{
	return json_deep_copy(w->unhandled);
}

void watch_counter(struct watch *w, const char *who, struct addr from, struct addr to,
		   struct span msg)
{
	struct err e = ERR_NONE;
	uint8_t ratchet[32];
	uint32_t counter;
	uint64_t digest, *seen;
	struct genmap_key key, text;

	if (signal_msg_peek(msg, ratchet, &counter, &e)) {
		watch_violation(w, "malformed-key", who, "not a Signal message: %s", err_msg(&e));
		return;
	}
	key = genmap_key_of((struct span[]){ SPAN_OF("counter"), MAP_KEY(from), MAP_KEY(to),
					     SPAN_OF(ratchet), MAP_KEY(counter) },
			    5);
	text = genmap_key_of(&msg, 1);
	memcpy(&digest, text.bytes, sizeof digest);
	seen = genmap_get(w->counters, key);
	if (seen == NULL)
		genmap_put(w->counters, key, digest);
	else if (*seen != digest)
		watch_violation(w, "counter-reuse", who,
				"counter %" PRIu32 " of one chain was used for two plaintexts",
				counter);
}

static struct genmap_key delivered_key(struct addr to, const char *id)
{
	return genmap_key_of((struct span[]){ SPAN_OF("to"), MAP_KEY(to), span_str(id) }, 3);
}

void watch_delivered(struct watch *w, struct addr to, const char *id)
{
	genmap_put(w->delivered, delivered_key(to, id), 1);
}

bool watch_was_delivered(struct watch *w, struct addr to, const char *id)
{
	return genmap_get(w->delivered, delivered_key(to, id)) != NULL;
}

char *watch_save(const struct watch *w)
{
	json_t *all = json_pack("{s:O,s:o}", "violations", w->violations, "totals",
				totals_json(&w->totals));
	char *text = json_dumps(all, JSON_COMPACT);

	json_decref(all);
	return text;
}

void watch_load(struct watch *w, const char *text, size_t len)
{
	json_t *all = json_loadb(text, len, 0, NULL), *entry, *totals;
	size_t i;

	json_array_foreach(json_object_get(all, "violations"), i, entry)
		json_array_append(w->violations, entry);
	totals = json_object_get(all, "totals");
	w->totals.shown = (uint64_t)json_integer_value(json_object_get(totals, "shown"));
	w->totals.repeated = (uint64_t)json_integer_value(json_object_get(totals, "repeated"));
	w->totals.violations = (uint64_t)json_array_size(w->violations);
	json_decref(all);
}
