#pragma once
/* Hash map from a byte key to a pointer. Keys are copied, values are the caller's. Open addressing,
 * keyed hash (SipHash with a random key), so peers cannot choose collisions. */
#include <stdbool.h>
#include <stdint.h>

#include "shared/base/span.h"

struct map;

struct map *map_new(void);
void map_free(struct map *m); /* values are not freed; NULL is fine */
size_t map_len(const struct map *m);
void *map_get(const struct map *m, struct span key);        /* NULL when absent */
void *map_put(struct map *m, struct span key, void *value); /* returns the value it replaced */
void *map_del(struct map *m, struct span key);              /* returns the value it removed */
/* walk: *pos starts at 0; false at the end. The map may not change during a walk, except that the
 * entry just returned may be deleted. */
bool map_next(const struct map *m, size_t *pos, struct span *ret_key, void **ret_value);

#define MAP_KEY(var) span_of(&(var), sizeof(var))
