#include "tui/chat_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/macros.h"
#include "shared/base/xalloc.h"

struct chat_note {
	char *id, *sender, *kind, *text, *target;
	int64_t at_ms, seq;
	bool from_me;
};

static const char *text_of(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text ? text : "";
}

static char *text_or_null(const json_t *o, const char *key)
{
	const char *text = text_of(o, key);

	return *text ? xstrdup(text) : NULL;
}

/* "1700000000000.12": ms and number of arrival */
static void read_place(const char *place, int64_t *ret_ms, int64_t *ret_seq)
{
	char *end;

	*ret_ms = strtoll(place, &end, 10);
	*ret_seq = *end == '.' ? strtoll(end + 1, NULL, 10) : 0;
}

static int compare(int64_t a_ms, int64_t a_seq, int64_t b_ms, int64_t b_seq)
{
	if (a_ms != b_ms)
		return a_ms < b_ms ? -1 : 1;
	return a_seq < b_seq ? -1 : a_seq > b_seq;
}

enum chat_tick chat_tick_of(const char *status)
{
	static const char *const names[] = { "", "pending", "sent", "delivered", "read" };

	for (size_t i = 0; status && i < ARRAY_LEN(names); i++)
		if (strcmp(names[i], status) == 0)
			return (enum chat_tick)i;
	return status && strcmp(status, "played") == 0 ? TICK_READ : TICK_NONE;
}

bool chat_is_said(const char *kind)
{
	static const char *const others[] = { "reaction",  "edit",     "revoke",
					      "poll_vote", "protocol", "empty" };

	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (strcmp(others[i], kind) == 0)
			return false;
	return true;
}

/* -- items -- */

static int small(const json_t *o, const char *key)
{
	json_int_t n = json_integer_value(json_object_get(o, key));

	return n < 0 || n > 10000000 ? 0 : (int)n;
}

struct chat_item *chat_item_new(const json_t *m)
{
	const json_t *media = json_object_get(m, "media");
	struct chat_item *it = xcalloc(1, sizeof *it);

	it->id = xstrdup(text_of(m, "id"));
	it->sender = xstrdup(text_of(m, "sender"));
	it->name = xstrdup(text_of(m, "name"));
	it->kind = xstrdup(text_of(m, "kind"));
	it->text = xstrdup(text_of(m, "text"));
	it->quoted = text_or_null(m, "quoted");
	it->place = text_or_null(m, "place");
	if (it->place)
		read_place(it->place, &it->at_ms, &it->seq);
	it->from_me = json_is_true(json_object_get(m, "from_me"));
	it->tick = it->from_me ? chat_tick_of(json_string_value(json_object_get(m, "status")))
			       : TICK_NONE;
	it->has_media = json_is_object(media);
	if (it->has_media) {
		it->media.mime = text_or_null(media, "mimetype");
		it->media.name = text_or_null(media, "file_name");
		it->media.bytes = json_integer_value(json_object_get(media, "bytes"));
		it->media.wide = small(media, "width");
		it->media.high = small(media, "height");
		it->media.seconds = small(media, "seconds");
	}
	return it;
}

static void reaction_drop(struct chat_reaction *r)
{
	free(r->who);
	free(r->what);
}

void chat_item_free(struct chat_item *it)
{
	if (it == NULL)
		return;
	for (size_t i = 0; i < it->reactions_len; i++)
		reaction_drop(&it->reactions[i]);
	free(it->reactions);
	free(it->id);
	free(it->sender);
	free(it->name);
	free(it->kind);
	free(it->text);
	free(it->quoted);
	free(it->place);
	free(it->media.mime);
	free(it->media.name);
	free(it);
}

static void note_free(struct chat_note *n)
{
	free(n->id);
	free(n->sender);
	free(n->kind);
	free(n->text);
	free(n->target);
	free(n);
}

void chat_log_init(struct chat_log *log)
{
	*log = (struct chat_log){ 0 };
}

