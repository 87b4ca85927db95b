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
	NOTES_MAX = 100000,
	NOTES_SAVED = 20000,
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

struct note {
	uint64_t seq, phone;
	json_t *entry;
};

struct watch {
	const struct clock *clock;
	struct stanza stanzas[STANZAS_MAX];
	uint64_t stanzas_seen;
	json_t *violations, *unhandled;
	struct note *notes; /* ring of NOTES_MAX, grown on demand */
	size_t notes_cap;
	uint64_t notes_first, notes_next; /* seq of the oldest kept and of the next */
	struct genmap *counters, *delivered, *shown;
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
	w->shown = genmap_new(IDS_PER_GENERATION);
	w->notes_first = w->notes_next = 1;
	return w;
}

static struct note *note_at(const struct watch *w, uint64_t seq)
{
	return &w->notes[seq % w->notes_cap];
}

void watch_notes_clear(struct watch *w)
{
	for (uint64_t s = w->notes_first; s < w->notes_next; s++)
		json_decref(note_at(w, s)->entry);
	w->notes_first = w->notes_next;
}

void watch_clear(struct watch *w)
{
	for (size_t i = 0; i < STANZAS_MAX; i++)
		free(w->stanzas[i].bytes);
	memset(w->stanzas, 0, sizeof w->stanzas);
	w->stanzas_seen = 0;
	watch_notes_clear(w);
	json_array_clear(w->violations);
	json_array_clear(w->unhandled);
	genmap_clear(w->counters);
	genmap_clear(w->delivered);
	genmap_clear(w->shown);
	w->totals = w->last = w->rates = (struct watch_totals){ 0 };
}

