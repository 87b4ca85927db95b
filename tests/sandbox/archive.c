#include "tests/sandbox/archive.h"

#include <stdlib.h>
#include <string.h>

#include "shared/base/map.h"
#include "shared/base/xalloc.h"

struct kept {
	struct history_message m; /* its texts and bytes lie behind it */
	uint64_t order;           /* of coming, within a second */
	char text[];
};

struct chat {
	struct kept **list;
	size_t len, cap;
	bool sorted;
	struct map *by_id;
};

struct archive {
	struct map *chats; /* key -> struct chat */
	size_t len;
	uint64_t order;
};

struct archive *archive_new(void)
{
	struct archive *a = xcalloc(1, sizeof *a);

	a->chats = map_new();
	return a;
}

static void chat_free(struct chat *c)
{
	for (size_t i = 0; i < c->len; i++)
		free(c->list[i]);
	map_free(c->by_id);
	free(c->list);
	free(c);
}

void archive_free(struct archive *a)
{
	void *value;

	if (a == NULL)
		return;
	for (size_t pos = 0; map_next(a->chats, &pos, NULL, &value);)
		chat_free(value);
	map_free(a->chats);
	free(a);
}

size_t archive_len(const struct archive *a)
{
	return a->len;
}

static const char *text_put(char **at, const char *text)
{
	size_t len = strlen(text) + 1;
	char *put = memcpy(*at, text, len);

	*at += len;
	return put;
}

static struct kept *kept_new(const struct history_message *m)
{
	size_t len = strlen(m->id) + strlen(m->participant) + strlen(m->push_name) + 3;
	struct kept *k = xcalloc(1, sizeof *k + len + m->message.len);
	char *at = k->text;

	k->m = *m;
	k->m.id = text_put(&at, m->id);
	k->m.participant = text_put(&at, m->participant);
	k->m.push_name = text_put(&at, m->push_name);
	if (m->message.len)
		memcpy(at, m->message.at, m->message.len);
	k->m.message = span_of(at, m->message.len);
	return k;
}

void archive_add(struct archive *a, const char *chat, const struct history_message *m)
{
	struct chat *c = map_get(a->chats, span_str(chat));
	struct kept *k;

	if (a->len >= ARCHIVE_MAX || (c && map_get(c->by_id, span_str(m->id))))
		return;
	if (c == NULL) {
		c = xcalloc(1, sizeof *c);
		c->by_id = map_new();
		map_put(a->chats, span_str(chat), c);
	}
	if (c->len == c->cap) {
		c->cap = c->cap ? c->cap * 2 : 16;
		c->list = xrealloc(c->list, c->cap * sizeof(struct kept *));
	}
	k = kept_new(m);
	k->order = ++a->order;
	c->list[c->len++] = k;
	c->sorted = false;
	map_put(c->by_id, span_str(k->m.id), k);
	a->len++;
}

static int by_time(const void *a, const void *b)
{
	const struct kept *x = *(struct kept *const *)a, *y = *(struct kept *const *)b;

	if (x->m.at_s != y->m.at_s)
		return x->m.at_s < y->m.at_s ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

bool archive_before(struct archive *a, struct arena *arena, const char *chat, const char *id,
		    size_t most, struct archive_page *ret)
{
	struct chat *c = map_get(a->chats, span_str(chat));
	const struct kept *k = c ? map_get(c->by_id, span_str(id)) : NULL;
	const struct history_message **list;
	size_t at = 0;

	if (k == NULL)
		return false;
	if (!c->sorted)
		qsort(c->list, c->len, sizeof(struct kept *), by_time);
	c->sorted = true;
	while (c->list[at] != k)
		at++;
	*ret = (struct archive_page){ .len = at < most ? at : most, .is_last = at <= most };
	list = arena_alloc(arena, (ret->len + 1) * sizeof(struct history_message *));
	for (size_t i = 0; i < ret->len; i++)
		list[i] = &c->list[at - 1 - i]->m;
	ret->messages = list;
	return true;
}