void chat_log_done(struct chat_log *log)
{
	for (size_t i = 0; i < log->len; i++)
		chat_item_free(log->items[i]);
	for (size_t i = 0; i < log->notes_len; i++)
		note_free(log->notes[i]);
	free(log->items);
	free(log->notes);
	free(log->oldest);
	free(log->newest);
	chat_log_init(log);
}

/* -- what is about another message -- */

/* one reaction a person; an empty one takes it back */
static void react(struct chat_item *it, const struct chat_note *n)
{
	size_t i = 0;

	while (i < it->reactions_len && strcmp(it->reactions[i].who, n->sender) != 0)
		i++;
	if (i < it->reactions_len) {
		reaction_drop(&it->reactions[i]);
		it->reactions[i] = it->reactions[--it->reactions_len];
	}
	if (*n->text == '\0' || it->reactions_len == CHAT_REACTIONS_MAX)
		return;
	it->reactions = xrealloc(it->reactions, (it->reactions_len + 1) * sizeof(*it->reactions));
	it->reactions[it->reactions_len++] =
		(struct chat_reaction){ xstrdup(n->sender), xstrdup(n->text), n->from_me };
}

/* only its author changes a message; in groups others may delete it */
static bool is_author(const struct chat_log *log, const struct chat_item *it,
		      const struct chat_note *n)
{
	return it->from_me == n->from_me &&
	       (it->from_me || !log->is_group || strcmp(it->sender, n->sender) == 0);
}

static void put_note(const struct chat_log *log, struct chat_item *it, const struct chat_note *n)
{
	if (strcmp(n->kind, "reaction") == 0) {
		react(it, n);
	} else if (strcmp(n->kind, "revoke") == 0) {
		it->deleted = it->deleted || is_author(log, it, n) || log->is_group;
	} else if (strcmp(n->kind, "edit") == 0 && is_author(log, it, n)) {
		free(it->text);
		it->text = xstrdup(n->text);
		it->edited = true;
	}
}

/* the notes are in order: the last word counts */
static void put_notes(const struct chat_log *log, struct chat_item *it)
{
	for (size_t i = 0; i < log->notes_len; i++)
		if (strcmp(log->notes[i]->target, it->id) == 0)
			put_note(log, it, log->notes[i]);
}

static bool note_add(struct chat_log *log, const json_t *m, int64_t at_ms, int64_t seq)
{
	const char *id = text_of(m, "id"), *target = text_of(m, "target");
	struct chat_item *it;
	struct chat_note *n;
	size_t at = log->notes_len;

	if (*target == '\0' || log->notes_len == CHAT_NOTES_MAX)
		return false;
	for (size_t i = 0; i < log->notes_len; i++)
		if (log->notes[i]->seq == seq && strcmp(log->notes[i]->id, id) == 0)
			return true;
	n = xcalloc(1, sizeof *n);
	n->id = xstrdup(id);
	n->sender = xstrdup(text_of(m, "sender"));
	n->kind = xstrdup(text_of(m, "kind"));
	n->text = xstrdup(text_of(m, "text"));
	n->target = xstrdup(target);
	n->from_me = json_is_true(json_object_get(m, "from_me"));
	n->at_ms = at_ms;
	n->seq = seq;
	if (log->notes_len == log->notes_cap) {
		log->notes_cap = log->notes_cap ? 2 * log->notes_cap : 16;
		log->notes = xrealloc(log->notes, log->notes_cap * sizeof(*log->notes));
	}
	while (at > 0 &&
	       compare(log->notes[at - 1]->at_ms, log->notes[at - 1]->seq, at_ms, seq) > 0)
		at--;
	memmove(log->notes + at + 1, log->notes + at, (log->notes_len - at) * sizeof(*log->notes));
	log->notes[at] = n;
	log->notes_len++;
	it = chat_log_find(log, target);
	if (it)
		put_notes(log, it);
	return false;
}