void watch_free(struct watch *w)
{
	if (w == NULL)
		return;
	watch_clear(w);
	free(w->notes);
	json_decref(w->violations);
	json_decref(w->unhandled);
	genmap_free(w->counters);
	genmap_free(w->delivered);
	genmap_free(w->shown);
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

static void notes_room(struct watch *w)
{
	uint64_t len = w->notes_next - w->notes_first;

	if (len == NOTES_MAX) {
		json_decref(note_at(w, w->notes_first++)->entry);
	} else if (len == w->notes_cap) {
		size_t cap = w->notes_cap ? w->notes_cap * 2 : 1024;
		struct note *grown;

		if (cap > NOTES_MAX)
			cap = NOTES_MAX;
		grown = xcalloc(cap, sizeof *grown);
		for (uint64_t s = w->notes_first; s < w->notes_next; s++)
			grown[s % cap] = *note_at(w, s);
		free(w->notes);
		w->notes = grown;
		w->notes_cap = cap;
	}
}

uint64_t watch_note_new(struct watch *w, const char *kind, uint64_t phone, json_t *entry_steal)
{
	char number[24];

	snprintf(number, sizeof number, "%" PRIu64, phone);
	json_object_set_new(entry_steal, "seq", json_integer((json_int_t)w->notes_next));
	json_object_set_new(entry_steal, "t", time_json(now_ms(w)));
	json_object_set_new(entry_steal, "kind", json_string(kind));
	json_object_set_new(entry_steal, "phone", json_string(number));
	notes_room(w);
	*note_at(w, w->notes_next) = (struct note){ w->notes_next, phone, entry_steal };
	return w->notes_next++;
}

static struct genmap_key shown_key(uint64_t phone, uint64_t sender_lid, const char *id)
{
	return genmap_key_of((struct span[]){ MAP_KEY(phone), MAP_KEY(sender_lid), span_str(id) },
			     3);
}

bool watch_is_repeat(struct watch *w, uint64_t phone, uint64_t sender_lid, const char *id)
{
	const uint64_t *seq = genmap_get(w->shown, shown_key(phone, sender_lid, id));
	json_t *entry;

	if (seq == NULL)
		return false;
	w->totals.repeated++;
	if (*seq >= w->notes_first && *seq < w->notes_next) {
		entry = note_at(w, *seq)->entry;
		json_object_set_new(
			entry, "repeats",
			json_integer(json_integer_value(json_object_get(entry, "repeats")) + 1));
	}
	return true;
}

void watch_shown(struct watch *w, uint64_t phone, uint64_t sender_lid, const char *id, uint64_t seq)
{
	w->totals.shown++;
	genmap_put(w->shown, shown_key(phone, sender_lid, id), seq);
}

uint32_t watch_retry(struct watch *w, uint64_t phone, uint64_t sender_lid, const char *id, bool add)
{
	struct genmap_key key = genmap_key_of((struct span[]){ SPAN_OF("retry"), MAP_KEY(phone),
							       MAP_KEY(sender_lid), span_str(id) },
					      4);
	const uint64_t *have = genmap_get(w->shown, key);
	uint64_t n = (have ? *have : 0) + add;

	if (add)
		genmap_put(w->shown, key, n);
	return (uint32_t)n;
}

json_t *watch_notes(const struct watch *w, const struct watch_filter *f)
{
	json_t *list = json_array();
	uint64_t s = f->since + 1 > w->notes_first ? f->since + 1 : w->notes_first;

	for (; s < w->notes_next && json_array_size(list) < f->limit; s++) {
		const struct note *n = note_at(w, s);
		const char *id = json_string_value(json_object_get(n->entry, "id"));

		if ((f->phone && n->phone != f->phone) ||
		    (f->id && (!id || strcmp(id, f->id) != 0)))
			continue;
		json_array_append(list, n->entry);
	}
	return list;
}

char *watch_save(const struct watch *w)
{
	uint64_t len = w->notes_next - w->notes_first;
	uint64_t from = len > NOTES_SAVED ? w->notes_next - NOTES_SAVED : w->notes_first;
	json_t *notes = json_array(), *all;
	char *text;

	for (uint64_t s = from; s < w->notes_next; s++)
		json_array_append(notes, note_at(w, s)->entry);
	all = json_pack("{s:I,s:o,s:O,s:o}", "first", (json_int_t)from, "notes", notes,
			"violations", w->violations, "totals", totals_json(&w->totals));
	text = json_dumps(all, JSON_COMPACT);
	json_decref(all);
	return text;
}

static void note_restore(struct watch *w, json_t *entry)
{
	const char *phone = json_string_value(json_object_get(entry, "phone"));
	const char *id = json_string_value(json_object_get(entry, "id"));
	const char *kind = json_string_value(json_object_get(entry, "kind"));
	json_int_t sender = json_integer_value(json_object_get(entry, "senderLid"));
	uint64_t number = phone ? strtoull(phone, NULL, 10) : 0;

	notes_room(w);
	*note_at(w, w->notes_next) = (struct note){ w->notes_next, number, json_incref(entry) };
	if (id && kind && strcmp(kind, "message") == 0)
		genmap_put(w->shown, shown_key(number, (uint64_t)sender, id), w->notes_next);
	w->notes_next++;
}

void watch_load(struct watch *w, const char *text, size_t len)
{
	json_t *all = json_loadb(text, len, 0, NULL), *entry, *totals;
	json_int_t first = json_integer_value(json_object_get(all, "first"));
	size_t i;

	if (first > 0)
		w->notes_first = w->notes_next = (uint64_t)first;
	json_array_foreach(json_object_get(all, "notes"), i, entry)
		note_restore(w, entry);
	json_array_foreach(json_object_get(all, "violations"), i, entry)
		json_array_append(w->violations, entry);
	totals = json_object_get(all, "totals");
	w->totals.shown = (uint64_t)json_integer_value(json_object_get(totals, "shown"));
	w->totals.repeated = (uint64_t)json_integer_value(json_object_get(totals, "repeated"));
	w->totals.violations = (uint64_t)json_array_size(w->violations);
	json_decref(all);
}
