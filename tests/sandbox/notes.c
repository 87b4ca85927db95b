#include "tests/sandbox/notes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "shared/base/map.h"
#include "shared/base/xalloc.h"

#include "tests/sandbox/genmap.h"

enum { NOTES_MAX = 200000, NOTES_SAVED = 20000, IDS_PER_GENERATION = 1 << 18 };

struct note {
	uint64_t phone;
	uint32_t repeats;
	bool counts; /* a message shown: repeats are told */
	char *id;    /* NULL: none */
	char *text;  /* the object without its last brace */
};

struct notes {
	const struct clock *clock;
	struct note *ring; /* grown on demand up to NOTES_MAX */
	size_t cap;
	uint64_t first, next; /* seq of the oldest kept and of the next */
	struct genmap *seen;  /* shown ids -> seq, retried ids -> count */
};

struct notes *notes_new(const struct clock *clock)
{
	struct notes *s = xcalloc(1, sizeof *s);

	s->clock = clock;
	s->first = s->next = 1;
	s->seen = genmap_new(IDS_PER_GENERATION);
	return s;
}

static struct note *at(const struct notes *s, uint64_t seq)
{
	return &s->ring[seq % s->cap];
}

static void drop_first(struct notes *s)
{
	struct note *n = at(s, s->first++);

	free(n->id);
	free(n->text);
}

void notes_clear(struct notes *s)
{
	while (s->first < s->next)
		drop_first(s);
}

void notes_reset(struct notes *s)
{
	notes_clear(s);
	genmap_clear(s->seen);
}

void notes_free(struct notes *s)
{
	if (s == NULL)
		return;
	notes_clear(s);
	genmap_free(s->seen);
	free(s->ring);
	free(s);
}

static void room(struct notes *s)
{
	uint64_t len = s->next - s->first;

	if (len == NOTES_MAX) {
		drop_first(s);
	} else if (len == s->cap) {
		size_t cap = s->cap ? s->cap * 2 : 1024;
		struct note *grown;

		if (cap > NOTES_MAX)
			cap = NOTES_MAX;
		grown = xcalloc(cap, sizeof *grown);
		for (uint64_t i = s->first; i < s->next; i++)
			grown[i % cap] = *at(s, i);
		free(s->ring);
		s->ring = grown;
		s->cap = cap;
	}
}

static uint64_t put(struct notes *s, uint64_t phone, const json_t *entry, uint32_t repeats)
{
	const char *id = json_string_value(json_object_get(entry, "id"));
	char *text = json_dumps(entry, JSON_COMPACT);

	if (text == NULL)
		text = xstrdup("{\"kind\":\"unreadable\"}");
	text[strlen(text) - 1] = '\0';
	room(s);
	*at(s, s->next) = (struct note){ .phone = phone,
					 .repeats = repeats,
					 .counts = json_object_get(entry, "deviceSent") != NULL,
					 .id = id ? xstrdup(id) : NULL,
					 .text = text };
	return s->next++;
}

uint64_t notes_add(struct notes *s, const char *kind, uint64_t phone, json_t *entry_steal)
{
	char number[24], time[25];
	uint64_t seq;

	snprintf(number, sizeof number, "%" PRIu64, phone);
	unix_ms_text(clock_unix(s->clock), time);
	json_object_set_new(entry_steal, "seq", json_integer((json_int_t)s->next));
	json_object_set_new(entry_steal, "t", json_string(time));
	json_object_set_new(entry_steal, "kind", json_string(kind));
	json_object_set_new(entry_steal, "phone", json_string(number));
	seq = put(s, phone, entry_steal, 0);
	json_decref(entry_steal);
	return seq;
}

static struct genmap_key key_of(const char *what, uint64_t phone, uint64_t sender_lid,
				const char *id)
{
	return genmap_key_of((struct span[]){ span_str(what), MAP_KEY(phone), MAP_KEY(sender_lid),
					      span_str(id) },
			     4);
}

bool notes_is_repeat(struct notes *s, uint64_t phone, uint64_t sender_lid, const char *id)
{
	const uint64_t *seq = genmap_get(s->seen, key_of("shown", phone, sender_lid, id));

	if (seq == NULL)
		return false;
	if (*seq >= s->first && *seq < s->next)
		at(s, *seq)->repeats++;
	return true;
}

void notes_shown(struct notes *s, uint64_t phone, uint64_t sender_lid, const char *id, uint64_t seq)
{
	genmap_put(s->seen, key_of("shown", phone, sender_lid, id), seq);
}

uint32_t notes_retry(struct notes *s, uint64_t phone, uint64_t sender_lid, const char *id, bool add)
{
	struct genmap_key key = key_of("retry", phone, sender_lid, id);
	const uint64_t *have = genmap_get(s->seen, key);
	uint64_t n = (have ? *have : 0) + add;

	if (add)
		genmap_put(s->seen, key, n);
	return (uint32_t)n;
}

static void note_put(const struct note *n, struct wr *out)
{
	char tail[40] = "}";

	wr_str(out, n->text);
	if (n->counts)
		snprintf(tail, sizeof tail, ",\"repeats\":%" PRIu32 "}", n->repeats);
	wr_str(out, tail);
}

void notes_list(const struct notes *s, const struct notes_filter *f, struct wr *out)
{
	uint64_t seq = f->since + 1 > s->first ? f->since + 1 : s->first;
	size_t len = 0;

	wr_u8(out, '[');
	for (; seq < s->next && len < f->limit; seq++) {
		const struct note *n = at(s, seq);

		if ((f->phone && n->phone != f->phone) ||
		    (f->id && (!n->id || strcmp(n->id, f->id) != 0)))
			continue;
		if (len++)
			wr_u8(out, ',');
		note_put(n, out);
	}
	wr_u8(out, ']');
}

void notes_save(const struct notes *s, struct wr *out)
{
	uint64_t len = s->next - s->first;
	struct notes_filter f = { .limit = NOTES_SAVED };
	char head[60];

	f.since = (len > NOTES_SAVED ? s->next - NOTES_SAVED : s->first) - 1;
	snprintf(head, sizeof head, "{\"first\":%" PRIu64 ",\"notes\":", f.since + 1);
	wr_str(out, head);
	notes_list(s, &f, out);
	wr_u8(out, '}');
}

static void restore(struct notes *s, json_t *entry)
{
	const char *phone = json_string_value(json_object_get(entry, "phone"));
	const char *id = json_string_value(json_object_get(entry, "id"));
	const json_t *repeats = json_object_get(entry, "repeats");
	json_int_t sender = json_integer_value(json_object_get(entry, "senderLid"));
	uint64_t number = phone ? strtoull(phone, NULL, 10) : 0, seq;
	uint32_t count = (uint32_t)json_integer_value(repeats);
	bool shown = repeats != NULL && id != NULL;

	json_object_del(entry, "repeats");
	seq = put(s, number, entry, count);
	if (shown)
		notes_shown(s, number, (uint64_t)sender, id, seq);
}

void notes_load(struct notes *s, struct span text)
{
	json_t *all = json_loadb((const char *)text.at, text.len, 0, NULL), *entry;
	json_int_t first = json_integer_value(json_object_get(all, "first"));
	size_t i;

	if (first > 0)
		s->first = s->next = (uint64_t)first;
	json_array_foreach(json_object_get(all, "notes"), i, entry)
		restore(s, entry);
	json_decref(all);
}
