#include "tests/sandbox/genmap.h"

#include <sodium.h>

#include "shared/base/xalloc.h"

struct cell {
	struct genmap_key key;
	uint64_t value;
	bool used;
};

struct generation {
	struct cell *cells; /* NULL until the first put */
	uint32_t len;
};

struct genmap {
	struct generation now, old;
	uint32_t per_generation, cap; /* cap: power of two, at least twice per_generation */
};

struct genmap *genmap_new(uint32_t per_generation)
{
	struct genmap *m = xcalloc(1, sizeof *m);

	m->per_generation = per_generation;
	m->cap = 64;
	while (m->cap < per_generation * 2)
		m->cap *= 2;
	return m;
}

void genmap_clear(struct genmap *m)
{
	free(m->now.cells);
	free(m->old.cells);
	m->now = m->old = (struct generation){ NULL, 0 };
}

void genmap_free(struct genmap *m)
{
	if (m == NULL)
		return;
	genmap_clear(m);
	free(m);
}

struct genmap_key genmap_key_of(const struct span *parts, size_t count)
{
	crypto_generichash_state st;
	struct genmap_key k;

	crypto_generichash_init(&st, NULL, 0, sizeof k.bytes);
	for (size_t i = 0; i < count; i++) {
		uint64_t len = parts[i].len;

		crypto_generichash_update(&st, (const uint8_t *)&len, sizeof len);
		if (len)
			crypto_generichash_update(&st, parts[i].at, len);
	}
	crypto_generichash_final(&st, k.bytes, sizeof k.bytes);
	return k;
}

static struct cell *find(struct generation *g, uint32_t cap, struct genmap_key key)
{
	uint32_t at;

	if (g->cells == NULL)
		return NULL;
	memcpy(&at, key.bytes, sizeof at);
	for (at &= cap - 1; g->cells[at].used; at = (at + 1) & (cap - 1))
		if (memcmp(g->cells[at].key.bytes, key.bytes, sizeof key.bytes) == 0)
			break;
	return &g->cells[at];
}

uint64_t *genmap_get(struct genmap *m, struct genmap_key key)
{
	struct cell *c = find(&m->now, m->cap, key);

	if (c && c->used)
		return &c->value;
	c = find(&m->old, m->cap, key);
	return c && c->used ? &c->value : NULL;
}

void genmap_put(struct genmap *m, struct genmap_key key, uint64_t value)
{
	struct cell *c;

	if (m->now.len >= m->per_generation) {
		free(m->old.cells);
		m->old = m->now;
		m->now = (struct generation){ NULL, 0 };
	}
	if (m->now.cells == NULL)
		m->now.cells = xcalloc(m->cap, sizeof *m->now.cells);
	c = find(&m->now, m->cap, key);
	if (!c->used)
		m->now.len++;
	*c = (struct cell){ key, value, true };
}
