#include "shared/base/map.h"

#include <sodium.h>

#include "shared/base/xalloc.h"

enum { SLOTS_MIN = 16 };

struct slot {
	uint8_t *key; /* NULL: never used or removed */
	size_t key_len;
	uint64_t hash;
	void *value;
	bool gone; /* removed: a search goes on past it */
};

struct map {
	struct slot *slots;
	size_t cap, len, used; /* used counts the removed ones too; cap is a power of two */
	uint8_t hash_key[crypto_shorthash_KEYBYTES];
};

struct map *map_new(void)
{
	struct map *m = xcalloc(1, sizeof *m);

	randombytes_buf(m->hash_key, sizeof m->hash_key);
	return m;
}

void map_free(struct map *m)
{
	if (m == NULL)
		return;
	for (size_t i = 0; i < m->cap; i++)
		free(m->slots[i].key);
	free(m->slots);
	free(m);
}

size_t map_len(const struct map *m)
{
	return m->len;
}

static uint64_t hash_of(const struct map *m, struct span key)
{
	uint64_t h;
	uint8_t out[crypto_shorthash_BYTES];

	crypto_shorthash(out, key.len ? key.at : (const uint8_t *)"", key.len, m->hash_key);
	memcpy(&h, out, sizeof h);
	return h;
}

static struct slot *find(const struct map *m, struct span key, uint64_t hash)
{
	if (m->cap == 0)
		return NULL;
	for (size_t i = hash & (m->cap - 1);; i = (i + 1) & (m->cap - 1)) {
		struct slot *s = &m->slots[i];

		if (s->key == NULL && !s->gone)
			return NULL;
		if (s->key && s->hash == hash && span_eq(span_of(s->key, s->key_len), key))
			return s;
	}
}

static struct slot *free_slot(struct slot *slots, size_t cap, uint64_t hash)
{
	size_t i = hash & (cap - 1);

	while (slots[i].key)
		i = (i + 1) & (cap - 1);
	return &slots[i];
}

/* Keeps at most three of four slots in use, so that a search always ends. */
static void make_room(struct map *m)
{
	size_t cap = SLOTS_MIN;
	struct slot *slots;

	if (m->cap && (m->used + 1) * 4 <= m->cap * 3)
		return;
	while ((m->len + 1) * 2 > cap)
		cap *= 2;
	slots = xcalloc(cap, sizeof *slots);
	for (size_t i = 0; i < m->cap; i++)
		if (m->slots[i].key)
			*free_slot(slots, cap, m->slots[i].hash) = m->slots[i];
	free(m->slots);
	m->slots = slots;
	m->cap = cap;
	m->used = m->len;
}

void *map_get(const struct map *m, struct span key)
{
	struct slot *s = find(m, key, hash_of(m, key));

	return s ? s->value : NULL;
}

void *map_put(struct map *m, struct span key, void *value)
{
	uint64_t hash = hash_of(m, key);
	struct slot *s = find(m, key, hash);

	if (s) {
		void *old = s->value;

		s->value = value;
		return old;
	}
	make_room(m);
	s = free_slot(m->slots, m->cap, hash);
	if (!s->gone)
		m->used++;
	*s = (struct slot){ xmemdup(key.len ? (const void *)key.at : "", key.len), key.len, hash,
			    value, false };
	m->len++;
	return NULL;
}

void *map_del(struct map *m, struct span key)
{
	struct slot *s = find(m, key, hash_of(m, key));
	void *old;

	if (s == NULL)
		return NULL;
	old = s->value;
	free(s->key);
	*s = (struct slot){ .gone = true };
	m->len--;
	return old;
}

bool map_next(const struct map *m, size_t *pos, struct span *ret_key, void **ret_value)
{
	while (*pos < m->cap) {
		const struct slot *s = &m->slots[(*pos)++];

		if (s->key == NULL)
			continue;
		if (ret_key)
			*ret_key = span_of(s->key, s->key_len);
		if (ret_value)
			*ret_value = s->value;
		return true;
	}
	return false;
}