/* -- the log -- */

/* the first index that is not before this place */
static size_t place_of(const struct chat_log *log, int64_t at_ms, int64_t seq)
{
	size_t from = 0, to = log->len;

	while (from < to) {
		size_t mid = (from + to) / 2;

		if (compare(log->items[mid]->at_ms, log->items[mid]->seq, at_ms, seq) < 0)
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

static void widen(struct chat_log *log, const char *place, int64_t ms, int64_t seq)
{
	if (log->oldest == NULL || compare(ms, seq, log->oldest_ms, log->oldest_seq) < 0) {
		free(log->oldest);
		log->oldest = xstrdup(place);
		log->oldest_ms = ms;
		log->oldest_seq = seq;
	}
	if (log->newest == NULL || compare(ms, seq, log->newest_ms, log->newest_seq) > 0) {
		free(log->newest);
		log->newest = xstrdup(place);
		log->newest_ms = ms;
		log->newest_seq = seq;
	}
}

/* true: it was here already */
static bool item_add(struct chat_log *log, const json_t *m, int64_t ms, int64_t seq, size_t *added)
{
	size_t at = place_of(log, ms, seq);
	struct chat_item *it;

	if (at < log->len && log->items[at]->at_ms == ms && log->items[at]->seq == seq) {
		enum chat_tick tick = chat_tick_of(json_string_value(json_object_get(m, "status")));

		it = log->items[at];
		if (it->from_me && tick > it->tick)
			it->tick = tick;
		return true;
	}
	if (log->len == CHAT_ITEMS_MAX)
		return false;
	if (log->len == log->cap) {
		log->cap = log->cap ? 2 * log->cap : 64;
		log->items = xrealloc(log->items, log->cap * sizeof(*log->items));
	}
	it = chat_item_new(m);
	memmove(log->items + at + 1, log->items + at, (log->len - at) * sizeof(*log->items));
	log->items[at] = it;
	log->len++;
	put_notes(log, it);
	++*added;
	return false;
}

size_t chat_log_add(struct chat_log *log, const json_t *messages, bool *ret_known)
{
	bool known = log->newest == NULL;
	size_t added = 0, i;
	const json_t *m;

	json_array_foreach(messages, i, m) {
		const char *kind = text_of(m, "kind"), *place = text_of(m, "place");
		int64_t ms, seq;

		if (*place == '\0')
			continue;
		read_place(place, &ms, &seq);
		if (log->newest && compare(ms, seq, log->oldest_ms, log->oldest_seq) >= 0 &&
		    compare(ms, seq, log->newest_ms, log->newest_seq) <= 0)
			known = true;
		widen(log, place, ms, seq);
		if (chat_is_said(kind))
			item_add(log, m, ms, seq, &added);
		else
			note_add(log, m, ms, seq);
	}
	if (ret_known)
		*ret_known = known;
	return added;
}

struct chat_item *chat_log_find(const struct chat_log *log, const char *id)
{
	for (size_t i = log->len; i-- > 0;)
		if (strcmp(log->items[i]->id, id) == 0)
			return log->items[i];
	return NULL;
}

bool chat_log_tick(struct chat_log *log, const char *id, enum chat_tick tick)
{
	struct chat_item *it = chat_log_find(log, id);

	if (it == NULL || !it->from_me)
		return false;
	if (tick > it->tick)
		it->tick = tick;
	return true;
}

size_t chat_log_index(const struct chat_log *log, const struct chat_item *item)
{
	size_t at = item ? place_of(log, item->at_ms, item->seq) : log->len;

	return at < log->len && log->items[at] == item ? at : log->len;
}

struct chat_item *chat_log_unread(const struct chat_log *log, size_t unread)
{
	for (size_t i = log->len; unread > 0 && i-- > 0;)
		if (!log->items[i]->from_me && --unread == 0)
			return log->items[i];
	return NULL;
}
